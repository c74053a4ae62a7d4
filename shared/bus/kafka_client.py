"""Everything of kafka-python this program uses, imported in one place.

The package reads its schemas in a way Python deprecates, and says so on import. Its records carry a CRC-32C
that it computes in Python unless the package `crc32c` is there; that one is LGPL, so google-crc32c (Apache-2.0)
is put in its place (docs/decisions/0006).
"""

import warnings
from typing import Any

import google_crc32c

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from kafka import ConsumerRebalanceListener, KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
    from kafka.admin import ConfigResource, OffsetSpec
    from kafka.errors import (
        CoordinatorLoadInProgressError,
        CoordinatorNotAvailableError,
        InvalidPartitionsError,
        KafkaError,
        MessageSizeTooLargeError,
        NotCoordinatorError,
        RecordListTooLargeError,
        TopicAlreadyExistsError,
    )
    from kafka.record import default_records
    from kafka.structs import OffsetAndMetadata

TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)


def checksum(data: memoryview) -> int:
    """CRC-32C (Castagnoli) of a record batch."""
    return int(google_crc32c.value(bytes(data)))


default_records.calc_crc32c = checksum


def remind(consumer: Any) -> None:
    """To be called before each poll, of two things kafka-python 3.0.12 forgets: it then reads nothing, for ever, and
    says nothing (docs/decisions/0007).

    What it had of a partition that was paused is parked, and taken up only while `_next_partition_records` is None; one
    that is used up is not. The end of a join that took longer than a poll is waited for only while one is needed; the
    join itself may have changed that.
    """
    fetcher, coordinator = consumer._fetcher, consumer._coordinator
    if not fetcher._next_partition_records:
        fetcher._next_partition_records = None
    if coordinator.rejoining:
        coordinator.request_rejoin()


__all__ = [
    "TOO_LARGE",
    "ConfigResource",
    "ConsumerRebalanceListener",
    "CoordinatorLoadInProgressError",
    "CoordinatorNotAvailableError",
    "InvalidPartitionsError",
    "KafkaAdminClient",
    "KafkaConsumer",
    "KafkaError",
    "KafkaProducer",
    "NotCoordinatorError",
    "OffsetAndMetadata",
    "OffsetSpec",
    "TopicAlreadyExistsError",
    "TopicPartition",
    "checksum",
    "remind",
]
