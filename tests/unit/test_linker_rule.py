"""The published rule is data; nonsense is refused with file and line. And it takes no side."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from linker_builders import active, linked
from test_linker_cluster import report_sets

from services.linker.rule import RULE_FILE, Rule
from shared.datafile import DataFileError, load_yaml
from shared.schemas import ReportDetected
from shared.schemas.incident import Incident


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("max_days_apart: 2\n", "max_days_apart: two\n", 4, "max_days_apart: Input should be a valid integer"),
        ("near_km: 25", "near_km: -25", 10, "places.near_km: Input should be greater than 0"),
        ("enough: 3", "enuff: 3", 4, "enough: Field required"),
        ("max_dated_days: 14", "max_dated_days: 14\nmax_dated_days: 15", 7, "'max_dated_days' is given twice"),
        ("  fresh: 1\n", "  fresh: 3\n", 4, "must stay below enough"),
        ("  same_day", "  {", None, ""),
    ],
)
def test_nonsense_is_refused_with_file_and_line(
    tmp_path: Path, old: str, new: str, line: int | None, words: str
) -> None:
    text = RULE_FILE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "rule.yml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataFileError) as refused:
        load_yaml(path, Rule)
    assert str(refused.value).startswith(f"{path}:{line or ''}")
    assert words in str(refused.value)


SIDES = re.compile(r"\b(AM|AZ)\b")
OTHER = {"AM": "AZ", "AZ": "AM"}


def swapped(text: str) -> str:
    return SIDES.sub(lambda found: OTHER[found[0]], text).replace("AZ-AM", "AM-AZ")


def swap(detected: ReportDetected) -> ReportDetected:
    """The two sides take each other's place; which is a and which is b goes by the alphabet."""
    other = ReportDetected.model_validate_json(swapped(detected.model_dump_json()))
    report = other.report.model_copy(update={"side_a": "AM", "side_b": "AZ"})
    return other.model_copy(update={"report": report})


def shown(incidents: list[Incident]) -> list[dict[str, Any]]:
    left_out = {"side_a", "side_b", "links", "timeline"}
    rows = [one.model_dump(mode="json", exclude=left_out) for one in incidents]
    for row, one in zip(rows, incidents, strict=True):
        row["toll"] = dict(sorted(row["toll"].items()))
        row["links"] = [(link.stem, sorted(link.reasons)) for link in one.links]
        row["timeline"] = sorted(repr(moment.model_dump()) for moment in one.timeline)
    return sorted(rows, key=lambda row: str(row["incident_id"]))


@settings(max_examples=150)
@given(report_sets(most=10, sides=("AM", "AZ")))
def test_swapping_the_sides_swaps_them_and_nothing_else(reports: list[ReportDetected]) -> None:
    there = active(linked(reports))
    back = active(linked([swap(one) for one in reports]))
    for one in back:
        assert (one.side_a, one.side_b) == ("AM", "AZ")
    again = [Incident.model_validate_json(swapped(one.model_dump_json())) for one in back]
    again = [one.model_copy(update={"deaths_a": one.deaths_b, "deaths_b": one.deaths_a}) for one in again]
    assert shown(again) == shown(there)
