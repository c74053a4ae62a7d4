"""The days a sentence tells, as EDTF, and whether they are the event's or the day of some other doing.

Weekdays, "yesterday" and days without a year are counted back from the day of publication; without one they stay open.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from services.detector.lines import Line
from services.detector.words import words
from shared.schemas.article_tagged import Mention
from shared.schemas.edtf import day_of, with_year

_LONGEST_FIGHT = 31
_UNDATED = ("year", "month", "days", "earlier", "after")
_STATED = words("days.stated")  # behind the day: "on Friday condemned"
_SAYING = words("days.saying")  # before it, where the lexicon has no verb of saying: "did not confirm until Friday"
_STATEMENTS = words("days.statements")
_MOUTHPIECES = words("days.mouthpieces")
_OTHER_DOINGS = words("days.other_doings")
_DOINGS = _STATEMENTS | _SAYING | _OTHER_DOINGS | _STATED - {"called"}  # "a hill called Kanyesheja"
_EARLIER = words("days.earlier")
_INCIDENTS = words("when.incidents")
_CAUSES = words("days.causes")
_FUTURE = words("days.future")
_DAY_WORDS = words("days.day_words")
_AFTER = frozenset(["after", "since", "following"])
_BOOTY = re.compile(r"[xPJA]Cb[axJAmP']{1,5}i?\Z")
_FELL = re.compile("[KQ]")
_DATELINES = 5  # lines in which it stands
_DATELINE = 6  # items of a dateline
_PLACE_AND_DAY = re.compile(r"[PA](?:,[PAx])?,D(?:[.:(]|\Z)")
_DELAY = 3  # days until it is printed
_FRONTED = 14
_REACH = 4  # items between a day and the word that says what happened on it


@dataclass(frozen=True, slots=True)
class Day:
    """`edtf` is a day or an interval, None where it cannot be told; `weekday` counts from Monday 0. `spoken` marks the
    day of a statement or some other doing. `at` is the item, `line` the sentence's number, `back` the days the fight
    had gone on before."""

    edtf: str | None
    weekday: int | None
    spoken: bool
    at: int
    line: int
    back: int = 0


def days(line: Line, published: str | None) -> Iterator[Day]:
    """The days the line tells, in order; those still to come and the dateline are left out."""
    if "D" not in line.symbols:
        return
    today = day_of(published)
    lasted = _lasted(line)
    named = [_day(line, index, mention, today, lasted) for index, mention in _mentions(line)]
    shifted = [_shifted(line, day) for day in named]
    yield from _ranges(line, shifted)
    yield from _counted(line, shifted)


def written_on(lines: Sequence[Line], published: str | None) -> str | None:
    """The day of the dateline (`PARIS, October 18 -`), shortly before that of publication: `today` is that day."""
    today = day_of(published)
    for line in [line for line in lines if line.role != "title"][:_DATELINES]:
        for index, mention in line.dates:
            if today and mention.form == "day" and _is_dateline(line, index):
                written = day_of(_filled(mention.ref, today))
                return written.isoformat() if written and 0 <= (today - written).days <= _DELAY else published
    return published


def _mentions(line: Line) -> Iterator[tuple[int, Mention]]:
    for index, mention in enumerate(line.mentions):
        if mention is None or mention.kind != "date" or mention.form in _UNDATED:
            continue
        if not (
            line.words[index].lower().endswith("days")
            or _is_dateline(line, index)
            or _is_to_come(line, index)
            or _is_repeated(line, index)
        ):
            yield index, mention


def _is_repeated(line: Line, at: int) -> bool:
    """The weekday of `Wednesday, July 2` and `Sunday the 10th`: the day of the month says more."""
    following = line.mentions[at + 1 : at + 3]
    mention = line.mentions[at]
    return (
        mention is not None
        and mention.form == "weekday"
        and line.symbols[at + 1 : at + 2] in (",", "a", "D")
        and any(other is not None and other.form == "day" and other.ref[-2:].isdigit() for other in following)
    )


def _day(line: Line, at: int, mention: Mention, today: date | None, lasted: int) -> Day:
    weekday = int(mention.ref.partition(":")[2]) if mention.form == "weekday" else None
    edtf = _edtf(line, at, mention, today)
    return Day(edtf, weekday, is_other_day(line, at), at, line.number, nth_day(line, at) or lasted)


def _edtf(line: Line, at: int, mention: Mention, today: date | None) -> str | None:
    kind, _, value = mention.ref.partition(":")
    if not value:
        return _filled(mention.ref, today)
    if today is None:
        return None
    if kind == "weekday":
        return _last(int(value), today, line, at)
    if kind == "weekend":
        sunday = today - timedelta(days=(today.weekday() + 1) % 7)
        return f"{(sunday - timedelta(days=1)).isoformat()}/{sunday.isoformat()}"
    return (today + timedelta(days=int(value))).isoformat()


def _last(weekday: int, today: date, line: Line, at: int) -> str:
    """The last such weekday up to the day of publication; `last Monday` is never that day itself."""
    back = (today.weekday() - weekday) % 7
    if line.words[at + 1 : at + 4] == ["of", "last", "week"]:  # weeks begin on Sunday
        return (today - timedelta(days=(today.weekday() + 1) % 7 + 7 - (weekday + 1) % 7)).isoformat()
    if line.words[at + 1 : at + 3] == ["before", "last"] or line.words[at + 1 : at + 4] == ["a", "week", "ago"]:
        back += 7
    if back <= 1 and at and line.words[at - 1] in ("last", "previous"):
        back += 7  # who means today or yesterday says so
    return (today - timedelta(days=back)).isoformat()


def _filled(edtf: str, today: date | None) -> str | None:
    """A day without a year gets the year that puts it last before publication."""
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


def _ranges(line: Line, named: Sequence[Day]) -> Iterator[Day]:
    """`from April 16 to April 20`, `between Friday and Sunday`: the first of the two lasts until the second."""
    for index, day in enumerate(named):
        following = named[index + 1] if index + 1 < len(named) else None
        if following and day.edtf and following.edtf and _is_range(line, day.at, following.at):
            yield replace(
                day, edtf=f"{day.edtf.partition('/')[0]}/{following.edtf.partition('/')[2] or following.edtf}"
            )
        else:
            yield day


def _is_range(line: Line, first: int, second: int) -> bool:
    if second - first != 2 or first == 0:
        return False
    before, between = line.words[first - 1], line.words[first + 1]
    return (before, between) == ("between", "and") or (
        before == "from" and between in ("to", "until", "till", "through")
    )


def _counted(line: Line, named: Sequence[Day]) -> Iterator[Day]:
    """`said on Sunday that ... two days earlier`, `A day after ..., Managua protested on Thursday`: counted back from
    a day on which something else was done."""
    anchor = next((day for day in named if day.spoken and day.edtf), None)
    counted = [(at, m) for at, m in enumerate(line.mentions) if m and m.form in ("earlier", "after")]
    if anchor is None or len(counted) != 1 or any(not day.spoken for day in named):
        return
    [(at, mention)] = counted
    start = day_of((anchor.edtf or "").partition("/")[0])
    if start and (mention.form == "earlier" or at <= 1):
        shifted = start + timedelta(days=int(mention.ref.partition(":")[2]))
        yield Day(shifted.isoformat(), None, False, at, line.number)


def _shifted(line: Line, day: Day) -> Day:
    """`were buried on Friday, a day after they fell`: the day they fell."""
    after = next((at for at in (day.at + 1, day.at + 2) if _is_after(line, at)), -1)
    start = day_of((day.edtf or "").partition("/")[0])
    if after < 0 or start is None or not any(map(_is_doing, line.words[: day.at])):
        return day
    fell = any(entry.fight for entry in line.entries[after:]) or _FELL.search(line.symbols, after)
    mention = line.mentions[after]
    if not fell or mention is None:
        return day
    counted = start + timedelta(days=int(mention.ref.partition(":")[2]))
    return replace(day, edtf=counted.isoformat(), weekday=None, spoken=False)


def _is_after(line: Line, at: int) -> bool:
    mention = line.mentions[at] if at < len(line) else None
    return mention is not None and mention.form == "after"


def _is_dateline(line: Line, at: int) -> bool:
    """`LONDON, March 1 - Iran said`, `NEW DELHI, APRIL 18.`, `JAMMU, April 18:`: the day it was written."""
    if at > _DATELINE or "S" in line.symbols[:at]:
        return False
    if _PLACE_AND_DAY.match(line.symbols) and line.symbols.index("D") == at:
        return True
    return any(_is_dash(line, index) for index in range(at + 1, min(len(line), at + _DATELINE)))


def _is_dash(line: Line, at: int) -> bool:
    """Not the hyphen of `Thai-Cambodian`."""
    tight = line.ends[at - 1] == line.starts[at] and line.starts[at + 1 : at + 2] == [line.ends[at]]
    return line.words[at] in ("-", "–", "—", "--") and not tight


def _is_to_come(line: Line, at: int) -> bool:
    """`next Monday`, `will meet on Friday`: nothing has happened then."""
    before = line.words[max(0, at - _REACH - 2) : at]
    clause = before[max((i for i, word in enumerate(before) if word in ",;"), default=-1) + 1 :]
    return not _FUTURE.isdisjoint(clause)


def is_other_day(line: Line, at: int) -> bool:
    """`said on Friday`, `in a statement on Friday`, `the ministry on Friday blamed`, `the funeral on Friday`: the day
    on which somebody spoke, or did something else than fight."""
    if line.symbols[at + 1 : at + 2] == "S" or not _STATED.isdisjoint(line.words[at + 1 : at + 3]):
        return True
    rules = (_is_said_before, _is_said_behind, _is_mouthpiece, _is_of_a_doing, _is_of_another, _is_of_booty)
    return any(rule(line, at) for rule in rules)


def _is_said_before(line: Line, at: int) -> bool:
    """`told reporters on Wednesday`, `said late on Friday`."""
    head = line.symbols[max(0, at - 4) : at]
    index = len(head) - 1
    while index >= 0 and head[index] in "iaxrAGYJ" and len(head) - index <= 3:
        index -= 1
    return index >= 0 and head[index] == "S"


def _is_said_behind(line: Line, at: int) -> bool:
    """`On Thursday, a spokesman for the ministry told reporters that`: the sentence begins with the day of saying."""
    if at > 1:
        return False
    verb = line.symbols.find("S", at + 1, at + 1 + _FRONTED)
    if line.symbols[at + 1 : at + 2] == "," == line.symbols[verb + 1 : verb + 2]:
        return False  # "On Saturday, the general staff says, their platoon came under fire"
    return verb >= 0 and not any(entry.fight for entry in line.entries[at:verb]) and "Q" not in line.symbols[at:verb]


def _is_mouthpiece(line: Line, at: int) -> bool:
    """`Chad's defence ministry on Monday blamed`: who speaks for a side stands before the day."""
    before = at - 2 if line.symbols[at - 1 : at] == "i" else at - 1
    if before < 0:
        return False
    mention = line.mentions[before]
    return line.words[before] in _MOUTHPIECES or (mention is not None and mention.form in _MINISTRIES)


_MINISTRIES = ("ministry", "spokesman_office")


def _is_of_a_doing(line: Line, at: int) -> bool:
    """Whether the nearest telling word around the day is of a statement or another doing, not of a fight."""
    for index in range(at - 1, max(-1, at - _REACH - 3), -1):
        if line.entries[index].fight or line.symbols[index] in ".;,KQkWC":
            break
        if _is_doing(line.words[index]):
            return True
    end = next((i for i in range(at + 1, min(len(line), at + _REACH)) if line.symbols[i] in ".;,"), at + _REACH)
    behind = line.words[at + 1 : end]  # "on Friday in a statement"; not "fought on Friday, the news agency said"
    return any(word in _STATEMENTS for word in behind) and not any(e.fight for e in line.entries[at + 1 : at + _REACH])


def _is_of_another(line: Line, at: int) -> bool:
    """`A similar raid on Friday`, `on Sunday in retaliation for a raid on Friday`: another fight."""
    dated = line.symbols.find("D", 0, at)
    for index in range(at - 1, max(0, at - 2 * _REACH), -1):
        if line.symbols[index] in ".;,":
            return False
        event = line.entries[index].fight or line.words[index] in _INCIDENTS
        if event and line.words[index - 1] in _EARLIER:
            return True
        if line.words[index] in _CAUSES and 0 <= dated < index:
            return True
    return False


def _is_of_booty(line: Line, at: int) -> bool:
    """`are bombing the airstrip captured by Chadian troops on March 22`: what is fought for now was taken then."""
    taken = _BOOTY.search(line.symbols, 0, at)
    return taken is not None and any(entry.fight for entry in line.entries[: taken.start()])


def _is_doing(word: str) -> bool:
    return word in _DOINGS


def nth_day(line: Line, at: int) -> int:
    """`for a third day`, `on the second day of`: how many days before this one it began.

    `at` is the day it is counted from, -1 for none; "the second day after X attacked on Tuesday" counts nothing.
    """
    if "O" not in line.symbols:
        return 0
    for index, mention in enumerate(line.mentions):
        if mention is None or mention.form != "ordinal" or mention.best is None or not 1 < mention.best <= 15:
            continue
        between = line.words[index + 1 : at] if at > index else []
        behind = line.words[index + 1 : index + 3]
        if any(word in _DAY_WORDS for word in behind) and not _AFTER & set(between):
            return mention.best - 1
    return 0


_ENDING = re.compile(r"\A(?:end|stop|cease|halt|silent|subsid|abat)")


def _lasted(line: Line) -> int:
    """`four days of fighting ended on Tuesday`: how many days before the last it began."""
    for index, mention in enumerate(line.mentions):
        if mention is None or mention.form != "days":
            continue
        behind = slice(index + 1, index + 1 + _REACH)
        if any(e.fight for e in line.entries[behind]) and any(_ENDING.match(word) for word in line.words):
            return int(mention.ref.partition(":")[2]) - 1
    return 0
