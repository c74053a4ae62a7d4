"""Kills a program at random moments until it is done, and says what it left behind.

It does not matter what the program is, as long as it drains an inbox into the embedded host's data folder and
ends. Moments are random along the work, not along the clock, so that they fall on all of it however fast the
machine is; where there is less work left than kills, some fall on the start.
"""

import random
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Program:
    """`start` begins to drain, `kill` ends that at once, `finish` drains what is left. `stride` is how much of the work
    it commits at once: a kill cannot be aimed more finely.
    """

    data: Path
    start: Callable[[], "subprocess.Popen[bytes]"]
    kill: Callable[["subprocess.Popen[bytes]"], None]
    finish: Callable[[], object]
    stride: int = 15


def undisturbed(program: Program) -> State:
    """The final state of a run nobody disturbs."""
    program.finish()
    return final_state(program.data)


def disturbed(program: Program, *, kills: int, work: int, seed: int) -> State:
    """The final state after so many kills, nine of ten of them before the work was done.

    `work` is what `work_done` gives after an undisturbed run.
    """
    moments = random.Random(seed)
    for left in range(kills, 0, -1):
        done = work_done(program.data)
        share = max(0, work - done) / left
        goes_far = moments.random() < share / program.stride
        reach = max(1, round(min(2 * share, (work - done) * 0.7)))
        target = done + moments.randint(1, reach) if goes_far else None
        if not _kill(program, target, moments):
            assert left <= kills // 10, f"done with {left} kills left"
            break
    program.finish()
    return final_state(program.data)


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


def _kill(program: Program, target: int | None, moments: random.Random) -> bool:
    """Starts it, kills it a moment after the target, or while it starts; False if it was done before."""
    done, pause = work_done(program.data), moments.uniform(0, 0.5)
    process = program.start()
    try:
        if target is None:
            _wait(lambda: process.poll() is not None or work_done(program.data) > done, pause)
        else:
            assert _wait(lambda: process.poll() is not None or work_done(program.data) >= target), "no progress"
            time.sleep(pause / 50)
        return process.poll() is None
    finally:
        program.kill(process)


def _wait(condition: Callable[[], bool], seconds: float = SECONDS) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True
