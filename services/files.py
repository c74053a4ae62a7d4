"""`clashwatch files`: every dropped file and the end it came to, from the feeder's registry and the index."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from services.feeder.registry import TABLES, Registry, Row
from shared.bus.sqlite import SqliteBus
from shared.schemas import ArticleAnalyzed, ArticleReceived
from shared.schemas.moments import timestamp
from shared.store.database import Database
from shared.store.holdings import Holdings
from shared.store.port import IndexStore
from shared.store.sqlite_index import SqliteIndexStore

RECEIVED = "received"
"""The feeder has published it; no stage behind it has said yet what became of it."""


def file_rows(held: Holdings, state: str | None = None) -> Iterator[dict[str, Any]]:
    """`path, state, reason, article_id` and times, by path; then the members of containers, oldest first.

    Where the feeder's registry is not at hand, what the index knows: no file that still waits, oldest first.
    """
    registry = Registry(held.folder) if held.folder and held.folder.has(TABLES) else None
    if registry:
        yield from (row for row in _dropped(registry, held.index) if state in (None, row["state"]))
    for body in held.index.scan("files", {"state": state} if state else None):
        if registry is None or _is_member(body["path"], registry):
            yield _row(body["path"], body["state"], body["reason"], body["article_id"], body.get("settled_at"))


def _is_member(path: str, registry: Registry) -> bool:
    """Of a container: the registry knows the container only."""
    return "!/" in path and not registry.files([path.encode()])


def file_counts(database: Database) -> dict[str, int]:
    """Files by state, members of containers included; cheap with any number of them."""
    ended = SqliteIndexStore(database).counts("files", "state")
    dropped = {state: count.files for state, count in Registry(database).counts().items()}
    bus = SqliteBus(database)
    underway = bus.lag("normalizer", [ArticleReceived.TYPE]) + bus.lag("indexer", [ArticleAnalyzed.TYPE])
    return {"waiting": 0} | dropped | {RECEIVED: underway} | ended


def _dropped(registry: Registry, store: IndexStore) -> Iterator[dict[str, Any]]:
    for row in registry.rows():
        seen, settled = _iso(row.first_seen), _iso(row.settled_at)
        state, reason = (row.state, row.reason) if row.state != RECEIVED else _end(store, row)
        yield _row(row.path, state, reason, row.article_id, settled, seen, row.size)


def _end(store: IndexStore, row: Row) -> tuple[str, str]:
    """What the stages made of a file that was published: its articles, or the reason why there are none."""
    document = store.get("files", f"{row.path}@{row.article_id}")
    return (document["state"], document["reason"]) if document else (RECEIVED, "")


def _row(
    path: str,
    state: str,
    reason: str,
    article_id: str | None,
    settled_at: str | None,
    first_seen: str | None = None,
    size: int | None = None,
) -> dict[str, Any]:
    """`first_seen` and `size` (bytes) are the registry's alone."""
    return {
        "path": path,
        "state": state,
        "reason": reason,
        "article_id": article_id,
        "settled_at": settled_at,
        "first_seen": first_seen,
        "size": size,
    }


def _iso(moment: datetime | None) -> str | None:
    return timestamp(moment) if moment else None
