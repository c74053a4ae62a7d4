"""Each stage by itself, on one core: what it takes of the messages the one before it wrote."""

import cProfile
import gc
import pstats
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Event
from typing import NamedTuple

from services.detector.detect import detect
from services.feeder.stage import build_feeder
from services.pipeline import opened, outside_stage, pure_stages, stored_stages
from services.tagger.tag import tag
from shared.bus.sqlite import SqliteBus
from shared.envelope import decode
from shared.hosts.effects import EffectStage
from shared.hosts.embedded import utc_now
from shared.metrics import Metrics
from shared.schemas import ArticleNormalized, ArticleReceived, Message
from shared.settings import Settings
from shared.stage import Delivery, Stage, deliver
from shared.store.database import Database

HOTTEST = 10
FUNCTIONS = "tag and detect"  # the two functions, without the messages they are read from and written to
_PAGE = 500


class Spent(NamedTuple):
    """Processor seconds of a stage for all articles, and how many messages it read."""

    stage: str
    seconds: float
    messages: int


def each_stage(settings: Settings) -> Iterator[Spent]:
    """Works off the inbox of the settings stage by stage, in the order of the road, with all they write."""
    pure = pure_stages()
    with closing(Database(settings.data)) as database:
        bus = SqliteBus(database)
        yield _timed("feeder", partial(_feed, settings, database, bus))
        messages = list(_received(bus))
        for stage in pure:
            topics = {message.TYPE for message in stage.reads}
            read = [one for one in messages if one.topic in topics]
            messages = [one for one in messages if one.topic not in topics]
            yield _timed(stage.name, partial(_apply, stage, read, messages))
            if stage.name == "tagger":
                yield _timed_functions(read)
        bus.publish(messages)
        for stored in (*stored_stages(settings, database, None), outside_stage(settings, database)):
            effect = EffectStage(stored, database, bus, Metrics(), utc_now)
            yield _timed(stored.name, partial(_work_off, effect))


def hottest(settings: Settings) -> list[tuple[str, float]]:
    """The functions that took most time themselves, end to end with one worker, and their share of the whole."""
    profile = cProfile.Profile(time.process_time)
    with opened(settings, once=True) as system:
        profile.enable()
        system.drain(Event())
        profile.disable()
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]  # typeshed does not have it
    own = {where: spent for where, (_, _, spent, _, _) in stats.items()}
    total = sum(own.values())
    return [(_named(where), own[where] / total) for where in sorted(own, key=own.__getitem__, reverse=True)[:HOTTEST]]


def _named(where: tuple[str, int, str]) -> str:
    path, line, function = where
    return function if path == "~" else f"{'/'.join(Path(path).parts[-3:])}:{line} {function}"


def _timed(stage: str, work: Callable[[], int]) -> Spent:
    started = time.process_time()
    messages = work()
    return Spent(stage, time.process_time() - started, messages)


def _feed(settings: Settings, database: Database, bus: SqliteBus) -> int:
    feeder = build_feeder(settings, database, bus.publish, clock=utc_now, room=lambda: _PAGE, once=True)
    received = 0
    while not (progress := feeder.step()).drained:
        received += progress.received
        feeder.rest(progress)
    feeder.close()
    return received


def _received(bus: SqliteBus) -> Iterator[Delivery]:
    while records := bus.read("bench", [ArticleReceived.TYPE], _PAGE):
        yield from (Delivery(one.topic, one.key, one.value, "") for one in records)


def _apply(stage: Stage, read: list[Delivery], written: list[Delivery]) -> int:
    now = utc_now()
    for one in read:
        written += deliver(stage, one.value, now, topic=one.topic)
    return len(read)


def _timed_functions(normalized: list[Delivery]) -> Spent:
    now = utc_now()
    articles = [decode(one.value).data for one in normalized]
    _read(articles[0], now)  # loads the rules
    gc.collect()
    gc.freeze()  # all articles at once are no part of what is measured
    spent = _timed(FUNCTIONS, lambda: sum(_read(article, now) for article in articles))
    gc.unfreeze()
    return spent


def _read(article: Message, now: datetime) -> int:
    assert isinstance(article, ArticleNormalized)
    detect(tag(article, now), now)
    return 1


def _work_off(effect: EffectStage) -> int:
    messages = effect.lag
    while effect.turn():
        pass
    return messages
