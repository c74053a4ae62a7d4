"""The five seeds in each of their 120 orders, each file given twice: the same three incidents, whatever came first."""

import random
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import pytest

from shared.schemas.ids import article_id
from tests.e2e.road import AGAIN, SEEDS, Folders, Row, all_apart_from_the_order, drop_in_order, members, number_of

ORDERS = list(permutations(sorted(SEEDS)))


def with_copies(order: Sequence[str]) -> list[str]:
    """Each seed twice; where the second one comes, and which of the two is called a copy, is random."""
    chance = random.Random("".join(order))
    names = list(order)
    for seed in order:
        first = names.index(seed)
        second = chance.randint(first + 1, len(names))
        names.insert(second, seed + AGAIN)
        if chance.random() < 0.5:
            names[first], names[second] = names[second], names[first]
    return names


def worked_off(folder: Path, names: Sequence[str], *, dated: bool = False) -> Folders:
    folders = Folders.under(folder)
    drop_in_order(folders.inbox, names, dated=dated)
    folders.drain()
    return folders


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    folders = worked_off(tmp_path_factory.mktemp("expected"), sorted(SEEDS))
    return all_apart_from_the_order(folders.found("incidents"))


@pytest.fixture(scope="module")
def expected_with_dates(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    folders = worked_off(tmp_path_factory.mktemp("expected"), sorted(SEEDS), dated=True)
    return all_apart_from_the_order(folders.found("incidents"))


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_any_order_with_everything_twice(order: tuple[str, ...], expected: list[Row], tmp_path: Path) -> None:
    folders = worked_off(tmp_path, with_copies(order))
    assert folders.received() == [article_id(SEEDS[seed].read_bytes()) for seed in order]
    incidents = folders.found("incidents")
    assert sorted(map(members, incidents), key=sorted) == [{"000", "002"}, {"001", "003", "004"}, {"004"}]
    assert all_apart_from_the_order(incidents) == expected
    files = [(number_of(row["path"]), row["state"]) for row in folders.found("files")]
    assert sorted(files) == sorted((seed, state) for seed in order for state in ("duplicate", "indexed"))


@pytest.mark.parametrize("order", ORDERS[7::12], ids="-".join)
def test_any_order_with_publication_dates(
    order: tuple[str, ...], expected_with_dates: list[Row], tmp_path: Path
) -> None:
    folders = worked_off(tmp_path, with_copies(order), dated=True)
    assert all_apart_from_the_order(folders.found("incidents")) == expected_with_dates


@pytest.mark.parametrize("order", ORDERS[3::12], ids="-".join)
def test_in_any_order_each_incident_is_new_once(order: tuple[str, ...], tmp_path: Path) -> None:
    alerts = worked_off(tmp_path, with_copies(order)).found("alerts")
    assert [alert["kind"] for alert in alerts].count("new") == 3
    assert len({(alert["incident_id"], alert["revision"]) for alert in alerts}) == len(alerts)
    assert {alert["kind"] for alert in alerts} <= {"new", "update", "escalation", "correction"}
