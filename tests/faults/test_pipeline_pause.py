"""A paused `clashwatch run`: whatever was dropped meanwhile is known when it goes on."""

import signal
from contextlib import closing
from pathlib import Path

import pytest

from services.feeder.registry import Registry
from shared.store.database import Database
from tests.e2e.clashwatch import listed, running, wait_for, waiting_messages
from tests.e2e.road import Folders


def drop_many(inbox: Path, count: int) -> None:
    for number in range(count):
        text = f"The market of village {number} opened at {number % 24}:00, and {number} melons were sold.\n"
        (inbox / f"article {number:05}.txt").write_text(text)


def known(folders: Folders) -> int:
    with closing(Database(folders.data, read_only=True)) as database:
        return sum(count.files for count in Registry(database).counts().values())


@pytest.mark.parametrize("count", [5_000, pytest.param(20_000, marks=pytest.mark.slow)])
def test_all_that_was_dropped_during_a_pause_is_known(count: int, tmp_path: Path) -> None:
    folders = Folders.under(tmp_path)
    with running(folders, "--workers", "2") as process:
        wait_for(lambda: waiting_messages(folders) == 0, "it has started")
        process.send_signal(signal.SIGSTOP)
        drop_many(folders.inbox, count)
        assert known(folders) == 0
        process.send_signal(signal.SIGCONT)
        wait_for(lambda: known(folders) == count, f"{count} files are known")
    rows = listed(folders, "files")
    assert {row["path"] for row in rows} == {path.name for path in folders.inbox.iterdir()}
    assert len(rows) == count
    assert {row["state"] for row in rows} <= {"waiting", "received", "indexed"}
