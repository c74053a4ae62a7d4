"""CloudEvents 1.0 structured JSON around every message, and the one way in and out of it.

`type` is the message type and the topic, `subject` the partition key, `dataschema` carries the version
(`clashwatch:article.received:1`), `causationid` the message that led to this one, `correlationid` the first
of the chain.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic_core import from_json, to_json

from shared.schemas import MESSAGES, Message

SOURCE = "clashwatch"
_DATA = b',"data":'

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

# (type, version) -> the pure function that makes version + 1 of the `data` of that version.
UPCASTERS: dict[tuple[str, int], Upcaster] = {}


@dataclass(frozen=True, slots=True)
class Envelope:
    """A decoded message with its CloudEvents attributes."""

    id: str
    time: datetime
    causationid: str | None
    correlationid: str
    data: Message


def encode(message: Message, *, id: str, stage: str, now: datetime, cause: Envelope | None = None) -> bytes:
    """The message as CloudEvents JSON; `data` is always its last member."""
    head = to_json(
        {
            "specversion": "1.0",
            "id": id,
            "source": f"{SOURCE}/{stage}",
            "type": message.TYPE,
            "time": now.astimezone(UTC).isoformat(),
            "subject": message.key,
            "datacontenttype": "application/json",
            "dataschema": f"{SOURCE}:{message.TYPE}:{message.VERSION}",
            "causationid": cause.id if cause else None,
            "correlationid": cause.correlationid if cause else id,
        }
    )
    data = message.__pydantic_serializer__.to_json(message, exclude_defaults=True)
    return b"".join((head[:-1], _DATA, data, b"}"))


def decode(raw: bytes) -> Envelope:
    """Reads any version ever written, upcast to today's model.

    Raises ValueError (pydantic's ValidationError included), KeyError or TypeError when it is not one of our
    messages.
    """
    # Models read JSON much faster than objects. With `data` last, what stands before it is JSON once it is
    # closed; should another writer have put members after it, it is no JSON by itself, and the whole is read.
    head, found, tail = raw.partition(_DATA)
    if found and tail.endswith(b"}"):
        with suppress(ValueError, KeyError):
            return _envelope(from_json(head + b"}"), tail[:-1])
    event = from_json(raw)
    return _envelope(event, to_json(event["data"]))


def attributes(raw: bytes) -> dict[str, Any]:
    """The CloudEvents attributes (`id`, `type`, `time`, `subject` ...) without `data`. Raises ValueError."""
    head, found, _ = raw.partition(_DATA)
    if found:
        with suppress(ValueError):
            event = dict(from_json(head + b"}"))
            if "correlationid" in event:  # written last: no attribute stands behind `data`
                return event
    event = from_json(raw)
    if not isinstance(event, dict):
        raise ValueError("not a CloudEvents object")
    return {name: value for name, value in event.items() if name != "data"}


def _envelope(event: dict[str, Any], data: bytes) -> Envelope:
    kind, version = event["type"], int(event["dataschema"].rsplit(":", 1)[1])
    model = MESSAGES[kind]
    if version > model.VERSION:
        raise ValueError(f"{kind} version {version} is newer than this program's {model.VERSION}")
    for old in range(version, model.VERSION):
        data = to_json(UPCASTERS[kind, old](from_json(data)))
    return Envelope(
        id=event["id"],
        time=datetime.fromisoformat(event["time"]),
        causationid=event.get("causationid"),
        correlationid=event["correlationid"],
        data=model.model_validate_json(data),
    )
