"""When it happened: EDTF days from what the sentences say and, for weekdays and the like, the day of publication.

The day of publication itself is never taken for the day of the event.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.detector.lines import Line
from services.detector.words import words
from shared.schemas.article_tagged import Mention
from shared.schemas.edtf import day_of, with_year

_SAYING = frozenset("S")
_LONGEST_FIGHT = 31


@dataclass(frozen=True, slots=True)
class When:
    """`start` and `end` are EDTF or None; `precision` is UCDP's date_prec; the rest are the hints of undated texts."""

    start: str | None = None
    end: str | None = None
    precision: int = 5
    weekdays: tuple[int, ...] = ()
    after_year: int | None = None
    before_year: int | None = None


@dataclass(frozen=True, slots=True)
class _Day:
    edtf: str | None
    weekday: int | None
    spoken: bool
    at: int
    line: int
    back: int = 0


def when(
    event_lines: Sequence[tuple[Line, float]],
    loss_days: frozenset[str],
    all_lines: Sequence[Line],
    published: str | None,
) -> When:
    """The days told in `event_lines`, each with the strength of its fight; losses of a day date the event, too."""
    told = sorted(
        ((line, strength, day) for line, strength in event_lines for day in _days(line, published)),
        key=lambda row: (row[1] < _WEAK, row[0].number, row[2].at),
    )
    live = [(strength, day) for _, strength, day in told if not day.spoken]
    days = [row for row in live if _is_told_clearly(row[1], row[0], published)]
    days = days or [row for row in live if _is_news(row[1], published)]
    days = days or [(strength, day) for _, strength, day in told if day.edtf and "X" in day.edtf]
    hints = _hints(all_lines)
    dated = [(strength, day) for strength, day in days if day.edtf]
    renewed = [day for line, _, day in told if day.spoken and _RENEWED & set(line.words)]
    weekdays = tuple(dict.fromkeys(day.weekday for day in [*(d for _, d in days), *renewed] if day.weekday is not None))
    dated = [(1.0 if day.edtf in loss_days else strength, day) for strength, day in dated]
    if dated:
        return _span(dated + [(0.0, day) for day in renewed if day.edtf], weekdays, hints)
    began = _nth_day_alone(event_lines, day_of(published))
    if began:
        return When(began, began, 1, weekdays)
    return When(weekdays=weekdays, after_year=hints[0], before_year=hints[1])


# "accused them on Wednesday of fresh attacks": the fight goes on that day.
_RENEWED = words("when.renewed")
_WEAK = 0.3
_LEAD = 4
_LONG_AGO = 21


def _is_told_clearly(day: _Day, strength: float, published: str | None) -> bool:
    """Not a day long before publication, nor one that only a passing remark far down gives."""
    today, first = day_of(published), day_of((day.edtf or "").partition("/")[0])
    if today and first and (today - first).days > _LONG_AGO:
        return False
    return strength >= _WEAK or day.line <= _LEAD or today is None


def _is_news(day: _Day, published: str | None) -> bool:
    """A day just before publication, in a passing remark: better than none."""
    today, first = day_of(published), day_of((day.edtf or "").partition("/")[0])
    return bool(today and first and 0 <= (today - first).days <= _NEWS)


_NEWS = 3


def _nth_day_alone(event_lines: Sequence[tuple[Line, float]], today: date | None) -> str | None:
    """`for a third day` in a text without a date: counted back from the day of publication."""
    for line, _ in event_lines:
        back = _nth_day(line, -1)
        if back and today:
            return (today - timedelta(days=back)).isoformat()
    return None


def _span(dated: Sequence[tuple[float, _Day]], weekdays: tuple[int, ...], hints: tuple[int | None, int | None]) -> When:
    """From the first day told (or one shortly before it, told as clearly) to the last that is near it."""
    first = dated[0][1]
    assert first.edtf is not None
    start, _, end = first.edtf.partition("/")
    lead, end = day_of(start), end or start
    begin = start
    for strength, other in dated[1:]:
        assert other.edtf is not None
        low, _, high = other.edtf.partition("/")
        if not _near(start, low):
            continue
        end = max(end, high or low)
        if other.line == first.line or (strength >= _WEAK and _near(start, low, 1)):
            begin = min(begin, low)
    if lead and first.back:
        begin = min(begin, (lead - timedelta(days=first.back)).isoformat())
    return When(begin, end, _precision(begin, end), weekdays, *(hints if "X" in begin else (None, None)))


def _near(one: str, other: str, most: int = 3) -> bool:
    """Whether two days may be of one fight: at most so many days apart, as written."""
    if "X" in one or "X" in other:
        year = 2000
        one, other = with_year(one, year), with_year(other, year)
    first, second = day_of(one), day_of(other)
    return first is not None and second is not None and abs((second - first).days) <= most


def _precision(start: str, end: str) -> int:
    if len(start) < 10:
        return 4 if len(start) == 7 else 5
    first, last = day_of(with_year(start, 2000)), day_of(with_year(end, 2000))
    days = (last - first).days if first and last else 0
    return 1 if days == 0 else 2 if days < 7 else 3 if days == 7 else 4


def _hints(lines: Sequence[Line]) -> tuple[int | None, int | None]:
    """The latest year the text looks back on: the event is in it or after it."""
    years = [
        int(mention.ref[:4])
        for line in lines
        for mention in line.mentions
        if mention and mention.kind == "date" and mention.ref[:4].isdigit()
    ]
    return (max(years), None) if years else (None, None)


def _days(line: Line, published: str | None) -> Iterator[_Day]:
    today = day_of(published)
    for index, mention in enumerate(line.mentions):
        if mention is None or mention.kind != "date" or mention.form in ("year", "month"):
            continue
        if _is_dateline(line, index):
            continue
        spoken = _is_saying_date(line, index)
        if mention.form == "weekday":
            weekday = int(mention.ref.partition(":")[2])
            yield _Day(_last(weekday, today, line, index), weekday, spoken, index, line.number, _nth_day(line, index))
        elif mention.form in ("day", "overnight") and ":" in mention.ref:
            shift = int(mention.ref.partition(":")[2])
            day = (today + timedelta(days=shift)).isoformat() if today else None
            yield _Day(day, None, spoken, index, line.number, _nth_day(line, index))
        else:
            yield _Day(_filled(mention, today), None, spoken, index, line.number, _nth_day(line, index))


def _is_dateline(line: Line, at: int) -> bool:
    """`LONDON, March 1 - Iran said`: the day it was written."""
    return (
        at <= 6
        and any(word in ("-", "–", "—", "--") for word in line.words[at + 1 : at + 6])
        and "S" not in line.symbols[:at]
    )


def _last(weekday: int, today: date | None, line: Line, at: int) -> str | None:
    """The last such weekday up to the day of publication; `last Monday` is never that day itself."""
    if today is None:
        return None
    back = (today.weekday() - weekday) % 7
    if back == 0 and at and line.words[at - 1] in ("last", "previous"):
        back = 7
    return (today - timedelta(days=back)).isoformat()


def _filled(mention: Mention, today: date | None) -> str | None:
    """A day without a year gets the year that puts it last before publication."""
    edtf = mention.ref
    if not edtf.startswith("XXXX"):
        return edtf
    if today is None:
        return None if "XX-XX" in edtf else edtf
    if edtf.startswith("XXXX-XX-"):
        return _in_month(int(edtf[8:10]), today)
    filled = with_year(edtf, today.year)
    first = day_of(filled.partition("/")[0])
    if first and first > today + timedelta(days=1):
        filled = with_year(edtf, today.year - 1)
    return filled


def _in_month(day: int, today: date) -> str | None:
    for back in range(_LONGEST_FIGHT):
        candidate = today - timedelta(days=back)
        if candidate.day == day:
            return candidate.isoformat()
    return None


def _is_saying_date(line: Line, at: int) -> bool:
    """`said on Friday`, `said Friday`, `told reporters on Wednesday`: the day somebody spoke."""
    head = line.symbols[max(0, at - 4) : at]
    index = len(head) - 1
    while index >= 0 and head[index] in "iaxrAGYJ" and len(head) - index <= 3:
        index -= 1
    if index >= 0 and head[index] in _SAYING:
        return True
    return line.symbols[at + 1 : at + 2] == "S" or bool(_STATED & set(line.words[at + 1 : at + 3]))


_STATED = words("when.stated")


def _nth_day(line: Line, at: int) -> int:
    """`for a third day`, `on the second day of`: how many days before this one it began.

    `at` is the day it is counted from, -1 for none; "the second day after X attacked on Tuesday" counts nothing.
    """
    for index, mention in enumerate(line.mentions):
        if mention is None or mention.form != "ordinal" or mention.best is None or not 1 < mention.best <= 15:
            continue
        between = line.words[index + 1 : at] if at > index else []
        behind = line.words[index + 1 : index + 3]
        if any(word in _DAY_WORDS for word in behind) and not _AFTER & set(between):
            return mention.best - 1
    return 0


_DAY_WORDS = words("when.day_words")
_AFTER = frozenset(["after", "since", "following"])
