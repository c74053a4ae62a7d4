"""Words and digits that make up numbers and dates, found in one pass; numbers.py and dates.py put them together."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import ahocorasick_rs
from pydantic import BaseModel, ConfigDict, Field

from services.tagger.fold import squeeze
from shared.datafile import Word, load_words

DATA = Path(__file__).parent / "data"

# It begins with a digit, and looks back behind it: so the scan leaps from digit to digit.
_DIGITS = re.compile(
    r"\d(?:(?<![\w.]\d)\d{0,2}(?:,\d{3})+(?!\d)|(?<![\w.,]\d)\d{0,8}(?:\.\d{1,9})?(?:st|nd|rd|th)?(?!\w)"
    r"|(?<=[-/]\d)\d{0,3}(?!\w))"
)


Amount = Annotated[int, Field(ge=0)]
Shift = Annotated[int, Field(ge=-7, le=0)]  # days


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Bounds(_Strict):
    """What the words before a figure do to it."""

    least: list[Word]
    most: list[Word]
    about: list[Word]


class Numbers(_Strict):
    """numbers.yml as written. A vague word has only the least it can mean."""

    unit: dict[Word, Amount]
    ten: dict[Word, Amount]
    scale: dict[Word, Amount]
    whole: dict[Word, Amount]
    vague: dict[Word, Amount]
    ordinal: dict[Word, Amount]
    bound: Bounds
    things: list[Word]
    labels: list[Word]


class Dates(_Strict):
    """dates.yml as written."""

    month: dict[Word, Annotated[int, Field(ge=1, le=12)]]
    weekday: dict[Word, Annotated[int, Field(ge=0, le=6)]]
    day: dict[Word, Shift]
    overnight: dict[Word, Shift]
    weekend: dict[Word, Shift]
    earlier: dict[Word, Shift]
    after: dict[Word, Shift]
    holiday: dict[Word, Annotated[str, Field(pattern=r"\d\d-\d\d")]]
    year_before: list[Word]
    year_not: list[Word]


_AMOUNTS = ("unit", "ten", "scale", "whole", "vague", "ordinal")
RELATIVE = ("weekday", "day", "overnight", "weekend", "earlier", "after")
_DAYS = ("month", *RELATIVE, "holiday")


class Lexeme(NamedTuple):
    """`kind` is a key of the lexicons or `digits`; `value` is what the lexicon gives, or the figure."""

    start: int
    end: int
    kind: str
    value: Any


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The word lists of numbers.yml and dates.yml; `entries[i]` belongs to pattern i of the automaton."""

    entries: list[tuple[str, Any]]
    automaton: ahocorasick_rs.AhoCorasick
    things: frozenset[str]
    labels: frozenset[str]
    year_before: frozenset[str]
    year_not: frozenset[str]


def read_numbers(path: Path) -> Numbers:
    """The words for amounts. Raises DataFileError."""
    return load_words(path, Numbers, [(*_AMOUNTS, "bound")])


def read_dates(path: Path) -> Dates:
    """The words for days. Raises DataFileError."""
    return load_words(path, Dates, [_DAYS])


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Reads the lexicons once a process. Raises DataFileError."""
    numbers, dates = read_numbers(DATA / "numbers.yml"), read_dates(DATA / "dates.yml")
    words: dict[str, tuple[str, Any]] = {}
    for part, kinds in ((numbers, _AMOUNTS), (dates, _DAYS)):
        for kind in kinds:
            words |= {squeeze(word): (kind, value) for word, value in getattr(part, kind).items()}
    for effect, phrases in numbers.bound:
        words |= {squeeze(phrase): ("bound", effect) for phrase in phrases}
    automaton = ahocorasick_rs.AhoCorasick(
        [" " + word for word in words], matchkind=ahocorasick_rs.MatchKind.LeftmostLongest
    )
    return Lexicon(
        entries=list(words.values()),
        automaton=automaton,
        things=frozenset(numbers.things),
        labels=frozenset(numbers.labels),
        year_before=frozenset(dates.year_before),
        year_not=frozenset(dates.year_not),
    )


def lexemes(text: str, folded: str) -> list[Lexeme]:
    """All lexemes in order. `folded` is fold(text) behind one space: its offsets are one higher."""
    known = lexicon()
    found = [
        Lexeme(start, end - 1, *known.entries[pattern])
        for pattern, start, end in known.automaton.find_matches_as_indexes(folded)
        if end == len(folded) or folded[end] == " "
    ]
    found += [Lexeme(m.start(), m.end(), "digits", m.group()) for m in _DIGITS.finditer(text)]
    found.sort(key=lambda lexeme: lexeme.start)
    return found


def word_before(folded: str, start: int) -> str:
    """The folded word that ends before text offset `start` (one space apart at most three characters)."""
    head = folded[max(0, start - 24) : start + 1].rstrip()
    return head[head.rfind(" ") + 1 :]


def word_after(folded: str, end: int) -> str:
    """The folded word that begins at or after text offset `end`."""
    tail = folded[end + 1 : end + 28].split(None, 1)
    return tail[0] if tail else ""
