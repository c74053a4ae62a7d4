"""The desk as a process of its own, and what `clashwatch run` does where Elasticsearch is set."""

import re
import signal
from pathlib import Path

import httpx
import pytest

from tests.e2e.cli_rig import SEEDS, Shell, until

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def desk_of(shell: Shell) -> str:
    found = until(lambda: re.search(r"the desk is at (\S+)", shell.log), "the desk is served")
    return str(found[1])


def test_it_starts_before_there_is_anything_and_shows_what_comes(shell: Shell) -> None:
    with shell.running("service", "desk", "--port", 0) as process:
        url = desk_of(shell)
        assert httpx.get(f"{url}readyz").status_code == 503
        assert shell.run("run", "--once").returncode == 0
        assert httpx.get(f"{url}readyz").status_code == 200
        found = httpx.get(f"{url}api/v1/incidents").json()["items"]
        process.send_signal(signal.SIGTERM)
        process.communicate()
    assert process.returncode == 0
    assert "Traceback" not in shell.log
    newest_first = shell.rows("incidents")[::-1]
    assert found == newest_first
    assert len(found) == 3


def test_a_port_that_is_taken_is_wrong_usage(shell: Shell) -> None:
    with shell.running("service", "desk", "--port", 0):
        port = desk_of(shell).rstrip("/").rpartition(":")[2]
        done = shell.run("service", "desk", "--port", port)
    assert done.returncode == 2
    assert f"cannot have 127.0.0.1:{port}" in done.stderr


def test_run_shows_what_it_writes_and_says_so(shell: Shell) -> None:
    shell.environment["CLASHWATCH_ELASTICSEARCH"] = NOBODY
    with shell.running("run", "--inbox", SEEDS, "--port", 0) as process:
        url = desk_of(shell)
        until(lambda: len(httpx.get(f"{url}api/v1/articles").json()["items"]) == 5, "five articles are shown")
        process.send_signal(signal.SIGTERM)
        process.communicate()
    assert process.returncode == 0
    assert "CLASHWATCH_ELASTICSEARCH is not written to" in shell.log
    done = shell.run("incidents")
    assert (done.returncode, done.stdout) == (1, "")
