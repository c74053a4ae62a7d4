"""`/livez`, `/readyz` and `/metrics` of a service that has no web page."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic_core import to_json

from shared.metrics import Metrics

Answer = tuple[int, str, bytes]

log = logging.getLogger(__name__)


def answer(path: str, problem: Callable[[], str | None], metrics: Metrics) -> Answer:
    """Status, media type, body. `problem` says why the service cannot work now, or None."""
    if path == "/livez":
        return _status(200, {"status": "ok"})
    if path == "/readyz":
        reason = problem()
        return _status(503, {"status": "not ready", "reason": reason}) if reason else _status(200, {"status": "ok"})
    if path == "/metrics":
        return 200, CONTENT_TYPE_LATEST, generate_latest(metrics.registry)
    return _status(404, {"status": "there is /livez, /readyz and /metrics"})


@contextmanager
def health_served(
    host: str, port: int | None, problem: Callable[[], str | None], metrics: Metrics
) -> Iterator[str | None]:
    """The URL; without a port there is none. Raises OSError when the port cannot be had."""
    if port is None:
        yield None
        return
    server = ThreadingHTTPServer((host, port), _handler(problem, metrics))
    thread = Thread(target=server.serve_forever, name="health")
    thread.start()
    try:
        yield f"http://{host}:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(problem: Callable[[], str | None], metrics: Metrics) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            status, media_type, body = answer(self.path.partition("?")[0], problem, metrics)
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            log.debug(format, *args)

    return Handler


def _status(code: int, body: dict[str, str]) -> Answer:
    return code, "application/json", to_json(body)
