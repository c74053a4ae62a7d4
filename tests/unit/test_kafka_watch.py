"""The watchdog and the health answers."""

import urllib.error
import urllib.request
from typing import cast

import pytest

from shared.bus.kafka import KafkaBus
from shared.bus.port import Record
from shared.hosts.health import answer, health_served
from shared.hosts.hearing import QUIET_SECONDS, Hearing
from shared.hosts.watchdog import STUCK, Progress, Watchdog
from shared.metrics import Metrics
from tests.unit.kafka_fakes import FakeKafka

HERE, THERE = ("a", 0), ("a", 1)


def test_a_partition_without_a_commit_for_a_minute_is_stuck() -> None:
    progress = Progress(60)
    standing = {HERE: (5, 9), THERE: (0, 9)}
    assert progress.look({HERE}, standing, 0) == []
    assert progress.look({HERE}, standing, 60) == []
    assert progress.look({HERE}, standing, 61) == [HERE]


@pytest.mark.parametrize(
    ("assigned", "standing"),
    [
        ({HERE}, {HERE: (6, 9)}),  # a commit
        ({HERE}, {HERE: (9, 9)}),  # nothing to read
        ({THERE}, {HERE: (5, 9)}),  # somebody else's
        (set(), {HERE: (5, 9)}),
    ],
)
def test_any_sign_of_life_starts_the_minute_again(
    assigned: set[tuple[str, int]], standing: dict[tuple[str, int], tuple[int, int]]
) -> None:
    progress = Progress(60)
    progress.look({HERE}, {HERE: (5, 9)}, 0)
    progress.look(assigned, standing, 50)
    assert progress.look({HERE}, {HERE: (5, 9)}, 70) == []
    assert progress.look({HERE}, {HERE: (5, 9)}, 131) == [HERE]


def test_who_hears_nothing_twice_while_messages_wait_is_lost() -> None:
    now, standing = [0.0], {HERE: (5, 9), THERE: (9, 9)}
    hearing = Hearing(lambda: ({HERE}, standing), lambda: now[0])
    heard = []
    for now[0] in (1, QUIET_SECONDS, 2.5 * QUIET_SECONDS):
        heard.append(hearing.is_lost())
    assert heard == [False, False, True]


@pytest.mark.parametrize("sign", ["read", "committed", "nothing waits"])
def test_who_hears_something_is_not(sign: str) -> None:
    now, standing = [0.0], {HERE: (5, 9)}
    hearing = Hearing(lambda: ({HERE}, standing), lambda: now[0])
    for now[0] in (QUIET_SECONDS, 2.5 * QUIET_SECONDS, 4 * QUIET_SECONDS):
        if sign == "read":
            hearing.something()
        standing[HERE] = {"read": (5, 9), "committed": (int(now[0]), 99), "nothing waits": (9, 9)}[sign]
        assert not hearing.is_lost()


def watchdog(bus: FakeKafka, ends: list[int], *, waiting: bool = False, metrics: Metrics | None = None) -> Watchdog:
    return Watchdog(
        "g", ["a"], cast(KafkaBus, bus), metrics or Metrics(),
        assigned=lambda: {HERE}, is_waiting=lambda: waiting, limit=-1, end=ends.append,
    )  # fmt: skip


def test_it_ends_the_process_and_tells_the_lag() -> None:
    ends: list[int] = []
    metrics = Metrics()
    dog = watchdog(FakeKafka([Record("a", 0, 4, "", b"")]), ends, metrics=metrics)
    dog.look()
    assert ends == [STUCK]
    assert metrics.registry.get_sample_value("clashwatch_group_lag", {"group": "g", "topic": "a"}) == 5


def test_waiting_for_something_outside_is_no_standstill() -> None:
    ends: list[int] = []
    watchdog(FakeKafka([Record("a", 0, 4, "", b"")]), ends, waiting=True).look()
    assert ends == []


def test_with_kafka_away_it_is_not_ready_and_goes_on() -> None:
    ends: list[int] = []
    bus = FakeKafka([Record("a", 0, 4, "", b"")])
    bus.away.add("standing")
    dog = watchdog(bus, ends)
    dog.look()
    assert dog.problem == "Kafka is away: standing"
    bus.away.clear()
    bus.committed[HERE] = 5
    dog.look()
    assert dog.problem is None
    assert ends == []


def test_health_answers() -> None:
    metrics = Metrics()
    metrics.message("tagger", 0.1, 1, 0)
    assert answer("/livez", lambda: "no", metrics)[0] == 200
    assert answer("/readyz", lambda: None, metrics)[0] == 200
    assert answer("/readyz", lambda: "Kafka is away", metrics) == (
        503, "application/json", b'{"status":"not ready","reason":"Kafka is away"}',
    )  # fmt: skip
    assert b'clashwatch_messages_read_total{stage="tagger"} 1.0' in answer("/metrics", lambda: None, metrics)[2]
    assert answer("/secret", lambda: None, metrics)[0] == 404


def test_health_is_served_on_a_free_port() -> None:
    with health_served("127.0.0.1", 0, lambda: "starting", Metrics()) as url:
        assert url
        with urllib.request.urlopen(url + "livez?x=1", timeout=5) as response:
            assert response.read() == b'{"status":"ok"}'
        with pytest.raises(urllib.error.HTTPError, match="503"):
            urllib.request.urlopen(url + "readyz", timeout=5)
    with health_served("127.0.0.1", None, lambda: None, Metrics()) as nowhere:
        assert nowhere is None
