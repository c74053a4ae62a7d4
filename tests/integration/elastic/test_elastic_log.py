"""Kafka and Elasticsearch together: indexes rebuilt from the log while the indexer works, dead letters sent back."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from services.cluster import open_service
from services.reindex import TOPICS
from shared.bus.connection import Connection
from shared.bus.kafka import KafkaBus
from shared.bus.kafka_replay import Start, replay
from shared.bus.kafka_topics import create_topics
from shared.bus.sqlite import SqliteBus
from shared.bus.topics import load_topics
from shared.hosts.embedded import utc_now
from shared.hosts.kafka import KafkaHost
from shared.metrics import Metrics
from shared.schemas import DeadLetter
from shared.settings import Settings
from shared.stage import Delivery, first_delivery
from shared.store.database import Database
from shared.store.elastic_index import ElasticIndexStore
from shared.store.elastic_templates import install
from shared.store.indexes import INDEXES
from shared.store.listing import Wanted, rows
from tests.contract.bus_suite import take
from tests.e2e.road import SEEDS, Folders, drop_in_order
from tests.in_process import clashwatch
from tests.integration.elastic.server import LocalServer
from tests.unit.front_rig import NOW, alert

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("elastic")]

_OBSERVER = "observer"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[Delivery]:
    """Everything the system says about the seeds that the indexer reads."""
    folders = Folders.under(tmp_path_factory.mktemp("log"))
    with closing(Database(folders.data)) as database:
        SqliteBus(database).seek_to_start(_OBSERVER, TOPICS)  # who never commits holds all messages
    drop_in_order(folders.inbox, [*SEEDS, "002 again"], dated=True)
    folders.drain()
    found = []
    with closing(Database(folders.data)) as database:
        bus = SqliteBus(database)
        for topic in TOPICS:
            while records := bus.read(_OBSERVER, [topic], 100):
                found += [Delivery(one.topic, one.key, one.value, "") for one in records]
    assert len(found) > 15
    return found


@pytest.fixture
def settings(
    elastic: LocalServer, elastic_client: Elasticsearch, prefix: str, connection: Connection, tmp_path: Path
) -> Settings:
    create_topics(connection, load_topics())
    install(elastic_client, prefix)
    return Settings(
        data=tmp_path / "data",
        kafka=",".join(connection.servers),
        kafka_prefix=connection.prefix,
        elasticsearch=elastic.url,
        elasticsearch_prefix=prefix,
    )


@pytest.fixture
def bus(settings: Settings, connection: Connection) -> Iterator[KafkaBus]:
    with closing(KafkaBus(connection)) as bus:
        yield bus


@pytest.fixture
def store(settings: Settings, elastic_client: Elasticsearch) -> ElasticIndexStore:
    return ElasticIndexStore(elastic_client, settings.elasticsearch_prefix)


@pytest.fixture
def run(settings: Settings, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)
    for name in ("kafka", "kafka_prefix", "elasticsearch", "elasticsearch_prefix"):
        monkeypatch.setenv(f"CLASHWATCH_{name.upper()}", getattr(settings, name))

    def run(*arguments: object) -> tuple[int, str, str]:
        code = clashwatch(monkeypatch, *arguments)
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return run


@contextmanager
def indexer(settings: Settings, connection: Connection) -> Iterator[KafkaHost]:
    """The service, in this process."""
    with closing(KafkaBus(connection)) as bus, open_service("indexer", settings) as service:
        yield KafkaHost(service.stage, bus, Metrics(), utc_now, batch=service.batch)


def index_all(settings: Settings, connection: Connection, bus: KafkaBus) -> None:
    with indexer(settings, connection) as host:
        while bus.lag("indexer", TOPICS):
            host.turn()


def found(store: ElasticIndexStore) -> dict[str, list[dict[str, Any]]]:
    """All rows a reader sees, in an order of their own: partitions have none among each other."""
    store.refresh()
    return {index: sorted(rows(store, index, Wanted()), key=str) for index in INDEXES}


def empty(client: Elasticsearch, prefix: str) -> None:
    """As if the indexes were lost and set up again."""
    client.indices.delete(index=[f"{prefix}{name}-000001" for name in INDEXES])
    install(client, prefix)


def offsets(records: Sequence[Any]) -> set[tuple[str, int, int]]:
    return {(one.topic, one.partition, one.offset) for one in records}


def test_lost_indexes_come_back_from_the_log(
    told: list[Delivery],
    settings: Settings,
    connection: Connection,
    bus: KafkaBus,
    store: ElasticIndexStore,
    elastic_client: Elasticsearch,
    run: Run,
) -> None:
    bus.publish(told)
    index_all(settings, connection, bus)
    before, standing = found(store), bus.standing("indexer", TOPICS)
    assert [len(before[name]) for name in ("articles", "incidents", "files")] == [5, 3, 6]
    empty(elastic_client, settings.elasticsearch_prefix)
    assert not any(found(store).values())
    code, out, error = run("reindex")
    assert (code, error) == (0, "")
    assert "incidents-000002: 3 documents, in place of" in out
    assert found(store) == before
    assert bus.standing("indexer", TOPICS) == standing
    code, out, _ = run("reindex", "--delete-old")
    assert (code, len(out.splitlines())) == (0, len(INDEXES))
    assert found(store) == before


def test_from_offsets_and_from_the_index(
    told: list[Delivery],
    settings: Settings,
    connection: Connection,
    bus: KafkaBus,
    store: ElasticIndexStore,
    elastic_client: Elasticsearch,
    run: Run,
) -> None:
    bus.publish(told)
    index_all(settings, connection, bus)
    before = found(store)
    assert run("reindex", "--from", "index")[0] == 0
    assert found(store) == before
    assert run("reindex", "--delete-old")[0] == 0
    elastic_client.indices.delete(index=[f"{settings.elasticsearch_prefix}{name}-000002" for name in INDEXES])
    install(elastic_client, settings.elasticsearch_prefix)
    assert run("reindex", "--from", "999999", "--from", "alert.raised:earliest")[0] == 0
    after = found(store)
    assert after["alerts"] == before["alerts"] != []
    assert not any(rows for name, rows in after.items() if name != "alerts")


def test_the_indexer_works_on_and_nothing_it_writes_is_lost(
    told: list[Delivery],
    settings: Settings,
    connection: Connection,
    bus: KafkaBus,
    store: ElasticIndexStore,
    elastic_client: Elasticsearch,
    run: Run,
) -> None:
    """Alerts come all the time while the indexes are rebuilt again and again."""
    bus.publish(told)
    stop, sent = Event(), list[str]()

    def publish() -> None:
        with closing(KafkaBus(connection)) as writer:
            while not stop.is_set():
                news = [alert().model_copy(update={"alert_id": f"n{len(sent) + n}"}) for n in range(20)]
                writer.publish([first_delivery("alerter", one, NOW) for one in news])
                sent.extend(one.alert_id for one in news)
                stop.wait(0.1)

    def index() -> None:
        with indexer(settings, connection) as host:
            while not stop.is_set() or bus.lag("indexer", TOPICS):
                host.turn()

    with ThreadPoolExecutor(2) as threads:
        work = [threads.submit(publish), threads.submit(index)]
        try:
            outcomes = [run("reindex") for _ in range(3)]
        finally:
            stop.set()
    for one in work:
        one.result()
    assert [(code, error) for code, _, error in outcomes] == [(0, "")] * 3
    after = found(store)
    assert {row["alert_id"] for row in after["alerts"]} >= set(sent)
    assert len(sent) > 40
    assert [len(after[name]) for name in ("articles", "incidents", "files")] == [5, 3, 6]


def test_messages_that_cannot_be_read_are_named(bus: KafkaBus, store: ElasticIndexStore, run: Run) -> None:
    bus.publish([Delivery("alert.raised", "k", b"\xff", ""), first_delivery("alerter", alert(), NOW)])
    code, out, error = run("reindex")
    assert code == 1
    assert "alerts-000002: 1 documents" in out
    assert "refused: alert.raised/" in error
    assert len(found(store)["alerts"]) == 1


def test_a_replay_ends_where_the_log_ended_and_begins_where_it_is_told(connection: Connection, bus: KafkaBus) -> None:
    def messages(count: int, first: int = 0) -> list[Delivery]:
        return [Delivery("alert.raised", f"k{n % 9}", f"{n}".encode(), "") for n in range(first, first + count)]

    bus.publish(messages(300))
    records = []
    for one in replay(connection, ["alert.raised", "incident.changed"], Start()):
        if not records:
            bus.publish(messages(50, 300))
        records.append(one)
    assert {int(one.value) for one in records} == set(range(300))
    for key in range(9):
        values = [int(one.value) for one in records if one.key == f"k{key}"]
        assert values == sorted(values)
    everything = offsets(list(replay(connection, ["alert.raised"], Start())))
    assert len(everything) == 350
    start = Start(10, {("alert.raised", 1): 20})
    wanted = {place for place in everything if place[2] >= (20 if place[1] == 1 else 10)}
    assert offsets(list(replay(connection, ["alert.raised"], start))) == wanted
    assert list(replay(connection, ["alert.raised"], Start(10**9))) == []
    assert bus.lag("indexer", ["alert.raised"]) == 350


@pytest.fixture
def letters(settings: Settings, connection: Connection, bus: KafkaBus) -> None:
    """Three, as the indexer has them from the log."""
    found = [
        DeadLetter(
            letter_id=f"{number}-letter",
            stage="tagger",
            topic="article.normalized",
            original_key="k",
            original=b'{"broken": \xff' + bytes([number]),
            error="ValueError",
            reason="ValueError: broken",
            failed_at=NOW + timedelta(seconds=number),
        )
        for number in range(3)
    ]
    bus.publish([first_delivery("tagger", one, NOW) for one in found])
    index_all(settings, connection, bus)


@pytest.mark.usefixtures("letters")
def test_dead_letters_go_back_to_their_topics(bus: KafkaBus, store: ElasticIndexStore, run: Run) -> None:
    store.refresh()
    code, out, _ = run("dead-letters")
    assert code == 0
    assert out.count("article.normalized") == 3 or out.count("tagger") == 3
    assert run("dead-letters", "replay", "0", "9")[0] == 2
    assert bus.lag("tagger", ["article.normalized"]) == 0
    assert run("dead-letters", "replay", "0")[:2] == (0, "replayed 0-letter (tagger: ValueError: broken)\n")
    assert run("dead-letters", "drop", "1-letter")[0] == 0
    assert run("dead-letters", "replay", "--all")[:2] == (0, "replayed 2-letter (tagger: ValueError: broken)\n")
    records = take(bus, "tagger", ["article.normalized"], 2)
    assert [(one.key, one.value) for one in records] == [("k", b'{"broken": \xff\x00'), ("k", b'{"broken": \xff\x02')]
    assert states(store) == {"0-letter": "replayed", "1-letter": "dropped", "2-letter": "replayed"}
    assert run("reindex")[0] == 0
    assert states(store) == {"0-letter": "replayed", "1-letter": "dropped", "2-letter": "replayed"}


def states(store: ElasticIndexStore) -> dict[str, str]:
    store.refresh()
    every = [
        row for state in ("waiting", "replayed", "dropped") for row in store.scan("dead-letters", {"status": state})
    ]
    return {row["letter_id"]: row["status"] for row in every}


@pytest.mark.usefixtures("letters")
def test_letters_in_a_data_folder_go_back_to_kafka_where_the_folder_has_no_log(
    settings: Settings, connection: Connection, bus: KafkaBus, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The indexer may keep its documents in SQLite, too."""
    monkeypatch.delenv("CLASHWATCH_ELASTICSEARCH")
    bus.seek_to_start("indexer", ["dead.letter"])
    index_all(settings.model_copy(update={"elasticsearch": None}), connection, bus)
    assert run("dead-letters", "replay", "1", "--data", settings.data)[0] == 0
    [record] = take(bus, "tagger", ["article.normalized"], 1)
    assert record.value == b'{"broken": \xff\x01'
    assert "1-letter" in run("dead-letters", "list", "--state", "replayed", "--json", "--data", settings.data)[1]


@pytest.mark.parametrize("command", ["reindex", "dead-letters replay 0"])
@pytest.mark.usefixtures("letters")
def test_without_a_broker_nothing_is_done(
    command: str, store: ElasticIndexStore, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address, expected, words in (("127.0.0.1:9", 1, "no Kafka broker answers"), ("nonsense", 2, "host:port")):
        monkeypatch.setenv("CLASHWATCH_KAFKA", address)
        code, out, error = run(*command.split())
        assert (code, out) == (expected, "")
        assert words in error
    assert set(states(store).values()) == {"waiting"}
