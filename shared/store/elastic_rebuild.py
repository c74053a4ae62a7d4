"""New generations of the indexes, filled and swapped in under their aliases while readers and writers go on.

Documents carry their versions, so filling may overlap with live writes. What was written to the old generation while
the new one was filled is brought over after the swap, once the old one takes no writes any more; only what is newer is
written. A rebuild that fails before the swap takes away what it made; one broken off after it is finished by the next
(the alias `NEW-fill` says that there is something to finish). Documents deleted meanwhile come back: no service
deletes any.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from typing import Any

from elasticsearch import Elasticsearch

from shared.errors import RejectedError
from shared.store.elastic_bulk import Bulk, index_item
from shared.store.elastic_client import translated
from shared.store.elastic_documents import document_id, original, original_id, searchable
from shared.store.elastic_index import ArrivalClock, newest
from shared.store.elastic_templates import aliases, write_alias
from shared.store.indexes import INDEXES
from shared.store.port import Document, IndexName

_PAGE = 200
_KEEP_ALIVE = "5m"
_GENERATION = re.compile(r"-(\d{6})$")


@dataclass(frozen=True, slots=True)
class Generation:
    """An index that takes the place of another."""

    name: IndexName
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was swapped in, and why documents were refused, one line each."""

    generations: Sequence[Generation]
    refused: Sequence[str]


def rebuild(
    client: Elasticsearch, documents: Iterable[Document] = (), prefix: str = "", names: Sequence[IndexName] = ()
) -> Rebuilt:
    """Builds indexes (all, unless named) anew with today's templates, and swaps them in, in one step: from `documents`,
    such as those of a replayed log, and from what the indexes hold where that is newer or not among them.

    The old ones stay, without aliases and closed to writes. Raises RejectedError when a write alias is not on exactly
    one index, or when there is a next generation already.
    """
    names = names or tuple(INDEXES)
    bulk, refused = Bulk(client), list[str]()
    for name in names:
        refused += _finish_last(bulk, name, current(client, prefix + name))
    with ExitStack() as stack:
        generations = [_begun(client, name, current(client, prefix + name), stack) for name in names]
        marks = {one.old: _checkpoint(client, one.old) for one in generations}
        refused += _fill(bulk, generations, _ordered(client, generations, documents))
        for one in generations:
            refused += _fill(bulk, [one], _held(client, one))
        stack.pop_all()  # from here on the new ones may be in use, even if the swap's answer is lost
    _swap(client, prefix, generations)
    for one in generations:
        refused += _finish(bulk, one, marks[one.old])
    return Rebuilt(generations, list(dict.fromkeys(refused)))


def current(client: Elasticsearch, name: str) -> str:
    """The index behind the write alias."""
    with translated():
        found = list(client.indices.get_alias(name=write_alias(name)))
    if len(found) != 1:
        raise RejectedError(f"{write_alias(name)} is on {len(found)} indexes: {', '.join(found)}")
    return str(found[0])


def retired(client: Elasticsearch, prefix: str = "", names: Sequence[IndexName] = ()) -> list[str]:
    """Generations that are not in use: older ones, and newer ones of a rebuild that was broken off.

    Raises RejectedError while the one in use has not taken over everything.
    """
    found = list[str]()
    for name in names or INDEXES:
        used = current(client, prefix + name)
        if _is_unfinished(client, used):
            raise RejectedError(f"{used} has not taken over all of {_before(used)}: reindex once more first")
        with translated():
            all_there = client.indices.get_alias(index=f"{prefix}{name}-0*")
        found += [one for one in all_there if one != used and _GENERATION.search(one)]
    return sorted(found)


def delete_retired(client: Elasticsearch, prefix: str = "", names: Sequence[IndexName] = ()) -> list[str]:
    """Deletes them, for good; returns their names."""
    found = retired(client, prefix, names)
    with translated():
        for one in found:
            client.indices.delete(index=one)
    return found


def count(client: Elasticsearch, index: str) -> int:
    """How many documents an index has, hidden ones included."""
    with translated():
        client.indices.refresh(index=index)
        return int(client.count(index=index)["count"])


def _begun(client: Elasticsearch, name: IndexName, old: str, stack: ExitStack) -> Generation:
    """An empty index that only the rebuild writes to; deleted unless the stack is emptied."""
    new = _numbered(old, 1)
    with translated():
        if client.indices.exists(index=new):
            raise RejectedError(
                f"{new} is there already: another rebuild is at work, or one was broken off"
                " (`clashwatch reindex --delete-old` takes it away)"
            )
        client.indices.create(index=new, aliases={_fill_alias(new): {"is_write_index": True}})
    stack.callback(_delete, client, new)
    return Generation(name, old, new)


def _delete(client: Elasticsearch, index: str) -> None:
    with translated():
        client.options(ignore_status=404).indices.delete(index=index)


def _numbered(index: str, step: int) -> str:
    match = _GENERATION.search(index)
    if match is None:
        raise RejectedError(f"{index} does not end in a generation such as -000001")
    return f"{index[: match.start()]}-{int(match[1]) + step:06d}"


def _before(index: str) -> str:
    return _numbered(index, -1)


def _fill_alias(index: str) -> str:
    return f"{index}-fill"


def _is_unfinished(client: Elasticsearch, index: str) -> bool:
    with translated():
        return bool(client.indices.exists_alias(name=_fill_alias(index)))


def _finish_last(bulk: Bulk, name: IndexName, used: str) -> list[str]:
    """What a rebuild that was broken off after its swap still owes."""
    if not _is_unfinished(bulk.client, used):
        return []
    return _finish(bulk, Generation(name, _before(used), used), None)


def _swap(client: Elasticsearch, prefix: str, generations: Sequence[Generation]) -> None:
    """All aliases of all in one step: no reader sees none or both."""
    actions: list[dict[str, Any]] = []
    for one in generations:
        named = aliases(prefix + one.name)
        actions += [{"remove": {"index": one.old, "alias": alias, "must_exist": True}} for alias in named]
        actions += [{"add": {"index": one.new, "alias": alias, **options}} for alias, options in named.items()]
    with translated():
        client.indices.refresh(index=[one.new for one in generations])
        client.indices.update_aliases(actions=actions)


def _finish(bulk: Bulk, one: Generation, mark: int | None) -> list[str]:
    """Brings over what the old one was given since `mark`."""
    with translated():
        bulk.client.indices.add_block(index=one.old, block="write")  # answers when no write is under way any more
    refused = _fill(bulk, [one], _held(bulk.client, one, mark))
    with translated():
        bulk.client.indices.delete_alias(index=one.new, name=_fill_alias(one.new))
    return refused


def _checkpoint(client: Elasticsearch, index: str) -> int | None:
    """Every write of the index up to this sequence number is done; None where it has more than one shard."""
    with translated():
        shards = client.indices.stats(index=index, level="shards")["indices"][index]["shards"]
    copies = [copy for shard in shards.values() for copy in shard if copy["routing"]["primary"]]
    return int(copies[0]["seq_no"]["local_checkpoint"]) if len(copies) == 1 else None


def _fill(bulk: Bulk, generations: Sequence[Generation], documents: Iterable[tuple[Document, int]]) -> list[str]:
    """Why documents were refused. What is as new or newer there already stays."""
    targets = {one.name: _fill_alias(one.new) for one in generations}
    refused: list[str] = []
    for page in _pages(documents):
        items = [
            index_item(targets[one.index], document_id(one.id), _with_order(one, order), one.version)
            for one, order in page
        ]
        refused += [
            f"{one.index} {one.id}: {outcome.refused}"
            for (one, _), outcome in zip(page, bulk.send(items), strict=True)
            if outcome.refused is not None
        ]
    return refused


def _with_order(one: Document, order: int) -> dict[str, Any]:
    return searchable(one.index, one.id, one.body, order)


def _pages(documents: Iterable[tuple[Document, int]]) -> Iterator[list[tuple[Document, int]]]:
    source = iter(documents)
    while page := list(islice(source, _PAGE)):
        yield page


def _ordered(
    client: Elasticsearch, generations: Sequence[Generation], documents: Iterable[Document]
) -> Iterator[tuple[Document, int]]:
    """Documents of these indexes with their place in lists: the one they have, or behind all others."""
    places, arrivals = {one.name: (one.old, one.new) for one in generations}, ArrivalClock()
    source = (one for one in documents if one.index in places)
    while page := list(islice(source, _PAGE)):
        kept = list(newest(page).values())
        old, new = (_orders(client, [places[one.index][i] for one in kept], kept) for i in (0, 1))
        for one, *orders in zip(kept, old, new, strict=True):
            yield one, next(filter(None, orders), 0) or arrivals.next()


def _orders(client: Elasticsearch, indexes: Sequence[str], documents: Sequence[Document]) -> list[int]:
    """When each first came, as its index has it; 0 for one that is not there."""
    wanted = [
        {"_index": index, "_id": document_id(one.id), "_source": ["order"]}
        for index, one in zip(indexes, documents, strict=True)
    ]
    with translated():
        found = client.mget(docs=wanted)["docs"]
    return [int(one["_source"].get("order", 0)) if one.get("found") else 0 for one in found]


def _held(client: Elasticsearch, one: Generation, mark: int | None = None) -> Iterator[tuple[Document, int]]:
    """All documents of the old index, or those written after `mark`, with their versions and when they first came."""
    changed: dict[str, Any] = {"match_all": {}} if mark is None else {"range": {"_seq_no": {"gt": mark}}}
    with translated():
        client.indices.refresh(index=one.old)
        point = client.open_point_in_time(index=one.old, keep_alive=_KEEP_ALIVE)["id"]
    after = None
    try:
        while True:
            with translated():
                hits = client.search(
                    pit={"id": point, "keep_alive": _KEEP_ALIVE},
                    query=changed,
                    sort=[{"order": "asc"}],
                    search_after=after,
                    size=_PAGE,
                    version=True,
                    track_total_hits=False,
                )["hits"]["hits"]
            for hit in hits:
                document = Document(one.name, original_id(hit), hit["_version"], original(hit["_source"]))
                yield document, hit["_source"]["order"]
            if len(hits) < _PAGE:
                return
            after = hits[-1]["sort"]
    finally:
        client.options(ignore_status=404).close_point_in_time(id=point)
