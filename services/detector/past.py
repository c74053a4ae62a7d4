"""Which sentences look back: at other wars, at earlier fights, at what happens all the time."""

from datetime import date

from services.detector.lines import Line
from services.detector.words import words
from shared.schemas.article_tagged import Mention

_SUPERLATIVES = words("past.superlatives")
_OLD_MONTHS = 2  # a month without a year that lies so far before the month of publication is an earlier event's


def looks_back(line: Line, today: date | None) -> bool:
    """Whether the sentence is about the past: an earlier date or a cue, and no recent day. `today` is the day of
    publication, where it is known."""
    if line.role == "title" or is_fresh(line, today):
        return False
    if any(entry.past for entry in line.entries) or any(_is_old(m, today) for m in _dates(line)):
        return not compares(line)
    return False


def is_fresh(line: Line, today: date | None) -> bool:
    """Whether a recent day is named."""
    return any(m.form in ("weekday", "day", "overnight") and not _is_old(m, today) for m in _dates(line))


def compares(line: Line) -> bool:
    """`the deadliest fighting since a 2020 war`: the past is only what the present is measured by."""
    if "since" not in line.words[1:]:
        return False
    since = line.words.index("since", 1)
    return any(word in _SUPERLATIVES for word in line.words[max(0, since - 12) : since])


def _dates(line: Line) -> list[Mention]:
    return [m for m in line.mentions if m is not None and m.kind == "date"]


def _is_old(mention: Mention, today: date | None) -> bool:
    year, month = mention.ref[:4], mention.ref[5:7]
    if year.isdigit():
        return int(year) < today.year if today else mention.form == "year"
    if today and year == "XXXX" and month.isdigit():
        return (today.month - int(month)) % 12 >= _OLD_MONTHS and (int(month) - today.month) % 12 > 0
    return False
