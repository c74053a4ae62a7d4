"""Word lists and weights are data; nonsense in them is refused with file and line."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from services.detector import lexicon, weights
from services.detector import words as detector_words
from services.tagger import lexemes
from services.tagger import words as tagger_words
from shared.datafile import DataFileError

NUMBERS, DATES = lexemes.DATA / "numbers.yml", lexemes.DATA / "dates.yml"


def refusal(load: Callable[[Path], object], file: Path, old: str, new: str, folder: Path) -> str:
    """What the loader says of the file in which `old` is `new`; in front of it must stand the file and `new`'s line."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, "the place to spoil is not there, or there twice"
    line = text[: text.index(old)].count("\n") + 1
    path = folder / file.name
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(DataFileError) as refused:
        load(path)
    found = re.fullmatch(rf"{re.escape(str(path))}:(\d+): (.+)", str(refused.value), re.DOTALL)
    assert found, str(refused.value)
    assert int(found[1]) in (line, line + 1)
    return found[2]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("month: {january: 1", "moon: {january: 1", "month: Field required"),
        ("year_before: [in", "epoch: []\nyear_before: [in", "epoch: Extra inputs are not permitted"),
        ("april: 4", "april: fourth", "month.april: Input should be a valid integer"),
        ("april: 4", "april: 13", "month.april: Input should be less than or equal to 12"),
        ("weekday: {monday: 0", "weekday: {march: 2, monday: 0", "'march' is given twice"),
        ("year_not: [people,", "year_not: [people, persons,", "'persons' is given twice"),
        ("april: 4", "april: 4, april: 5", "'april' is given twice"),
    ],
)
def test_dates(old: str, new: str, reason: str, tmp_path: Path) -> None:
    assert reason in refusal(lexemes.read_dates, DATES, old, new, tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("eleven: 11", "eleven: many", "unit.eleven: Input should be a valid integer"),
        ("eleven: 11", "eleven: -11", "unit.eleven: Input should be greater than or equal to 0"),
        ("  least: [at least", "  worst: [at worst]\n  least: [at least", "bound.worst: Extra inputs"),
        ("  most: [up to", "  most: [at least, up to", "'at least' is given twice"),
        ("things: [percent", "things: [percent, percent", "'percent' is given twice"),
        ("dozens: 24", "dozens: [24, 99]", "vague.dozens: Input should be a valid integer"),
        ("ten: {twenty: 20", "ten: {twelve: 12, twenty: 20", "'twelve' is given twice"),
    ],
)
def test_numbers(old: str, new: str, reason: str, tmp_path: Path) -> None:
    assert reason in refusal(lexemes.read_numbers, NUMBERS, old, new, tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("  d: [dead,", "  d: [dead, {a: b},", "symbols.d.1: Input should be a valid string"),
        ("  d: [dead,", "  D: [interred]\n  d: [dead,", "symbols.D.[key]: Input should be"),
        ("  d: [dead,", "  d: [dead, soldier,", "'soldier' is given twice"),
        ("  d: [dead,", "  d: [dead, dead,", "'dead' is given twice"),
        ("  drone: [drone,", "  drone: [drone, tank,", "'tank' is given twice"),
        ("weapons:\n", "wepons:\n  axe: [axe]\nweapons:\n", "wepons: Extra inputs"),
        ("  mutual:", "  mutual:\n    2.0: [war]", "fight.mutual.2.0"),
        ("  melee: [", "  melee: [[a, b], ", "weapons.melee.0: Input should be a valid string"),
    ],
)
def test_lexicon(old: str, new: str, reason: str, tmp_path: Path) -> None:
    assert reason in refusal(lexicon.read_rules, lexicon.FILE, old, new, tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("bias: ", "bias: [1]  # ", "bias: Input should be a valid number"),
        ("  title: ", "  titel: 1.0\n  title: ", "features.titel: Extra inputs are not permitted"),
        ("  lead: ", "  # lead: ", "features.lead: Field required"),
        ("threshold: ", "threshold: 1", "threshold: Input should be less than 1"),
        ("  title: ", "  title: 1.0\n  title: ", "'title' is given twice"),
        ("  title: ", "  title: .inf # ", "features.title: Input should be a finite number"),
    ],
)
def test_weights(old: str, new: str, reason: str, tmp_path: Path) -> None:
    text = weights.FILE.read_text(encoding="utf-8")
    path = tmp_path / "weights.yml"
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataFileError) as refused:
        weights.read_weights(path)
    assert re.match(rf"{re.escape(str(path))}:\d+: ", str(refused.value))
    assert reason in str(refused.value)


@pytest.mark.parametrize(("service", "name"), [(detector_words, "people.foes"), (tagger_words, "names.locative")])
@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("nofile.words: [a]\n{name}: [", "has no file of that name"),
        ("{name}s to: [a]\n{name}: [", "String should match pattern"),
        ("{name}: [again, again, ", "'again' is given twice"),
        ("{name}: [[in, at], ", "{name}.0: Input should be a valid string"),
        ("{name}: once\n{name}: [", "'{name}' is given twice"),
        ("{name}: ['', ", "{name}.0: String should match pattern"),
    ],
)
def test_words(service: object, name: str, new: str, reason: str, tmp_path: Path) -> None:
    file, read = (getattr(service, part) for part in ("FILE", "read_lists"))
    told = refusal(read, file, f"{name}: [", new.replace("{name}", name), tmp_path)
    assert reason.replace("{name}", name) in told


@pytest.mark.parametrize("service", [detector_words, tagger_words])
def test_every_small_list_is_used_by_the_file_it_is_named_after(service: object) -> None:
    file, read = (getattr(service, part) for part in ("FILE", "read_lists"))
    folder = file.parent.parent
    lost = [
        name
        for name in read(file)
        if f'words("{name}")' not in (folder / f"{name.partition('.')[0]}.py").read_text(encoding="utf-8")
    ]
    assert lost == []
