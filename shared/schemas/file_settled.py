"""The end a dropped file came to without becoming an article of its own."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import NonNegativeInt, PositiveInt

from shared.schemas.message import Message

FileState = Literal["duplicate", "rejected", "superseded", "unpacked"]


class FileSettled(Message):
    """One row of `clashwatch files`. `version` counts the contents seen under this path, from 1.

    `article_version` is the `version` of `article_id` at that time, where there is one: it says whether this came
    before or after the article itself. `unpacked` is the end of a container (zip, gz, feed, list of articles): its
    articles have rows of their own, under `bundle.zip!/dir/a.txt`.
    """

    TYPE: ClassVar[str] = "file.settled"

    path: str
    version: PositiveInt = 1
    state: FileState
    reason: str
    article_id: str | None = None
    article_version: NonNegativeInt = 0
    settled_at: datetime

    @property
    def key(self) -> str:
        return self.path
