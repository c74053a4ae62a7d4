"""Rebuilding: what the log's messages lead to, where a replay begins, and the data folder's own index."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from services.indexer.documents import documents
from services.reindex import TOPICS, documents_of
from shared.bus.kafka_replay import Start
from shared.bus.port import Record
from shared.bus.topics import load_topics
from shared.envelope import encode
from shared.schemas import IncidentChanged
from shared.store.database import Database
from shared.store.indexes import INDEXES
from shared.store.port import Document
from shared.store.sqlite_index import SqliteIndexStore
from tests.contract.index_store_suite import article
from tests.in_process import clashwatch
from tests.unit.front_rig import NOW, alert, incident
from tests.unit.front_rig import article as hostile_article

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(*arguments: object) -> tuple[int, str, str]:
        code = clashwatch(monkeypatch, "reindex", *arguments)
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return run


def record(offset: int, value: bytes, topic: str = "incident.changed") -> Record:
    return Record(topic, 1, offset, "k", value)


def test_messages_lead_to_the_documents_of_the_indexer() -> None:
    messages = (hostile_article(), IncidentChanged(incident=incident()), alert())
    values = [encode(message, id=str(n), stage="s", now=NOW) for n, message in enumerate(messages)]
    refused: list[str] = []
    found = list(documents_of([record(n, value) for n, value in enumerate(values)], refused))
    expected = [one for message in messages for one in documents(message)]
    assert found == [Document(one.index, one.id, one.version, one.body) for one in expected]
    assert {one.index for one in found} == {"articles", "files", "incidents", "alerts"}
    assert refused == []


def test_what_cannot_be_read_is_named_and_the_rest_goes_on() -> None:
    good = encode(alert(), id="1", stage="s", now=NOW)
    unknown = good.replace(b"alert.raised", b"alert.razed")
    refused: list[str] = []
    found = list(documents_of([record(7, b"\xff"), record(8, unknown), record(9, good)], refused))
    assert [one.id for one in found] == ["a1"]
    assert [line.partition(": ")[0] for line in refused] == ["incident.changed/1:7", "incident.changed/1:8"]
    assert "KeyError" in refused[1]


def test_the_topics_are_those_the_indexer_consumes() -> None:
    assert set(TOPICS) == {name for name, topic in load_topics().items() if "indexer" in topic.consumers}


def test_the_narrowest_place_counts() -> None:
    start = Start(3, {("alert.raised", None): 5, ("alert.raised", 2): 9})
    assert [start.offset("alert.raised", n) for n in (0, 2)] == [5, 9]
    assert start.offset("incident.changed", 2) == 3
    assert Start().offset("incident.changed", 0) == 0


@pytest.mark.parametrize(
    "wrong", ["yesterday", "-1", "nobody:3", "alert.raised/x:3", "alert.raised/1", "earliest index"]
)
def test_a_beginning_that_is_none_is_wrong_usage(
    wrong: str, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("services.cli.reindex.reached", lambda _: None)
    monkeypatch.setattr("shared.store.elastic_client.connect", lambda _: closing_nothing())
    monkeypatch.setenv("CLASHWATCH_KAFKA", "127.0.0.1:9")
    begin = [part for one in wrong.split() for part in ("--from", one)]
    code, _, error = run(*begin, "--elasticsearch", "http://127.0.0.1:9", "--data", tmp_path)
    assert code == 2
    assert f"--from: {wrong.rpartition(' ')[2]!r} is none of" in error


class closing_nothing:
    """A client nobody asks anything."""

    def close(self) -> None:
        pass


def test_without_kafka_the_log_cannot_be_read(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("shared.store.elastic_client.connect", lambda _: closing_nothing())
    monkeypatch.delenv("CLASHWATCH_KAFKA", raising=False)
    monkeypatch.chdir(tmp_path)
    code, _, error = run("--elasticsearch", "http://127.0.0.1:9")
    assert code == 2
    assert "--from index" in error


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--from", "earliest"], "are for Elasticsearch"),
        (["--delete-old"], "are for Elasticsearch"),
        (["--from", "earliest", "--delete-old"], "do not go together"),
        ([], "there is nothing in"),
    ],
)
def test_a_data_folder_has_no_log_to_begin_at(arguments: list[str], complaint: str, run: Run, tmp_path: Path) -> None:
    code, _, error = run(*arguments, "--data", tmp_path)
    assert code == 2
    assert complaint in error


QUERIES = ("shelling", "Goris OR wheat", "dyad:AM-AZ", "is_clash:true", "stem:17", "-wheat", "title*")


def fill(store: SqliteIndexStore) -> None:
    am_az = {"side_a": "AM", "side_b": "AZ", "dyad": "AM-AZ"}
    for number in range(300):
        body = article(f"{number}", f"Title {number}", "Shelling at Goris." if number % 2 else "Wheat prices.")
        store.put("articles", f"{number}", 1, body | {"is_clash": bool(number % 2), "reports": [am_az][: number % 2]})
    store.put("articles", "gone", 2, {"article_id": "gone", "status": "withdrawn"})
    store.put("files", "p@1", 1, {"path": "p", "state": "rejected"})


def seen(store: SqliteIndexStore) -> Any:
    """All a reader can ask."""
    hits = {query: [(hit.id, hit.score, hit.highlights) for hit in store.search(query, limit=500)] for query in QUERIES}
    lists = {index: [placed.cursor for placed in store.listed(index)] for index in INDEXES}
    counts = {index: store.count(index) for index in INDEXES}
    return hits, lists, counts, store.counts("articles", "is_clash"), store.counts("files", "state")


def test_a_data_folders_index_is_made_of_its_documents_again(run: Run, tmp_path: Path) -> None:
    """Whatever has become of words and fields."""
    with closing(Database(tmp_path)) as database:
        store = SqliteIndexStore(database)
        fill(store)
        before = seen(store)
        assert all(before[0].values())
        database.execute("DELETE FROM articles_terms WHERE row % 3 = 0")
        database.execute("INSERT INTO articles_terms VALUES ('dyad', 'AM-AZ', 1)")
        database.execute("INSERT INTO articles_fts (articles_fts) VALUES ('delete-all')")
        database.execute("UPDATE articles_docs SET hidden = 1 - hidden")
        database.execute("DELETE FROM files_terms")
        assert seen(store) != before
        code, out, _ = run("--data", tmp_path)
        assert code == 0
        assert "articles: 301 documents\n" in out
        assert seen(store) == before
        store.put("articles", "7", 2, article("7", "Nothing", "new"))
        assert [hit.id for hit in store.search("title:7 OR nothing")] == ["7"]


def test_writers_and_readers_go_on_meanwhile(tmp_path: Path) -> None:
    with closing(Database(tmp_path)) as one, closing(Database(tmp_path)) as other:
        rebuilding, writing = SqliteIndexStore(one), SqliteIndexStore(other)
        fill(rebuilding)

        def write() -> None:
            for number in range(300, 320):
                writing.put("articles", f"{number}", 1, article(f"{number}", "Later", "Shelling at Goris."))
                assert len(writing.search("goris", limit=500)) == 150 + number - 299

        with ThreadPoolExecutor(1) as thread:
            work = thread.submit(write)
            for _ in range(5):
                rebuilding.rebuild()
            work.result()
        assert rebuilding.rebuild()["articles"] == 321
        assert len(rebuilding.search("goris", limit=500)) == 170
