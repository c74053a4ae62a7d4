"""kill -9 of `clashwatch run` and all its workers at random moments: nothing lost, nothing twice, the same end."""

import json
import os
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.bench.articles import article
from tests.e2e.clashwatch import alerts_file, command, kill, started
from tests.e2e.road import SEEDS, Folders
from tests.faults.kill9 import Program, disturbed, final_state, work_done

pytestmark = pytest.mark.xdist_group("kills")

FILES = 500
STORIES = 40
LONG_AGO = 1_600_000_000
# A kill changes which article is read first, and with it who names an incident and how often it is told anew; and
# whether a copy was the article for a while.
OF_THE_ORDER = frozenset({"incident_id", "revision", "merged_from", "redirects_to", "version", "article_version"})


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
    documents = found["documents"] | {
        "incidents": [row for row in found["documents"]["incidents"] if row["status"] == "active"]
    }
    return {
        index: sorted(({k: v for k, v in row.items() if k not in OF_THE_ORDER} for row in documents[index]), key=repr)
        for index in ("articles", "files", "dead-letters", "incidents")
    } | {"letters": found["kept"]["dead.letter"]}


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


def program(folders: Folders) -> Program:
    start = partial(started, folders, "--once", "--workers", "2")
    return Program(folders.data, start, kill, partial(run_to_the_end, folders), stride=40)


def run_to_the_end(folders: Folders) -> None:
    done = command(folders, "run", "--once", "--workers", "2")
    assert done.returncode in (0, 1), done.stderr.decode()


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kills", [12, pytest.param(100, marks=pytest.mark.slow)])
def test_killed_at_random_it_ends_as_if_it_had_not_been(
    kills: int, undisturbed: tuple[dict[str, Any], int], tmp_path: Path
) -> None:
    expected, work = undisturbed
    folders = Folders.under(tmp_path)
    fill(folders.inbox)
    disturbed(program(folders), kills=kills, work=work, seed=kills)
    found = state(folders)
    assert found["lag"] == 0
    assert_told_once(found)
    ended, should_end = whatever_the_order(found), whatever_the_order(expected)
    for name in should_end:
        assert ended[name] == should_end[name], name


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
