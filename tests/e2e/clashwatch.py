"""`clashwatch` as a person starts it: a process of its own, with workers."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from shared.bus.sqlite import SqliteBus
from shared.bus.topics import load_topics
from shared.store.database import FILE, Database
from tests.e2e.road import Folders

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "services"]
DEADLINE = 120.0


def environment(folders: Folders) -> dict[str, str]:
    """Nothing of the settings of whoever runs the tests."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("CLASHWATCH_")}
    return own | {
        "PYTHONPATH": str(ROOT),
        "CLASHWATCH_INBOX": str(folders.inbox),
        "CLASHWATCH_DATA": str(folders.data),
        "CLASHWATCH_ALERTS_FILE": str(alerts_file(folders)),
    }


def alerts_file(folders: Folders) -> Path:
    """Where a run writes alerts as JSON Lines."""
    return folders.data.parent / "alerts.jsonl"


def command(folders: Folders, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    """Runs it to its end, whatever its exit code."""
    return subprocess.run(
        [*COMMAND, *arguments], env=environment(folders), cwd=folders.data.parent, capture_output=True, timeout=DEADLINE
    )


def listed(folders: Folders, *arguments: str) -> list[dict[str, Any]]:
    """The rows of a list command."""
    return rows_of(command(folders, *arguments, "--json"))


def rows_of(done: "subprocess.CompletedProcess[bytes]") -> list[dict[str, Any]]:
    """JSON objects, one a line, of a command that went well."""
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


def started(folders: Folders, *arguments: str) -> "subprocess.Popen[bytes]":
    """`clashwatch run`, as a session of its own."""
    with (folders.data.parent / "run.log").open("ab") as log:
        return subprocess.Popen(
            [*COMMAND, "run", *arguments],
            env=environment(folders),
            cwd=folders.data.parent,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


@contextmanager
def running(folders: Folders, *arguments: str) -> "Iterator[subprocess.Popen[bytes]]":
    """A run that is told to stop at the end, and does."""
    process = started(folders, *arguments)
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == 0, (folders.data.parent / "run.log").read_text()
    finally:
        kill(process)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """-9 for it and all it started, workers too (they are a session of their own), at once."""
    doomed = [process.pid, *descendants(process.pid)]
    for pid in doomed:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def descendants(pid: int) -> list[int]:
    """Children, their children and so on."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(status.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(status.parent.name))
    found: list[int] = []
    for one in (queue := [pid]):
        found += children.get(one, [])
        queue += children.get(one, [])
    return found


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Polls until it is true."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.02)


def waiting_messages(folders: Folders) -> int | None:
    """How many messages any group has not committed yet; None before there is a log."""
    if not (folders.data / FILE).exists():
        return None
    with closing(Database(folders.data, read_only=True)) as database:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'feeder_files'").fetchone():
            return None
        bus = SqliteBus(database)
        return sum(bus.lag(group, [name]) for name, topic in load_topics().items() for group in topic.consumers)
