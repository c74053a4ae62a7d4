"""One broker and one Elasticsearch for all tests of a run; each test has topics and indexes of its own by a prefix."""

import itertools
import os
from collections.abc import Iterator

import pytest
from elasticsearch import Elasticsearch

from shared.bus.connection import Connection
from shared.store.elastic_templates import install_templates
from tests.integration import elastic_server
from tests.integration.elastic_server import LocalServer
from tests.integration.kafka_broker import LocalBroker, skip_without_java

_NUMBERS = itertools.count()
_PREFIX = f"t{os.getpid()}-"


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBroker]:
    skip_without_java()
    broker = LocalBroker(tmp_path_factory.mktemp("kafka"))
    broker.do("start")
    try:
        yield broker
    finally:
        broker.do("wipe")


@pytest.fixture
def connection(broker: LocalBroker) -> Connection:
    return Connection((broker.address,), prefix=f"t{os.getpid()}-{next(_NUMBERS)}.")


@pytest.fixture(scope="session")
def elastic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    elastic_server.skip_without_java()
    server, is_ours = LocalServer.found_or(tmp_path_factory.mktemp("elastic") / "home")
    server.do("start")
    try:
        yield server
    finally:
        if is_ours:
            server.do("wipe")


@pytest.fixture(scope="session")
def elastic_client(elastic: LocalServer) -> Iterator[Elasticsearch]:
    with Elasticsearch(elastic.url, request_timeout=60) as client:
        install_templates(client, _PREFIX)
        yield client
        _remove_indexes(client)
        client.indices.delete_index_template(name=f"clashwatch-{_PREFIX}*")


@pytest.fixture
def prefix(elastic_client: Elasticsearch) -> str:
    """Of indexes no test before has written to."""
    _remove_indexes(elastic_client)
    return _PREFIX


def _remove_indexes(client: Elasticsearch) -> None:
    if found := client.indices.get(index=f"{_PREFIX}*"):
        client.indices.delete(index=list(found))
