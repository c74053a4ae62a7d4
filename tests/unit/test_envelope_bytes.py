"""The envelope's shortcut past the JSON objects gives what reading them gives."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.envelope import attributes, decode, encode
from shared.schemas import ArticleReceived, FileSettled
from shared.schemas.article_received import Sidecar

NOW = datetime(2022, 9, 14, 1, 2, 3, 4, tzinfo=UTC)


def settled(reason: str = "r") -> FileSettled:
    return FileSettled(path="p", state="rejected", reason=reason, settled_at=NOW)


@given(st.binary(max_size=300), st.text(max_size=50))
def test_what_is_written_is_read(content: bytes, title: str) -> None:
    title = title.encode("utf-8", "ignore").decode()
    message = ArticleReceived(
        article_id="a",
        path='p",data":{',
        stem="s",
        size=len(content),
        content=content,
        sidecar=Sidecar(title=title),
        received_at=NOW,
    )
    raw = encode(message, id='i",data":', stage="feeder", now=NOW)
    found = decode(raw)
    assert found.data == message
    assert (found.id, found.time, found.correlationid) == ('i",data":', NOW, 'i",data":')
    assert attributes(raw)["subject"] == "a"


def event(**changes: Any) -> dict[str, Any]:
    return json.loads(encode(settled(), id="i", stage="feeder", now=NOW)) | changes


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("more", [{}, {"traceparent": "x"}, {"x": {"data": {"reason": "wrong"}}}, {"x": "}"}])
def test_other_writers_may_order_and_space_as_they_like(indent: int | None, more: dict[str, Any]) -> None:
    for written in (event() | more, more | event(), dict(reversed((event() | more).items()))):
        for separators in ((",", ":"), (", ", ": ")):
            raw = json.dumps(written, indent=indent, separators=separators).encode()
            assert decode(raw).data == settled()
            assert attributes(raw)["id"] == "i"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"nonsense",
        b'{"id":"i","data":{}}',
        b'{"id":"i","data":',
        json.dumps(event(type="nope")).encode(),
        json.dumps(event(dataschema="clashwatch:file.settled:2")).encode(),
        json.dumps(event(data={"path": 7})).encode(),
        json.dumps(event(data=None)).encode(),
        json.dumps(event(time="yesterday")).encode(),
    ],
)
def test_what_is_not_ours_is_refused(raw: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        decode(raw)
