"""Words and digits that make up numbers and dates, found in one pass; numbers.py and dates.py put them together."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import ahocorasick_rs
import yaml

from services.tagger.fold import squeeze

DATA = Path(__file__).parent / "data"

_DIGITS = re.compile(
    r"(?<![\w.])\d{1,3}(?:,\d{3})+(?!\d)|(?<![\w.,])\d{1,9}(?:\.\d{1,9})?(?:st|nd|rd|th)?(?!\w)|(?<=[-/])\d{1,4}(?!\w)"
)


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


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Reads the lexicons once a process."""
    numbers = yaml.safe_load((DATA / "numbers.yml").read_text(encoding="utf-8"))
    dates = yaml.safe_load((DATA / "dates.yml").read_text(encoding="utf-8"))
    words: dict[str, tuple[str, Any]] = {}
    for kind in ("unit", "ten", "scale", "whole", "vague", "ordinal"):
        words |= {squeeze(word): (kind, value) for word, value in numbers[kind].items()}
    for effect, phrases in numbers["bound"].items():
        words |= {squeeze(phrase): ("bound", effect) for phrase in phrases}
    for kind in ("month", "weekday", "day", "overnight"):
        words |= {squeeze(word): (kind, value) for word, value in dates[kind].items()}
    automaton = ahocorasick_rs.AhoCorasick(
        [" " + word for word in words], matchkind=ahocorasick_rs.MatchKind.LeftmostLongest
    )
    return Lexicon(
        entries=list(words.values()),
        automaton=automaton,
        things=frozenset(map(str, numbers["things"])),
        labels=frozenset(map(str, numbers["labels"])),
        year_before=frozenset(dates["year_before"]),
        year_not=frozenset(dates["year_not"]),
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
