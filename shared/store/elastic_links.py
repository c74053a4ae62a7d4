"""The linker's state in Elasticsearch: a head a dyad, a row a report, a row an incident.

A change becomes true in one write: the head, guarded by seq_no and primary_term, holds it until it is spread over the
rows. Whoever finds it there after a crash spreads it again, which changes nothing. Heads are read by id, so nothing
waits for a refresh; rows are searched only where a dyad is not in memory. Changes of a batch are written together:
each write waits for the disk.
"""

import json
import zlib
from base64 import b64decode, b64encode
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import itemgetter
from secrets import randbelow
from typing import Any

from elasticsearch import Elasticsearch
from pydantic_core import from_json, to_json

from shared.errors import ConflictError, RejectedError
from shared.schemas.incident import Incident
from shared.schemas.report_detected import ReportDetected
from shared.store.elastic_bulk import Bulk, Item, index_item, write_all
from shared.store.elastic_client import fetch, fetch_many, translated
from shared.store.elastic_documents import document_id
from shared.store.elastic_templates import write_alias
from shared.store.port import ArticleState, DyadChange, DyadState

MAX_REPORTS_IN_MEMORY = 10_000
MAX_PENDING_BYTES = 64 * 1024
_PAGE = 500
_STRIDE = 1 << 16
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
        self._gathered: _Gathered | None = None

    def load(self, dyad: str) -> DyadState:
        """The dyad's state; an empty one with version 0 when it is new."""
        head = self._current(dyad)
        return DyadState(dyad, head.version, tuple(head.reports.values()), tuple(head.incidents.values()))

    @contextmanager
    def batch(self, dyads: Collection[str] = (), articles: Collection[str] = ()) -> Iterator[None]:
        """What is saved inside becomes true when the block ends, and is seen here before; nothing of it when the block
        raises. `dyads` and `articles` are those that will be asked for, as far as that is known: each question by
        itself takes longer than all at once.

        Raises ConflictError when another saved one of the dyads or articles first (what else was saved stays: saving it
        again changes nothing), TransientError when it could not be written now.
        """
        with self._joined() as gathered:
            self._look_ahead(gathered, list(dict.fromkeys(dyads)), list(dict.fromkeys(articles)))
            yield

    def _look_ahead(self, gathered: "_Gathered", dyads: list[str], articles: list[str]) -> None:
        wanted = [(self._heads, document_id(dyad)) for dyad in dyads]
        wanted += [(self._articles, document_id(one)) for one in articles]
        found = fetch_many(self._client, wanted)
        gathered.heads.update(zip(dyads, found[: len(dyads)], strict=True))
        for article_id, one in zip(articles, found[len(dyads) :], strict=True):
            gathered.read[article_id] = _article(article_id, one)

    def save(self, change: DyadChange) -> int:
        """Returns the new version. Raises ConflictError when the dyad's version is no longer `expected_version`."""
        with self._joined() as gathered:
            head = self._cache.get(change.dyad)
            if head is None or head.version != change.expected_version:
                head = self._current(change.dyad)
            gathered.current.add(change.dyad)
            if head.version != change.expected_version:
                raise _conflict(change.dyad)
            # Not the next number: one version never names two contents, though one of them was never written.
            version = head.version + 1 + randbelow(_STRIDE)
            changed = gathered.dyads.setdefault(change.dyad, {})
            for entry in list(_entries(head, change, version)):
                _keep(head, entry)
                changed[entry.kind, entry.id] = entry
            head.version = version
        return version

    def article(self, article_id: str) -> ArticleState:
        """What is known of an article; version 0 when nothing is."""
        return self._known_article(article_id).state

    def save_article(self, state: ArticleState) -> None:
        """Remembers it; a version lower than the one known is ignored."""
        with self._joined() as gathered:
            known = self._known_article(state.article_id)
            if state.version >= known.state.version:
                gathered.articles[state.article_id] = _Article(state, known.guard)

    @contextmanager
    def _joined(self) -> Iterator["_Gathered"]:
        """The batch one is in, or a new one."""
        if self._gathered is not None:
            yield self._gathered
            return
        self._gathered = gathered = _Gathered()
        try:
            yield gathered
            self._commit(gathered)
        except BaseException:
            # Memory is ahead of what is written.
            for dyad in gathered.dyads:
                self._cache.pop(dyad, None)
            raise
        finally:
            self._gathered = None
        self._forget_oldest()

    def _known_article(self, article_id: str) -> "_Article":
        if self._gathered is None:
            return self._read_article(article_id)
        changed, read = self._gathered.articles, self._gathered.read
        if article_id not in changed and article_id not in read:
            read[article_id] = self._read_article(article_id)
        return changed.get(article_id) or read[article_id]

    def _read_article(self, article_id: str) -> "_Article":
        return _article(article_id, fetch(self._client, self._articles, document_id(article_id)))

    def _current(self, dyad: str) -> _Head:
        """The head as it is now, with rows in memory; in a batch as it was when first asked for, and was left since."""
        if self._gathered is None:
            head = self._fetched(dyad, fetch(self._client, self._heads, document_id(dyad)))
            self._forget_oldest()
            return head
        if dyad not in self._gathered.current:
            heads = self._gathered.heads
            found = heads[dyad] if dyad in heads else fetch(self._client, self._heads, document_id(dyad))
            self._fetched(dyad, found)
            self._gathered.current.add(dyad)
        return self._cache[dyad]

    def _fetched(self, dyad: str, found: Mapping[str, Any] | None) -> _Head:
        cached = self._cache.pop(dyad, None)
        if found is None:
            head = _Head()
        elif cached is not None and cached.guard == _guard(found):
            head = cached
        else:
            head = self._read(dyad, found)
        self._cache[dyad] = head
        return head

    def _read(self, dyad: str, found: Mapping[str, Any]) -> _Head:
        """From the rows, and over them what the head still holds."""
        head = _Head(found["_source"]["version"], _guard(found), _unpacked(found["_source"]["pending"]))
        # Of one report or incident both have the same place, and the head's row is the newer.
        for row in sorted([*self._stored(dyad), *head.pending], key=itemgetter("seq")):
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
                yield {"version": 0, **hit["_source"], "body": _inflated(hit["_source"]["body"])}
            if len(hits) < _PAGE:
                return
            after = hits[-1]["sort"]

    def _spread(self, dyad: str, head: _Head) -> None:
        """Writes what the head holds to the rows. A row's version is the dyad's: only a later one replaces it."""
        items = [_item(self._rows, dyad, row) for row in head.pending]
        for outcome in self._bulk.send(items):
            if outcome.refused is not None:
                raise RejectedError(f"{dyad}: {outcome.refused}")

    def _commit(self, gathered: "_Gathered") -> None:
        """The one request that counts. Articles first: what they say of a change not made is harmless, the other way
        round a replay would not know what to say again."""
        pending = {dyad: self._pending(dyad, self._cache[dyad], changed) for dyad, changed in gathered.dyads.items()}
        lines = [line for one in gathered.articles.values() for line in _article_lines(self._articles, one)]
        for dyad, rows in pending.items():
            lines += _head_lines(self._heads, dyad, self._cache[dyad], rows)
        answers = write_all(self._client, lines)[len(gathered.articles) :]
        for (dyad, rows), answer in zip(pending.items(), answers, strict=True):
            head = self._cache[dyad]
            head.pending, head.guard = rows, _guard(answer)

    def _pending(self, dyad: str, head: _Head, changed: "_Changed") -> list[Row]:
        """What the head is to hold: of a report or incident the newest row."""
        added = [_row(entry) for entry in changed.values()]
        rows = [row for row in head.pending if (row["kind"], row["id"]) not in changed] + added
        if sum(len(row["body"]) for row in rows) <= MAX_PENDING_BYTES:
            return rows
        self._spread(dyad, head)
        return added

    def _forget_oldest(self) -> None:
        while len(self._cache) > 1 and sum(len(one.reports) for one in self._cache.values()) > MAX_REPORTS_IN_MEMORY:
            self._cache.popitem(last=False)


@dataclass(frozen=True, slots=True)
class _Article:
    """An article's state, and where it was read (None: there was none)."""

    state: ArticleState
    guard: _Guard | None


@dataclass(frozen=True, slots=True)
class _Entry:
    """A report or incident as a change leaves it (None: gone). `seq` is the place it came to at first."""

    kind: str
    id: str
    seq: int
    version: int
    body: ReportDetected | Incident | None


_Changed = dict[tuple[str, str], _Entry]


@dataclass(slots=True)
class _Gathered:
    """What a batch has changed so far, of dyads and articles by id; what it has read. `current` are the dyads whose
    state in memory is that of this batch."""

    dyads: dict[str, _Changed] = field(default_factory=dict)
    heads: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)
    current: set[str] = field(default_factory=set)
    articles: dict[str, _Article] = field(default_factory=dict)
    read: dict[str, _Article] = field(default_factory=dict)


def _article(article_id: str, found: Mapping[str, Any] | None) -> _Article:
    if found is None:
        return _Article(ArticleState(article_id), None)
    source = found["_source"]
    state = ArticleState(article_id, source["version"], frozenset(source["dyads"]), frozenset(source["incidents"]))
    return _Article(state, _guard(found))


def _article_lines(index: str, article: _Article) -> list[Row]:
    state = article.state
    body = {
        "article_id": state.article_id,
        "version": state.version,
        "dyads": sorted(state.dyads),
        "incidents": sorted(state.incidents),
    }
    return [_action(index, state.article_id, article.guard), body]


def _head_lines(index: str, dyad: str, head: _Head, pending: list[Row]) -> list[Row]:
    body = {"dyad": dyad, "version": head.version, "pending": _packed(pending)}
    return [_action(index, dyad, head.guard), body]


def _action(index: str, name: str, guard: _Guard | None) -> Row:
    """Only if nobody wrote it since it was read."""
    place = {"_index": index, "_id": document_id(name)}
    return {"index": {**place, **guard.as_arguments()}} if guard else {"create": place}


def _conflict(dyad: str) -> ConflictError:
    return ConflictError(f"{dyad} was saved by somebody else since it was loaded")


def _guard(found: Mapping[str, Any]) -> _Guard:
    return _Guard(found["_seq_no"], found["_primary_term"])


def _entries(head: _Head, change: DyadChange, version: int) -> Iterator[_Entry]:
    written: Iterable[tuple[str, str, ReportDetected | Incident]] = [
        *(("reports", one.report.report_id, one) for one in change.added),
        *(("incidents", one.incident_id, one) for one in change.incidents),
    ]
    for number, (kind, name, body) in enumerate(written):
        yield _Entry(kind, name, head.places.get((kind, name), version * 1_000_000 + number), version, body)
    for name in change.removed:
        if ("reports", name) in head.places:
            yield _Entry("reports", name, head.places["reports", name], version, None)


def _row(entry: _Entry) -> Row:
    row: Row = {"kind": entry.kind, "id": entry.id, "seq": entry.seq, "version": entry.version, "body": ""}
    return row | ({"removed": True} if entry.body is None else {"body": entry.body.model_dump_json()})


def _take(head: _Head, row: Row) -> None:
    """A row into memory."""
    body = None if row.get("removed") else _BODY[row["kind"]].model_validate_json(row["body"])
    _keep(head, _Entry(row["kind"], row["id"], row["seq"], row["version"], body))


def _keep(head: _Head, entry: _Entry) -> None:
    table: dict[str, Any] = head.reports if entry.kind == "reports" else head.incidents
    if entry.body is None:
        table.pop(entry.id, None)
        head.places.pop((entry.kind, entry.id), None)
        return
    table[entry.id] = entry.body
    head.places[entry.kind, entry.id] = entry.seq


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
