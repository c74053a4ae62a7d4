"""One message through one stage, on any host of a cluster: tries, dead letters, what it took."""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NamedTuple

from shared.bus.kafka_topics import MAX_VALUE_BYTES
from shared.bus.port import Record
from shared.envelope import decode
from shared.errors import RejectedError, TransientError
from shared.metrics import Metrics
from shared.schemas import DeadLetter
from shared.stage import Delivery, Stage, dead_letter, deliver

Batch = Callable[[Sequence[Record]], AbstractContextManager[object]]
"""What the effects of these messages have in common, of some of them or all."""

TRIES = 3
# What these say of a message does not change by asking again; anything else may have been an accident.
PERMANENT = frozenset(
    {"DataFileError", "KeyError", "RejectedError", "TypeError", "UnicodeDecodeError", "ValidationError", "ValueError"}
)

log = logging.getLogger(__name__)


class Dealt(NamedTuple):
    """What came of a message: messages to write, dead letters among them, seconds of wall clock."""

    written: list[Delivery]
    dead: int
    seconds: float


def deal_with(stage: Stage, record: Record, clock: Callable[[], datetime]) -> Dealt:
    """Three tries for a failure nobody can name, one for the others; TransientError goes through to the host.

    A dead letter that cannot be processed stays on its topic, and no letter is written about it.
    """
    started = time.perf_counter()
    written: list[Delivery] = []
    for _ in range(TRIES):
        written = deliver(stage, record.value, clock(), topic=record.topic)
        if not any(_may_pass(one) for one in written):
            break
    dead = sum(one.topic == DeadLetter.TYPE for one in written)
    if dead and record.topic == DeadLetter.TYPE:
        log.error("%s could not process a dead letter; it stays on its topic", stage.name)
        written = [one for one in written if one.topic != DeadLetter.TYPE]
    dealt = Dealt(written, dead, time.perf_counter() - started)
    return _fitting(stage, record, dealt, clock())


def _may_pass(delivery: Delivery) -> bool:
    if delivery.topic != DeadLetter.TYPE:
        return False
    letter = decode(delivery.value).data
    return isinstance(letter, DeadLetter) and letter.error not in PERMANENT


def _fitting(stage: Stage, record: Record, dealt: Dealt, now: datetime) -> Dealt:
    """A message no broker would take is a failure of the one that led to it. TransientError when even its dead
    letter is too large: then its partition has to stop."""
    large = [one for one in dealt.written if len(one.value) + len(one.key.encode()) > MAX_VALUE_BYTES]
    if not large:
        return dealt
    told = f"a {large[0].topic} of {len(large[0].value)} bytes is larger than the {MAX_VALUE_BYTES} a message may have"
    letter = dead_letter(stage.name, record.value, RejectedError(told), now, topic=record.topic)
    if len(letter.value) > MAX_VALUE_BYTES:
        raise TransientError(f"{told}, and so is its dead letter")
    return Dealt([letter], 1, dealt.seconds)


def bury(stage: Stage, record: Record, error: RejectedError, now: datetime) -> Dealt:
    """A message whose effects were refused when all of them were to become final."""
    return Dealt([dead_letter(stage.name, record.value, error, now, topic=record.topic)], 1, 0.0)


def count(metrics: Metrics, stage: str, record: Record, dealt: Dealt, now: datetime) -> None:
    """One message was dealt with and everything it led to is written."""
    metrics.message(stage, dealt.seconds, len(dealt.written), dealt.dead)
    if record.started is not None:
        seconds = max(0.0, now.timestamp() - record.started)
        metrics.observe("clashwatch_road_seconds", seconds, stage, record.topic)
