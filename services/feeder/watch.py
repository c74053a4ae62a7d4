"""Hints from the system about what changed: to look sooner, and to know that a file was closed. Never truth.

The kernel forgets events when its queue is full, network file systems send none, and the library may not be
there: then `lost` says so, or nothing comes, and the rescan finds what there is.
"""

import logging
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver

log = logging.getLogger(__name__)

MOST_HINTS = 50_000


@dataclass(frozen=True, slots=True)
class Hints:
    """Paths relative to the inbox. `files` were closed after writing or renamed into place; `folders`
    appeared.

    `lost`: there were more, and they are not known.
    """

    files: tuple[bytes, ...] = ()
    folders: tuple[bytes, ...] = ()
    lost: bool = False


class Watcher(Protocol):
    """Where hints come from."""

    def restart(self) -> bool:
        """Watches the inbox (anew); says whether it can be watched."""

    def drain(self, limit: int) -> Hints:
        """The next hints, at most `limit` files, without waiting."""

    def wait(self, seconds: float) -> None:
        """Returns when there are hints, or the time is over."""

    def stop(self) -> None:
        """Ends."""


class Pending:
    """Hints on their way from the watching thread to the feeder: each path once, and no more than `most`."""

    def __init__(self, most: int = MOST_HINTS) -> None:
        self._most = most
        self._files: dict[bytes, None] = {}
        self._folders: dict[bytes, None] = {}
        self._lost = False
        self._lock = threading.Lock()
        self._some = threading.Event()

    def add(self, path: bytes, *, folder: bool = False) -> None:
        """One more hint; one too many empties all and counts as loss."""
        with self._lock:
            if len(self._files) + len(self._folders) >= self._most:
                self._lose()
            else:
                (self._folders if folder else self._files)[path] = None
        self._some.set()

    def lose(self) -> None:
        """Events were lost: what is left of them is not worth keeping."""
        with self._lock:
            self._lose()
        self._some.set()

    def drain(self, limit: int) -> Hints:
        """The oldest hints."""
        with self._lock:
            files = tuple(path for path, _ in zip(self._files, range(limit), strict=False))
            for path in files:
                del self._files[path]
            hints = Hints(files, tuple(self._folders), self._lost)
            self._folders.clear()
            self._lost = False
            if not self._files:
                self._some.clear()
        return hints

    def wait(self, seconds: float) -> None:
        """Returns when there are hints, or the time is over."""
        self._some.wait(seconds)

    def _lose(self) -> None:
        self._files.clear()
        self._folders.clear()
        self._lost = True


class InboxWatcher:
    """watchdog's observer over one inbox."""

    def __init__(self, inbox: Path) -> None:
        self._inbox = inbox
        self._pending = Pending()
        self._observer: BaseObserver | None = None
        self._overflow = _Overflow(self._pending)

    def restart(self) -> bool:
        """Watches the inbox (anew); says whether it can be watched."""
        self.stop()
        try:
            self._observer = self._watch(self._inbox.resolve())
        except OSError as error:
            log.warning("%s is not watched, only rescanned: %s", self._inbox, error)
            return False
        _LIBRARY_LOG.addHandler(self._overflow)
        return True

    def _watch(self, inbox: Path) -> BaseObserver:
        observer = _observer()
        handler = _Handler(os.fsencode(inbox), self._pending)
        observer.schedule(handler, str(inbox), recursive=True, event_filter=list(_Handler.WANTED))
        try:
            observer.start()
        except OSError:
            observer.on_thread_stop()
            raise
        return observer

    def drain(self, limit: int) -> Hints:
        """The next hints."""
        return self._pending.drain(limit)

    def wait(self, seconds: float) -> None:
        """Returns when there are hints, or the time is over."""
        self._pending.wait(seconds)

    def stop(self) -> None:
        """Ends the watching thread."""
        _LIBRARY_LOG.removeHandler(self._overflow)
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None


class _Handler(FileSystemEventHandler):
    WANTED: tuple[type[FileSystemEvent], ...] = (
        FileClosedEvent,
        FileMovedEvent,
        DirCreatedEvent,
        DirMovedEvent,
    )

    def __init__(self, inbox: bytes, pending: Pending) -> None:
        self._prefix = inbox.rstrip(b"/") + b"/"
        self._pending = pending

    def dispatch(self, event: FileSystemEvent) -> None:
        """Where the file or folder is now, if that is in the inbox."""
        path = os.fsencode(event.dest_path if event.event_type == "moved" else event.src_path)
        if path.startswith(self._prefix):
            self._pending.add(path.removeprefix(self._prefix), folder=event.is_directory)


# The one place where watchdog 7.1 says that the kernel's queue overflowed.
_LIBRARY_LOG = logging.getLogger("watchdog.observers.inotify_c")


class _Overflow(logging.Handler):
    def __init__(self, pending: Pending) -> None:
        super().__init__(logging.WARNING)
        self._pending = pending

    def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002 - whatever it says
        """Any warning of the library counts as loss: a rescan too many harms nobody."""
        self._pending.lose()


def _observer() -> BaseObserver:
    """On Linux one that tells a file moved in from one just created: only the first is complete."""
    from watchdog.observers import Observer

    try:
        from watchdog.observers.inotify import InotifyObserver
        from watchdog.observers.inotify_move_event_grouper import InotifyMoveEventGrouper
    except ImportError:
        return Observer()
    # Half a second to find both halves of a rename would delay every hint behind it; we only need the second
    # half.
    InotifyMoveEventGrouper.delay = 0.0
    return InotifyObserver(generate_full_events=True)
