"""A new generation of an index, filled and swapped in under its aliases while readers and writers go on.

Documents carry their versions, so filling may overlap with live writes: whatever was written to the old generation
until the swap is brought over after it, and only what is newer is written.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from elasticsearch import Elasticsearch

from shared.errors import RejectedError
from shared.store.elastic_bulk import Bulk, Outcome, index_item
from shared.store.elastic_client import translated
from shared.store.elastic_documents import document_id, original, original_id, searchable
from shared.store.elastic_index import ArrivalClock
from shared.store.elastic_templates import aliases, create, write_alias
from shared.store.port import Document, IndexName

_PAGE = 200
_KEEP_ALIVE = "5m"
_GENERATION = re.compile(r"-(\d{6})$")


def reindex(
    client: Elasticsearch, name: IndexName, documents: Iterable[Document] | None = None, prefix: str = ""
) -> tuple[str, list[str]]:
    """Builds the index anew with today's template, from `documents` (of a replayed log) or else from what it holds, and
    swaps it in. Returns the new index and why documents were refused, one line each.

    The old one stays, without aliases and closed to writes, until somebody deletes it. Raises RejectedError when the
    write alias is not on exactly one index.
    """
    old = current(client, prefix + name)
    new = _next(old)
    with translated():
        create(client, new, {f"{new}-fill": {"is_write_index": True}})
    bulk, arrivals = Bulk(client), ArrivalClock()
    given = ((one, arrivals.next()) for one in documents or ())
    refused = _fill(bulk, new, given)
    if documents is None:
        refused += _fill(bulk, new, _held(client, old, name))
    _swap(client, prefix + name, old, new)
    with translated():
        client.indices.add_block(index=old, block="write")  # answers when no write is under way any more
    refused += _fill(bulk, new, _held(client, old, name))
    with translated():
        client.indices.delete_alias(index=new, name=f"{new}-fill")
    return new, list(dict.fromkeys(refused))


def current(client: Elasticsearch, name: str) -> str:
    """The index behind the write alias."""
    with translated():
        found = list(client.indices.get_alias(name=write_alias(name)))
    if len(found) != 1:
        raise RejectedError(f"{write_alias(name)} is on {len(found)} indexes: {', '.join(found)}")
    return str(found[0])


def _next(index: str) -> str:
    match = _GENERATION.search(index)
    if match is None:
        raise RejectedError(f"{index} does not end in a generation such as -000001")
    return f"{index[: match.start()]}-{int(match[1]) + 1:06d}"


def _swap(client: Elasticsearch, name: str, old: str, new: str) -> None:
    """All aliases in one step: no reader sees none or both."""
    with translated():
        actions: list[dict[str, Any]] = [{"remove": {"index": old, "alias": alias}} for alias in aliases(name)] + [
            {"add": {"index": new, "alias": alias, **options}} for alias, options in aliases(name).items()
        ]
        client.indices.refresh(index=new)
        client.indices.update_aliases(actions=actions)


def _fill(bulk: Bulk, index: str, documents: Iterable[tuple[Document, int]]) -> list[str]:
    """Why documents were refused. What is as new or newer there already stays."""
    refused: list[str] = []
    source = iter(documents)
    while page := list(islice(source, _PAGE)):
        items = [
            index_item(
                f"{index}-fill",
                document_id(one.id),
                searchable(one.index, one.id, one.body, order),
                one.version,
            )
            for one, order in page
        ]
        refused += _reasons(page, bulk.send(items))
    return refused


def _reasons(page: Sequence[tuple[Document, int]], outcomes: Sequence[Outcome]) -> list[str]:
    return [
        f"{one.index} {one.id}: {outcome.refused}"
        for (one, _), outcome in zip(page, outcomes, strict=True)
        if outcome.refused is not None
    ]


def _held(client: Elasticsearch, index: str, name: IndexName) -> Iterator[tuple[Document, int]]:
    """All documents of an index with their versions and when they first came."""
    with translated():
        client.indices.refresh(index=index)
        point = client.open_point_in_time(index=index, keep_alive=_KEEP_ALIVE)["id"]
    after = None
    try:
        while True:
            with translated():
                hits = client.search(
                    pit={"id": point, "keep_alive": _KEEP_ALIVE},
                    sort=[{"order": "asc"}],
                    search_after=after,
                    size=_PAGE,
                    version=True,
                    track_total_hits=False,
                )["hits"]["hits"]
            for hit in hits:
                document = Document(name, original_id(hit), hit["_version"], original(hit["_source"]))
                yield document, hit["_source"]["order"]
            if len(hits) < _PAGE:
                return
            after = hits[-1]["sort"]
    finally:
        client.options(ignore_status=404).close_point_in_time(id=point)
