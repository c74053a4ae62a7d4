"""The one SQLite file of the embedded host: log, index and state in it, so that a transaction covers all."""

import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from shared.errors import TransientError

FILE = "clashwatch.db"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time: of two that turn a new file to WAL, SQLite refuses one at once, whatever its timeout."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class Database:
    """One connection of one process. Writers take turns; readers never wait (WAL)."""

    def __init__(self, data: Path, *, read_only: bool = False) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.path = data / FILE
        uri = f"{self.path.absolute().as_uri()}{'?mode=ro' if read_only else ''}"
        self.connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=30, check_same_thread=False)
        self._depth = 0
        self.read_only = read_only
        if not read_only:
            with _alone(data):
                # Rows here are one to three kilobytes: small pages would stand half empty.
                self.connection.executescript(
                    "PRAGMA page_size=16384; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                    "PRAGMA busy_timeout=30000; PRAGMA secure_delete=OFF; PRAGMA cache_size=-65536;"
                )

    def migrate(self, name: str, steps: Sequence[str]) -> None:
        """Runs the steps (SQL scripts) of the part `name` that this file has not seen yet. Append only.

        Does nothing on a read-only database.
        """
        if self.read_only:
            return
        with self.transaction():
            self.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, steps INTEGER NOT NULL)")
            row = self.execute("SELECT steps FROM migrations WHERE name = ?", (name,)).fetchone()
            for step in steps[row[0] if row else 0 :]:
                for statement in step.split(";\n"):
                    if statement.strip():
                        self.execute(statement)
            self.execute("INSERT OR REPLACE INTO migrations VALUES (?, ?)", (name, len(steps)))

    def has(self, name: str) -> bool:
        """Whether the part `name` has its tables here."""
        return self.execute("SELECT 1 FROM migrations WHERE name = ?", (name,)).fetchone() is not None

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> sqlite3.Cursor:
        """One statement. A locked or full database is a TransientError."""
        try:
            return self.connection.execute(sql, parameters)
        except sqlite3.OperationalError as error:
            raise self._named(error) from error

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """One statement for each row of parameters. A locked or full database is a TransientError."""
        try:
            self.connection.executemany(sql, rows)
        except sqlite3.OperationalError as error:
            raise self._named(error) from error

    def _named(self, error: sqlite3.OperationalError) -> Exception:
        if any(word in str(error) for word in ("locked", "busy", "full", "disk I/O")):
            return TransientError(f"{self.path}: {error}")
        return error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Inside another transaction it is a savepoint: what is in it can fail alone."""
        name = f"depth{self._depth}"
        self.execute(f"SAVEPOINT {name}" if self._depth else "BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            if self.connection.in_transaction:
                self.execute(f"ROLLBACK TO {name}" if self._depth else "ROLLBACK")
            raise
        self._depth -= 1
        self.execute(f"RELEASE {name}" if self._depth else "COMMIT")

    def joined(self) -> AbstractContextManager[None]:
        """The transaction around, if there is one, else one: for writes that undo nothing by themselves.

        A savepoint would make FTS5 write out all it has gathered.
        """
        return nullcontext() if self._depth else self.transaction()

    def close(self) -> None:
        """Closes the connection."""
        self.connection.close()
