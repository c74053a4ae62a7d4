"""The linker's state in Elasticsearch: a head a dyad, a row a report, a row an incident.

A change becomes true in one write: the head, guarded by seq_no and primary_term, holds it until it is spread over the
rows. Whoever finds it there after a crash spreads it again, which changes nothing. Heads are read by id, so nothing
waits for a refresh; rows are searched only where a dyad is not in memory.
"""

import json
import zlib
from base64 import b64decode, b64encode
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from elasticsearch import ConflictError as Conflict
from elasticsearch import Elasticsearch
from pydantic_core import from_json, to_json

from shared.errors import ConflictError, RejectedError
from shared.schemas.incident import Incident
from shared.schemas.report_detected import ReportDetected
from shared.store.elastic_bulk import Bulk, Item, index_item
from shared.store.elastic_client import fetch, translated
from shared.store.elastic_documents import document_id
from shared.store.elastic_templates import write_alias
from shared.store.port import ArticleState, DyadChange, DyadState

MAX_REPORTS_IN_MEMORY = 10_000
MAX_PENDING_BYTES = 64 * 1024
_PAGE = 500
_BODY: dict[str, type[ReportDetected | Incident]] = {"reports": ReportDetected, "incidents": Incident}

Row = dict[str, Any]


@dataclass(slots=True)
class _Guard:
    """Where the head was when it was read: what has to be still so for a write."""

    seq_no: int
    primary_term: int

    def as_arguments(self) -> dict[str, int]:
        return {"if_seq_no": self.seq_no, "if_primary_term": self.primary_term}


@dataclass(slots=True)
class _Head:
    """A dyad in memory. `pending` are rows the head holds and the rows do not have yet."""

    version: int = 0
    guard: _Guard | None = None
    pending: list[Row] = field(default_factory=list)
    reports: dict[str, ReportDetected] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    places: dict[tuple[str, str], int] = field(default_factory=dict)


class ElasticLinkStore:
    """A `LinkStore` for several linkers. Keeps the dyads used last in memory."""

    def __init__(self, client: Elasticsearch, prefix: str = "", bulk: Bulk | None = None) -> None:
        self._client = client
        self._bulk = bulk or Bulk(client)
        self._heads, self._rows, self._articles = (
            write_alias(f"{prefix}state-{name}") for name in ("dyads", "rows", "articles")
        )
        self._cache: OrderedDict[str, _Head] = OrderedDict()

    def load(self, dyad: str) -> DyadState:
        """The dyad's state; an empty one with version 0 when it is new."""
        head = self._current(dyad)
        return DyadState(dyad, head.version, tuple(head.reports.values()), tuple(head.incidents.values()))

    def save(self, change: DyadChange) -> int:
        """Returns the new version. Raises ConflictError when the dyad's version is no longer `expected_version`."""
        head = self._cache.get(change.dyad)
        if head is None or head.version != change.expected_version:
            head = self._current(change.dyad)
        if head.version != change.expected_version:
            raise _conflict(change.dyad)
        added = _rows(head, change)
        if sum(len(row["body"]) for row in head.pending + added) > MAX_PENDING_BYTES:
            self._spread(change.dyad, head)
            pending = added
        else:
            pending = head.pending + added
        self._commit(change.dyad, head, pending)
        for row in added:
            _take(head, row)
        self._forget_oldest()
        return head.version

    def article(self, article_id: str) -> ArticleState:
        """What is known of an article; version 0 when nothing is."""
        found = fetch(self._client, self._articles, document_id(article_id))
        if found is None:
            return ArticleState(article_id)
        source = found["_source"]
        return ArticleState(article_id, source["version"], frozenset(source["dyads"]), frozenset(source["incidents"]))

    def save_article(self, state: ArticleState) -> None:
        """Remembers it; a version lower than the one known is ignored."""
        body = {
            "article_id": state.article_id,
            "version": state.version,
            "dyads": sorted(state.dyads),
            "incidents": sorted(state.incidents),
        }
        with translated():
            self._client.options(ignore_status=409).index(
                index=self._articles,
                id=document_id(state.article_id),
                document=body,
                version=state.version,
                version_type="external_gte",
                require_alias=True,
            )

    def _current(self, dyad: str) -> _Head:
        """The head as it is now, with rows in memory."""
        found = fetch(self._client, self._heads, document_id(dyad))
        cached = self._cache.pop(dyad, None)
        if found is None:
            head = _Head()
        elif cached is not None and cached.guard == _guard(found):
            head = cached
        else:
            head = self._read(dyad, found)
        self._cache[dyad] = head
        self._forget_oldest()
        return head

    def _read(self, dyad: str, found: Mapping[str, Any]) -> _Head:
        """From the rows, and over them what the head still holds."""
        head = _Head(found["_source"]["version"], _guard(found), _unpacked(found["_source"]["pending"]))
        for row in self._stored(dyad):
            _take(head, row)
        for row in head.pending:
            _take(head, row)
        return head

    def _stored(self, dyad: str) -> Iterator[Row]:
        with translated():
            self._client.indices.refresh(index=self._rows)
        after = None
        while True:
            with translated():
                hits = self._client.search(
                    index=self._rows,
                    query={"term": {"dyad": dyad}},
                    sort=[{"seq": "asc"}],
                    search_after=after,
                    size=_PAGE,
                    track_total_hits=False,
                )["hits"]["hits"]
            for hit in hits:
                yield {**hit["_source"], "body": _inflated(hit["_source"]["body"])}
            if len(hits) < _PAGE:
                return
            after = hits[-1]["sort"]

    def _spread(self, dyad: str, head: _Head) -> None:
        """Writes what the head holds to the rows. A row's version is the dyad's: only a later one replaces it."""
        items = [_item(self._rows, dyad, row) for row in head.pending]
        for outcome in self._bulk.send(items):
            if outcome.refused is not None:
                raise RejectedError(f"{dyad}: {outcome.refused}")

    def _commit(self, dyad: str, head: _Head, pending: list[Row]) -> None:
        """The one write that counts."""
        guard: dict[str, Any] = head.guard.as_arguments() if head.guard else {"op_type": "create"}
        body = {"dyad": dyad, "version": head.version + 1, "pending": _packed(pending)}
        try:
            with translated():
                answer = self._write(dyad, body, guard)
        except Conflict as error:
            raise _conflict(dyad) from error
        head.version += 1
        head.pending = pending
        head.guard = _Guard(answer["_seq_no"], answer["_primary_term"])

    def _write(self, dyad: str, body: Row, guard: dict[str, Any]) -> Any:
        return self._client.index(index=self._heads, id=document_id(dyad), document=body, require_alias=True, **guard)

    def _forget_oldest(self) -> None:
        while len(self._cache) > 1 and sum(len(one.reports) for one in self._cache.values()) > MAX_REPORTS_IN_MEMORY:
            self._cache.popitem(last=False)


def _conflict(dyad: str) -> ConflictError:
    return ConflictError(f"{dyad} was saved by somebody else since it was loaded")


def _guard(found: Mapping[str, Any]) -> _Guard:
    return _Guard(found["_seq_no"], found["_primary_term"])


def _rows(head: _Head, change: DyadChange) -> list[Row]:
    """What the change writes; a row keeps the place it came to at first."""
    version = head.version + 1
    written: Iterable[tuple[str, str, bytes]] = [
        *(("reports", one.report.report_id, one.model_dump_json().encode()) for one in change.added),
        *(("incidents", one.incident_id, one.model_dump_json().encode()) for one in change.incidents),
    ]
    rows = []
    for number, (kind, name, body) in enumerate(written):
        seq = head.places.get((kind, name), version * 1_000_000 + number)
        rows.append({"kind": kind, "id": name, "seq": seq, "version": version, "body": body.decode()})
    for name in change.removed:
        if ("reports", name) in head.places:
            seq = head.places["reports", name]
            rows.append({"kind": "reports", "id": name, "seq": seq, "version": version, "removed": True, "body": ""})
    return rows


def _take(head: _Head, row: Row) -> None:
    """A row into memory."""
    table: dict[str, Any] = head.reports if row["kind"] == "reports" else head.incidents
    if row.get("removed"):
        table.pop(row["id"], None)
        head.places.pop((row["kind"], row["id"]), None)
        return
    table[row["id"]] = _BODY[row["kind"]].model_validate_json(row["body"])
    head.places[row["kind"], row["id"]] = row["seq"]


def _item(index: str, dyad: str, row: Row) -> Item:
    body = {name: value for name, value in row.items() if name != "version"}
    body |= {"dyad": dyad, "body": _deflated(row["body"])}
    name = document_id(json.dumps([dyad, row["kind"], row["id"]]))
    return index_item(index, name, body, row["version"])


def _packed(rows: list[Row]) -> str:
    return b64encode(zlib.compress(to_json(rows), 1)).decode()


def _unpacked(text: str) -> list[Row]:
    rows: list[Row] = from_json(zlib.decompress(b64decode(text)))
    return rows


def _deflated(text: str) -> str:
    return b64encode(zlib.compress(text.encode(), 1)).decode()


def _inflated(text: str) -> str:
    return zlib.decompress(b64decode(text)).decode()
