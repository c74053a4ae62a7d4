"""`clashwatch run` from outside: how fast it drains, how soon things are seen, how much memory and disk it takes."""

import json
import resource
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from shared.store.listing import Wanted, listed
from shared.store.sqlite_index import SqliteIndexStore
from tests.bench.articles import article
from tests.e2e.clashwatch import alerts_file, descendants, running, started, wait_for, waiting_messages
from tests.e2e.road import Folders

MIB = 1024 * 1024
_LOOK_SECONDS = 0.01
_PATIENCE = 60.0


class Drained(NamedTuple):
    """Seconds by the clock and of all its processors, without the start; bytes of the data folder."""

    wall: float
    processor: float
    disk: int


class Memory(NamedTuple):
    """Peaks in bytes over all processes: `shared_once` counts what they share once (PSS), `rss` in each."""

    shared_once: int
    rss: int


class Latency(NamedTuple):
    """Seconds from the drop; as many as there were."""

    searchable: list[float]
    alerted: list[float]


@dataclass
class Watch:
    """When each article, by its stem, was dropped, could be found, and was told of (None: it raised no alert)."""

    dropped: dict[str, float] = field(default_factory=dict)
    seen: dict[str, float] = field(default_factory=dict)
    told: dict[str, float | None] = field(default_factory=dict)

    def latency(self) -> Latency:
        """Of all that were dropped, and of those that raised an alert."""
        late = [self.seen[stem] - when for stem, when in self.dropped.items()]
        return Latency(late, [when - self.dropped[stem] for stem, when in self.told.items() if when is not None])


def fill(inbox: Path, articles: int, *, first: int = 0) -> None:
    """Numbered articles, each another story."""
    for number in range(first, first + articles):
        (inbox / name(number)).write_text(text(number), encoding="utf-8")


def name(number: int) -> str:
    """The file of an article."""
    return f"article {number:07}.txt"


def text(number: int) -> str:
    """About 450 words; a third with clashes of some hundred stories a thousand articles."""
    return article(number, stories=number // 10 + 100)


def drain(parent: Path, articles: int, workers: int) -> Drained:
    """Works off so many articles, and none, to know what the start takes."""
    empty, full = Folders.under(parent / "empty"), Folders.under(parent / "full")
    fill(full.inbox, articles)
    start, whole = _drained(empty, workers), _drained(full, workers)
    return Drained(whole.wall - start.wall, whole.processor - start.processor, whole.disk)


def _drained(folders: Folders, workers: int) -> Drained:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = started(folders, "--once", "--workers", str(workers))
    assert process.wait() == 0, (folders.data.parent / "run.log").read_text()
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Drained(wall, processor, sum(path.stat().st_size for path in folders.data.iterdir()))


def latency(parent: Path, rate: float, seconds: float, workers: int) -> Latency:
    """Drops so many articles a second into a running system and looks when they can be found and were told."""
    folders = Folders.under(parent)
    watch = Watch()
    with running(folders, "--workers", str(workers)):
        wait_for(lambda: waiting_messages(folders) == 0, "it has started")
        drop_one(folders.inbox, -1)
        wait_for(lambda: _count(folders) == 1, "it works")
        with folders.store() as store:
            looks = _look(store, alerts_file(folders), watch)
            began = time.monotonic()
            for number in range(round(rate * seconds)):
                while time.monotonic() < began + number / rate:
                    next(looks)
                watch.dropped[Path(name(number)).stem] = drop_one(folders.inbox, number)
            ended = time.monotonic()
            while len(watch.seen) <= len(watch.dropped) and time.monotonic() < ended + _PATIENCE:
                next(looks)
            next(looks)
    return watch.latency()


def _count(folders: Folders) -> int:
    with folders.store() as store:
        return store.count("articles")


def drop_one(inbox: Path, number: int) -> float:
    """Renamed into place; when."""
    made = inbox / f".{name(number)}"
    made.write_text(article(number, seed=2, stories=1_000_000_000), encoding="utf-8")
    made.rename(inbox / name(number))
    return time.monotonic()


def _look(store: SqliteIndexStore, alerts: Path, watch: Watch) -> Iterator[None]:
    """Notes what is new in index and alerts file, then rests."""
    after, read = "", 0
    while True:
        for placed in listed(store, "articles", Wanted(), after=after, newest_first=False):
            after = placed.cursor
            watch.seen[placed.body["stem"]] = time.monotonic()
        read = note_alerts(alerts, read, watch)
        time.sleep(_LOOK_SECONDS)
        yield


def note_alerts(alerts: Path, read: int, watch: Watch) -> int:
    """When each article's alert stood in the file, from so many bytes on; the bytes read now.

    Of the articles an alert cites for the first time the last one dropped raised it; the others (None) raised no alert.
    """
    if not alerts.exists():
        return read
    with alerts.open("rb") as file:
        file.seek(read)
        whole = file.read().rpartition(b"\n")[0]
    for line in whole.splitlines():
        cited = {sentence["stem"] for sentence in json.loads(line)["evidence"]} & watch.dropped.keys()
        last = max(cited, key=watch.dropped.__getitem__, default="")
        for stem in cited:
            watch.told.setdefault(stem, time.monotonic() if stem == last else None)
    return read + len(whole) + 1 if whole else read


def memory(parent: Path, files: int, seconds: float, workers: int) -> tuple[Memory, int]:
    """Peak while so many files wait, and how many of them waited at the end."""
    folders = Folders.under(parent)
    bodies = [text(number) for number in range(100)]
    for number in range(files):
        (folders.inbox / name(number)).write_text(f"{bodies[number % 100]}\nNumber {number}.\n", encoding="utf-8")
    peak = Memory(0, 0)
    with running(folders, "--workers", str(workers)) as process:
        wait_for(lambda: bool(waiting_messages(folders)), "it has started")
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            now = _memory([process.pid, *descendants(process.pid)])
            peak = Memory(max(peak.shared_once, now.shared_once), max(peak.rss, now.rss))
            time.sleep(0.1)
        left = files - _count(folders)
    return peak, left


def _memory(pids: Sequence[int]) -> Memory:
    pss = rss = 0
    for pid in pids:
        with suppress(OSError):
            rows = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
            sizes = {row.split(":")[0]: int(row.split()[1]) * 1024 for row in rows[1:]}
            pss, rss = pss + sizes["Pss"], rss + sizes["Rss"]
    return Memory(pss, rss)


def percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    """The 50th and the 99th."""
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return cuts[49], cuts[98]
