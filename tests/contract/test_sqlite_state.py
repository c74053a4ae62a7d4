"""The embedded host's state of linker and alerter does what any has to do."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.store.database import Database
from shared.store.port import DyadChange, LinkStore
from shared.store.sqlite_alerts import SqliteAlertStore
from shared.store.sqlite_links import SqliteLinkStore
from tests.contract.alert_store_suite import AlertStoreSuite, SendingStoreSuite
from tests.contract.link_store_suite import LinkStoreSuite, detected


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path)
    yield database
    database.close()


class TestSqliteLinkStore(LinkStoreSuite):
    @pytest.fixture
    def store(self, database: Database) -> SqliteLinkStore:
        return SqliteLinkStore(database)

    @pytest.fixture
    def another(self, tmp_path: Path) -> Iterator[Callable[[], LinkStore]]:
        opened: list[Database] = []

        def store() -> LinkStore:
            opened.append(Database(tmp_path))
            return SqliteLinkStore(opened[-1])

        yield store
        for database in opened:
            database.close()

    def test_what_was_rolled_back_is_not_remembered(
        self, store: SqliteLinkStore, another: Callable[[], LinkStore], database: Database
    ) -> None:
        """Not even when another process saves something else as the same step."""

        def undone() -> None:
            with database.transaction():
                store.save(DyadChange("AM-AZ", 0, [detected(1)]))
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            undone()
        assert store.load("AM-AZ").reports == ()
        with pytest.raises(KeyboardInterrupt):
            undone()
        another().save(DyadChange("AM-AZ", 0, [detected(2)]))
        assert store.load("AM-AZ").reports == (detected(2),)

    def test_memory_is_bounded(self, store: SqliteLinkStore, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("shared.store.sqlite_links.MAX_REPORTS_IN_MEMORY", 3)
        for dyad in ("AM-AZ", "KG-TJ", "IN-PK"):
            store.save(DyadChange(dyad, 0, [detected(1, dyad), detected(2, dyad)]))
            assert sum(len(one.reports) for one in store._cache.values()) <= 3
        assert [len(store.load(dyad).reports) for dyad in ("AM-AZ", "KG-TJ", "IN-PK")] == [2, 2, 2]


class TestSqliteAlertStore(AlertStoreSuite):
    @pytest.fixture
    def store(self, database: Database) -> SqliteAlertStore:
        return SqliteAlertStore(database)


class TestSqliteSendingStore(SendingStoreSuite):
    @pytest.fixture
    def store(self, database: Database) -> SqliteAlertStore:
        return SqliteAlertStore(database)
