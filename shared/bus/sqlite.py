"""The log of the embedded host: one table a topic in the one SQLite file, one partition, offsets by group."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from shared.bus.port import Record
from shared.bus.topics import Topic, load_topics
from shared.stage import Delivery
from shared.store.database import Database
from shared.store.packing import PLAIN, pack, unpack

PARTITION = 0
TABLES = "bus"
"""The part of a database that is the log."""
MAX_READ_BYTES = 8 * 1024 * 1024
"""A read ends early after this much, so that a batch of the largest articles is small."""

_STEPS = (
    """CREATE TABLE log_ends (topic TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE log_offsets (
        "group" TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, committed INTEGER NOT NULL,
        PRIMARY KEY (topic, partition, "group")
    ) WITHOUT ROWID""",
)


class SqliteBus:
    """A `Bus` over the embedded host's database. Offsets count from 1 and are never given twice.

    Whatever it writes is part of the transaction of the database around the call, when there is one.
    """

    def __init__(self, database: Database, topics: Mapping[str, Topic] | None = None) -> None:
        self._database = database
        self._topics = dict(load_topics() if topics is None else topics)
        self._positions: dict[tuple[str, str], int] = {}
        self._turn = 0
        database.migrate(TABLES, _STEPS)
        if not database.read_only:
            with database.joined():
                for name in self._topics:
                    self._create(name)

    def publish(self, deliveries: Sequence[Delivery]) -> None:
        """Appends, in order. Raises ValueError for a topic that is not in the topic file."""
        if not deliveries:
            return
        by_topic: dict[str, list[Delivery]] = defaultdict(list)
        for delivery in deliveries:
            by_topic[delivery.topic].append(delivery)
        with self._database.joined():
            for name, batch in by_topic.items():
                self._append(name, batch)

    def read(self, group: str, topics: Sequence[str], limit: int) -> list[Record]:
        """The next records after those read last; whose topic comes first changes from call to call."""
        self._turn += 1
        start = self._turn % len(topics) if topics else 0
        records: list[Record] = []
        for name in (*topics[start:], *topics[:start]):
            if len(records) < limit:
                records += self._read(group, name, limit - len(records))
        return records

    def commit(self, group: str, records: Sequence[Record]) -> None:
        """Moves the group's offsets forward and lets go of what no group needs any more."""
        ends: dict[str, int] = defaultdict(int)
        for record in records:
            ends[record.topic] = max(ends[record.topic], record.offset)
        with self._database.joined():
            for name, offset in ends.items():
                self._save_offset(group, name, offset, "max(committed, excluded.committed)")
                self._trim(name)

    def rewind(self, group: str, topics: Sequence[str]) -> None:
        """The group reads again what it has read and not committed."""
        for name in topics:
            self._positions.pop((group, name), None)

    def seek_to_start(self, group: str, topics: Sequence[str]) -> None:
        """The group reads these topics again from the oldest message kept."""
        with self._database.joined():
            for name in topics:
                self._save_offset(group, name, 0, "excluded.committed")
        self.rewind(group, topics)

    def lag(self, group: str, topics: Sequence[str]) -> int:
        """How many records the group has not committed yet."""
        return sum(self._lag(name, self._committed(group, name)) for name in topics)

    def close(self) -> None:
        """The database belongs to the host: nothing to give back."""

    def _create(self, name: str) -> None:
        table = _table(name)
        self._database.execute(
            f"CREATE TABLE IF NOT EXISTS {table} (position INTEGER PRIMARY KEY, key TEXT NOT NULL,"
            " codec INTEGER NOT NULL, value BLOB NOT NULL)"
        )
        self._database.execute("INSERT OR IGNORE INTO log_ends VALUES (?, 1)", (name,))

    def _topic(self, name: str) -> Topic:
        if name not in self._topics:
            raise ValueError(f"{name}: no such topic")
        return self._topics[name]

    def _append(self, name: str, batch: Sequence[Delivery]) -> None:
        compress = self._topic(name).compress
        [first] = self._database.execute("SELECT next FROM log_ends WHERE topic = ?", (name,)).fetchone()
        self._database.execute_many(
            f"INSERT INTO {_table(name)} VALUES (?, ?, ?, ?)",
            ((first + i, d.key, *(pack(d.value) if compress else (PLAIN, d.value))) for i, d in enumerate(batch)),
        )
        self._database.execute("UPDATE log_ends SET next = ? WHERE topic = ?", (first + len(batch), name))

    def _read(self, group: str, name: str, limit: int) -> list[Record]:
        position = self._positions.get((group, name))
        if position is None:
            position = self._committed(group, name)
        rows = self._database.execute(
            f"SELECT position, key, codec, value FROM {_table(name)} WHERE position > ? ORDER BY position LIMIT ?",
            (position, limit),
        )
        records, size = [], 0
        for offset, key, codec, value in rows:
            records.append(Record(name, PARTITION, offset, key, unpack(codec, value)))
            size += len(records[-1].value)
            if size > MAX_READ_BYTES:
                break
        self._positions[group, name] = records[-1].offset if records else position
        return records

    def _committed(self, group: str, name: str) -> int:
        row = self._database.execute(
            'SELECT committed FROM log_offsets WHERE topic = ? AND partition = ? AND "group" = ?',
            (name, PARTITION, group),
        ).fetchone()
        return row[0] if row else 0

    def _lag(self, name: str, committed: int) -> int:
        [next_, oldest] = self._database.execute(
            f"SELECT next, (SELECT min(position) FROM {_table(name)}) FROM log_ends WHERE topic = ?", (name,)
        ).fetchone()
        return int(next_ - max(committed + 1, oldest)) if oldest else 0

    def _save_offset(self, group: str, name: str, offset: int, rule: str) -> None:
        self._database.execute(
            f"INSERT INTO log_offsets VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET committed = {rule}",
            (group, name, PARTITION, offset),
        )

    def _trim(self, name: str) -> None:
        """A consumer that never committed holds everything: it may only not have started yet."""
        topic = self._topic(name)
        if topic.retention == "keep":
            return
        rows = self._database.execute(
            'SELECT "group", committed FROM log_offsets WHERE topic = ? AND partition = ?', (name, PARTITION)
        )
        committed = dict.fromkeys(topic.consumers, 0) | dict(rows)
        self._database.execute(f"DELETE FROM {_table(name)} WHERE position <= ?", (min(committed.values()),))


def _table(topic: str) -> str:
    return f'"log:{topic}"'
