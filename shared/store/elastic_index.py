"""The search index of the cluster: an index, a read and a write alias for each of ours."""

import html
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from threading import Lock
from typing import Any

from elasticsearch import Elasticsearch

from shared.errors import RejectedError
from shared.store.elastic_bulk import STALE, Bulk, Outcome, index_item
from shared.store.elastic_client import fetch, fetch_many, translated
from shared.store.elastic_documents import document_id, original, original_id, searchable
from shared.store.elastic_query import highlight, search_query, terms_query
from shared.store.elastic_templates import field_types, write_alias
from shared.store.indexes import INDEXES, as_term
from shared.store.port import Document, Hit, IndexName, Placed, Terms
from shared.store.query import parse

_PAGE = 200
_MAX_WINDOW = 10_000
_KEEP_ALIVE = "2m"
_MAX_VALUES = 1000
_LINKS = ("incident_id", "article_ids")
_OPEN, _CLOSE = "\x02", "\x03"


@dataclass(slots=True)
class ArrivalClock:
    """Nanoseconds that never repeat in this process: the order in which documents first came."""

    _last: int = 0
    _lock: Lock = field(default_factory=Lock)

    def next(self) -> int:
        """Later than any before."""
        with self._lock:
            self._last = max(time.time_ns(), self._last + 1)
            return self._last


class ElasticIndexStore:
    """An `IndexStore` over Elasticsearch. Searches and lists see what was put a refresh (one second) ago; `get` and
    versions are exact."""

    def __init__(self, client: Elasticsearch, prefix: str = "", bulk: Bulk | None = None) -> None:
        self._client, self._prefix = client, prefix
        self._bulk = bulk or Bulk(client)
        self._arrivals = ArrivalClock()
        self._gathered: list[Document] | None = None

    @contextmanager
    def batch(self) -> Iterator[None]:
        """What is put inside is written when the block ends, in few requests; nothing of it when the block raises.

        Raises RejectedError when a document is refused (the others are written: putting them again changes nothing) and
        TransientError when some could not be written now.
        """
        gathered: list[Document] = []
        self._gathered = gathered
        try:
            yield
        finally:
            self._gathered = None
        _check(gathered, self.put_all(gathered))

    def put(self, index: IndexName, doc_id: str, version: int, body: Mapping[str, Any]) -> bool:
        """Writes unless a version as high or higher is there already; says whether it wrote (in a batch: will try to).

        Raises RejectedError for a document Elasticsearch refuses.
        """
        document = Document(index, doc_id, version, body)
        if self._gathered is not None:
            self._gathered.append(document)
            return True
        [outcome] = outcomes = self.put_all([document])
        _check([document], outcomes)
        return outcome.wrote

    def put_all(self, documents: Sequence[Document]) -> list[Outcome]:
        """`put` for many in few requests: an outcome each, in their order; of one document the highest version counts.

        Raises TransientError when some could not be written now; all may be put again.
        """
        known, wanted = self._known(documents), newest(documents)
        items = []
        for i, one in wanted.items():
            name = document_id(one.id)
            version, order = known.get((one.index, name), (-1, 0))
            if version < one.version:
                body = searchable(one.index, one.id, one.body, order or self._arrivals.next())
                items.append((i, index_item(self._writes(one.index), name, body, one.version)))
        sent = self._bulk.send([item for _, item in items])
        outcomes = dict(zip((i for i, _ in items), sent, strict=True))
        return [outcomes.get(i, STALE) for i in range(len(documents))]

    def delete(self, index: IndexName, doc_id: str) -> None:
        """Removes a document, if it is there."""
        with translated():
            self._client.options(ignore_status=404).delete(index=self._writes(index), id=document_id(doc_id))

    def get(self, index: IndexName, doc_id: str) -> dict[str, Any] | None:
        """The document, or None. Hidden ones answer, too."""
        found = fetch(self._client, self._writes(index), document_id(doc_id))
        return original(found["_source"]) if found else None

    def get_all(self, index: IndexName, doc_ids: Collection[str]) -> dict[str, dict[str, Any]]:
        """`get` for many, a page in one request: those that are there, by id."""
        found: dict[str, dict[str, Any]] = {}
        waiting = iter(dict.fromkeys(doc_ids))
        while some := list(islice(waiting, _PAGE)):
            answers = fetch_many(self._client, [(self._writes(index), document_id(one)) for one in some])
            found |= {one: original(hit["_source"]) for one, hit in zip(some, answers, strict=True) if hit}
        return found

    def scan(self, index: IndexName, where: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Documents in the order they first came, a few hundred in memory; each once, whatever changes meanwhile."""
        where = where or {}
        fields = {f: as_term(v) for f, v in where.items() if v is not None and (f, f) in INDEXES[index].fields}
        for placed in self.listed(index, fields, newest_first=False):
            if _agrees(placed.body, where):
                yield placed.body

    def listed(
        self,
        index: IndexName,
        terms: Terms | None = None,
        *,
        after: str = "",
        newest_first: bool = True,
    ) -> Iterator[Placed]:
        """Documents that have all terms, from behind a cursor on."""
        terms = terms or {}
        alias = self._writes(index) if "status" in terms else self._prefix + index
        place = int(after) if _is_cursor(after) else None
        for hit in self._pages(alias, terms_query(index, terms), "desc" if newest_first else "asc", place):
            yield Placed(str(hit["sort"][0]), original(hit["_source"]))

    def search(self, query: str, *, index: IndexName = "articles", limit: int = 20, offset: int = 0) -> list[Hit]:
        """Full text, best first; without words, the newest first. Any string is a query.

        Goes no further than 10,000 hits: lists go on for ever.
        """
        parsed = parse(query, {name for name, _ in INDEXES[index].fields})
        is_text = bool(parsed.any_of or parsed.none_of)
        limit = min(limit, _MAX_WINDOW - offset)
        if parsed.is_empty or (is_text and not INDEXES[index].text) or limit <= 0:
            return []
        with translated():
            found = self._client.search(
                index=self._prefix + index,
                query=search_query(index, parsed),
                highlight=highlight(index, _OPEN, _CLOSE) if parsed.any_of else None,
                sort=[{"_score": {"order": "desc"}}, {"order": {"order": "desc", "unmapped_type": "long"}}],
                track_scores=True,
                track_total_hits=False,
                from_=offset,
                size=limit,
            )
        return [_hit(hit) for hit in found["hits"]["hits"]]

    def linked(self, article_ids: Sequence[str]) -> dict[str, list[str]]:
        """Of each article the ids of the incidents that link to it, hidden ones left out."""
        found = {one: list[str]() for one in article_ids}
        query = {"terms": {"article_ids": list(found)}}
        for hit in self._pages(self._prefix + "incidents", query, "asc", None, _LINKS) if found else ():
            for one in found.keys() & hit["_source"]["article_ids"]:
                found[one].append(hit["_source"]["incident_id"])
        return found

    def count(self, index: IndexName) -> int:
        """How many documents, hidden ones left out."""
        with translated():
            return int(self._client.count(index=self._prefix + index)["count"])

    def counts(self, index: IndexName, field: str) -> dict[str, int]:
        """How many documents have each value of a field, hidden ones included."""
        counted: dict[str, int] = {}
        for name, path in INDEXES[index].fields:
            if name == field:
                for bucket in self._buckets(index, path):
                    value = str(bucket.get("key_as_string", bucket["key"]))
                    counted[value] = counted.get(value, 0) + int(bucket["doc_count"])
        return counted

    def refresh(self, *indexes: IndexName) -> None:
        """Makes what was put visible to searches now, in these indexes or all."""
        with translated():
            self._client.indices.refresh(index=[self._writes(index) for index in indexes or INDEXES])

    def _writes(self, index: str) -> str:
        return write_alias(self._prefix + index)

    def _known(self, documents: Sequence[Document]) -> dict[tuple[str, str], tuple[int, int]]:
        """(index, id) -> version and order of what is there already; exact, without waiting for a refresh."""
        keys = list(dict.fromkeys((one.index, document_id(one.id)) for one in documents))
        if not keys:
            return {}
        wanted = [{"_index": self._writes(index), "_id": doc_id, "_source": ["order"]} for index, doc_id in keys]
        with translated():
            found = self._client.mget(docs=wanted)["docs"]
        return {
            key: (int(one["_version"]), int(one["_source"].get("order", 0)))
            for key, one in zip(keys, found, strict=True)
            if one.get("found")
        }

    def _pages(
        self, alias: str, query: dict[str, Any], order: str, place: int | None, fields: Sequence[str] | None = None
    ) -> Iterator[dict[str, Any]]:
        """All hits, by arrival, with all or some fields. Most lists are one page: only what goes on behind it opens a
        point in time."""
        first = self._page(query, order, place, index=alias, source=fields)
        yield from first
        if len(first) < _PAGE:
            return
        place = first[-1]["sort"][0]
        with translated():
            point = self._client.open_point_in_time(index=alias, keep_alive=_KEEP_ALIVE)["id"]
        try:
            while hits := self._page(query, order, place, pit={"id": point, "keep_alive": _KEEP_ALIVE}, source=fields):
                yield from hits
                place = hits[-1]["sort"][0]
        finally:
            self._client.options(ignore_status=404).close_point_in_time(id=point)

    def _page(self, query: dict[str, Any], order: str, place: int | None, **where: Any) -> list[dict[str, Any]]:
        """The next hits behind a place."""
        with translated():
            found = self._client.search(
                **where,
                query=query,
                sort=[{"order": {"order": order, "unmapped_type": "long"}}],
                search_after=None if place is None else [place],
                size=_PAGE,
                track_total_hits=False,
            )
        hits: list[dict[str, Any]] = found["hits"]["hits"]
        return hits

    def _buckets(self, index: IndexName, path: str) -> Sequence[Mapping[str, Any]]:
        terms = {"terms": {"field": path, "size": _MAX_VALUES}}
        assert path in field_types(index)
        with translated():
            found = self._client.search(index=self._writes(index), size=0, aggs={"values": terms})
        buckets: Sequence[Mapping[str, Any]] = found["aggregations"]["values"]["buckets"]
        return buckets


def newest(documents: Sequence[Document]) -> dict[int, Document]:
    """By their places, of each document the highest version: incidents change many times in a batch."""
    places: dict[tuple[str, str], int] = {}
    for i, one in enumerate(documents):
        place = places.setdefault((one.index, one.id), i)
        if documents[place].version < one.version:
            places[one.index, one.id] = i
    return {i: documents[i] for i in places.values()}


def _check(documents: Sequence[Document], outcomes: Sequence[Outcome]) -> None:
    """Raises RejectedError for the first that was refused."""
    for one, outcome in zip(documents, outcomes, strict=True):
        if outcome.refused is not None:
            raise RejectedError(f"{one.index} {one.id}: {outcome.refused}")


def _hit(hit: Mapping[str, Any]) -> Hit:
    excerpts = [text for texts in hit.get("highlight", {}).values() for text in texts]
    body = original(hit["_source"])
    return Hit(
        original_id(hit), float(hit["_score"] or 0), body, tuple(_marked(text) for text in dict.fromkeys(excerpts))
    )


def _marked(text: str) -> str:
    """Safe to show on a page: the article's own markup is escaped, ours is not."""
    return html.escape(text, quote=False).replace(_OPEN, "<mark>").replace(_CLOSE, "</mark>")


def _is_cursor(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 19


def _agrees(body: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    return all(
        (found := body.get(name)) == value or (isinstance(found, list) and value in found)
        for name, value in where.items()
    )
