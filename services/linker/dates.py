"""When an incident was: from its reports' dates, a missing year taken from the others and marked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.linker.profile import YEAR_DAYS, Days, calendar_span, month_day_span
from services.linker.rule import Rule
from shared.schemas.edtf import bounds, with_year
from shared.schemas.report_detected import ReportDetected

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
        span = bounds(edtf)
        return span[1] if span else None

    def shown(self, edtf: str | None) -> str | None:
        """`edtf` as the incident shows it: with the year where that is known."""
        day = self.day(edtf) if self.anchor and edtf and "XXXX" in edtf else None
        return day.isoformat() if day else edtf


def dates(reports: Sequence[ReportDetected], rule: Rule) -> Dates:
    """The dates of an incident; `reports` sorted by `Profile.order`."""
    spans = [(span, one) for one in reports if (span := calendar_span(one.report))]
    dated = [(span, one) for span, one in spans if _is_short(span, rule)]
    yearless = [one for one in reports if _is_short(month_day_span(one.report), rule)]
    if dated:
        return _on_days(dated, yearless)
    if spans:
        return _in_window(spans, yearless)
    return _without_year([one for one in reports if month_day_span(one.report)])


def _is_short(span: Days | None, rule: Rule) -> bool:
    return span is not None and span[1] - span[0] < rule.max_dated_days


def _on_days(dated: list[tuple[Days, ReportDetected]], yearless: list[ReportDetected]) -> Dates:
    anchor = date.fromordinal(min(span[0] for span, _ in dated))
    filled = [span for one in yearless if (span := _filled(one, anchor))]
    spans = [span for span, _ in dated] + filled
    first, last = min(span[0] for span in spans), max(span[1] for span in spans)
    # With no year in the text a report's own precision is "unknown"; day and month are exact all the same.
    said = min(1 if month_day_span(one.report) else one.report.date_prec for _, one in dated)
    return Dates(
        start=date.fromordinal(first).isoformat(),
        end=date.fromordinal(last).isoformat(),
        prec=max(said, _precision(last - first + 1)),
        inferred=bool(filled),
        anchor=anchor,
    )


def _in_window(spans: list[tuple[Days, ReportDetected]], yearless: list[ReportDetected]) -> Dates:
    """A month or year; with day and month from another report, that day."""
    (first, last), narrowest = min(spans, key=lambda found: found[0][1] - found[0][0])
    start, end = date.fromordinal(first), date.fromordinal(last)
    if start.year == end.year:
        middle = date(start.year, 7, 1)
        exact = [(span, one) for one in yearless if (span := _filled(one, middle))]
        if exact:
            return replace(_on_days(exact, []), inferred=True)
    report = narrowest.report
    return Dates(
        start=report.date_start,
        end=report.date_end or report.date_start,
        prec=max(report.date_prec, _precision(last - first + 1)),
        anchor=start,
    )


def _without_year(yearless: list[ReportDetected]) -> Dates:
    """The first and the last day; around New Year December comes before January."""
    edges: list[tuple[int, str]] = []
    for one in yearless:
        span = month_day_span(one.report)
        texts = f"{one.report.date_start}/{one.report.date_end or one.report.date_start}".split("/")
        if span:
            near = edges[0][0] if edges else span[0]
            turn = min((-YEAR_DAYS, 0, YEAR_DAYS), key=lambda turn: abs(span[0] + turn - near))
            edges += [(span[0] + turn, texts[0]), (span[1] + turn, texts[-1])]
    return Dates(start=min(edges)[1], end=max(edges)[1]) if edges else Dates()


def _filled(one: ReportDetected, anchor: date) -> Days | None:
    report = one.report
    start = _nearest(report.date_start, anchor, edge=0)
    end = _nearest(report.date_end or report.date_start, anchor)
    return (start.toordinal(), end.toordinal()) if start and end and start <= end else None


def _nearest(edtf: str | None, anchor: date, *, edge: int = 1) -> date | None:
    if edtf is None:
        return None
    years = [year for year in (anchor.year - 1, anchor.year, anchor.year + 1) if 1 <= year <= 9999]
    days = [span[edge] for year in years if (span := bounds(with_year(edtf, year)))]
    return min(days, key=lambda day: (abs((day - anchor).days), day), default=None)


def _precision(days: int) -> int:
    """UCDP GED's date_prec of so many days: 1 a day, 2 up to six, 3 a week, 4 a month, 5 more."""
    return next((prec for prec, most in ((1, 1), (2, 6), (3, 7), (4, 31)) if days <= most), _UNKNOWN)
