"""`clashwatch run --once` with a webhook: told once, and never kept waiting by somebody who is away."""

import json
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.e2e.cli_rig import Shell


class _Server(HTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.told: list[dict[str, Any]] = []


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        self.server.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def shell_with(folder: Path, port: int) -> Shell:
    shell = Shell(folder)
    shell.environment |= {
        "CLASHWATCH_WEBHOOK_URL": f"http://127.0.0.1:{port}/",
        "CLASHWATCH_WEBHOOK_ALLOW_PRIVATE": "true",
    }
    return shell


def test_every_alert_is_posted_once(server: _Server, tmp_path: Path) -> None:
    shell = shell_with(tmp_path, server.server_port)
    for _ in range(2):
        assert shell.run("run", "--once").returncode == 0
    alerts = shell.rows("alerts")
    assert [one["alert_id"] for one in server.told] == [one["alert_id"] for one in alerts]
    assert {one["channels"]["webhook"] for one in alerts} == {"sent"}


def test_a_webhook_that_is_away_is_told_at_a_later_start(server: _Server, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        away = taken.getsockname()[1]
    shell = shell_with(tmp_path, away)
    assert shell.run("run", "--once").returncode == 0
    alerts = shell.rows("alerts")
    assert alerts[0]["channels"]["webhook"] == "waiting"
    shell.environment["CLASHWATCH_WEBHOOK_URL"] = f"http://127.0.0.1:{server.server_port}/"

    def told() -> bool:
        assert shell.run("run", "--once").returncode == 0
        return len(server.told) == len(alerts)

    assert any(told() for _ in range(10))
    assert len({one["alert_id"] for one in server.told}) == len(alerts)
