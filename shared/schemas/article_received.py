"""A dropped file, byte for byte, as the feeder read it."""

from datetime import datetime
from typing import ClassVar

from pydantic import NonNegativeInt, PositiveInt

from shared.schemas.message import Message, Part


class Sidecar(Part):
    """What `NAME.meta.json` beside `NAME.txt` says about the article. Dates are EDTF."""

    published: str | None = None
    source: str | None = None
    url: str | None = None
    title: str | None = None
    language: str | None = None


class ArticleReceived(Message):
    """`article_id` is the content hash of the file and its sidecar: the same drop always has the same id.

    `version` rises each time the article comes (odd) or is withdrawn (even): the external version of whatever
    is written about it.
    """

    TYPE: ClassVar[str] = "article.received"

    article_id: str
    version: PositiveInt = 1
    path: str
    stem: str
    size: NonNegativeInt
    content: bytes
    sidecar: Sidecar | None = None
    received_at: datetime

    @property
    def key(self) -> str:
        return self.article_id
