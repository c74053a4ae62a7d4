"""The whole system on one screen: the stages in the order of the road, and what puts them together.

inbox/ -> feeder -> normalizer -> tagger -> detector -> linker -> alerter -> channels, webhook
                                               |           |         |
                                               +-----------+---------+----> indexer
"""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event
from typing import TextIO

from services.alerter.channels import Channel, Console, JsonLines
from services.alerter.stage import channels_stage, load_watch, webhook_stage
from services.alerter.stage import stage as alerter
from services.alerter.webhook import Target
from services.feeder.feed import Feeder
from services.feeder.stage import build_feeder
from services.indexer.stage import build as indexer
from services.linker.stage import stage as linker
from shared.bus.sqlite import SqliteBus
from shared.hosts.effects import EffectStage
from shared.hosts.embedded import EmbeddedHost, utc_now
from shared.hosts.garbage import keep_what_is_loaded
from shared.metrics import Metrics
from shared.schemas import AlertRaised, ArticleReceived, Message
from shared.settings import Settings
from shared.stage import Stage
from shared.store.database import Database
from shared.store.sqlite_alerts import SqliteAlertStore
from shared.store.sqlite_index import SqliteIndexStore
from shared.store.sqlite_links import SqliteLinkStore

_DRAINING_PAUSE = 0.02


def pure_stages() -> Sequence[Stage]:
    """From a file's bytes to its reports: no state, any number of processes. Their data files are loaded."""
    # Imported here, in the processes that run them: parsers take a quarter of the memory of the one that does not.
    from services.detector.stage import STAGE as DETECTOR
    from services.normalizer.stage import stage as normalizer
    from services.tagger.stage import STAGE as TAGGER

    stages = (normalizer(Settings()), TAGGER, DETECTOR)
    with _without_collector():
        _warm_up(stages)
    return stages


def stored_stages(settings: Settings, database: Database, console: TextIO | None) -> Sequence[Stage]:
    """From reports to incidents, alerts and what can be searched: in turn, on one database.

    Alerts go to `console` as lines, if there is one. Raises DataFileError for watch rules that make no sense.
    """
    scope, alerts = database.transaction, SqliteAlertStore(database)
    return (
        linker(SqliteLinkStore(database), scope=scope),
        alerter(alerts, load_watch(settings.watch_rules), scope=scope),
        channels_stage(alerts, channels(settings, alerts, console), scope=scope),
        indexer(SqliteIndexStore(database), scope),
    )


def outside_stage(settings: Settings, database: Database) -> Stage:
    """What waits for others: a thread and a connection of its own. Without a webhook its messages just go by.

    Raises ValueError for a URL that is not one to post to.
    """
    if not settings.webhook_url:
        return Stage("webhook", (AlertRaised,), (), lambda *_: ())
    secret = settings.webhook_secret.get_secret_value().encode() if settings.webhook_secret else None
    target = Target(settings.webhook_url, secret, settings.webhook_allow_private)
    return webhook_stage(SqliteAlertStore(database), target)


@dataclass(frozen=True, slots=True)
class System:
    """Everything of one data folder, in this process and its workers. `outside` is there with `once`."""

    host: EmbeddedHost
    metrics: Metrics
    outside: EffectStage | None = None

    def run(self, stop: Event) -> None:
        """Works until told to stop."""
        self.host.run(stop)

    def drain(self, stop: Event) -> None:
        """Works until nothing is left, or told to stop. What waits for others is left for the next start."""
        self._work_off(stop)
        while self.outside and not stop.is_set() and self.outside.turn():
            pass
        self._work_off(stop)  # dead letters from outside

    def _work_off(self, stop: Event) -> None:
        while not stop.is_set():
            if not self.host.step():
                if not self.host.is_busy:
                    return
                stop.wait(_DRAINING_PAUSE)


@contextmanager
def opened(
    settings: Settings,
    *,
    once: bool = False,
    console: TextIO | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Iterator[System]:
    """The one bootstrap of the embedded host. With `once` the feeder looks at the inbox one time."""
    metrics = Metrics()
    with closing(Database(settings.data)) as database, closing(Database(settings.data)) as second:
        stages = stored_stages(settings, database, console)
        outside = outside_stage(settings, second)
        with (
            closing(_FeederSource(settings, database, clock, once)) as feeder,
            closing(
                EmbeddedHost(
                    database,
                    pure_stages,
                    stages,
                    slow=() if once else (outside,),
                    sources=[feeder],
                    workers=settings.workers,
                    metrics=metrics,
                    clock=clock,
                )
            ) as host,
        ):
            last = EffectStage(outside, second, SqliteBus(second), metrics, clock, alone=True)
            yield System(host, metrics, last if once else None)


class _FeederSource:
    """The feeder as the host sees it: something that is given room and says whether it did anything."""

    def __init__(self, settings: Settings, database: Database, clock: Callable[[], datetime], once: bool) -> None:
        self._room = 0
        self._once = once
        publish = SqliteBus(database).publish
        self._feeder: Feeder = build_feeder(
            settings, database, publish, clock=clock, room=lambda: self._room, once=once
        )

    def step(self, room: int) -> bool:
        """With `once` it is busy until all files have come to rest."""
        self._room = room
        progress = self._feeder.step()
        waits = self._once and not progress.drained
        if progress.idle and waits:
            time.sleep(min(progress.wait, _DRAINING_PAUSE))
        return waits or not progress.idle

    def close(self) -> None:
        """Ends the watching."""
        self._feeder.close()


def channels(settings: Settings, store: SqliteAlertStore, console: TextIO | None) -> list[Channel]:
    """Where alerts go by themselves: a stream of lines, a file."""
    found: list[Channel] = []
    if console:
        found.append(Console(console))
    if settings.alerts_file:
        found.append(JsonLines(settings.alerts_file, store))
    return found


@contextmanager
def _without_collector() -> Iterator[None]:
    """What is loaded stays: looking for garbage in it takes a third of the loading, and again in each collection."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        keep_what_is_loaded()
        if was_on:
            gc.enable()


def _warm_up(stages: Sequence[Stage]) -> None:
    """Data files are read at first use: worker processes forked after this share them."""
    text = b"Two soldiers were killed on the border on 1 May 2020, the defence ministry said."
    now = datetime(2020, 5, 2, tzinfo=UTC)
    messages: list[Message] = [
        ArticleReceived(article_id="", path="a.txt", stem="a", size=len(text), content=text, received_at=now)
    ]
    for stage in stages:
        readable = [message for message in messages if isinstance(message, stage.reads)]
        messages = [written for message in readable for written in stage.apply(message, now)]
