"""Kills a program at random moments until it is done, and says what it left behind.

Give it the command that drains an inbox into a data folder and exits 0; it does not matter what the program
is, as long as the folder is the embedded host's. Moments are random along the work, not along the clock, so
that they fall on all of it however fast the machine is; where there is less work left than kills, some fall
on the start.
"""

import random
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from shared.bus.sqlite import SqliteBus
from shared.bus.topics import load_topics
from shared.store.database import FILE, Database
from shared.store.port import IndexName
from shared.store.sqlite_index import SqliteIndexStore

SECONDS = 120.0
INDEXES: tuple[IndexName, ...] = ("articles", "incidents", "alerts", "files", "dead-letters")
HIDDEN = ("withdrawn", "merged", "replayed", "dropped")
# When something happened, by our own clock, is not part of what happened; a dead letter's bytes hold a
# time, too.
CLOCK_FIELDS = frozenset({"failed_at", "settled_at", "raised_at", "sent_at", "received_at", "original"})

State = dict[str, Any]


def undisturbed(command: Sequence[str], data: Path) -> State:
    """The final state of a run nobody disturbs."""
    subprocess.run(command, check=True, timeout=SECONDS)
    return final_state(data)


def disturbed(command: Sequence[str], data: Path, *, kills: int, work: int, seed: int, stride: int = 15) -> State:
    """The final state after so many kills.

    `work` is what `work_done` gives after an undisturbed run, `stride` how much of it the program commits at
    once: a kill cannot be aimed more finely.
    """
    moments = random.Random(seed)
    for left in range(kills, 0, -1):
        done = work_done(data)
        share = max(0, work - done) / left
        goes_far = moments.random() < share / stride
        reach = max(1, round(min(2 * share, (work - done) * 0.7)))
        target = done + moments.randint(1, reach) if goes_far else None
        if not _kill(command, data, target, moments):
            assert left <= kills // 10, f"done with {left} kills left"
            break
    subprocess.run(command, check=True, timeout=SECONDS)
    return final_state(data)


def work_done(data: Path) -> int:
    """How many messages all groups have committed."""
    if not (data / FILE).exists():
        return 0
    with closing(Database(data, read_only=True)) as database:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'log_offsets'").fetchone():
            return 0
        return int(database.execute("SELECT coalesce(sum(committed), 0) FROM log_offsets").fetchone()[0])


def final_state(data: Path) -> State:
    """Everything a person could find, and that nothing is left on the way."""
    with closing(Database(data, read_only=True)) as database:
        store, bus = SqliteIndexStore(database), SqliteBus(database)
        topics = load_topics()
        return {
            "documents": {index: _documents(store, index) for index in INDEXES},
            "lag": sum(bus.lag(group, [name]) for name, topic in topics.items() for group in topic.consumers),
            "kept": {name: _ids(database, name) for name, topic in topics.items() if topic.retention == "keep"},
        }


def _documents(store: SqliteIndexStore, index: IndexName) -> list[dict[str, Any]]:
    bodies = [
        *store.scan(index),
        *(body for status in HIDDEN for body in store.scan(index, {"status": status})),
    ]
    return sorted(({k: v for k, v in b.items() if k not in CLOCK_FIELDS} for b in bodies), key=repr)


def _ids(database: Database, topic: str) -> list[str]:
    return sorted(key for (key,) in database.execute(f'SELECT key FROM "log:{topic}"'))


def _kill(command: Sequence[str], data: Path, target: int | None, moments: random.Random) -> bool:
    """Starts it, kills it a moment after the target, or while it starts; False if it was done before."""
    done, pause = work_done(data), moments.uniform(0, 0.5)
    process = subprocess.Popen(command)
    try:
        if target is None:
            _wait(lambda: process.poll() is not None or work_done(data) > done, pause)
        else:
            assert _wait(lambda: process.poll() is not None or work_done(data) >= target), "no progress"
            time.sleep(pause / 50)
        return process.poll() is None
    finally:
        process.kill()
        process.wait()


def _wait(condition: Callable[[], bool], seconds: float = SECONDS) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True
