"""Ends a worker that has partitions and messages to read but gets nothing done, so that it is started again."""

import logging
import os
import time
from collections.abc import Callable, Mapping, Set
from threading import Event, Thread

from shared.bus.kafka import KafkaBus
from shared.errors import TransientError
from shared.metrics import Metrics

STUCK_SECONDS = 60.0
LOOK_SECONDS = 5.0
STUCK = 75
"""Exit code: EX_TEMPFAIL of sysexits.h."""

Place = tuple[str, int]
Standing = Mapping[Place, tuple[int, int]]

log = logging.getLogger(__name__)


class Progress:
    """Which partitions have had messages to read for so long without a commit."""

    def __init__(self, limit: float = STUCK_SECONDS) -> None:
        self._limit = limit
        self._since: dict[Place, tuple[int, float]] = {}

    def look(self, assigned: Set[Place], standing: Standing, now: float) -> list[Place]:
        """`standing` gives the first offset not committed and the end; `now` is seconds of any steady clock."""
        mine = {place: standing[place] for place in assigned & standing.keys()}
        behind = {place: start for place, (start, end) in mine.items() if start < end}
        self._since = {place: self._entry(place, start, now) for place, start in behind.items()}
        return sorted(place for place, (_, since) in self._since.items() if now - since > self._limit)

    def _entry(self, place: Place, start: int, now: float) -> tuple[int, float]:
        known = self._since.get(place)
        return known if known and known[0] == start else (start, now)

    def forget(self) -> None:
        """Something outside keeps everything waiting: that is no standstill."""
        self._since.clear()


class Watchdog:
    """A thread with a connection of its own: it sees what the brokers see. Also tells the lag."""

    def __init__(
        self,
        group: str,
        topics: list[str],
        bus: KafkaBus,
        metrics: Metrics,
        *,
        assigned: Callable[[], Set[Place]],
        is_waiting: Callable[[], bool],
        limit: float = STUCK_SECONDS,
        pause: float = LOOK_SECONDS,
        end: Callable[[int], object] = os._exit,
    ) -> None:
        self.problem: str | None = "Kafka has not answered yet"
        self._group, self._topics, self._bus, self._metrics = group, topics, bus, metrics
        self._assigned, self._is_waiting, self._end = assigned, is_waiting, end
        self._progress, self._pause = Progress(limit), pause
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="watchdog", daemon=True)

    def __enter__(self) -> "Watchdog":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()
        self._bus.close()

    def look(self) -> None:
        """Once; ends the process where nothing goes on."""
        try:
            standing = self._bus.standing(self._group, self._topics)
        except TransientError as error:
            self.problem = str(error)
            self._progress.forget()
            return
        self.problem = None
        self._tell(standing)
        if self._is_waiting():
            self._progress.forget()
            return
        stuck = self._progress.look(self._assigned(), standing, time.monotonic())
        if stuck:
            log.critical("%s gets nothing done on %s; ending so as to be started again", self._group, stuck)
            self._end(STUCK)

    def _tell(self, standing: Standing) -> None:
        for topic in self._topics:
            lag = sum(end - start for (name, _), (start, end) in standing.items() if name == topic)
            self._metrics.set("clashwatch_group_lag", lag, self._group, topic)

    def _run(self) -> None:
        while not self._stopped.wait(self._pause):
            self.look()
