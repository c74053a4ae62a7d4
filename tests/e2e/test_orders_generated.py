"""Several hundred articles of clashes on many borders, which contradict each other: any order, the same incidents."""

import os
import random
from pathlib import Path

import pytest

from tests.bench.articles import article
from tests.e2e.road import Folders, Row, all_apart_from_the_order

CLASHES = 300
STORIES = 60
LONG_AGO = 1_600_000_000

pytestmark = pytest.mark.xdist_group("generated")


def worked_off(folder: Path, order: list[int]) -> Folders:
    folders = Folders.under(folder)
    for place, number in enumerate(order):
        path = folders.inbox / f"{number:05}.txt"
        path.write_text(article(3 * number, seed=11, words=150, stories=STORIES))
        os.utime(path, (LONG_AGO - place, LONG_AGO - place))
    folders.drain()
    return folders


@pytest.fixture(scope="module")
def orderly(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    return worked_off(tmp_path_factory.mktemp("orderly"), list(range(CLASHES)))


@pytest.mark.parametrize("seed", range(3))
def test_any_order_gives_the_same_incidents(seed: int, orderly: Folders, tmp_path: Path) -> None:
    order = random.Random(seed).sample(range(CLASHES), CLASHES)
    found, expected = worked_off(tmp_path, order).found("incidents"), orderly.found("incidents")
    assert len(expected) > STORIES // 2
    assert sorted(one["articles"] for one in found) == sorted(one["articles"] for one in expected)
    assert all_apart_from_the_order(found) == all_apart_from_the_order(expected)


def test_every_alert_names_a_sentence_and_comes_once_a_revision(orderly: Folders) -> None:
    alerts = orderly.found("alerts")
    assert {alert["kind"] for alert in alerts} >= {"new", "update", "escalation", "correction"}
    assert [alert["text"] for alert in alerts if not alert["evidence"]] == []
    assert len({(one["incident_id"], one["revision"], one["subscriber"]) for one in alerts}) == len(alerts)


def test_clashes_are_found_and_nothing_else(orderly: Folders) -> None:
    rows: list[Row] = orderly.found("articles")
    assert len(rows) == CLASHES
    assert sum(row["is_clash"] for row in rows) > 0.9 * CLASHES
