"""One stage on Kafka with kafka-python: read, deliver, write, commit. It moves bytes and decides nothing else.

At least once: offsets are committed after the brokers have acknowledged what a message led to, and that happens
inside the effects' transaction, where there is one. What fails for now is held: its partition waits, and the
others go on.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from threading import Event

from shared.bus.kafka import KafkaBus
from shared.bus.port import Record
from shared.errors import RejectedError, TransientError
from shared.hosts.attempt import Batch, Dealt, bury, count, deal_with
from shared.hosts.hearing import Hearing
from shared.hosts.patience import LONGEST, SHORTEST, Patience
from shared.metrics import Metrics
from shared.stage import Stage

BATCH = 256
_PAUSE = 0.05

log = logging.getLogger(__name__)


class _SomethingFailed(Exception):
    """One message of a batch did: undo the batch and go through it one by one."""


class _KafkaAway(Exception):
    """Nothing can be written or committed now: all that was read is read again later."""


class KafkaHost:
    """`batch` is what the effects of many messages have in common: a transaction, or the bulk request of a search
    server, which is sent when the block ends. It has to undo all of them when the block raises, or to bear their
    being done twice; it may raise RejectedError for a message it was alone with. Not to be shared by threads.

    What a message leads to is written before its effects are final, unless it `tells_effects`: what was not so must
    not be told, and told again it can be. `rest` is how many seconds go by from a batch that was not full to the next:
    what a batch costs is shared by more messages then, and each of them waits longer.
    """

    def __init__(
        self,
        stage: Stage,
        bus: KafkaBus,
        metrics: Metrics,
        clock: Callable[[], datetime],
        *,
        batch: Batch | None = None,
        tells_effects: bool = False,
        rest: float = 0.0,
    ) -> None:
        self.stage = stage
        self.patience = Patience(stage.name, metrics)
        self.topics = [message.TYPE for message in stage.reads]
        self._hopeful = replace(stage, scope=nullcontext) if batch else stage
        self._bus = bus
        self._metrics = metrics
        self._clock = clock
        self._batch = batch or (lambda _: nullcontext())
        self._undoes = batch is not None
        self._tells_effects = tells_effects
        self._rest = rest
        self._holding: dict[tuple[str, int], float] = {}
        self._hearing = Hearing(lambda: (self.places, bus.standing(stage.name, self.topics)))
        self.places: set[tuple[str, int]] = set()
        """Partitions (topic, number) the group has given this worker."""

    def run(self, stop: Event) -> None:
        """Works until told to stop; what it has begun is finished and committed."""
        while not stop.is_set():
            if not self.patience.is_over:
                stop.wait(_PAUSE)
            elif 0 < self.turn() < BATCH:  # a read that finds nothing has waited by itself
                stop.wait(self._rest)

    @property
    def is_waiting(self) -> bool:
        """Whether something outside keeps it from going on."""
        return bool(self.patience.reason)

    def turn(self) -> int:
        """Deals with the next messages; how many there were, none when it could not."""
        try:
            records = self._bus.read(self.stage.name, self.topics, BATCH)
            self.places = self._bus.assigned(self.stage.name)
            if records:
                self._hearing.something()
                self._work_off(records)
            elif not self._holding and self._hearing.is_lost():
                log.warning("%s reads nothing, though messages wait: joining anew", self.stage.name)
                self._bus.renew(self.stage.name)
        except (_KafkaAway, TransientError) as error:
            self._go_back(error)
            return 0
        if records and not self._holding:
            self.patience.regain()
        return len(records)

    def _work_off(self, records: Sequence[Record]) -> None:
        if not self._all(records):
            self._one_by_one(records)

    def _all(self, records: Sequence[Record]) -> bool:
        """Whether all went well; if not, nothing has happened (or will have happened twice)."""
        try:
            with self._batch(records):
                dealt = [deal_with(self._hopeful, record, self._clock) for record in records]
                if self._undoes and any(one.dead for one in dealt):
                    raise _SomethingFailed
                if not self._tells_effects:
                    self._send(records, dealt)
        except (_SomethingFailed, RejectedError, TransientError):
            return False
        if self._tells_effects:
            self._send(records, dealt)
        self._commit(records)
        self._count(records, dealt)
        return True

    def _one_by_one(self, records: Sequence[Record]) -> None:
        """What has to wait keeps what comes after it on its partition."""
        held: set[tuple[str, int]] = set()
        for record in records:
            place = (record.topic, record.partition)
            if place in held:
                continue
            try:
                dealt = self._alone(record)
            except TransientError as error:
                held.add(place)
                self._hold(record, error)
                continue
            self._holding.pop(place, None)
            self._commit([record])
            self._count([record], [dealt])

    def _alone(self, record: Record) -> Dealt:
        try:
            with self._batch([record]):
                dealt = deal_with(self.stage, record, self._clock)
                if not self._tells_effects:
                    self._send([record], [dealt])
        except RejectedError as error:
            return self._bury(record, error)
        if self._tells_effects:
            self._send([record], [dealt])
        return dealt

    def _bury(self, record: Record, error: RejectedError) -> Dealt:
        dealt = bury(self.stage, record, error, self._clock())
        self._send([record], [dealt])
        return dealt

    def _send(self, records: Sequence[Record], dealt: Sequence[Dealt]) -> None:
        sent = [
            (delivery, record.started) for record, one in zip(records, dealt, strict=True) for delivery in one.written
        ]
        try:
            self._bus.send(sent)
        except TransientError as error:
            raise _KafkaAway(str(error)) from error

    def _commit(self, records: Sequence[Record]) -> None:
        try:
            self._bus.commit(self.stage.name, records)
        except TransientError as error:
            raise _KafkaAway(str(error)) from error

    def _hold(self, record: Record, error: TransientError) -> None:
        place = (record.topic, record.partition)
        seconds = min(max(SHORTEST, 2 * self._holding.get(place, 0.0)), LONGEST)
        self._holding[place] = seconds
        self.patience.lose(f"{record.topic}/{record.partition} is held: {error}")
        self._bus.hold(self.stage.name, record, seconds)

    def _go_back(self, error: Exception) -> None:
        self.patience.lose(str(error))
        try:
            self._bus.rewind(self.stage.name, self.topics)
        except TransientError as again:
            log.debug("%s: %s", self.stage.name, again)

    def _count(self, records: Sequence[Record], dealt: Sequence[Dealt]) -> None:
        now = self._clock()
        for record, one in zip(records, dealt, strict=True):
            count(self._metrics, self.stage.name, record, one, now)
