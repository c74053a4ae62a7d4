"""The export formats: columns, codebook meanings, and that nothing an article says breaks out of its cell."""

import csv
import io
import json
from collections.abc import Collection, Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from weakref import WeakSet
from xml.etree import ElementTree

import pytest

from services.exporter import acled, atom, plain, ucdp
from services.exporter.countries import countries, ucdp_region
from services.exporter.entry import Entry, entries
from services.exporter.ucdp import priogrid_gid
from services.exports import EXPORTS, export
from shared.datafile import DataFileError
from shared.schemas import ArticleWithdrawn, IncidentChanged
from shared.schemas.moments import timestamp
from shared.store import listing
from shared.store.database import Database
from shared.store.listing import LeftOut, Wanted
from shared.store.port import IndexName, Placed
from shared.store.sqlite_index import SqliteIndexStore
from tests.unit.front_rig import ARTICLE, ATTACK, INCIDENT, NOW, alert, article, incident, put

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def store(seeded: Path) -> Iterator[SqliteIndexStore]:
    with closing(Database(seeded, read_only=True)) as database:
        yield SqliteIndexStore(database)


@pytest.fixture
def attacked(hostile: Path) -> Iterator[SqliteIndexStore]:
    with closing(Database(hostile, read_only=True)) as database:
        yield SqliteIndexStore(database)


def text(name: str, store: SqliteIndexStore) -> str:
    return "".join(export(name, store, Wanted(), NOW))


def rows(name: str, store: SqliteIndexStore) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text(name, store), newline="")))


def test_ucdp_holds_fatal_events_with_the_codebooks_columns(store: SqliteIndexStore) -> None:
    found = rows("ucdp", store)
    assert tuple(found[0]) == ucdp.COLUMNS
    assert len(ucdp.COLUMNS) == 49
    assert len(found) == sum(1 for one in store.scan("incidents") if one["high"] > 0)
    for row in found:
        figures = {name: int(row[name]) for name in ("deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown")}
        assert int(row["best"]) == sum(figures.values())
        assert int(row["low"]) <= int(row["best"]) <= int(row["high"])
        assert row["id"].isdigit()


def test_ucdp_names_governments_and_gives_days_only_where_the_year_is_known(store: SqliteIndexStore) -> None:
    by_year = {row["year"]: row for row in rows("ucdp", store) if row["side_a"] == "Government of Armenia"}
    known, unknown = by_year["2020"], by_year[""]
    assert (known["gwnoa"], known["gwnob"]) == ("371", "373")
    assert known["dyad_name"] == "Government of Armenia - Government of Azerbaijan"
    assert known["date_start"] == "2020-07-12 00:00:00.000"
    assert known["type_of_violence"] == "1"
    assert known["region"] == "Europe"
    assert unknown["date_start"] == unknown["date_end"] == ""


def test_ucdp_places_a_province_in_adm_1() -> None:
    [row] = csv.DictReader("".join(ucdp.write([Entry(incident().model_dump(mode="json"))], NOW)).splitlines())
    assert row["where_prec"] == "4"
    assert row["adm_1"] == row["where_coordinates"] != ""
    assert row["adm_2"] == ""
    assert row["geom_wkt"] == "POINT (-45.5 40.5)"


def test_prio_grid_cells_are_those_of_the_published_data() -> None:
    # GED's own rows: Kabul, and the two corners of the grid.
    assert priogrid_gid(34.531094, 69.162796) == 179779
    assert priogrid_gid(-90, -180) == 1
    assert priogrid_gid(90, 180) == 259200


@pytest.mark.parametrize(
    ("gw", "region"), [(2, "Americas"), (371, "Europe"), (625, "Africa"), (652, "Middle East"), (703, "Asia")]
)
def test_ucdp_regions_follow_the_state_numbers(gw: int, region: str) -> None:
    assert ucdp_region(gw) == region


def test_acled_has_its_columns_and_tells_own_from_foreign_forces(store: SqliteIndexStore) -> None:
    found = rows("acled", store)
    assert tuple(found[0]) == acled.COLUMNS
    assert len(acled.COLUMNS) == 31
    [row] = [row for row in found if row["year"] == "2020"]
    assert row["actor1"] == "Military Forces of Armenia"
    assert row["country"] == "Armenia"
    assert (row["inter1"], row["inter2"]) == ("State forces", "External/Other forces")
    assert (row["iso"], row["region"]) == ("51", "Caucasus and Central Asia")
    assert row["event_date"] == "2020-07-12"
    assert row["event_id_cnty"].startswith("ARM")


def test_geojson_is_a_collection_of_points(store: SqliteIndexStore) -> None:
    collection = json.loads(text("geojson", store))
    assert collection["type"] == "FeatureCollection"
    assert len(collection["features"]) == store.count("incidents")
    for feature in collection["features"]:
        if feature["geometry"] is not None:
            assert feature["geometry"]["type"] == "Point"
            longitude, latitude = feature["geometry"]["coordinates"]
            assert -180 <= longitude <= 180
            assert -90 <= latitude <= 90
    assert any(feature["geometry"] for feature in collection["features"])


def test_plain_csv_tells_a_denial_from_what_nobody_told(store: SqliteIndexStore) -> None:
    found = rows("csv", store)
    assert tuple(found[0]) == plain.COLUMNS
    assert len(found) == store.count("incidents")
    [row] = [row for row in found if row["date_start"] == "2020-07-12"]
    assert row["side_a_killed_best"] == "0"
    assert row["side_a_wounded_best"] == ""
    assert (row["side_b_killed_low"], row["side_b_killed_best"]) == ("2", "4")


def test_atom_is_a_feed(store: SqliteIndexStore) -> None:
    feed = ElementTree.fromstring(text("atom", store))
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == store.count("incidents")
    for element in (feed, *entries):
        for name in ("id", "title", "updated"):
            assert element.findtext(ATOM + name)
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "Clashwatch"
    updated = [entry.findtext(f"{ATOM}updated") or "" for entry in entries]
    assert updated == sorted(updated, reverse=True)
    assert feed.findtext(f"{ATOM}updated") == updated[0]


def test_a_feed_has_the_newest_and_holds_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an entry written nothing is kept but its text: its articles are let go of at once."""
    monkeypatch.setattr(atom, "MOST", 2)
    alive: WeakSet[Told] = WeakSet()

    def told() -> Iterator[Entry]:
        for day in (3, 1, 4, 2):
            assert len(alive) <= 1
            alive.add(one := Told(title=str(day), url=None))
            yield Entry(incident().model_dump(mode="json"), (one,), f"2026-05-0{day}T00:00:00Z")

    feed = ElementTree.fromstring("".join(atom.write(told(), NOW)))
    assert [one.findtext(f"{ATOM}updated") for one in feed.findall(f"{ATOM}entry")] == [
        "2026-05-04T00:00:00Z",
        "2026-05-03T00:00:00Z",
    ]


class Told(dict[str, Any]):
    """An article that can be watched going."""

    __hash__ = object.__hash__  # type: ignore[assignment]


@pytest.mark.parametrize("name", list(EXPORTS))
def test_an_article_that_was_withdrawn_is_left_out(name: str, tmp_path: Path) -> None:
    with closing(Database(tmp_path)) as database:
        store = SqliteIndexStore(database)
        for message in (article(), IncidentChanged(incident=incident())):
            put(store, message)
        put(store, ArticleWithdrawn(article_id=ARTICLE, version=2, path="a", reason="the file changed"))
        assert text(name, store)
        assert rows("csv", store)[0]["titles"] == ""


class Asked(SqliteIndexStore):
    """Counts the questions."""

    questions = 0

    def get(self, *_: Any) -> None:
        raise AssertionError("one by one")

    def get_all(self, index: IndexName, doc_ids: Collection[str]) -> dict[str, dict[str, Any]]:
        self.questions += 1
        return {one: body for one in doc_ids if (body := super(Asked, self).get(index, one)) is not None}

    def listed(self, *arguments: Any, **options: Any) -> Iterator[Placed]:
        self.questions += 1
        return super().listed(*arguments, **options)


def test_many_incidents_are_read_with_few_questions(tmp_path: Path) -> None:
    with closing(Database(tmp_path)) as database:
        store = Asked(database)
        put(store, article())
        for number in range(100):
            days = {"date_start": "2020-01-01" if number % 4 else "XXXX-01-01", "date_end": None}
            put(store, IncidentChanged(incident=incident(incident_id=f"{number:032x}", **days)))
        for moment in (NOW + timedelta(days=1), NOW):
            told = alert().model_copy(update={"incident_id": f"{1:032x}", "raised_at": moment, "alert_id": str(moment)})
            put(store, told)
        left_out = LeftOut()
        found = list(entries(store, Wanted(since=date(2020, 1, 1)), None, left_out))
    assert [entry.incident["incident_id"] for entry in found] == [f"{n:032x}" for n in range(100) if n % 4]
    assert {entry.articles[0]["article_id"] for entry in found} == {ARTICLE}
    assert [entry.updated for entry in found if entry.updated] == [timestamp(NOW + timedelta(days=1))]
    assert left_out.undated == 25
    assert store.questions <= 8


@pytest.mark.parametrize("limit", [None, 1, 3])
def test_what_has_no_date_is_counted_while_the_list_is_read(limit: int | None, tmp_path: Path) -> None:
    """However few rows are wanted, and without a second reading."""
    with closing(Database(tmp_path)) as database:
        store = Asked(database)
        for number, start in enumerate(("2020-01-01", None, "XXXX-05-01", "2020-02-01", "2019-01-01")):
            put(store, IncidentChanged(incident=incident(incident_id=str(number), date_start=start, date_end=None)))
        left_out = LeftOut()
        found = [row["incident_id"] for row in listing.rows(store, "incidents", _SINCE_2020, limit, left_out)]
    assert (found, left_out.undated, store.questions) == (["0", "3"] if limit != 1 else ["3"], 2, 1)


_SINCE_2020 = Wanted(since=date(2020, 1, 1))


def test_articles_without_a_title_leave_no_gap() -> None:
    untitled = tuple({"title": title} for title in (None, "A", None, "B", None))
    [row] = csv.DictReader(
        "".join(plain.write([Entry(incident().model_dump(mode="json"), untitled)], NOW)).splitlines()
    )
    assert row["titles"] == "A; B"


@pytest.mark.parametrize("name", list(EXPORTS))
def test_an_empty_list_is_whole(name: str, tmp_path: Path) -> None:
    with closing(Database(tmp_path)) as database:
        empty = text(name, SqliteIndexStore(database))
    if name == "geojson":
        assert json.loads(empty)["features"] == []
    elif name == "atom":
        assert ElementTree.fromstring(empty).findall(f"{ATOM}entry") == []
    else:
        assert empty.count("\r\n") == 1


@pytest.mark.parametrize("name", ["ucdp", "acled", "csv"])
def test_no_cell_is_a_formula_and_no_text_makes_a_row(name: str, attacked: SqliteIndexStore) -> None:
    [row] = rows(name, attacked)
    assert not any(cell.startswith(("=", "@", "\t")) for cell in row.values())
    assert "\0" not in text(name, attacked)
    assert any(cell.startswith("'=cmd()") for cell in row.values())


def test_numbers_below_zero_stay_numbers(attacked: SqliteIndexStore) -> None:
    [row] = rows("csv", attacked)
    assert row["longitude"] == "-45.5"


def test_hostile_text_stays_text_in_the_feed(attacked: SqliteIndexStore) -> None:
    feed = ElementTree.fromstring(text("atom", attacked))
    [entry] = feed.findall(f"{ATOM}entry")
    assert "<script>" in (entry.findtext(f"{ATOM}content") or "")
    assert not [link for link in entry.findall(f"{ATOM}link") if "javascript" in link.get("href", "")]


def test_merged_incidents_are_not_exported(attacked: SqliteIndexStore) -> None:
    assert [row["incident_id"] for row in rows("csv", attacked)] == [INCIDENT]
    assert rows("csv", attacked)[0]["articles"] == "'" + ATTACK.replace("\0", "")


def test_the_country_table_is_whole() -> None:
    known = countries()
    assert (known["AM"].gw, known["AM"].iso3, known["AM"].iso_numeric) == (371, "ARM", 51)
    assert known["RU"].ucdp_name == "Russia (Soviet Union)"
    numbers = [country.gw for country in known.values() if country.gw]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("AM\tARM\t51\t371\tArmenia\t", "6 cells, not 7"),
        ("AM\tARM\t51\tx\tArmenia\t\tA", "invalid literal"),
        ("ARM\tARM\t51\t371\tArmenia\t\tA", "code, name and region"),
        ("AZ\tAZE\t31\t373\tAzerbaijan\t\tA", "twice"),
    ],
)
def test_a_bad_row_of_the_country_table_is_named(tmp_path: Path, line: str, reason: str) -> None:
    table = tmp_path / "countries.tsv"
    header = "code\tiso3\tiso_numeric\tgw\tname\tucdp_name\tacled_region"
    table.write_text(f"# note\n{header}\nAZ\tAZE\t31\t373\tAzerbaijan\t\tA\n{line}\n")
    with pytest.raises(DataFileError, match=rf"countries\.tsv:4: .*{reason}"):
        countries(table)
