"""Each test has empty indexes of its own."""

import os
from collections.abc import Iterator

import pytest
from elasticsearch import Elasticsearch

from shared.store.elastic_templates import install_templates
from tests.integration.elastic.server import LocalServer

_PREFIX = f"t{os.getpid()}-"


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
