"""What a host needs of a log with topics: SQLite's and Kafka's offer the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.stage import Delivery


@dataclass(frozen=True, slots=True)
class Record:
    """A message as it lies on a topic. `offset` rises along one partition. `started` is when the first message of
    its chain was written, in seconds since 1970, where the bus carries it."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes
    started: float | None = None


class Bus(Protocol):
    """An append-only log: topics, partitions by key, consumer groups with one committed offset a partition.

    Messages of one key of one topic are read in the order they were published. Nothing is removed before
    every group that reads the topic has committed it.
    """

    def publish(self, deliveries: Sequence[Delivery]) -> None:
        """Appends. When it returns the messages are kept (or will be, with the surrounding transaction)."""

    def read(self, group: str, topics: Sequence[str], limit: int) -> list[Record]:
        """The next records of a group, at most `limit`; does not commit. Empty when there is nothing now.

        Goes on after the records read last; a new bus (a restart) goes on after those committed last.
        """

    def commit(self, group: str, records: Sequence[Record]) -> None:
        """The group has dealt with these records and all before them on their partitions."""

    def rewind(self, group: str, topics: Sequence[str]) -> None:
        """The group reads again, from this bus, what it has read and not committed."""

    def seek_to_start(self, group: str, topics: Sequence[str]) -> None:
        """Replay: the group reads these topics again from the oldest message kept."""

    def lag(self, group: str, topics: Sequence[str]) -> int:
        """How many records the group has not committed yet."""

    def close(self) -> None:
        """Gives back connections and files."""
