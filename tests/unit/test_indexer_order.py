"""Whatever order messages about one thing come in, and however often, the index ends the same."""

from contextlib import closing
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path

import pytest

from services.indexer.stage import build
from shared.schemas import ArticleAnalyzed, ArticleWithdrawn, FileSettled, IncidentChanged, Message
from shared.schemas.file_settled import FileState
from shared.schemas.incident import Incident, Link, Status
from shared.store import listing
from shared.store.database import Database
from shared.store.sqlite_index import SqliteIndexStore

NOW = datetime(2022, 9, 14, tzinfo=UTC)


def analyzed(version: int, path: str = "p") -> ArticleAnalyzed:
    return ArticleAnalyzed(
        article_id="a",
        version=version,
        path=path,
        stem="one",
        body="Goris",
        sentences=(),
        mentions=(),
        language="en",
        signature="0",
        is_clash=True,
        score=1,
    )


def withdrawn(version: int) -> ArticleWithdrawn:
    return ArticleWithdrawn(article_id="a", version=version, path="p", superseded_by="b", reason="changed")


def settled(version: int, state: FileState, article_version: int, path: str = "p") -> FileSettled:
    return FileSettled(
        path=path,
        version=version,
        state=state,
        reason="r",
        article_id="a",
        article_version=article_version,
        settled_at=NOW,
    )


def changed(revision: int, status: Status = "active", *, incident_id: str = "i") -> IncidentChanged:
    link = Link(report_id="r", article_id="a", stem="one", reasons=())
    return IncidentChanged(
        incident=Incident(
            incident_id=incident_id,
            revision=revision,
            status=status,
            redirects_to="j" if status == "merged" else None,
            dyad="AM-AZ",
            side_a="AM",
            side_b="AZ",
            links=(link,),
        )
    )


def put(store: SqliteIndexStore, *messages: Message) -> None:
    stage = build(store)
    for message in messages:
        assert list(stage.apply(message, NOW)) == []


@pytest.mark.parametrize(
    ("messages", "articles", "file"),
    [
        ([analyzed(1), withdrawn(2)], 0, "superseded"),
        ([analyzed(1), withdrawn(2), analyzed(3)], 1, "indexed"),
        ([analyzed(1), withdrawn(2), settled(1, "superseded", 1)], 0, "superseded"),
        ([analyzed(1), withdrawn(2), settled(1, "superseded", 1), analyzed(3)], 1, "indexed"),
        ([analyzed(1), settled(1, "superseded", 1), analyzed(3, "q")], 1, "superseded"),
        (
            [settled(1, "duplicate", 1), settled(1, "superseded", 1), settled(3, "duplicate", 1)],
            0,
            "duplicate",
        ),
        ([settled(1, "duplicate", 1), analyzed(3)], 1, "indexed"),
    ],
)
def test_the_order_of_messages_does_not_matter(
    tmp_path: Path, messages: list[Message], articles: int, file: str
) -> None:
    for number, order in enumerate(permutations(messages)):
        with closing(Database(tmp_path / str(number))) as database:
            store = SqliteIndexStore(database)
            put(store, *order, *order)
            assert store.count("articles") == articles
            row = store.get("files", "p@a")
            assert row is not None
            assert row["state"] == file


def test_articles_name_the_incidents_that_link_to_them(database: Database) -> None:
    store = SqliteIndexStore(database)
    put(store, analyzed(1), changed(1), changed(1, incident_id="k"))
    [row] = listing.rows(store, "articles", listing.Wanted())
    assert (row["id"], row["article_id"], row["incidents"]) == ("one", "a", ["i", "k"])


def test_merged_incidents_answer_with_where_they_went_and_are_not_listed(database: Database) -> None:
    store = SqliteIndexStore(database)
    put(store, changed(1), changed(1, incident_id="j"), changed(2, "merged"), analyzed(1))
    assert [body["incident_id"] for body in store.scan("incidents")] == ["j"]
    found = listing.incident(store, "i")
    assert found is not None
    assert found["incident_id"] == "j"
    assert listing.incident(store, "zzz") is None
    [row] = listing.rows(store, "articles", listing.Wanted())
    assert row["incidents"] == ["j"]
