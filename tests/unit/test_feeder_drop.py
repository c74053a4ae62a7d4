"""What a dropped file comes to: identity, duplicates, changes, sidecars, rejections."""

import os
import socket
import tempfile
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest
from feeder_rig import Rig, powerless

from services.feeder.feed import Limits
from shared.schemas.ids import article_id


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


@pytest.fixture
def open_rig() -> Iterator[Rig]:
    """In a folder that nobody, too, can get to."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        rig = Rig(folder)
        yield rig
        rig.close()


def test_a_dropped_file_becomes_an_article(rig: Rig) -> None:
    rig.write("2022/000_dc1.txt", "One soldier was killed.")
    rig.drain()
    [article] = rig.received()
    assert article.content == b"One soldier was killed."
    assert (article.path, article.stem, article.size, article.version) == (
        "2022/000_dc1.txt",
        "000_dc1",
        23,
        1,
    )
    assert article.article_id == article_id(b"One soldier was killed.")
    assert abs((article.received_at - rig.clock.now).total_seconds()) < 1
    assert rig.states() == {"2022/000_dc1.txt": "received"}


def test_nothing_is_published_twice_by_a_restart(rig: Rig) -> None:
    rig.write("a.txt", "A")
    rig.drain()
    rig.drain()
    assert len(rig.deliveries) == 1


def test_the_same_content_again_is_a_duplicate_and_says_of_what(rig: Rig) -> None:
    rig.write("a.txt", "A")
    rig.drain()
    rig.write("b.html", "A")
    rig.drain()
    assert len(rig.received()) == 1
    assert rig.settled() == [("b.html", 1, "duplicate")]
    assert rig.reason("b.html") == "same content as a.txt"
    assert rig.rows()["b.html"].article_id == rig.rows()["a.txt"].article_id


@pytest.mark.parametrize("names", tuple(permutations(("a.txt", "b.txt", "a (1).txt"))))
@pytest.mark.parametrize("together", [True, False])
def test_of_copies_the_one_with_the_shortest_name_is_the_article(
    rig: Rig, names: tuple[str, ...], together: bool
) -> None:
    for name in names:
        rig.write(name, "A")
        if not together:
            rig.drain()
    rig.drain()
    assert rig.states() == {"a.txt": "received", "b.txt": "duplicate", "a (1).txt": "duplicate"}
    assert rig.received()[-1].path == "a.txt"
    assert len(rig.received()) == 1 or not together
    assert not rig.withdrawn()
    assert {state for _, _, state in rig.settled()} == {"duplicate"}


def test_a_copy_with_a_shorter_name_takes_the_place_of_one_that_is_gone(rig: Rig) -> None:
    rig.write("long.txt", "A").unlink()
    path = rig.write("long.txt", "A")
    rig.drain()
    path.rename(rig.inbox / "a.txt")
    rig.drain()
    assert rig.states() == {"a.txt": "received", "long.txt": "duplicate"}
    assert rig.reason("long.txt") == "same content as a.txt"
    assert [(m.path, m.version) for m in rig.received()] == [("long.txt", 1), ("a.txt", 3)]


def test_changed_content_supersedes_the_old(rig: Rig) -> None:
    rig.write("a.txt", "one dead")
    rig.drain()
    rig.write("a.txt", "two dead")
    rig.drain()
    first, second = rig.received()
    [withdrawn] = rig.withdrawn()
    assert (withdrawn.article_id, withdrawn.version) == (first.article_id, 2)
    assert withdrawn.superseded_by == second.article_id
    assert rig.settled() == [("a.txt", 1, "superseded")]
    assert [(row.version, row.state) for row in rig.registry.rows()] == [(2, "received"), (1, "superseded")]


def test_going_back_to_an_old_content_raises_its_version(rig: Rig) -> None:
    for content in ("one", "two", "one"):
        rig.write("a.txt", content)
        rig.drain()
    one = article_id(b"one")
    assert [(m.article_id == one, m.version) for m in rig.received()] == [(True, 1), (False, 1), (True, 3)]
    assert [m.version for m in rig.withdrawn()] == [2, 2]
    assert rig.rows()["a.txt"].version == 3


def test_a_touched_file_is_not_news(rig: Rig) -> None:
    path = rig.write("a.txt", "A")
    rig.drain()
    os.utime(path, (1, 1))
    rig.drain()
    assert len(rig.deliveries) == 1
    assert rig.rows()["a.txt"].version == 1


def a_and_its_copy_b(rig: Rig) -> None:
    for name in ("a.txt", "b.txt"):
        rig.write(name, "shared")
        rig.drain()


def test_content_another_path_still_holds_is_not_withdrawn_but_handed_over(rig: Rig) -> None:
    a_and_its_copy_b(rig)
    rig.write("a.txt", "new")
    rig.drain()
    assert rig.withdrawn() == []
    assert [(m.path, m.version) for m in rig.received()] == [("a.txt", 1), ("a.txt", 1), ("b.txt", 3)]
    assert rig.states() == {"a.txt": "received", "b.txt": "received"}


def test_a_changed_duplicate_leaves_the_article_alone(rig: Rig) -> None:
    a_and_its_copy_b(rig)
    rig.write("b.txt", "new")
    rig.drain()
    assert rig.withdrawn() == []
    assert rig.states() == {"a.txt": "received", "b.txt": "received"}


def test_a_renamed_and_edited_file_takes_its_old_article_with_it(rig: Rig) -> None:
    path = rig.write("a.txt", "draft")
    rig.drain()
    path.rename(rig.inbox / "b.txt")
    rig.drain()
    assert rig.reason("b.txt") == "same content as a.txt"
    rig.write("b.txt", "final")
    rig.drain()
    assert [m.article_id for m in rig.withdrawn()] == [article_id(b"draft")]


def test_an_emptied_file_holds_nothing_any_more(rig: Rig) -> None:
    a_and_its_copy_b(rig)
    rig.write("a.txt", "")
    rig.drain()
    rig.write("b.txt", "new")
    rig.drain()
    assert [m.article_id for m in rig.withdrawn()] == [article_id(b"shared")]


def test_both_holders_change_at_once(rig: Rig) -> None:
    a_and_its_copy_b(rig)
    rig.write("a.txt", "one")
    rig.write("b.txt", "two")
    rig.drain()
    assert [m.article_id for m in rig.withdrawn()] == [article_id(b"shared")]


def test_the_article_of_a_file_that_vanishes_stays(rig: Rig) -> None:
    rig.write("a.txt", "A").unlink()
    path = rig.write("a.txt", "A")
    rig.drain()
    path.unlink()
    rig.drain()
    assert rig.withdrawn() == []
    assert rig.states() == {"a.txt": "received"}


def test_a_file_that_vanishes_before_it_is_read_is_named(rig: Rig) -> None:
    feeder = rig.feeder()
    path = rig.write("a.txt", "A")
    feeder.step()
    path.unlink()
    rig.steps(feeder, 3, seconds=1.1)
    assert rig.states() == {"a.txt": "gone"}
    assert rig.reason("a.txt") == "vanished before it could be read"
    rig.write("a.txt", "A")
    rig.drain()
    assert rig.states() == {"a.txt": "received"}


def test_an_empty_file_is_rejected_until_it_has_content(rig: Rig) -> None:
    rig.write("a.txt", b"")
    rig.drain()
    assert rig.settled() == [("a.txt", 1, "rejected")]
    assert rig.reason("a.txt") == "empty"
    rig.write("a.txt", "A")
    rig.drain()
    assert rig.settled()[1:] == [("a.txt", 1, "superseded")]
    assert rig.rows()["a.txt"].version == 2


def test_an_emptied_file_is_rejected_and_its_article_stays(rig: Rig) -> None:
    for content in ("A", "", "A"):
        rig.write("a.txt", content)
        rig.drain()
    assert rig.withdrawn() == []
    assert [m.version for m in rig.received()] == [1, 3]
    assert rig.states() == {"a.txt": "received"}


def test_an_oversized_file_is_rejected_unread(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.write("a.txt", b"x" * 101)
    rig.write("b.txt", b"x" * 100)
    sizes: list[int] = []
    read = os.read

    def measured(descriptor: int, size: int) -> bytes:
        sizes.append(size)
        return read(descriptor, size)

    monkeypatch.setattr(os, "read", measured)
    rig.drain(limits=Limits(max_file_bytes=100))
    assert rig.reason("a.txt") == "too large: 101 bytes, the limit is 100"
    assert [m.path for m in rig.received()] == ["b.txt"]
    assert max(sizes) == 101  # one more than b.txt has


def test_what_is_not_a_file_is_rejected_without_opening_it(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = rig.inbox.parent / "secret.txt"
    outside.write_text("secret")
    (rig.inbox / "link.txt").symlink_to(outside)
    (rig.inbox / "dangling.txt").symlink_to("nowhere")
    (rig.inbox / "folder").symlink_to(rig.inbox.parent)
    os.mkfifo(rig.inbox / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as unix:
        monkeypatch.chdir(rig.inbox)
        unix.bind("socket.txt")
    opened: list[bytes] = []
    open_ = os.open

    def noted(name: bytes, flags: int, *, dir_fd: int | None = None) -> int:
        opened.append(name)
        return open_(name, flags, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", noted)
    rig.drain()
    assert {path: row.reason for path, row in rig.rows().items()} == {
        "link.txt": "a symbolic link: not followed",
        "dangling.txt": "a symbolic link: not followed",
        "folder": "a symbolic link: not followed",
        "pipe.txt": "a named pipe, not a file",
        "socket.txt": "a socket, not a file",
    }
    assert set(rig.states().values()) == {"rejected"}
    assert opened
    assert not {b"pipe.txt", b"socket.txt", b"link.txt", b"dangling.txt"} & set(opened)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_a_device_is_rejected(rig: Rig) -> None:
    try:
        os.mknod(rig.inbox / "zero.txt", 0o600 | 0o020000, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("no devices here")
    rig.drain()
    assert rig.reason("zero.txt") == "a device, not a file"


def test_an_unreadable_file_is_tried_again_when_its_mode_changes(open_rig: Rig) -> None:
    rig = open_rig
    path = rig.write("a.txt", "A")
    path.chmod(0)
    with powerless():
        rig.drain()
    assert rig.reason("a.txt") == "cannot be read: permission denied"
    with powerless():
        rig.drain()
    assert rig.settled() == [("a.txt", 1, "rejected")]
    path.chmod(0o644)
    with powerless():
        rig.drain()
    assert rig.states() == {"a.txt": "received"}


def test_an_unreadable_folder_is_named_until_it_can_be_read(open_rig: Rig) -> None:
    rig = open_rig
    folder = rig.write("secret/a.txt", "A").parent
    folder.chmod(0)
    with powerless():
        rig.drain()
    assert {path: row.reason for path, row in rig.rows().items()} == {
        "secret/": "a folder that cannot be read: permission denied"
    }
    folder.chmod(0o755)
    with powerless():
        rig.drain()
    assert rig.settled() == [("secret/", 1, "rejected"), ("secret/", 1, "superseded")]
    assert rig.states() == {"secret/a.txt": "received"}


def test_a_folder_that_may_be_listed_but_not_entered(open_rig: Rig) -> None:
    rig = open_rig
    folder = rig.write("secret/a.txt", "A").parent
    folder.chmod(0o644)
    with powerless():
        rig.drain()
    assert rig.reason("secret/a.txt") == "cannot be read: permission denied"
    folder.chmod(0o755)
    with powerless():
        rig.drain()
    assert rig.states() == {"secret/a.txt": "received"}


def test_names_that_are_not_utf8_or_very_long_or_have_newlines(rig: Rig) -> None:
    rig.write(b"caf\xe9.txt", "latin")
    rig.write(b"%E9.txt", "literal")
    rig.write(b"x" * 251 + b".txt", "long")
    rig.write("two\nlines.txt", "newline")
    rig.write("Qələmə.txt", "utf-8")
    rig.drain()
    paths = {m.path: m.content for m in rig.received()}
    assert paths == {
        "caf%E9.txt": b"latin",
        "%25E9.txt": b"literal",
        "x" * 251 + ".txt": b"long",
        "two\nlines.txt": b"newline",
        "Qələmə.txt": b"utf-8",
    }
    assert {m.stem for m in rig.received()} >= {"caf%E9", "x" * 251, "two\nlines"}


def test_a_path_longer_than_the_system_lets_one_call_name(rig: Rig) -> None:
    here = os.open(rig.inbox, os.O_RDONLY)
    for _ in range(30):
        os.mkdir("d" * 200, dir_fd=here)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    descriptor = os.open("a.txt", os.O_WRONLY | os.O_CREAT, dir_fd=here)
    os.write(descriptor, b"deep")
    os.close(descriptor)
    os.close(here)
    rig.drain()
    [article] = rig.received()
    assert len(article.path) > 4096
    assert article.content == b"deep"


def test_folders_too_deep_are_named(rig: Rig) -> None:
    rig.write("/".join(["d"] * 64) + "/a.txt", "A")
    rig.write("/".join(["e"] * 65) + "/b.txt", "B")
    rig.drain()
    assert [m.content for m in rig.received()] == [b"A"]
    [reason] = [row.reason for row in rig.rows().values() if row.state == "rejected"]
    assert reason == "a folder more than 64 levels deep: not entered"


def test_temporary_names_are_left_alone_until_renamed(rig: Rig) -> None:
    path = rig.write("a.txt.part", "A")
    rig.write(".a.txt.Xy12Zz", "rsync")
    rig.write(".git/config", "hidden")
    rig.drain()
    assert rig.received() == []
    assert rig.states() == {"a.txt.part": "skipped"}
    path.rename(rig.inbox / "a.txt")
    (rig.inbox / ".a.txt.Xy12Zz").rename(rig.inbox / "b.txt")
    rig.drain()
    assert rig.states() == {"a.txt": "received", "b.txt": "received"}


def test_hidden_names_are_counted(rig: Rig) -> None:
    rig.write(".hidden", "x")
    feeder = rig.feeder()
    feeder.step()
    assert feeder.unlisted == 1


def test_a_sidecar_goes_with_its_article(rig: Rig) -> None:
    rig.write("a.txt", "A")
    raw = b'{"published": "2022-09-13", "source": "Example News"}'
    rig.write("a.meta.json", raw)
    rig.write("b.html", "B")
    rig.write("b.html.meta.json", b'{"title": "B"}')
    rig.drain()
    a, b = sorted(rig.received(), key=lambda m: m.path)
    assert a.sidecar is not None
    assert b.sidecar is not None
    assert (a.sidecar.published, a.sidecar.source, b.sidecar.title) == ("2022-09-13", "Example News", "B")
    assert a.article_id == article_id(b"A", raw)
    assert rig.states() == {
        "a.txt": "received",
        "a.meta.json": "sidecar",
        "b.html": "received",
        "b.html.meta.json": "sidecar",
    }


def test_a_sidecar_that_comes_later_makes_a_new_version(rig: Rig) -> None:
    rig.write("a.txt", "A")
    rig.drain()
    rig.write("a.meta.json", b'{"published": "2022"}')
    rig.drain()
    first, second = rig.received()
    assert second.sidecar is not None
    assert [m.superseded_by for m in rig.withdrawn()] == [second.article_id]
    assert first.article_id != second.article_id
    rig.write("a.meta.json", b'{"published": "2023"}')
    rig.drain()
    assert [m.sidecar.published for m in rig.received() if m.sidecar] == ["2022", "2023"]
    assert rig.rows()["a.txt"].version == 3


def test_a_broken_sidecar_is_rejected_and_the_article_goes_without(rig: Rig) -> None:
    rig.write("a.txt", "A")
    rig.write("a.meta.json", b'{"published": 2022}')
    rig.drain()
    assert [m.sidecar for m in rig.received()] == [None]
    assert rig.settled() == [("a.meta.json", 1, "rejected")]
    assert "published" in rig.reason("a.meta.json")
    rig.write("a.meta.json", b'{"published": "2022"}')
    rig.drain()
    assert rig.states() == {"a.txt": "received", "a.meta.json": "sidecar"}
    assert rig.received()[-1].sidecar is not None


def test_a_sidecar_without_an_article_waits_and_says_for_what(rig: Rig) -> None:
    rig.write("a.meta.json", b"{}")
    rig.drain()
    assert rig.states() == {"a.meta.json": "waiting"}
    assert rig.reason("a.meta.json") == "a sidecar without an article: no a or a.* beside it"
    rig.write("a.txt", "A")
    rig.drain()
    assert rig.states() == {"a.txt": "received", "a.meta.json": "sidecar"}
    assert len(rig.received()) == 1


def test_a_sidecar_that_vanishes_without_an_article_is_gone(rig: Rig) -> None:
    path = rig.write("a.meta.json", b"{}")
    rig.drain()
    path.unlink()
    rig.drain()
    assert rig.states() == {"a.meta.json": "gone"}


def test_one_sidecar_for_two_types(rig: Rig) -> None:
    rig.write("a.txt", "A")
    rig.write("a.html", "<p>A</p>")
    rig.write("a.meta.json", b'{"title": "T"}')
    rig.drain()
    assert [m.sidecar.title for m in rig.received() if m.sidecar] == ["T", "T"]


def test_a_sidecar_that_is_a_link_is_not_followed(rig: Rig) -> None:
    (rig.inbox.parent / "passwd").write_text('{"title": "stolen"}')
    rig.write("a.txt", "A")
    (rig.inbox / "a.meta.json").symlink_to(rig.inbox.parent / "passwd")
    rig.drain()
    assert [m.sidecar for m in rig.received()] == [None]
    assert rig.reason("a.meta.json") == "a symbolic link: not followed"
