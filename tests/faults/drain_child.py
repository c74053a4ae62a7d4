"""A program to kill: drains generated articles through small pure stages and the indexer, then exits 0."""

import sys
from pathlib import Path

from services.indexer.stage import build as build_indexer
from shared.bus.sqlite import SqliteBus
from shared.hosts.embedded import EmbeddedHost
from shared.store.database import Database
from shared.store.sqlite_index import SqliteIndexStore
from tests.unit.host_stages import dropped, slow_stages


class Inbox:
    """Numbered articles; what was published is written down with it."""

    def __init__(self, database: Database, bus: SqliteBus, files: int) -> None:
        database.execute("CREATE TABLE IF NOT EXISTS inbox (number INTEGER PRIMARY KEY)")
        self._database, self._bus, self._files = database, bus, files

    def step(self, room: int) -> bool:
        with self._database.transaction():
            [known] = self._database.execute("SELECT count(*) FROM inbox").fetchone()
            numbers = range(known, min(self._files, known + min(room, 20)))
            self._bus.publish([dropped(number, self._content(number)) for number in numbers])
            self._database.execute_many("INSERT INTO inbox VALUES (?)", [(number,) for number in numbers])
        return bool(numbers)

    def _content(self, number: int) -> str | None:
        return f"EXPLODE {number} in-tagger" if number % 50 == 7 else None


def main(data: Path, files: int, workers: int) -> None:
    database = Database(data)
    store = SqliteIndexStore(database)
    indexer = build_indexer(store, database.transaction)
    inbox = Inbox(database, SqliteBus(database), files)
    host = EmbeddedHost(database, slow_stages, [indexer], sources=[inbox], workers=workers)
    host.drain()
    host.close()
    database.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
