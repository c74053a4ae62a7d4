"""The system on Kafka writes what the embedded one writes: the same ids, the same data, in the same order."""

from pathlib import Path

import pytest

from shared.bus.connection import Connection
from shared.bus.kafka_topics import create_topics
from shared.bus.topics import load_topics
from tests.e2e.road import Folders
from tests.parity.parity import COMPARED, embedded, fill, on_kafka

pytestmark = pytest.mark.real
MOST = 40


def test_the_same_inbox_leads_to_the_same_messages(connection: Connection, tmp_path: Path) -> None:
    one, other = Folders.under(tmp_path / "embedded"), Folders.under(tmp_path / "kafka")
    count = fill(one.inbox, MOST)
    fill(other.inbox, MOST)
    # The order of messages is that of a partition: with one, both logs have the same.
    topics = {name: topic.model_copy(update={"partitions": 1}) for name, topic in load_topics().items()}
    create_topics(connection, topics)
    expected, told = embedded(one), on_kafka(other, connection)
    assert len(expected["article.analyzed"]) == count
    assert expected["incident.changed"]
    assert expected["alert.raised"]
    for topic in COMPARED:
        assert told[topic] == expected[topic]
    for index in ("incidents", "articles", "alerts"):
        assert len(other.found(index)) == len(one.found(index))
    assert other.found("incidents") == one.found("incidents")
