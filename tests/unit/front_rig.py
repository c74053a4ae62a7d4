"""A data folder for the command line, the exports and the desk: the seeds, and one hostile article."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import httpx
import pytest

from services.desk.serve import serve
from services.feeder.registry import Registry
from services.front import desk
from services.indexer.documents import documents
from services.pipeline import opened
from shared.metrics import Metrics
from shared.schemas import AlertRaised, ArticleAnalyzed, FileSettled, IncidentChanged, Message
from shared.schemas.claims import Claim
from shared.schemas.incident import Incident, IncidentClaim, Link, Moment, Toll
from shared.schemas.places import Place
from shared.schemas.report import Background, Report
from shared.schemas.spans import Evidence
from shared.settings import Settings
from shared.store.database import Database
from shared.store.holdings import holdings_of
from shared.store.sqlite_alerts import SqliteAlertStore
from shared.store.sqlite_index import SqliteIndexStore

SEEDS = Path(__file__).parents[2] / "seeds"
NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
ATTACK = "=cmd()<script>alert(1)</script><img src=x onerror=alert(2)>\"'&\x1b[31m\x00"
INCIDENT, MERGED = "11111111-1111-5111-8111-111111111111", "22222222-2222-5222-8222-222222222222"
ARTICLE = "f" * 32


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder after the seeds have been worked off."""
    data = tmp_path_factory.mktemp("front") / "data"
    with opened(Settings(inbox=SEEDS, data=data, workers=1), once=True) as system:
        system.drain(Event())
    return data


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose only article says `ATTACK` wherever an article can say something."""
    data = tmp_path_factory.mktemp("hostile")
    with closing(Database(data)) as database:
        Registry(database)
        SqliteAlertStore(database)
        store = SqliteIndexStore(database)
        changes = [IncidentChanged(incident=one) for one in (incident(), merged())]
        for message in (article(), *changes, alert(), refused()):
            put(store, message)
    return data


@contextmanager
def desk_client(data: Path, **settings: object) -> Iterator[httpx.Client]:
    """The desk over a data folder, served for real."""
    known = Settings.model_validate({"data": data} | settings)
    with (
        holdings_of(known) as opened,
        serve(desk(opened, Metrics(), known.host), "127.0.0.1", 0) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=30) as client,
    ):
        yield client


def put(store: SqliteIndexStore, message: Message) -> None:
    """As the indexer would."""
    for document in documents(message):
        store.put(document.index, document.id, document.version, document.body)


def article() -> ArticleAnalyzed:
    """The whole body is both evidence and background."""
    body = f"{ATTACK}\n\n{ATTACK} killed two"
    everything = Evidence(start=0, end=len(body), text=body)
    claim = Claim(side="AM", kind="killed", best=2, claimed_by=ATTACK, evidence=everything)
    report = Report(report_id="r", side_a="AM", side_b=ATTACK, dyad="AM-x", claims=(claim,), evidence=(everything,))
    return ArticleAnalyzed(
        article_id=ARTICLE,
        path=f"{ATTACK}.txt",
        stem=ATTACK,
        title=ATTACK,
        body=body,
        sentences=(),
        published="2020-01-02",
        source=ATTACK,
        url="javascript:alert(3)",
        language="en",
        signature="0" * 16,
        mentions=(),
        is_clash=True,
        score=0.5,
        reports=(report,),
        background=(Background(start=0, end=len(body), text=body),),
    )


def incident(**changes: object) -> Incident:
    """One with everything in it."""
    evidence = Evidence(start=0, end=len(ATTACK), text=ATTACK)
    known = {
        "incident_id": INCIDENT,
        "revision": 2,
        "dyad": "AM-x",
        "side_a": "AM",
        "side_b": ATTACK,
        "date_start": "2020-01-01",
        "date_end": "2020-01-02",
        "date_prec": 2,
        "places": (
            Place(name=ATTACK, country="AM", latitude=40.5, longitude=-45.5, where_prec=4),
            Place(name="b", where_prec=6),
        ),
        "weapons": (ATTACK,),
        "toll": {ATTACK: {"killed": Toll(low=1, best=2, high=3)}, "total": {"wounded": Toll(low=4, best=4, high=4)}},
        "civilians": {ATTACK: {"killed": Toll(low=1, best=1, high=1)}},
        "deaths_b": 1,
        "deaths_civilians": 1,
        "low": 1,
        "best": 2,
        "high": 3,
        "claims": (
            IncidentClaim(
                side=ATTACK,
                kind="killed",
                low=2,
                claimed_by=ATTACK,
                evidence=evidence,
                report_id="r",
                article_id=ARTICLE,
                stem=ATTACK,
            ),
        ),
        "timeline": (
            Moment(
                day="2020-01-01", reported=None, side=ATTACK, kind="killed", best=2, claimed_by=ATTACK, report_id="r"
            ),
        ),
        "links": (Link(report_id="r", article_id=ARTICLE, stem=ATTACK, reasons=(ATTACK,), evidence=(evidence,)),),
        "articles": (ATTACK,),
        "merged_from": (MERGED,),
    }
    return Incident.model_validate(known | changes)


def merged() -> Incident:
    """The one that went into the other."""
    return incident(incident_id=MERGED, revision=3, status="merged", redirects_to=INCIDENT, merged_from=())


def refused() -> FileSettled:
    """A file in a container that was no article."""
    return FileSettled(path=f"a.zip!/{ATTACK}", state="rejected", reason=ATTACK, settled_at=NOW)


def alert() -> AlertRaised:
    """One about it."""
    return AlertRaised(
        alert_id="a1",
        kind="new",
        subscriber="everyone",
        rules=("all",),
        incident_id=INCIDENT,
        revision=1,
        dyad="AM-x",
        severity=1,
        reasons=(ATTACK,),
        text=ATTACK,
        evidence=(),
        raised_at=NOW,
    )
