"""A dropped file, byte for byte, as the feeder read it."""

from datetime import datetime
from typing import ClassVar

from pydantic import NonNegativeInt, PositiveInt
from pydantic_core import from_json

from shared.schemas.article_withdrawn import ArticleWithdrawn
from shared.schemas.message import Message, Part


class Sidecar(Part):
    """What `NAME.meta.json` beside `NAME.txt` says about the article. Dates are EDTF."""

    published: str | None = None
    source: str | None = None
    url: str | None = None
    title: str | None = None
    language: str | None = None

    @classmethod
    def from_json(cls, raw: bytes) -> "Sidecar":
        """Reads `NAME.meta.json`; keys it does not know are ignored. Raises ValueError with the reason."""
        try:
            found = from_json(raw.removeprefix(b"\xef\xbb\xbf"))
        except ValueError as error:
            raise ValueError(f"the sidecar is not valid JSON: {error}") from error
        if not isinstance(found, dict):
            raise ValueError("the sidecar is not a JSON object")
        for name in cls.model_fields:
            if not isinstance(found.get(name), str | None):
                raise ValueError(f"the sidecar's {name!r} is not a string")
        return cls(**{name: found.get(name) for name in cls.model_fields})


class ArticleReceived(Message):
    """`article_id` is the content hash of the file and its sidecar: the same drop always has the same id.

    `version` rises each time the article comes (odd) or is withdrawn (even): the external version of whatever
    is written about it. `replaces` is the article the file held before: it is withdrawn when this one has been read, so
    that nobody is told in between that nothing is left of it (docs/decisions/0011).
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
    replaces: ArticleWithdrawn | None = None

    @property
    def key(self) -> str:
        return self.article_id
