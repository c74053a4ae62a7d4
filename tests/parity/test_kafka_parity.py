"""On Kafka and Elasticsearch the system writes what the embedded one writes: ids, messages, documents.

The folder that PARITY_ARTICLES names is compared instead of some written articles.
"""

from pathlib import Path

import pytest

from shared.bus.connection import Connection
from shared.bus.kafka_topics import create_topics
from shared.bus.topics import load_topics, with_partitions
from tests.e2e.road import Folders
from tests.faults.kafka_services import STAGES, Services
from tests.integration.elastic.server import Names
from tests.parity.parity import (
    COMPARED,
    Documents,
    Told,
    are_articles,
    articles,
    documents,
    embedded,
    fill,
    on_kafka,
    on_log,
)

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]
MOST = 40
TEXTS = articles(MOST)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Told, Documents]:
    folders = Folders.under(tmp_path_factory.mktemp("embedded"))
    fill(folders.inbox, TEXTS)
    told = embedded(folders)
    with folders.store() as store:
        return told, documents(store)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    made = Folders.under(tmp_path / "cluster")
    fill(made.inbox, TEXTS)
    return made


@pytest.fixture
def one_partition(connection: Connection) -> Connection:
    """The order of messages is that of a partition: with one, both logs have the same."""
    create_topics(connection, with_partitions(load_topics(), 1))
    return connection


def found(names: Names) -> Documents:
    with names.store() as store:
        return documents(store)


def test_the_stages_in_turn_write_the_same_in_the_same_order(
    one_partition: Connection, names: Names, folders: Folders, expected: tuple[Told, Documents]
) -> None:
    told = on_kafka(folders, one_partition, **names.settings)
    assert all(expected[0][topic] for topic in COMPARED)
    for topic in COMPARED:
        assert told[topic] == expected[0][topic]
    assert found(names) == expected[1]
    assert len(expected[1]["files"]) == len(are_articles(TEXTS))


@pytest.mark.parametrize("host", ["faust", "kafka-python"])
def test_the_services_write_the_same(
    one_partition: Connection, names: Names, folders: Folders, expected: tuple[Told, Documents], host: str
) -> None:
    """As processes, at their own pace: `file.settled` comes from two of them."""
    services = Services(folders, one_partition, host, names.settings | {"kafka_partitions": "1"})
    try:
        for name in (*STAGES, "feeder"):
            services.start(name)
        services.wait_until_done(len(expected[0]["article.received"]), 600)
    finally:
        services.stop()
    told = on_log(one_partition)
    for topic in COMPARED:
        assert sorted(told[topic]) == sorted(expected[0][topic])
    assert found(names) == expected[1]
