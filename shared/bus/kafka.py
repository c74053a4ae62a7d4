"""The log on Apache Kafka: topics with partitions, consumer groups, offsets kept by the broker."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from shared.bus.connection import Connection
from shared.bus.kafka_client import (
    TOO_LARGE,
    ConsumerRebalanceListener,
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    KafkaAdminClient,
    KafkaConsumer,
    KafkaError,
    KafkaProducer,
    NotCoordinatorError,
    OffsetAndMetadata,
    OffsetSpec,
    TopicPartition,
    remind,
)
from shared.bus.kafka_headers import headers_of, started_of
from shared.bus.kafka_topics import MAX_MESSAGE_BYTES
from shared.bus.port import Record
from shared.bus.topics import Topic, load_topics
from shared.errors import RejectedError, TransientError
from shared.stage import Delivery

log = logging.getLogger(__name__)

READ_SECONDS = 0.1
"""A read waits so long for a first record."""
FETCH_BYTES = 8 * 1024 * 1024
FETCH_RECORDS = 500
SESSION_SECONDS = 10
ANSWER_SECONDS = 10
"""The broker may take so long to acknowledge before it counts as away."""
_CLOSE_MS = 1000
Sent = tuple[Delivery, float | None]
"""A delivery and when its chain was started (None: with it), in seconds since 1970."""

# Batching as measured: the defaults send nearly every message alone.
_PRODUCER = {
    "linger_ms": 5,
    "batch_size": 256 * 1024,
    "max_request_size": MAX_MESSAGE_BYTES,
    "delivery_timeout_ms": ANSWER_SECONDS * 1000,
    "request_timeout_ms": ANSWER_SECONDS * 1000 // 2,
    "max_block_ms": ANSWER_SECONDS * 1000,
}
_CONSUMER = {
    "enable_auto_commit": False,
    "auto_offset_reset": "earliest",
    "fetch_max_bytes": FETCH_BYTES,
    "max_partition_fetch_bytes": FETCH_BYTES,
    "session_timeout_ms": SESSION_SECONDS * 1000,
    "heartbeat_interval_ms": SESSION_SECONDS * 1000 // 5,
    "allow_auto_create_topics": False,
}


class TooLargeError(RejectedError):
    """A message no broker takes. `delivery` is the one."""

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery
        size = len(delivery.value)
        super().__init__(
            f"a {delivery.topic} of {size} bytes is larger than the {MAX_MESSAGE_BYTES} a message may have"
        )


class KafkaBus:
    """A `Bus` over a cluster. Every failure that may pass is a TransientError.

    One consumer a group, joined at the first read. With `instance`, a name that stays the same when the process is
    restarted, the group waits for it instead of dealing its partitions out again (static membership). After the
    group has dealt them out anew a read goes on after the records committed last. For one thread.
    """

    def __init__(
        self,
        connection: Connection,
        topics: Mapping[str, Topic] | None = None,
        *,
        instance: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.connection = connection
        self._topics = dict(load_topics() if topics is None else topics)
        self._instance = instance
        self._clock = clock
        self._client = connection.client()
        self._readers: dict[str, _Reader] = {}
        self._producer: Any = None
        self._admin: Any = None

    def publish(self, deliveries: Sequence[Delivery]) -> None:
        """Returns when the brokers have them. ValueError for an unknown topic, TooLargeError for a large message."""
        self.send([(delivery, None) for delivery in deliveries])

    def send(self, sent: Sequence[Sent]) -> None:
        """Like `publish`, handing on when each chain was started."""
        if not sent:
            return
        with self._failing("cannot be written"):
            self._producer = self._producer or KafkaProducer(**self._client, **_PRODUCER)
            try:
                self._flush([(delivery, self._append(delivery, started)) for delivery, started in sent])
            except KafkaError:
                self._drop_producer()
                raise

    def read(self, group: str, topics: Sequence[str], limit: int) -> list[Record]:
        """The next records, of the partitions the group has given this bus; waits a moment for a first one."""
        with self._failing("cannot be read"):
            return self._reader(group).read([self._name(name) for name in topics], limit)

    def commit(self, group: str, records: Sequence[Record]) -> None:
        """Raises TransientError also when the group has just given the partitions to others: they do it again."""
        ends: dict[TopicPartition, int] = {}
        for record in records:
            place = TopicPartition(self._name(record.topic), record.partition)
            ends[place] = max(ends.get(place, 0), record.offset + 1)
        with self._failing("offsets cannot be committed"):
            self._reader(group).commit(ends)

    def rewind(self, group: str, topics: Sequence[str]) -> None:
        """The group reads again what it has read and not committed."""
        with self._failing("cannot be rewound"):
            self._reader(group).rewind({self._name(name) for name in topics})

    def hold(self, group: str, record: Record, seconds: float) -> None:
        """Reads this record again, and what comes after it on its partition, not before `seconds` have passed."""
        with self._failing("cannot be held"):
            place = TopicPartition(self._name(record.topic), record.partition)
            self._reader(group).hold(place, record.offset, seconds)

    def seek_to_start(self, group: str, topics: Sequence[str]) -> None:
        """Raises TransientError while other members of the group are at work: stop them first."""
        with self._failing("offsets cannot be set back (is the service stopped?)"):
            oldest = self._offsets(topics, OffsetSpec.EARLIEST)
            if group in self._readers:
                self._readers[group].seek(oldest)
                return
            offsets = {place: OffsetAndMetadata(offset, "", -1) for place, offset in oldest.items()}
            for error in self._admin_client().alter_group_offsets(self._group(group), offsets).values():
                if error.errno:
                    raise error(group)

    def lag(self, group: str, topics: Sequence[str]) -> int:
        """How many records the group, all members together, has not committed yet."""
        return sum(end - start for start, end in self.standing(group, topics).values())

    def standing(self, group: str, topics: Sequence[str]) -> dict[tuple[str, int], tuple[int, int]]:
        """Of each partition (topic, number): the first offset not committed, and the one after the last."""
        with self._failing("cannot be asked"):
            ends = self._offsets(topics, OffsetSpec.LATEST)
            oldest = self._offsets(topics, OffsetSpec.EARLIEST)
            committed = self._committed(self._group(group), list(ends))
        starts = {place: max(oldest[place], found.offset) for place, found in committed.items()}
        prefix = self.connection.prefix
        return {
            (place.topic.removeprefix(prefix), place.partition): (starts.get(place, oldest[place]), end)
            for place, end in ends.items()
        }

    def assigned(self, group: str) -> set[tuple[str, int]]:
        """Partitions (topic, number) the group has given this bus."""
        reader = self._readers.get(group)
        places = reader.consumer.assignment() if reader else ()
        return {(place.topic.removeprefix(self.connection.prefix), place.partition) for place in places}

    def renew(self, group: str) -> None:
        """Reads on as a new member, after the records committed last; the old one is left to itself."""
        reader = self._readers.pop(group, None)
        if reader:
            with suppress(KafkaError):
                reader.consumer.close(autocommit=False, timeout_ms=_CLOSE_MS)

    def close(self) -> None:
        """Leaves the groups (a static member only goes quiet) and gives back the connections."""
        for reader in self._readers.values():
            with suppress(KafkaError):
                reader.consumer.close(autocommit=False)
        self._readers.clear()
        self._drop_producer()
        if self._admin:
            self._admin.close()
            self._admin = None

    def _append(self, delivery: Delivery, started: float | None) -> Any:
        name = self._name(delivery.topic)
        headers = headers_of(delivery.value, self._clock() if started is None else started)
        try:
            return self._producer.send(name, delivery.value, delivery.key.encode(), headers)
        except TOO_LARGE as error:
            raise TooLargeError(delivery) from error

    def _flush(self, waiting: Sequence[tuple[Delivery, Any]]) -> None:
        self._producer.flush(ANSWER_SECONDS * 2)
        for delivery, future in waiting:
            try:
                future.get(0)
            except TOO_LARGE as error:
                raise TooLargeError(delivery) from error

    def _drop_producer(self) -> None:
        """After a failure: a producer that lost a batch may refuse all that follow."""
        producer, self._producer = self._producer, None
        if producer:
            with suppress(KafkaError):
                producer.close(timeout=1)

    def _reader(self, group: str) -> "_Reader":
        if group not in self._readers:
            instance = f"{self._group(group)}-{self._instance}" if self._instance else None
            consumer = KafkaConsumer(
                group_id=self._group(group), group_instance_id=instance, **self._client, **_CONSUMER
            )
            self._readers[group] = _Reader(consumer, self.connection.prefix)
        return self._readers[group]

    def _offsets(self, topics: Sequence[str], which: Any) -> dict[TopicPartition, int]:
        places = [
            TopicPartition(found["name"], partition["partition_index"])
            for found in self._admin_client().describe_topics([self._name(name) for name in topics])
            for partition in found["partitions"]
        ]
        found = self._admin_client().list_partition_offsets(dict.fromkeys(places, which))
        return {place: offset.offset for place, offset in found.items()}

    def _committed(self, name: str, places: list[TopicPartition]) -> Mapping[TopicPartition, Any]:
        """The first question about any group makes a new cluster create the topic the answers are on."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                found: dict[str, Mapping[TopicPartition, Any]] = self._admin_client().list_group_offsets({name: places})
                return found[name]
            except (CoordinatorNotAvailableError, CoordinatorLoadInProgressError, NotCoordinatorError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(READ_SECONDS)

    def _admin_client(self) -> Any:
        self._admin = self._admin or KafkaAdminClient(**self._client, request_timeout_ms=ANSWER_SECONDS * 1000)
        return self._admin

    def _name(self, topic: str) -> str:
        if topic not in self._topics:
            raise ValueError(f"{topic}: no such topic")
        return self.connection.prefix + topic

    def _group(self, group: str) -> str:
        return self.connection.prefix + group

    @contextmanager
    def _failing(self, what: str) -> Iterator[None]:
        try:
            yield
        except (KafkaError, OSError) as error:
            raise TransientError(f"Kafka {what}: {type(error).__name__}: {error}") from error


class _Reader(ConsumerRebalanceListener):  # type: ignore[misc]
    """One group's consumer. Names of topics are the cluster's here.

    Records wait here to be dealt out in turn: the consumer would give all it has of one partition first.
    """

    def __init__(self, consumer: Any, prefix: str) -> None:
        self.consumer = consumer
        self._prefix = prefix
        self._subscribed: set[str] = set()
        self._committed: dict[TopicPartition, int] = {}
        self._held: dict[TopicPartition, float] = {}
        self._fetched: dict[TopicPartition, deque[Record]] = {}
        self._start_over = False

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Whoever gets them begins behind what is committed."""
        del revoked
        self._start_over = True

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """The consumer may go on where it was, ahead of what was dealt out and committed: so it is sent back."""
        del assigned
        self._start_over = True

    def read(self, topics: Sequence[str], limit: int) -> list[Record]:
        if not self._subscribed >= set(topics):
            self._subscribed |= set(topics)
            # A group that is joined before these are known gives out no partitions of them.
            self.consumer.topics()
            self.consumer.subscribe(sorted(self._subscribed), listener=self)
        self._pause(set(topics))
        remind(self.consumer)
        waits = 0 if any(self._ready(topics)) else READ_SECONDS
        found = self.consumer.poll(timeout_ms=int(waits * 1000), max_records=FETCH_RECORDS)
        if self._start_over:
            self._fetched.clear()
            self._committed.clear()
            self.rewind(self._subscribed)
            self._start_over = False
            return []
        for place, records in found.items():
            self._fetched.setdefault(place, deque()).extend(self._record(one) for one in records)
        return self._deal_out(topics, limit)

    def _ready(self, topics: Sequence[str]) -> list[TopicPartition]:
        assigned = self.consumer.assignment()
        return [
            place
            for place, records in self._fetched.items()
            if records and place in assigned and place.topic in topics and place not in self._held
        ]

    def _deal_out(self, topics: Sequence[str], limit: int) -> list[Record]:
        """The same share of each partition, as far as it has so much; who was served goes to the end."""
        records: list[Record] = []
        while len(records) < limit and (ready := self._ready(topics)):
            share = max(1, (limit - len(records)) // len(ready))
            for place in ready[: limit - len(records)]:
                waiting = self._fetched.pop(place)
                records += [waiting.popleft() for _ in range(min(share, len(waiting)))]
                self._fetched[place] = waiting
        return records

    def commit(self, ends: Mapping[TopicPartition, int]) -> None:
        mine = self.consumer.assignment()
        new = {place: end for place, end in ends.items() if end > self._committed.get(place, 0)}
        if not new.keys() <= mine:
            raise TransientError("the group has given partitions of this worker to another")
        if new:
            self.consumer.commit({place: OffsetAndMetadata(end, "", -1) for place, end in new.items()})
            self._committed |= new

    def rewind(self, topics: set[str]) -> None:
        for place in [place for place in self.consumer.assignment() if place.topic in topics]:
            self._fetched.pop(place, None)
            committed = self.consumer.committed(place)
            if committed is None:
                self.consumer.seek_to_beginning(place)
            else:
                self.consumer.seek(place, committed)

    def hold(self, place: TopicPartition, offset: int, seconds: float) -> None:
        if place in self.consumer.assignment():
            self._fetched.pop(place, None)
            self.consumer.seek(place, offset)
            self._held[place] = time.monotonic() + seconds

    def seek(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Commits what may lie before what is committed."""
        self.consumer.commit({place: OffsetAndMetadata(offset, "", -1) for place, offset in offsets.items()})
        self._committed.clear()
        for place in self.consumer.assignment() & offsets.keys():
            self._fetched.pop(place, None)
            self.consumer.seek(place, offsets[place])

    def _pause(self, topics: set[str]) -> None:
        """Leaves alone what was not asked for, what is held, and what has more waiting here than is read at once."""
        now = time.monotonic()
        assigned: Iterable[TopicPartition] = self.consumer.assignment()
        self._held = {place: until for place, until in self._held.items() if until > now and place in assigned}
        quiet = {place for place in assigned if place.topic not in topics or place in self._held}
        quiet |= {
            place for place, records in self._fetched.items() if len(records) >= FETCH_RECORDS and place in assigned
        }
        paused = self.consumer.paused()
        if quiet - paused:
            self.consumer.pause(*(quiet - paused))
        if paused - quiet:
            self.consumer.resume(*(paused - quiet))

    def _record(self, found: Any) -> Record:
        key = (found.key or b"").decode("utf-8", "replace")
        topic = found.topic.removeprefix(self._prefix)
        return Record(topic, found.partition, found.offset, key, found.value or b"", started_of(found.headers))
