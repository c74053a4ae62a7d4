"""The seeds dropped one after the other into a running `clashwatch`: what an editor is told, and only once."""

import json
import shutil
from collections.abc import Iterable
from functools import partial

import pytest

from tests.e2e.clashwatch import alerts_file, command, listed, running, wait_for, waiting_messages
from tests.e2e.road import AGAIN, SEEDS, Folders, Row, drop, number_of

pytestmark = pytest.mark.xdist_group("walk")

ORDER = ("002", "000", "001", "003", "004")


def sent(folders: Folders) -> list[Row]:
    path = alerts_file(folders)
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def is_settled(folders: Folders, files: int) -> bool:
    """Whether so many files came to an end and nothing is on the way."""
    return waiting_messages(folders) == 0 and ends(folders) == files


def ends(folders: Folders) -> int:
    with folders.store() as store:
        return store.count("files")


def drop_one_by_one(folders: Folders, names: Iterable[str]) -> list[list[Row]]:
    """The alerts that each of them led to."""
    told = []
    for name in names:
        before, files = len(sent(folders)), ends(folders)
        drop(folders.inbox, name)
        wait_for(partial(is_settled, folders, files + 1), f"{name} is worked off")
        told.append(sent(folders)[before:])
    return told


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> tuple[Folders, list[list[Row]]]:
    folders = Folders.under(tmp_path_factory.mktemp("walk"))
    with running(folders):
        wait_for(lambda: waiting_messages(folders) == 0, "it has started")
        return folders, drop_one_by_one(folders, ORDER)


def test_each_article_tells_what_is_new_in_it(walk: tuple[Folders, list[list[Row]]]) -> None:
    told = [[(alert["kind"], alert["text"]) for alert in alerts] for alerts in walk[1]]
    assert told == [
        [("new", "New: Armenia-Azerbaijan border clash, 12 Jul 2020, Tavush: 2 dead (AM 0, AZ 2), 5 wounded (AZ 5)")],
        [
            (
                "escalation",
                "Escalation: Armenia-Azerbaijan border clash, 12-13 Jul 2020, Tavush: deaths 2 -> 4 (AM 0, AZ 4)",
            )
        ],
        [("new", "New: Armenia-Azerbaijan border clash, date unknown: 99 dead (AM 49, AZ 50)")],
        [
            (
                "update",
                "Update: Armenia-Azerbaijan border clash, date unknown, Goris, Jermuk, Kapan: "
                "newly named: Goris, Jermuk, Kapan",
            )
        ],
        [
            (
                "escalation",
                "Escalation: Armenia-Azerbaijan border clash, date unknown, Goris, Jermuk, Kapan: "
                "deaths 99 -> 155 (AM 105, AZ 50), first wounded civilians (AZ 2, says Baku)",
            ),
            ("new", "New: Kyrgyzstan-Tajikistan border clash, date unknown: no losses reported"),
        ],
    ]


def test_each_names_the_sentence_that_states_it(walk: tuple[Folders, list[list[Row]]]) -> None:
    alerts = [alert for told in walk[1] for alert in told]
    first = [alert["evidence"][0]["text"] for alert in alerts]
    for text, stated in zip(
        first,
        (
            "two of its soldiers were killed",
            "three of its soldiers were killed on July 12 and one on July 13",
            "the death of 49 Armenian and 50 Azerbaijani troops",
            "including Jermuk, Goris and Kapan",
            "105 Armenian servicemen had been killed",
            "Kyrgyz and Tajik border guards exchanged gunfire",
        ),
        strict=True,
    ):
        assert stated in text
    assert any("two civilians were wounded" in one["text"] for one in alerts[4]["evidence"])
    bodies = {row["article_id"]: row["body"] for row in walk[0].found("articles")}
    for alert, cause in zip(alerts, (*ORDER, "004"), strict=True):
        assert number_of(alert["evidence"][0]["stem"]) == cause
        for one in alert["evidence"]:
            assert bodies[one["article_id"]][one["start"] : one["end"]] == one["text"]


def test_each_says_why(walk: tuple[Folders, list[list[Row]]]) -> None:
    reasons = [set(alert["reasons"]) for told in walk[1] for alert in told]
    assert {"first report", "first deaths"} <= reasons[0]
    assert "deaths from 2 to 4" in reasons[1]
    assert reasons[3] == {"new places: Goris, Jermuk, Kapan"}
    assert {"deaths reach 100", "first wounded civilians"} <= reasons[4]


def test_there_is_one_message_a_revision(walk: tuple[Folders, list[list[Row]]]) -> None:
    alerts = [alert for told in walk[1] for alert in told]
    assert len({(one["incident_id"], one["revision"], one["subscriber"]) for one in alerts}) == len(alerts) == 6
    assert len({one["alert_id"] for one in alerts}) == 6
    index = listed(walk[0], "alerts")
    assert [one["alert_id"] for one in index] == [one["alert_id"] for one in alerts]
    assert {one["channels"]["file"] for one in index} == {"sent"}


def test_the_same_again_tells_nothing(walk: tuple[Folders, list[list[Row]]]) -> None:
    """After a restart the same files are there, and copies of them come, one by one and all at once."""
    folders, _ = walk
    before = alerts_file(folders).read_bytes()
    incidents = folders.found("incidents")
    with running(folders):
        wait_for(lambda: waiting_messages(folders) == 0, "it has started again")
        assert drop_one_by_one(folders, [name + AGAIN for name in ORDER]) == [[]] * 5
    assert alerts_file(folders).read_bytes() == before
    assert folders.found("incidents") == incidents
    states = sorted(row["state"] for row in listed(folders, "files"))
    assert states == ["duplicate"] * 5 + ["indexed"] * 5
    shutil.copytree(SEEDS["000"].parent, folders.inbox / "once more")
    assert command(folders, "run", "--once").returncode == 0
    assert alerts_file(folders).read_bytes() == before
    assert len(listed(folders, "files", "--state", "duplicate")) == 10
