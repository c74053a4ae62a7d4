"""A stage with effects on the embedded host's log: consume, effect, offset in one transaction."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from shared.bus.port import Record
from shared.bus.sqlite import SqliteBus
from shared.errors import TransientError
from shared.hosts.patience import Patience
from shared.metrics import Metrics
from shared.schemas import DeadLetter
from shared.stage import Delivery, Stage, deliver
from shared.store.database import Database

BATCH = 256
# A transaction ends early after this much: an incident of many articles is large, and changes with each.
MAX_WRITTEN_BYTES = 8 * 1024 * 1024

log = logging.getLogger(__name__)


class _SomethingFailed(Exception):
    """One message of a batch did: undo the batch and go through it one by one."""


class _Dealt(NamedTuple):
    written: list[Delivery]
    dead: int
    seconds: float


class EffectStage:
    """Works off its topics a batch at a time, as if it were one message at a time.

    A savepoint a message would make the full-text index write itself out each time, so a batch is tried
    without; when a message of it fails, all is undone and done again with a transaction a message. A stage
    that acts on the world outside (`alone`) has nothing that could be undone: it is always a message at a
    time, and no transaction is open while it acts.
    """

    def __init__(
        self,
        stage: Stage,
        database: Database,
        bus: SqliteBus,
        metrics: Metrics,
        clock: Callable[[], datetime],
        *,
        alone: bool = False,
    ) -> None:
        self.stage = stage
        self.topics = [message.TYPE for message in stage.reads]
        self.patience = Patience(stage.name, metrics)
        self._hopeful = replace(stage, scope=nullcontext)
        self._database = database
        self._bus = bus
        self._metrics = metrics
        self._clock = clock
        self._alone = alone

    @property
    def lag(self) -> int:
        """How many messages are waiting."""
        return self._bus.lag(self.stage.name, self.topics)

    def turn(self) -> bool:
        """Deals with the next messages; says whether there were any it could deal with."""
        if not self.patience.is_over:
            return False
        records = self._bus.read(self.stage.name, self.topics, BATCH)
        if not records:
            return False
        done = (not self._alone and self._all(records)) or self._one_by_one(records)
        self._bus.rewind(self.stage.name, self.topics)
        return done

    def _all(self, records: Sequence[Record]) -> bool:
        """As many as one transaction should hold."""
        try:
            with self._database.transaction():
                spent = list(self._hope(records))
                self._keep(records[: len(spent)], spent)
        except (_SomethingFailed, TransientError):
            return False
        self._succeed(spent)
        return True

    def _hope(self, records: Sequence[Record]) -> Iterator[_Dealt]:
        size = 0
        for record in records:
            dealt = self._deal_with(self._hopeful, record)
            if dealt.dead:
                raise _SomethingFailed
            yield dealt
            size += sum(len(delivery.value) for delivery in dealt.written)
            if size > MAX_WRITTEN_BYTES:
                return

    def _one_by_one(self, records: Sequence[Record]) -> bool:
        """As far as it goes: what has to wait keeps what comes after it."""
        for number, record in enumerate(records):
            try:
                with nullcontext() if self._alone else self._database.transaction():
                    spent = [self._deal_with(self.stage, record)]
                    self._keep([record], spent)
            except TransientError as error:
                self.patience.lose(str(error))
                return number > 0
            self._succeed(spent)
        return True

    def _deal_with(self, stage: Stage, record: Record) -> _Dealt:
        started = time.perf_counter()
        written = deliver(stage, record.value, self._clock(), topic=record.topic)
        dead = sum(delivery.topic == DeadLetter.TYPE for delivery in written)
        if dead and record.topic == DeadLetter.TYPE:
            log.error("%s could not process a dead letter; it stays on its topic", stage.name)
            written = [delivery for delivery in written if delivery.topic != DeadLetter.TYPE]
        return _Dealt(written, dead, time.perf_counter() - started)

    def _keep(self, records: Sequence[Record], spent: Sequence[_Dealt]) -> None:
        with self._database.joined():
            self._bus.publish([delivery for each in spent for delivery in each.written])
            self._bus.commit(self.stage.name, records)

    def _succeed(self, spent: Sequence[_Dealt]) -> None:
        self.patience.regain()
        for each in spent:
            self._metrics.message(self.stage.name, each.seconds, len(each.written), each.dead)
