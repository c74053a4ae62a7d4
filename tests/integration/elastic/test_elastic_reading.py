"""Every command and every route of the desk, from Elasticsearch and from the data folder: the same, byte for byte.

Both hold the same documents: five seeds, a container, a copy, a file of no use, dead letters, merged incidents. What
differs by nature is left out by name: cursors, and the rank and the excerpts a search engine gives a hit.
"""

import json
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from elasticsearch import Elasticsearch

from services.exports import EXPORTS
from shared.bus.sqlite import SqliteBus
from shared.schemas import DeadLetter, IncidentChanged
from shared.schemas.incident import Incident
from shared.store.database import Database
from shared.store.elastic_index import ElasticIndexStore
from shared.store.elastic_templates import install
from shared.store.indexes import INDEXES
from shared.store.port import Document
from shared.store.sqlite_index import SqliteIndexStore
from tests.e2e.road import SEEDS, Folders, drop_in_order
from tests.in_process import clashwatch
from tests.integration.elastic.server import LocalServer
from tests.unit.front_rig import MERGED, NOW, alert, desk_client, incident, merged, put

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("elastic")]

PREFIX = "reading-"
Run = Callable[..., tuple[int, bytes, bytes]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with something of everything."""
    folders = Folders.under(tmp_path_factory.mktemp("reading"))
    drop_in_order(folders.inbox, [*SEEDS, "002 again"], dated=True)
    (folders.inbox / "empty.txt").write_text("")
    with zipfile.ZipFile(folders.inbox / "two.zip", "w") as file:
        for name in ("a", "b"):
            file.writestr(f"{name}.txt", f"The price of wheat {name}\n\nWheat was sold on Monday for {len(name)} coin.")
    folders.drain(alerts_file=folders.data / "alerts.jsonl")
    with closing(Database(folders.data)) as database:
        for message in (*map(letter, range(3)), changed(incident()), changed(merged()), alert()):
            put(SqliteIndexStore(database), message)
    return folders.data


def changed(one: Incident) -> IncidentChanged:
    return IncidentChanged(incident=one)


def letter(number: int) -> DeadLetter:
    return DeadLetter(
        letter_id=f"{number}-letter",
        stage="tagger",
        topic="article.normalized",
        original_key="k",
        original=b'{"broken": \xff' + bytes([number]),
        error="ValueError",
        reason="ValueError: broken",
        failed_at=NOW + timedelta(seconds=number),
    )


def documents(database: Database) -> Iterator[Document]:
    """All there are, in the order they came."""
    store = SqliteIndexStore(database)
    for index in INDEXES:
        table = f"{index.replace('-', '_')}_docs"
        for doc_id, version in database.execute(f"SELECT id, version FROM {table} ORDER BY row").fetchall():
            body = store.get(index, doc_id)
            assert body is not None
            yield Document(index, doc_id, version, body)


@pytest.fixture(scope="module")
def url(elastic: LocalServer, elastic_client: Elasticsearch, folder: Path) -> Iterator[str]:
    """A server with the folder's documents."""
    install(elastic_client, PREFIX)
    store = ElasticIndexStore(elastic_client, PREFIX)
    with closing(Database(folder)) as database:
        store.put_all(list(documents(database)))
    store.refresh()
    yield elastic.url
    elastic_client.indices.delete(index=list(elastic_client.indices.get(index=f"{PREFIX}*")))
    elastic_client.indices.delete_index_template(name=f"clashwatch-{PREFIX}*")


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLASHWATCH_ELASTICSEARCH_PREFIX", PREFIX)

    def run(*arguments: object) -> tuple[int, bytes, bytes]:
        code = clashwatch(monkeypatch, *arguments)
        captured = capfdbinary.readouterr()
        return code, captured.out, captured.err

    return run


COMMANDS = [
    "incidents",
    "incidents --dyad az-am",
    "incidents --side KG --limit 1",
    "incidents --since 2021-01-01",
    "incidents --state merged",
    "articles",
    "articles --side TJ",
    "articles --limit 2",
    "articles --since 2022-09-01",
    "alerts",
    "alerts --kind new",
    "alerts --dyad AM-AZ --limit 2",
    "files",
    "files --state rejected",
    "files --state indexed --limit 3",
    "dead-letters",
    "dead-letters list --limit 1",
    "dead-letters list --state dropped",
]


@pytest.mark.parametrize("form", ["", "--json"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_writes_the_same(command: str, form: str, run: Run, folder: Path, url: str) -> None:
    here = run(*command.split(), *form.split(), "--data", folder)
    there = run(*command.split(), *form.split(), "--data", folder, "--elasticsearch", url)
    assert there == here
    assert here[0] == 0
    assert here[1] or command.endswith(("dropped", "merged"))


@pytest.mark.parametrize("name", EXPORTS)
@pytest.mark.parametrize("narrowed", ["", "--dyad KG-TJ", "--since 2022-01-01 --limit 1"])
def test_an_export_is_the_same(name: str, narrowed: str, run: Run, folder: Path, url: str) -> None:
    command = ["export", "--format", name, *narrowed.split()]
    here = run(*command, "--data", folder)
    assert run(*command, "--elasticsearch", url) == here
    assert here[1]


@pytest.mark.parametrize("form", [[], ["--raw"]])
def test_a_dead_letter_is_the_same(form: list[str], run: Run, folder: Path, url: str) -> None:
    here = run("dead-letters", "show", "1", *form, "--data", folder)
    assert run("dead-letters", "show", "1", *form, "--elasticsearch", url) == here
    assert here[0] == 0


QUERIES = [
    "Jermuk",
    "jermuk -kyrgyz",
    '"border guards"',
    "azerb*",
    "dyad:AM-AZ",
    "dyad:AM-AZ soldiers killed",
    "wheat OR batken",
    "is_clash:false",
    "published:2022-09",
    "no such words at all",
]


def without_rank(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    assert [row["rank_score"] for row in rows] == sorted((row["rank_score"] for row in rows), reverse=True)
    kept = [{k: v for k, v in row.items() if k not in ("rank_score", "excerpt", "highlights")} for row in rows]
    return sorted(kept, key=lambda row: row["article_id"])


@pytest.mark.parametrize("query", QUERIES)
def test_a_search_finds_the_same(query: str, run: Run, folder: Path, url: str) -> None:
    found = []
    for where in (["--data", folder], ["--elasticsearch", url]):
        code, out, _ = run("search", query, "--json", *where)
        assert code == 0
        found.append([json.loads(line) for line in out.splitlines()])
        assert bool(found[-1]) == (query != QUERIES[-1])
    assert without_rank(found[1]) == without_rank(found[0])


def test_variable_and_settings_file_do_as_the_flag(
    run: Run, folder: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = run("incidents", "--json", "--data", folder)
    monkeypatch.setenv("CLASHWATCH_ELASTICSEARCH", url)
    assert run("incidents", "--json") == here
    monkeypatch.delenv("CLASHWATCH_ELASTICSEARCH")
    (tmp_path / "clashwatch.toml").write_text(f'elasticsearch = "{url}"\n')
    assert run("incidents", "--json") == here


def test_without_the_feeders_folder_files_are_those_the_index_knows(run: Run, folder: Path, url: str) -> None:
    code, out, _ = run("files", "--json", "--elasticsearch", url)
    found = {(row["path"], row["state"], row["reason"], row["article_id"]) for row in map(json.loads, out.splitlines())}
    _, out, _ = run("files", "--json", "--data", folder)
    known = {(row["path"], row["state"], row["reason"], row["article_id"]) for row in map(json.loads, out.splitlines())}
    assert code == 0
    assert found == {row for row in known if row[1] != "sidecar"}
    assert {state for _, state, _, _ in found} == {"indexed", "duplicate", "rejected", "unpacked"}


def test_alerts_know_of_channels_where_those_keep_their_memory(run: Run, folder: Path, url: str) -> None:
    _, out, _ = run("alerts", "--json", "--elasticsearch", url)
    assert not any(json.loads(line)["channels"] for line in out.splitlines())
    _, out, _ = run("alerts", "--json", "--elasticsearch", url, "--data", folder)
    assert {"file": "sent"} in [json.loads(line)["channels"] for line in out.splitlines()]


def test_dead_letters_are_dropped(run: Run, folder: Path, url: str) -> None:
    """And nothing is done when one of several is wrong, nor without the log they have to go back to."""
    where = ["--elasticsearch", url]
    assert run("dead-letters", "drop", "2", "9", *where)[0] == 2
    code, _, error = run("dead-letters", "replay", "2", *where)
    assert (code, b"CLASHWATCH_KAFKA" in error) == (2, True)
    assert b"2-letter" in run("dead-letters", "--json", *where)[1]
    assert run("dead-letters", "drop", "2", *where) == (0, b"dropped 2-letter (tagger: ValueError: broken)\n", b"")
    assert b"2-letter" not in run("dead-letters", "--json", *where)[1]
    assert b"2-letter" in run("dead-letters", "list", "--state", "dropped", "--json", *where)[1]
    with closing(Database(folder)) as database:
        assert SqliteBus(database).lag("tagger", ["article.normalized"]) == 0
    run("dead-letters", "drop", "2", "--data", folder)


@pytest.fixture(scope="module")
def desks(folder: Path, url: str) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """Over the folder and over the server."""
    with (
        desk_client(folder) as here,
        desk_client(folder, elasticsearch=url, elasticsearch_prefix=PREFIX) as there,
    ):
        yield here, there


ROUTES = [
    "/incidents",
    "/incidents?dyad=AM-AZ&since=2021-01-01",
    "/incidents?state=merged",
    "/articles",
    "/articles?side=KG",
    "/alerts",
    "/alerts?kind=new&dyad=AM-AZ",
    "/files",
    "/files?state=indexed",
    f"/incidents/{MERGED}",
    "/incidents/nobody",
    "/articles/nobody",
    "/openapi.json",
    *(f"/export.{name}?dyad=KG-TJ" for name in EXPORTS),
    "/export.nonsense",
    "/incidents?cursor=nonsense",
    "/incidents?limit=0",
]


@pytest.mark.parametrize("route", ROUTES)
def test_a_route_answers_the_same(route: str, desks: tuple[httpx.Client, httpx.Client]) -> None:
    here, there = (desk.get(f"/api/v1{route}") for desk in desks)
    assert there.status_code == here.status_code
    assert there.content == here.content
    ours = {"content-type", "content-location", "content-disposition", "content-security-policy"}
    assert [(k, v) for k, v in there.headers.items() if k in ours] == [
        (k, v) for k, v in here.headers.items() if k in ours
    ]


@pytest.mark.parametrize("path", ["incidents", "articles", "alerts", "files", "search"])
def test_pages_of_one_row_are_those_of_the_folder(path: str, desks: tuple[httpx.Client, httpx.Client]) -> None:
    query = {"q": "dyad:AM-AZ"} if path == "search" else {}
    here, there = (list(walk(desk, path, query)) for desk in desks)
    assert there == here
    assert len(here) > 2


def walk(desk: httpx.Client, path: str, query: dict[str, str]) -> Iterator[dict[str, Any]]:
    cursor = ""
    while cursor is not None:
        page = desk.get(f"/api/v1/{path}", params={"limit": 1, "cursor": cursor, **query}).json()
        yield from page["items"]
        cursor = page["next"]


@pytest.mark.parametrize("query", QUERIES)
def test_a_search_by_the_api_finds_the_same(query: str, desks: tuple[httpx.Client, httpx.Client]) -> None:
    here, there = (desk.get("/api/v1/search", params={"q": query}).json()["items"] for desk in desks)
    assert without_rank(there) == without_rank(here)


def test_articles_and_incidents_by_id_and_their_pages(desks: tuple[httpx.Client, httpx.Client]) -> None:
    items = [
        f"/{path}/{item[key]}"
        for path, key in (("incidents", "incident_id"), ("articles", "article_id"))
        for item in desks[0].get(f"/api/v1/{path}").json()["items"]
    ]
    assert len(items) > 8
    lists = (
        "/",
        "/?dyad=AM-AZ&since=2021-01-01",
        "/?since=x",
        "/articles",
        "/alerts",
        "/files",
        "/files?state=indexed",
    )
    for item in (*items, f"/incidents/{MERGED}", "/articles/nobody", *lists):
        for path in (f"/api/v1{item}", item) if item in items else (item,):
            here, there = (desk.get(path) for desk in desks)
            assert (there.status_code, there.content) == (here.status_code, here.content), path


def test_the_search_page_leads_to_the_same(desks: tuple[httpx.Client, httpx.Client]) -> None:
    here, there = (set(re.findall(r'href="(/[^"]+)"', desk.get("/", params={"q": "Jermuk"}).text)) for desk in desks)
    assert there == here
    assert len(here) > 3


def test_health_and_metrics(desks: tuple[httpx.Client, httpx.Client]) -> None:
    here, there = (stored(desk.get("/metrics").text) for desk in desks)
    assert there == here
    assert any(line.startswith("clashwatch_articles ") for line in here)
    assert any(line.startswith("clashwatch_letters{") for line in here)
    assert [desk.get("/readyz").json() for desk in desks] == [{"status": "ok"}] * 2


def stored(text: str) -> list[str]:
    names = ("clashwatch_lag", "clashwatch_files", "clashwatch_articles", "clashwatch_incidents", "clashwatch_alerts")
    return sorted(line for line in text.splitlines() if line.startswith((*names, "clashwatch_letters")))


def test_before_anything_is_set_up_lists_are_empty(run: Run, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLASHWATCH_ELASTICSEARCH_PREFIX", f"none{os.getpid()}-")
    for command in ("incidents --json", "files --json", "search x --json", "dead-letters", "export --format csv"):
        code, out, error = run(*command.split(), "--elasticsearch", url)
        assert (code, out) == (0, b"")
        assert b"nothing in http" in error
    with desk_client(Path(), elasticsearch=url, elasticsearch_prefix="none-") as desk:
        assert desk.get("/readyz").status_code == 503
        assert desk.get("/api/v1/incidents").status_code == 503
        assert desk.get("/api/v1/export.csv").status_code == 503
        assert "not set up" in desk.get("/").text
