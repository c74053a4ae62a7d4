"""The seeds through the real stages with state and index in Elasticsearch: the same as in the embedded stores.

And the questions of deploy/README.md, answered through the client and through plain HTTP.
"""

import json
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from services.alerter.stage import load_watch
from services.alerter.stage import stage as alerter
from services.indexer.stage import build as indexer
from services.linker.stage import stage as linker
from shared.stage import Stage
from shared.store.elastic_alerts import ElasticAlertStore
from shared.store.elastic_index import ElasticIndexStore
from shared.store.elastic_links import ElasticLinkStore
from shared.store.elastic_setup import set_up
from shared.store.listing import Wanted, rows
from shared.store.port import IndexName
from tests.e2e.road import SEEDS, Folders, drop_in_order
from tests.integration.elastic.server import LocalServer

pytestmark = pytest.mark.real

PREFIX = "seeds-"


def dropped(folders: Folders) -> Folders:
    """The five seeds, those that name no day with the day they were published."""
    drop_in_order(folders.inbox, list(SEEDS), dated=True)
    return folders


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    folders = dropped(Folders.under(tmp_path_factory.mktemp("embedded")))
    folders.drain()
    return folders


@pytest.fixture(scope="module")
def store(elastic_client: Elasticsearch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ElasticIndexStore]:
    """The embedded host with Elasticsearch behind the stages that keep something."""
    if found := elastic_client.indices.get(index=f"{PREFIX}*"):
        elastic_client.indices.delete(index=list(found))
    set_up(elastic_client, PREFIX)
    index = ElasticIndexStore(elastic_client, PREFIX)

    def stages(*_: Any) -> Sequence[Stage]:
        return (
            linker(ElasticLinkStore(elastic_client, PREFIX), scope=nullcontext),
            alerter(ElasticAlertStore(elastic_client, PREFIX), load_watch()),
            indexer(index),
        )

    folders = dropped(Folders.under(tmp_path_factory.mktemp("cluster")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("services.pipeline.stored_stages", stages)
        folders.drain()
    index.refresh()
    yield index
    elastic_client.indices.delete(index=list(elastic_client.indices.get(index=f"{PREFIX}*")))
    elastic_client.indices.delete_index_template(name=f"clashwatch-{PREFIX}*")


def told(found: list[dict[str, Any]], *varying: str) -> list[dict[str, Any]]:
    return sorted(({k: v for k, v in row.items() if k not in varying} for row in found), key=json.dumps)


@pytest.mark.parametrize("index", ["articles", "incidents", "alerts", "files"])
def test_it_gives_what_the_embedded_stores_give(store: ElasticIndexStore, embedded: Folders, index: IndexName) -> None:
    times = ("raised_at", "sent_at", "settled_at")
    here, there = list(rows(store, index, Wanted())), embedded.found(index)
    assert told(here, *times) == told(there, *times)
    assert len(here) == {"articles": 5, "incidents": 3, "files": 5}.get(index, len(there))


def ask(elastic: LocalServer, index: str, body: dict[str, Any]) -> dict[str, Any]:
    """As curl would."""
    request = urllib.request.Request(
        f"{elastic.url}/{PREFIX}{index}/_search", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        found: dict[str, Any] = json.load(response)
    return found


QUERIES: dict[str, tuple[str, dict[str, Any]]] = {
    name: (one["index"], one["body"])
    for name, one in json.loads(
        (Path(__file__).parents[3] / "deploy" / "elasticsearch" / "queries.json").read_text()
    ).items()
}


@pytest.mark.parametrize("name", QUERIES)
def test_client_and_plain_http_answer_alike(
    store: ElasticIndexStore, elastic: LocalServer, elastic_client: Elasticsearch, name: str
) -> None:
    index, body = QUERIES[name]
    plain = ask(elastic, index, body)
    asked = elastic_client.search(index=PREFIX + index, **body)
    assert plain["hits"] == asked["hits"]
    assert plain.get("aggregations") == asked.body.get("aggregations")


def answer(elastic_client: Elasticsearch, name: str) -> Any:
    index, body = QUERIES[name]
    return elastic_client.search(index=PREFIX + index, **body)


@pytest.mark.usefixtures("store")
def test_incidents_of_a_dyad_in_a_range_of_days_with_so_many_deaths(elastic_client: Elasticsearch) -> None:
    [hit] = answer(elastic_client, "dyad_dates_deaths")["hits"]["hits"]
    assert hit["_source"]["dyad"] == "AM-AZ"
    assert hit["_source"]["date_start"].startswith("2022-09")
    assert hit["_source"]["best"] >= 50


@pytest.mark.usefixtures("store")
def test_full_text_with_highlights(elastic_client: Elasticsearch) -> None:
    hits = answer(elastic_client, "full_text")["hits"]["hits"]
    assert hits
    assert all("<mark>" in hit["highlight"]["body"][0] for hit in hits)


@pytest.mark.usefixtures("store")
def test_distance(elastic_client: Elasticsearch) -> None:
    assert [hit["_source"]["dyad"] for hit in answer(elastic_client, "distance")["hits"]["hits"]] == ["KG-TJ"]


@pytest.mark.usefixtures("store")
def test_toll_over_time(elastic_client: Elasticsearch) -> None:
    buckets = answer(elastic_client, "toll_over_time")["aggregations"]["months"]["buckets"]
    assert [bucket["key_as_string"] for bucket in buckets] == ["2020-07", "2022-09"]
    assert buckets[1]["best"]["value"] > buckets[0]["best"]["value"] > 0


@pytest.mark.usefixtures("store")
def test_toll_by_side(elastic_client: Elasticsearch) -> None:
    killed = answer(elastic_client, "toll_by_side")["aggregations"]["tolls"]["killed"]["sides"]["buckets"]
    assert {"AM", "AZ"} <= {bucket["key"] for bucket in killed}


@pytest.mark.usefixtures("store")
def test_facets(elastic_client: Elasticsearch) -> None:
    found = answer(elastic_client, "facets")["aggregations"]
    assert {bucket["key"]: bucket["doc_count"] for bucket in found["dyads"]["buckets"]} == {"AM-AZ": 2, "KG-TJ": 1}


@pytest.mark.usefixtures("store")
def test_claims_are_asked_one_by_one(elastic_client: Elasticsearch) -> None:
    """Side, kind and claimant of the same claim, not of any three."""
    hits = answer(elastic_client, "claims")["hits"]["hits"]
    assert hits
    for hit in hits:
        for inner in hit["inner_hits"]["claims"]["hits"]["hits"]:
            assert (inner["_source"]["side"], inner["_source"]["kind"]) == ("AM", "killed")
