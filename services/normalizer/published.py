"""Dates as written to EDTF, and the date a dateline states. Never a date that a text merely mentions."""

import calendar
import re
from collections.abc import Iterable
from datetime import date

from shared.schemas import edtf

_NUMBER = {name.lower(): at for at, name in enumerate(calendar.month_abbr) if name}
_MONTH = r"(?P<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?"
_TH = r"(?:st|nd|rd|th)"
_YEAR = r"(?P<year>[12]\d{3})(?!\d)"
_LOOKED_AT = 120  # characters of a date field; the rest is zone names and noise
_FORMS = tuple(
    re.compile(form, re.IGNORECASE | re.ASCII)  # a digit of another script is none of a date's
    for form in (
        r"(?<!\d)(?P<year>[12]\d{3})[-/.](?P<number>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)",
        r"(?<!\d)(?P<year>[12]\d{3})(?P<number>[01]\d)(?P<day>[0-3]\d)(?=(?:\d{4}|\d{6})?(?!\d))",
        rf"(?<!\d)(?P<day>\d{{1,2}}){_TH}?[ -]{{0,2}}(?:of )?{_MONTH},?[ -]{{0,2}}{_YEAR}",
        rf"\b{_MONTH} {{0,2}}(?P<day>\d{{1,2}}){_TH}?,? {{0,2}}{_YEAR}",
        rf"\b{_MONTH},? {{0,2}}{_YEAR}",
        r"^\s*(?P<year>[12]\d{3})-(?P<number>\d{2})\s*$",
        r"^\s*(?P<year>[12]\d{3})\s*$",
    )
)
_NUMERIC = re.compile(r"(?<!\d)(\d{1,2})([./-])(\d{1,2})[./-]([12]\d{3})(?!\d)", re.ASCII)
_INTERVAL = re.compile(r"[0-9X-]{4,10}/[0-9X-]{4,10}")
_FULL_DATE = (
    r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,? )?"
    r"(?:\d{1,2}(?:st|nd|rd|th)? [A-Z][a-zA-Z]{2,8}\.?,? [12]\d{3}"
    r"|[A-Z][a-zA-Z]{2,8}\.? \d{1,2}(?:st|nd|rd|th)?,? [12]\d{3})"
)
_PLACE = (
    r"[A-Z][A-Z.'’-]{1,24}(?:[ /-][A-Z][A-Z.'’-]{1,24}){0,3}"
    r"(?:, [A-Z][A-Za-z.]{1,14}(?: [A-Z][A-Za-z.]{1,14})?)?"
)
_DATELINE = re.compile(
    rf"{_PLACE},? (?:\([A-Za-z/. ]{{2,30}}\),? )?\(?(?P<date>{_FULL_DATE})\)?(?= ?[-–—:(]|\.? ?$|\. )", re.ASCII
)


class AmbiguousDateError(ValueError):
    """03/04/2020 is a day in March here and a day in April there."""


def to_edtf(written: str) -> str | None:
    """`"12 July 2020"`, `"Sun, 12 Jul 2020 10:00 GMT"`, `"2020-07-12T..."` to `2020-07-12`; else None.

    The day is the one written, whatever its time zone. Raises AmbiguousDateError where day and month could be
    swapped.
    """
    written = written[:_LOOKED_AT].strip()
    if _INTERVAL.fullmatch(written) and not edtf.is_valid(written):
        return None  # either end alone would be a guess
    if edtf.is_valid(written) and written[0] != "0":  # 0001-01-01 is how .NET writes that there is no date
        return written
    for form in _FORMS:
        if match := form.search(written):
            return _from_parts(match.groupdict())
    match = _NUMERIC.search(written)
    return _from_numbers(match) if match else None


def of_dateline(openings: Iterable[str]) -> str | None:
    """The date as written in `SEOUL, Nov. 23, 2010 (Yonhap) -- ...`, if one of the paragraphs starts so."""
    for paragraph in openings:
        match = _DATELINE.match(paragraph)
        if match:
            return match["date"]
    return None


def _from_parts(parts: dict[str, str | None]) -> str | None:
    year, day = parts["year"], parts.get("day")
    month = int(parts.get("number") or _NUMBER.get((parts.get("month") or "").lower(), 0))
    if not month:
        return year
    found = f"{year}-{month:02d}" + (f"-{int(day):02d}" if day else "")
    return found if edtf.is_valid(found) else None


def _from_numbers(match: re.Match[str]) -> str | None:
    """Dotted dates are day.month.year everywhere; of the others only those with a day above 12 are clear."""
    one, two, year = int(match[1]), int(match[3]), int(match[4])
    if match[2] != "." and one <= 12 and two <= 12 and one != two:
        raise AmbiguousDateError(match[0])
    day, month = (two, one) if match[2] != "." and two > 12 else (one, two)
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
