"""The whole system on one screen: the stages in the order of the road."""

from collections.abc import Sequence
from datetime import UTC, datetime

from services.detector.stage import STAGE as DETECTOR
from services.normalizer.stage import stage as normalizer
from services.tagger.stage import STAGE as TAGGER
from shared.schemas import ArticleReceived, Message
from shared.settings import Settings
from shared.stage import Stage


def pure_stages() -> Sequence[Stage]:
    """Everything from a file's bytes to its reports; all data files are loaded when it returns."""
    stages = (normalizer(Settings()), TAGGER, DETECTOR)
    _warm_up(stages)
    return stages


def _warm_up(stages: Sequence[Stage]) -> None:
    """Data files are read at first use: worker processes forked after this share them."""
    text = b"Two soldiers were killed on the border on 1 May 2020, the defence ministry said."
    now = datetime(2020, 5, 2, tzinfo=UTC)
    messages: list[Message] = [
        ArticleReceived(
            article_id="", path="a.txt", stem="a", size=len(text), content=text, received_at=now
        )
    ]
    for stage in stages:
        readable = [message for message in messages if isinstance(message, stage.reads)]
        messages = [written for message in readable for written in stage.apply(message, now)]
