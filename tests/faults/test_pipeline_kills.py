"""kill -9 of `clashwatch run` and all its workers at random moments: nothing lost, nothing twice, the same end."""

import json
import os
import random
import subprocess
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.bench.articles import article
from tests.e2e.clashwatch import alerts_file, command, kill, started, wait_for
from tests.e2e.road import SEEDS, Folders
from tests.faults.kill9 import final_state, work_done

pytestmark = pytest.mark.xdist_group("kills")

FILES = 500
STORIES = 40
LONG_AGO = 1_600_000_000
# A kill changes which of two articles is read first, and with it who names an incident and how often it is told anew.
OF_THE_ORDER = frozenset({"incident_id", "revision", "merged_from", "redirects_to"})


def fill(inbox: Path) -> None:
    """The seeds, articles of a few stories with contradicting tolls, every tenth file a copy, a few that are bad.

    The feeder takes the newest first: with a time for each, files are fed in the same order in every run.
    """
    for place in range(FILES):
        path = inbox / f"{place:03} article.txt"
        path.write_bytes(content(place))
        os.utime(path, (LONG_AGO - place, LONG_AGO - place))


def content(place: int) -> bytes:
    if place % 100 < len(SEEDS):
        return SEEDS[f"{place % 100:03}"].read_bytes()
    if place % 50 == 17:
        return b"\0\1\2\3" * place
    copied = place - 7 if place % 10 == 9 else place
    return article(copied * 3 if copied % 2 else copied, seed=7, words=120, stories=STORIES).encode()


def state(folders: Folders) -> dict[str, Any]:
    """Everything a person can find, with nothing left on the way, and what was told outside."""
    told = [json.loads(line) for line in alerts_file(folders).read_bytes().splitlines()]
    return final_state(folders.data) | {"told": told}


def whatever_the_order(found: dict[str, Any]) -> dict[str, Any]:
    """What does not depend on which article was read first: all but alerts and the names of incidents."""
    documents = found["documents"]
    active = [
        {name: value for name, value in row.items() if name not in OF_THE_ORDER}
        for row in documents["incidents"]
        if row["status"] == "active"
    ]
    same = {index: documents[index] for index in ("articles", "files", "dead-letters")}
    return same | {"incidents": sorted(active, key=repr), "kept": found["kept"], "lag": found["lag"]}


def assert_told_once(found: dict[str, Any]) -> None:
    told = found["told"]
    for name in (("alert_id",), ("incident_id", "revision", "subscriber")):
        assert max(Counter(tuple(one[part] for part in name) for one in told).values()) == 1, name
    assert {one["alert_id"] for one in told} == {row["alert_id"] for row in found["documents"]["alerts"]}
    news = {one["incident_id"] for one in told if one["kind"] == "new"}
    assert {one["incident_id"] for one in told} <= news


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], int]:
    folders = Folders.under(tmp_path_factory.mktemp("undisturbed"))
    fill(folders.inbox)
    run_to_the_end(folders)
    return state(folders), work_done(folders.data)


def run_to_the_end(folders: Folders) -> None:
    done = command(folders, "run", "--once", "--workers", "2")
    assert done.returncode in (0, 1), done.stderr.decode()


def kill_at_random(folders: Folders, kills: int, work: int) -> int:
    """Moments are random along the work, not along the clock; how many of them fell between its start and its end."""
    chance = random.Random(kills)
    amid = 0
    for left in range(kills, 0, -1):
        before = work_done(folders.data)
        step = max(1, round(2 * (work - before) / left))
        wanted = before + chance.randint(0, step)
        process = started(folders, "--once", "--workers", "2")
        wait_for(partial(_is_there, folders, process, wanted), "progress")
        time.sleep(chance.uniform(0, 0.05))
        amid += process.poll() is None and 0 < work_done(folders.data) < work
        kill(process)
    return amid


def _is_there(folders: Folders, process: "subprocess.Popen[bytes]", wanted: int) -> bool:
    return process.poll() is not None or work_done(folders.data) >= wanted


@pytest.mark.timeout(3600)
@pytest.mark.slow
@pytest.mark.parametrize("kills", [12, 100])
def test_killed_at_random_it_ends_as_if_it_had_not_been(
    kills: int, undisturbed: tuple[dict[str, Any], int], tmp_path: Path
) -> None:
    expected, work = undisturbed
    folders = Folders.under(tmp_path)
    fill(folders.inbox)
    amid = kill_at_random(folders, kills, work)
    run_to_the_end(folders)
    found = state(folders)
    assert found["lag"] == 0
    assert_told_once(found)
    ended, should_end = whatever_the_order(found), whatever_the_order(expected)
    for name in should_end:
        assert ended[name] == should_end[name], name
    assert amid > kills // 4


def test_the_undisturbed_run_has_everything_in_it(undisturbed: tuple[dict[str, Any], int]) -> None:
    documents = undisturbed[0]["documents"]
    files = Counter(row["state"] for row in documents["files"])
    assert files["rejected"] == 10
    assert files["duplicate"] > 60
    assert sum(files.values()) == FILES
    assert len(documents["articles"]) == files["indexed"]
    assert len(documents["incidents"]) > 30
    told = undisturbed[0]["told"]
    assert {one["kind"] for one in told} >= {"new", "update", "escalation"}
    assert_told_once(undisturbed[0])
    assert undisturbed[0]["lag"] == 0
