"""The webhook: signed, tried again, given up, and never inside."""

import hashlib
import hmac
import json
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest
from test_alerter_channels import alert

from services.alerter.stage import webhook_stage
from services.alerter.webhook import CHANNEL, TRIES, Target, Way, deliver_once
from shared.errors import TransientError
from shared.store.database import Database
from shared.store.port import Sending
from shared.store.sqlite_alerts import SqliteAlertStore

NOW = datetime(2022, 9, 15, tzinfo=UTC)
PUBLIC, URL = "93.184.215.14", "https://hooks.example.org/T0/secret-path?token=hush"
Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteAlertStore]:
    database = Database(tmp_path)
    yield SqliteAlertStore(database)
    database.close()


class Hook:
    """A receiver that answers as told and keeps what it got."""

    def __init__(self, store: SqliteAlertStore, *answers: httpx.Response | Exception, addresses: str = PUBLIC) -> None:
        self.store, self.answers, self.addresses = store, list(answers), addresses.split()
        self.got: list[httpx.Request] = []
        self.way = Way(self.resolve, httpx.MockTransport(self.answer))
        self.target = Target(URL, b"secret")

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.got.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def resolve(self, host: str, port: int) -> list[str]:
        assert (host, port) == ("hooks.example.org", 443)
        if self.addresses == ["none"]:
            raise OSError("no such host")
        return self.addresses

    def deliver(self, now: datetime = NOW) -> Sending:
        deliver_once(alert(), self.target, self.store, now, self.way)
        return self.row

    def wait(self, now: datetime = NOW) -> Sending:
        with pytest.raises(TransientError):
            self.deliver(now)
        return self.row

    @property
    def row(self) -> Sending:
        found = self.store.sending("alert-1", CHANNEL)
        assert found is not None
        return found


def test_a_post_is_signed_over_time_and_body_and_names_the_alert(store: SqliteAlertStore) -> None:
    hook = Hook(store, httpx.Response(204))
    assert hook.deliver() == Sending("alert-1", CHANNEL, "sent", tries=1, sent_at=NOW)
    [request] = hook.got
    stamp = str(int(NOW.timestamp()))
    digest = hmac.new(b"secret", stamp.encode() + b"." + request.content, hashlib.sha256).hexdigest()
    assert request.headers["X-Clashwatch-Signature"] == f"v1={digest}"
    assert request.headers["X-Clashwatch-Timestamp"] == stamp
    assert request.headers["Idempotency-Key"] == "alert-1"
    assert json.loads(request.content)["text"] == "New: clash 1: 5 dead"


def test_the_checked_address_is_the_one_that_is_called(store: SqliteAlertStore) -> None:
    hook = Hook(store, httpx.Response(200))
    hook.deliver()
    [request] = hook.got
    assert (request.url.host, request.headers["Host"]) == (PUBLIC, "hooks.example.org")
    assert request.extensions["sni_hostname"] == "hooks.example.org"
    assert request.url.raw_path == b"/T0/secret-path?token=hush"


def test_what_was_sent_is_not_sent_again(store: SqliteAlertStore) -> None:
    hook = Hook(store, httpx.Response(200))
    hook.deliver()
    hook.deliver()
    assert len(hook.got) == 1


def test_a_suppressed_alert_is_not_posted(store: SqliteAlertStore) -> None:
    hook = Hook(store)
    deliver_once(alert(suppressed="quiet"), hook.target, store, NOW, hook.way)
    assert (hook.row.state, hook.row.reason, hook.got) == ("suppressed", "quiet", [])


@pytest.mark.parametrize(
    "answer", [httpx.Response(500), httpx.Response(429), httpx.Response(408), httpx.ReadTimeout("slow")]
)
def test_who_is_away_is_tried_again_later_and_not_sooner(
    store: SqliteAlertStore, answer: httpx.Response | Exception
) -> None:
    hook = Hook(store, answer, httpx.Response(200))
    row = hook.wait()
    assert (row.state, row.tries, row.next_try) == ("waiting", 1, NOW + timedelta(seconds=1))
    hook.wait(NOW + timedelta(seconds=0.9))
    assert len(hook.got) == 1
    assert hook.deliver(NOW + timedelta(seconds=1)).state == "sent"
    assert hook.row.tries == 2


def test_pauses_grow_and_an_end_comes(store: SqliteAlertStore) -> None:
    hook, now, pauses = Hook(store, *[httpx.Response(503)] * TRIES), NOW, []
    for _ in range(TRIES - 1):
        row = hook.wait(now)
        assert row.next_try is not None
        pauses.append((row.next_try - now).total_seconds())
        now = row.next_try
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    row = hook.deliver(now)
    assert (row.state, row.reason) == ("failed", f"gave up after {TRIES} tries: the webhook answered 503")
    hook.deliver(now + timedelta(days=1))
    assert len(hook.got) == TRIES


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), ("0", 1), ("99999", 300), ("never", 1), ("9" * 400, 1)])
def test_a_named_pause_counts_within_limits(store: SqliteAlertStore, header: str, seconds: int) -> None:
    hook = Hook(store, httpx.Response(429, headers={"Retry-After": header}))
    assert hook.wait().next_try == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("status", [400, 401, 404, 410, 301, 302, 307])
def test_a_refusal_or_redirect_is_final(store: SqliteAlertStore, status: int) -> None:
    hook = Hook(store, httpx.Response(status, headers={"Location": "http://127.0.0.1/"}))
    row = hook.deliver()
    assert row.state == "failed"
    assert str(status) in (row.reason or "")
    assert len(hook.got) == 1


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "10.0.0.8", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "2002:7f00:1::", "64:ff9b::7f00:1", "fec0::1", "64:ff9b:1::7f00:1", "::127.0.0.1", f"{PUBLIC} 10.0.0.8",
    ],
)  # fmt: skip
def test_nothing_inside_is_called(store: SqliteAlertStore, address: str) -> None:
    hook = Hook(store, addresses=address)
    row = hook.deliver()
    assert row.state == "failed"
    assert "not public" in (row.reason or "")
    assert hook.got == []


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_public_addresses_are_called(store: SqliteAlertStore, address: str) -> None:
    assert Hook(store, httpx.Response(200), addresses=address).deliver().state == "sent"


@pytest.mark.parametrize("addresses", ["none", ""])
def test_a_host_without_an_address_is_away(store: SqliteAlertStore, addresses: str) -> None:
    assert Hook(store, addresses=addresses).wait().reason == "the webhook's host has no address"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org",
        "file:///etc/passwd",
        "https://",
        "hooks.example.org/x",
        "http://a:b",
        f"https://{'a' * 64}.org",
    ],
)
def test_a_url_that_is_none(url: str) -> None:
    with pytest.raises(ValueError, match="the webhook URL"):
        Target(url)


def test_no_secrets_in_rows_errors_or_logs(store: SqliteAlertStore, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    hook = Hook(store, httpx.Response(503), httpx.ConnectError(f"cannot reach {URL}"), httpx.Response(404))
    with pytest.raises(TransientError) as away:
        hook.deliver()
    reasons = [str(away.value), hook.row.reason or ""]
    reasons.append(hook.wait(NOW + timedelta(hours=1)).reason or "")
    reasons.append(hook.deliver(NOW + timedelta(hours=2)).reason or "")
    said = " ".join([*reasons, caplog.text, repr(hook.target)])
    assert not [word for word in ("hush", "secret-path", "b'secret'") if word in said]


@pytest.fixture
def trickling() -> Iterator[int]:
    """A port where every answer is a header without an end, a byte at a time."""
    done = Event()

    def trickle(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not done.wait(0.02):
                connection.sendall(b"a")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=trickle, args=(listener,))
        thread.start()
        yield listener.getsockname()[1]
        done.set()
        thread.join()


def test_who_trickles_is_away(store: SqliteAlertStore, trickling: int) -> None:
    target = Target(f"http://127.0.0.1:{trickling}/", allow_private=True)
    with pytest.raises(TransientError):
        deliver_once(alert(), target, store, NOW, Way(seconds=0.5))
    [row] = store.sendings()
    assert (row.state, row.reason) == ("waiting", "no answer in 0.5 seconds")


class _Receiver(BaseHTTPRequestHandler):
    bodies: list[bytes] = []  # noqa: RUF012 - of the test that runs it

    def do_POST(self) -> None:
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(302 if self.path == "/redirect" else 200)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


def test_over_a_real_connection(store: SqliteAlertStore) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Receiver)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        url = f"http://localhost:{server.server_port}"
        refused = webhook_stage(store, Target(url))
        list(refused.apply(alert(1), NOW))
        allowed = webhook_stage(store, Target(url, allow_private=True))
        list(allowed.apply(alert(2), NOW))
        redirected = webhook_stage(store, Target(f"{url}/redirect", allow_private=True))
        list(redirected.apply(alert(3), NOW))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert [(one.alert_id, one.state) for one in store.sendings()] == [
        ("alert-1", "failed"),
        ("alert-2", "sent"),
        ("alert-3", "failed"),
    ]
    assert [json.loads(body)["alert_id"] for body in _Receiver.bodies] == ["alert-2", "alert-3"]
