"""The topics of `topics.yml` on a Kafka cluster: created where they are missing, brought up to date where not."""

from collections.abc import Mapping
from contextlib import closing, suppress
from typing import Any

from shared.bus.connection import Connection
from shared.bus.kafka_client import ConfigResource, InvalidPartitionsError, KafkaAdminClient, TopicAlreadyExistsError
from shared.bus.topics import Topic

MAX_MESSAGE_BYTES = 20 * 1024 * 1024
"""The largest dead letter: an 8 MiB file is base64 in its message, and that again in the letter."""
MAX_VALUE_BYTES = MAX_MESSAGE_BYTES - 16 * 1024
"""Leaves room for key, headers and the frame of a batch."""
RETENTION_MS = 7 * 24 * 3600 * 1000
"""For topics that need not be kept: longer than any stage may be down. The lag is a metric to alert on."""


def configuration(topic: Topic) -> dict[str, str]:
    """Kafka's own settings of a topic."""
    keep = topic.retention == "keep"
    return {
        "cleanup.policy": "compact" if topic.compact else "delete",
        "retention.ms": "-1" if keep else str(RETENTION_MS),
        "compression.type": "gzip" if topic.compress else "producer",
        "max.message.bytes": str(MAX_MESSAGE_BYTES),
    }


def create_topics(connection: Connection, topics: Mapping[str, Topic], *, replicas: int = -1) -> list[str]:
    """Names of the topics that were missing. Running it again, or by several at once, changes nothing.

    Never takes partitions away; adds those that are missing. `replicas` -1 is the cluster's default. Raises
    KafkaError.
    """
    with closing(KafkaAdminClient(**connection.client(), request_timeout_ms=30_000)) as admin:
        there = {found["name"]: found for found in admin.describe_topics()}
        wanted = {connection.prefix + name: topic for name, topic in topics.items()}
        missing = [name for name in wanted if name not in there]
        for name in missing:
            _create(admin, name, wanted[name], replicas)
        for name in wanted.keys() & there.keys():
            _update(admin, name, wanted[name], len(there[name]["partitions"]))
    return [name.removeprefix(connection.prefix) for name in missing]


def _create(admin: Any, name: str, topic: Topic, replicas: int) -> None:
    options = {
        "num_partitions": topic.partitions,
        "replication_factor": replicas,
        "configs": configuration(topic),
    }
    try:
        admin.create_topics({name: options}, wait_for_metadata=True)
    except TopicAlreadyExistsError:
        return


def _update(admin: Any, name: str, topic: Topic, partitions: int) -> None:
    """A key may come to lie elsewhere when partitions are added: the linker's store, not its partition, keeps order."""
    if partitions < topic.partitions:
        with suppress(InvalidPartitionsError):  # somebody else was first
            admin.create_partitions({name: topic.partitions})
    admin.alter_configs([ConfigResource("topic", name, configuration(topic))])
