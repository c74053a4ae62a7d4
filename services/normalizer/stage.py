"""Reads `article.received`; writes `article.normalized`, and `file.settled` for what is no article."""

from collections.abc import Iterable
from datetime import datetime

from services.normalizer.limits import Limits
from services.normalizer.normalize import normalize
from shared.schemas import ArticleNormalized, ArticleReceived, ArticleWithdrawn, FileSettled, Message
from shared.settings import Settings
from shared.stage import Stage


def stage(settings: Settings) -> Stage:
    """The normalizer with the limits of these settings."""
    limits = limits_of(settings)

    def apply(message: Message, now: datetime) -> Iterable[Message]:
        assert isinstance(message, ArticleReceived)
        return normalize(message, now, limits)

    return Stage(
        name="normalizer",
        reads=(ArticleReceived,),
        writes=(ArticleNormalized, FileSettled, ArticleWithdrawn),
        apply=apply,
    )


def limits_of(settings: Settings) -> Limits:
    """The settings a person can change; the other limits follow from them."""
    return Limits(
        file_bytes=settings.max_file_bytes,
        text_chars=settings.max_text_chars,
        unpacked_bytes=settings.max_unpacked_bytes,
        ratio=settings.max_unpack_ratio,
        members=settings.max_members,
        nesting=settings.max_nesting,
        seconds=settings.parser_seconds,
        memory_bytes=settings.parser_memory_bytes,
    )
