"""The list of metrics, what counts them and what reads them from a data folder."""

from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from shared.bus.sqlite import SqliteBus
from shared.metrics import METRICS, Metrics, StoredMetrics
from shared.store.database import Database
from shared.store.holdings import in_folder
from shared.store.sqlite_index import SqliteIndexStore
from tests.unit.host_stages import dropped

NOW = datetime(2022, 9, 14, tzinfo=UTC)


@pytest.fixture
def registry(tmp_path: Path) -> CollectorRegistry:
    with closing(Database(tmp_path)) as database:
        store = SqliteIndexStore(database)
        SqliteBus(database).publish([dropped(i) for i in range(3)])
        store.put("files", "p@1", 1, {"path": "p", "state": "rejected"})
        store.put("articles", "a", 1, {"title": "t", "status": "live"})
        store.put("articles", "b", 2, {"status": "withdrawn"})
        store.put("incidents", "i", 1, {"status": "merged"})
        store.put("alerts", "n", 1, {"kind": "new"})
        store.put("dead-letters", "d", 1, {"status": "waiting"})
    registry = CollectorRegistry()
    registry.register(StoredMetrics(partial(in_folder, tmp_path)))
    return registry


@pytest.mark.parametrize(
    ("name", "labels", "value"),
    [
        ("clashwatch_lag", {"group": "normalizer"}, 3),
        ("clashwatch_lag", {"group": "indexer"}, 0),
        ("clashwatch_files", {"state": "rejected"}, 1),
        ("clashwatch_articles", {}, 1),
        ("clashwatch_incidents", {}, 0),
        ("clashwatch_alerts", {"kind": "new"}, 1),
        ("clashwatch_letters", {"status": "waiting"}, 1),
    ],
)
def test_a_scrape_reads_the_data_folder(
    registry: CollectorRegistry, name: str, labels: dict[str, str], value: float
) -> None:
    assert registry.get_sample_value(name, labels) == value


def test_before_there_is_a_database_there_is_nothing_to_read(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    registry.register(StoredMetrics(partial(in_folder, tmp_path)))
    assert generate_latest(registry) == b""
    assert not list(tmp_path.iterdir())


def test_a_message_counts_in_all_of_its_stages_metrics() -> None:
    metrics = Metrics()
    metrics.message("tagger", 0.003, 2, 1)
    metrics.message("tagger", 0.001, 1, 0)
    value = metrics.registry.get_sample_value
    labels = {"stage": "tagger"}
    assert value("clashwatch_messages_read_total", labels) == 2
    assert value("clashwatch_messages_written_total", labels) == 3
    assert value("clashwatch_dead_letters_total", labels) == 1
    assert value("clashwatch_message_seconds_sum", labels) == pytest.approx(0.004)


def test_every_metric_is_in_the_list_and_shown_under_its_name(registry: CollectorRegistry) -> None:
    metrics = Metrics()
    metrics.message("tagger", 0.1, 1, 1)
    metrics.count("clashwatch_worker_deaths_total")
    metrics.set("clashwatch_waiting", 1, "log")
    metrics.observe("clashwatch_article_seconds", 0.2)
    shown = (generate_latest(metrics.registry) + generate_latest(registry)).decode()
    for described in METRICS:
        name = described.name.removesuffix("_total") if described.kind != "counter" else described.name
        assert f"# HELP {name} {described.meaning}" in shown
    assert len({described.name for described in METRICS}) == len(METRICS)


def test_a_metric_nobody_listed_is_an_error() -> None:
    with pytest.raises(KeyError, match="clashwatch_typo"):
        Metrics().count("clashwatch_typo")
