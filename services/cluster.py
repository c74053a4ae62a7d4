"""The same stages as services of their own: one on each call, on Kafka, with the store its stage needs.

feeder, indexer, alerter, channels and webhook run on kafka-python; normalizer, tagger, detector and linker are
Faust workers, unless the setting `stream_host` says otherwise.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

from pydantic_core import from_json

from shared.bus.connection import Connection
from shared.bus.kafka import KafkaBus
from shared.bus.kafka_topics import create_topics
from shared.bus.port import Record
from shared.bus.topics import load_topics, with_partitions
from shared.errors import RejectedError, TransientError
from shared.hosts.attempt import Batch
from shared.hosts.embedded import stop_on_signals, utc_now
from shared.hosts.garbage import keep_what_is_loaded
from shared.hosts.health import health_served
from shared.hosts.kafka import KafkaHost
from shared.hosts.patience import Patience
from shared.hosts.watchdog import Place, Watchdog
from shared.metrics import Metrics
from shared.schemas import ArticleReceived, ReportDetected
from shared.settings import Settings
from shared.stage import Stage
from shared.store.database import Database
from shared.store.sqlite_alerts import SqliteAlertStore
from shared.store.sqlite_index import SqliteIndexStore
from shared.store.sqlite_links import SqliteLinkStore

if TYPE_CHECKING:
    from services.feeder.feed import Feeder
    from shared.store.elastic import ElasticStores
    from shared.store.elastic_links import ElasticLinkStore

PURE = ("normalizer", "tagger", "detector")
STREAMED = (*PURE, "linker")
SERVICES = ("feeder", *STREAMED, "indexer", "alerter", "channels", "webhook")

# With Elasticsearch these keep nothing here; what goes out to a file or to others is remembered where it goes out from.
ON_ELASTICSEARCH = ("linker", "indexer", "alerter")

# Articles on the log that no normalizer has taken yet: what the feeder may fill up.
WAITING = 5000
ROOM_SECONDS = 0.25
START_SECONDS = 60.0
GATHER_SECONDS = 0.25
"""A search sees what was written a second ago anyway: until then documents wait for others, to be sent together."""

Clock = Callable[[], datetime]

log = logging.getLogger("clashwatch")


@dataclass(frozen=True, slots=True)
class Service:
    """A stage that can be run, and what the effects of many messages have in common. With `tells_effects` its messages
    say what those have come to, and are written after them. `rest` is as in KafkaHost."""

    stage: Stage
    batch: Batch | None = None
    tells_effects: bool = False
    rest: float = 0.0


@dataclass(frozen=True, slots=True)
class _Setting:
    """Where a service runs."""

    settings: Settings
    connection: Connection
    metrics: Metrics
    clock: Clock
    stop: Event


def run_service(name: str, settings: Settings, *, clock: Clock = utc_now) -> int:
    """Until SIGTERM or SIGINT; the exit code. `name` is one of SERVICES.

    Raises ConnectionRefused (a ValueError) or another ValueError for settings that do not work, OSError when no
    broker answers or the port cannot be had.
    """
    here = _Setting(settings, Connection.of(settings), Metrics(), clock, stop_on_signals())
    if not _kafka_answers(here):
        return 0
    topics = with_partitions(load_topics(), settings.kafka_partitions)
    create_topics(here.connection, topics, replicas=settings.kafka_replicas)
    if name == "feeder":
        return _run_feeder(here)
    with open_service(name, settings) as service:
        keep_what_is_loaded()
        if name in STREAMED and settings.stream_host == "faust":
            return _run_on_faust(service, here)
        return _run_on_kafka(service, here)


@contextmanager
def open_service(name: str, settings: Settings) -> Iterator[Service]:
    """Any but the feeder, with its store open."""
    if name in PURE:
        yield Service(_pure(name, settings))
        return
    if settings.elasticsearch and name in ON_ELASTICSEARCH:
        with _elastic_stores(settings) as stores:
            yield _on_elasticsearch(name, settings, stores)
        return
    with closing(Database(settings.data)) as database:
        yield _stored(name, settings, database)


# Each service imports its own stage and no other: the word lists of a tagger are no business of an alerter.


def _pure(name: str, settings: Settings) -> Stage:
    if name == "normalizer":
        from services.normalizer.stage import stage

        return stage(settings)
    if name == "tagger":
        from services.tagger.stage import STAGE as TAGGER

        return TAGGER
    from services.detector.stage import STAGE as DETECTOR

    return DETECTOR


def _stored(name: str, settings: Settings, database: Database) -> Service:
    scope = database.transaction

    def batch(_: Sequence[Record]) -> AbstractContextManager[object]:
        return scope()

    if name == "linker":
        from services.linker.stage import stage as linker

        return Service(linker(SqliteLinkStore(database), scope=scope), batch)
    if name == "indexer":
        from services.indexer.stage import build as indexer

        return Service(indexer(SqliteIndexStore(database), scope), batch)
    if name == "alerter":
        from services.alerter.stage import load_watch
        from services.alerter.stage import stage as alerter

        return Service(alerter(SqliteAlertStore(database), load_watch(settings.watch_rules), scope=scope), batch)
    return _telling(name, settings, database)


@contextmanager
def _elastic_stores(settings: Settings) -> Iterator["ElasticStores"]:
    from shared.store.elastic import opened

    with ExitStack() as stack:
        try:
            stores = stack.enter_context(opened(settings))
        except (RejectedError, TransientError) as error:
            raise ValueError(str(error)) from error
        yield stores


def _on_elasticsearch(name: str, settings: Settings, stores: "ElasticStores") -> Service:
    if name == "linker":
        from services.linker.stage import stage as linker

        return Service(linker(stores.links), partial(_linking, stores.links), tells_effects=True)
    if name == "indexer":
        from services.indexer.stage import build as indexer

        return Service(indexer(stores.index), lambda _: stores.index.batch(), rest=GATHER_SECONDS)
    from services.alerter.stage import load_watch
    from services.alerter.stage import stage as alerter

    watch = load_watch(settings.watch_rules)
    return Service(alerter(stores.alerts, watch), lambda records: stores.alerts.batch([one.key for one in records]))


def _linking(links: "ElasticLinkStore", records: Sequence[Record]) -> AbstractContextManager[object]:
    """A report's key is the dyad of its states; its article is in the message."""
    reports = [record for record in records if record.topic == ReportDetected.TYPE]
    found = [article for record in reports if (article := _article_of(record))]
    return links.batch([record.key for record in reports], found)


def _article_of(record: Record) -> str | None:
    """None for what cannot be read: the stage will say so."""
    with suppress(ValueError, KeyError, TypeError):
        return str(from_json(record.value)["data"]["article_id"])
    return None


def _telling(name: str, settings: Settings, database: Database) -> Service:
    from services.alerter.stage import channels_stage
    from services.pipeline import channels, outside_stage

    if name == "webhook":
        return Service(outside_stage(settings, database))
    alerts = SqliteAlertStore(database)
    return Service(channels_stage(alerts, channels(settings, alerts, None), scope=database.transaction))


def _run_on_kafka(service: Service, here: _Setting) -> int:
    with closing(KafkaBus(here.connection, instance=here.settings.kafka_instance)) as bus:
        host = KafkaHost(
            service.stage,
            bus,
            here.metrics,
            here.clock,
            batch=service.batch,
            tells_effects=service.tells_effects,
            rest=service.rest,
        )
        with _watched(service.stage, here, lambda: host.places, lambda: host.is_waiting):
            host.run(here.stop)
    return 0


def _run_on_faust(service: Service, here: _Setting) -> int:
    # Importing Faust takes longer than everything else here.
    from shared.hosts.faust import FaustHost

    folder, instance = here.settings.data / "faust", here.settings.kafka_instance
    batch = service.batch if service.tells_effects else None
    host = FaustHost(
        service.stage, here.connection, here.metrics, here.clock, folder=folder, batch=batch, instance=instance
    )
    with _watched(service.stage, here, host.assigned, lambda: host.is_waiting):
        return host.run(here.stop)


@contextmanager
def _watched(
    stage: Stage, here: _Setting, assigned: Callable[[], set[Place]], is_waiting: Callable[[], bool]
) -> Iterator[None]:
    """With a watchdog, and health on the settings' port."""
    topics = [message.TYPE for message in stage.reads]
    bus = KafkaBus(here.connection)
    watchdog = Watchdog(stage.name, topics, bus, here.metrics, assigned=assigned, is_waiting=is_waiting)
    with watchdog, _healthy(here, lambda: watchdog.problem) as url:
        log.info("%s is at work%s", stage.name, f"; health at {url}" if url else "")
        yield
    log.info("%s stopped", stage.name)


def _healthy(here: _Setting, problem: Callable[[], str | None]) -> AbstractContextManager[str | None]:
    return health_served(here.settings.host, here.settings.port, problem, here.metrics)


def _run_feeder(here: _Setting) -> int:
    from services.feeder.stage import build_feeder

    patience = Patience("feeder", here.metrics)
    with closing(KafkaBus(here.connection)) as bus, closing(Database(here.settings.data)) as database:
        feeder = build_feeder(here.settings, database, bus.publish, clock=here.clock, room=_Room(bus))
        with closing(feeder), _healthy(here, lambda: patience.reason or None) as url:
            log.info("feeder watches %s%s", here.settings.inbox, f"; health at {url}" if url else "")
            _feed(feeder, patience, here)
    log.info("feeder stopped")
    return 0


def _feed(feeder: "Feeder", patience: Patience, here: _Setting) -> None:
    while not here.stop.is_set():
        if not patience.is_over:
            here.stop.wait(ROOM_SECONDS)
            continue
        try:
            progress = feeder.step()
        except TransientError as error:
            patience.lose(str(error))
            continue
        patience.regain()
        here.metrics.count("clashwatch_messages_written_total", progress.received + progress.settled, "feeder")
        if progress.idle:
            feeder.rest(progress)


class _Room:
    """How many more articles the log should be given now; asks the broker only now and then."""

    def __init__(self, bus: KafkaBus) -> None:
        self._bus = bus
        self._asked = 0.0
        self._room = 0

    def __call__(self) -> int:
        if time.monotonic() - self._asked > ROOM_SECONDS:
            self._room = max(0, WAITING - self._bus.lag("normalizer", [ArticleReceived.TYPE]))
            self._asked = time.monotonic()
        return self._room


def _kafka_answers(here: _Setting) -> bool:
    """A broker that is still starting gets a minute; False when told to stop before that."""
    deadline = time.monotonic() + START_SECONDS
    while not here.stop.is_set():
        try:
            here.connection.probe()
        except OSError as error:
            if time.monotonic() > deadline:
                raise OSError(error.errno, f"no Kafka broker answers: {error.strerror}") from error
            here.stop.wait(1)
        else:
            return True
    return False
