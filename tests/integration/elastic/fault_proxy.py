"""A small HTTP proxy of our own before Elasticsearch: puts items off, refuses requests, asks for keys, speaks TLS."""

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit


@dataclass(slots=True)
class Faults:
    """What goes wrong. `item_status` says of each bulk item (by its number since the start) what it is refused with, 0
    for not at all; `request_status` does so for whole requests. `max_bytes` is what a request may have."""

    item_status: Callable[[int], int] = lambda _: 0
    request_status: Callable[[int], int] = lambda _: 0
    max_bytes: int = 1 << 30
    api_key: str | None = None
    items: int = 0
    requests: int = 0
    refused: list[int] = field(default_factory=list)


@contextmanager
def proxy(target: str, faults: Faults, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Its URL."""
    handler = type("Handler", (_Handler,), {"target": urlsplit(target).netloc, "faults": faults})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    target: str
    faults: Faults

    def do_GET(self) -> None:
        faults = self.faults
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        faults.requests += 1
        status = faults.request_status(faults.requests) or (413 if len(body) > faults.max_bytes else 0)
        if faults.api_key and self.headers.get("Authorization") != f"ApiKey {faults.api_key}":
            status = 401
        if status:
            faults.refused.append(status)
            self._answer(status, _error(status))
        else:
            self._pass_on(body)

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET

    def _pass_on(self, body: bytes) -> None:
        try:
            if self.path.startswith("/_bulk"):
                self._bulk(body)
            else:
                self._answer(*self._forward(body))
        except OSError:  # with nobody behind it, it is as if it were not there
            self.close_connection = True

    def _bulk(self, body: bytes) -> None:
        """Only the items that are not put off go through; the answers are put together again."""
        lines = body.splitlines()
        fates = []
        for _ in range(0, len(lines), 2):
            self.faults.items += 1
            fates.append(self.faults.item_status(self.faults.items))
        taken = [line for i, line in enumerate(lines) if not fates[i // 2]]
        status, answer = self._forward(b"\n".join(taken) + b"\n") if taken else (200, b'{"items": []}')
        if status != 200:
            self._answer(status, answer)
            return
        answers = iter(json.loads(answer).get("items", []))
        items = [{"index": {"status": fate, **_error_of(fate)}} if fate else next(answers) for fate in fates]
        self.faults.refused += [fate for fate in fates if fate]
        self._answer(200, json.dumps({"items": items}).encode())

    def _forward(self, body: bytes) -> tuple[int, bytes]:
        connection = HTTPConnection(self.target, timeout=60)
        headers = {name: self.headers[name] for name in ("Content-Type", "Accept") if name in self.headers}
        try:
            connection.request(self.command, self.path, body or None, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Type", "application/vnd.elasticsearch+json;compatible-with=9")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


def _error_of(status: int) -> dict[str, Any]:
    return {"error": {"type": "es_rejected_execution_exception", "reason": f"put off with {status}"}}


def _error(status: int) -> bytes:
    return json.dumps({**_error_of(status), "status": status}).encode()
