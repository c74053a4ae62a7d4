"""Many documents in one request, and what becomes of each.

409 (a version as high is there) is a replay and fine; 429 and 503 are tried again, only those; 413 halves the request;
any other refusal is the document's own and is told to whoever put it.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elasticsearch import ApiError, Elasticsearch
from pydantic_core import to_json

from shared.errors import ConflictError, RejectedError, TransientError
from shared.store.elastic_client import error_reason, named, translated

MAX_BYTES = 4 * 1024 * 1024
MAX_ITEMS = 500
PATIENCE = 10.0
_FAILED, _CONFLICT = 300, 409
_WRITTEN = "items.*._id,items.*.status,items.*.error,items.*._seq_no,items.*._primary_term"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0


@dataclass(frozen=True, slots=True)
class Item:
    """One line or two of a bulk request. `action` is the line before the document: {"index": {"_index": ...}}."""

    action: bytes
    body: bytes = b""

    @property
    def size(self) -> int:
        """Bytes in the request."""
        return len(self.action) + len(self.body) + 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """`wrote` is false for a replay and for a refusal; only a refusal has a reason."""

    wrote: bool
    refused: str | None = None


WROTE, STALE = Outcome(True), Outcome(False)


def index_item(index: str, doc_id: str, body: Mapping[str, Any], version: int | None = None) -> Item:
    """Writes the document; with a version, unless one as high or higher is there."""
    guard = {} if version is None else {"version": version, "version_type": "external"}
    return Item(to_json({"index": {"_index": index, "_id": doc_id, "require_alias": True, **guard}}), to_json(body))


@dataclass(frozen=True, slots=True)
class Bulk:
    """Sends items until each is written, stale or refused.

    Raises TransientError when some were still put off after `patience` seconds, or nobody answers: all may be sent
    again.
    """

    client: Elasticsearch
    patience: float = PATIENCE
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def send(self, items: Sequence[Item]) -> list[Outcome]:
        """What became of each item, in their order."""
        outcomes: list[Outcome] = []
        for chunk in chunks(items):
            outcomes += self._patiently(chunk)
        return outcomes

    def _patiently(self, items: Sequence[Item]) -> list[Outcome]:
        done: dict[int, Outcome] = {}
        waiting, reason, pause = list(range(len(items))), "", _FIRST_PAUSE
        deadline = self.clock() + self.patience
        while True:
            answers = self._request([items[i] for i in waiting])
            put_off = []
            for i, answer in zip(waiting, answers, strict=True):
                if isinstance(answer, str):
                    put_off.append(i)
                    reason = answer
                else:
                    done[i] = answer
            if not put_off:
                return [done[i] for i in range(len(items))]
            if self.clock() >= deadline:
                raise TransientError(f"{len(put_off)} of {len(items)} documents were put off: {reason}")
            waiting = put_off
            self.sleep(pause * (0.5 + random.random()))  # noqa: S311 - so that not all come back at once
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _request(self, items: Sequence[Item]) -> list[Outcome | str]:
        """An outcome for each item, or why it was put off."""
        try:
            with translated():
                answer = self._post(items)
        except TransientError as error:
            if isinstance(error.__cause__, ApiError) and error.__cause__.status_code in (429, 503):
                return [str(error)] * len(items)
            raise
        if answer is None:
            return self._halved(items)
        return [_outcome(next(iter(one.values()))) for one in answer]

    def _post(self, items: Sequence[Item]) -> list[dict[str, Any]] | None:
        """None when the request as a whole is too large, or has something in it that is no JSON."""
        lines: list[Any] = [line for item in items for line in (item.action, item.body) if line]
        try:
            response = self.client.options(max_retries=0).bulk(
                operations=lines, filter_path="items.*.status,items.*.error"
            )
        except ApiError as error:
            if error.status_code not in (400, 413):
                raise
            if len(items) == 1:
                return [{"index": {"status": error.status_code, "error": {"reason": error_reason(error.body)}}}]
            return None
        return list(response["items"])

    def _halved(self, items: Sequence[Item]) -> list[Outcome | str]:
        middle = len(items) // 2
        return [*self._request(items[:middle]), *self._request(items[middle:])]


def chunks(items: Sequence[Item], max_bytes: int = MAX_BYTES, max_items: int = MAX_ITEMS) -> Iterator[Sequence[Item]]:
    """Slices of a size a server takes; an item that is larger goes alone."""
    start, size = 0, 0
    for i, item in enumerate(items):
        if i > start and (size + item.size > max_bytes or i - start >= max_items):
            yield items[start:i]
            start, size = i, 0
        size += item.size
    if start < len(items):
        yield items[start:]


def write_all(client: Elasticsearch, lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Actions and documents in turn, in one request; what the server says of each. No item is tried again.

    Raises ConflictError where one was to be written only if nobody else had, TransientError or RejectedError for
    the first that was not written; the others may be.
    """
    if not lines:
        return []
    operations: list[Any] = [to_json(line) for line in lines]
    with translated():
        found = client.options(max_retries=0).bulk(operations=operations, require_alias=True, filter_path=_WRITTEN)
    answers: list[dict[str, Any]] = [next(iter(one.values())) for one in found["items"]]
    for answer in answers:
        _check(answer)
    return answers


def _check(answer: Mapping[str, Any]) -> None:
    status = answer["status"]
    if status == _CONFLICT:
        raise ConflictError(f"{answer['_id']} was saved by somebody else since it was loaded")
    if status >= _FAILED:
        raise named(status, {"error": answer.get("error", {})})


def _outcome(answer: Mapping[str, Any]) -> Outcome | str:
    status = answer["status"]
    if status < _FAILED:
        return WROTE
    if status == _CONFLICT:
        return STALE
    error = named(status, {"error": answer.get("error", {})})
    return Outcome(False, str(error)) if isinstance(error, RejectedError) else str(error)
