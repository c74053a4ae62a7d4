"""Every decision of the feeder that needs no disk. Times are nanoseconds since 1970, UTC.

A file is ready when it was closed or renamed into place, else when its size and times are the same at two
looks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import Literal, NamedTuple

SECOND = 1_000_000_000

# A clock that says "later" than this was set back: what waits for it does not wait.
LONGEST_WAIT = 120 * SECOND

LONGEST_REST = 60 * SECOND

# The kernel stamps times once a tick (10 ms at CONFIG_HZ=100); FAT, SMB and old NFS servers once in two
# seconds. Within that time a second change of the same size leaves no trace (git's "racy" entries).
FINE_STAMP = 20_000_000
COARSE_STAMP = 2 * SECOND

State = Literal["waiting", "received", "duplicate", "rejected", "sidecar", "skipped", "gone"]


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def nanoseconds(time: datetime) -> int:
    """Exactly, which a float is not."""
    return (time - _EPOCH) // timedelta(microseconds=1) * 1000


def moment(nanoseconds: int) -> datetime:
    """The time, in UTC, to the microsecond."""
    return _EPOCH + timedelta(microseconds=nanoseconds // 1000)


class Look(NamedTuple):
    """What tells one content of a path from the next without reading it: bytes, and two times."""

    size: int
    mtime_ns: int
    ctime_ns: int


UNSEEN = Look(-1, 0, 0)
BARRED = Look(0, 0, 0)  # it is there, but we may not look at it


@dataclass(frozen=True, slots=True)
class File:
    """One path of the inbox (`path` is relative to it; a folder that cannot be read ends in "/").

    `due`: to be read, not before `ready_at`. `looked_at`: when `look` was first seen. `rank` orders the
    waiting, newest last. `version` counts the contents this path came to an end with. `article_id` is the
    article last read from it, also when it was rejected since.
    """

    path: bytes
    look: Look
    looked_at: int
    ready_at: int
    rank: int
    due: bool = True
    state: State = "waiting"
    reason: str = ""
    article_id: str | None = None
    version: int = 0
    first_seen: int = 0
    settled_at: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """An article: its version (odd: published, even: withdrawn) and the path it was last published from."""

    version: int
    path: bytes

    @property
    def stands(self) -> bool:
        """Whether it is published now."""
        return self.version % 2 == 1


@dataclass(frozen=True, slots=True)
class Patience:
    """All in nanoseconds. `settle`: between two looks. `old`: a file last changed so long ago needs no second
    look (None: it does). `open_file`: how long after its last change a file somebody still has open for
    writing is left alone (None: for ever).
    """

    settle: int
    old: int | None
    open_file: int | None


WATCHING = Patience(settle=SECOND, old=None, open_file=30 * SECOND)
ONCE = Patience(settle=SECOND // 20, old=3 * SECOND, open_file=None)


def ready_at(look: Look, now: int, patience: Patience, *, closed: bool) -> int:
    """The earliest time at which a file that still looks like this may be read.

    One that was closed: at once, or as soon as its times would show the next change.
    """
    if closed:
        return look.ctime_ns + FINE_STAMP if 0 <= now - look.ctime_ns < FINE_STAMP else now
    if patience.old is not None and look.mtime_ns < now - patience.old and look.ctime_ns < now - patience.old:
        return now
    return now + patience.settle


def rank(look: Look, now: int, arrived_after: int) -> int:
    """How new a file is: by its own time, but no older than the last complete look at the inbox it was not
    in.

    So a file moved in with an old time counts as just arrived, and one dated in the future not as newer than
    now.
    """
    return min(now, max(look.mtime_ns, arrived_after))


def first_look(path: bytes, look: Look, now: int, patience: Patience, *, closed: bool, arrived_after: int) -> File:
    """The row of a path that is new or looks new."""
    ready = ready_at(look, now, patience, closed=closed)
    return File(path, look, now, ready, rank(look, now, arrived_after), first_seen=now)


def doubtful_until(look: Look, now: int) -> int | None:
    """When to read a file again that was read at `now`, because a change could still go unnoticed; None:
    never.
    """
    coarse = look.mtime_ns % SECOND == 0 and look.ctime_ns % SECOND == 0
    stamp = COARSE_STAMP if coarse else FINE_STAMP
    return look.ctime_ns + 2 * stamp if 0 <= now - look.ctime_ns < stamp else None


def may_read_open(file: File, now: int, patience: Patience) -> bool:
    """Whether a file that somebody still has open for writing has been still for long enough."""
    return patience.open_file is not None and now - file.looked_at >= patience.open_file


def interleave(newest: Sequence[File], oldest: Sequence[File], limit: int) -> list[File]:
    """One of the newest, one of the oldest, in turn, each once.

    A burst of new files is seen at once however long the backlog is, and half of the work always goes to the
    end of the backlog, so that a steady stream of new files does not starve it either.
    """
    chosen: dict[bytes, File] = {}
    for pair in zip_longest(newest, oldest):
        for file in pair:
            if file is not None and len(chosen) < limit:
                chosen.setdefault(file.path, file)
    return list(chosen.values())


def within(files: Iterable[File], most_bytes: int) -> list[File]:
    """The first files that together are not larger; at least one."""
    chosen: list[File] = []
    total = 0
    for file in files:
        total += max(file.look.size, 0)
        if chosen and total > most_bytes:
            break
        chosen.append(file)
    return chosen


def pause_after_scan(duration: int, rescan: int, *, watched: bool) -> int:
    """How long to rest after a rescan that took `duration`, so that they take a tenth of a core at most.

    A fiftieth where there are hints. A minute is the longest rest, `rescan` the shortest.
    """
    return max(rescan, min(max(duration, 0) * (49 if watched else 9), LONGEST_REST))
