"""`clashwatch extract` on the seeds: the outside contract (DESIGN section 8), through the command itself."""

from collections.abc import Iterator

import pytest

from shared.schemas.edtf import is_valid
from tests.e2e.clashwatch import command, rows_of
from tests.e2e.road import PUBLISHED, SEEDS, SEPTEMBER, Folders, Row, number_of

pytestmark = pytest.mark.xdist_group("extract")

ARTICLE = {
    *("id", "path", "title", "body", "published", "published_from", "language", "is_clash", "score", "reports"),
    *("background", "flags", "doubts"),
}
REPORT = {
    *("side_a", "side_b", "dyad", "places", "date_start", "date_end", "date_prec", "claims", "weapons"),
    *("is_primary", "evidence"),
}
PLACE = {"name", "country", "latitude", "longitude", "where_prec"}
CLAIM = {"side", "kind", "who", "low", "best", "high", "period", "claimed_by", "evidence"}
SPAN = {"start", "end", "text"}


def extract(folders: Folders, *arguments: str) -> dict[str, Row]:
    rows = rows_of(command(folders, "extract", *map(str, SEEDS.values()), *arguments))
    assert [row["id"] for row in rows] == [path.stem for path in SEEDS.values()]
    assert not folders.data.exists(), "it keeps no state"
    return {number_of(row["id"]): row for row in rows}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    return extract(Folders.under(tmp_path_factory.mktemp("extract")))


def spans(row: Row) -> Iterator[Row]:
    yield from row["background"]
    for report in row["reports"]:
        yield from report["evidence"]
        yield from (claim["evidence"] for claim in report["claims"])


def figures(report: Row) -> list[Row]:
    """Its claims; whether "on Wednesday" is a day is known only with a date."""
    return [{name: value for name, value in claim.items() if name != "period"} for claim in report["claims"]]


def test_a_line_is_as_the_contract_says(rows: dict[str, Row]) -> None:
    for row in rows.values():
        assert row.keys() == ARTICLE
        assert (row["is_clash"], row["language"]) == (True, "en")
        assert 0.5 < row["score"] <= 1
        assert row["body"].startswith(row["title"])
        assert all(span.keys() == SPAN for span in spans(row))
        for report in row["reports"]:
            assert report.keys() == REPORT
            assert all(place.keys() == PLACE and 1 <= place["where_prec"] <= 7 for place in report["places"])
            assert all(claim.keys() == CLAIM for claim in report["claims"])
            assert report["dyad"] == f"{report['side_a']}-{report['side_b']}"
            assert report["side_a"] < report["side_b"]


def test_words_are_those_of_the_contract(rows: dict[str, Row]) -> None:
    for report in (report for row in rows.values() for report in row["reports"]):
        for claim in report["claims"]:
            assert claim["side"] in (report["side_a"], report["side_b"], "total")
            assert claim["kind"] in ("killed", "wounded", "captured", "missing")
            assert claim["who"] in ("military", "civilian", "unspecified")
            assert claim["period"] in ("daily", "cumulative", "unknown")
        assert all(day is None or is_valid(day) for day in (report["date_start"], report["date_end"]))
        assert 1 <= report["date_prec"] <= 5


def test_every_evidence_text_is_the_slice_it_names(rows: dict[str, Row]) -> None:
    found = [(row["body"], span) for row in rows.values() for span in spans(row)]
    assert len(found) > 30
    for body, span in found:
        assert span["text"]
        assert body[span["start"] : span["end"]] == span["text"]


def test_a_claims_evidence_states_its_figure(rows: dict[str, Row]) -> None:
    written = {0: "no ", 1: "one", 2: "two", 3: "three", 5: "five", 100: "hundred"}
    for claim in (claim for row in rows.values() for report in row["reports"] for claim in report["claims"]):
        figure = written.get(claim["best"], str(claim["best"]))
        assert figure in claim["evidence"]["text"].lower(), claim


def test_sides_and_main_clash(rows: dict[str, Row]) -> None:
    dyads = {seed: [(one["dyad"], one["is_primary"]) for one in row["reports"]] for seed, row in rows.items()}
    assert dyads == {seed: [("AM-AZ", True)] for seed in ("000", "001", "002", "003")} | {
        "004": [("AM-AZ", True), ("KG-TJ", False)]
    }


def test_dates_without_publication_dates(rows: dict[str, Row]) -> None:
    days = {seed: (row["reports"][0]["date_start"], row["reports"][0]["date_end"]) for seed, row in rows.items()}
    assert days["002"] == ("2020-07-12", "2020-07-12")
    assert days["000"] == ("XXXX-07-12", "XXXX-07-13")
    assert {days[seed] for seed in SEPTEMBER} == {(None, None)}
    assert (rows["002"]["published"], rows["002"]["published_from"]) == ("2020-07-12", "text")
    assert {rows[seed]["published"] for seed in ("000", *SEPTEMBER)} == {None}


def test_dates_with_a_publication_date(rows: dict[str, Row], tmp_path_factory: pytest.TempPathFactory) -> None:
    dated = extract(Folders.under(tmp_path_factory.mktemp("dated")), "--published", PUBLISHED)
    for seed, first_day in {"001": "2022-09-12", "004": "2022-09-13"}.items():
        report = dated[seed]["reports"][0]
        assert (report["date_start"], report["date_end"]) == (first_day, PUBLISHED)
        assert figures(report) == figures(rows[seed]["reports"][0])
    assert dated["004"]["reports"][1]["date_start"] == PUBLISHED
