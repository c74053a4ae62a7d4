"""Finds files dropped into the inbox and publishes each content once.

The truth is a rescan compared with the registry; hints (see watch.py) only make it look sooner. A host calls `step`
again and again: each is one bounded piece of work, whatever the number of files.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from services.feeder.decide import (
    ONCE,
    SECOND,
    WATCHING,
    File,
    first_look,
    interleave,
    pause_after_scan,
    within,
)
from services.feeder.examine import Examiner
from services.feeder.names import SkippedNames, shown
from services.feeder.record import Publish, Recorded, Recorder
from services.feeder.registry import Registry
from services.feeder.tree import Folders, Missing, Seen, Walk, reason_of, try_folder
from services.feeder.watch import Hints, Watcher
from shared.errors import TransientError

log = logging.getLogger(__name__)

LOOKED_AT_ONCE = 1000
READ_AT_ONCE = 256
BYTES_AT_ONCE = 8 << 20
MOST_FOLDER_HINTS = 1000
# With `once`: what has not come to rest after so long without any progress is left waiting.
GIVE_UP_AFTER = 10 * SECOND
# Every so many rescans compare each file with the registry, not only those whose batch looks different.
FULL_COMPARISON_EVERY = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """`max_file_bytes`: a larger file is rejected unread. `rescan_seconds`: between two looks at the whole inbox."""

    max_file_bytes: int = 8 << 20
    rescan_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Progress:
    """What one step did. `wait`: seconds until there can be more to do (sooner when hints come).

    `found`: paths that were new or looked new. `idle`: this step did nothing. `drained`: with `once`, all is done, or
    what is left does not come to rest. `problem`: why the inbox cannot be read.
    """

    found: int = 0
    received: int = 0
    settled: int = 0
    bytes: int = 0
    idle: bool = True
    wait: float = 0.0
    drained: bool = False
    problem: str | None = None


@dataclass(slots=True)
class _Tour:
    """A walk under way. `batches` are the hashes of what was seen, where that was what the registry holds."""

    walk: Walk
    began: int
    whole: bool
    trusting: bool
    batches: list[int | None]
    spent: int = 0


class Feeder:
    """One inbox, one registry. Several feeders may share both."""

    def __init__(
        self,
        inbox: Path,
        registry: Registry,
        publish: Publish,
        *,
        clock: Callable[[], datetime],
        room: Callable[[], int],
        names: SkippedNames,
        limits: Limits = Limits(),
        watcher: Watcher | None = None,
        once: bool = False,
    ) -> None:
        """`publish` is called inside the registry's transaction. `room()`: how many more articles may be published."""
        self._inbox = bytes(inbox)
        self._registry = registry
        self._clock = clock
        self._room = room
        self._names = names
        self._limits = limits
        self._watcher = watcher
        self._once = once
        self._patience = ONCE if once else WATCHING
        self._examiner = Examiner(registry, names, self._patience, limits.max_file_bytes)
        self._recorder = Recorder(registry, publish, self._patience, names)
        self._tours: list[_Tour] = []
        self._appeared: deque[bytes] = deque()
        self._sweep_after: bytes | None = None
        self._identity: tuple[int, int] | None = None
        self._watched = False
        self._problem: str | None = None
        self._scan_at = 0
        self._arrived_after = 0
        self._scans = 0
        self._batches: list[int | None] = []
        self._oldest_turn = False
        self._last_progress = self._now()
        self.unlisted = 0

    def step(self) -> Progress:
        """One bounded piece of work. Raises TransientError when log or registry cannot be written now: call again."""
        now = self._now()
        try:
            folders = Folders(self._inbox)
        except OSError as error:
            return self._away(error)
        with folders:
            try:
                return self._work(folders, now)
            except TransientError:
                self._start_over()
                raise

    def rest(self, progress: Progress, at_most: float = 1.0) -> None:
        """Waits as long as there is nothing to do."""
        seconds = min(progress.wait, at_most)
        if seconds > 0 and self._watcher and self._watched:
            self._watcher.wait(seconds)
        elif seconds > 0:
            time.sleep(seconds)

    def close(self) -> None:
        """Ends the watching and gives back open folders. The registry is the host's."""
        self._start_over()
        if self._watcher:
            self._watcher.stop()

    def _now(self) -> int:
        return int(self._clock().timestamp() * SECOND)

    def _work(self, folders: Folders, now: int) -> Progress:
        self._meet(folders)
        found = self._follow_hints(folders, now)
        found += self._look_around(folders, now)
        self._sweep(folders, now)
        room = self._room()
        recorded = self._read(folders, room, now)
        return self._progress(found, recorded, room, now)

    def _meet(self, folders: Folders) -> None:
        """An inbox that came back, or another one in its place, is looked at anew."""
        if folders.identity == self._identity:
            return
        self._start_over()
        self._identity = folders.identity
        if self._problem:
            log.warning("%s is back", self._inbox.decode(errors="replace"))
        self._problem = None
        self._watched = self._watcher is not None and self._watcher.restart()

    def _away(self, error: OSError) -> Progress:
        problem = f"the inbox cannot be read: {reason_of(error)}"
        if problem != self._problem:
            log.warning("%s: %s", shown(self._inbox), problem)
        self._problem, self._identity = problem, None
        return Progress(wait=self._limits.rescan_seconds, drained=self._once, problem=problem)

    def _start_over(self) -> None:
        for tour in self._tours:
            tour.walk.close()
        self._tours.clear()
        self._batches = []
        self._scan_at = 0

    # Looking

    def _follow_hints(self, folders: Folders, now: int) -> int:
        hints = self._watcher.drain(LOOKED_AT_ONCE) if self._watcher else Hints()
        if hints.lost:
            log.info("hints were lost: looking at the whole inbox again")
            self._scan_at = 0
        for folder in hints.folders:
            self._remember_folder(folder)
        seen = []
        for path in hints.files:
            if self._names.match_path(path) is None and (look := folders.look(path)):
                seen.append(Seen(path, look))
        return self._notice(seen, now, closed=True)

    def _remember_folder(self, folder: bytes) -> None:
        if self._names.match_path(folder):
            return
        if len(self._appeared) >= MOST_FOLDER_HINTS:
            self._appeared.clear()
            self._scan_at = 0
        elif not any(folder.startswith(known + b"/") or folder == known for known in self._appeared):
            self._appeared.append(folder)

    def _look_around(self, folders: Folders, now: int) -> int:
        self._set_out(folders, now)
        if not self._tours:
            return 0
        tour = self._tours[-1]
        seen = tour.walk.take(LOOKED_AT_ONCE)
        found = 0
        if not self._is_as_before(tour, seen):
            found = self._notice(seen, now, closed=False)
        tour.batches.append(None if found else hash(tuple(seen)))
        tour.spent += self._now() - now
        if tour.walk.finished:
            self._come_back(self._tours.pop())
        return found

    def _set_out(self, folders: Folders, now: int) -> None:
        """A folder that appeared is looked at before a rescan under way goes on."""
        if self._appeared:
            walk = Walk(folders, self._names, self._appeared.popleft())
            self._tours.append(_Tour(walk, now, whole=False, trusting=False, batches=[]))
        elif not self._tours and now >= self._scan_at and not (self._once and self._scans):
            self._scan_at = now
            trusting = self._scans % FULL_COMPARISON_EVERY != 0
            self._tours.append(_Tour(Walk(folders, self._names), now, whole=True, trusting=trusting, batches=[]))

    def _is_as_before(self, tour: _Tour, seen: Sequence[Seen]) -> bool:
        at = len(tour.batches)
        if not (tour.whole and tour.trusting and at < len(self._batches)):
            return False
        return self._batches[at] == hash(tuple(seen))

    def _come_back(self, tour: _Tour) -> None:
        for problem in tour.walk.problems:
            log.warning("not looked at: %s", problem)
        if not tour.whole:
            return
        self._scans += 1
        self._batches = tour.batches
        self._arrived_after = tour.began
        self._sweep_after = b""
        self.unlisted = tour.walk.unlisted
        if self._scan_at <= tour.began:
            rescan = int(self._limits.rescan_seconds * SECOND)
            self._scan_at = self._now() + pause_after_scan(tour.spent, rescan, watched=self._watched)

    def _notice(self, seen: Sequence[Seen], now: int, *, closed: bool) -> int:
        if not seen:
            return 0
        known = self._registry.looks([one.path for one in seen])
        fresh = [one for one in seen if known.get(one.path) != one.look]
        if fresh:
            self._registry.notice(self._row(one, now, closed=closed) for one in fresh)
        if closed:
            self._registry.hasten([one.path for one in seen], now)
        return len(fresh)

    def _row(self, seen: Seen, now: int, *, closed: bool) -> File:
        pass
