"""When it happened: EDTF days from what the sentences say and, for weekdays and the like, the day of publication.

The day of publication itself is never taken for the day of the event.
"""

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from services.detector.days import Day, days, nth_day
from services.detector.lines import Line
from services.detector.words import words
from shared.schemas.edtf import day_of, with_year


@dataclass(frozen=True, slots=True)
class When:
    """`start` and `end` are EDTF or None; `precision` is UCDP's date_prec; the rest are the hints of undated texts."""

    start: str | None = None
    end: str | None = None
    precision: int = 5
    weekdays: tuple[int, ...] = ()
    after_year: int | None = None
    before_year: int | None = None
    days_old: int | None = None


def when(
    event_lines: Sequence[tuple[Line, float]],
    loss_days: frozenset[str],
    all_lines: Sequence[Line],
    past: Container[int],
    published: str | None,
) -> When:
    """The days told in `event_lines`, each with the strength of its fight; losses of a day date the event, too. `past`
    are the numbers of the lines that look back."""
    latest = _latest_of_several(event_lines)
    if latest is not None:  # the days of other sentences may be those of the fights before it
        event_lines, all_lines = [(latest, 1.0)], [latest]
    told = sorted(
        ((line, strength, day) for line, strength in event_lines for day in days(line, published)),
        key=lambda row: (row[1] < _WEAK, row[0].number, row[2].at),
    )
    live = [(strength, day) for _, strength, day in told if not day.spoken]
    clear = [row for row in live if _is_told_clearly(row[1], row[0], published)]
    clear = clear or [row for row in live if _is_news(row[1], published)]
    clear = clear or [(strength, day) for _, strength, day in told if day.edtf and "X" in day.edtf]
    hints = _hints(all_lines)
    dated = [(strength, day) for strength, day in clear if day.edtf]
    renewed = [day for line, _, day in told if day.spoken and _RENEWED & set(line.words)]
    weekdays = tuple(
        dict.fromkeys(day.weekday for day in [*(d for _, d in clear), *renewed] if day.weekday is not None)
    )
    if not dated or dated[0][1].line > _DEEP:
        incident = [(0.0, day) for day in _of_incident(all_lines, past, published)]
        dated = [row for row in incident if not dated or row[1].line <= _DEEP] + dated
    dated = [(1.0 if day.edtf in loss_days else strength, day) for strength, day in dated]
    if dated:
        dated = _news_first(dated, published)
        found = _span(dated + [(0.0, day) for day in renewed if day.edtf], weekdays, hints)
        return _from_its_beginning(found, [line for line in all_lines if line.number not in past], published)
    began = (
        _nth_day_alone(event_lines, day_of(published))
        or _day_before(event_lines, all_lines, published)
        or _long_begun(event_lines, published)
    )
    if began:
        return When(began, began, 1, weekdays)
    return When(weekdays=weekdays, after_year=hints[0], before_year=hints[1], days_old=_days_old(event_lines))


# "accused them on Wednesday of fresh attacks": the fight goes on that day.
_RENEWED = words("when.renewed")
_WEAK = 0.3
_LEAD = 4  # lines
_DEEP = 8
_LONG_AGO = 21
_OLDER = 7  # days


_IN_DAYS = re.compile(r"\bin (?:as many|the (?:past|last) \S+|\S+) days\b")


def _latest_of_several(event_lines: Sequence[tuple[Line, float]]) -> Line | None:
    """`a second bombing in as many days` in one of the first sentences: that sentence, else None."""
    for line, _ in event_lines:
        counted = any(mention and mention.form == "ordinal" for mention in line.mentions)
        if counted and line.number <= _LEAD and _IN_DAYS.search(" ".join(line.words)):
            return line
    return None


def _is_told_clearly(day: Day, strength: float, published: str | None) -> bool:
    """Not a day long before publication, nor one that only a passing remark far down gives."""
    today, first = day_of(published), day_of((day.edtf or "").partition("/")[0])
    if today and first and (today - first).days > _LONG_AGO:
        return False
    return strength >= _WEAK or day.line <= _LEAD or today is None


def _news_first(dated: list[tuple[float, Day]], published: str | None) -> list[tuple[float, Day]]:
    """A day just before publication that stands before the first of an older fight goes before it."""
    first = dated[0][1]
    news = [row for row in dated if row[1].line < first.line and _is_news(row[1], published)]
    return dated if _is_news(first, published, _OLDER) else news + [row for row in dated if row not in news]


def _is_news(day: Day, published: str | None, most: int = 3) -> bool:
    """A day just before publication, in a passing remark: better than none."""
    today, first = day_of(published), day_of((day.edtf or "").partition("/")[0])
    return bool(today and first and 0 <= (today - first).days <= most)


def _of_incident(lines: Sequence[Line], past: Container[int], published: str | None) -> Iterator[Day]:
    """`The incident occurred on Tuesday`, `arrived on Thursday as bombs hit`: told without the sides, or in the first
    sentences, which tell what the article is about."""
    for line in lines:
        if line.number in past:
            continue
        for day in days(line, published):
            news = day.edtf and not day.spoken and _is_news(day, published, _LONG_AGO)
            if news and (line.number <= _LEAD or _names_incident(line, day.at)) and not _is_unreal(line, day.at):
                yield day


def _around(line: Line, at: int) -> range:
    return range(max(0, at - _CLOSE), min(len(line), at + _CLOSE))


def _is_unreal(line: Line, at: int) -> bool:
    return any(line.entries[i].unreal for i in _around(line, at))


def _names_incident(line: Line, at: int) -> bool:
    return any(line.entries[i].fight or line.words[i] in _INCIDENTS for i in _around(line, at))


_INCIDENTS = words("when.incidents")
_CLOSE = 8  # items
_BEGUN = words("when.begun")
_BEGINNING = 4  # items between "broke out" and the day
_SINCE = 20
_FEW = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_OLD = re.compile(rf"(?:(?P<many>{'|'.join(_FEW)})-)?(?P<unit>day|week)-old")


def _nth_day_alone(event_lines: Sequence[tuple[Line, float]], today: date | None) -> str | None:
    """`for a third day` in a text without a date: counted back from the day of publication."""
    for line, _ in event_lines:
        back = nth_day(line, -1)
        if back and today:
            return (today - timedelta(days=back)).isoformat()
    return None


def _long_begun(event_lines: Sequence[tuple[Line, float]], published: str | None) -> str | None:
    """`in the fighting that broke out on April 18 and flared up again last week`: better than no day."""
    for line, _ in event_lines:
        for day in days(line, published):
            if day.edtf and not day.spoken and line.number <= _LEAD and _is_beginning(line, day.at):
                return day.edtf.partition("/")[0]
    return None


def _days_old(event_lines: Sequence[tuple[Line, float]]) -> int | None:
    """`a week-old offensive`, `the three-day-old battle`: how many days it had gone on, about."""
    for line, _ in event_lines:
        for at, word in enumerate(line.words[:-1]):
            old = _OLD.fullmatch(word) if word.endswith("old") else None
            if old and (line.entries[at + 1].fight or line.words[at + 1] in _INCIDENTS):
                count = _FEW.index(old["many"]) + 1 if old["many"] in _FEW else 1
                return count * (7 if old["unit"] == "week" else 1)
    return None


def _day_before(
    event_lines: Sequence[tuple[Line, float]], all_lines: Sequence[Line], published: str | None
) -> str | None:
    """`..., the army said on Saturday. The raid was launched a day before`: counted back from the day of saying."""
    for line, _ in event_lines:
        counted = [m for m in line.mentions if m and m.kind == "date"]
        if len(counted) != 1 or counted[0].form != "earlier" or line.number > _LEAD:
            continue
        said = [day for other in all_lines if other.number < line.number for day in days(other, published)]
        last = day_of(said[-1].edtf) if said and said[-1].spoken else None
        if last:
            return (last + timedelta(days=int(counted[0].ref.partition(":")[2]))).isoformat()
    return None


def _span(dated: Sequence[tuple[float, Day]], weekdays: tuple[int, ...], hints: tuple[int | None, int | None]) -> When:
    """From the first day told (or one shortly before it, told as clearly) to the last that is near it."""
    first = dated[0][1]
    assert first.edtf is not None
    start, _, end = _with_its_year(first.edtf, dated).partition("/")
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


def _from_its_beginning(found: When, lines: Sequence[Line], published: str | None) -> When:
    """`The fighting broke out on Thursday`, `under fire since Tuesday, when`: said of a day shortly before or behind
    the first one told, it is the first."""
    start, end = found.start, found.end
    for line in lines:
        for day in days(line, published):
            first = (day.edtf or "").partition("/")[0]
            if start and end and first and first <= end and _near(start, first, _OLDER) and _is_beginning(line, day.at):
                return replace(found, start=first, precision=_precision(first, end))
    return found


def _is_beginning(line: Line, at: int) -> bool:
    """Whether a fight is said to have begun on the day at `at`."""
    if line.words[at - 1 : at] == ["since"]:
        lead = line.number <= _LEAD and line.words[at + 1 : at + 3] == [",", "when"]
        return lead and any(e.fight for e in line.entries[at + 3 : at + _SINCE])
    before = range(max(0, at - _BEGINNING), at)
    begun = next((i for i in before if line.words[i] in _BEGUN and line.words[i + 1] != "again"), -1)
    return begun >= 0 and any(
        line.entries[i].fight or line.words[i] in _INCIDENTS for i in range(max(0, begun - 6), begun)
    )


def _with_its_year(edtf: str, dated: Sequence[tuple[float, Day]]) -> str:
    """`October 10`, where another sentence says `October 10, 1987`."""
    whole = [day.edtf for _, day in dated if day.edtf and day.edtf[:4].isdigit() and day.edtf[4:] == edtf[4:]]
    return whole[0] if edtf.startswith("XXXX") and whole else edtf


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
