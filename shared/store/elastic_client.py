"""The way to Elasticsearch: who may be talked to and how, and what its refusals mean to a host."""

import ipaddress
import logging
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from elastic_transport import TlsError, TransportError
from elasticsearch import ApiError, Elasticsearch, NotFoundError, UnsupportedProductError
from elasticsearch import ConflictError as Conflict

from shared.errors import RejectedError, TransientError
from shared.settings import Settings

MAJOR = 9
SECONDS = 30.0
_PAUSE = 0.5
_BUSY = frozenset({408, 429, 502, 503, 504})
_CREDENTIALS = frozenset({401, 403})


def connect(settings: Settings, patience: float = 0.0) -> Elasticsearch:
    """A client that has spoken to the server, which may need `patience` seconds to start. The caller closes it.

    Raises RejectedError when the settings, the certificate or the key are refused, TransientError when nobody answers.
    """
    client = build_client(settings)
    deadline = time.monotonic() + patience
    try:
        while not _is_there(client, deadline):
            time.sleep(_PAUSE)
    except BaseException:
        client.close()
        raise
    return client


def _is_there(client: Elasticsearch, deadline: float) -> bool:
    try:
        greet(client)
    except TransientError:
        if time.monotonic() >= deadline:
            raise
        return False
    return True


def build_client(settings: Settings) -> Elasticsearch:
    """A client that has spoken to nobody yet. Raises RejectedError naming the setting that is wrong."""
    url = settings.elasticsearch or ""
    _check_url(url, settings.elasticsearch_allow_plaintext)
    options: dict[str, Any] = {}
    if url.startswith("https:"):
        options["ssl_context"] = _context(settings.elasticsearch_ca)
    if settings.elasticsearch_api_key:
        options["api_key"] = settings.elasticsearch_api_key.get_secret_value()
    logging.getLogger("elastic_transport").setLevel(logging.WARNING)  # it tells of every request
    # The host keeps what could not be written and tries again: the client must not hide that for long.
    return Elasticsearch(url, request_timeout=SECONDS, max_retries=1, retry_on_timeout=False, **options)


def greet(client: Elasticsearch) -> str:
    """The server's version. Raises RejectedError when it is of another major version, or none of Elasticsearch."""
    with translated():
        try:
            version = str(client.info()["version"]["number"])
        except TlsError as error:
            raise RejectedError(f"Elasticsearch's certificate is refused: {_tls_reason(error)}") from error
        except UnsupportedProductError as error:
            raise RejectedError(f"this is no Elasticsearch: {error}") from error
        except ApiError as error:
            if error.status_code in _CREDENTIALS:
                raise RejectedError(_key_refused(error)) from error
            if error.status_code in _BUSY:
                raise
            raise RejectedError(f"Elasticsearch refuses this client: {error_reason(error.body)}") from error
    if int(version.partition(".")[0]) != MAJOR:
        raise RejectedError(f"Elasticsearch {version} is not supported: this program needs version {MAJOR}")
    return version


@contextmanager
def translated() -> Iterator[None]:
    """Elasticsearch's errors as a host understands them.

    TransientError: away, busy, blocked (read-only, disk full), or the key is refused: no message is to blame.
    RejectedError: the request itself is wrong. A conflict goes through as it is: the caller knows of what.
    """
    try:
        yield
    except Conflict:
        raise
    except ApiError as error:
        raise named(error.status_code, error.body) from error
    except TransportError as error:
        raise TransientError(f"Elasticsearch does not answer: {error}") from error


def fetch(client: Elasticsearch, index: str, doc_id: str) -> Mapping[str, Any] | None:
    """A document by id, as it is now, with `_source`, `_version`, `_seq_no` and `_primary_term`; None without one."""
    with translated():
        try:
            return client.get(index=index, id=doc_id).body  # type: ignore[no-any-return]
        except NotFoundError as error:
            if "index_not_found" in str(error):
                raise
            return None


def fetch_many(client: Elasticsearch, wanted: Sequence[tuple[str, str]]) -> list[Mapping[str, Any] | None]:
    """`fetch` for many documents (index, id), in one request."""
    if not wanted:
        return []
    with translated():
        found = client.mget(docs=[{"_index": index, "_id": doc_id} for index, doc_id in wanted])["docs"]
    for one in found:
        if "error" in one:  # a shard that is not there yet, after a start; a document by its id is no mistake
            raise TransientError(f"Elasticsearch cannot read {one['_id']}: {error_reason({'error': one['error']})}")
    return [one if one["found"] else None for one in found]


def named(status: int, body: object) -> Exception:
    """The error for an answer's or a bulk item's status and body."""
    reason = error_reason(body)
    if status in _BUSY:
        return TransientError(f"Elasticsearch is busy ({status}): {reason}")
    if status == 403 and "block" in reason:
        return TransientError(f"Elasticsearch does not take writes: {reason}")
    if status in _CREDENTIALS:
        return TransientError(f"Elasticsearch refuses the key ({status}): {reason}")
    if status == 404 and "index_not_found" in reason:
        return TransientError(f"the indexes are not set up: {reason}")
    return RejectedError(f"Elasticsearch refuses it ({status}): {reason}")


def error_reason(body: object) -> str:
    """Type and reason of an error, with what caused it, in one line."""
    error = body.get("error", body) if isinstance(body, Mapping) else body
    if not isinstance(error, Mapping):
        return str(error)[:1000]
    told = f"{error.get('type', '')}: {error.get('reason', '')}"
    cause = error.get("caused_by")
    if isinstance(cause, Mapping) and cause.get("reason"):
        told += f" ({cause['reason']})"
    return told[:1000]


def _check_url(url: str, allow_plaintext: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise RejectedError(f"CLASHWATCH_ELASTICSEARCH is no http(s) URL: {_without_password(url)!r}")
    if parts.username or parts.password:
        raise RejectedError("CLASHWATCH_ELASTICSEARCH holds a password: give CLASHWATCH_ELASTICSEARCH_API_KEY instead")
    if parts.scheme == "http" and not _is_loopback(parts.hostname) and not allow_plaintext:
        raise RejectedError(
            f"{url} is not encrypted and not on this machine: use https, or say"
            " CLASHWATCH_ELASTICSEARCH_ALLOW_PLAINTEXT=true"
        )


def _without_password(url: str) -> str:
    return url.rpartition("@")[2]


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _context(authority: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(authority) if authority else None)
    except (OSError, ssl.SSLError) as error:
        raise RejectedError(f"CLASHWATCH_ELASTICSEARCH_CA: {authority} cannot be used: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _tls_reason(error: TlsError) -> str:
    text = str(error)
    for words, meaning in (
        ("certificate has expired", "it has expired"),
        ("ostname mismatch", "it is for another host"),
        ("IP address mismatch", "it is for another host"),
        ("unable to get local issuer", "its authority is not the one in CLASHWATCH_ELASTICSEARCH_CA"),
        ("self-signed", "its authority is not the one in CLASHWATCH_ELASTICSEARCH_CA"),
        ("self signed", "its authority is not the one in CLASHWATCH_ELASTICSEARCH_CA"),
    ):
        if words in text:
            return f"{meaning} ({text})"
    return text


def _key_refused(error: ApiError) -> str:
    hint = "CLASHWATCH_ELASTICSEARCH_API_KEY is missing, wrong, expired or may not do this"
    return f"Elasticsearch refuses the key ({error.status_code}): {hint}: {error_reason(error.body)}"
