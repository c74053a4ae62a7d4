"""The five seeds: what they tell of, without and with publication dates beside them."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.road import PUBLISHED, SEEDS, Folders, Row, drop_in_order, members, number_of

FIRST, SECOND, THIRD = {"000", "002"}, {"001", "003", "004"}, {"004"}


def worked_off(folder: Path, *, dated: bool) -> Folders:
    folders = Folders.under(folder)
    drop_in_order(folders.inbox, sorted(SEEDS), dated=dated)
    folders.drain()
    return folders


@pytest.fixture(scope="module")
def undated(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    return worked_off(tmp_path_factory.mktemp("undated"), dated=False)


@pytest.fixture(scope="module")
def dated(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    return worked_off(tmp_path_factory.mktemp("dated"), dated=True)


def incident(folders: Folders, wanted: set[str]) -> Row:
    [found] = [one for one in folders.found("incidents") if members(one) == wanted]
    return found


def claims(row: Row, seed: str) -> set[tuple[Any, ...]]:
    """(side, kind, who, low, best, claimant's side) of one seed's own claims."""
    own = [one for one in row["claims"] if number_of(one["stem"]) == seed]
    return {tuple(one[name] for name in ("side", "kind", "who", "low", "best", "claimant_side")) for one in own}


def precise_places(row: Row) -> set[str]:
    return {place["name"] for place in row["places"] if place["where_prec"] < 5}


def test_there_are_exactly_three_incidents(undated: Folders) -> None:
    found = undated.found("incidents")
    assert [(one["dyad"], members(one)) for one in sorted(found, key=lambda one: sorted(one["articles"]))] == [
        ("AM-AZ", FIRST),
        ("AM-AZ", SECOND),
        ("KG-TJ", THIRD),
    ]


def test_july_2020(undated: Folders) -> None:
    july = incident(undated, FIRST)
    assert july["toll"] == {
        "AM": {"killed": {"low": 0, "best": 0, "high": 0}},
        "AZ": {"killed": {"low": 2, "best": 4, "high": 4}, "wounded": {"low": 5, "best": 5, "high": 5}},
    }
    assert (july["deaths_a"], july["deaths_b"], july["deaths_civilians"], july["deaths_unknown"]) == (0, 4, 0, 0)
    assert claims(july, "002") == {
        ("AZ", "killed", "military", 2, 2, "AZ"),
        ("AZ", "wounded", "military", 5, 5, "AZ"),
        ("AM", "killed", "military", 0, 0, "AM"),
    }
    assert claims(july, "000") == {("AZ", "killed", "military", 3, 3, "AZ"), ("AZ", "killed", "military", 1, 1, "AZ")}
    assert precise_places(july) == {"Tavush"}
    assert {"artillery", "mortar", "tank"} == set(july["weapons"])


def test_the_year_of_july_2020_is_carried_over_and_marked(undated: Folders) -> None:
    july = incident(undated, FIRST)
    assert (july["date_start"], july["date_end"], july["date_inferred"]) == ("2020-07-12", "2020-07-13", True)
    assert {moment["day"] for moment in july["timeline"]} == {"2020-07-12", "2020-07-13"}
    own = {one["as_of"] for one in july["claims"] if number_of(one["stem"]) == "000"}
    assert own == {"XXXX-07-12", "XXXX-07-13"}, "the article's own claims keep what it says"


def test_the_denial_is_a_claim_of_zero_with_its_sentence(undated: Folders) -> None:
    [denial] = [one for one in incident(undated, FIRST)["claims"] if one["side"] == "AM"]
    assert (denial["low"], denial["best"], denial["high"]) == (0, 0, 0)
    assert "There were no casualties among Armenian servicemen" in denial["evidence"]["text"]
    assert "Stepanian" in denial["claimed_by"]


def test_september_2022(undated: Folders) -> None:
    september = incident(undated, SECOND)
    assert september["toll"] == {
        "AM": {"killed": {"low": 49, "best": 105, "high": 105}},
        "AZ": {"killed": {"low": 50, "best": 50, "high": 50}, "wounded": {"low": 2, "best": 2, "high": 2}},
    }
    assert september["civilians"] == {"AZ": {"wounded": {"low": 2, "best": 2, "high": 2}}}
    assert (september["deaths_a"], september["deaths_b"], september["deaths_civilians"]) == (105, 50, 0)
    assert precise_places(september) == {"Goris", "Jermuk", "Kapan"}


def test_who_says_what_of_september_2022(undated: Folders) -> None:
    september = incident(undated, SECOND)
    sided = {seed: {one for one in claims(september, seed) if one[0] != "total"} for seed in SECOND}
    assert {(side, kind, low, by) for side, kind, _, low, _, by in sided["001"]} == {
        ("AM", "killed", 49, "both"),
        ("AZ", "killed", 50, "both"),
    }
    assert sided["003"] == {
        ("AM", "killed", "military", 49, 49, "both"),
        ("AZ", "killed", "military", 50, 50, "both"),
    }
    assert sided["004"] == {
        ("AM", "killed", "military", 105, 105, "AM"),
        ("AZ", "killed", "military", 50, 50, "AZ"),
        ("AZ", "wounded", "civilian", 2, 2, "AZ"),
    }
    [at_least] = [one for one in september["claims"] if number_of(one["stem"]) == "003" and one["side"] == "AM"]
    assert at_least["high"] is None
    spoken = {one["best"]: one["claimed_by"] for one in september["claims"] if number_of(one["stem"]) == "004"}
    assert ("Pashinyan" in spoken[105], spoken[50], spoken[2]) == (True, "Baku", "Baku")


def test_kyrgyzstan_and_tajikistan(undated: Folders) -> None:
    third = incident(undated, THIRD)
    assert (third["dyad"], third["toll"], third["claims"], third["best"]) == ("KG-TJ", {}, [], 0)
    assert precise_places(third) == set()
    [link] = third["links"]
    assert "Kyrgyz and Tajik border guards exchanged gunfire" in link["evidence"][0]["text"]


def test_no_calendar_day_is_made_up(undated: Folders) -> None:
    for wanted in (SECOND, THIRD):
        found = incident(undated, wanted)
        assert (found["date_start"], found["date_end"], found["date_inferred"]) == (None, None, False)
        assert {moment["day"] for moment in found["timeline"]} <= {None}
        assert {claim["as_of"] for claim in found["claims"]} <= {None}


def test_publication_dates_give_the_days_and_change_nothing_else(dated: Folders, undated: Folders) -> None:
    september, third = incident(dated, SECOND), incident(dated, THIRD)
    assert (september["date_start"], september["date_end"]) == ("2022-09-12", PUBLISHED)
    assert (third["date_start"], third["date_end"]) == (PUBLISHED, PUBLISHED)
    assert not september["date_inferred"]
    for name in ("toll", "civilians", "places", "weapons", "deaths_a", "deaths_b", "low", "best", "high", "border"):
        assert september[name] == incident(undated, SECOND)[name], name
    assert incident(dated, FIRST)["date_start"] == incident(undated, FIRST)["date_start"] == "2020-07-12"


def test_background_is_kept_apart(undated: Folders) -> None:
    articles = {number_of(row["id"]): row for row in undated.found("articles")}
    told = {seed: " ".join(part["text"] for part in row["background"]) for seed, row in articles.items()}
    for seed, words in {"000": "30,000 lives", "002": "30,000 lives", "001": "over 5,000 soldier’s lives"}.items():
        assert words in told[seed]
    counted = {claim["best"] for one in undated.found("incidents") for claim in one["claims"]}
    assert counted == {0, 1, 2, 3, 5, 49, 50, 99, 100, 105}
    alerted = " ".join(alert["text"] for alert in undated.found("alerts"))
    assert "30000" not in alerted
    assert "5000" not in alerted


def test_boilerplate_is_not_body_and_credits_are_kept(undated: Folders) -> None:
    for row in undated.found("articles"):
        assert "Leave a Reply" not in row["body"]
        assert "A still from a video" not in row["body"]
    credits = {number_of(row["id"]): set(row["credits"]) for row in undated.found("articles")}
    assert {"AFP", "dpa"} <= credits["000"]
    assert {"AFP", "Interfax"} <= credits["002"]
    assert "Reuters" in credits["004"]
