"""Elasticsearch puts off, is read-only, dies and refuses while articles flow: only the refused become dead letters."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import pytest
from elasticsearch import Elasticsearch

from shared.bus.connection import Connection
from shared.store.elastic_templates import aliases, create_indexes, install_templates
from tests.bench.articles import article
from tests.e2e.road import Folders
from tests.faults.kafka_services import STOPPED, Services, memory
from tests.faults.test_kafka_services import told
from tests.integration.elastic.fault_proxy import Faults, proxy
from tests.integration.elastic.server import LocalServer, Names

pytestmark = pytest.mark.real
REFUSED = ("refused 0", "refused 1", "refused 2")
RECOVERED_SECONDS = 60.0
GROWTH_BYTES = 96 * 1024 * 1024
"""What a worker may take more after it all than before."""


@dataclass(frozen=True, slots=True)
class Course:
    """How many articles a second, and for how many seconds each fault lasts."""

    rate: float
    busy: float
    blocked: float
    down: float


SHORT = Course(rate=8, busy=8, blocked=5, down=8)
LONG = Course(rate=10, busy=120, blocked=60, down=120)


class Drip:
    """Drops articles, one after the other, until told to stop."""

    def __init__(self, inbox: Path, rate: float) -> None:
        self._inbox, self._rate, self._stop = inbox, rate, Event()
        self._thread = Thread(target=self._run)
        self.count = 0

    def __enter__(self) -> "Drip":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(1 / self._rate):
            text = article(self.count, words=150, stories=40)
            (self._inbox / f"{self.count:05d}.txt").write_text(text)
            self.count += 1


def drop_refused(inbox: Path) -> None:
    """Articles whose documents the index refuses."""
    for stem in REFUSED:
        (inbox / f"{stem}.meta.json").write_text(json.dumps({"source": "Reuters"}))
        (inbox / f"{stem}.txt").write_text(f"{stem}: {article(0, words=60)}")


def put_off_half(number: int) -> int:
    return (0, 429, 0, 503)[number % 4]


def prepare(client: Elasticsearch, prefix: str) -> None:
    """Everything set up, but for a mapping that conflicts with the articles that name their source."""
    install_templates(client, prefix)
    create_indexes(client, prefix)
    name = f"{prefix}articles-000001"
    found = client.indices.get(index=name)[name]["mappings"]
    found["properties"]["source"] = {"type": "long"}
    client.indices.delete(index=name)
    client.indices.create(index=name, mappings=found, aliases=aliases(f"{prefix}articles"))


@contextmanager
def blocked(client: Elasticsearch, prefix: str) -> Iterator[None]:
    """As a server whose disk is full does it."""
    index, block = f"{prefix}articles-000001,{prefix}incidents-000001", "index.blocks.read_only_allow_delete"
    client.indices.put_settings(index=index, settings={block: True})
    yield
    client.indices.put_settings(index=index, settings={block: None})


def run(services: Services, elastic: LocalServer, names: Names, course: Course) -> None:
    inbox, faults = services.folders.inbox, Faults()
    with Elasticsearch(elastic.url, request_timeout=60) as client, proxy(elastic.url, faults) as url:
        prepare(client, names.prefix)
        services.settings = {**names.settings, "elasticsearch": url}
        try:
            services.start_all(1)
            drop_refused(inbox)
            services.wait_until_done(len(REFUSED), RECOVERED_SECONDS)
            before = sizes(services)
            with Drip(inbox, course.rate) as drip:
                faults.item_status = put_off_half
                time.sleep(course.busy)
                faults.item_status = lambda _: 0
                with blocked(client, names.prefix):
                    time.sleep(course.blocked)
                elastic.do("kill")
                time.sleep(course.down)
                elastic.do("start")
            calm = time.monotonic()
            services.wait_until_done(drip.count + len(REFUSED), RECOVERED_SECONDS)
            grown = {name: (size - before.get(name, size)) // 2**20 for name, size in sizes(services).items()}
            print(f"\n{drip.count} articles; done {time.monotonic() - calm:.0f} s after; MB more {grown}")
        finally:
            codes = services.stop()
    assert services.exits == []
    assert set(codes) <= STOPPED, codes
    assert {429, 503} <= set(faults.refused)
    assert max(grown.values()) * 2**20 < GROWTH_BYTES
    check(names, services.folders, drip.count)


def sizes(services: Services) -> dict[str, int]:
    return {name: memory(process.pid) for (name, _), process in services.running.items()}


def check(names: Names, folders: Folders, count: int) -> None:
    assert sorted(row["id"] for row in names.found("articles")) == [f"{number:05d}" for number in range(count)]
    letters = names.found("dead-letters")
    assert {(letter["stage"], letter["topic"]) for letter in letters} == {("indexer", "article.analyzed")}
    assert len(letters) == len(REFUSED)
    assert all("source" in letter["reason"] for letter in letters)
    again = Folders(folders.inbox, folders.data.parent / "embedded")
    again.drain()
    assert told(names.found("incidents")) == told(again.found("incidents"))
    told_of = {one["incident_id"] for one in names.found("alerts") if one["kind"] == "new"}
    assert {row["incident_id"] for row in names.found("incidents")} <= told_of


@pytest.fixture
def services(connection: Connection, tmp_path: Path) -> Services:
    return Services(Folders.under(tmp_path / "cluster"), connection)


def test_a_bad_day_in_short(services: Services, elastic: LocalServer, names: Names) -> None:
    run(services, elastic, names, SHORT)


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_a_bad_day(services: Services, elastic: LocalServer, names: Names) -> None:
    run(services, elastic, names, LONG)
