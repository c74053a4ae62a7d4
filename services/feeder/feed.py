"""Finds files dropped into the inbox and publishes each content once.

The truth is a rescan compared with the registry; hints (see watch.py) only make it look sooner. A host calls
`step` again and again: each is one bounded piece of work, however many files there are.
"""

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from services.feeder.decide import ONCE, SECOND, WATCHING, File, interleave, nanoseconds, within
from services.feeder.examine import Examiner
from services.feeder.look import LOOKED_AT_ONCE, Looker
from services.feeder.names import SkippedNames, shown
from services.feeder.record import Publish, Recorded, Recorder
from services.feeder.registry import Registry
from services.feeder.tree import Folders, reason_of
from services.feeder.watch import Hints, Watcher
from shared.errors import TransientError

log = logging.getLogger(__name__)

READ_AT_ONCE = 256
BYTES_AT_ONCE = 8 << 20
# With `once`: what has not come to rest after so long without any progress is left waiting.
GIVE_UP_AFTER = 10 * SECOND
_NO_ROOM_PAUSE = 0.05
# Hints seldom come alone, and a transaction for several files costs little more than for one.
GATHER_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Limits:
    """`max_file_bytes`: a larger file is rejected unread. `rescan_seconds`: at least between two rescans."""

    max_file_bytes: int = 8 << 20
    rescan_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Progress:
    """What one step did. `found`: paths that were new or looked new. `received`: articles published, of
    `bytes` bytes together. `settled`: files that were duplicates or rejected.

    `idle`: it did nothing; there can be more to do in `wait` seconds (sooner when hints come). `drained`:
    with `once`, all is done, or what is left does not come to rest. `problem`: why the inbox cannot be read.
    """

    found: int = 0
    received: int = 0
    settled: int = 0
    bytes: int = 0
    idle: bool = True
    wait: float = 0.0
    drained: bool = False
    problem: str | None = None


class Feeder:
    """One inbox and one registry. Several feeders may share both."""

    def __init__(
        self,
        inbox: Path,
        registry: Registry,
        publish: Publish,
        *,
        clock: Callable[[], datetime],
        room: Callable[[], int],
        names: SkippedNames,
        limits: Limits | None = None,
        watcher: Watcher | None = None,
        once: bool = False,
    ) -> None:
        """`publish` is called inside the registry's transaction; `room()` is how many more articles may come
        now.

        Without a watcher everything is found by rescans. With `once`, one rescan is made and what it finds is
        drained.
        """
        self._limits = limits or Limits()
        self._inbox = os.fsencode(inbox)
        self._registry = registry
        self._clock = clock
        self._room = room
        self._watcher = watcher
        self._once = once
        patience = ONCE if once else WATCHING
        rescan = int(self._limits.rescan_seconds * SECOND)
        self._looker = Looker(registry, names, patience, self._now, rescan=rescan, once=once)
        self._examiner = Examiner(registry, names, patience, self._limits.max_file_bytes)
        self._recorder = Recorder(registry, publish, patience, names)
        self._identity: tuple[int, int] | None = None
        self._watched = False
        self._problem: str | None = None
        self._oldest_turn = False
        self._last_progress = self._now()

    def step(self) -> Progress:
        """One bounded piece of work. TransientError: log or registry cannot be written just now; call again
        later.
        """
        now = self._now()
        try:
            folders = Folders(self._inbox)
        except OSError as error:
            return self._away(error)
        with folders:
            try:
                return self._work(folders, now)
            except TransientError:
                self._looker.start_over()
                raise

    def rest(self, progress: Progress, at_most: float = 1.0) -> None:
        """Waits while there is nothing to do."""
        seconds = min(progress.wait, at_most)
        if seconds <= 0:
            return
        if self._watcher and self._watched:
            self._watcher.wait(max(seconds - GATHER_SECONDS, 0))
            time.sleep(GATHER_SECONDS)
        else:
            time.sleep(seconds)

    def close(self) -> None:
        """Ends the watching and gives back open folders. Log and registry are the host's."""
        self._looker.start_over()
        if self._watcher:
            self._watcher.stop()

    @property
    def unlisted(self) -> int:
        """How many hidden or system names the last rescan passed over; they have no row."""
        return self._looker.unlisted

    def _now(self) -> int:
        return nanoseconds(self._clock())

    def _work(self, folders: Folders, now: int) -> Progress:
        self._meet(folders)
        hints = self._watcher.drain(LOOKED_AT_ONCE) if self._watcher else Hints()
        found = self._looker.follow(folders, hints, now)
        found += self._looker.look_around(folders, now, watched=self._watched)
        self._looker.sweep(folders, now)
        room = self._room()
        recorded = self._read(folders, room)
        return self._progress(found, recorded, room)

    def _meet(self, folders: Folders) -> None:
        """An inbox that came back, or another one in its place, is looked at anew."""
        if folders.identity == self._identity:
            return
        if self._problem:
            log.warning("%s is back", shown(self._inbox))
        self._identity, self._problem = folders.identity, None
        self._looker.start_over()
        self._watched = self._watcher is not None and self._watcher.restart()

    def _away(self, error: OSError) -> Progress:
        problem = f"{shown(self._inbox)}: the inbox cannot be read: {reason_of(error)}"
        if problem != self._problem:
            log.warning("%s", problem)
        self._problem, self._identity = problem, None
        return Progress(wait=self._limits.rescan_seconds, drained=self._once, problem=problem)

    def _read(self, folders: Folders, room: int) -> Recorded:
        now = self._now()
        files = self._choose(min(room, READ_AT_ONCE), now)
        if not files:
            return Recorded()
        batch = [self._examiner.examine(folders, file, now) for file in files]
        return self._recorder.record(folders, batch, self._now())

    def _choose(self, limit: int, now: int) -> list[File]:
        if limit <= 0:
            return []
        newest = self._registry.due(now, limit, newest=True)
        if len(newest) < limit:
            return within(newest, BYTES_AT_ONCE)
        oldest = self._registry.due(now, limit, newest=False)
        self._oldest_turn = not self._oldest_turn
        first, second = (oldest, newest) if self._oldest_turn else (newest, oldest)
        return within(interleave(first, second, limit), BYTES_AT_ONCE)

    def _progress(self, found: int, recorded: Recorded, room: int) -> Progress:
        now = self._now()
        if found or recorded.received or recorded.settled or room <= 0:
            self._last_progress = now
        idle = not (found or recorded.files or self._looker.busy)
        ready = self._registry.next_ready() if idle and room > 0 else None
        return Progress(
            found,
            recorded.received,
            recorded.settled,
            recorded.bytes,
            idle,
            wait=self._wait(now, ready, room) if idle else 0.0,
            drained=idle and room > 0 and self._is_drained(now, ready),
        )

    def _wait(self, now: int, ready: int | None, room: int) -> float:
        if room <= 0:
            return _NO_ROOM_PAUSE
        times = [] if self._once else [self._looker.next_rescan()]
        times += [] if ready is None else [ready]
        return max(min(times, default=now) - now, 0) / SECOND

    def _is_drained(self, now: int, ready: int | None) -> bool:
        if not self._once or not self._looker.rescans:
            return False
        return ready is None or now - self._last_progress > GIVE_UP_AFTER
