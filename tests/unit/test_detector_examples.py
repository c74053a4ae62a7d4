"""Every row of services/detector/examples is a test.

`expect` holds any of: is_clash, sides, dyads, reports, border, claims (all of them), has_claims, no_claims,
no_claim_of (figures), places (all of them), has_places, no_places, place_starts, where_prec, date_start, date_end,
days_old, background, no_background, doubts (flags).
"""

from collections.abc import Callable
from typing import Any

import pytest
from examples import Row, examples
from tagged_articles import analyzed, given

from shared.schemas import ArticleAnalyzed
from shared.schemas.claims import Claim
from shared.schemas.report import Report, dyad_of


def shown(claims: tuple[Claim, ...]) -> list[Row]:
    return [claim.model_dump(exclude={"evidence"}) for claim in claims]


def fits(claim: Claim, wanted: Row) -> bool:
    """Whether the claim has every field the example gives; `by` are words of the claimant."""
    fields = {key: value for key, value in wanted.items() if key not in ("by", "optional")}
    by = wanted.get("by", "")
    words = (claim.claimed_by or "").replace("’", "'")
    return all(getattr(claim, key) == value for key, value in fields.items()) and by in words


def check_claims(report: Report, wanted: list[Row]) -> None:
    """Each claim is one of the wanted, and each of the wanted that is not optional is claimed once."""
    extra = [claim for claim in report.claims if not any(fits(claim, row) for row in wanted)]
    lacking = [row for row in wanted if not row.get("optional") and not any(fits(c, row) for c in report.claims)]
    assert not extra, f"not expected: {shown(tuple(extra))}; all: {shown(report.claims)}"
    assert not lacking, f"lacking: {lacking}; all: {shown(report.claims)}"
    assert len(report.claims) <= len(wanted), shown(report.claims)


def check_has_claims(report: Report, wanted: list[Row]) -> None:
    lacking = [row for row in wanted if not any(fits(claim, row) for claim in report.claims)]
    assert not lacking, f"lacking: {lacking}; all: {shown(report.claims)}"


def check_no_claims(report: Report, wanted: bool) -> None:
    assert wanted is True
    assert shown(report.claims) == []


def check_no_claim_of(report: Report, figures: list[int]) -> None:
    told = {figure for claim in report.claims for figure in (claim.low, claim.best, claim.high)}
    assert not told & set(figures), shown(report.claims)


def names(report: Report) -> set[str]:
    return {place.name for place in report.places}


def check_places(report: Report, wanted: list[str]) -> None:
    assert names(report) == set(wanted)


def check_has_places(report: Report, wanted: list[str]) -> None:
    assert set(wanted) <= names(report), names(report)


def check_no_places(report: Report, unwanted: list[str]) -> None:
    assert not names(report) & set(unwanted), names(report)


def check_place_starts(report: Report, starts: list[str]) -> None:
    lacking = [start for start in starts if not any(name.startswith(start) for name in names(report))]
    assert not lacking, names(report)


def check_where_prec(report: Report, wanted: int) -> None:
    assert {place.where_prec for place in report.places} == {wanted}


def check_sides(report: Report, wanted: list[str]) -> None:
    assert report.dyad == dyad_of(*wanted)


def check_field(name: str) -> Callable[[Report, Any], None]:
    def check(report: Report, wanted: Any) -> None:
        assert getattr(report, name) == wanted

    return check


OF_REPORT: dict[str, Callable[[Report, Any], None]] = {
    "sides": check_sides,
    "border": check_field("border"),
    "claims": check_claims,
    "has_claims": check_has_claims,
    "no_claims": check_no_claims,
    "no_claim_of": check_no_claim_of,
    "places": check_places,
    "has_places": check_has_places,
    "no_places": check_no_places,
    "place_starts": check_place_starts,
    "where_prec": check_where_prec,
    "date_start": check_field("date_start"),
    "date_end": check_field("date_end"),
    "days_old": check_field("days_old"),
}


def check_is_clash(article: ArticleAnalyzed, wanted: bool) -> None:
    assert article.is_clash is wanted, f"score {article.score}, {[report.dyad for report in article.reports]}"
    assert bool(article.reports) is wanted


def check_reports(article: ArticleAnalyzed, wanted: int) -> None:
    assert len(article.reports) == wanted, [report.dyad for report in article.reports]


def check_dyads(article: ArticleAnalyzed, wanted: list[str]) -> None:
    assert [report.dyad for report in article.reports] == wanted


def check_background(article: ArticleAnalyzed, wanted: list[str]) -> None:
    lacking = [words for words in wanted if not any(words in found.text for found in article.background)]
    assert not lacking, [found.text for found in article.background]


def check_no_background(article: ArticleAnalyzed, wanted: bool) -> None:
    assert wanted is True
    assert [found.text for found in article.background] == []


def check_doubts(article: ArticleAnalyzed, wanted: list[str]) -> None:
    assert [doubt.flag for doubt in article.doubts] == wanted
    assert set(wanted) <= set(article.flags)
    assert all(article.body[doubt.start : doubt.end] == doubt.text for doubt in article.doubts)


OF_ARTICLE: dict[str, Callable[[ArticleAnalyzed, Any], None]] = {
    "is_clash": check_is_clash,
    "reports": check_reports,
    "dyads": check_dyads,
    "background": check_background,
    "no_background": check_no_background,
    "doubts": check_doubts,
}


@pytest.mark.parametrize("row", examples("detector"))
def test_example(row: Row) -> None:
    article = analyzed(given(row["given"]))
    assert row["expect"], "an example that expects nothing cannot fail"
    for key, wanted in row["expect"].items():
        if key in OF_ARTICLE:
            OF_ARTICLE[key](article, wanted)
            continue
        assert article.reports, f"no report; score {article.score}"
        OF_REPORT[key](article.reports[0], wanted)
