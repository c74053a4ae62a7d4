"""Sends alerts: each alert once on each channel, however often its message comes."""

import errno
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TextIO

from pydantic_core import to_json

from shared.errors import TransientError
from shared.schemas.alert_raised import AlertRaised
from shared.store.port import Sending, SendingStore

_PASSING = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
_LINE_START = b'{"alert_id":'


class Channel(Protocol):
    """Somewhere alerts go."""

    @property
    def name(self) -> str:
        """Unique among the channels; sent rows carry it."""

    def send(self, alert: AlertRaised, now: datetime) -> None:
        """Sends one alert. Raises OSError."""


def send(alert: AlertRaised, channel: Channel, store: SendingStore, now: datetime) -> None:
    """Sends unless it was, and records it in the same transaction. Raises TransientError where the disk is
    full."""
    if store.sending(alert.alert_id, channel.name):
        return
    if alert.suppressed:
        store.record(suppressed(alert, channel.name))
        return
    try:
        channel.send(alert, now)
    except OSError as error:
        if error.errno in _PASSING:
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
        self.stream.write(_printable(f"{alert.text}{quotes}") + "\n")
        self.stream.flush()


class JsonLines:
    """A line of JSON an alert, each exactly once, whatever is killed when.

    The store knows how many bytes were committed. What a killed process wrote beyond is ours, not committed,
    and about to be written again: it is cut off. What others wrote there stays.
    """

    name = "file"

    def __init__(self, path: Path, store: SendingStore) -> None:
        self._path, self._store = path.absolute(), store
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if store.file_length(str(self._path)) is None:
            store.save_file_length(str(self._path), self._path.stat().st_size if self._path.exists() else 0)

    def send(self, alert: AlertRaised, now: datetime) -> None:
        """Appends the line and remembers the file's length."""
        line = as_line(alert, now)
        with self._path.open("ab") as file:
            end = self._cut_off(file.tell())
            file.truncate(end)
            file.write(line)
            file.flush()
        self._store.save_file_length(str(self._path), end + len(line))

    def _cut_off(self, size: int) -> int:
        """Where to write: `size`, unless what stands after the committed bytes is ours."""
        committed = self._store.file_length(str(self._path)) or 0
        if size <= committed:
            return size
        with self._path.open("rb") as file:
            file.seek(committed)
            start = file.read(len(_LINE_START))
        return committed if _LINE_START.startswith(start) else size


def as_line(alert: AlertRaised, sent_at: datetime) -> bytes:
    """The alert as the outside contract has it: one JSON object and a line end."""
    body = alert.model_dump(mode="json", exclude={"suppressed"})
    return to_json({**body, "sent_at": sent_at.isoformat()}) + b"\n"


def _printable(text: str) -> str:
    """Articles are hostile: no control characters on a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
