"""Cuts a paragraph into sentences. One pass over the stops of the text, so linear on any input."""

import re
from functools import cache

from services.normalizer.words import Lists, Words, read_lists

MAX_CHARS = 5000  # a longer "sentence" is a table or an attack; it is cut at a space
_STOP = re.compile(r"[.!?…。！？։؟।۔]++[\"”’'»)\]]*+")
_LAST_WORD = 24  # longest abbreviation looked for, in characters
_NEXT_WORD = re.compile(r"[\"'“‘«(\[„]{0,3}([A-Za-z]{1,12})")
_JOINED = re.compile(r"[\"“‘«(\[„]?(?!(?:Com|Org|Net|Info|Ru|Az|Am)\b)[A-Z](?:[a-z]{0,30})(?=[\s,;:’'\"”]|$)")
_ALWAYS = frozenset("。！？।۔")


def split(paragraph: str) -> list[tuple[int, int]]:
    """Half-open ranges in order, without the white space between them; together they hold every word."""
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _STOP.finditer(paragraph):
        end = _end_of(paragraph, match.start(), match.end())
        if end:
            _add(paragraph, start, end, spans)
            start = end
    _add(paragraph, start, len(paragraph), spans)
    return spans


def _end_of(text: str, stop: int, end: int) -> int:
    """Where the sentence ends that the stop at `stop` (its closing quotes end at `end`) ends, or 0."""
    if end == len(text):
        return 0
    if not text[end].isspace():
        return _end_without_space(text, stop, end)
    after = text[end + 1 : end + 2]
    if after.islower() or after in "-–—,;:":
        return 0
    if text[stop] == "." and end == stop + 1 and _is_abbreviation(text, stop):
        return 0
    return end


def _end_without_space(text: str, stop: int, end: int) -> int:
    """`border.The ministry`: a lower-case word or a closing quote before, a capitalised word after."""
    if text[stop] in _ALWAYS:
        return end
    if text[end - 1] in "\"'" and end - 1 > stop:
        end -= 1
    before = text[max(0, stop - 2) : stop]
    closed = end > stop + 1
    if not (closed or (len(before) == 2 and (before.islower() or before.isdigit()))):
        return 0
    if not _JOINED.match(text, end) or _is_address(text, stop):
        return 0
    return 0 if _is_abbreviation(text, stop) else end


def _is_address(text: str, stop: int) -> bool:
    word = text[max(0, stop - 60) : stop].rpartition(" ")[2]
    return "/" in word or "@" in word or word.startswith("www")


def _is_abbreviation(text: str, stop: int) -> bool:
    """Whether the full stop at `stop` belongs to the word before it and does not end a sentence, too."""
    tail = text[max(0, stop - _LAST_WORD) : stop]
    word = tail[max(tail.rfind(" "), tail.rfind("("), tail.rfind("-")) + 1 :].lstrip("\"'“‘[")
    if not word or len(word) > 12:
        return False
    titles, numbers, either, starters = _abbreviations()
    low = word.lower()
    if low in titles:
        return True
    following = text[stop + 1 : stop + 3].strip()
    if low in numbers and following[:1].isdigit():
        return True
    if low in either or _is_initials(word):
        following_word = _NEXT_WORD.match(text, stop + 2)
        return not (following_word and following_word[1] in starters)
    return False


def _is_initials(word: str) -> bool:
    """`J`, `J.K`, `U.S.S`: single capital letters with stops between."""
    return len(word) % 2 == 1 and word[::2].isupper() and word[::2].isalpha() and set(word[1::2]) <= {"."}


def _add(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> None:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    while end - start > MAX_CHARS:
        cut = text.rfind(" ", start + MAX_CHARS // 2, start + MAX_CHARS)
        cut = cut if cut > 0 else start + MAX_CHARS
        spans.append((start, cut))
        start = cut + (text[cut] == " ")
    if start < end:
        spans.append((start, end))


class Abbreviations(Lists):
    """abbreviations.yml as written."""

    titles: Words
    numbers: Words
    either: Words
    starters: Words


@cache
def _abbreviations() -> tuple[frozenset[str], ...]:
    found = read_lists("abbreviations.yml", Abbreviations)
    return tuple(map(frozenset, (found.titles, found.numbers, found.either, found.starters)))
