"""What `clashwatch run` does: lock, inbox, system, desk, view, and a word on what was rejected."""

import logging
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TextIO

from pydantic_core import from_json

from services.cli.live import LastLines, drain_view, run_view
from services.cli.lock import locked
from services.cli.options import UsageError, refuse_overlap
from services.cli.output import complain
from services.cli.seeds import plant
from services.front import desk_served
from services.pipeline import System, opened
from shared import logs
from shared.bus import dead_letters
from shared.hosts.embedded import stop_on_signals
from shared.settings import Settings
from shared.store.database import FILE, Database
from shared.store.sqlite_index import SqliteIndexStore

DONE, SOME_REJECTED, INTERRUPTED = 0, 1, 130

log = logging.getLogger("clashwatch")


def work(settings: Settings, *, once: bool) -> int:
    """Until SIGINT or SIGTERM, or (`once`) until the inbox is worked off; the exit code."""
    refuse_overlap(settings)
    stop = stop_on_signals()
    with locked(settings.data):
        planted = plant(settings.inbox)
        started = datetime.now(UTC)
        _work(settings, once, stop, planted)
        if not once:
            return DONE
        return INTERRUPTED if stop.is_set() else _report(settings.data, started)


def _work(settings: Settings, once: bool, stop: Event, planted: bool) -> None:
    on_terminal = sys.stdout.isatty()
    lines = LastLines() if on_terminal and not once else None
    logs.set_up("json" if settings.log_format == "json" else "console", settings.log_level, lines)
    log.info("watching %s, data in %s", settings.inbox, settings.data)
    if settings.elasticsearch:
        log.warning("CLASHWATCH_ELASTICSEARCH is not written to: one process keeps everything in its data folder")
    if planted:
        log.info("%s is new: five articles to begin with are in it", settings.inbox)
    with _opened(settings, once, None if on_terminal else sys.stdout) as (system, url):
        if url:
            log.info("the desk is at %s", url)
        with _view(settings, once, lines, url):
            (system.drain if once else system.run)(stop)
    log.info("stopped")


@contextmanager
def _opened(settings: Settings, once: bool, console: TextIO | None) -> Iterator[tuple[System, str | None]]:
    """What a person can put right (watch rules, addresses, folders) is wrong usage, not a traceback."""
    with ExitStack() as stack:
        try:
            system = stack.enter_context(opened(settings, once=once, console=console))
            # What this process shows comes from where it writes.
            url = stack.enter_context(desk_served(settings.model_copy(update={"elasticsearch": None}), system.metrics))
        except sqlite3.DatabaseError as error:
            raise UsageError(f"{settings.data / FILE}: {error}") from error
        except (ValueError, OSError) as error:
            raise UsageError(str(error)) from error
        yield system, url


def _view(settings: Settings, once: bool, lines: LastLines | None, url: str | None) -> AbstractContextManager[None]:
    if not sys.stdout.isatty():
        return nullcontext()
    return drain_view(settings) if once else run_view(settings, lines or LastLines(), url)


def _report(data: Path, started: datetime) -> int:
    """Names on standard error what was rejected since `started`."""
    database = Database(data, read_only=True)
    store = SqliteIndexStore(database)
    rejected = [
        f"{row['path']}: {row['reason']}"
        for row in store.scan("files", {"state": "rejected"})
        if datetime.fromisoformat(row["settled_at"]) >= started
    ]
    rejected += [
        f"{_path(letter['letter_id'], store)}: the {letter['stage']} failed: {letter['reason']}"
        for letter in dead_letters.waiting(store)
        if datetime.fromisoformat(letter["failed_at"]) >= started
    ]
    database.close()
    for line in rejected:
        complain(line)
    return SOME_REJECTED if rejected else 0


def _path(letter_id: str, store: SqliteIndexStore) -> str:
    """The file a dead letter came from, where its bytes still say so."""
    try:
        return str(from_json(dead_letters.show(store, letter_id).original)["data"]["path"])
    except (ValueError, KeyError, TypeError):
        return f"dead letter {letter_id}"
