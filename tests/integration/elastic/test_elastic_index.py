"""Elasticsearch's index does what any search index has to do, on a real server."""

import pytest
from elasticsearch import Elasticsearch

from shared.store.elastic_index import ElasticIndexStore
from shared.store.elastic_templates import create_indexes
from shared.store.indexes import INDEXES
from tests.contract.index_store_suite import IndexStoreSuite

pytestmark = pytest.mark.real


class TestElasticIndexStore(IndexStoreSuite):
    @pytest.fixture
    def store(self, elastic_client: Elasticsearch, prefix: str) -> ElasticIndexStore:
        create_indexes(elastic_client, prefix, INDEXES)
        return ElasticIndexStore(elastic_client, prefix)
