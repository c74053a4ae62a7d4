"""Headers, checksum, topic configuration: what goes over the wire beside the bytes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.bus.kafka_client import checksum
from shared.bus.kafka_headers import headers_of, started_of, traceparent
from shared.bus.kafka_topics import MAX_MESSAGE_BYTES, configuration
from shared.bus.topics import load_topics
from shared.stage import deliver
from tests.unit.host_stages import NOW, dropped, pure_stages

TRACE = re.compile(r"00-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-01\Z")


def test_a_message_carries_cloudevents_and_trace_headers() -> None:
    delivery = dropped(1)
    headers = dict(headers_of(delivery.value, 1_663_113_600.25))
    assert headers["content-type"] == b"application/cloudevents+json; charset=UTF-8"
    assert headers["ce_specversion"] == b"1.0"
    assert headers["ce_id"] == delivery.id.encode()
    assert headers["ce_type"] == b"article.received"
    assert headers["ce_source"] == b"clashwatch/feeder"
    assert TRACE.match(headers["traceparent"].decode())
    assert started_of(headers.items()) == 1_663_113_600.25


def test_a_chain_is_one_trace_and_each_message_a_span() -> None:
    first = dropped(1)
    [second] = deliver(pure_stages()[0], first.value, NOW)
    traces = [TRACE.match(dict(headers_of(d.value, 0.0))["traceparent"].decode()) for d in (first, second)]
    assert traces[0]
    assert traces[1]
    assert traces[0]["trace"] == traces[1]["trace"]
    assert traces[0]["span"] != traces[1]["span"]
    assert traceparent("a", "b") == traceparent("a", "b")


@given(st.binary(max_size=200))
def test_bytes_that_are_no_message_of_ours_have_no_headers(raw: bytes) -> None:
    assert headers_of(raw, 0.0) == []


@pytest.mark.parametrize(
    "state", [b"", b"other=1", b"clashwatch=", b"clashwatch=soon", b"clashwatch=-1", b"\xff", b"clashwatch=1,"]
)
def test_a_trace_state_of_others_is_nothing_to_us(state: bytes) -> None:
    assert started_of([("tracestate", state)]) in (None, 0.001)


def test_ours_is_found_among_others() -> None:
    assert started_of([("x", b"y"), ("tracestate", b"vendor=7,clashwatch=2500")]) == 2.5


def test_the_checksum_is_castagnolis() -> None:
    # RFC 3720, appendix B.4
    assert checksum(memoryview(bytearray(32))) == 0x8A9136AA
    assert checksum(memoryview(b"\xff" * 32)) == 0x62A8AB43
    assert checksum(memoryview(bytes(range(32)))) == 0x46DD794E


def test_topics_are_configured_as_the_file_says() -> None:
    topics = load_topics()
    received, passing = configuration(topics["article.received"]), configuration(topics["article.tagged"])
    settled = configuration(topics["file.settled"])
    assert (received["retention.ms"], received["cleanup.policy"], received["compression.type"]) == (
        "-1",
        "delete",
        "gzip",
    )
    assert int(passing["retention.ms"]) >= 7 * 24 * 3600 * 1000
    assert settled["cleanup.policy"] == "compact"
    assert {configuration(topic)["max.message.bytes"] for topic in topics.values()} == {str(MAX_MESSAGE_BYTES)}
    assert all(topic.partitions >= 3 for topic in topics.values())
