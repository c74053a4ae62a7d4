"""What a message carries outside its bytes on Kafka: CloudEvents and W3C trace context headers.

The value is a CloudEvents structured-mode JSON object (CloudEvents Kafka protocol binding 1.0, section 3.3); the
`ce_` headers repeat what is worth filtering by. All messages a dropped file led to have one trace id, and
`tracestate` hands on when its first message was written.
"""

from collections.abc import Iterable

from shared.envelope import attributes
from shared.schemas.ids import derived_id

Headers = list[tuple[str, bytes]]

CONTENT_TYPE = b"application/cloudevents+json; charset=UTF-8"
_REPEATED = ("specversion", "id", "type", "source", "correlationid")
_VENDOR = "clashwatch="


def headers_of(value: bytes, started: float) -> Headers:
    """Headers of a message; none for bytes that are no CloudEvents object (a replayed dead letter)."""
    try:
        event = attributes(value)
        repeated = [(f"ce_{name}", str(event[name]).encode()) for name in _REPEATED]
        trace = traceparent(str(event["correlationid"]), str(event["id"]))
    except (ValueError, KeyError):
        return []
    state = f"{_VENDOR}{int(started * 1000)}".encode()
    return [("content-type", CONTENT_TYPE), *repeated, ("traceparent", trace.encode()), ("tracestate", state)]


def traceparent(correlationid: str, message_id: str) -> str:
    """W3C Trace Context: the chain is the trace, the message the span."""
    trace = derived_id("trace", correlationid).replace("-", "")
    span = derived_id("span", message_id).replace("-", "")[:16]
    return f"00-{trace}-{span}-01"


def started_of(headers: Iterable[tuple[str, bytes]]) -> float | None:
    """When the chain's first message was written, in seconds since 1970."""
    for name, value in headers:
        if name == "tracestate":
            text = value.decode("ascii", "replace")
            for part in text.split(","):
                if part.startswith(_VENDOR) and part.removeprefix(_VENDOR).isdecimal():
                    return int(part.removeprefix(_VENDOR)) / 1000
    return None
