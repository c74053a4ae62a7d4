"""The kafka-python host and a bus that misbehaves: nothing lost, nothing let go of."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Event
from typing import cast

import pytest

from shared.bus.kafka import KafkaBus
from shared.bus.port import Record
from shared.envelope import decode
from shared.errors import RejectedError, TransientError
from shared.hosts.kafka import BATCH, KafkaHost
from shared.metrics import Metrics
from shared.schemas import DeadLetter, Message
from shared.stage import Stage
from tests.unit.host_stages import NOW, dropped, normalize, received
from tests.unit.kafka_fakes import FakeKafka

TOPIC = "article.received"


def records(*contents: str, partitions: int = 1) -> list[Record]:
    found = []
    for number, content in enumerate(contents):
        delivery = dropped(number, content)
        place = number % partitions
        found.append(Record(TOPIC, place, number // partitions, delivery.key, delivery.value, 5.0))
    return found


class Clumsy:
    """A stage that does what an article asks for; `away` articles cannot be done now."""

    def __init__(self) -> None:
        self.tries: list[str] = []
        self.away = True

    def apply(self, message: Message, now: datetime) -> Iterable[Message]:
        [body] = [one.body for one in normalize(message, now)]  # type: ignore[attr-defined]
        self.tries.append(body)
        if "AWAY" in body and self.away:
            raise TransientError("the store is away")
        if "BAD" in body:
            raise RejectedError("no such article")
        if "ODD" in body:
            raise RuntimeError("who knows")
        return normalize(message, now)


def host(bus: FakeKafka, stage: Clumsy, **options: object) -> KafkaHost:
    made = Stage("normalizer", (type(received(0)),), (), stage.apply)
    return KafkaHost(made, cast(KafkaBus, bus), Metrics(), lambda: NOW, **options)  # type: ignore[arg-type]


def letters(bus: FakeKafka) -> list[DeadLetter]:
    found = [decode(delivery.value).data for delivery, _ in bus.sent if delivery.topic == "dead.letter"]
    return [one for one in found if isinstance(one, DeadLetter)]


def test_what_is_written_is_committed_and_hands_on_its_start() -> None:
    bus, stage = FakeKafka(records("a", "b", "c", partitions=2)), Clumsy()
    assert host(bus, stage).turn()
    assert [started for _, started in bus.sent] == [5.0] * 3
    assert bus.committed == {(TOPIC, 0): 2, (TOPIC, 1): 1}


class Rested(Event):
    """Set once somebody has waited for it."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout)
        self.set()
        return True


def test_after_a_batch_that_was_not_full_it_rests_so_that_the_next_is_larger() -> None:
    bus, stage, stop = FakeKafka(records(*"x" * (BATCH + 1))), Clumsy(), Rested()
    host(bus, stage, rest=7.0).run(stop)
    assert stop.seconds == [7.0]
    assert bus.committed[TOPIC, 0] == BATCH + 1


@pytest.mark.parametrize("what", ["send", "commit"])
def test_with_kafka_away_nothing_is_committed_and_all_comes_again(what: str) -> None:
    bus, stage = FakeKafka(records("a", "b")), Clumsy()
    worker = host(bus, stage)
    bus.away.add(what)
    assert not worker.turn()
    assert worker.is_waiting
    assert not bus.committed[TOPIC, 0]
    bus.away.clear()
    assert worker.turn()
    assert bus.committed[TOPIC, 0] == 2
    assert not worker.is_waiting


def test_what_cannot_be_done_now_holds_its_partition_and_no_other() -> None:
    bus, stage = FakeKafka(records("a", "b", "AWAY", "d", "e", "f", partitions=2)), Clumsy()
    worker = host(bus, stage)
    assert worker.turn()
    assert bus.committed == {(TOPIC, 0): 1, (TOPIC, 1): 3}
    assert bus.held.keys() == {(TOPIC, 0)}
    assert worker.is_waiting
    assert letters(bus) == []
    first = bus.held.pop((TOPIC, 0))
    worker.turn()
    assert bus.held.pop((TOPIC, 0)) > first
    stage.away = False
    worker.turn()
    assert bus.committed == {(TOPIC, 0): 3, (TOPIC, 1): 3}


def test_a_bad_message_is_tried_once_and_an_odd_one_three_times() -> None:
    bus, stage = FakeKafka(records("BAD", "fine", "ODD")), Clumsy()
    assert host(bus, stage).turn()
    assert stage.tries.count("BAD") == 1
    assert stage.tries.count("ODD") == 3
    assert [letter.error for letter in letters(bus)] == ["RejectedError", "RuntimeError"]
    assert [letter.original for letter in letters(bus)] == [record.value for record in bus.log[::2]]
    assert bus.committed[TOPIC, 0] == 3


def test_a_dead_letter_that_cannot_be_written_stops_the_partition() -> None:
    bus, stage = FakeKafka(records("BAD", "fine")), Clumsy()
    bus.away.add("send")
    worker = host(bus, stage)
    for _ in range(3):
        assert not worker.turn()
    assert not bus.committed[TOPIC, 0]
    assert bus.sent == []


def test_a_batch_that_fails_is_undone_and_done_one_by_one() -> None:
    bus, stage, ends = FakeKafka(records("a", "BAD", "c")), Clumsy(), []

    @contextmanager
    def batch(records: object) -> Iterator[None]:
        try:
            yield
        except BaseException:
            ends.append("undone")
            raise
        ends.append("done")

    assert host(bus, stage, batch=batch).turn()
    assert ends == ["undone", "done", "done", "done"]
    assert len(letters(bus)) == 1
    assert bus.committed[TOPIC, 0] == 3


def test_a_batch_that_refuses_one_message_makes_a_letter_of_it() -> None:
    bus, stage = FakeKafka(records("a", "MAPPING", "c")), Clumsy()

    @contextmanager
    def batch(records: object) -> Iterator[None]:
        before = len(stage.tries)
        yield
        if "MAPPING" in stage.tries[before:]:
            raise RejectedError("mapper_parsing_exception")

    assert host(bus, stage, batch=batch).turn()
    assert [letter.reason for letter in letters(bus)] == ["RejectedError: mapper_parsing_exception"]
    assert bus.committed[TOPIC, 0] == 3


def test_a_message_too_large_for_any_broker_becomes_a_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.hosts.attempt.MAX_VALUE_BYTES", 20_000)
    large = Stage("normalizer", (type(received(0)),), (), lambda m, now: [received(1, "x" * 30_000)])
    bus = FakeKafka(records("a"))
    assert KafkaHost(large, cast(KafkaBus, bus), Metrics(), lambda: NOW).turn()
    assert "is larger than the 20000 a message may have" in letters(bus)[0].reason
    assert bus.committed[TOPIC, 0] == 1


def test_a_message_whose_letter_is_too_large_as_well_stops_the_partition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.hosts.attempt.MAX_VALUE_BYTES", 100)
    bus, stage = FakeKafka(records("a")), Clumsy()
    assert host(bus, stage).turn()
    assert bus.held
    assert not bus.committed[TOPIC, 0]


def test_a_dead_letter_nobody_can_process_leads_to_no_other() -> None:
    bus = FakeKafka([Record("dead.letter", 0, 0, "k", b"not JSON")])
    stage = Stage("indexer", (DeadLetter,), (), lambda m, now: ())
    assert KafkaHost(stage, cast(KafkaBus, bus), Metrics(), lambda: NOW).turn()
    assert bus.sent == []
    assert bus.committed["dead.letter", 0] == 1


def test_one_that_reads_nothing_though_messages_wait_joins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.hosts.hearing.QUIET_SECONDS", -1.0)
    bus, stage = FakeKafka(records("a", "b")), Clumsy()
    bus.is_deaf = True
    worker = host(bus, stage)
    for _ in range(3):
        worker.turn()
    assert bus.renewed == 1
    assert bus.committed[TOPIC, 0] == 2
    for _ in range(3):
        worker.turn()
    assert bus.renewed == 1


def test_what_the_effects_come_to_is_told_when_they_are_final() -> None:
    """And what is told before is not final yet."""
    seen: list[int] = []
    for tells in (True, False):
        bus, stage = FakeKafka(records("a", "b")), Clumsy()

        @contextmanager
        def batch(records: object, bus: FakeKafka = bus) -> Iterator[None]:
            yield
            seen.append(len(bus.sent))

        assert host(bus, stage, batch=batch, tells_effects=tells).turn()
        assert len(bus.sent) == 2
    assert seen == [0, 2]
