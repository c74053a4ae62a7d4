"""Reading with Elasticsearch set, without one: what is wrong is said, and nothing else is shown instead."""

import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from services.cli import options
from services.files import file_rows
from shared.store.database import Database
from shared.store.holdings import Holdings
from shared.store.sqlite_index import SqliteIndexStore
from tests.in_process import clashwatch
from tests.unit.front_rig import desk_client

Run = Callable[..., tuple[int, str]]
READING = [
    "incidents",
    "articles",
    "alerts",
    "files",
    "search x",
    "export --format csv",
    "dead-letters",
    "dead-letters drop 1",
]


@pytest.fixture
def nobody() -> str:
    """An address nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(*arguments: object) -> tuple[int, str]:
        code = clashwatch(monkeypatch, *arguments)
        captured = capfd.readouterr()
        assert not captured.out
        return code, captured.err

    return run


@pytest.mark.parametrize("command", READING)
def test_when_nobody_answers_no_folder_is_read_instead(command: str, run: Run, seeded: Path, nobody: str) -> None:
    code, error = run(*command.split(), "--data", seeded, "--elasticsearch", nobody)
    assert code == 1
    assert "Elasticsearch does not answer" in error


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("localhost:9200", "no http(s) URL"),
        ("http://search.example:9200", "not encrypted"),
        ("https://me:secret@search.example", "holds a password"),
    ],
)
@pytest.mark.parametrize("command", ["incidents", "service desk --port 0", "dead-letters replay --all"])
def test_an_address_that_is_refused_is_wrong_usage(command: str, address: str, complaint: str, run: Run) -> None:
    code, error = run(*command.split(), "--elasticsearch", address)
    assert code == 2
    assert complaint in error
    assert "secret" not in error


def test_without_the_packages_it_says_how_to_get_them(run: Run, nobody: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "find_spec", lambda _: None)
    for command in ("incidents", "service desk"):
        code, error = run(*command.split(), "--elasticsearch", nobody)
        assert code == 2
        assert "requirements-cluster.lock" in error


def test_the_desk_says_that_it_is_not_ready(seeded: Path, nobody: str) -> None:
    with desk_client(seeded, elasticsearch=nobody) as desk:
        assert desk.get("/livez").status_code == 200
        assert "does not answer" in desk.get("/readyz").json()["reason"]
        for path in ("incidents", "search?q=x", "files", "export.geojson", "incidents/x"):
            answer = desk.get(f"/api/v1/{path}")
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
            assert "does not answer" in answer.json()["detail"]
            assert "frame-ancestors" in answer.headers["Content-Security-Policy"]
        page = desk.get("/")
        assert page.status_code == 503
        assert "cannot be shown now" in page.text
        assert "clashwatch_articles " not in desk.get("/metrics").text


def test_without_a_registry_files_are_what_the_index_says(tmp_path: Path) -> None:
    with closing(Database(tmp_path)) as database:
        index = SqliteIndexStore(database)
        for version, (path, state) in enumerate([("b", "indexed"), ("a", "rejected"), ("z.zip!/c", "indexed")], 1):
            body = {"path": path, "state": state, "reason": "", "article_id": None}
            index.put("files", f"{path}@1", version, body)
        for held in (Holdings(index), Holdings(index, database)):
            assert [row["path"] for row in file_rows(held)] == ["b", "a", "z.zip!/c"]
            assert [row["path"] for row in file_rows(held, "rejected")] == ["a"]
