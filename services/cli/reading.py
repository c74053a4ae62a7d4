"""Opens a data folder to read, and narrows lists."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

from services.cli.options import UsageError
from services.cli.output import complain
from shared.settings import Settings
from shared.store.database import FILE, Database
from shared.store.listing import Wanted


@contextmanager
def reading(settings: Settings) -> Iterator[Database | None]:
    """The data folder's database; None, and a word on standard error, before anything was run there."""
    if not (settings.data / FILE).exists():
        complain(f"clashwatch: nothing in {settings.data} yet: `clashwatch run` fills it")
        yield None
        return
    with opened_database(settings.data, read_only=True) as database:
        yield database


@contextmanager
def opened_database(data: Path, *, read_only: bool) -> Iterator[Database]:
    """Raises UsageError where the file is no database of ours, or nobody lets us have it."""
    try:
        database = Database(data, read_only=read_only)
        database.execute("SELECT name FROM migrations LIMIT 1")
    except (sqlite3.DatabaseError, OSError) as error:
        raise UsageError(f"{data / FILE} cannot be read: {error}") from error
    with closing(database):
        yield database


def wanted(
    dyad: str | None = None, side: str | None = None, since: str | None = None, state: str | None = None
) -> Wanted:
    """Sides and dyads as they are written in the index. Raises UsageError for a day that is none."""
    try:
        day = date.fromisoformat(since) if since else None
    except ValueError:
        raise UsageError(f"--since: {since!r} is not a day (YYYY-MM-DD)") from None
    return Wanted(_dyad(dyad) if dyad else None, _side(side) if side else None, day, state)


def _dyad(text: str) -> str:
    """`az-am` is AM-AZ."""
    sides = [_side(part) for part in text.replace("/", "-").split("-")]
    return "-".join(sorted(sides)) if all(len(side) == 2 for side in sides) else text


def _side(text: str) -> str:
    return text.upper() if len(text) == 2 else text
