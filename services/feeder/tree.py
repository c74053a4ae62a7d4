"""The inbox on the disk: walking it, and reading one file of it whole or not at all.

Nothing here follows a symbolic link, opens anything but a regular file or a folder, or waits for one. Paths
are bytes relative to the inbox. Every folder is opened from the one above it, so that a folder swapped for a
link while we are under way leads nowhere, and a path may be longer than the system lets one call name.
"""

import errno
import fcntl
import os
import signal
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple

from services.feeder.decide import BARRED, UNSEEN, Look
from services.feeder.names import SkippedNames

DEEPEST = 64
_FOLDERS_KEPT = 32
_HERE = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# With O_PATH a folder needs not be readable to reach a file in it.
_PASS = _HERE | getattr(os, "O_PATH", os.O_RDONLY)
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NOCTTY
_CHUNK = 1 << 20

_KINDS = {
    stat.S_IFLNK: "a symbolic link: not followed",
    stat.S_IFIFO: "a named pipe, not a file",
    stat.S_IFSOCK: "a socket, not a file",
    stat.S_IFCHR: "a device, not a file",
    stat.S_IFBLK: "a device, not a file",
}


class Seen(NamedTuple):
    """A path met on a walk. A folder that could not be entered ends in "/"; `skipped` is why a name is left
    alone.
    """

    path: bytes
    look: Look
    skipped: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """A file, whole and still."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class Bad:
    """A file that can never be an article as it is now."""

    reason: str


@dataclass(frozen=True, slots=True)
class Moving:
    """A file that no longer looks as it did."""

    look: Look


@dataclass(frozen=True, slots=True)
class Held:
    """A file that cannot be read now: it is open for writing somewhere, or the disk failed (`broken`)."""

    reason: str
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """There is nothing there."""


Found = Content | Bad | Moving | Held | Missing


class Folders:
    """The inbox and the folders below it, held open for as long as one piece of work takes."""

    def __init__(self, inbox: bytes) -> None:
        """Raises OSError when the inbox is not there or not a folder."""
        self.root = os.open(inbox, os.O_DIRECTORY | os.O_CLOEXEC | os.O_RDONLY)
        self._open: dict[bytes, int] = {}

    def __enter__(self) -> "Folders":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._forget()
        os.close(self.root)

    @property
    def identity(self) -> tuple[int, int]:
        """Tells this inbox from another one of the same name."""
        found = os.fstat(self.root)
        return found.st_dev, found.st_ino

    def parent(self, path: bytes) -> tuple[int, bytes]:
        """The folder a path is in, and its name there. Raises OSError when a folder on the way is none (any
        more).
        """
        folder, _, name = path.rpartition(b"/")
        return self.folder(folder), name

    def folder(self, path: bytes) -> int:
        """A descriptor to look names up in; it stays ours."""
        if not path:
            return self.root
        if path not in self._open:
            if len(self._open) >= _FOLDERS_KEPT:
                self._forget()
            self._open[path] = self._descend(path)
        return self._open[path]

    def look(self, path: bytes) -> Look | None:
        """What the path looks like; None when there is nothing."""
        try:
            folder, name = self.parent(path)
            return look_of(os.stat(name, dir_fd=folder, follow_symlinks=False))
        except PermissionError:
            return BARRED
        except OSError:
            return None

    def _descend(self, path: bytes) -> int:
        here = self.root
        for name in path.split(b"/"):
            try:
                below = os.open(name, _PASS, dir_fd=here)
            finally:
                if here != self.root:
                    os.close(here)
            here = below
        return here

    def _forget(self) -> None:
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open.clear()


@dataclass(slots=True)
class _Level:
    prefix: bytes
    descriptor: int
    entries: "Iterator[os.DirEntry[str]]"


class Walk:
    """All paths below a folder, a few at a time, holding one open folder a level and nothing else."""

    def __init__(self, folders: Folders, names: SkippedNames, start: bytes = b"") -> None:
        """`start` is a folder; one that is not there (any more) makes an empty walk."""
        self._names = names
        self._levels: list[_Level] = []
        self.start = start
        self.unlisted = 0
        self.problems: list[str] = []
        try:
            parent, name = folders.parent(start)
            self._enter(parent, name or b".", start + b"/" if start else b"")
        except OSError as error:
            self.problems.append(f"{start!r}: {reason_of(error)}")

    @property
    def finished(self) -> bool:
        """Whether there is no more to come."""
        return not self._levels

    def take(self, limit: int) -> list[Seen]:
        """The next paths; looks at `limit` names at most."""
        seen: list[Seen] = []
        for _ in range(limit):
            if not self._levels:
                break
            level = self._levels[-1]
            try:
                entry = next(level.entries)
            except StopIteration:
                self._leave()
                continue
            except OSError as error:
                self.problems.append(f"{level.prefix!r}: {reason_of(error)}")
                self._leave()
                continue
            self._visit(level, entry, seen)
        return seen

    def close(self) -> None:
        """Gives back the folders of a walk that goes no further."""
        while self._levels:
            self._leave()

    def _visit(self, level: _Level, entry: "os.DirEntry[str]", seen: list[Seen]) -> None:
        path = level.prefix + os.fsencode(entry.name)
        skipped = self._names.match(entry.name)
        if skipped and not skipped.listed:
            self.unlisted += 1
        elif skipped:
            seen.append(Seen(path, UNSEEN, skipped.reason))
        elif entry.is_dir(follow_symlinks=False):
            self._descend(level, entry, path + b"/", seen)
        elif look := _entry_look(entry):
            seen.append(Seen(path, look))

    def _descend(self, level: _Level, entry: "os.DirEntry[str]", prefix: bytes, seen: list[Seen]) -> None:
        if prefix.count(b"/") > DEEPEST:
            seen.append(Seen(prefix, _entry_look(entry) or BARRED))
            return
        try:
            self._enter(level.descriptor, os.fsencode(entry.name), prefix)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError:
            seen.append(Seen(prefix, _entry_look(entry) or BARRED))

    def _enter(self, parent: int, name: bytes, prefix: bytes) -> None:
        descriptor = os.open(name, _HERE | os.O_RDONLY, dir_fd=parent)
        try:
            self._levels.append(_Level(prefix, descriptor, os.scandir(descriptor)))
        except OSError:
            os.close(descriptor)
            raise

    def _leave(self) -> None:
        level = self._levels.pop()
        level.entries.close()  # type: ignore[attr-defined]
        os.close(level.descriptor)


def read_file(folders: Folders, path: bytes, expected: Look, most_bytes: int, *, even_open: bool) -> Found:
    """Reads a file that still looks as `expected` (its second look), whole, unless it is over `most_bytes`.

    `even_open`: also when somebody has it open for writing. What changed while it was read is `Moving`.
    """
    try:
        folder, name = folders.parent(path)
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if kind := _KINDS.get(stat.S_IFMT(found.st_mode)):
            return Bad(kind)
        if not stat.S_ISREG(found.st_mode):
            return Missing()
        if look_of(found) != expected:
            return Moving(look_of(found))
        descriptor = os.open(name, _READ, dir_fd=folder)
    except OSError as error:
        return _failed(error)
    try:
        return _read_open(descriptor, expected, most_bytes, even_open=even_open)
    except OSError as error:
        return _failed(error)
    finally:
        os.close(descriptor)


def try_folder(folders: Folders, path: bytes) -> Bad | Missing:
    """Why a folder (`path` ends in "/") cannot be entered; Missing when it can, or is not there."""
    if path.count(b"/") > DEEPEST:
        return Bad(f"a folder more than {DEEPEST} levels deep: not entered")
    try:
        parent, name = folders.parent(path[:-1])
        os.close(os.open(name, _HERE | os.O_RDONLY, dir_fd=parent))
    except (FileNotFoundError, NotADirectoryError):
        return Missing()
    except OSError as error:
        return Bad(f"a folder that cannot be read: {reason_of(error)}")
    return Missing()


def look_of(found: os.stat_result) -> Look:
    """Size and times."""
    return Look(found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def reason_of(error: OSError) -> str:
    """The system's words for it, without the path."""
    return (error.strerror or str(error)).lower()


def _entry_look(entry: "os.DirEntry[str]") -> Look | None:
    try:
        return look_of(entry.stat(follow_symlinks=False))
    except FileNotFoundError:
        return None
    except OSError:
        return BARRED


def _read_open(descriptor: int, expected: Look, most_bytes: int, *, even_open: bool) -> Found:
    before = os.fstat(descriptor)
    if not stat.S_ISREG(before.st_mode) or look_of(before) != expected:
        return Moving(look_of(before))
    if not even_open and open_for_writing(descriptor):
        return Held("still open for writing")
    if before.st_size > most_bytes:
        return Bad(f"too large: {before.st_size} bytes, the limit is {most_bytes}")
    raw = _read_all(descriptor, before.st_size)
    after = look_of(os.fstat(descriptor))
    if after != expected or len(raw) != before.st_size:
        return Moving(after)
    return Content(raw) if raw else Bad("empty")


def _read_all(descriptor: int, size: int) -> bytes:
    """At most one byte more than `size`, so that growth shows."""
    raw = os.read(descriptor, size + 1)
    while raw and len(raw) <= size and (more := os.read(descriptor, min(_CHUNK, size + 1 - len(raw)))):
        raw += more
    return raw


def open_for_writing(descriptor: int) -> bool:
    """Whether any process of this machine has the file open for writing: Linux refuses a read lease then
    (fcntl(2)).

    False, too, when we cannot know: another owner's file, another system, a network file system. The lease is
    given back at once; SIGURG, which is ignored unless asked for, takes the place of SIGIO, which would end
    the process if a writer came just in between.
    """
    if sys.platform != "linux":
        return False
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    return False


def _failed(error: OSError) -> Found:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return Missing()
    if error.errno in (errno.EACCES, errno.EPERM):
        return Bad("cannot be read: permission denied")
    if error.errno == errno.ELOOP:
        return Bad(_KINDS[stat.S_IFLNK])
    if error.errno == errno.ENXIO:
        return Bad("not a regular file")
    return Held(f"cannot be read now: {reason_of(error)}", broken=True)
