"""Workers and the broker killed while articles flow: nothing lost, nothing twice."""

import random
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from shared.bus.connection import Connection
from shared.bus.kafka_topics import create_topics
from shared.bus.topics import load_topics
from tests.bench.articles import article
from tests.e2e.road import Folders
from tests.faults.kafka_services import STAGES, Services
from tests.integration.kafka_broker import LocalBroker

pytestmark = pytest.mark.real
_OF_THE_ORDER = ("incident_id", "revision", "merged_from")


def fill(inbox: Path, count: int) -> None:
    for number in range(count):
        (inbox / f"{number:05d}.txt").write_text(article(number, words=150, stories=max(20, count // 20)))


def told(rows: list[dict[str, Any]]) -> list[str]:
    """Incidents without what depends on the order in which their reports came."""
    kept = [{name: value for name, value in row.items() if name not in _OF_THE_ORDER} for row in rows]
    return sorted(str(row) for row in kept)


def disturb(
    services: Services, broker: LocalBroker, *, seconds: float, pause: float, broker_kills: int
) -> Counter[str]:
    chance = random.Random(7)
    killed: Counter[str] = Counter()
    began = time.monotonic()
    moments = [seconds * (n + 0.5) / broker_kills for n in range(broker_kills)]
    while time.monotonic() - began < seconds:
        time.sleep(chance.uniform(0.5, 1.5) * pause)
        if moments and time.monotonic() - began > moments[0]:
            moments.pop(0)
            broker.do("kill")
            broker.do("start")
            killed["broker"] += 1
        else:
            killed[services.kill_one(chance).rpartition("-")[0]] += 1
        services.supervise()
    return killed


def check(services: Services, folders: Folders, expected: Folders, count: int) -> None:
    assert {row["state"] for row in folders.found("files")} <= {"indexed", "duplicate"}
    stems = Counter(row["id"] for row in folders.found("articles"))
    assert stems == Counter(f"{number:05d}" for number in range(count))
    assert told(folders.found("incidents")) == told(expected.found("incidents"))
    assert folders.found("dead-letters") == []
    alerts = folders.found("alerts")
    assert max(Counter((one["incident_id"], one["revision"]) for one in alerts).values()) == 1
    news = Counter(one["incident_id"] for one in alerts if one["kind"] == "new")
    assert max(news.values()) == 1
    assert {row["incident_id"] for row in folders.found("incidents")} <= news.keys()


def run(
    connection: Connection,
    broker: LocalBroker,
    tmp_path: Path,
    *,
    count: int,
    workers: int,
    host: str,
    seconds: float,
    pause: float,
    broker_kills: int,
) -> None:
    expected, folders = Folders.under(tmp_path / "embedded"), Folders.under(tmp_path / "kafka")
    fill(expected.inbox, count)
    expected.drain()
    create_topics(connection, load_topics())
    services = Services(folders, connection, host)
    try:
        for name in STAGES:
            for number in range(workers):
                services.start(name, number)
        services.start("feeder")
        fill(folders.inbox, count)
        killed = disturb(services, broker, seconds=seconds, pause=pause, broker_kills=broker_kills)
        calm = time.monotonic()
        services.wait_until_done(count, 240)
        took = time.monotonic() - calm
        print(f"\n{host}: killed {dict(killed)}; ended by themselves {services.exits}; {took:.0f} s more")
    finally:
        codes = services.stop()
    assert set(codes) <= {0, -signal.SIGTERM}, codes  # the latter was just being started
    check(services, folders, expected, count)


@pytest.mark.parametrize("host", ["kafka-python", "faust"])
def test_kills_in_short(connection: Connection, broker: LocalBroker, tmp_path: Path, host: str) -> None:
    run(connection, broker, tmp_path, count=300, workers=1, host=host, seconds=40, pause=5, broker_kills=1)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("host", ["kafka-python", "faust"])
def test_kills_for_five_minutes(connection: Connection, broker: LocalBroker, tmp_path: Path, host: str) -> None:
    run(connection, broker, tmp_path, count=10_000, workers=2, host=host, seconds=300, pause=4, broker_kills=5)
