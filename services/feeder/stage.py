"""The beginning of the road: reads the inbox; writes articles, and the end every other file came to."""

from collections.abc import Callable, Iterable
from datetime import datetime

from services.feeder.feed import Feeder, Limits
from services.feeder.load_names import skipped_names
from services.feeder.record import STAGE, Publish
from services.feeder.registry import Registry
from services.feeder.watch import InboxWatcher
from shared.schemas import ArticleReceived, ArticleWithdrawn, FileSettled, Message
from shared.settings import Settings
from shared.stage import Stage
from shared.store.database import Database


def build() -> Stage:
    """Shows on the picture of the road what the feeder writes; a host runs `build_feeder` instead."""
    return Stage(STAGE, reads=(), writes=(ArticleReceived, ArticleWithdrawn, FileSettled), apply=_reads_no_topic)


def build_feeder(
    settings: Settings,
    database: Database,
    publish: Publish,
    *,
    clock: Callable[[], datetime],
    room: Callable[[], int],
    once: bool = False,
) -> Feeder:
    """The feeder of the settings' inbox; watched for hints unless it only runs once."""
    return Feeder(
        settings.inbox,
        Registry(database),
        publish,
        clock=clock,
        room=room,
        names=skipped_names(),
        limits=Limits(settings.max_file_bytes, settings.rescan_seconds),
        watcher=None if once else InboxWatcher(settings.inbox),
        once=once,
    )


def _reads_no_topic(message: Message, now: datetime) -> Iterable[Message]:
    raise TypeError(f"the feeder reads the inbox, not {message.TYPE} ({now})")
