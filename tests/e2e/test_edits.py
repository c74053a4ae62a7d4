"""Files that change under the system's feet: what they told is corrected, and nobody hears that it is gone and new."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from tests.e2e.road import SEEDS, Folders

TWO_DYADS = SEEDS["004"].read_text(encoding="utf-8")


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders.under(tmp_path)


def told(folders: Folders) -> list[str]:
    """The kinds of all alerts, as they came."""
    return [row["kind"] for row in folders.found("alerts")]


def articles(folders: Folders) -> list[list[str]]:
    return sorted(row["articles"] for row in folders.found("incidents"))


def change(folders: Folders, name: str, text: str) -> None:
    (folders.inbox / name).write_text(text, encoding="utf-8")
    folders.drain()


def drop_zip(folders: Folders, name: str, member: str) -> None:
    with zipfile.ZipFile(folders.inbox / name, "w") as bundle:
        bundle.writestr(member, TWO_DYADS)
    folders.drain()


def test_a_word_changed_is_an_incident_corrected(folders: Folders) -> None:
    change(folders, "a.txt", TWO_DYADS)
    [first, second] = [row["incident_id"] for row in folders.found("incidents")]
    assert told(folders) == ["new", "new"]
    for number in range(3):
        change(folders, "a.txt", f"{TWO_DYADS}\nEdited {number} times.\n")
    assert told(folders) == ["new", "new"]
    assert {row["incident_id"] for row in folders.found("incidents")} == {first, second}
    assert [row["state"] for row in folders.found("files") if row["path"] == "a.txt"].count("indexed") == 1


def test_a_sidecar_that_comes_later_dates_the_incident(folders: Folders) -> None:
    change(folders, "a.txt", TWO_DYADS)
    change(folders, "a.meta.json", json.dumps({"published": "2022-09-14"}))
    assert {"withdrawn"}.isdisjoint(told(folders))
    assert told(folders).count("new") == 2
    assert all(row["date_start"] for row in folders.found("incidents") if row["dyad"] == "AM-AZ")


def test_a_copy_with_a_shorter_name_is_no_news(folders: Folders) -> None:
    change(folders, "long-name.txt", TWO_DYADS)
    change(folders, "a.txt", TWO_DYADS)
    assert told(folders) == ["new", "new"]
    assert articles(folders) == [["a"], ["a"]]


def test_an_article_that_becomes_none_withdraws_what_it_told(folders: Folders) -> None:
    change(folders, "a.txt", TWO_DYADS)
    change(folders, "a.txt", "A farm show opened on Monday. Visitors praised the cheese.\n")
    assert told(folders) == ["new", "new", "withdrawn", "withdrawn"]
    assert articles(folders) == []


def test_an_article_that_becomes_rubbish_withdraws_what_it_told(folders: Folders) -> None:
    change(folders, "a.txt", TWO_DYADS)
    (folders.inbox / "a.txt").write_bytes(b"\0\1\2\3" * 100)
    folders.drain()
    assert articles(folders) == []


@pytest.mark.parametrize("zip_first", [True, False])
def test_a_zip_and_a_file_of_the_same_article_agree_on_its_name(folders: Folders, zip_first: bool) -> None:
    steps = [lambda: drop_zip(folders, "bundle.zip", "member.txt"), lambda: change(folders, "story.txt", TWO_DYADS)]
    for step in steps if zip_first else reversed(steps):
        step()
    assert articles(folders) == [["member"], ["member"]]
    assert [row["id"] for row in folders.found("articles")] == ["member"]
    assert told(folders) == ["new", "new"]


def test_an_article_in_a_zip_stands_when_a_file_that_held_it_changes(folders: Folders) -> None:
    change(folders, "a.txt", TWO_DYADS)
    change(folders, "a.txt", "A farm show opened on Monday. Visitors praised the cheese.\n")
    drop_zip(folders, "bundle.zip", "member.txt")
    assert articles(folders) == [["member"], ["member"]]
    shutil.copy(folders.inbox / "a.txt", folders.inbox / "b.txt")
    folders.drain()
    assert articles(folders) == [["member"], ["member"]]


def test_two_zips_of_the_same_article_agree_on_its_name(folders: Folders, tmp_path: Path) -> None:
    """Names as long as each other: one of the two is chosen, the same in any order, for article and incidents."""
    other = Folders.under(tmp_path / "other")
    for where, zips in ((folders, ("ab", "cd")), (other, ("cd", "ab"))):
        for name in zips:
            drop_zip(where, f"{name}.zip", f"{name}.txt")
    names = [{row["id"] for row in where.found("articles")} for where in (folders, other)]
    assert names[0] == names[1]
    assert {stem for where in (folders, other) for stems in articles(where) for stem in stems} == names[0]
