"""Watch rules and steps are data; nonsense is refused with file and line."""

from pathlib import Path

import pytest
import yaml

from services.alerter.rules import Box, Near
from services.alerter.stage import load_watch
from services.alerter.steps import STEPS_FILE, Steps
from shared.datafile import DataFileError, load_yaml


def refused(tmp_path: Path, text: str) -> str:
    path = tmp_path / "watch.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataFileError) as error:
        load_watch(path)
    assert str(error.value).startswith(f"{path}:")
    return str(error.value).removeprefix(f"{path}:")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("- name: a\n  dyad: [AM-AZ]\n", "2: 0.dyad: Extra inputs are not permitted"),
        ("- name: a\n- {name: b, min_severity: 5}\n", "2: 1.min_severity: Input should be less than or equal to 4"),
        ("- name: a\n  kinds:\n  - new\n  - sometimes\n", "4: 0.kinds.1"),
        ("- name: a\n  box:\n    south: 41\n    north: 40\n    west: 1\n    east: 2\n", "3: 0.box: Value error, south"),
        ("- name: a\n  dyads:\n  - AM-AZ\n  - Armenia\n", "4: 0.dyads.1: Value error, 'Armenia' is no dyad"),
        ("- name: a\n- name: a\n", "1: two watch rules are named 'a'"),
        ("- name: a\n  name: b\n", "2: 'name' is given twice"),
        ("- subscriber: x\n", "1: 0.name: Field required"),
        ("- name: ''\n", "1: 0.name: String should have at least 1 character"),
        ("name: a\n", "1: : Input should be a valid list"),
        ("- name: [a\n", "2: did not find expected ',' or ']'"),
        ("", "1: : Input should be a valid list"),
    ],
)
def test_nonsense_is_refused_with_file_and_line(tmp_path: Path, text: str, reason: str) -> None:
    assert reason in refused(tmp_path, text)


def test_sides_may_be_written_in_any_order_and_case(tmp_path: Path) -> None:
    path = tmp_path / "watch.yml"
    path.write_text("- {name: a, dyads: [AZ-AM, SA-Houthis], sides: [am], countries: [az]}\n", encoding="utf-8")
    [rule] = load_watch(path).rules
    assert (rule.dyads, rule.sides, rule.countries) == ({"AM-AZ", "Houthis-SA"}, {"AM"}, {"AZ"})


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    """Aliases do not multiply what is read."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]" for old, new in zip("abcdefgh", "bcdefghi", strict=True)]
    assert "Input should be a valid list" in refused(tmp_path, "\n".join(lines))


def test_the_default_tells_everyone_everything() -> None:
    watch = load_watch()
    assert [(rule.name, rule.subscriber, rule.min_severity) for rule in watch.rules] == [("all", "everyone", 0)]
    assert watch.names["AM"] == "Armenia"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("deaths: [1, 10,", "deaths: [10, 1,", ":4: deaths: Value error, each number must be larger"),
        ("severity: [1, 10, 50, 100]", "severity: [1, 10]", "severity: Value should have at least 4 items"),
        ("[small arms,", "[mortar, small arms,", "weapons: Value error, mortar: in two classes"),
        ("times_last_notified: 2", "times_last_notified: 1", "times_last_notified: Input should be greater than 1"),
    ],
)
def test_steps_that_make_no_sense(tmp_path: Path, old: str, new: str, reason: str) -> None:
    text = STEPS_FILE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "steps.yml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataFileError) as error:
        load_yaml(path, Steps)
    assert reason in str(error.value)


def test_a_box_across_the_180th_meridian() -> None:
    box = Box(south=50, west=170, north=60, east=-170)
    assert [box.holds(55, 178), box.holds(55, -175), box.holds(55, 0), box.holds(65, 178)] == [True, True, False, False]


def test_a_circle() -> None:
    near = Near(latitude=40.18, longitude=44.51, km=30)
    assert [near.holds(40.40, 44.51), near.holds(40.46, 44.51)] == [True, False]
    assert Near(latitude=0, longitude=179.9, km=30).holds(0, -179.9)


def test_every_weapon_of_the_detector_has_a_class() -> None:
    steps, detector = load_yaml(STEPS_FILE, Steps), Path(__file__).parents[2] / "services/detector/rules/lexicon.yml"
    weapons = yaml.safe_load(detector.read_text(encoding="utf-8"))["weapons"]
    assert [weapon for weapon in weapons if not steps.heaviness(weapon)] == []
