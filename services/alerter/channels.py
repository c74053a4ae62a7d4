"""Sends alerts: each alert once on each channel, however often its message comes."""

import errno
import fcntl
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol, TextIO

from pydantic_core import to_json

from shared.errors import TransientError
from shared.schemas.alert_raised import AlertRaised
from shared.store.port import Sending, SendingStore

_PASSING = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
_LINE_START = b'{"alert_id":'
_SENT_AT = b',"sent_at":'
# Of what stands behind the bytes known to be committed, no more than this is looked at.
_LOOK_AHEAD = 1024 * 1024


class Channel(Protocol):
    """Somewhere alerts go."""

    @property
    def name(self) -> str:
        """Unique among the channels; sent rows carry it."""

    def send(self, alert: AlertRaised, now: datetime) -> None:
        """Sends one alert. Raises OSError, or ValueError where it cannot take what the alert says."""


def send(alert: AlertRaised, channel: Channel, store: SendingStore, now: datetime) -> None:
    """Sends unless it was, and records it, or why not, in the same transaction: what one channel cannot take, others
    can. Raises TransientError where the disk is full."""
    if store.sending(alert.alert_id, channel.name):
        return
    if alert.suppressed:
        store.record(suppressed(alert, channel.name))
        return
    try:
        channel.send(alert, now)
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in _PASSING:
            raise TransientError(f"{channel.name}: {error}") from error
        store.record(Sending(alert.alert_id, channel.name, "failed", tries=1, reason=str(error)))
    else:
        store.record(Sending(alert.alert_id, channel.name, "sent", tries=1, sent_at=now))


def suppressed(alert: AlertRaised, channel: str) -> Sending:
    """The row of an alert that a rule kept back."""
    return Sending(alert.alert_id, channel, "suppressed", reason=alert.suppressed)


@dataclass(frozen=True, slots=True)
class Console:
    """One line an alert on a stream. After a crash between writing and committing a line can come once
    more."""

    stream: TextIO
    name: str = "console"

    def send(self, alert: AlertRaised, now: datetime) -> None:
        """Writes the sentence and the words behind it."""
        del now
        quotes = "".join(f' | {one.stem}: "{one.text}"' for one in alert.evidence[:1])
        self.stream.write(_in_encoding(_printable(f"{alert.text}{quotes}"), self.stream.encoding) + "\n")
        self.stream.flush()


class JsonLines:
    """A line of JSON an alert, each exactly once, whatever is killed when; other programs may write to the file, too.

    The store knows how many bytes were committed. What a killed process wrote beyond is about to be sent again:
    a whole line of that alert is left as it is, one torn at the end of the file is cut off. Nothing else is touched.
    """

    name = "file"

    def __init__(self, path: Path, store: SendingStore) -> None:
        self._path, self._store = path.absolute(), store
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if store.file_length(str(self._path)) is None:
            store.save_file_length(str(self._path), self._path.stat().st_size if self._path.exists() else 0)

    def send(self, alert: AlertRaised, now: datetime) -> None:
        """Appends the line, unless it is there, and remembers how far all is committed."""
        with self._path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # another data folder may write there: one at a time
            size = file.seek(0, os.SEEK_END)
            committed = min(self._store.file_length(str(self._path)) or 0, size)
            file.seek(committed)
            beyond = _whole(file.read(_LOOK_AHEAD))
            length = _written(file, committed, beyond, as_line(alert, now))
        self._store.save_file_length(str(self._path), length)


def _written(file: BinaryIO, committed: int, beyond: bytes, line: bytes) -> int:
    """Makes the line stand in the file once; how much is committed then."""
    found = _find(beyond, line)
    if found and beyond.endswith(b"\n", *found):
        return committed + found[1] if found[0] == 0 else committed
    if found:
        file.truncate(committed + found[0])
        beyond = beyond[: found[0]]
    file.write(_on_a_line_of_its_own(file, line))
    file.flush()
    # Lines of alerts that stand there may be our own, to be sent again after this one.
    return committed if _LINE_START in beyond and len(beyond) < _LOOK_AHEAD // 2 else file.tell()


def _whole(beyond: bytes) -> bytes:
    """Only what stands at the end of the file can be torn."""
    return beyond if len(beyond) < _LOOK_AHEAD else beyond[: beyond.rfind(b"\n") + 1]


def _find(beyond: bytes, line: bytes) -> tuple[int, int] | None:
    """Where a line of the same alert stands, whenever it was sent: from, to; a torn one only at the end."""
    same, start = line.rpartition(_SENT_AT)[0], 0
    for one in beyond.splitlines(keepends=True):
        if one.startswith(same) or (not one.endswith(b"\n") and same.startswith(one)):
            return start, start + len(one)
        start += len(one)
    return None


def _on_a_line_of_its_own(file: BinaryIO, line: bytes) -> bytes:
    """After half a line of somebody else's ours begins a new one."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - 1))
    return line if file.read(1) in (b"", b"\n") else b"\n" + line


def as_line(alert: AlertRaised, sent_at: datetime) -> bytes:
    """The alert as the outside contract has it: one JSON object and a line end."""
    body = alert.model_dump(mode="json", exclude={"suppressed"})
    return to_json({**body, "sent_at": sent_at}) + b"\n"


def _printable(text: str) -> str:
    """Articles are hostile: no control characters on a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _in_encoding(text: str, encoding: str | None) -> str:
    """What the stream has no bytes for is written as its number."""
    known = encoding or "utf-8"
    return text.encode(known, "backslashreplace").decode(known)
