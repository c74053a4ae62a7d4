"""The detector: article.tagged in, article.analyzed and report.detected out."""

from collections.abc import Iterable
from datetime import datetime

from services.detector.detect import detect
from shared.schemas import ArticleAnalyzed, ArticleTagged, ArticleWithdrawn, Message, ReportDetected
from shared.stage import Stage


def _apply(message: Message, now: datetime) -> Iterable[Message]:
    assert isinstance(message, ArticleTagged)
    analyzed, reports = detect(message, now)
    yield analyzed
    yield from reports
    if message.replaces and not reports:
        yield message.replaces


STAGE = Stage(
    name="detector",
    reads=(ArticleTagged,),
    writes=(ArticleAnalyzed, ReportDetected, ArticleWithdrawn),
    apply=_apply,
)
