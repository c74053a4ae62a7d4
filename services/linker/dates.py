"""When an incident was: from its reports' dates, a missing year taken from the others and marked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from services.linker.profile import YEAR_DAYS, Days, Profile
from services.linker.rule import Rule
from shared.schemas.edtf import bounds, with_year
from shared.schemas.report import Report

# Days of dates without any year are told apart in this leap year; they are never shown with it.
_SOME_YEAR = 2000
_UNKNOWN = 5


@dataclass(frozen=True, slots=True)
class Dates:
    """`start` and `end` are EDTF, `prec` is UCDP's `date_prec`. `anchor` is the first known day, if there is
    one."""

    start: str | None = None
    end: str | None = None
    prec: int = _UNKNOWN
    inferred: bool = False
    anchor: date | None = None

    def day(self, edtf: str | None) -> date | None:
        """The (last) day `edtf` is for, in the year nearest to the incident where it has none."""
        if edtf is None:
            return None
        if "XXXX" in edtf:
            return _nearest(edtf, self.anchor or date(_SOME_YEAR, 7, 1))
        return _last_day(edtf)

    def shown(self, edtf: str | None) -> str | None:
        """`edtf` as the incident shows it: with the year where that is known."""
        day = self.day(edtf) if self.anchor and edtf and "XXXX" in edtf else None
        return day.isoformat() if day else edtf


def dates(members: Sequence[Profile], rule: Rule) -> Dates:
    """The dates of an incident; `members` sorted by `Profile.order`."""
    known = [(one.days, one.detected.report) for one in members if one.days]
    dated = [row for row in known if row[1].date_start]
    windows = [(one.window, one.detected.report) for one in members if one.window]
    yearless = [(one.month_days, one.detected.report) for one in members if one.month_days]
    short = [report for span, report in yearless if span[1] - span[0] < rule.max_dated_days]
    if dated:
        return _on_days(dated, short)
    if known:  # `a week-old offensive`
        return replace(_on_days(known, short), inferred=True)
    if windows:
        return _in_window(windows, short)
    return _without_year(yearless)


def _on_days(dated: Sequence[tuple[Days, Report]], yearless: Sequence[Report]) -> Dates:
    anchor = date.fromordinal(min(span[0] for span, _ in dated))
    filled = [span for report in yearless if (span := _filled(report, anchor))]
    spans = [span for span, _ in dated] + filled
    first, last = min(span[0] for span in spans), max(span[1] for span in spans)
    # With no year in the text a report's own precision is "unknown"; day and month are exact all the same.
    said = min(1 if "XXXX" in (report.date_start or "") else report.date_prec for _, report in dated)
    return Dates(
        start=date.fromordinal(first).isoformat(),
        end=date.fromordinal(last).isoformat(),
        prec=max(said, _precision(last - first + 1)),
        inferred=bool(filled),
        anchor=anchor,
    )


def _in_window(windows: Sequence[tuple[Days, Report]], yearless: Sequence[Report]) -> Dates:
    """A month or year; with day and month from another report, that day."""
    (first, last), report = min(windows, key=lambda found: found[0][1] - found[0][0])
    start, end = date.fromordinal(first), date.fromordinal(last)
    if start.year == end.year:
        middle = date(start.year, 7, 1)
        exact = [(span, other) for other in yearless if (span := _filled(other, middle))]
        if exact:
            return replace(_on_days(exact, ()), inferred=True)
    return Dates(
        start=report.date_start,
        end=report.date_end or report.date_start,
        prec=max(report.date_prec, _precision(last - first + 1)),
        anchor=start,
    )


def _without_year(yearless: Sequence[tuple[Days, Report]]) -> Dates:
    """The first and the last day; around New Year December comes before January."""
    edges: list[tuple[int, str]] = []
    for span, report in yearless:
        texts = f"{report.date_start}/{report.date_end or report.date_start}".split("/")
        near = edges[0][0] if edges else span[0]
        turn = min((-YEAR_DAYS, 0, YEAR_DAYS), key=lambda turn: abs(span[0] + turn - near))
        edges += [(span[0] + turn, texts[0]), (span[1] + turn, texts[-1])]
    return Dates(start=min(edges)[1], end=max(edges)[1]) if edges else Dates()


def _filled(report: Report, anchor: date) -> Days | None:
    start = _nearest(report.date_start, anchor, 0)
    end = _nearest(report.date_end or report.date_start, anchor)
    return (start.toordinal(), end.toordinal()) if start and end and start <= end else None


@lru_cache(maxsize=4096)
def _nearest(edtf: str | None, anchor: date, edge: int = 1) -> date | None:
    if edtf is None:
        return None
    years = [year for year in (anchor.year - 1, anchor.year, anchor.year + 1) if 1 <= year <= 9999]
    days = [span[edge] for year in years if (span := bounds(with_year(edtf, year)))]
    return min(days, key=lambda day: (abs((day - anchor).days), day), default=None)


@lru_cache(maxsize=4096)
def _last_day(edtf: str) -> date | None:
    span = bounds(edtf)
    return span[1] if span else None


def _precision(days: int) -> int:
    """UCDP GED's date_prec of so many days: 1 a day, 2 up to six, 3 a week, 4 a month, 5 more."""
    return next((prec for prec, most in ((1, 1), (2, 6), (3, 7), (4, 31)) if days <= most), _UNKNOWN)
