"""The enriched document whole: what the index holds of an article."""

from typing import ClassVar

from pydantic import Field

from shared.schemas.article_tagged import ArticleTagged
from shared.schemas.report import Background, Doubt, Report


class ArticleAnalyzed(ArticleTagged):
    """The detector's output. `score` is the calibrated probability (0..1) that the article reports a clash. What
    `doubts` flag stands among `flags`, too."""

    TYPE: ClassVar[str] = "article.analyzed"

    is_clash: bool
    score: float = Field(ge=0, le=1)
    reports: tuple[Report, ...] = ()
    background: tuple[Background, ...] = ()
    doubts: tuple[Doubt, ...] = ()
