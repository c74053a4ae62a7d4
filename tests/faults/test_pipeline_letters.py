"""A stage that raises: a dead letter with the original bytes; `clashwatch dead-letters list|show|replay|drop`."""

import json
from collections import Counter
from contextlib import closing

import pytest

from shared.bus.sqlite import SqliteBus
from shared.schemas import FileSettled
from shared.stage import Delivery, first_delivery
from shared.store.database import Database
from tests.e2e.clashwatch import command, listed
from tests.e2e.road import NOW, SEEDS, Folders, Row, drop, members

pytestmark = pytest.mark.xdist_group("letters")

MISPLACED = first_delivery("test", FileSettled(path="a.txt", state="rejected", reason="x", settled_at=NOW), NOW).value
"""A message of ours, whole, on topics whose readers cannot do anything with it: their own code raises."""
POISON = {
    "article.received": b'\0 not JSON at all, "\xff"',
    "article.tagged": MISPLACED,
    "report.detected": MISPLACED,
    "incident.changed": MISPLACED.replace(b":1", b":999", 1),
    "alert.raised": b'{"type":"alert.raised"}',
}
FAILED = {
    ("normalizer", "article.received"),
    ("detector", "article.tagged"),
    ("linker", "report.detected"),
    ("alerter", "incident.changed"),
    ("indexer", "incident.changed"),
    ("channels", "alert.raised"),
    ("webhook", "alert.raised"),
    ("indexer", "alert.raised"),
}


def letters(folders: Folders, *arguments: str) -> list[Row]:
    return listed(folders, "dead-letters", "list", *arguments)


def run(folders: Folders) -> str:
    """Exit code 1: some inputs were rejected. Gives what standard error says of them."""
    done = command(folders, "run", "--once", "--workers", "2")
    assert done.returncode == 1, done.stderr.decode()
    return done.stderr.decode()


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """Poison on every part of the road, then the seeds behind it."""
    folders = Folders.under(tmp_path_factory.mktemp("letters"))
    with closing(Database(folders.data)) as database:
        SqliteBus(database).publish([Delivery(topic, "key", raw, topic) for topic, raw in POISON.items()])
    for seed in SEEDS:
        drop(folders.inbox, seed)
    said = run(folders)
    for stage, _ in FAILED:
        assert f"the {stage} failed" in said
    return folders


def test_each_failure_is_a_letter_with_stage_topic_and_reason(folders: Folders) -> None:
    found = letters(folders)
    assert {(row["stage"], row["topic"]) for row in found} == FAILED
    assert len(found) == len(FAILED)
    reasons = {row["stage"]: row["reason"] for row in found if row["topic"] != "alert.raised"}
    assert "linker does not read file.settled" in reasons["linker"]
    assert "version 999 is newer" in reasons["alerter"]
    assert all(row["reason"].startswith(row["error"]) for row in found)


def test_the_original_comes_back_byte_for_byte(folders: Folders) -> None:
    for topic, row in {row["topic"]: row for row in letters(folders)}.items():
        shown = command(folders, "dead-letters", "show", row["letter_id"], "--raw")
        assert (shown.returncode, shown.stdout) == (0, POISON[topic])
    shown = command(folders, "dead-letters", "show", letters(folders)[0]["letter_id"][:8])
    assert json.loads(shown.stdout)["letter_id"] == letters(folders)[0]["letter_id"]


def test_the_rest_goes_on(folders: Folders) -> None:
    found = sorted(sorted(members(one)) for one in folders.found("incidents"))
    assert found == [["000", "002"], ["001", "003", "004"], ["004"]]


def test_replayed_it_fails_again_as_the_same_letter_and_dropped_it_is_gone(folders: Folders) -> None:
    [linkers] = [row for row in letters(folders) if row["stage"] == "linker"]
    done = command(folders, "dead-letters", "replay", linkers["letter_id"])
    assert done.returncode == 0, done.stderr.decode()
    assert linkers["letter_id"] not in {row["letter_id"] for row in letters(folders)}
    assert "the linker failed" in run(folders)
    again = Counter(row["letter_id"] for row in letters(folders))
    assert again == Counter([linkers["letter_id"], *(again.keys() - {linkers["letter_id"]})])
    assert len(again) == len(FAILED)
    assert command(folders, "dead-letters", "drop", "--all").returncode == 0
    assert letters(folders) == []
    assert len(letters(folders, "--state", "dropped")) == len(FAILED)
    shown = command(folders, "dead-letters", "show", linkers["letter_id"], "--raw")
    assert shown.stdout == POISON["report.detected"]


def test_a_letter_that_is_none_is_wrong_usage(folders: Folders) -> None:
    for verb in ("show", "replay", "drop"):
        done = command(folders, "dead-letters", verb, "no-such-letter")
        assert done.returncode == 2
        assert b"no dead letter no-such-letter" in done.stderr
