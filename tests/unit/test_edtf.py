"""Days that no calendar has are no EDTF of ours."""

import pytest

from shared.schemas.edtf import day_of, is_valid


@pytest.mark.parametrize(
    "edtf",
    ["2022-09-13", "2022-09", "2022", "XXXX-07-12", "XXXX-02-29", "XXXX-XX-31", "2024-02-29", "2022-09-12/2022-09-14",
     "2022-09/2022-09-01", "XXXX-12-30/XXXX-01-02", "2022-09-12/XXXX-01-02"],
)  # fmt: skip
def test_valid(edtf: str) -> None:
    assert is_valid(edtf)


@pytest.mark.parametrize(
    "edtf",
    [
        "XXXX-02-31", "XXXX-04-31", "XXXX-13", "XXXX-00-10", "XXXX-05-00", "XXXX-XX-32", "2023-02-29", "2022-13-01",
        "XXXX-02-29/XXXX-02-30", "2022-01-01/2022-01-02/2022-01-03", "12 July", "",
        "2020-07-13/2020-07-01", "2021/2020", "2020-07-01/2020-06", "2٠٢٠-٠٧-١٢", "２０２０", "2020-W29-7",
    ],
)  # fmt: skip
def test_invalid(edtf: str) -> None:
    assert not is_valid(edtf)


@pytest.mark.parametrize("edtf", [None, "2020", "XXXX-07-12", "2020-02-30", "2020-W29-7", "2020-07-1٢"])
def test_no_whole_day(edtf: str | None) -> None:
    assert day_of(edtf) is None
