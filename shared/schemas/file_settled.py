"""The end a dropped file came to without becoming an article of its own."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import PositiveInt

from shared.schemas.message import Message

FileState = Literal["duplicate", "rejected", "superseded"]


class FileSettled(Message):
    """One row of `clashwatch files`. `version` counts the contents seen under this path, from 1."""

    TYPE: ClassVar[str] = "file.settled"

    path: str
    version: PositiveInt = 1
    state: FileState
    reason: str
    article_id: str | None = None
    settled_at: datetime

    @property
    def key(self) -> str:
        return self.path
