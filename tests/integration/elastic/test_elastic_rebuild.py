"""New generations of the indexes on a real server: nothing is lost, whoever writes meanwhile, whatever breaks off."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from shared.errors import RejectedError
from shared.store import elastic_rebuild
from shared.store.elastic_index import ElasticIndexStore
from shared.store.elastic_rebuild import current, delete_retired, rebuild, retired
from shared.store.elastic_templates import create_indexes
from shared.store.indexes import INDEXES
from shared.store.port import Document
from tests.contract.index_store_suite import article

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("elastic")]


@pytest.fixture
def store(elastic_client: Elasticsearch, prefix: str) -> ElasticIndexStore:
    create_indexes(elastic_client, prefix, INDEXES)
    return ElasticIndexStore(elastic_client, prefix)


def some(count: int, version: int = 1) -> list[Document]:
    return [Document("articles", f"{i}", version, article(f"{i}", "Title", f"word {version}")) for i in range(count)]


def stems(store: ElasticIndexStore) -> list[str]:
    store.refresh("articles")
    return [body["stem"] for body in store.scan("articles")]


def indexes(client: Elasticsearch, prefix: str) -> set[str]:
    return {name.removeprefix(prefix) for name in client.indices.get(index=f"{prefix}*")}


FIRST = {f"{name}-000001" for name in INDEXES}
SECOND = {f"{name}-000002" for name in INDEXES}


def test_it_has_all_there_was_in_its_order_and_what_came_meanwhile(
    store: ElasticIndexStore, elastic_client: Elasticsearch, prefix: str
) -> None:
    store.put_all(some(450))
    store.put("articles", "gone", 2, {"article_id": "gone", "status": "withdrawn"})
    store.put("files", "f", 1, {"path": "f", "state": "indexed"})

    def log() -> Iterator[Document]:
        """The last hundred, backwards, and one that was lost; meanwhile one of them changes and one comes."""
        yield from some(450)[:349:-1]
        yield Document("articles", "lost", 1, article("lost", "T", "t"))
        store.put("articles", "449", 7, article("449 new", "Title", "word"))
        store.put("articles", "came", 1, article("came", "T", "t"))
        yield Document("alerts", "a", 1, {"alert_id": "a", "kind": "new"})

    built = rebuild(elastic_client, log(), prefix)
    assert built.refused == []
    assert {one.new.removeprefix(prefix) for one in built.generations} == SECOND
    assert current(elastic_client, prefix + "articles") == f"{prefix}articles-000002"
    expected = [f"{i}" for i in range(449)] + ["449 new"]
    found = stems(store)
    assert found[:450] == expected
    assert set(found[450:]) == {"lost", "came"}
    assert store.get("articles", "gone") is not None
    assert store.get("files", "f") == {"path": "f", "state": "indexed"}
    assert store.get("alerts", "a") == {"alert_id": "a", "kind": "new"}
    assert store.put("articles", "after", 1, article("after", "T", "t"))


def test_without_a_log_it_is_made_of_what_it_holds(
    store: ElasticIndexStore, elastic_client: Elasticsearch, prefix: str
) -> None:
    store.put_all(some(30))
    [one] = rebuild(elastic_client, prefix=prefix, names=["articles"]).generations
    assert (one.old, one.new) == (f"{prefix}articles-000001", f"{prefix}articles-000002")
    assert stems(store) == [f"{i}" for i in range(30)]
    assert indexes(elastic_client, prefix) == FIRST | {"articles-000002"}


def test_a_document_of_the_log_takes_the_place_of_one_as_new(
    store: ElasticIndexStore, elastic_client: Elasticsearch, prefix: str
) -> None:
    """So that a better indexer needs no new versions; what is newer in the index stays."""
    store.put_all(some(2))
    store.put("articles", "1", 3, article("newer", "T", "t"))
    better = [Document(one.index, one.id, 1, {**one.body, "title": "Better"}) for one in some(2)]
    rebuild(elastic_client, better, prefix, ["articles"])
    assert [(store.get("articles", key) or {})["title"] for key in "01"] == ["Better", "T"]


def test_refused_documents_are_named_once_and_the_others_are_there(
    store: ElasticIndexStore, elastic_client: Elasticsearch, prefix: str
) -> None:
    wrong = Document("articles", "w", 1, article("w", "T", "t", is_clash="perhaps"))
    [reason] = rebuild(elastic_client, [*some(3), wrong, wrong], prefix, ["articles"]).refused
    assert reason.startswith("articles w: ")
    assert "perhaps" in reason
    assert stems(store) == ["0", "1", "2"]


def test_whoever_writes_all_the_time_loses_nothing(
    store: ElasticIndexStore, elastic_client: Elasticsearch, prefix: str
) -> None:
    """Every version that was acknowledged is there afterwards, or a higher one; readers see all documents all the
    time."""
    store.put_all(some(60))
    store.refresh()
    acknowledged, seen, stop = dict.fromkeys(range(60), 1), set[int](), Event()

    def write() -> None:
        version = 1
        writer = ElasticIndexStore(elastic_client, prefix)
        while not stop.is_set():
            version += 1
            for one, outcome in zip(some(60, version), writer.put_all(some(60, version)), strict=True):
                assert outcome.refused is None
                acknowledged[int(one.id)] = version

    def read() -> None:
        while not stop.is_set():
            seen.add(store.count("articles"))

    with ThreadPoolExecutor(2) as threads:
        work = [threads.submit(write), threads.submit(read)]
        try:
            for _ in range(4):
                rebuild(elastic_client, some(60), prefix, ["articles"])
        finally:
            stop.set()
    for one in work:
        one.result()
    assert current(elastic_client, prefix + "articles").endswith("-000005")
    assert max(acknowledged.values()) > 4
    for key, version in acknowledged.items():
        body = store.get("articles", str(key))
        assert body is not None
        assert int(body["body"].rpartition(" ")[2]) >= version
    assert seen == {60}


def test_broken_off_before_the_swap_it_leaves_everything_as_it_was(
    store: ElasticIndexStore, elastic_client: Elasticsearch, prefix: str
) -> None:
    store.put_all(some(3))

    def log() -> Iterator[Document]:
        yield from some(3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(elastic_client, log(), prefix)
    assert indexes(elastic_client, prefix) == FIRST
    assert stems(store) == ["0", "1", "2"]


def test_broken_off_after_the_swap_the_next_one_finishes_it(
    store: ElasticIndexStore, elastic_client: Elasticsearch, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put_all(some(3))

    swap = elastic_rebuild._swap

    def swap_and_die(*arguments: Any) -> None:
        store.put("articles", "late", 1, article("late", "T", "t"))
        swap(*arguments)
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(elastic_rebuild, "_swap", swap_and_die)
        with pytest.raises(SystemExit):
            rebuild(elastic_client, some(3), prefix, ["articles"])
    assert current(elastic_client, prefix + "articles") == f"{prefix}articles-000002"
    assert "late" not in stems(store)
    with pytest.raises(RejectedError, match="reindex once more first"):
        delete_retired(elastic_client, prefix)
    rebuild(elastic_client, prefix=prefix, names=["articles"])
    assert stems(store) == ["0", "1", "2", "late"]


def test_the_old_ones_stay_until_they_are_deleted(
    store: ElasticIndexStore, elastic_client: Elasticsearch, prefix: str
) -> None:
    store.put_all(some(3))
    rebuild(elastic_client, prefix=prefix)
    assert indexes(elastic_client, prefix) == FIRST | SECOND
    assert elastic_client.count(index=f"{prefix}articles-000001")["count"] == 3
    assert delete_retired(elastic_client, prefix) == sorted(prefix + name for name in FIRST)
    assert indexes(elastic_client, prefix) == SECOND
    assert retired(elastic_client, prefix) == []
    assert stems(store) == ["0", "1", "2"]


def test_what_a_killed_rebuild_left_is_named_and_can_be_deleted(
    store: ElasticIndexStore, elastic_client: Elasticsearch, prefix: str
) -> None:
    left = f"{prefix}articles-000002"
    elastic_client.indices.create(index=left, aliases={f"{left}-fill": {"is_write_index": True}})
    with pytest.raises(RejectedError, match=r"articles-000002 is there already: .*--delete-old"):
        rebuild(elastic_client, prefix=prefix)
    assert indexes(elastic_client, prefix) == FIRST | {"articles-000002"}
    assert delete_retired(elastic_client, prefix) == [left]
    rebuild(elastic_client, prefix=prefix)
    assert stems(store) == []
