"""Small real stages for the embedded host's tests: workers import the functions from here."""

import os
import signal
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from shared.errors import TransientError
from shared.schemas import ArticleAnalyzed, ArticleNormalized, ArticleReceived, ArticleTagged, Message
from shared.schemas.ids import article_id
from shared.schemas.report import Report
from shared.stage import Delivery, Stage, first_delivery

NOW = datetime(2022, 9, 14, tzinfo=UTC)


def received(number: int, content: str | None = None, *, version: int = 1) -> ArticleReceived:
    raw = (content or f"Article {number}\n\nShelling near village {number}.").encode()
    return ArticleReceived(
        article_id=article_id(raw), version=version, path=f"{number}.txt", stem=str(number), size=len(raw),
        content=raw, received_at=NOW,
    )  # fmt: skip


def dropped(number: int, content: str | None = None, *, version: int = 1) -> Delivery:
    return first_delivery("feeder", received(number, content, version=version), NOW)


def misbehave(body: str) -> None:
    """What an article asks for, to see what becomes of the host."""
    if "EXPLODE" in body:
        raise RuntimeError("exploded")
    if "DIE" in body:
        os.kill(os.getpid(), signal.SIGKILL)
    if "HANG" in body:
        time.sleep(3600)
    if "AWAY" in body:
        raise TransientError("the parser is away")


def normalize(message: Message, now: datetime) -> Iterable[Message]:
    assert isinstance(message, ArticleReceived)
    body = message.content.decode()
    if "in-normalizer" in body:
        misbehave(body)
    yield ArticleNormalized(
        article_id=message.article_id, version=message.version, path=message.path, stem=message.stem,
        title=body.split("\n")[0], body=body, sentences=(), language="en", signature="0" * 16,
    )  # fmt: skip


def tag(message: Message, now: datetime) -> Iterable[Message]:
    assert isinstance(message, ArticleNormalized)
    if "in-tagger" in message.body:
        misbehave(message.body)
    yield ArticleTagged(**dict(message), mentions=())


def detect(message: Message, now: datetime) -> Iterable[Message]:
    assert isinstance(message, ArticleTagged)
    if "in-detector" in message.body:
        misbehave(message.body)
    report = Report(report_id=f"r-{message.article_id}", side_a="AM", side_b="AZ", dyad="AM-AZ")
    yield ArticleAnalyzed(**dict(message), is_clash=True, score=0.5, reports=(report,))


def pure_stages() -> Sequence[Stage]:
    return (
        Stage("normalizer", (ArticleReceived,), (ArticleNormalized,), normalize),
        Stage("tagger", (ArticleNormalized,), (ArticleTagged,), tag),
        Stage("detector", (ArticleTagged,), (ArticleAnalyzed,), detect),
    )


def slow_stages() -> Sequence[Stage]:
    """The same, taking 5 ms for each article: long enough to be disturbed."""

    def tag_slowly(message: Message, now: datetime) -> Iterable[Message]:
        time.sleep(0.005)
        return tag(message, now)

    return tuple(replace(s, apply=tag_slowly) if s.name == "tagger" else s for s in pure_stages())


def no_stages() -> Sequence[Stage]:
    return ()


def broken_stages() -> Sequence[Stage]:
    raise ValueError("gazetteer.tsv:12: no such country")
