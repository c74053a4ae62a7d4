"""The pure parts of the Elasticsearch stores, and bulk requests against a server of our own making."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import pytest
from elastic_transport import ApiResponseMeta, HttpHeaders, NodeConfig
from elasticsearch import ApiError, Elasticsearch
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import RejectedError, TransientError
from shared.store.elastic_bulk import STALE, WROTE, Bulk, Item, chunks, index_item
from shared.store.elastic_client import fetch_many, named
from shared.store.elastic_documents import document_id, original, searchable
from shared.store.elastic_query import search_query
from shared.store.indexes import INDEXES
from shared.store.port import IndexName
from shared.store.query import parse


class Server:
    """Answers bulk requests: `status` gives what becomes of an item (by id) at its nth try."""

    def __init__(self, status: Callable[[str, int], int], max_items: int = 10**9) -> None:
        self._status, self._max_items = status, max_items
        self.tries: dict[str, int] = {}
        self.requests: list[int] = []

    def options(self, **_: Any) -> "Server":
        return self

    def bulk(self, operations: Sequence[bytes], **_: Any) -> Mapping[str, Any]:
        names = [json.loads(line)["index"]["_id"] for line in operations[::2]]
        self.requests.append(len(names))
        if len(names) > self._max_items:
            raise failure(413)
        return {"items": [{"index": self._answer(name)} for name in names]}

    def _answer(self, name: str) -> dict[str, Any]:
        self.tries[name] = self.tries.get(name, 0) + 1
        status = self._status(name, self.tries[name])
        return {"status": status, **({"error": {"type": "t", "reason": f"r{status}"}} if status > 299 else {})}


class Starting:
    """A server whose shards are not there yet."""

    def mget(self, docs: Sequence[Mapping[str, str]]) -> Mapping[str, Any]:
        error = {"type": "no_shard_available_action_exception", "reason": "all shards failed"}
        return {"docs": [{"_id": one["_id"], "_index": one["_index"], "error": error} for one in docs]}


def test_documents_of_a_shard_that_is_not_there_yet_are_to_be_waited_for() -> None:
    with pytest.raises(TransientError, match="no_shard_available"):
        fetch_many(cast(Elasticsearch, Starting()), [("state-dyads-write", "AM-AZ")])


def failure(status: int) -> ApiError:
    meta = ApiResponseMeta(status, "1.1", HttpHeaders(), 0.0, NodeConfig("http", "h", 1))
    return ApiError("failed", meta=meta, body={"error": {"type": "t", "reason": "r"}})


def bulk(server: Server, patience: float = 10.0) -> Bulk:
    """Its clock goes on as it sleeps."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    return Bulk(cast(Elasticsearch, server), patience, lambda: now[0], sleep)


def items(*names: str) -> list[Item]:
    return [index_item("i", name, {"n": name}, 1) for name in names]


def test_each_item_has_its_own_end() -> None:
    fates = {"new": 201, "again": 409, "bad": 400, "gone": 404}
    outcomes = bulk(Server(lambda name, _: fates[name])).send(items(*fates))
    assert outcomes[:2] == [WROTE, STALE]
    assert [bool(one.refused) for one in outcomes] == [False, False, True, True]


@pytest.mark.parametrize("status", [429, 503])
def test_only_what_was_put_off_is_sent_again(status: int) -> None:
    server = Server(lambda name, nth: status if name in "bd" and nth < 3 else 201)
    assert bulk(server).send(items(*"abcde")) == [WROTE] * 5
    assert server.requests == [5, 2, 2]
    assert server.tries == {"a": 1, "b": 3, "c": 1, "d": 3, "e": 1}


def test_patience_ends() -> None:
    server = Server(lambda name, _: 429 if name == "b" else 201)
    with pytest.raises(TransientError, match="1 of 3 documents were put off.*r429"):  # noqa: RUF043
        bulk(server, patience=3.0).send(items(*"abc"))
    assert 3 < server.tries["b"] < 12


@pytest.mark.parametrize("reason", ["cluster_block_exception", "security_exception"])
def test_a_block_or_a_refused_key_is_no_fault_of_the_document(reason: str) -> None:
    error = named(403 if "block" in reason else 401, {"error": {"type": reason, "reason": "no"}})
    assert isinstance(error, TransientError)
    assert isinstance(named(400, {"error": {"type": "document_parsing_exception"}}), RejectedError)


def test_a_request_too_large_is_halved_until_it_is_not() -> None:
    server = Server(lambda *_: 201, max_items=3)
    assert bulk(server).send(items(*"abcdefgh")) == [WROTE] * 8
    assert server.requests == [8, 4, 2, 2, 4, 2, 2]
    alone = Server(lambda *_: 201, max_items=0)
    [outcome] = bulk(alone).send(items("a"))
    assert "413" in (outcome.refused or "")


@given(st.lists(st.integers(0, 50), max_size=30))
def test_slices_keep_all_in_order_and_within_bounds(sizes: list[int]) -> None:
    given_items = [Item(b"x" * size) for size in sizes]
    found = list(chunks(given_items, max_bytes=60, max_items=5))
    assert [item for one in found for item in one] == given_items
    for one in found:
        assert len(one) <= 5
        assert len(one) == 1 or sum(item.size for item in one) <= 60


@given(st.text(max_size=700))
def test_an_id_is_one_elasticsearch_takes(name: str) -> None:
    found = document_id(name)
    assert 0 < len(found.encode("utf-8", "surrogatepass")) <= 512
    assert found == name or found.startswith("sha256:")


@pytest.mark.parametrize(
    ("start", "end", "day", "last"),
    [
        ("2022-09-12", "2022-09-14", "2022-09-12", "2022-09-14"),
        ("2022-09", None, "2022-09-01", "2022-09-30"),
        ("2022-09-14", "2022-09-12", "2022-09-12", "2022-09-14"),
        ("2022", "2022-09-12/2022-10-01", "2022-01-01", "2022-10-01"),
    ],
)
def test_days_of_an_incident(start: str, end: str | None, day: str, last: str) -> None:
    body = {"incident_id": "i", "date_start": start, "date_end": end}
    document = searchable("incidents", "i", body, 7)
    assert (document["day"], document["dates"]) == (day, {"gte": day, "lte": last})
    assert original(document) == body


@pytest.mark.parametrize("start", [None, "XXXX-07-12"])
def test_an_unknown_day_is_no_day(start: str | None) -> None:
    assert "day" not in searchable("incidents", "i", {"date_start": start, "date_end": None}, 1)


def test_places_and_tolls_become_points_and_rows() -> None:
    places = [{"name": "A", "latitude": 1.0, "longitude": 2.0}] * 2 + [{"name": "B", "latitude": None}]
    toll = {"AM": {"killed": {"low": 1, "best": 2, "high": 3}}}
    document = searchable("incidents", "i", {"places": places, "toll": toll, "civilians": {}}, 1)
    assert document["location"] == [{"lat": 1.0, "lon": 2.0}]
    assert document["tolls"] == [{"side": "AM", "kind": "killed", "who": "all", "low": 1, "best": 2, "high": 3}]
    assert document["hidden"] is False
    assert searchable("incidents", "i", {"status": "merged"}, 1)["hidden"] is True


def leaves(query: object) -> Iterator[tuple[str, Any]]:
    if isinstance(query, dict):
        for name, value in query.items():
            if name in ("term", "terms", "prefix", "multi_match", "match_none"):
                yield name, value
            else:
                yield from leaves(value)
    elif isinstance(query, list):
        for one in query:
            yield from leaves(one)


@given(st.text(max_size=80), st.sampled_from(sorted(INDEXES)))
def test_any_query_is_asked_of_fields_there_are(text: str, index: IndexName) -> None:
    parsed = parse(text, {name for name, _ in INDEXES[index].fields})
    for name, value in leaves(search_query(index, parsed)):
        assert name == "match_none" or value


def test_a_boolean_is_asked_for_what_it_can_be() -> None:
    """Elasticsearch answers 400 to any other word."""
    [(_, asked)] = leaves(search_query("articles", parse("is_clash:maybe", {"is_clash"})))
    assert asked == {"is_clash": []}
    [(_, asked)] = leaves(search_query("articles", parse("is_clash:tr*", {"is_clash"})))
    assert asked == {"is_clash": ["true"]}
