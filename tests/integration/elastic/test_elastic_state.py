"""The state of linker and alerter in Elasticsearch does what any has to do, on a real server."""

from collections.abc import Callable

import pytest
from elasticsearch import Elasticsearch

from shared.errors import ConflictError
from shared.store.elastic_alerts import ElasticAlertStore
from shared.store.elastic_links import ElasticLinkStore
from shared.store.elastic_templates import create_indexes
from shared.store.port import DyadChange, LinkStore
from tests.contract.alert_store_suite import AlertStoreSuite, SendingStoreSuite
from tests.contract.link_store_suite import LinkStoreSuite, detected, incident

pytestmark = pytest.mark.real


class TestElasticLinkStore(LinkStoreSuite):
    @pytest.fixture
    def another(self, elastic_client: Elasticsearch, prefix: str) -> Callable[[], LinkStore]:
        create_indexes(elastic_client, prefix, ("state-dyads", "state-rows", "state-articles"))
        return lambda: ElasticLinkStore(elastic_client, prefix)

    @pytest.fixture
    def store(self, another: Callable[[], LinkStore]) -> LinkStore:
        return another()

    def test_what_outgrows_the_head_is_spread_over_rows(
        self, store: LinkStore, another: Callable[[], LinkStore], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("shared.store.elastic_links.MAX_PENDING_BYTES", 600)
        version = 0
        for number in range(12):
            removed = [f"r{number - 3}"] if number % 4 == 3 else []
            change = DyadChange("AM-AZ", version, [detected(number)], removed, [incident(1, number + 1)])
            version = store.save(change)
        state = store.load("AM-AZ")
        assert [one.stem for one in state.reports] == [str(i) for i in range(12) if i not in (0, 4, 8)]
        assert state.incidents == (incident(1, 12),)
        assert another().load("AM-AZ") == state

    def test_a_saver_that_died_before_spreading_lost_nothing(
        self, store: LinkStore, another: Callable[[], LinkStore], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The change is in the head; the next saver spreads it, and the one that came back is refused."""
        monkeypatch.setattr("shared.store.elastic_links.MAX_PENDING_BYTES", 0)
        first = store.save(DyadChange("AM-AZ", 0, [detected(1)]))
        other = another()
        second = other.save(DyadChange("AM-AZ", other.load("AM-AZ").version, [detected(2)]))
        with pytest.raises(ConflictError):
            store.save(DyadChange("AM-AZ", first, [detected(3)]))
        assert store.load("AM-AZ").version == second
        for one in (store, other, another()):
            assert one.load("AM-AZ").reports == (detected(1), detected(2))

    def test_a_long_name_is_a_dyad_like_any_other(self, store: LinkStore, another: Callable[[], LinkStore]) -> None:
        dyad = "A" * 600 + "-B"
        store.save(DyadChange(dyad, 0, [detected(1, dyad)]))
        assert another().load(dyad).reports == (detected(1, dyad),)


class TestElasticAlertStore(AlertStoreSuite):
    @pytest.fixture
    def store(self, elastic_client: Elasticsearch, prefix: str) -> ElasticAlertStore:
        create_indexes(elastic_client, prefix, ("state-notified",))
        return ElasticAlertStore(elastic_client, prefix)


class TestElasticSendingStore(SendingStoreSuite):
    @pytest.fixture
    def store(self, elastic_client: Elasticsearch, prefix: str) -> ElasticAlertStore:
        create_indexes(elastic_client, prefix, ("state-sendings", "state-lengths"))
        return ElasticAlertStore(elastic_client, prefix)
