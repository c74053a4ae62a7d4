"""The same inbox through the embedded host and through Kafka and Elasticsearch, and what both wrote, without times."""

import json
import os
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import yaml

from services.cluster import open_service
from services.feeder.stage import build_feeder
from shared.bus.connection import Connection
from shared.bus.kafka import KafkaBus
from shared.bus.port import Bus, Record
from shared.bus.sqlite import SqliteBus
from shared.envelope import decode
from shared.hosts.embedded import utc_now
from shared.hosts.kafka import KafkaHost
from shared.metrics import Metrics
from shared.store.database import Database
from shared.store.listing import Wanted, rows
from shared.store.port import IndexName, IndexStore
from tests.e2e.road import SEEDS, Folders

STAGES = ("normalizer", "tagger", "detector", "linker", "alerter", "channels", "indexer")
COMPARED = (
    "article.received",
    "article.analyzed",
    "report.detected",
    "incident.changed",
    "alert.raised",
    "file.settled",
)
_OBSERVER = "observer"
_QUIET_SECONDS = 10.0
_TIMES = ("received_at", "raised_at", "settled_at", "failed_at", "sent_at")
INDEXES: tuple[IndexName, ...] = ("articles", "incidents", "alerts", "files", "dead-letters")

ROOM = 1000
"""With less the feeder takes files in another order than it does for the embedded host, and incidents are named after
the report that came first."""

Told = dict[str, list[tuple[str, str]]]
"""Topic -> (id, data as JSON) of each message, in order."""
Documents = dict[str, list[str]]
"""Index -> its rows as JSON."""


def articles(most: int = 0) -> dict[str, bytes]:
    """File names and contents: the seeds, and of the folder that PARITY_ARTICLES names all, or the first `most` of the
    written articles; one of them twice, and one file that is none."""
    texts = {path.name: path.read_bytes() for path in SEEDS.values()}
    texts |= _named() or _written(most)
    return texts | {"twice.txt": next(iter(texts.values())), "none.pdf": b"%PDF-1.7 and no more"}


def are_articles(names: Iterable[str]) -> list[str]:
    """Without sidecars."""
    return [name for name in names if not name.endswith(".meta.json")]


def _named() -> dict[str, bytes]:
    folder = os.environ.get("PARITY_ARTICLES")
    paths = sorted(Path(folder).iterdir()) if folder else ()
    return {path.name: path.read_bytes() for path in paths if path.is_file()}


def _written(most: int) -> dict[str, bytes]:
    texts: dict[str, bytes] = {}
    for path in sorted((Path(__file__).parents[1] / "accuracy" / "written").glob("*.yaml")):
        for article in yaml.safe_load(path.read_text(encoding="utf-8")):
            if len(texts) < most:
                texts[f"{article['id']}.txt"] = article["text"].encode()
    return texts


def fill(inbox: Path, texts: Mapping[str, bytes]) -> None:
    """Each file with a time of its own: the feeder takes them in that order."""
    for place, (name, text) in enumerate(texts.items()):
        (inbox / name).write_bytes(text)
        os.utime(inbox / name, (1_600_000_000 + place, 1_600_000_000 + place))


def embedded(folders: Folders) -> Told:
    """Everything the embedded host wrote: a group that never commits keeps all messages on the log."""
    with closing(Database(folders.data)) as database:
        SqliteBus(database).seek_to_start(_OBSERVER, COMPARED)
    folders.drain()
    with closing(Database(folders.data)) as database:
        return _told(SqliteBus(database))


def on_kafka(folders: Folders, connection: Connection, **where: str) -> Told:
    """The feeder and all stages on kafka-python hosts of this process, turn by turn. `where` are more settings: of
    Elasticsearch, for linker, indexer and alerter to work there."""
    with ExitStack() as stack:
        settings = folders.settings(**where)
        buses = [stack.enter_context(closing(KafkaBus(connection))) for _ in (*STAGES, "feeder", _OBSERVER)]
        hosts = [
            _host(stack.enter_context(open_service(name, settings)), bus)
            for name, bus in zip(STAGES, buses, strict=False)
        ]
        database = stack.enter_context(closing(Database(folders.data)))
        feeder = build_feeder(settings, database, buses[-2].publish, clock=utc_now, room=lambda: ROOM, once=True)
        stack.enter_context(closing(feeder))
        while not feeder.step().drained:
            pass
        while any(buses[-1].lag(host.stage.name, host.topics) for host in hosts):
            for host in hosts:
                host.turn()
        return _told(buses[-1])


def _host(service: Any, bus: KafkaBus) -> KafkaHost:
    return KafkaHost(service.stage, bus, Metrics(), utc_now, batch=service.batch, tells_effects=service.tells_effects)


def on_log(connection: Connection) -> Told:
    """All that was written, by whatever services."""
    with closing(KafkaBus(connection)) as bus:
        return _told(bus)


def documents(store: IndexStore) -> Documents:
    """Everything a person can find, in an order of its own."""
    return {
        index: sorted(json.dumps(_timeless(row), sort_keys=True) for row in rows(store, index, Wanted()))
        for index in INDEXES
    }


def _timeless(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in _TIMES}


def _told(bus: Bus) -> Told:
    told: Told = {}
    for topic in COMPARED:
        total = bus.lag(_OBSERVER, [topic])
        told[topic] = [_message(record) for record in _records(bus, topic, total)]
    return told


def _records(bus: Bus, topic: str, total: int) -> list[Record]:
    """A consumer that hears nothing any more is replaced, as the hosts do (docs/decisions/0007)."""
    found: dict[tuple[int, int], Record] = {}
    heard = time.monotonic()
    while len(found) < total:
        if records := bus.read(_OBSERVER, [topic], 100):
            found |= {(record.partition, record.offset): record for record in records}
            heard = time.monotonic()
        elif isinstance(bus, KafkaBus) and time.monotonic() - heard > _QUIET_SECONDS:
            bus.renew(_OBSERVER)
            heard = time.monotonic()
    return [found[place] for place in sorted(found)]


def _message(record: Record) -> tuple[str, str]:
    event = decode(record.value)
    data: Mapping[str, Any] = event.data.model_dump(mode="json", exclude=set(_TIMES))
    return event.id, json.dumps(data, sort_keys=True)
