"""Pure stages in a row: a message goes through all of them at once, without a stop at the log in between."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shared.bus.topics import Topic
from shared.errors import TransientError
from shared.schemas import DeadLetter
from shared.stage import Delivery, Stage, deliver


@dataclass(frozen=True, slots=True)
class Spent:
    """What one stage did with one message: seconds of wall clock, messages out, dead letters among them."""

    stage: str
    seconds: float
    written: int
    dead: int


@dataclass(slots=True)
class Outcome:
    """What came of a message. `waiting` is the reason why nothing could come of it yet: try it again."""

    deliveries: list[Delivery] = field(default_factory=list)
    spent: list[Spent] = field(default_factory=list)
    waiting: str | None = None


class Chain:
    """Pure stages by name. A topic that only they read, and that is not kept, need not go by the log."""

    def __init__(self, stages: Sequence[Stage], topics: Mapping[str, Topic]) -> None:
        self.stages = {stage.name: stage for stage in stages}
        self._next = {
            name: [self.stages[group] for group in topic.consumers]
            for name, topic in topics.items()
            if topic.retention == "until_consumed" and self.stages.keys() >= set(topic.consumers)
        }

    def run(self, stage: str, topic: str, raw: bytes, now: datetime, *, alone: bool = False) -> Outcome:
        """One message through its stage and, unless `alone`, through the stages behind it."""
        outcome = Outcome()
        try:
            outcome.deliveries.extend(self._through(self.stages[stage], topic, raw, now, alone, outcome.spent))
        except TransientError as error:
            return Outcome(waiting=f"{stage}: {error}")
        return outcome

    def _through(
        self, stage: Stage, topic: str, raw: bytes, now: datetime, alone: bool, spent: list[Spent]
    ) -> Iterator[Delivery]:
        started = time.perf_counter()
        written = deliver(stage, raw, now, topic=topic)
        dead = sum(delivery.topic == DeadLetter.TYPE for delivery in written)
        spent.append(Spent(stage.name, time.perf_counter() - started, len(written), dead))
        for delivery in written:
            readers = () if alone else self._next.get(delivery.topic, ())
            if not readers:
                yield delivery
            for reader in readers:
                yield from self._through(reader, delivery.topic, delivery.value, now, alone, spent)
