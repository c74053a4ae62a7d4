"""The linker's state in the embedded host's database: a row a report, a row an incident, a version a dyad."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic_core import from_json, to_json

from shared.errors import ConflictError
from shared.schemas.incident import Incident
from shared.schemas.message import Part
from shared.schemas.report_detected import ReportDetected
from shared.store.database import Database
from shared.store.packing import deflate, inflate
from shared.store.port import ArticleState, DyadChange, DyadState

MAX_REPORTS_IN_MEMORY = 10_000

_STEPS = (
    """CREATE TABLE link_dyads (dyad TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE link_reports (seq INTEGER PRIMARY KEY, dyad TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL,
 UNIQUE (dyad, id));
CREATE TABLE link_incidents (seq INTEGER PRIMARY KEY, dyad TEXT NOT NULL, id TEXT NOT NULL,
 body BLOB NOT NULL, UNIQUE (dyad, id));
CREATE TABLE link_articles (article_id TEXT PRIMARY KEY, version INTEGER NOT NULL, dyads TEXT NOT NULL,
 incidents TEXT NOT NULL) WITHOUT ROWID;
""",
)


@dataclass(slots=True)
class _Cached:
    version: int
    reports: dict[str, ReportDetected]
    incidents: dict[str, Incident]


class SqliteLinkStore:
    """A `LinkStore`; writes join the transaction around them.

    Keeps the dyads used last in memory. A version is a counter and a digest of the change that led to it, so
    that what a rolled-back transaction left in memory is never taken for what another process saved.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._cache: OrderedDict[str, _Cached] = OrderedDict()
        database.migrate("links", _STEPS)

    def load(self, dyad: str) -> DyadState:
        """The dyad's state; an empty one with version 0 when it is new."""
        found = self._cached(dyad)
        return DyadState(dyad, found.version, tuple(found.reports.values()), tuple(found.incidents.values()))

    def save(self, change: DyadChange) -> int:
        """Returns the new version. Raises ConflictError when the dyad's version is no longer
        `expected_version`."""
        with self._database.transaction():
            if self._version(change.dyad) != change.expected_version:
                raise ConflictError(f"{change.dyad} was saved by somebody else since it was loaded")
            cached = self._cached(change.dyad)
            reports = [(change.dyad, one.report.report_id, _packed(one)) for one in change.added]
            incidents = [(change.dyad, one.incident_id, _packed(one)) for one in change.incidents]
            version = _next(change, [*reports, *incidents])
            self._write("link_reports", reports)
            self._write("link_incidents", incidents)
            self._database.execute_many(
                "DELETE FROM link_reports WHERE dyad = ? AND id = ?",
                ((change.dyad, one) for one in change.removed),
            )
            self._database.execute("INSERT OR REPLACE INTO link_dyads VALUES (?, ?)", (change.dyad, version))
        _bring_up(cached, version, change)
        self._forget_oldest()
        return version

    def article(self, article_id: str) -> ArticleState:
        """What is known of an article; version 0 when nothing is."""
        row = self._database.execute(
            "SELECT version, dyads, incidents FROM link_articles WHERE article_id = ?", (article_id,)
        ).fetchone()
        if row is None:
            return ArticleState(article_id)
        return ArticleState(article_id, row[0], frozenset(from_json(row[1])), frozenset(from_json(row[2])))

    def save_article(self, state: ArticleState) -> None:
        """Remembers it; a version lower than the one known is ignored."""
        self._database.execute(
            "INSERT INTO link_articles VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE"
            " SET version = ?2, dyads = ?3, incidents = ?4 WHERE ?2 >= version",
            (state.article_id, state.version, _listed(state.dyads), _listed(state.incidents)),
        )

    def _version(self, dyad: str) -> int:
        row = self._database.execute("SELECT version FROM link_dyads WHERE dyad = ?", (dyad,)).fetchone()
        return int(row[0]) if row else 0

    def _cached(self, dyad: str) -> _Cached:
        version = self._version(dyad)
        found = self._cache.pop(dyad, None)
        if found is None or found.version != version:
            found = self._read(dyad, version)
        self._cache[dyad] = found
        self._forget_oldest()
        return found

    def _forget_oldest(self) -> None:
        while len(self._cache) > 1 and self._reports_in_memory() > MAX_REPORTS_IN_MEMORY:
            self._cache.popitem(last=False)

    def _reports_in_memory(self) -> int:
        return sum(len(one.reports) for one in self._cache.values())

    def _read(self, dyad: str, version: int) -> _Cached:
        reports = [ReportDetected.model_validate_json(body) for body in self._bodies("link_reports", dyad)]
        incidents = [Incident.model_validate_json(body) for body in self._bodies("link_incidents", dyad)]
        return _Cached(
            version,
            {one.report.report_id: one for one in reports},
            {one.incident_id: one for one in incidents},
        )

    def _bodies(self, table: str, dyad: str) -> Iterable[bytes]:
        rows = self._database.execute(f"SELECT body FROM {table} WHERE dyad = ? ORDER BY seq", (dyad,))
        return (inflate(body) for (body,) in rows)

    def _write(self, table: str, rows: list[tuple[str, str, bytes]]) -> None:
        self._database.execute_many(
            f"INSERT INTO {table} (dyad, id, body) VALUES (?1, ?2, ?3) ON CONFLICT (dyad, id) DO UPDATE SET body = ?3",
            rows,
        )


def _next(change: DyadChange, rows: Iterable[tuple[str, str, bytes]]) -> int:
    """The counter in the upper half, the digest in the lower."""
    digest = hashlib.blake2b(to_json(sorted(change.removed)), digest_size=4)
    for _, _, body in rows:
        digest.update(body)
    return ((change.expected_version >> 32) + 1 << 32) | int.from_bytes(digest.digest())


def _bring_up(cached: _Cached, version: int, change: DyadChange) -> None:
    cached.version = version
    cached.reports.update((one.report.report_id, one) for one in change.added)
    cached.incidents.update((one.incident_id, one) for one in change.incidents)
    for report_id in change.removed:
        cached.reports.pop(report_id, None)


def _packed(part: Part) -> bytes:
    """A third of the JSON."""
    return deflate(part.model_dump_json(exclude_defaults=True).encode())


def _listed(values: frozenset[str]) -> str:
    return to_json(sorted(values)).decode()
