"""The file behind an article changed or its last copy went: whatever was concluded from it no longer stands."""

from typing import ClassVar

from pydantic import PositiveInt

from shared.schemas.message import Message


class ArticleWithdrawn(Message):
    """`version` is the article's next version; `superseded_by` is the article that took its place, if any."""

    TYPE: ClassVar[str] = "article.withdrawn"

    article_id: str
    version: PositiveInt
    path: str
    superseded_by: str | None = None
    reason: str

    @property
    def key(self) -> str:
        return self.article_id
