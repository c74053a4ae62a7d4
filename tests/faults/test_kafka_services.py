"""Workers come, go and are killed, and so is the broker, while articles flow: nothing lost, nothing twice."""

import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from shared.bus.connection import Connection
from tests.bench.articles import article
from tests.e2e.road import Folders
from tests.faults.kafka_services import STOPPED, Services
from tests.integration.elastic.server import Names
from tests.integration.kafka_broker import LocalBroker

pytestmark = pytest.mark.real
_OF_THE_ORDER = ("incident_id", "revision", "merged_from")
CALM_SECONDS = 240.0


def fill(inbox: Path, count: int) -> None:
    for number in range(count):
        (inbox / f"{number:05d}.txt").write_text(article(number, words=150, stories=max(20, count // 20)))


def told(rows: list[dict[str, Any]]) -> list[str]:
    """Incidents without what depends on the order in which their reports came."""
    kept = [{name: value for name, value in row.items() if name not in _OF_THE_ORDER} for row in rows]
    return sorted(str(sorted(row.items())) for row in kept)


def disturb(
    services: Services, broker: LocalBroker, *, seconds: float, pause: float, broker_kills: int
) -> Counter[str]:
    """A kill every few seconds; in between, where a stage has several workers, one leaves and comes back."""
    chance = random.Random(7)
    done: Counter[str] = Counter()
    began = time.monotonic()
    moments = [seconds * (n + 0.5) / broker_kills for n in range(broker_kills)]
    several = any(number for _, number in services.running)
    while time.monotonic() - began < seconds:
        time.sleep(chance.uniform(0.5, 1.5) * pause)
        services.join()
        if moments and time.monotonic() - began > moments[0]:
            moments.pop(0)
            broker.do("kill")
            broker.do("start")
            done["broker"] += 1
        elif several and chance.random() < 0.25:
            services.leave(chance)
            done["left"] += 1
        else:
            done[services.kill_one(chance)] += 1
        services.supervise()
    services.join()
    return done


def check(names: Names, expected: Folders, count: int) -> None:
    assert {row["state"] for row in names.found("files")} <= {"indexed", "duplicate"}
    stems = Counter(row["id"] for row in names.found("articles"))
    assert stems == Counter(f"{number:05d}" for number in range(count))
    incidents, alerts = names.found("incidents"), names.found("alerts")
    assert told(incidents) == told(expected.found("incidents"))
    assert names.found("dead-letters") == []
    assert max(Counter((one["incident_id"], one["revision"]) for one in alerts).values()) == 1
    news = Counter(one["incident_id"] for one in alerts if one["kind"] == "new")
    assert max(news.values()) == 1
    assert {row["incident_id"] for row in incidents} <= news.keys()


@pytest.fixture
def cluster(connection: Connection, names: Names, tmp_path: Path) -> Services:
    return Services(Folders.under(tmp_path / "cluster"), connection, settings=names.settings)


def run(services: Services, broker: LocalBroker, names: Names, count: int, workers: int, **disturbing: Any) -> None:
    expected = Folders.under(services.folders.data.parents[1] / "embedded")
    fill(expected.inbox, count)
    expected.drain()
    try:
        services.start_all(workers)
        fill(services.folders.inbox, count)
        done = disturb(services, broker, **disturbing)
        calm = time.monotonic()
        services.wait_until_done(count, CALM_SECONDS)
        took = time.monotonic() - calm
        print(f"\n{services.stream_host}: {dict(done)}; ended by themselves {services.exits}; {took:.0f} s more")
    finally:
        codes = services.stop()
    assert set(codes) <= STOPPED, codes
    check(names, expected, count)


@pytest.mark.parametrize("host", ["kafka-python", "faust"])
def test_kills_in_short(cluster: Services, broker: LocalBroker, names: Names, host: str) -> None:
    cluster.stream_host = host
    run(cluster, broker, names, 500, 2, seconds=40, pause=4, broker_kills=1)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("host", ["kafka-python", "faust"])
def test_kills_for_five_minutes(cluster: Services, broker: LocalBroker, names: Names, host: str) -> None:
    cluster.stream_host = host
    run(cluster, broker, names, 10_000, 2, seconds=300, pause=4, broker_kills=5)
