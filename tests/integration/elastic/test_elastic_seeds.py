"""The seeds through the real stages with state and index in Elasticsearch: the same as in the embedded stores.

And the questions of docs/searching.md, answered through the client and through plain HTTP.
"""

import json
import re
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Question:
    """A part of docs/searching.md: how to ask by curl and in Python, and what Python prints."""

    title: str
    curl: str
    python: str
    printed: str


_CURL = re.compile(r"curl -s localhost:9200/(\S+) -H 'Content-Type: application/json' -d '(.+)'\s*", re.DOTALL)
_QUESTION = re.compile(r"### (.+?)\n+```sh\n(.+?)```\n+```python\n(.+?)```\n+```text\n(.*?)```", re.DOTALL)
QUESTIONS = [
    Question(*match) for match in _QUESTION.findall((Path(__file__).parents[3] / "docs" / "searching.md").read_text())
]


class Recorded:
    """A client of the test's indexes that remembers its last answer."""

    def __init__(self, client: Elasticsearch) -> None:
        self._client = client
        self.answer: Any = None

    def search(self, index: str, **asked: Any) -> Any:
        self.answer = self._client.search(index=PREFIX + index, **asked)
        return self.answer


def ask(elastic: LocalServer, command: str) -> dict[str, Any]:
    """As curl would."""
    match = _CURL.fullmatch(command)
    assert match, command
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{elastic.url}/{PREFIX}{match[1]}", match[2].encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as response:
        found: dict[str, Any] = json.load(response)
    return found


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.title)
def test_a_question_is_answered_as_it_is_written_down(
    question: Question, elastic: LocalServer, elastic_client: Elasticsearch, capsys: pytest.CaptureFixture[str]
) -> None:
    client = Recorded(elastic_client)
    exec(compile(question.python, question.title, "exec"), {"client": client})  # the example, as it stands
    assert capsys.readouterr().out == question.printed
    assert question.printed
    plain = ask(elastic, question.curl)
    assert plain["hits"] == client.answer["hits"]
    assert plain.get("aggregations") == client.answer.body.get("aggregations")


def test_all_questions_are_there() -> None:
    titles = " ".join(question.title.lower() for question in QUESTIONS)
    assert len(QUESTIONS) == 7
    for word in ("at least 50 deaths", "highlights", "200 km", "over time", "facets"):
        assert word in titles
