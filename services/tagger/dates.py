"""Date mentions: calendar days and months as EDTF, weekdays, days counted from the day of publication, years."""

import re
from bisect import bisect_left
from collections.abc import Sequence

from services.tagger.lexemes import RELATIVE, Lexeme, Lexicon, word_after, word_before
from shared.schemas.article_tagged import Mention
from shared.schemas.edtf import is_valid

# 2020-05-16, 2020/05/16, 16.05.2020; 05/06/2020 is one day in London and another in New York.
_FIGURES = re.compile(
    r"(?<![\w./-])(?:(?P<year>\d{4})(?P<mark>[-/])(?P<month>\d{2})(?P=mark)(?P<day>\d{2})"
    r"|(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4}))(?![\w-])"
)
_MAYBE_FIGURES = re.compile(r"\d[./-]\d\d[./-]\d")  # cheaper to look for
_DAY_GAP = re.compile(r"(?: of|,)? ?\Z")
_AND_GAP = re.compile(r" ?(?:-|–|to|and|,|/) ?\Z", re.IGNORECASE)
_THE_DAY = re.compile(
    r"(?:\b(?:on|of|by|since|until|till)|day,?) the \Z", re.IGNORECASE
)  # "on the 12th", "Sunday the 12th"
_CLAUSE_END = re.compile(r"\Z|[.,;:)]")
_YEARS = re.compile(r"\d{4}(?:-|–|/)\d{2}(?:\d{2})?(?![\w-])")
_COUNTED = re.compile(r" (?:day|night)s?(?: (?P<from>ago|earlier|previously)\b|(?= of (?!\d)))")
_KINDS = {"ago": "day", "earlier": "earlier", "previously": "earlier", None: "days"}
_MONTH_DAY = re.compile(r"(?:\d{4}|XXXX)-\d\d-")
_NEAR = 400  # characters
_LONGEST = 14  # days counted back
_MODAL = ("may", "march", "mar", "dec", "sep")
_IN_MONTH = re.compile(r"\b(?:in|since|during|last|late|early|mid|until|till|of|this|next)[ -]\Z", re.IGNORECASE)


def find_dates(lexemes: Sequence[Lexeme], text: str, folded: str, known: Lexicon) -> tuple[list[Mention], set[int]]:
    """The mentions, and the starts of the lexemes they used up."""
    in_figures = _FIGURES.finditer(text) if _MAYBE_FIGURES.search(text) else ()
    mentions = [mention for match in in_figures if (mention := _in_figures(match))]
    starts = [lexeme.start for lexeme in lexemes]
    used: set[int] = set()
    for mention in mentions:
        used.update(_inside(mention, starts))
    for index, lexeme in enumerate(lexemes):
        if lexeme.start in used:
            continue
        found = _at(lexemes, index, text, folded, used, known)
        if found:
            mentions.append(found)
            used.update(_inside(found, starts))
    return _in_their_months(sorted(mentions, key=lambda mention: mention.start), text), used


def _at(
    lexemes: Sequence[Lexeme], index: int, text: str, folded: str, used: set[int], known: Lexicon
) -> Mention | None:
    """The date the lexeme begins, or is the month of."""
    lexeme = lexemes[index]
    if lexeme.kind == "month":
        return _around_month(lexemes, index, text, used)
    if lexeme.kind == "holiday":
        return _mention(lexeme.start, lexeme.end, f"XXXX-{lexeme.value}", "day")
    if lexeme.kind in RELATIVE:
        return _mention(lexeme.start, lexeme.end, f"{lexeme.kind}:{lexeme.value}", lexeme.kind)
    if lexeme.kind == "digits":
        return _year(lexeme, text, folded, known) or _bare_day(lexemes, index, text) or _counted(lexeme, text)
    if lexeme.kind == "ordinal":
        return _bare_day(lexemes, index, text)
    return _counted(lexeme, text) if lexeme.kind == "unit" else None


def _in_their_months(mentions: Sequence[Mention], text: str) -> list[Mention]:
    """`The 2nd of March ...; on the 15th`: a day without a month is of the one named shortly before it."""
    found: list[Mention] = []
    for mention in mentions:
        last = next((m for m in reversed(found[-3:]) if m.form == "day" and _MONTH_DAY.match(m.ref)), None)
        near = last is not None and "\n" not in text[last.end : mention.start] and mention.start - last.end < _NEAR
        if near and last is not None and mention.ref.startswith("XXXX-XX-"):
            ref = last.ref[:8] + mention.ref[8:10]
            mention = mention.model_copy(update={"ref": ref}) if is_valid(ref) else mention
        found.append(mention)
    return found


def _in_figures(match: re.Match[str]) -> Mention | None:
    year, month, day = match.group("year", "month", "day") if match["year"] else match.group("y", "m", "d")
    ref = f"{year}-{int(month):02d}-{int(day):02d}"
    return _mention(match.start(), match.end(), ref, "day") if is_valid(ref) else None


def _is_named(month: str, before: str) -> bool:
    """Whether a month alone is one: `in May`; not `May I`, `March on`."""
    return month.lower() not in _MODAL or bool(_IN_MONTH.search(before))


def _inside(mention: Mention, starts: Sequence[int]) -> Sequence[int]:
    """The starts of the lexemes in the mention."""
    return starts[bisect_left(starts, mention.start) : bisect_left(starts, mention.end)]


def _mention(start: int, end: int, ref: str, form: str) -> Mention:
    return Mention(kind="date", start=start, end=end, ref=ref, form=form)


def _around_month(lexemes: Sequence[Lexeme], index: int, text: str, used: set[int]) -> Mention | None:
    """`12 July 2020`, `July 12`, `July 12-13, 2020`, `12 and 13 July`, `July 2020`, `July`."""
    month = lexemes[index]
    start, end = month.start, month.end
    days = _days_before(lexemes, index, text, used)
    if days:
        start = days[0].start
    else:
        days = _days_after(lexemes, index, text)
        end = days[-1].end if days else end
    after = index + 1 + (len(days) if days and days[0].start > month.start else 0)
    year = _year_after(lexemes, after, end, text)
    end = year.end if year else end
    word = text[month.start : month.end]
    if not days and not year and not (word[0].isupper() and _is_named(word, text[max(0, start - 8) : start])):
        return None
    form = "day" if days else "month"
    years = year.value if year else "XXXX"
    whole = f"{years}-{month.value:02d}"
    parts = [f"{whole}-{_number(day):02d}" for day in days] or [whole]
    ref = "/".join(dict.fromkeys((parts[0], parts[-1])))
    return _mention(start, end, ref, form) if is_valid(ref) else None


def _number(lexeme: Lexeme) -> int:
    return int("".join(filter(str.isdigit, str(lexeme.value))))


def _is_day(lexeme: Lexeme) -> bool:
    if lexeme.kind == "ordinal":
        return True
    return (
        lexeme.kind == "digits" and "." not in lexeme.value and "," not in lexeme.value and 1 <= _number(lexeme) <= 31
    )


def _days_before(lexemes: Sequence[Lexeme], index: int, text: str, used: set[int]) -> list[Lexeme]:
    month = lexemes[index]
    days: list[Lexeme] = []
    right = month
    for other in reversed(lexemes[max(0, index - 2) : index]):
        gap = text[other.end : right.start]
        fits = gap == " of " if other.kind == "ordinal" else (_AND_GAP if days else _DAY_GAP).match(gap)
        if not (_is_day(other) and fits and other.start not in used and len(gap) < 6):
            break
        days.insert(0, other)
        right = other
    return days


def _days_after(lexemes: Sequence[Lexeme], index: int, text: str) -> list[Lexeme]:
    days: list[Lexeme] = []
    left = lexemes[index]
    for other in lexemes[index + 1 : index + 3]:
        gap = text[left.end : other.start]
        fits = _AND_GAP.match(gap) if days else gap in (" ", ". ", " the ", ".")
        fits = fits and (other.kind == "digits" or gap == " the ")
        if not (_is_day(other) and fits):
            break
        days.append(other)
        left = other
    return days


def _year_after(lexemes: Sequence[Lexeme], index: int, end: int, text: str) -> Lexeme | None:
    if index >= len(lexemes):
        return None
    other = lexemes[index]
    close = text[end : other.start] in (" ", ", ", ",", " of ")
    return other if close and other.kind == "digits" and _is_year(other.value) else None


def _is_year(figure: str) -> bool:
    return len(figure) == 4 and figure.isdigit() and 1800 <= int(figure) <= 2100


def _year(lexeme: Lexeme, text: str, folded: str, known: Lexicon) -> Mention | None:
    before = word_before(folded, lexeme.start)
    counts = word_after(folded, lexeme.end) in known.year_not and before not in ("in", "since", "during")
    if not _is_year(lexeme.value) or counts:
        return None
    bracketed = text[max(0, lexeme.start - 1) : lexeme.start] in ("(", "-", "–", "/") or text[
        lexeme.end : lexeme.end + 1
    ] in ("-", "–", ")", "/")
    if before in known.year_before or bracketed or before.isdigit():
        span = _YEARS.match(text, lexeme.start)
        return _mention(lexeme.start, span.end() if span else lexeme.end, lexeme.value, "year")
    return None


def _bare_day(lexemes: Sequence[Lexeme], index: int, text: str) -> Mention | None:
    """`on the 12th`: a day of a month the text does not name."""
    lexeme, following = lexemes[index], lexemes[index + 1 : index + 2]
    if following and following[0].kind == "month" and _DAY_GAP.match(text[lexeme.end : following[0].start]):
        return None
    told = _THE_DAY.search(text, max(0, lexeme.start - 10), lexeme.start)
    is_word = lexeme.kind == "ordinal" and _CLAUSE_END.match(text, lexeme.end)  # not "on the third floor"
    if told and (is_word or (lexeme.kind == "digits" and lexeme.value[-1:].isalpha() and _is_day(lexeme))):
        return _mention(lexeme.start, lexeme.end, f"XXXX-XX-{_number(lexeme):02d}", "day")
    return None


def _counted(lexeme: Lexeme, text: str) -> Mention | None:
    """`three days ago`, `two days earlier`, `four days of`: back from publication, from a day named, to a beginning."""
    match = _COUNTED.match(text, lexeme.end)
    count = str(lexeme.value)
    if match is None or not count.isdigit() or not 1 <= int(count) <= _LONGEST:
        return None
    kind = _KINDS[match["from"]]
    shift = int(count) if kind == "days" else -int(count)
    return _mention(lexeme.start, match.end(), f"{kind}:{shift}", kind)
