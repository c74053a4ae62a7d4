"""What must come out of the five articles the product was founded on."""

from pathlib import Path

import pytest
from tagged_articles import analyzed
from test_detector_neutrality import normalized

from shared.schemas import ArticleAnalyzed
from shared.schemas.report import Report

SEEDS = Path(__file__).parents[2] / "seeds"

# side, kind, who, low, best, high, words of the claimant
CLAIMS = {
    "000": {
        ("AZ", "killed", "military", 3, 3, 3, "Azerbaijan's Defense Ministry"),
        ("AZ", "killed", "military", 1, 1, 1, "Azerbaijan's Defense Ministry"),
    },
    "001": {
        ("AM", "killed", "military", 49, 49, 49, "Both sides"),
        ("AZ", "killed", "military", 50, 50, 50, "Both sides"),
    },
    "002": {
        ("AZ", "killed", "military", 2, 2, 2, "Azerbaijan's Defense Ministry"),
        ("AZ", "wounded", "military", 5, 5, 5, "Azerbaijan's Defense Ministry"),
        ("AM", "killed", "military", 0, 0, 0, "Stepanian"),
    },
    "003": {
        ("AM", "killed", "military", 49, 49, None, "each side"),
        ("AZ", "killed", "military", 50, 50, 50, "each side"),
    },
    "004": {
        ("AM", "killed", "military", 105, 105, 105, "Pashinyan"),
        ("AZ", "killed", "military", 50, 50, 50, "Baku"),
        ("AZ", "wounded", "civilian", 2, 2, 2, "Baku"),
    },
}
PLACES = {"002": {"Tavush"}, "003": {"Jermuk", "Goris", "Kapan"}, "004": {"Jermuk"}}
WEAPONS = {
    "000": {"artillery", "mortar", "tank"},
    "001": {"artillery", "mortar", "small arms"},
    "002": {"artillery"},
    "003": {"heavy weapons"},
}
BACKGROUND = {"000": ("30,000", "hundreds of thousands"), "001": ("5,000",), "002": ("30,000", "hundreds of thousands")}
OF_OLD = {30_000, 5_000, 200_000}


def seed(number: str, published: str | None = None) -> ArticleAnalyzed:
    (path,) = SEEDS.glob(f"{number}_*.txt")
    return analyzed(normalized(path.read_text(encoding="utf-8"), published))


def main(article: ArticleAnalyzed) -> Report:
    (report,) = [report for report in article.reports if report.is_primary]
    return report


@pytest.mark.parametrize("number", CLAIMS)
def test_sides(number: str) -> None:
    article = seed(number)
    assert article.is_clash
    assert (main(article).dyad, main(article).border) == ("AM-AZ", "AM-AZ")


@pytest.mark.parametrize("number", CLAIMS)
def test_each_claim_with_its_claimant(number: str) -> None:
    told = [
        (c.side, c.kind, c.who, c.low, c.best, c.high, (c.claimed_by or "").replace("’", "'"))
        for c in main(seed(number)).claims
        if c.side != "total"
    ]
    for *wanted, claimant in CLAIMS[number]:
        assert any(list(fields) == wanted and claimant in words for *fields, words in told), (wanted, claimant, told)
    assert {tuple(row[:6]) for row in told} == {tuple(row[:6]) for row in CLAIMS[number]}


def test_the_total_of_both_sides_is_no_claim_for_one() -> None:
    for number, figure in (("001", 100), ("003", 99)):
        assert {claim.side for claim in main(seed(number)).claims if claim.best == figure} <= {"total"}


def test_losses_of_days() -> None:
    assert [(claim.best, claim.as_of) for claim in main(seed("000")).claims] == [(3, "XXXX-07-12"), (1, "XXXX-07-13")]


@pytest.mark.parametrize("number", CLAIMS)
def test_the_past_is_set_aside_and_never_claimed(number: str) -> None:
    article = seed(number)
    aside = " ".join(found.text for found in article.background)
    assert [words for words in BACKGROUND.get(number, ()) if words not in aside] == []
    assert not {claim.best for report in article.reports for claim in report.claims} & OF_OLD


@pytest.mark.parametrize("number", PLACES)
def test_places(number: str) -> None:
    assert PLACES[number] <= {place.name for place in main(seed(number)).places}


@pytest.mark.parametrize("number", ["000", "001"])
def test_the_border_where_no_place_is_named(number: str) -> None:
    (place,) = main(seed(number)).places
    assert place.where_prec == 5
    assert "border" in place.name.lower()


@pytest.mark.parametrize("number", WEAPONS)
def test_weapons(number: str) -> None:
    assert WEAPONS[number] <= set(main(seed(number)).weapons)


@pytest.mark.parametrize("number", ["001", "003", "004"])
def test_no_calendar_day_is_made_up(number: str) -> None:
    report = main(seed(number))
    assert (report.date_start, report.date_end) == (None, None)
    assert report.after_year is not None
    assert report.after_year >= 2020


@pytest.mark.parametrize(
    ("number", "start", "end"),
    [("001", "2022-09-12", "2022-09-14"), ("004", "2022-09-13", "2022-09-14")],
)
def test_days_by_the_day_of_publication(number: str, start: str, end: str) -> None:
    report = main(seed(number, "2022-09-14"))
    assert (report.date_start, report.date_end) == (start, end)


def test_days_without_a_year() -> None:
    report = main(seed("000"))
    assert (report.date_start, report.date_end) == ("XXXX-07-12", "XXXX-07-13")


def test_the_text_says_when_it_was_published() -> None:
    article = seed("002")
    assert (article.published, article.published_from) == ("2020-07-12", "text")
    assert (main(article).date_start, main(article).date_end, main(article).date_prec) == (
        "2020-07-12",
        "2020-07-12",
        1,
    )


def test_a_second_clash_in_the_same_article() -> None:
    first, second = seed("004", "2022-09-14").reports
    assert (first.dyad, second.dyad, second.is_primary) == ("AM-AZ", "KG-TJ", False)
    assert (second.date_start, second.date_end) == ("2022-09-14", "2022-09-14")
    assert second.claims == ()
