"""When a file is read: closed or renamed into place, else still over two looks; never half."""

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from feeder_rig import FakeWatcher, Rig

from services.feeder.decide import (
    ONCE,
    SECOND,
    WATCHING,
    File,
    Look,
    Patience,
    doubtful_until,
    interleave,
    pause_after_scan,
    rank,
    ready_at,
    within,
)
from services.feeder.examine import Examined
from services.feeder.load_names import skipped_names
from services.feeder.record import Recorder
from services.feeder.tree import Content, Folders
from services.feeder.watch import Hints, InboxWatcher, Pending

NOW = 1_000_000 * SECOND


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def test_a_file_needs_two_looks_that_agree(rig: Rig) -> None:
    feeder = rig.feeder()
    rig.write("a.txt", "A")
    rig.steps(feeder, 3)
    assert rig.states() == {"a.txt": "waiting"}
    rig.steps(feeder, 1, seconds=1)
    assert rig.states() == {"a.txt": "received"}


def test_a_file_that_grows_waits_until_it_rests(rig: Rig) -> None:
    feeder = rig.feeder()
    path = rig.write("a.txt", "A")
    for _ in range(5):
        rig.steps(feeder, 1, seconds=1.1)
        with path.open("ab") as file:
            file.write(b"more")
        assert rig.received() == []
    rig.steps(feeder, 3, seconds=1.1)
    assert [m.content for m in rig.received()] == [b"A" + b"more" * 5]


def test_a_closed_file_is_read_at_once(rig: Rig) -> None:
    watcher = FakeWatcher()
    feeder = rig.feeder(watcher=watcher)
    feeder.step()
    rig.write("sub/a.txt", "A")
    watcher.hints = Hints(files=(b"sub/a.txt",))
    feeder.step()
    assert [m.path for m in rig.received()] == ["sub/a.txt"]


def test_a_closed_file_that_was_waiting_waits_no_longer(rig: Rig) -> None:
    watcher = FakeWatcher()
    feeder = rig.feeder(watcher=watcher)
    rig.write("a.txt", "A")
    feeder.step()
    assert rig.received() == []
    watcher.hints = Hints(files=(b"a.txt",))
    feeder.step()
    assert len(rig.received()) == 1


def test_hints_about_what_is_not_there_or_not_wanted_do_nothing(rig: Rig) -> None:
    watcher = FakeWatcher()
    feeder = rig.feeder(watcher=watcher)
    feeder.step()
    rig.write("b.part", "B")
    rig.write(".git/c.txt", "C")
    watcher.hints = Hints(files=(b"a.txt", b"b.part", b".git/c.txt", b"no/such/d.txt"), folders=(b".git", b"no"))
    feeder.step()
    assert rig.received() == []


def test_lost_hints_bring_a_rescan(rig: Rig) -> None:
    watcher = FakeWatcher()
    feeder = rig.feeder(watcher=watcher)
    rig.steps(feeder, 3)
    rig.write("a.txt", "A")
    feeder.step()
    assert rig.states() == {}
    watcher.hints = Hints(lost=True)
    feeder.step()
    assert rig.states() == {"a.txt": "waiting"}


def test_a_folder_that_appeared_is_looked_at_before_the_next_rescan(rig: Rig) -> None:
    watcher = FakeWatcher()
    feeder = rig.feeder(watcher=watcher)
    rig.steps(feeder, 3)
    rig.write("new/deep/a.txt", "A")
    watcher.hints = Hints(folders=(b"new", b"new/deep"))
    feeder.step()
    assert rig.states() == {"new/deep/a.txt": "waiting"}


def test_too_many_folders_that_appeared_bring_a_rescan(rig: Rig) -> None:
    watcher = FakeWatcher()
    feeder = rig.feeder(watcher=watcher)
    rig.steps(feeder, 3)
    rig.write("d1001/a.txt", "A")
    watcher.hints = Hints(folders=tuple(b"d%d" % i for i in range(1001)))
    rig.steps(feeder, 3)
    assert rig.states() == {"d1001/a.txt": "waiting"}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who has a file open")
def test_a_file_somebody_has_open_for_writing_is_left_alone(rig: Rig) -> None:
    feeder = rig.feeder()
    with (rig.inbox / "a.txt").open("wb") as writer:
        writer.write(b"half")
        writer.flush()
        rig.steps(feeder, 10, seconds=2)
        assert rig.received() == []
        assert rig.reason("a.txt") == "still open for writing"
        writer.write(b" and half")
    rig.steps(feeder, 4, seconds=2)
    assert [m.content for m in rig.received()] == [b"half and half"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who has a file open")
def test_a_file_left_open_is_read_when_it_was_still_for_long(rig: Rig) -> None:
    feeder = rig.feeder()
    with (rig.inbox / "log.txt").open("wb") as writer:
        writer.write(b"line")
        writer.flush()
        rig.steps(feeder, 20, seconds=2)
        assert [m.content for m in rig.received()] == [b"line"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who has a file open")
def test_draining_ends_without_a_file_that_is_being_written(rig: Rig) -> None:
    rig.write("b.txt", "B")
    with (rig.inbox / "a.txt").open("wb") as writer:
        writer.write(b"half")
        writer.flush()
        rig.drain()
    assert rig.states() == {"a.txt": "waiting", "b.txt": "received"}


def test_what_changes_while_it_is_read_is_not_published(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    path = rig.write("a.txt", b"x" * 1000)
    read = os.read
    changes = [b"y", b"z"]

    def read_and_be_disturbed(descriptor: int, size: int) -> bytes:
        raw = read(descriptor, size)
        if changes:
            with path.open("ab") as file:
                file.write(changes.pop())
        return raw

    monkeypatch.setattr(os, "read", read_and_be_disturbed)
    feeder = rig.feeder()
    rig.steps(feeder, 10, seconds=1.1)
    assert [m.content for m in rig.received()] == [b"x" * 1000 + b"zy"]


def test_what_is_overwritten_while_it_is_read_is_not_published(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same size, but half of each."""
    path = rig.write("a.txt", b"x" * 1000)
    read = os.read
    changes = [b"y" * 1000]

    def read_and_be_disturbed(descriptor: int, size: int) -> bytes:
        raw = read(descriptor, size)
        if changes:
            path.write_bytes(changes.pop())
        return raw

    monkeypatch.setattr(os, "read", read_and_be_disturbed)
    rig.steps(rig.feeder(), 6, seconds=1.1)
    assert [m.content for m in rig.received()] == [b"y" * 1000]


def test_an_article_waits_for_a_sidecar_that_is_being_written(rig: Rig) -> None:
    feeder = rig.feeder()
    rig.write("a.txt", "A")
    rig.steps(feeder, 1)
    rig.write("a.meta.json", b'{"title": "ha')
    rig.steps(feeder, 1, seconds=0.9)
    rig.steps(feeder, 1, seconds=0.2)
    assert rig.received() == []
    assert rig.reason("a.txt") == "waiting for its sidecar to be complete"
    rig.write("a.meta.json", b'{"title": "half"}')
    rig.steps(feeder, 4, seconds=1.1)
    assert [m.sidecar.title for m in rig.received() if m.sidecar] == ["half"]
    assert rig.settled() == []


def test_an_article_waits_for_a_sidecar_no_rescan_has_met(rig: Rig) -> None:
    watcher = FakeWatcher()
    feeder = rig.feeder(watcher=watcher)
    rig.steps(feeder, 2)
    rig.write("a.txt", "A")
    rig.write("a.meta.json", b'{"title": "T"}')
    watcher.hints = Hints(files=(b"a.txt",))
    feeder.step()
    assert rig.states() == {"a.txt": "waiting", "a.meta.json": "waiting"}
    rig.steps(feeder, 3, seconds=1.1)
    assert [m.sidecar.title for m in rig.received() if m.sidecar] == ["T"]


def test_a_file_read_within_a_coarse_tick_of_its_change_is_read_again(rig: Rig) -> None:
    """Where times are whole seconds a second change of the same size shows in nothing but the content."""
    path = rig.write("a.txt", "one")
    look = Look(3, NOW, NOW)
    rig.registry.notice([File(b"a.txt", look, NOW, NOW, NOW)])
    with Folders(bytes(rig.inbox)) as folders:
        [file] = rig.registry.due(NOW + SECOND, 10, newest=True)
        recorder = Recorder(rig.registry, rig.publish, WATCHING, skipped_names())
        recorder.record(folders, [Examined(file, Content(path.read_bytes()))], NOW + SECOND // 2)
        [file] = rig.registry.files([b"a.txt"]).values()
        assert (file.state, file.due, file.ready_at) == ("received", True, NOW + 4 * SECOND)
        recorder.record(folders, [Examined(file, Content(b"two"))], NOW + 4 * SECOND)
    assert [m.content for m in rig.received()] == [b"one", b"two"]
    [file] = rig.registry.files([b"a.txt"]).values()
    assert not file.due


def test_a_clock_that_is_set_back_stops_nothing(rig: Rig) -> None:
    feeder = rig.feeder()
    rig.write("a.txt", "A")
    rig.steps(feeder, 2)
    rig.clock.turn(-3600)
    rig.write("b.txt", "B")
    rig.steps(feeder, 3, seconds=1.1)
    assert rig.states() == {"a.txt": "received", "b.txt": "received"}


def test_the_watcher_says_which_files_were_closed_or_moved_in(rig: Rig) -> None:
    watcher = InboxWatcher(rig.inbox)
    assert watcher.restart()
    try:
        rig.write("closed.txt", "A")
        rig.write("start.tmp", "B").rename(rig.inbox / "renamed.txt")
        outside = rig.inbox.parent / "tree"
        outside.mkdir()
        (outside / "old.txt").write_text("C")
        outside.rename(rig.inbox / "tree")
        (rig.inbox.parent / "alone.txt").write_text("D")
        (rig.inbox.parent / "alone.txt").rename(rig.inbox / os.fsdecode(b"moved\xe9.txt"))
        files: set[bytes] = set()
        folders: set[bytes] = set()
        for _ in range(500):
            watcher.wait(0.01)
            hints = watcher.drain(100)
            files |= set(hints.files)
            folders |= set(hints.folders)
            if {b"closed.txt", b"renamed.txt", b"moved\xe9.txt"} <= files and b"tree" in folders:
                break
        assert {b"closed.txt", b"renamed.txt", b"moved\xe9.txt"} <= files
        assert b"tree" in folders
    finally:
        watcher.stop()


def test_an_inbox_behind_a_link_is_watched(rig: Rig) -> None:
    link = rig.inbox.parent / "link"
    link.symlink_to(rig.inbox)
    watcher = InboxWatcher(link)
    assert watcher.restart()
    rig.write("a.txt", "A")
    for _ in range(500):
        watcher.wait(0.01)
        if hints := watcher.drain(10).files:
            break
    watcher.stop()
    assert hints == (b"a.txt",)


def test_a_folder_that_cannot_be_watched_is_said_to_be(tmp_path: Path) -> None:
    assert not InboxWatcher(tmp_path / "nothing").restart()


def test_the_feeder_works_with_the_real_watcher(rig: Rig) -> None:
    feeder = rig.feeder(watcher=InboxWatcher(rig.inbox))
    feeder.step()
    rig.write("a.txt", "A")
    for _ in range(500):
        feeder.rest(feeder.step(), at_most=0.01)
        if rig.received():
            break
    feeder.close()
    assert [m.content for m in rig.received()] == [b"A"]


def test_pending_hints_are_bounded_and_say_when_they_were_lost() -> None:
    pending = Pending(most=3)
    for name in (b"a", b"b", b"a", b"c"):
        pending.add(name)
    pending.add(b"d")
    pending.add(b"e", folder=True)
    assert pending.drain(10) == Hints(folders=(b"e",), lost=True)
    assert pending.drain(10) == Hints()


def test_hints_come_a_few_at_a_time() -> None:
    pending = Pending()
    for name in (b"a", b"b", b"c"):
        pending.add(name)
    assert pending.drain(2).files == (b"a", b"b")
    pending.wait(60)  # there is one left: returns at once
    assert pending.drain(2).files == (b"c",)
    waited = threading.Thread(target=pending.wait, args=(60,))
    waited.start()
    pending.lose()
    waited.join(10)
    assert not waited.is_alive()


@pytest.mark.parametrize(
    ("age", "closed", "patience", "wait"),
    [
        (0, True, WATCHING, SECOND // 50),  # until the clock of the disk has ticked
        (1, True, WATCHING, 0),
        (-3600, True, WATCHING, 0),
        (0, False, WATCHING, SECOND),
        (3600, False, WATCHING, SECOND),
        (0, False, ONCE, SECOND // 20),
        (3600, False, ONCE, 0),
        (-3600, False, ONCE, SECOND // 20),
    ],
)
def test_ready(age: int, closed: bool, patience: Patience, wait: int) -> None:
    look = Look(1, NOW - age * SECOND, NOW - age * SECOND)
    assert ready_at(look, NOW, patience, closed=closed) == NOW + wait


def test_old_times_alone_do_not_hide_a_file_that_just_came() -> None:
    moved_in = Look(1, 5 * SECOND, NOW)
    assert ready_at(moved_in, NOW, ONCE, closed=False) > NOW
    assert rank(moved_in, NOW, arrived_after=NOW - SECOND) == NOW - SECOND
    assert rank(moved_in, NOW, arrived_after=0) == 5 * SECOND
    assert rank(Look(1, NOW + 99, NOW), NOW, arrived_after=0) == NOW


@pytest.mark.parametrize(
    ("written", "until"),
    [
        (NOW - 5_000_001, NOW - 5_000_001 + 40_000_000),
        (NOW - 25_000_001, None),
        (NOW - SECOND, NOW + 3 * SECOND),  # whole seconds: a coarse clock
        (NOW - 3 * SECOND, None),
        (NOW + 1, None),  # the server's clock is ahead
    ],
)
def test_doubt(written: int, until: int | None) -> None:
    assert doubtful_until(Look(1, written, written), NOW) == until


def _file(name: str, size: int = 1) -> File:
    return File(name.encode(), Look(size, 0, 0), 0, 0, 0)


def test_newest_and_oldest_take_turns() -> None:
    newest, oldest = [_file(n) for n in "zyxw"], [_file(n) for n in "abyz"]
    assert [f.path for f in interleave(newest, oldest, 5)] == [b"z", b"a", b"y", b"b", b"x"]
    assert [f.path for f in interleave(newest, oldest, 1)] == [b"z"]


def test_a_batch_has_few_bytes_but_at_least_one_file() -> None:
    assert [f.path for f in within([_file("a", 6), _file("b", 4), _file("c")], 10)] == [b"a", b"b"]
    assert [f.path for f in within([_file("a", 60), _file("b")], 10)] == [b"a"]
    assert within([], 10) == []


def test_rescans_take_a_tenth_of_a_core_at_most() -> None:
    assert pause_after_scan(1, SECOND, watched=False) == SECOND
    assert pause_after_scan(SECOND, SECOND, watched=False) == 9 * SECOND
    assert pause_after_scan(SECOND, SECOND, watched=True) == 49 * SECOND
    assert pause_after_scan(20 * SECOND, SECOND, watched=True) == 60 * SECOND
    assert pause_after_scan(-SECOND, SECOND, watched=False) == SECOND
