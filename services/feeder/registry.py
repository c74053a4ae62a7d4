"""What the feeder knows of every path and every content: four tables of one SQLite file.

In the embedded host that file is the log's, too, so that "published and written down" is one transaction.
Nothing here decides anything, and nothing is held in memory: the table of waiting files is the queue.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.feeder.conclude import Past
from services.feeder.decide import LONGEST_WAIT, File, Look, Standing, State, moment
from services.feeder.names import shown
from shared.store.database import Database

# One statement a step. A folder that could not be entered is the only path that ends in "/" (x'2F').
_COUNT_NEW = (
    "INSERT INTO feeder_counts VALUES (new.state, 1, max(new.size, 0))"
    " ON CONFLICT DO UPDATE SET files = files + 1, bytes = bytes + excluded.bytes; "
)
_COUNT_OLD = "UPDATE feeder_counts SET files = files - 1, bytes = bytes - max(old.size, 0) WHERE state = old.state; "
_STEPS = (
    "CREATE TABLE feeder_files (path BLOB PRIMARY KEY,"
    " size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL,"
    " looked_at INTEGER NOT NULL, ready_at INTEGER NOT NULL, rank INTEGER NOT NULL, due INTEGER NOT NULL,"
    " state TEXT NOT NULL, reason TEXT NOT NULL, article_id TEXT, version INTEGER NOT NULL,"
    " first_seen INTEGER NOT NULL, settled_at INTEGER)",
    "CREATE INDEX feeder_due ON feeder_files (rank, ready_at) WHERE due = 1",
    "CREATE INDEX feeder_duplicates ON feeder_files (article_id) WHERE state = 'duplicate'",
    "CREATE INDEX feeder_loose ON feeder_files (path)"
    " WHERE due = 0 AND (state IN ('skipped', 'waiting') OR substr(path, -1) = x'2F')",
    "CREATE TABLE feeder_articles (article_id TEXT PRIMARY KEY, version INTEGER NOT NULL, path BLOB NOT NULL)"
    " WITHOUT ROWID",
    "CREATE TABLE feeder_past (path BLOB NOT NULL, version INTEGER NOT NULL, reason TEXT NOT NULL,"
    " article_id TEXT, settled_at INTEGER NOT NULL, PRIMARY KEY (path, version)) WITHOUT ROWID",
    "CREATE TABLE feeder_counts (state TEXT PRIMARY KEY, files INTEGER NOT NULL, bytes INTEGER NOT NULL) WITHOUT ROWID",
    f"CREATE TRIGGER feeder_came AFTER INSERT ON feeder_files BEGIN {_COUNT_NEW} END",
    f"CREATE TRIGGER feeder_went AFTER DELETE ON feeder_files BEGIN {_COUNT_OLD} END",
    "CREATE TRIGGER feeder_moved AFTER UPDATE OF state, size ON feeder_files"
    f" WHEN old.state <> new.state OR old.size <> new.size BEGIN {_COUNT_OLD} {_COUNT_NEW} END",
)

_FIELDS = (
    "path, size, mtime_ns, ctime_ns, looked_at, ready_at, rank, due, state, reason, article_id, version,"
    " first_seen, settled_at"
)
_LOOSE = "due = 0 AND (state IN ('skipped', 'waiting') OR substr(path, -1) = x'2F')"
_PAGE = 500

TABLES = "feeder"
"""The part of a database that is the registry."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many files are in a state, and their bytes together."""

    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Row:
    """A line of `clashwatch files`. `version` counts the contents of the path; `article_id` is None without
    one.
    """

    path: str
    state: str
    reason: str
    article_id: str | None
    version: int
    size: int | None
    first_seen: datetime | None
    settled_at: datetime | None


class Registry:
    """The tables. Whatever it writes is part of the transaction of the database around the call."""

    def __init__(self, database: Database) -> None:
        self.database = database
        database.migrate(TABLES, _STEPS)

    def looks(self, paths: Sequence[bytes]) -> dict[bytes, Look]:
        """What is known of these paths, in one query; a path not known is left out."""
        rows = self._select("path, size, mtime_ns, ctime_ns", paths)
        return {path: Look(size, mtime, ctime) for path, size, mtime, ctime in rows}

    def files(self, paths: Sequence[bytes]) -> dict[bytes, File]:
        """The same, with everything."""
        return {row[0]: _file(row) for row in self._select(_FIELDS, paths)}

    def due(self, now: int, limit: int, *, newest: bool) -> list[File]:
        """Files that may be read now, the newest or the oldest first."""
        order = "DESC" if newest else "ASC"
        rows = self.database.execute(
            f"SELECT {_FIELDS} FROM feeder_files WHERE due = 1 AND NOT ready_at BETWEEN ? AND ?"
            f" ORDER BY rank {order} LIMIT ?",
            (now + 1, now + LONGEST_WAIT, limit),
        )
        return [_file(row) for row in rows]

    def next_ready(self) -> int | None:
        """When the first of the waiting files may be read; None when none waits."""
        [ready] = self.database.execute("SELECT min(ready_at) FROM feeder_files WHERE due = 1").fetchone()
        return None if ready is None else int(ready)

    def notice(self, files: Iterable[File]) -> None:
        """New paths and new looks of known ones. Another feeder that noticed the same changes nothing."""
        self.database.execute_many(
            f"INSERT INTO feeder_files ({_FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns,"
            " ctime_ns = excluded.ctime_ns, looked_at = excluded.looked_at, ready_at = excluded.ready_at,"
            " rank = excluded.rank, due = excluded.due,"
            " state = CASE WHEN state IN ('gone', 'skipped') THEN excluded.state ELSE state END,"
            " reason = CASE WHEN state IN ('gone', 'skipped') THEN excluded.reason ELSE reason END"
            " WHERE (size, mtime_ns, ctime_ns) <> (excluded.size, excluded.mtime_ns, excluded.ctime_ns)",
            (_row(file) for file in files),
        )

    def save(self, files: Iterable[File]) -> None:
        """Replaces the rows whole."""
        self.database.execute_many(
            "UPDATE feeder_files SET size = ?2, mtime_ns = ?3, ctime_ns = ?4, looked_at = ?5,"
            " ready_at = ?6, rank = ?7, due = ?8, state = ?9, reason = ?10, article_id = ?11, version = ?12,"
            " first_seen = ?13, settled_at = ?14 WHERE path = ?1",
            (_row(file) for file in files),
        )

    def delete(self, paths: Iterable[bytes]) -> None:
        """Forgets paths that never held anything to remember."""
        self.database.execute_many("DELETE FROM feeder_files WHERE path = ?", ((path,) for path in paths))

    def hasten(self, times: Iterable[tuple[bytes, int]]) -> None:
        """Waiting files that are known to be complete, and when they may be read."""
        self.database.execute_many("UPDATE feeder_files SET ready_at = ?2 WHERE path = ?1 AND due = 1", times)

    def wake(self, paths: Iterable[bytes], now: int) -> None:
        """Has files read again although they look the same."""
        self.database.execute_many(
            "UPDATE feeder_files SET due = 1, ready_at = ?1, rank = ?1 WHERE path = ?2 AND due = 0",
            ((now, path) for path in paths),
        )

    def standings(self, article_ids: Sequence[str]) -> dict[str, Standing]:
        """What is known of these articles, in one query."""
        marks = ",".join("?" * len(article_ids))
        rows = self.database.execute(
            f"SELECT article_id, version, path FROM feeder_articles WHERE article_id IN ({marks})",
            article_ids,
        )
        return {article_id: Standing(version, path) for article_id, version, path in rows}

    def save_standings(self, standings: Iterable[tuple[str, Standing]]) -> None:
        """Writes them down."""
        self.database.execute_many(
            "INSERT OR REPLACE INTO feeder_articles VALUES (?, ?, ?)",
            ((article_id, standing.version, standing.path) for article_id, standing in standings),
        )

    def save_past(self, past: Iterable[Past], now: int) -> None:
        """Versions that were superseded."""
        self.database.execute_many(
            "INSERT OR REPLACE INTO feeder_past VALUES (?, ?, ?, ?, ?)",
            ((p.path, p.version, p.reason, p.article_id, now) for p in past),
        )

    def duplicates(self, article_id: str) -> Iterator[bytes]:
        """Paths that hold an article that was published from another one, the shortest first."""
        rows = self.database.execute(
            "SELECT path FROM feeder_files WHERE article_id = ? AND state = 'duplicate' ORDER BY length(path), path",
            (article_id,),
        )
        return (row[0] for row in rows)

    def beginning_with(self, prefix: bytes) -> list[bytes]:
        """The known path `prefix`, and those that go on with a dot."""
        rows = self.database.execute(
            "SELECT path FROM feeder_files WHERE path = ?1 OR (path >= ?2 AND path < ?3)",
            (prefix, prefix + b".", prefix + b"/"),
        )
        return [row[0] for row in rows]

    def loose(self, after: bytes) -> list[bytes]:
        """The next paths whose row only stands as long as they are there: skipped names, sidecars without an
        article, folders that could not be entered.
        """
        rows = self.database.execute(
            f"SELECT path FROM feeder_files WHERE {_LOOSE} AND path > ? ORDER BY path LIMIT {_PAGE}", (after,)
        )
        return [row[0] for row in rows]

    def counts(self) -> dict[str, Count]:
        """Files by state; as cheap with a million rows as with none."""
        rows = self.database.execute("SELECT state, files, bytes FROM feeder_counts WHERE files > 0")
        return {state: Count(files, size) for state, files, size in rows}

    def rows(self, state: State | None = None) -> Iterator[Row]:
        """Every file, by path, without holding all in memory; superseded versions after the present ones."""
        after = b""
        while True:
            page = self.database.execute(
                f"SELECT {_FIELDS} FROM feeder_files WHERE path > ? ORDER BY path LIMIT {_PAGE}", (after,)
            ).fetchall()
            if not page:
                break
            after = page[-1][0]
            yield from (_listed(_file(row)) for row in page if state in (None, row[8]))
        if state is None:
            yield from self._past_rows()

    def _past_rows(self) -> Iterator[Row]:
        rows = self.database.execute("SELECT path, version, reason, article_id, settled_at FROM feeder_past")
        for path, version, reason, article_id, settled_at in rows:
            yield Row(shown(path), "superseded", reason, article_id, version, None, None, _time(settled_at))

    def _select(self, fields: str, paths: Sequence[bytes]) -> Iterator[tuple[Any, ...]]:
        marks = ",".join("?" * len(paths))
        return self.database.execute(f"SELECT {fields} FROM feeder_files WHERE path IN ({marks})", paths)


def _file(row: tuple[Any, ...]) -> File:
    path, size, mtime, ctime, looked_at, ready_at, rank, due, *rest = row
    return File(path, Look(size, mtime, ctime), looked_at, ready_at, rank, bool(due), *rest)


def _row(file: File) -> tuple[Any, ...]:
    return (
        file.path,
        *file.look,
        file.looked_at,
        file.ready_at,
        file.rank,
        int(file.due),
        file.state,
        file.reason,
        file.article_id,
        file.version,
        file.first_seen,
        file.settled_at,
    )


def _listed(file: File) -> Row:
    size = file.look.size if file.look.size >= 0 else None
    return Row(
        shown(file.path),
        file.state,
        file.reason,
        file.article_id if file.state in ("received", "duplicate") else None,
        file.version,
        size,
        _time(file.first_seen),
        _time(file.settled_at),
    )


def _time(nanoseconds: int | None) -> datetime | None:
    return None if nanoseconds is None else moment(nanoseconds)
