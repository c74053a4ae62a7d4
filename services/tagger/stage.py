"""The tagger: article.normalized in, article.tagged out."""

from collections.abc import Iterable
from datetime import datetime

from services.tagger.tag import tag
from shared.schemas import ArticleNormalized, ArticleTagged, Message
from shared.stage import Stage


def _apply(message: Message, now: datetime) -> Iterable[Message]:
    assert isinstance(message, ArticleNormalized)
    yield tag(message, now)


STAGE = Stage(name="tagger", reads=(ArticleNormalized,), writes=(ArticleTagged,), apply=_apply)
