"""The whole system in one process and its workers: stages on a SQLite log.

Pure stages run in a pool, many messages at a time, and what they write is appended in the order of what they read.
Stages with a store run here, one after the other. Reading, effects, writing and the group's offset are one
transaction: whenever the process ends, each message has either happened or not.
"""

import logging
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Event
from typing import Protocol

from shared.bus.port import Record
from shared.bus.sqlite import SqliteBus
from shared.errors import TransientError
from shared.hosts.chain import Spent
from shared.hosts.pool import Build, InProcess, Job, Pool, Workers
from shared.metrics import Metrics
from shared.schemas import ArticleReceived, DeadLetter
from shared.stage import Delivery, Stage, deliver
from shared.store.database import Database

BATCH = 256
IN_FLIGHT = 512
IN_FLIGHT_BYTES = 32 * 1024 * 1024
WAITING = 512
BEHIND = 2048
TURN_SECONDS = 0.015
IDLE_SECONDS = 0.02
PATIENCE = (0.05, 5.0)

log = logging.getLogger(__name__)


class Source(Protocol):
    """What brings in messages from outside: the feeder."""

    def step(self, room: int) -> bool:
        """Publishes at most `room` messages; says whether it did anything."""


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def stop_on_signals() -> Event:
    """Set by SIGTERM and SIGINT. For the main thread."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


@dataclass(slots=True)
class _Patience:
    """How long to leave something alone after it said that it cannot now: doubling, up to a few seconds."""

    until: float = 0.0
    seconds: float = 0.0
    reason: str = ""

    @property
    def is_waiting(self) -> bool:
        return time.monotonic() < self.until

    def lose(self, name: str, reason: str) -> None:
        self.seconds = min(max(PATIENCE[0], self.seconds * 2), PATIENCE[1])
        self.until = time.monotonic() + self.seconds
        if reason != self.reason:
            log.warning("%s waits: %s", name, reason)
        self.reason = reason

    def regain(self, name: str) -> None:
        if self.reason:
            log.warning("%s goes on", name)
        self.until, self.seconds, self.reason = 0.0, 0.0, ""


class _NotAllWell(Exception):
    """A message of an optimistic batch failed: undo the batch, go through it one message at a time."""
