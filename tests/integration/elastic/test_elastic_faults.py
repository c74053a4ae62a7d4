"""Elasticsearch puts off, refuses, blocks and dies: nothing is lost, and only the malformed is refused."""

import time
from collections.abc import Callable
from copy import deepcopy
from functools import partial

import pytest
from elasticsearch import Elasticsearch

from shared.errors import RejectedError, TransientError
from shared.store import elastic_templates
from shared.store.elastic_bulk import Bulk
from shared.store.elastic_index import ElasticIndexStore
from shared.store.elastic_rebuild import current
from shared.store.elastic_templates import create_indexes, install, outdated, templates
from shared.store.port import Document
from tests.contract.index_store_suite import article
from tests.integration.elastic.fault_proxy import Faults, proxy
from tests.integration.elastic.server import LocalServer

pytestmark = pytest.mark.real


@pytest.fixture
def articles(elastic_client: Elasticsearch, prefix: str) -> str:
    create_indexes(elastic_client, prefix, ("articles", "files"))
    return prefix


def some(count: int, size: int = 10) -> list[Document]:
    return [Document("articles", f"{i}", 1, article(f"{i}", "Title", "word " * size)) for i in range(count)]


def stored(client: Elasticsearch, prefix: str) -> set[str]:
    store = ElasticIndexStore(client, prefix)
    store.refresh("articles")
    return {body["stem"] for body in store.scan("articles")}


def every(nth: int, statuses: tuple[int, ...], until: int) -> Callable[[int], int]:
    """Refuses every nth with one status after the other, up to a number."""
    return lambda number: statuses[number // nth % len(statuses)] if number % nth == 0 and number < until else 0


def test_half_of_all_items_put_off_are_tried_again_alone(
    elastic: LocalServer, elastic_client: Elasticsearch, articles: str
) -> None:
    faults = Faults(item_status=every(2, (429, 503), 700))
    with proxy(elastic.url, faults) as url, Elasticsearch(url) as client:
        bulk = Bulk(client, sleep=lambda seconds: time.sleep(seconds / 50))
        outcomes = ElasticIndexStore(client, articles, bulk).put_all(some(300))
    assert all(outcome.wrote for outcome in outcomes)
    assert stored(elastic_client, articles) == {f"{i}" for i in range(300)}
    assert faults.items == 300 + len(faults.refused)
    assert {429, 503} == set(faults.refused)


def test_whole_requests_put_off_are_tried_again(
    elastic: LocalServer, elastic_client: Elasticsearch, articles: str
) -> None:
    faults = Faults(request_status=lambda number: {2: 429, 3: 503}.get(number, 0))
    with proxy(elastic.url, faults) as url, Elasticsearch(url) as client:
        assert all(outcome.wrote for outcome in ElasticIndexStore(client, articles).put_all(some(5)))
    assert faults.refused == [429, 503]
    assert len(stored(elastic_client, articles)) == 5


def test_what_stays_busy_is_for_the_host_to_wait_for(elastic: LocalServer, articles: str) -> None:
    with proxy(elastic.url, Faults(item_status=lambda _: 429)) as url, Elasticsearch(url) as client:
        store = ElasticIndexStore(client, articles, Bulk(client, patience=0.3))
        with pytest.raises(TransientError, match=r"2 of 2 documents were put off: .*429"):
            store.put_all(some(2))


def test_a_request_that_is_too_large_is_split_and_a_document_that_is_refused(
    elastic: LocalServer, elastic_client: Elasticsearch, articles: str
) -> None:
    faults = Faults(max_bytes=20_000)
    documents = [*some(40, size=400), Document("articles", "huge", 1, article("huge", "T", "word " * 9000))]
    with proxy(elastic.url, faults) as url, Elasticsearch(url) as client:
        *rest, huge = ElasticIndexStore(client, articles).put_all(documents)
    assert all(outcome.wrote for outcome in rest)
    assert "413" in (huge.refused or "")
    assert len(stored(elastic_client, articles)) == 40


def test_a_replay_is_fine(elastic_client: Elasticsearch, articles: str) -> None:
    store = ElasticIndexStore(elastic_client, articles)
    store.put_all(some(20))
    assert not any(outcome.wrote or outcome.refused for outcome in store.put_all(some(20)))


def test_of_many_versions_the_highest_is_written_and_keeps_its_place(
    elastic_client: Elasticsearch, articles: str
) -> None:
    store = ElasticIndexStore(elastic_client, articles)
    versions = [Document("articles", "a", n, article(f"v{n}", "T", "t")) for n in (1, 3, 2)]
    outcomes = store.put_all([*versions, *some(2)])
    assert [outcome.wrote for outcome in outcomes] == [False, True, False, True, True]
    store.put("articles", "a", 4, article("v4", "T", "t"))
    store.refresh("articles")
    assert [body["stem"] for body in store.scan("articles")] == ["v4", "0", "1"]


def test_only_the_malformed_of_a_batch_is_refused(elastic_client: Elasticsearch, articles: str) -> None:
    """A value that conflicts with the mapping, and a field claims do not have."""
    wrong = article("w", "T", "t", is_clash="perhaps")
    unknown = article("u", "T", "t", reports=[{"dyad": "AM-AZ", "claims": [{"sides": "AM"}]}])
    store = ElasticIndexStore(elastic_client, articles)
    outcomes = store.put_all(
        [Document("articles", body["stem"], 1, body) for body in (wrong, article("a", "T", "t"), unknown)]
    )
    assert [outcome.wrote for outcome in outcomes] == [False, True, False]
    assert "400" in (outcomes[0].refused or "")
    assert "perhaps" in (outcomes[0].refused or "")
    assert "sides" in (outcomes[2].refused or "")
    with pytest.raises(RejectedError, match=r"articles w: .*perhaps"):
        store.put("articles", "w", 1, wrong)
    assert stored(elastic_client, articles) == {"a"}


def test_a_batch_is_written_when_it_ends(elastic_client: Elasticsearch, articles: str) -> None:
    store = ElasticIndexStore(elastic_client, articles)
    with store.batch():
        for one in some(3):
            assert store.put(one.index, one.id, one.version, one.body)
        assert store.get("articles", "0") is None
    assert stored(elastic_client, articles) == {"0", "1", "2"}
    put = partial(store.put, "articles")
    with pytest.raises(RejectedError, match="perhaps"), store.batch():  # noqa: PT012
        put("w", 1, article("w", "T", "t", is_clash="perhaps"))
        put("4", 1, article("4", "T", "t"))
    with pytest.raises(LookupError), store.batch():  # noqa: PT012
        put("never", 1, article("never", "T", "t"))
        raise LookupError
    assert stored(elastic_client, articles) == {"0", "1", "2", "4"}


def test_a_number_no_long_can_hold_costs_the_number_only(elastic_client: Elasticsearch, prefix: str) -> None:
    create_indexes(elastic_client, prefix, ("incidents",))
    store = ElasticIndexStore(elastic_client, prefix)
    body = {"incident_id": "i", "dyad": "AM-AZ", "best": 10**30, "toll": {"AM": {"killed": {"best": 10**30}}}}
    assert store.put("incidents", "i", 1, body)
    assert store.get("incidents", "i") == body


def test_an_id_longer_than_elasticsearch_allows(elastic_client: Elasticsearch, articles: str) -> None:
    store, path = ElasticIndexStore(elastic_client, articles), "d/" * 400
    assert store.put("files", path, 1, {"path": path, "state": "rejected"})
    assert store.get("files", path) == {"path": path, "state": "rejected"}
    elastic_client.indices.refresh(index=f"{articles}files")
    assert [hit.id for hit in store.search("state:rejected", index="files")] == [path]


def test_while_writes_are_blocked_the_host_waits(elastic_client: Elasticsearch, articles: str) -> None:
    store = ElasticIndexStore(elastic_client, articles, Bulk(elastic_client, patience=0.2))
    index = f"{articles}articles-000001"
    for block in ("index.blocks.read_only_allow_delete", "index.blocks.write"):
        elastic_client.indices.put_settings(index=index, settings={block: True})
        with pytest.raises(TransientError, match="block"):
            store.put("articles", "1", 1, article("1", "T", "t"))
        elastic_client.indices.put_settings(index=index, settings={block: None})
    assert store.put("articles", "1", 1, article("1", "T", "t"))


def test_without_indexes_the_host_waits(elastic_client: Elasticsearch, prefix: str) -> None:
    """They are never made by a write: a write to a name without a template would be indexed wrongly."""
    store = ElasticIndexStore(elastic_client, prefix, Bulk(elastic_client, patience=0.2))
    with pytest.raises(TransientError, match="not set up"):
        store.put("articles", "1", 1, article("1", "T", "t"))
    with pytest.raises(TransientError, match="not set up"):
        store.get("articles", "1")


def test_installing_again_changes_nothing(elastic_client: Elasticsearch, prefix: str) -> None:
    install(elastic_client, prefix)
    install(elastic_client, prefix)
    assert current(elastic_client, prefix + "articles") == f"{prefix}articles-000001"
    assert len(elastic_client.indices.get(index=f"{prefix}*")) == len(templates("indexes"))
    assert outdated(elastic_client, prefix) == []


def test_an_index_takes_the_fields_of_a_newer_template(
    elastic_client: Elasticsearch, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(elastic_client, prefix)
    newer = deepcopy(templates("indexes"))
    mappings = newer["articles"]["template"]["mappings"]
    mappings["properties"]["invented"] = {"type": "keyword"}
    mappings["_meta"]["version"] += 1
    monkeypatch.setattr(elastic_templates, "templates", {"indexes": newer, "components": templates("components")}.get)
    install(elastic_client, prefix)
    index = f"{prefix}articles-000001"
    assert "invented" in elastic_client.indices.get_mapping(index=index)[index]["mappings"]["properties"]
    assert outdated(elastic_client, prefix) == []


def test_an_index_with_another_kind_of_field_stays_outdated(
    elastic_client: Elasticsearch, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(elastic_client, prefix)
    newer = deepcopy(templates("indexes"))
    mappings = newer["articles"]["template"]["mappings"]
    mappings["properties"]["score"] = {"type": "keyword"}
    mappings["_meta"]["version"] += 1
    monkeypatch.setattr(elastic_templates, "templates", {"indexes": newer, "components": templates("components")}.get)
    install(elastic_client, prefix)
    assert outdated(elastic_client, prefix) == ["articles"]


def test_what_was_acknowledged_outlives_a_killed_server(elastic: LocalServer, articles: str) -> None:
    """And the store goes on when the server is back, without a new start of its own."""
    with Elasticsearch(elastic.url, request_timeout=10) as client:
        store = ElasticIndexStore(client, articles, Bulk(client, patience=0.2))
        store.put_all(some(200))
        elastic.do("kill")
        with pytest.raises(TransientError):
            store.put_all(some(300))
        elastic.do("start")
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                outcomes = store.put_all(some(300))
                break
            except TransientError:
                time.sleep(0.2)
        assert [outcome.wrote for outcome in outcomes] == [False] * 200 + [True] * 100
        assert len(stored(client, articles)) == 300
