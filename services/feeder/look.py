"""Looks for files: follows hints, walks the inbox, and notes in the registry every path that is new or looks
new.
"""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from services.feeder.decide import UNSEEN, File, Patience, first_look, pause_after_scan, ready_at
from services.feeder.names import SkippedNames
from services.feeder.registry import Registry
from services.feeder.tree import Folders, Missing, Seen, Walk, try_folder
from services.feeder.watch import Hints

log = logging.getLogger(__name__)

LOOKED_AT_ONCE = 1000
MOST_FOLDER_HINTS = 1000
# Every so many rescans compare each file with the registry, not only the batches that look different.
FULL_COMPARISON_EVERY = 20


@dataclass(slots=True)
class _Tour:
    """A walk under way. `batches` are hashes of what was seen where that was what the registry holds."""

    walk: Walk
    began: int
    whole: bool
    trusting: bool = False
    batches: list[int | None] = field(default_factory=list)
    spent: int = 0


class Looker:
    """One inbox seen over time. Times are nanoseconds; `now` gives the time."""

    def __init__(
        self,
        registry: Registry,
        names: SkippedNames,
        patience: Patience,
        now: Callable[[], int],
        *,
        rescan: int,
        once: bool,
    ) -> None:
        self._registry = registry
        self._names = names
        self._patience = patience
        self._now = now
        self._rescan = rescan
        self._once = once
        self._tours: list[_Tour] = []
        self._appeared: deque[bytes] = deque()
        self._batches: list[int | None] = []
        self._sweep_after: bytes | None = None
        self._came_back = self._next = self._arrived_after = 0
        self._scans = 0
        self.unlisted = 0

    def start_over(self) -> None:
        """Drops walks under way and all that was taken for granted."""
        for tour in self._tours:
            tour.walk.close()
        self._tours.clear()
        self._batches = []
        self.look_soon()

    def look_soon(self) -> None:
        """A rescan that begins after now is wanted, whenever the next one was due."""
        self._next = 0

    @property
    def rescans(self) -> int:
        """How many rescans are complete."""
        return self._scans

    @property
    def busy(self) -> bool:
        """Whether a rescan, or what follows it, is under way."""
        return bool(self._tours or self._appeared) or self._sweep_after is not None

    def next_rescan(self) -> int:
        """When the next rescan begins."""
        return self._next

    def follow(self, folders: Folders, hints: Hints, now: int) -> int:
        """Looks where the hints point; how many paths were new or looked new."""
        if hints.lost:
            log.info("hints were lost: the whole inbox is looked at again")
            self.look_soon()
        for folder in hints.folders:
            self._remember(folder)
        paths = (path for path in hints.files if self._names.match_path(path) is None)
        seen = [Seen(path, look) for path in paths if (look := folders.look(path))]
        return self._notice(seen, now, closed=True)

    def look_around(self, folders: Folders, now: int, *, watched: bool) -> int:
        """Goes on with a walk for one batch; how many paths were new or looked new."""
        self._set_out(folders, now)
        if not self._tours:
            return 0
        tour = self._tours[-1]
        seen = tour.walk.take(LOOKED_AT_ONCE)
        known = self._is_as_before(tour, seen)
        found = 0 if known else self._notice(seen, now, closed=False)
        tour.batches.append(None if found else hash(tuple(seen)))
        tour.spent += self._now() - now
        if tour.walk.finished:
            self._come_back(self._tours.pop(), watched=watched)
        return found

    def sweep(self, folders: Folders, now: int) -> None:
        """After a rescan: rows that only stand while their path is there are read again when it is not."""
        if self._sweep_after is None:
            return
        paths = self._registry.loose(self._sweep_after)
        self._sweep_after = paths[-1] if paths else None
        stale = [path for path in paths if _is_stale(folders, path)]
        if stale:
            self._registry.wake(stale, now)

    def _remember(self, folder: bytes) -> None:
        if self._names.match_path(folder):
            return
        if len(self._appeared) >= MOST_FOLDER_HINTS:
            self._appeared.clear()
            self.look_soon()
        elif not any(folder == known or folder.startswith(known + b"/") for known in self._appeared):
            self._appeared.append(folder)

    def _set_out(self, folders: Folders, now: int) -> None:
        """A folder that appeared is looked at before a rescan under way goes on."""
        if self._appeared:
            self._tours.append(_Tour(Walk(folders, self._names, self._appeared.popleft()), now, whole=False))
        elif not self._tours and self._is_time(now):
            self._next = now + 1
            trusting = self._scans % FULL_COMPARISON_EVERY != 0
            self._tours.append(_Tour(Walk(folders, self._names), now, whole=True, trusting=trusting))

    def _is_time(self, now: int) -> bool:
        if self._once and self._scans:
            return False
        return now >= self._next or now < self._came_back  # a clock that was set back does not hold us up

    def _is_as_before(self, tour: _Tour, seen: Sequence[Seen]) -> bool:
        at = len(tour.batches)
        if not (tour.whole and tour.trusting and at < len(self._batches)):
            return False
        return self._batches[at] == hash(tuple(seen))

    def _come_back(self, tour: _Tour, *, watched: bool) -> None:
        for problem in tour.walk.problems:
            log.warning("not looked at: %s", problem)
        if not tour.whole:
            return
        self._scans += 1
        self._batches = tour.batches
        self._arrived_after = tour.began
        self._sweep_after = b""
        self.unlisted = tour.walk.unlisted
        self._came_back = self._now()
        if self._next:
            self._next = self._came_back + pause_after_scan(tour.spent, self._rescan, watched=watched)

    def _notice(self, seen: Sequence[Seen], now: int, *, closed: bool) -> int:
        if not seen:
            return 0
        known = self._registry.looks([one.path for one in seen])
        fresh = [one for one in seen if known.get(one.path) != one.look]
        if not (fresh or closed):
            return 0
        with self._registry.database.transaction():
            if fresh:
                self._registry.notice(self._row(one, now, closed=closed) for one in fresh)
            if closed:
                self._registry.hasten((one.path, ready_at(one.look, now, self._patience, closed=True)) for one in seen)
        return len(fresh)

    def _row(self, seen: Seen, now: int, *, closed: bool) -> File:
        if seen.skipped:
            return File(seen.path, UNSEEN, now, 0, 0, due=False, state="skipped", reason=seen.skipped, first_seen=now)
        return first_look(
            seen.path,
            seen.look,
            now,
            self._patience,
            closed=closed or seen.path.endswith(b"/"),
            arrived_after=now if closed else self._arrived_after,
        )


def _is_stale(folders: Folders, path: bytes) -> bool:
    if path.endswith(b"/"):
        return isinstance(try_folder(folders, path), Missing)
    return folders.look(path) is None
