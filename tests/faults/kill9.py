"""Kills a program at random moments until it is done, and says what it left behind.

Give it the command that drains an inbox into a data folder and exits 0; it does not matter what the program is, as
long as the folder is the embedded host's. Moments are random along the work, not along the clock, so that they fall
on all of it however fast the machine is.
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
# When something happened, in our own clock, is not part of what happened; a dead letter's bytes hold such a time.
CLOCK_FIELDS = frozenset({"failed_at", "settled_at", "raised_at", "sent_at", "received_at", "original"})

State = dict[str, Any]


def undisturbed(command: Sequence[str], data: Path) -> State:
    """The final state of a run nobody disturbs."""
    subprocess.run(command, check=True, timeout=SECONDS)
    return final_state(data)


def disturbed(command: Sequence[str], data: Path, *, kills: int, work: int, seed: int) -> State:
    """The final state after so many kills; `work` is what `work_done` gives after an undisturbed run."""
    moments = random.Random(seed)
    killed = 0
    while killed < kills:
        target = work_done(data) + moments.randint(0, max(1, 2 * work // kills))
        if not _kill(command, data, target, moments.uniform(0, 0.03)):
            break
        killed += 1
    subprocess.run(command, check=True, timeout=SECONDS)
    assert killed >= kills // 2, f"done after {killed} kills: too little work for {kills}"
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
    """Everything a person could find, and that nothing is left on the way. Ids of documents are unique by the store."""
    with closing(Database(data, read_only=True)) as database:
        store, bus = SqliteIndexStore(database), SqliteBus(database)
        topics = load_topics()
        return {
            "documents": {index: _documents(store, index) for index in INDEXES},
            "lag": sum(bus.lag(group, [name]) for name, topic in topics.items() for group in topic.consumers),
            "kept": {
                name: _ids(database, name) for name, topic in topics.items() if topic.retention == "keep"
            },
        }


def _documents(store: SqliteIndexStore, index: IndexName) -> list[dict[str, Any]]:
    bodies = [
        *store.scan(index),
        *(body for status in HIDDEN for body in store.scan(index, {"status": status})),
    ]
    return sorted(({k: v for k, v in b.items() if k not in CLOCK_FIELDS} for b in bodies), key=repr)


def _ids(database: Database, topic: str) -> list[str]:
    return sorted(key for (key,) in database.execute(f'SELECT key FROM "log:{topic}"'))


def _kill(command: Sequence[str], data: Path, target: int, delay: float) -> bool:
    """Starts it and kills it once the target is reached; False when it was done before."""
    process = subprocess.Popen(command)
    try:
        reached = _wait(lambda: process.poll() is not None or work_done(data) >= target)
        assert reached, "no progress"
        time.sleep(delay)
        if process.poll() is not None:
            assert process.returncode == 0
            return False
        return True
    finally:
        process.kill()
        process.wait()


def _wait(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True
