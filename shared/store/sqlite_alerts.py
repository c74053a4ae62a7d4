"""The alerter's memory in the embedded host's database, and which alerts went out where."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from shared.schemas.alert_raised import Notified
from shared.store.database import Database
from shared.store.port import Sending

_STEPS = (
    """CREATE TABLE alert_notified (incident_id TEXT NOT NULL, subscriber TEXT NOT NULL, body BLOB NOT NULL,
 PRIMARY KEY (incident_id, subscriber)) WITHOUT ROWID;
CREATE TABLE alert_sendings (seq INTEGER PRIMARY KEY, alert_id TEXT NOT NULL, channel TEXT NOT NULL,
 state TEXT NOT NULL, tries INTEGER NOT NULL, sent_at REAL, next_try REAL, reason TEXT,
 UNIQUE (alert_id, channel));
CREATE TABLE alert_files (path TEXT PRIMARY KEY, length INTEGER NOT NULL) WITHOUT ROWID;
""",
)
TABLES = "alerts"
"""The part of a database that this is."""
_COLUMNS = "alert_id, channel, state, tries, sent_at, next_try, reason"


class SqliteAlertStore:
    """An `AlertStore` and a `SendingStore`; writes join the transaction around them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate(TABLES, _STEPS)

    def notified(self, incident_id: str) -> list[Notified]:
        """One row a subscriber."""
        rows = self._database.execute(
            "SELECT body FROM alert_notified WHERE incident_id = ? ORDER BY subscriber", (incident_id,)
        )
        return [Notified.model_validate_json(body) for (body,) in rows]

    def remember(self, notified: Notified) -> None:
        """Replaces the subscriber's row for the incident."""
        self._database.execute(
            "INSERT OR REPLACE INTO alert_notified VALUES (?, ?, ?)",
            (
                notified.incident_id,
                notified.subscriber,
                notified.model_dump_json(exclude_defaults=True).encode(),
            ),
        )

    def sending(self, alert_id: str, channel: str) -> Sending | None:
        """The alert's row on the channel, if it came that far."""
        row = self._database.execute(
            f"SELECT {_COLUMNS} FROM alert_sendings WHERE alert_id = ? AND channel = ?", (alert_id, channel)
        ).fetchone()
        return _sending(row) if row else None

    def record(self, sending: Sending) -> None:
        """Replaces the alert's row on the channel."""
        self._database.execute(
            f"INSERT INTO alert_sendings ({_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
            " ON CONFLICT (alert_id, channel) DO UPDATE"
            " SET state = ?3, tries = ?4, sent_at = ?5, next_try = ?6, reason = ?7",
            (
                sending.alert_id,
                sending.channel,
                sending.state,
                sending.tries,
                _seconds(sending.sent_at),
                _seconds(sending.next_try),
                sending.reason,
            ),
        )

    def sendings(self, alert_id: str | None = None) -> Iterator[Sending]:
        """All rows, or those of one alert, oldest first."""
        rows = self._database.execute(
            f"SELECT {_COLUMNS} FROM alert_sendings WHERE ?1 IS NULL OR alert_id = ?1 ORDER BY seq",
            (alert_id,),
        )
        return (_sending(row) for row in rows)

    def file_length(self, path: str) -> int | None:
        """Bytes of an alerts file known to be written; None when the file is new to the store."""
        row = self._database.execute("SELECT length FROM alert_files WHERE path = ?", (path,)).fetchone()
        return int(row[0]) if row else None

    def save_file_length(self, path: str, length: int) -> None:
        """Remembers it."""
        self._database.execute("INSERT OR REPLACE INTO alert_files VALUES (?, ?)", (path, length))


def _sending(row: tuple[Any, ...]) -> Sending:
    alert_id, channel, state, tries, sent_at, next_try, reason = row
    return Sending(
        alert_id=alert_id,
        channel=channel,
        state=state,
        tries=tries,
        sent_at=_moment(sent_at),
        next_try=_moment(next_try),
        reason=reason,
    )


def _seconds(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
