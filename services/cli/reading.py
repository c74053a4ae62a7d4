"""Opens what people read, or change by hand, and narrows lists."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from datetime import date

from services.cli.options import UsageError, need_packages
from services.cli.output import complain
from shared.errors import RejectedError
from shared.settings import Settings
from shared.store.database import FILE, Database
from shared.store.holdings import Holdings, NothingYetError, in_elasticsearch, in_folder
from shared.store.listing import LeftOut, Wanted, narrowed
from shared.store.port import IndexName


@contextmanager
def reading(settings: Settings) -> Iterator[Holdings | None]:
    """The documents the settings name; None, and a word on standard error, before there are any.

    Raises UsageError where the data folder holds no database of ours, and where Elasticsearch refuses us.
    """
    with ExitStack() as stack:
        held = None
        try:
            held = stack.enter_context(_opened(settings))
        except NothingYetError as error:
            complain(f"clashwatch: {error}")
        except RejectedError as error:
            raise UsageError(str(error)) from error
        except (sqlite3.DatabaseError, OSError) as error:
            raise UsageError(f"{settings.data / FILE} cannot be read: {error}") from error
        yield held


def _opened(settings: Settings) -> AbstractContextManager[Holdings]:
    return _asked(settings) if settings.elasticsearch else in_folder(settings.data)


@contextmanager
def _asked(settings: Settings) -> Iterator[Holdings]:
    """Elasticsearch, once it has said that it is the right one and has our indexes."""
    need_packages("Elasticsearch", "elasticsearch")
    from shared.store.elastic_client import connect
    from shared.store.elastic_templates import is_set_up

    with closing(connect(settings)) as client:
        if not is_set_up(client, settings.elasticsearch_prefix):
            raise NothingYetError(f"nothing in {settings.elasticsearch} yet: `clashwatch service indexer` fills it")
        with in_elasticsearch(client, settings) as held:
            yield held


@contextmanager
def writable(settings: Settings) -> Iterator[Database]:
    """The data folder's database, which a `run` may be at work on. Raises UsageError where there is none of ours."""
    if not (settings.data / FILE).exists():
        raise UsageError(f"there is nothing in {settings.data} yet")
    try:
        database = Database(settings.data)
        database.execute("SELECT name FROM migrations LIMIT 1")
    except (sqlite3.DatabaseError, OSError) as error:
        raise UsageError(f"{settings.data / FILE} cannot be read: {error}") from error
    with closing(database):
        yield database


def wanted(
    index: IndexName,
    dyad: str | None = None,
    side: str | None = None,
    since: str | None = None,
    state: str | None = None,
) -> Wanted:
    """Sides and dyads as they are written in the index. Raises UsageError for what cannot be."""
    try:
        return narrowed(index, dyad, side, _day(since), state)
    except ValueError as error:
        raise UsageError(str(error)) from error


def say_undated(left_out: LeftOut, index: IndexName) -> None:
    """`--since` cannot tell of what has no date: a line on standard error says how many that are."""
    if left_out.undated:
        complain(f"clashwatch: left out by --since for want of a date: {left_out.undated} of the {index}")


def _day(since: str | None) -> date | None:
    try:
        return date.fromisoformat(since) if since else None
    except ValueError:
        raise UsageError(f"--since: {since!r} is not a day (YYYY-MM-DD)") from None
