"""The whole system on one screen: the stages in the order of the road, and the one place that puts them together.

    inbox/ -> feeder -> normalizer -> tagger -> detector -> linker -> alerter -> channels
                                                   |           |         |
                                                   +-----------+---------+----> indexer
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event, Thread
from typing import TextIO

from services.alerter.channels import Channel, Console, JsonLines, Webhook
from services.alerter.stage import channels_stage, load_watch
from services.alerter.stage import stage as alerter
from services.alerter.webhook import Target, new_client, send_due
from services.detector.stage import STAGE as DETECTOR
from services.feeder.feed import Feeder
from services.feeder.stage import build_feeder
from services.indexer.stage import build as indexer
from services.linker.stage import stage as linker
from services.normalizer.stage import stage as normalizer
from services.tagger.stage import STAGE as TAGGER
from shared.bus.sqlite import SqliteBus
from shared.errors import TransientError
from shared.hosts.embedded import EmbeddedHost, utc_now
from shared.metrics import Metrics
from shared.schemas import ArticleReceived, Message
from shared.settings import Settings
from shared.stage import Stage
from shared.store.database import Database
from shared.store.sqlite_alerts import SqliteAlertStore
from shared.store.sqlite_index import SqliteIndexStore
from shared.store.sqlite_links import SqliteLinkStore

_DRAINING_PAUSE = 0.02
_WEBHOOK_PAUSE = 0.5

log = logging.getLogger(__name__)


def pure_stages() -> Sequence[Stage]:
    """From a file's bytes to its reports: no state, any number of processes. Their data files are loaded."""
    stages = (normalizer(Settings()), TAGGER, DETECTOR)
    _warm_up(stages)
    return stages


def stored_stages(settings: Settings, database: Database, console: TextIO | None) -> Sequence[Stage]:
    """From reports to incidents, alerts and what can be searched: one process, in turn, in one transaction each.

    Alerts go to `console` as lines, where there is one. Raises DataFileError for watch rules that make no sense.
    """
    scope, alerts = database.transaction, SqliteAlertStore(database)
    return (
        linker(SqliteLinkStore(database), scope=scope),
        alerter(alerts, load_watch(settings.watch_rules), scope=scope),
        channels_stage(alerts, _channels(settings, alerts, console), scope=scope),
        indexer(SqliteIndexStore(database), scope),
    )


@dataclass(frozen=True, slots=True)
class System:
    """Everything of one data folder, in this process and its workers."""

    host: EmbeddedHost
    metrics: Metrics

    def run(self, stop: Event) -> None:
        """Works until told to stop."""
        self.host.run(stop)

    def drain(self, stop: Event) -> None:
        """Works until nothing is left, or told to stop."""
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
    with closing(Database(settings.data)) as database:
        stages = stored_stages(settings, database, console)
        with (
            _webhook_sender(settings, clock),
            closing(_FeederSource(settings, database, clock, once)) as feeder,
            closing(
                EmbeddedHost(
                    database,
                    pure_stages,
                    stages,
                    sources=[feeder],
                    workers=settings.workers,
                    metrics=metrics,
                    clock=clock,
                )
            ) as host,
        ):
            yield System(host, metrics)


class _FeederSource:
    """The feeder as the host sees it: something that is given room and says whether it did anything."""

    def __init__(
        self, settings: Settings, database: Database, clock: Callable[[], datetime], once: bool
    ) -> None:
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


def _channels(settings: Settings, store: SqliteAlertStore, console: TextIO | None) -> list[Channel]:
    channels: list[Channel] = []
    if console:
        channels.append(Console(console))
    if settings.alerts_file:
        channels.append(JsonLines(settings.alerts_file, store))
    if settings.webhook_url:
        channels.append(Webhook())
    return channels


@contextmanager
def _webhook_sender(settings: Settings, clock: Callable[[], datetime]) -> Iterator[None]:
    """A thread that posts what waits, and once more at the end; what stays waits for the next start."""
    if not settings.webhook_url:
        yield
        return
    secret = settings.webhook_secret
    target = Target(
        settings.webhook_url,
        secret.get_secret_value().encode() if secret else None,
        settings.webhook_allow_private,
    )
    stop = Event()
    thread = Thread(target=_send_webhooks, args=(settings, target, clock, stop), name="webhook")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _send_webhooks(settings: Settings, target: Target, clock: Callable[[], datetime], stop: Event) -> None:
    with closing(Database(settings.data)) as database, new_client() as client:
        store = SqliteAlertStore(database)
        is_last = False
        while not is_last:
            is_last = stop.wait(_WEBHOOK_PAUSE)
            try:
                send_due(store, target, client, clock())
            except TransientError as error:
                log.warning("the webhook's queue waits: %s", error)


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
