"""Which sentences look back: at other wars, at earlier fights, at what happens all the time."""

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise

from services.detector.lines import Line
from services.detector.words import words
from shared.schemas.article_tagged import Mention

_SUPERLATIVES = words("past.superlatives")
_OLD_WARS = words("past.old_wars")
_SPANS = words("past.spans")
_SHORT = words("past.short")
_LASTING = words("past.lasting")
_BEGUN = words("past.begun")
_CAMPAIGNS = words("past.campaigns")
_CEREMONIES = words("past.ceremonies")
_TRUCES = words("past.truces")
_TIMES = words("past.ceremonies") | {"since", "year"}
_LOSS = re.compile("v?[xr]?[KkQLW]")
_ASIDE = re.compile(r"\A[^,.;]{1,12}(,[^,.;]{3,30},)")
_RELATIVES = words("past.relatives")
_COUNTED_IN = words("past.counted_in")
_CAME = frozenset(("came", "comes", "coming"))
_OTHER_FIGHT = frozenset(("another", "similar"))
_LATER = (["on"], ["later"], ["ago"])
_YESTERDAY = "day:-1"
_DAYS_AGO = 3
_OCCASION = 14  # items between "anniversary" and what it is of
_VERB = 4  # items from the aside to the verb
_WEEK = 7
_OLD_DAYS = 10  # what lies farther behind the day of publication is an earlier event's ...
_LEAD_DAYS = 180  # ... but what an article begins with may be its late news


def looks_back(line: Line, today: date | None, lead: bool = False) -> bool:
    """Whether the sentence is about the past: an earlier date or a cue, and no recent day. `today` is the day of
    publication, where it is known. In the lead "in recent weeks" and "almost daily" tell of the news itself."""
    if line.role != "title" and not _may_look_back(line):
        return False
    if commemorates(line):
        return True
    if line.role == "title":
        return _is_of_an_old_war(line, today)
    if _sums_up(line, today):
        return True
    if _tells_of_the_day_before(line) and not lead:
        return True
    if is_fresh(line, today):
        return False
    aside = _aside(line)
    cues = [at for at in _cues(line) if at not in aside and not (lead and line.words[at] in _LASTING)]
    old = _LEAD_DAYS if lead else _OLD_DAYS
    dates = (day for at, day in line.dates if at not in aside and not _is_of_birth(line, at))
    if any(_is_of_last_year(line, at, day) for at, day in line.dates):
        return True
    return (bool(cues) or any(is_old(day, today, old) for day in dates)) and not compares(line, today)


def _aside(line: Line) -> range:
    """Items of `the rebels, who have held the town since May, stormed a post`: what is told is behind the aside."""
    aside = _ASIDE.search(line.symbols)
    if aside is None or line.words[aside.start(1) + 1] not in _RELATIVES:
        return range(0)
    told = any(entry.fight for entry in line.entries[aside.end() : aside.end() + _VERB])
    return range(aside.start(1), aside.end()) if told else range(0)


def _is_of_last_year(line: Line, at: int, day: Mention) -> bool:
    """`Last June, 20 soldiers were killed`, whatever month it is."""
    return day.form == "month" and line.words[at - 1 : at] == ["last"]


def _is_of_birth(line: Line, at: int) -> bool:
    """`one soldier, born in 1998, died`."""
    return "born" in line.words[max(0, at - 2) : at]


def _may_look_back(line: Line) -> bool:
    """Whether the sentence has anything that tells of a time: most have nothing and need no further look."""
    if line.dates or not _TIMES.isdisjoint(line.words):
        return True
    return "past" in line.tells


def commemorates(line: Line) -> bool:
    """`marked the 50th anniversary of a five-day battle`: the day named is that of the ceremony; so is what a headline
    looks back on ("Fifty years on, ...")."""
    if line.role == "title" and line.words[0].endswith("years") and line.words[1:2] in _LATER:
        return True
    for at in line.marked:
        if line.words[at] in _CEREMONIES:
            behind = range(at + 1, min(len(line), at + _OCCASION))
            return any(line.entries[i].fight or line.words[i] in _CAMPAIGNS for i in behind)
    return False


def counts_on(line: Line) -> bool:
    """`a second bombing in as many days`, `for the third time this month`: the fights before this one are others."""
    for at, number in line.named:
        fights = any(entry.fight for entry in line.entries[at + 1 : at + 3]) or line.words[at + 1 : at + 2] == ["time"]
        if number.form == "ordinal" and fights:
            return not _COUNTED_IN.isdisjoint(line.words[at + 2 : at + 8])
    return False


def comes_after_another(line: Line) -> bool:
    """`the raid came one day after bombings in another region`, `comes a day after a similar attack`."""
    after = next((at for at, day in line.dates if day.form == "after"), 0)
    if not after:
        return False
    came = not _CAME.isdisjoint(line.words[max(0, after - 2) : after])
    told = any(entry.fight for entry in line.entries[after : after + _OCCASION])
    return came and told and not _OTHER_FIGHT.isdisjoint(line.words[after : after + _OCCASION])


def is_of_an_earlier_day(line: Line, lead: Iterable[Line], today: date | None) -> bool:
    """Whether the only days named are yesterday, weekdays that the lead does not name, or a calendar day before."""
    told = {day.ref for one in lead for _, day in one.dates}
    if any(day.form == "day" and day.ref not in told and is_old(day, today, _DAYS_AGO) for _, day in line.dates):
        return True
    days = {day.ref for _, day in line.dates if day.ref == _YESTERDAY or day.form == "weekday"}
    return (
        bool(days) and told.isdisjoint(days) and (_YESTERDAY in days or any(ref.startswith("weekday") for ref in told))
    )


def _tells_of_the_day_before(line: Line) -> bool:
    """`One day earlier three soldiers had lost their lives there`: the fight before this one."""
    first = line.dates[:1]
    if first and first[0][0] == 1 and line.words[0] == "before" and first[0][1].form == "weekday":
        return True  # "Before Friday, Peru had reported 27 dead"
    return bool(first) and first[0][0] <= 1 and first[0][1].form == "earlier" and "had" in line.words


def _is_of_an_old_war(line: Line, today: date | None) -> bool:
    """`remains of soldiers killed in 1980s war`: a title is today's news unless its war is of another year."""
    years = [at for at, day in line.dates if day.form in ("year", "month") and is_old(day, today)]
    return any(line.words[at + 1 : at + 2] == ["war"] for at in years) or not _OLD_WARS.isdisjoint(line.words)


def is_fresh(line: Line, today: date | None) -> bool:
    """Whether a recent day is named; behind "last year" or "in 2006" a calendar day is one of that year."""
    if "this" in line.words and ("this", "time") in pairwise(line.words):
        return True
    back = next(iter(_cues(line)), len(line))
    for at, day in line.dates:
        if is_old(day, today):
            back = min(back, at)
        elif (day.form in ("weekday", "overnight") and not is_repeated(line, at)) or (day.form == "day" and at < back):
            return True
    return False


def is_repeated(line: Line, at: int) -> bool:
    """`meets a colleague on Thursdays`: no day in particular."""
    return line.words[at].lower().endswith("days")


def compares(line: Line, today: date | None = None) -> bool:
    """`the deadliest fighting since a 2020 war`: the past is only what the present is measured by."""
    if "since" not in line.words[1:]:
        return False
    since = line.words.index("since", 1)
    if any(at < since and is_old(day, today) for at, day in line.dates):
        return False
    return any(word in _SUPERLATIVES for word in line.words[max(0, since - 12) : since])


def _sums_up(line: Line, today: date | None) -> bool:
    """`86 had been killed since the offensive was launched on October 9`: the toll of a campaign, not of a fight."""
    if _is_toll_of_the_year(line):
        return True
    if "since" not in line.words:
        return False
    since = line.words.index("since")
    if not _TRUCES.isdisjoint(line.words[since : since + 5]) and _is_perfect(line, since):
        return True
    begun = [at for at in range(since, min(len(line), since + 8)) if line.words[at] in _BEGUN]
    campaign = _CAMPAIGNS.intersection(line.words[since : since + 12])
    days = [day for at, day in line.dates if since < at <= since + 14]
    return bool(begun and campaign) and any(_is_behind(day, today) for day in days)


def _is_toll_of_the_year(line: Line) -> bool:
    """`46 soldiers have died in border fighting this year`."""
    if "year" not in line.words:
        return False
    year = line.words.index("year")
    return line.words[year - 1] == "this" and _is_perfect(line, year) and not compares(line)


def _is_perfect(line: Line, end: int) -> bool:
    """Whether somebody `has killed`, `have been killed` or `have died` before item `end`."""
    return any(line.words[at] in ("has", "have") and _LOSS.match(line.symbols, at + 1) for at in range(end))


def _is_behind(day: Mention, today: date | None) -> bool:
    """A calendar day a week or more ago, or one of which that is not known."""
    last = _last_day(day.ref, today or date.max)
    return last is not None and (today is None or (today - last).days > _WEEK)


def _cues(line: Line) -> Iterator[int]:
    """Items that say "long ago"; `in the past two hours` does not."""
    for at in line.marked:
        if line.entries[at].past and not (
            line.words[at] in _SPANS and _SHORT.intersection(line.words[at + 1 : at + 4])
        ):
            yield at


def is_old(mention: Mention, today: date | None, days: int = _OLD_DAYS) -> bool:
    """Whether a year, a month or a day ended more than `days` before `today`; a bare year or month without one."""
    year = mention.ref[:4]
    if today is None:
        return year.isdigit() and mention.form in ("year", "month")
    last = _last_day(mention.ref, today)
    return last is not None and (today - last).days > days


def _last_day(edtf: str, today: date) -> date | None:
    """The last day of a year, a month or a day; without a year the one nearest to `today`, or earlier."""
    year, month, day = edtf[:4], edtf[5:7], edtf[8:10]
    if not year.isdigit() and (year != "XXXX" or not month.isdigit()):
        return None
    if not month.isdigit():
        return date(int(year), 12, 31)
    number = int(year) if year.isdigit() else _year_of(int(month), today)
    days = monthrange(number, int(month))[1]
    return date(number, int(month), min(int(day), days) if day.isdigit() else days)


def _year_of(month: int, today: date) -> int:
    """Next month may be meant; what lies farther ahead was last year."""
    return today.year if month <= today.month + 1 else today.year - 1
