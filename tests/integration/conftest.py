"""One broker and one Elasticsearch for all tests of a run; each test has topics and indexes of its own by a prefix."""

import itertools
import os
from collections.abc import Iterator

import pytest
from elasticsearch import Elasticsearch

from shared.bus.connection import Connection
from shared.store.elastic_templates import install
from tests.integration import elastic_server
from tests.integration.elastic_server import LocalServer
from tests.integration.kafka_broker import LocalBroker, skip_without_java

_NUMBERS = itertools.count()


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
    server = LocalServer(tmp_path_factory.mktemp("elastic") / "home")
    server.do("start")
    try:
        yield server
    finally:
        server.do("wipe")


@pytest.fixture(scope="session")
def elastic_client(elastic: LocalServer) -> Iterator[Elasticsearch]:
    with Elasticsearch(elastic.url, request_timeout=30) as client:
        yield client


@pytest.fixture
def indexes(elastic_client: Elasticsearch) -> Iterator[str]:
    """Fresh indexes; their prefix."""
    prefix = f"t{os.getpid()}-{next(_NUMBERS)}-"
    install(elastic_client, prefix)
    yield prefix
    found = elastic_client.indices.get(index=f"{prefix}*", expand_wildcards="all")
    elastic_client.indices.delete(index=list(found))
    elastic_client.indices.delete_index_template(name=f"clashwatch-{prefix}*")
