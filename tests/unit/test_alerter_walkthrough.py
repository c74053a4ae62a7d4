"""The seeds through linker and alerter: what an editor reads, in the order of the issue and in all others."""

import io
import itertools
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from linker_builders import report

from services.alerter.channels import Console, JsonLines
from services.alerter.stage import channels_stage, load_watch
from services.alerter.stage import stage as alerter_stage
from services.linker.stage import stage as linker_stage
from shared.schemas import AlertRaised, ReportDetected
from shared.store.database import Database
from shared.store.sqlite_alerts import SqliteAlertStore
from shared.store.sqlite_links import SqliteLinkStore

NOW = datetime(2022, 9, 15, tzinfo=UTC)
SEEDS = Path(__file__).parents[2] / "services/linker/examples/seeds.yml"


class Road:
    """Linker, alerter and channels on one database."""

    def __init__(self, data: Path) -> None:
        self.database = Database(data)
        self.alerts = SqliteAlertStore(self.database)
        self.screen, self.file = io.StringIO(), data / "alerts.jsonl"
        scope = self.database.transaction
        self.linker = linker_stage(SqliteLinkStore(self.database), scope=scope)
        self.alerter = alerter_stage(self.alerts, load_watch(), scope=scope)
        self.channels = channels_stage(
            self.alerts, [Console(self.screen), JsonLines(self.file, self.alerts)], scope=scope
        )

    def run(self, reports: list[ReportDetected]) -> list[AlertRaised]:
        found = []
        for one in reports:
            for change in self.linker.apply(one, NOW):
                for alert in self.alerter.apply(change, NOW):
                    found.append(alert)
                    list(self.channels.apply(alert, NOW))
        return [alert for alert in found if isinstance(alert, AlertRaised)]


@pytest.fixture
def road(tmp_path: Path) -> Road:
    return Road(tmp_path)


def _seeds(case: int = 0) -> dict[str, ReportDetected]:
    rows = yaml.safe_load(SEEDS.read_text(encoding="utf-8"))[case]["given"]
    return {f"{row['article']}{row.get('sides', [''])[0]}": report(row) for row in rows}


ORDER = ("002", "000", "001", "003", "004", "004KG")


def test_the_walk_through(road: Road) -> None:
    seeds = _seeds(1)
    told = [alert.text for alert in road.run([seeds[one] for one in ORDER])]
    assert told == [
        "New: Armenia-Azerbaijan border clash, 12 Jul 2020, Tavush: 2 dead (AM 0, AZ 2), 5 wounded (AZ 5)",
        "Escalation: Armenia-Azerbaijan border clash, 12-13 Jul 2020, Tavush: deaths 2 -> 4 (AM 0, AZ 4)",
        "New: Armenia-Azerbaijan border clash, 12-14 Sep 2022: 99 dead (AM 49, AZ 50)",
        "Update: Armenia-Azerbaijan border clash, 12-14 Sep 2022, Goris, Jermuk, Kapan: "
        "newly named: Goris, Jermuk, Kapan",
        "Escalation: Armenia-Azerbaijan border clash, 12-14 Sep 2022, Goris, Jermuk, Kapan: "
        "deaths 99 -> 155 (AM 105, AZ 50), first wounded civilians (AZ 2, says Baku)",
        "New: Kyrgyzstan-Tajikistan border clash, 14 Sep 2022: no losses reported",
    ]


def test_every_alert_names_the_sentence_behind_it(road: Road) -> None:
    alerts = road.run([_seeds()[one] for one in ORDER])
    assert [alert.evidence[0].stem for alert in alerts] == ["002", "000", "001", "003", "004", "004"]
    assert [alert.evidence[0].text for alert in alerts][4] == "AM 105 killed, says Nikol Pashinyan."
    assert [alert.kind for alert in alerts] == ["new", "escalation", "new", "update", "escalation", "new"]


def test_the_same_run_again_sends_nothing(road: Road) -> None:
    reports = [_seeds()[one] for one in ORDER]
    road.run(reports)
    sent = road.file.read_bytes(), road.screen.getvalue()
    assert road.run(reports) == []
    assert (road.file.read_bytes(), road.screen.getvalue()) == sent
    assert sent[0].count(b"\n") == 6


@pytest.mark.parametrize("order", list(itertools.permutations(ORDER))[::24])
def test_in_any_order_three_are_new_and_none_is_withdrawn_or_merged(order: tuple[str, ...], road: Road) -> None:
    alerts = road.run([_seeds()[one] for one in order])
    kinds = [alert.kind for alert in alerts]
    assert kinds.count("new") == 3
    assert set(kinds) <= {"new", "update", "escalation", "correction"}
    assert len({(alert.incident_id, alert.revision, alert.subscriber) for alert in alerts}) == len(alerts)
