"""The state of linker and alerter in Elasticsearch does what any has to do, on a real server."""

from collections.abc import Callable

import pytest
from elasticsearch import Elasticsearch

from shared.errors import ConflictError
from shared.schemas.alert_raised import Notified
from shared.store.elastic_alerts import ElasticAlertStore
from shared.store.elastic_links import ElasticLinkStore
from shared.store.elastic_templates import create_indexes
from shared.store.port import ArticleState, DyadChange, LinkStore
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

    def test_a_batch_is_seen_inside_at_once_and_outside_when_it_ends(
        self, store: ElasticLinkStore, another: Callable[[], LinkStore]
    ) -> None:
        other = another()
        with store.batch():
            first = store.save(DyadChange("AM-AZ", 0, [detected(1)], (), [incident(1, 1)]))
            store.save(DyadChange("AM-AZ", first, [detected(2)], ["r1"], [incident(1, 2)]))
            store.save(DyadChange("KG-TJ", 0, [detected(3, "KG-TJ")]))
            store.save_article(ArticleState("a", 1, frozenset({"AM-AZ"})))
            assert store.load("AM-AZ").reports == (detected(2),)
            assert store.article("a").dyads == {"AM-AZ"}
            assert other.load("AM-AZ").version == 0
            assert other.article("a").version == 0
        for one in (store, other, another()):
            assert (one.load("AM-AZ").reports, one.load("AM-AZ").incidents) == ((detected(2),), (incident(1, 2),))
            assert one.load("KG-TJ").reports == (detected(3, "KG-TJ"),)
            assert one.article("a").dyads == {"AM-AZ"}

    def test_of_a_batch_that_fails_nothing_is_left(self, store: ElasticLinkStore) -> None:
        version = store.save(DyadChange("AM-AZ", 0, [detected(1)]))
        with pytest.raises(LookupError), store.batch():  # noqa: PT012
            store.save(DyadChange("AM-AZ", version, [detected(2)]))
            store.save_article(ArticleState("a", 1))
            raise LookupError
        assert store.load("AM-AZ").reports == (detected(1),)
        assert store.article("a").version == 0

    def test_of_two_batches_at_once_the_second_is_refused_and_can_be_repeated(
        self, store: ElasticLinkStore, another: Callable[[], ElasticLinkStore]
    ) -> None:
        other = another()
        first = store.save(DyadChange("AM-AZ", 0, [detected(1)]))
        assert other.load("AM-AZ").version == first
        with pytest.raises(ConflictError), other.batch():  # noqa: PT012
            other.save(DyadChange("AM-AZ", first, [detected(2)]))
            store.save(DyadChange("AM-AZ", first, [detected(3)]))
        state = other.load("AM-AZ")
        assert state.reports == (detected(1), detected(3))
        with other.batch():
            other.save(DyadChange("AM-AZ", state.version, [detected(2)]))
        assert store.load("AM-AZ").reports == (detected(1), detected(3), detected(2))

    def test_who_writes_of_an_article_what_another_has_changed_meanwhile_is_told(
        self, store: ElasticLinkStore, another: Callable[[], ElasticLinkStore]
    ) -> None:
        """Reports of one article go to several dyads, and so to several linkers: none forgets the other's."""
        other = another()
        with pytest.raises(ConflictError), other.batch():  # noqa: PT012
            assert other.article("a").dyads == frozenset()
            store.save_article(ArticleState("a", 1, frozenset({"KG-TJ"})))
            other.save_article(ArticleState("a", 1, frozenset({"AM-AZ"})))
        assert other.article("a").dyads == {"KG-TJ"}

    def test_a_long_name_is_a_dyad_like_any_other(self, store: LinkStore, another: Callable[[], LinkStore]) -> None:
        dyad = "A" * 600 + "-B"
        store.save(DyadChange(dyad, 0, [detected(1, dyad)]))
        assert another().load(dyad).reports == (detected(1, dyad),)


class TestElasticAlertStore(AlertStoreSuite):
    @pytest.fixture
    def store(self, elastic_client: Elasticsearch, prefix: str) -> ElasticAlertStore:
        create_indexes(elastic_client, prefix, ("state-notified",))
        return ElasticAlertStore(elastic_client, prefix)

    def test_what_a_batch_remembers_is_written_when_it_ends(
        self, store: ElasticAlertStore, elastic_client: Elasticsearch, prefix: str
    ) -> None:
        other = ElasticAlertStore(elastic_client, prefix)
        with store.batch():
            for subscriber in ("a", "b"):
                store.remember(Notified(incident_id="i", subscriber=subscriber, revision=1))
            assert [one.subscriber for one in store.notified("i")] == ["a", "b"]
            assert other.notified("i") == []
        assert [one.subscriber for one in other.notified("i")] == ["a", "b"]

    def test_of_a_batch_that_fails_nothing_is_remembered(self, store: ElasticAlertStore) -> None:
        with pytest.raises(LookupError), store.batch():  # noqa: PT012
            store.remember(Notified(incident_id="i", subscriber="a", revision=1))
            raise LookupError
        assert store.notified("i") == []

    def test_of_two_that_remember_at_once_the_second_is_told(
        self, store: ElasticAlertStore, elastic_client: Elasticsearch, prefix: str
    ) -> None:
        other = ElasticAlertStore(elastic_client, prefix)
        with pytest.raises(ConflictError), other.batch():  # noqa: PT012
            other.remember(Notified(incident_id="i", subscriber="a", revision=1))
            store.remember(Notified(incident_id="i", subscriber="b", revision=2))
        assert [one.subscriber for one in other.notified("i")] == ["b"]


class TestElasticSendingStore(SendingStoreSuite):
    @pytest.fixture
    def store(self, elastic_client: Elasticsearch, prefix: str) -> ElasticAlertStore:
        create_indexes(elastic_client, prefix, ("state-sendings", "state-lengths"))
        return ElasticAlertStore(elastic_client, prefix)
