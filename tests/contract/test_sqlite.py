"""The embedded host's bus and index do what any bus and index have to do."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.bus.sqlite import SqliteBus
from shared.store.database import Database
from shared.store.sqlite_index import SqliteIndexStore
from tests.contract.bus_suite import BusSuite
from tests.contract.index_store_suite import IndexStoreSuite


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path)
    yield database
    database.close()


class TestSqliteBus(BusSuite):
    @pytest.fixture
    def bus(self, database: Database) -> SqliteBus:
        return SqliteBus(database)

    @pytest.fixture
    def restarted(self, database: Database) -> Callable[[], SqliteBus]:
        return lambda: SqliteBus(database)


class TestSqliteIndexStore(IndexStoreSuite):
    @pytest.fixture
    def store(self, database: Database) -> SqliteIndexStore:
        return SqliteIndexStore(database)
