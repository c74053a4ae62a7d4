"""The feeder as a process: paused, killed, twice over the same folder."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.feeder.registry import Registry
from shared.bus.sqlite import SqliteBus
from shared.envelope import decode
from shared.schemas import ArticleReceived
from shared.store.database import Database

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).parent / "feeder_process.py"
DEADLINE = 120.0


@contextmanager
def feeding(inbox: Path, data: Path, *options: str) -> "Iterator[subprocess.Popen[str]]":
    command = [sys.executable, str(PROGRAM), str(inbox), str(data), *options]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)


def wait_until_ready(process: "subprocess.Popen[str]") -> None:
    assert process.stdout
    assert process.stdout.readline() == "ready\n"


def drop(inbox: Path, count: int, begin: int = 0) -> None:
    for number in range(begin, begin + count):
        (inbox / f"article {number}.txt").write_bytes(b"%d " % number * 50)


def articles(data: Path) -> list[ArticleReceived]:
    """All that is on the log."""
    bus = SqliteBus(Database(data))
    found = []
    while records := bus.read("test", ["article.received"], 1000):
        found += [decode(record.value).data for record in records]
    return [message for message in found if isinstance(message, ArticleReceived)]


def received(data: Path) -> int:
    database = Database(data, read_only=True)
    count = Registry(database).counts().get("received")
    database.close()
    return count.files if count else 0


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "inbox"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def test_a_paused_process_knows_all_that_was_dropped_meanwhile(inbox: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with feeding(inbox, data) as process:
        wait_until_ready(process)
        process.send_signal(signal.SIGSTOP)
        drop(inbox, 20_000)
        process.send_signal(signal.SIGCONT)
        wait_for(lambda: received(data) == 20_000)
    assert len({article.path for article in articles(data)}) == len(articles(data)) == 20_000


def test_only_by_looking_again_as_on_a_network_file_system(inbox: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with feeding(inbox, data, "polling") as process:
        wait_until_ready(process)
        drop(inbox, 100)
        (inbox / "sub").mkdir()
        drop(inbox / "sub", 100, begin=100)
        wait_for(lambda: received(data) == 200)


def test_killed_at_any_moment_nothing_is_lost_and_nothing_comes_twice(inbox: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    drop(inbox, 3000)
    moments = random.Random(2022)
    for _ in range(10):
        with feeding(inbox, data, "once") as process:
            try:
                process.wait(moments.uniform(0.2, 0.9))
                break
            except subprocess.TimeoutExpired:
                process.kill()
    with feeding(inbox, data, "once") as process:
        assert process.wait(DEADLINE) == 0
    paths = [article.path for article in articles(data)]
    assert len(paths) == len(set(paths)) == 3000


def test_two_processes_on_one_folder_publish_each_file_once(inbox: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with feeding(inbox, data) as one, feeding(inbox, data) as other:
        wait_until_ready(one)
        wait_until_ready(other)
        drop(inbox, 2000)
        wait_for(lambda: received(data) == 2000)
    paths = [article.path for article in articles(data)]
    assert len(paths) == len(set(paths)) == 2000


HOLDING = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from services.feeder.feed import Feeder
from services.feeder.load_names import skipped_names
from services.feeder.registry import Registry
from shared.store.database import Database

registry = Registry(Database(Path(sys.argv[2])))
room = 0
published = []
feeder = Feeder(
    Path(sys.argv[1]),
    registry,
    lambda batch: published.append([d.topic for d in batch].count("article.received")),
    clock=lambda: datetime.now(UTC),
    room=lambda: room,
    names=skipped_names(),
    once=True,
)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
while not feeder.step().idle:
    pass
print(registry.counts()["waiting"].files)
room = 1_000_000
for _ in range(int(sys.argv[3])):
    feeder.rest(feeder.step())
print(sum(published))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def hold(inbox: Path, data: Path, steps: int) -> tuple[int, int, int]:
    """Finds all, then publishes for so many steps: files known, articles published, megabytes it grew by."""
    command = [sys.executable, "-c", HOLDING, str(inbox), str(data), str(steps)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    output = subprocess.run(command, env=environment, text=True, capture_output=True, check=True).stdout
    waiting, published, megabytes = map(int, output.split())
    return waiting, published, megabytes


def test_twenty_thousand_files_in_bounded_memory(inbox: Path, tmp_path: Path) -> None:
    """Their content together is 60 MB, as messages 80 MB."""
    for number in range(20_000):
        (inbox / f"article {number}.txt").write_bytes(b"%08d " % number * 333)
    waiting, published, megabytes = hold(inbox, tmp_path / "data", 120)
    assert (waiting, published) == (20_000, 20_000)
    assert megabytes < 30


@pytest.mark.slow
def test_a_million_files_wait_in_bounded_memory(inbox: Path, tmp_path: Path) -> None:
    """All but the hundred newest are empty, so that the disk is not what is tested. All are known, and
    those hundred are the first to go."""
    for number in range(1_000_000):
        if number % 100_000 == 0:
            folder = inbox / str(number)
            folder.mkdir()
        (folder / f"article {number}.txt").touch()
    drop(inbox, 100)
    waiting, published, megabytes = hold(inbox, tmp_path / "data", 5)
    assert (waiting, published) == (1_000_100, 100)
    assert megabytes < 120
