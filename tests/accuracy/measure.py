"""How right the product is on articles with gold: each measure over the articles it applies to."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from services.detector.detect import detect
from services.normalizer.normalize import normalize
from services.tagger.tag import tag
from shared.schemas import ArticleAnalyzed, ArticleNormalized, ArticleReceived
from shared.schemas.article_received import Sidecar
from shared.schemas.edtf import day_of
from shared.schemas.ids import article_id
from shared.schemas.report import Report
from tests.accuracy.gold import Entry, Event

NOW = datetime(2026, 1, 1, tzinfo=UTC)
# Names the gold and the product may both use for one side.
SAME_SIDE = {"Nagorno-Karabakh": "AM", "Afghan Taliban": "AF", "Syrian Democratic Forces": "YPG", "Hamas": "Gaza"}
OPTIONAL_KINDS = ("killed_or_wounded",)


@dataclass
class Tally:
    """Right, wrong and missed; `errors` says which, one line each."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    errors: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 0.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 0.0

    @property
    def f1(self) -> float:
        total = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / total if total else 0.0


@dataclass
class Measures:
    """All measures of one set of articles."""

    articles: int = 0
    clashes: int = 0
    detection: Tally = field(default_factory=Tally)
    false_alarms: Counter[str] = field(default_factory=Counter)
    sides: Tally = field(default_factory=Tally)
    places: Tally = field(default_factory=Tally)
    dates: Tally = field(default_factory=Tally)
    invented_dates: Tally = field(default_factory=Tally)
    losses: Tally = field(default_factory=Tally)
    leaks: Tally = field(default_factory=Tally)


def analyze(text: str, published: str | None) -> ArticleAnalyzed:
    """The article as the road makes it of a text file with a sidecar."""
    raw = text.encode()
    received = ArticleReceived(
        article_id=article_id(raw, (published or "").encode()),
        path="article.txt",
        stem="article",
        size=len(raw),
        content=raw,
        sidecar=Sidecar(published=published),
        received_at=NOW,
    )
    (article,) = normalize(received, NOW)
    assert isinstance(article, ArticleNormalized)
    return detect(tag(article, NOW), NOW)[0]


def measure(entries: Iterable[Entry]) -> Measures:
    """Runs the articles and tallies what came out."""
    total = Measures()
    for entry in entries:
        _add(total, entry, analyze(entry.text, entry.published))
    return total


def _add(total: Measures, entry: Entry, found: ArticleAnalyzed) -> None:
    total.articles += 1
    total.clashes += entry.is_clash
    if found.is_clash and not entry.is_clash:
        total.detection.wrong += 1
        total.false_alarms[entry.kind or "other"] += 1
        total.detection.errors.append(f"false alarm {entry.id}: {entry.kind}")
    elif entry.is_clash and not found.is_clash:
        total.detection.missed += 1
        total.detection.errors.append(f"missed {entry.id}")
        primary = entry.primary
        total.losses.missed += len(_required(primary)) if primary else 0
    elif entry.is_clash:
        total.detection.right += 1
        _add_report(total, entry, found)


def _add_report(total: Measures, entry: Entry, found: ArticleAnalyzed) -> None:
    event = entry.primary
    assert event is not None
    report = max(found.reports, key=lambda r: (len(_sides(r) & event.sides[0]), r.is_primary))
    _count(total.sides, _sides(report) in map(_folded_sides, event.sides), entry, sorted(_sides(report)))
    if event.places:
        names = [place.name for place in report.places]
        _count(total.places, any(_alike(a, b) for a in names for b in event.places), entry, names)
    told = day_of((report.date_start or "").partition("/")[0])
    if event.date:
        _count(total.dates, told is not None and told.isoformat() == event.date, entry, report.date_start)
    else:
        _count(total.invented_dates, told is None, entry, report.date_start)
    _add_losses(total, entry, found)


def _count(tally: Tally, right: bool, entry: Entry, got: object) -> None:
    if right:
        tally.right += 1
    else:
        tally.wrong += 1
        tally.missed += 1
        tally.errors.append(f"{entry.id}: {got}")


def _add_losses(total: Measures, entry: Entry, found: ArticleAnalyzed) -> None:
    allowed = {loss[:3] for event in entry.events for loss in _losses(event)}
    primary = entry.primary
    assert primary is not None
    open_ones = set(_required(primary))
    background = _numbers(entry.background) - {loss[2] for loss in _losses(primary)}
    leaked = False
    for side, kind, n in _claimed(found.reports):
        if side == "total":
            continue
        if (side, kind, n) in allowed:
            total.losses.right += 1
            open_ones.discard((side, kind, n))
        else:
            total.losses.wrong += 1
            leaked |= n in background
            total.losses.errors.append(f"wrong {entry.id}: {side} {kind} {n}")
    total.losses.missed += len(open_ones)
    total.losses.errors += [f"missed {entry.id}: {' '.join(map(str, loss))}" for loss in sorted(open_ones)]
    if background:
        _count(total.leaks, not leaked, entry, "a figure of the background")


def _claimed(reports: Sequence[Report]) -> list[tuple[str, str, int]]:
    claims = [
        (SAME_SIDE.get(claim.side, claim.side), claim.kind, claim.best if claim.best is not None else claim.low)
        for report in reports
        for claim in report.claims
    ]
    return list(dict.fromkeys((side, kind, n) for side, kind, n in claims if n is not None))


def _losses(event: Event) -> list[tuple[str, str, int, bool]]:
    return [(SAME_SIDE.get(side, side), kind, n, optional) for side, kind, n, optional in event.losses]


def _required(event: Event) -> list[tuple[str, str, int]]:
    return [
        (side, kind, n)
        for side, kind, n, optional in _losses(event)
        if not optional and side != "total" and kind not in OPTIONAL_KINDS and n != 0
    ]


def _sides(report: Report) -> frozenset[str]:
    return _folded_sides((report.side_a, report.side_b))


def _folded_sides(sides: Iterable[str]) -> frozenset[str]:
    return frozenset(SAME_SIDE.get(side, side) for side in sides)


def _alike(one: str, other: str) -> bool:
    a, b = _fold(one), _fold(other)
    return bool(a and b) and (a in b or b in a)


def _fold(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", " ", plain).strip()


def _numbers(phrases: Iterable[str]) -> set[int]:
    return {int(n.replace(",", "")) for phrase in phrases for n in re.findall(r"\d[\d,]*", phrase)}
