"""However a person writes a dyad, it is the one the index has."""

import pytest

from shared.schemas.sides import dyad_from, side_of
from shared.store.query import Filter, parse


@pytest.mark.parametrize(
    ("written", "dyad"),
    [
        ("AM-AZ", "AM-AZ"),
        ("az-am", "AM-AZ"),
        ("AZ/AM", "AM-AZ"),
        ("Am-Az", "AM-AZ"),
        ("Al-Qaeda-Hamas", "Al-Qaeda-Hamas"),
        ("AZ – am", "AM-AZ"),
        ("Hezbollah-IL", "Hezbollah-IL"),
        ("IL-Hezbollah", "Hezbollah-IL"),
        ("sa-Houthis", "Houthis-SA"),
        ("US-Al-Qaeda", "Al-Qaeda-US"),
        ("Al-Qaeda-US", "Al-Qaeda-US"),
        ("IL-PFLP-GC", "IL-PFLP-GC"),
        ("PFLP-GC-IL", "IL-PFLP-GC"),
        ("Lashkar-e-Taiba-IN", "IN-Lashkar-e-Taiba"),
    ],
)
def test_a_dyad_is_the_same_however_it_is_written(written: str, dyad: str) -> None:
    assert dyad_from(written) == dyad
    assert dyad_from(dyad) == dyad


@pytest.mark.parametrize("text", ["nonsense", "", "-", "AM-", "-AZ", "AM--AZ", " - "])
def test_what_has_no_two_sides_is_no_dyad(text: str) -> None:
    with pytest.raises(ValueError, match="is no dyad"):
        dyad_from(text)


def test_only_codes_are_written_in_capitals() -> None:
    assert [side_of(text) for text in ("az", "AZ", "Houthis", "x")] == ["AZ", "AZ", "Houthis", "x"]


def test_a_query_finds_the_dyad_too() -> None:
    fields = ("dyad", "side")
    assert parse("dyad:AZ-AM side:az", fields).filters == (Filter("dyad", "AM-AZ"), Filter("side", "AZ"))
    assert parse("dyad:IL-Hezbollah", fields).filters == (Filter("dyad", "Hezbollah-IL"),)
    assert parse("dyad:AZ* dyad:nonsense", fields).filters == (
        Filter("dyad", "AZ", is_prefix=True),
        Filter("dyad", "nonsense"),
    )
