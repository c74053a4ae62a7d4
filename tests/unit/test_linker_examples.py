"""Every example an analyst wrote, in every order and with every report twice."""

import itertools
from typing import Any

import pytest
from examples import examples
from linker_builders import active, linked, report, told

from shared.schemas.incident import Incident, Toll

MAX_ORDERS = 120


@pytest.mark.parametrize("case", examples("linker"))
def test_example(case: dict[str, Any]) -> None:
    reports = [report(row) for row in case["given"]]
    found = active(linked(reports))
    shown = [_shown(one, expected) for one, expected in zip(_sorted(found), case["expect"], strict=True)]
    assert shown == case["expect"], case["description"]
    for order in itertools.islice(itertools.permutations(reports), 0, None, _step(len(reports))):
        assert told(active(linked([*order, *order]))) == told(found)


def _step(count: int) -> int:
    orders = 1
    for number in range(2, count + 1):
        orders *= number
    return max(1, orders // MAX_ORDERS)


def _sorted(incidents: list[Incident]) -> list[Incident]:
    return sorted(incidents, key=lambda one: (one.dyad, sorted(one.articles), one.date_start or ""))


def _shown(one: Incident, expected: dict[str, Any]) -> dict[str, Any]:
    """The incident in the terms of `expected`."""
    views = {
        "articles": lambda: sorted(one.articles),
        "places": lambda: [place.name for place in one.places],
        "toll": lambda: _tolls(one.toll),
        "civilians": lambda: _tolls(one.civilians),
        "weapons": lambda: list(one.weapons),
        "timeline": lambda: [f"{m.day} {m.side} {m.best} {m.kind} by {m.claimed_by}" for m in one.timeline],
        "reasons": lambda: {link.stem: list(link.reasons) for link in one.links},
        "deaths": lambda: {
            "a": one.deaths_a,
            "b": one.deaths_b,
            "civilians": one.deaths_civilians,
            "unknown": one.deaths_unknown,
            "all": f"{one.low}/{one.best}/{one.high}",
        },
    }
    return {key: views[key]() if key in views else getattr(one, key) for key in expected}


def _tolls(tolls: dict[str, dict[Any, Toll]]) -> dict[str, dict[str, str]]:
    return {
        side: {kind: f"{toll.low}/{toll.best}/{toll.high}" for kind, toll in kinds.items()}
        for side, kinds in tolls.items()
    }
