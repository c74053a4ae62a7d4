"""The few EDTF (ISO 8601-2:2019) forms the product uses: days, months, years, unknown digits, intervals.

`2022-09-13`, `2022-09`, `2022`, `XXXX-07-12` (no year in the text), `2022-09-12/2022-09-14`.
"""

import calendar
import re
from datetime import date
from functools import lru_cache

_FORM = re.compile(r"(?P<year>[0-9]{4}|XXXX)(?:-(?P<month>[0-9]{2}|XX)(?:-(?P<day>[0-9]{2}|XX))?)?\Z")


def day_of(edtf: str | None) -> date | None:
    """The calendar day, or None where `edtf` is not one whole day."""
    if edtf is None or len(edtf) != 10 or "X" in edtf:
        return None
    found = _range(edtf)
    return found[0] if found else None


def bounds(edtf: str | None) -> tuple[date, date] | None:
    """First and last calendar day the expression allows, or None when the year is unknown or the form is not ours."""
    if edtf is None:
        return None
    first, _, last = edtf.partition("/")
    start, end = _range(first), _range(last or first)
    if start is None or end is None:
        return None
    return start[0], end[1]


def is_valid(edtf: str) -> bool:
    """Whether the string is one of the forms above, names days that exist in some year or month, and ends no earlier
    than it begins; without years that is not known."""
    parts = edtf.split("/")
    if len(parts) > 2 or not all(_FORM.match(part) and _range(_possible(part)) for part in parts):
        return False
    whole = bounds(edtf)
    return whole is None or whole[0] <= whole[1]


def _possible(edtf: str) -> str:
    """Unknown digits filled with a leap year and a long month, in which every day is that is in any."""
    return edtf.replace("XXXX", "2000").replace("-XX-", "-01-").replace("-XX", "-01")


def with_year(edtf: str, year: int) -> str:
    """`with_year("XXXX-07-12", 2020) == "2020-07-12"`; other forms come back unchanged."""
    return edtf.replace("XXXX", f"{year:04d}")


@lru_cache(maxsize=10_000)
def _range(edtf: str) -> tuple[date, date] | None:
    match = _FORM.match(edtf)
    if match is None or match["year"] == "XXXX":
        return None
    year, month, day = (int(g) if g and g.isdigit() else None for g in match.group("year", "month", "day"))
    assert year is not None
    try:
        if month is None:
            return date(year, 1, 1), date(year, 12, 31)
        if day is None:
            return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
        return date(year, month, day), date(year, month, day)
    except (ValueError, calendar.IllegalMonthError):
        return None
