"""A message no stage could process, byte for byte, with the reason."""

from datetime import datetime
from typing import ClassVar

from shared.schemas.message import Message


class DeadLetter(Message):
    """`original` is the message as it was read from `topic`; `stage` is who failed on it."""

    TYPE: ClassVar[str] = "dead.letter"

    letter_id: str
    stage: str
    topic: str
    original_key: str
    original: bytes
    error: str
    reason: str
    failed_at: datetime

    @property
    def key(self) -> str:
        return self.letter_id


def letter_version(at: datetime) -> int:
    """The version of what is kept of a letter: the microseconds at which something happened to it.

    A letter that fails again after a replay is seen again.
    """
    return int(at.timestamp() * 1_000_000)
