"""What a terminal shows while the system works: incidents, what changed, files by state, rate and lag."""

import io
import time
from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from threading import Event, Thread
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from services.cli import tables
from services.cli.output import printable
from services.files import RECEIVED, file_counts
from shared.settings import Settings
from shared.store.database import Database
from shared.store.listing import Wanted, listed
from shared.store.sqlite_index import SqliteIndexStore

_REFRESH_SECONDS = 0.5
_RATE_SECONDS = 5.0
_INCIDENTS, _ALERTS = 12, 6
# Files in these states still have a way to go.
UNDERWAY = ("waiting", RECEIVED)


class LastLines(io.StringIO):
    """A stream that remembers the last lines: the log while the terminal belongs to the view."""

    def __init__(self, most: int = 4) -> None:
        super().__init__()
        self.lines: deque[str] = deque(maxlen=most)

    def write(self, text: str) -> int:
        """Keeps whole lines."""
        self.lines.extend(line for line in text.splitlines() if line.strip())
        return len(text)


class Rate:
    """Articles a second over the last few seconds."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def add(self, now: float, count: int) -> float:
        """`now` is seconds of any clock, `count` the articles until now."""
        self._seen.append((now, count))
        while now - self._seen[0][0] > _RATE_SECONDS:
            self._seen.popleft()
        then, before = self._seen[0]
        return (count - before) / (now - then) if now > then else 0.0


@contextmanager
def run_view(settings: Settings, lines: LastLines, url: str | None) -> Iterator[None]:
    """The live view, until the end of the block."""
    with Live(console=Console(), screen=False, auto_refresh=False, transient=False) as live:

        def look(database: Database, rate: Rate) -> None:
            live.update(screen(settings, database, rate, lines, url), refresh=True)

        with _looking(settings, look):
            yield


@contextmanager
def drain_view(settings: Settings) -> Iterator[None]:
    """A progress bar over the backlog; at the end, the incidents."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.fields[rate]}"), console=Console(stderr=True)) as progress:
        task = progress.add_task("articles", total=None, rate="")

        def look(database: Database, rate: Rate) -> None:
            counts = file_counts(database)
            total = sum(counts.values())
            done = total - sum(counts.get(state, 0) for state in UNDERWAY)
            progress.update(task, total=total, completed=done, rate=f"{rate.add(time.monotonic(), done):.0f}/s")

        with _looking(settings, look):
            yield
    with closing(Database(settings.data, read_only=True)) as database:
        Console().print(_incidents(SqliteIndexStore(database)))


def screen(settings: Settings, database: Database, rate: Rate, lines: LastLines, url: str | None) -> RenderableType:
    """One picture of the whole."""
    store, counts = SqliteIndexStore(database), file_counts(database)
    speed = rate.add(time.monotonic(), store.count("articles"))
    states = ", ".join(f"{count} {state}" for state, count in counts.items() if count) or "none yet"
    lag = sum(counts.get(state, 0) for state in UNDERWAY)
    where = f"drop articles into {settings.inbox}" + (f"   desk: {url}" if url else "") + "   Ctrl-C ends"
    return Group(
        Text(where, style="dim"),
        Panel(_incidents(store), title="incidents", title_align="left"),
        Panel(_changes(store), title="what changed last", title_align="left"),
        Text(f"files: {states}   rate: {speed:.0f} articles/s   lag: {lag}"),
        *(Text.from_ansi(printable(line), style="dim") for line in lines.lines),
    )


def _incidents(store: SqliteIndexStore) -> RenderableType:
    rows = _newest(store, "incidents", _INCIDENTS)
    return tables.table(tables.INCIDENTS, rows) if rows else Text("none yet", style="dim")


def _changes(store: SqliteIndexStore) -> RenderableType:
    texts = [alert["text"] for alert in _newest(store, "alerts", _ALERTS)]
    return Text("\n".join(printable(text) for text in texts) or "nothing yet")


def _newest(store: SqliteIndexStore, index: Any, limit: int) -> list[dict[str, Any]]:
    return [placed.body for placed in islice(listed(store, index, Wanted()), limit)]


@contextmanager
def _looking(settings: Settings, look: Any) -> Iterator[None]:
    """Looks again and again on a connection of its own, and once more at the end."""
    stop = Event()

    def work() -> None:
        rate = Rate()
        with closing(Database(settings.data, read_only=True)) as database:
            while not stop.wait(_REFRESH_SECONDS):
                look(database, rate)
            look(database, rate)

    thread = Thread(target=work, name="view")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
