"""The log read again from where one says to where it ends now, for no group: nobody's offsets change."""

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from shared.bus.connection import Connection
from shared.bus.kafka import FETCH_BYTES
from shared.bus.kafka_client import KafkaConsumer, KafkaError, TopicPartition
from shared.bus.kafka_headers import started_of
from shared.bus.port import Record
from shared.errors import TransientError

PATIENCE = 60.0
_POLL_MS = 500


@dataclass(frozen=True, slots=True)
class Start:
    """Offsets to begin at, by (topic, partition), by (topic, None) for all its partitions, else `everywhere`.

    An offset that is no longer kept, or not written yet, is the nearest one that is.
    """

    everywhere: int = 0
    places: Mapping[tuple[str, int | None], int] = field(default_factory=dict)

    def offset(self, topic: str, partition: int) -> int:
        """Where to begin on a partition."""
        return self.places.get((topic, partition), self.places.get((topic, None), self.everywhere))


def replay(connection: Connection, topics: Sequence[str], start: Start) -> Generator[Record, None, None]:
    """All records of the topics that were written when it begins; of one key in their order.

    Raises TransientError when the brokers give nothing for a minute. A topic that is not there has no records.
    """
    with _failing(), closing(_consumer(connection)) as consumer:
        ends = _assign(consumer, connection.prefix, topics, start)
        quiet_since = time.monotonic()
        while not all(consumer.position(place) >= end for place, end in ends.items()):
            found = consumer.poll(timeout_ms=_POLL_MS)
            if found:
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since > PATIENCE:
                raise TransientError("Kafka gives nothing more, and the end is not reached")
            for place, records in found.items():
                yield from (_record(one, connection.prefix) for one in records if one.offset < ends[place])


def _consumer(connection: Connection) -> Any:
    return KafkaConsumer(
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_bytes=FETCH_BYTES,
        max_partition_fetch_bytes=FETCH_BYTES,
        allow_auto_create_topics=False,
        **connection.client(),
    )


def _assign(consumer: Any, prefix: str, topics: Sequence[str], start: Start) -> dict[TopicPartition, int]:
    """Where each partition ends; the consumer stands where it is to begin."""
    places = [
        TopicPartition(prefix + topic, number)
        for topic in topics
        for number in consumer.partitions_for_topic(prefix + topic) or ()
    ]
    if not places:
        return {}
    ends, oldest = consumer.end_offsets(places), consumer.beginning_offsets(places)
    consumer.assign(places)
    for place in places:
        wanted = start.offset(place.topic.removeprefix(prefix), place.partition)
        consumer.seek(place, min(max(wanted, oldest[place]), ends[place]))
    return dict(ends)


def _record(found: Any, prefix: str) -> Record:
    key = (found.key or b"").decode("utf-8", "replace")
    topic = found.topic.removeprefix(prefix)
    return Record(topic, found.partition, found.offset, key, found.value or b"", started_of(found.headers))


@contextmanager
def _failing() -> Iterator[None]:
    try:
        yield
    except (KafkaError, OSError) as error:
        raise TransientError(f"Kafka cannot be read: {type(error).__name__}: {error}") from error
