"""A bus that behaves as Kafka's does, with what can go wrong there, in memory."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from shared.bus.kafka import Sent
from shared.bus.port import Record
from shared.errors import TransientError


class FakeKafka:
    """One group, any number of partitions. `away` is what cannot be done now."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.log = list(records)
        self.read_to: dict[tuple[str, int], int] = defaultdict(int)
        self.committed: dict[tuple[str, int], int] = defaultdict(int)
        self.held: dict[tuple[str, int], float] = {}
        self.sent: list[Sent] = []
        self.away: set[str] = set()
        self.is_deaf = False
        self.renewed = 0

    def read(self, group: str, topics: Sequence[str], limit: int) -> list[Record]:
        self._ask("read")
        if self.is_deaf:
            return []
        found = [r for r in self.log if r.offset >= self.read_to[_place(r)] and _place(r) not in self.held][:limit]
        for record in found:
            self.read_to[_place(record)] = record.offset + 1
        return found

    def send(self, sent: Sequence[Sent]) -> None:
        self._ask("send")
        self.sent.extend(sent)

    def commit(self, group: str, records: Sequence[Record]) -> None:
        self._ask("commit")
        for record in records:
            self.committed[_place(record)] = max(self.committed[_place(record)], record.offset + 1)

    def rewind(self, group: str, topics: Sequence[str]) -> None:
        self._ask("rewind")
        self.read_to = defaultdict(int, self.committed)

    def hold(self, group: str, record: Record, seconds: float) -> None:
        self.held[_place(record)] = seconds
        self.read_to[_place(record)] = record.offset

    def renew(self, group: str) -> None:
        self.is_deaf = False
        self.renewed += 1

    def assigned(self, group: str) -> set[tuple[str, int]]:
        return {_place(record) for record in self.log}

    def standing(self, group: str, topics: Sequence[str]) -> Mapping[tuple[str, int], tuple[int, int]]:
        self._ask("standing")
        ends = {_place(record): record.offset + 1 for record in self.log}
        return {place: (self.committed[place], end) for place, end in ends.items()}

    def close(self) -> None:
        self.away.add("closed")

    def _ask(self, what: str) -> None:
        if what in self.away:
            raise TransientError(f"Kafka is away: {what}")


def _place(record: Record) -> tuple[str, int]:
    return record.topic, record.partition
