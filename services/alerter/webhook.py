"""Posts alerts to a webhook, signed, and tries again with growing pauses. Runs beside the pipeline.

The body is the alert's JSON. Headers: `Idempotency-Key` (the alert's id: the same alert can come twice),
`X-Clashwatch-Timestamp` (Unix seconds) and, where there is a secret, `X-Clashwatch-Signature`: `v1=` and the
HMAC-SHA256 of `timestamp.body` in hexadecimal digits.
"""

import asyncio
import hashlib
import hmac
import ipaddress
import logging
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import httpx

from services.alerter.channels import as_line, suppressed
from shared.errors import TransientError
from shared.schemas.alert_raised import AlertRaised
from shared.store.port import Sending, SendingStore

CHANNEL = "webhook"
# With the pauses, about 20 minutes.
TRIES = 12
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=5)
TRY_SECONDS = 10.0
"""For a whole try: somebody who sends a byte now and then would never be too slow for a limit a read."""
_TOO_EARLY, _TOO_MANY, _TIMEOUT = 425, 429, 408
_SERVER_ERROR = 500
# What `is_global` calls public and leads inside: site-local (RFC 3879), a network's own NAT64 (RFC 8215),
# IPv4-compatible (RFC 4291).
_INSIDE = tuple(ipaddress.IPv6Network(network) for network in ("fec0::/10", "64:ff9b:1::/48", "::/96"))

Resolve = Callable[[str, int], Sequence[str]]


class AddressRefusedError(Exception):
    """The webhook's host is not on the public internet, and nobody allowed that."""


class AwayError(Exception):
    """The other end is away or busy: worth another try, after `pause` if it named one."""

    def __init__(self, reason: str, pause: timedelta | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


class RefusedError(Exception):
    """The other end does not want this message; the same again would not help."""


def resolve(host: str, port: int) -> Sequence[str]:
    """All addresses of a host. Raises OSError."""
    return [str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True, slots=True)
class Target:
    """Where to post. `secret` signs; `allow_private` lets addresses that are not on the public internet
    through."""

    url: str
    secret: bytes | None = None
    allow_private: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError when the URL is not one to post to; it is not repeated: it may hold a token."""
        try:
            url = httpx.URL(self.url)
        except httpx.InvalidURL as error:
            raise ValueError("the webhook URL is not valid") from error
        if url.scheme not in ("http", "https") or not url.host:
            raise ValueError("the webhook URL must be http:// or https:// with a host")
        try:
            url.host.encode("idna")  # as the look-up of its address does
        except UnicodeError:
            raise ValueError("the webhook URL's host is no name of the internet") from None

    def __repr__(self) -> str:
        """Without path, query and secret."""
        return f"Target({httpx.URL(self.url).host})"


@dataclass(frozen=True, slots=True)
class Way:
    """How a post goes out: over the network, and in at most so many seconds."""

    resolve: Resolve = resolve
    transport: httpx.AsyncBaseTransport | None = None
    seconds: float = TRY_SECONDS


def deliver_once(
    alert: AlertRaised, target: Target, store: SendingStore, now: datetime, way: Way | None = None
) -> None:
    """Posts the alert unless it was posted or given up. Raises TransientError where it is to be tried again.

    To be called with no transaction open: each try is recorded at once.
    """
    before = store.sending(alert.alert_id, CHANNEL) or Sending(alert.alert_id, CHANNEL, "waiting")
    if before.state != "waiting":
        return
    if before.next_try and now < before.next_try:
        raise TransientError(before.reason)
    tried = _attempt(before, alert, target, now, way or Way())
    store.record(tried)
    if tried.state == "waiting":
        raise TransientError(tried.reason)


def _attempt(before: Sending, alert: AlertRaised, target: Target, now: datetime, way: Way) -> Sending:
    """The row after one try: sent, waiting for the next, failed or suppressed with the reason."""
    if alert.suppressed:
        return suppressed(alert, CHANNEL)
    tried = replace(before, tries=before.tries + 1, next_try=None)
    try:
        _post(alert, target, now, way)
    except AwayError as error:
        if tried.tries >= TRIES:
            return replace(tried, state="failed", reason=f"gave up after {TRIES} tries: {error}")
        return replace(tried, reason=str(error), next_try=now + _pause(tried.tries, error.pause))
    except (AddressRefusedError, RefusedError) as error:
        return replace(tried, state="failed", reason=str(error))
    return replace(tried, state="sent", sent_at=now, reason=None)


def _post(alert: AlertRaised, target: Target, now: datetime, way: Way) -> None:
    """One request. Raises AwayError, RefusedError or AddressRefusedError; their texts hold no secrets."""
    body = as_line(alert, now).rstrip()
    url, extensions = _to_address(httpx.URL(target.url), target.allow_private, way.resolve)
    headers = {
        "Host": httpx.URL(target.url).netloc.decode("ascii"),
        **signed_headers(alert, body, target, now),
    }
    request = httpx.Request("POST", url, content=body, headers=headers, extensions=extensions)
    try:
        _check(asyncio.run(_answer(request, way)))
    except TimeoutError as error:
        raise AwayError(f"no answer in {way.seconds:g} seconds") from error
    except httpx.TransportError as error:
        raise AwayError(type(error).__name__) from error


async def _answer(request: httpx.Request, way: Way) -> httpx.Response:
    """Status and headers; what the body says does not matter. Raises TimeoutError, httpx.TransportError."""
    async with asyncio.timeout(way.seconds), new_client(way.transport) as client:
        response = await client.send(request, stream=True)
        await response.aclose()
    return response


def signed_headers(alert: AlertRaised, body: bytes, target: Target, now: datetime) -> dict[str, str]:
    """What lets the receiver check who sent it, when, and whether it has it already."""
    timestamp = str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "clashwatch",
        "Idempotency-Key": alert.alert_id,
        "X-Clashwatch-Timestamp": timestamp,
    }
    if target.secret:
        digest = hmac.new(target.secret, f"{timestamp}.".encode() + body, hashlib.sha256)
        headers["X-Clashwatch-Signature"] = f"v1={digest.hexdigest()}"
    return headers


def new_client(transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """No redirects (they could lead inside), no proxies (they would choose the address)."""
    # At INFO it would log whole URLs, and webhooks have their secrets in them.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return httpx.AsyncClient(follow_redirects=False, trust_env=False, timeout=None, transport=transport)  # noqa: S113 - the try has one


def _to_address(url: httpx.URL, allow_private: bool, resolve: Resolve) -> tuple[httpx.URL, dict[str, str]]:
    """The URL with the address that was checked instead of the name: no second look-up can change it."""
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        addresses = resolve(url.host, port)
    except OSError as error:
        raise AwayError("the webhook's host has no address") from error
    for address in addresses:
        if not (allow_private or _is_public(address)):
            raise AddressRefusedError(f"the webhook's host has the address {address}, which is not public")
    if not addresses:
        raise AwayError("the webhook's host has no address")
    return url.copy_with(host=addresses[0]), {"sni_hostname": url.host}


def _is_public(address: str) -> bool:
    """Global unicast; an IPv4 address inside an IPv6 one is judged by itself."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if any(found in network for network in _INSIDE):
            return False
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1] or _translated(found)
        if inner is not None:
            found = inner
    return found.is_global and not found.is_multicast


def _translated(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """RFC 6052: the address behind a NAT64 gateway."""
    if address in ipaddress.ip_network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _check(response: httpx.Response) -> None:
    status = response.status_code
    if response.is_success:
        return
    reason = f"the webhook answered {status}"
    if status >= _SERVER_ERROR or status in (_TOO_EARLY, _TOO_MANY, _TIMEOUT):
        raise AwayError(reason, _retry_after(response.headers.get("Retry-After", "")))
    raise RefusedError(f"{reason}: redirects are not followed" if response.is_redirect else reason)


def _retry_after(header: str) -> timedelta | None:
    return timedelta(seconds=int(header)) if header.isascii() and header.isdigit() and len(header) < 7 else None


def _pause(tries: int, named: timedelta | None) -> timedelta:
    """Doubles each time; what the other end names counts, up to the longest pause."""
    own: timedelta = FIRST_PAUSE * 2 ** (tries - 1)
    return min(LONGEST_PAUSE, max(named or timedelta(0), own))
