"""Takes page furniture, captions, credits and bylines out of a text and keeps them.

The rules are rows of data/boilerplate.yml.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated

from ahocorasick_rs import AhoCorasick, MatchKind
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

from services.normalizer.words import DATA, read_words
from shared.datafile import Word, load_yaml
from shared.schemas.article_normalized import SetAside, SetAsideKind

LINE_CHARS = 600  # a longer line is prose; only `glued` and `anywhere` look into it
_HEADLINE_WORDS = 24
_UNBOUNDED = re.compile(r"(?<!\\)[*+]|\{\d+,\}")
_CHUNK = 1 << 16  # characters searched at a time: bounds the list of hits
_OVERLAP = 64  # no word of a rule is longer
_FACTS = frozenset({"published", "updated", "source", "byline"})
_CLOSED = frozenset(".!?…\"'”’)]")
_DATE = (
    r"(?:(?:Mon|Tue|Tues|Wed|Wednes|Thu|Thur|Thurs|Fri|Sat|Satur|Sun)(?:day)?\.?,? )?(?:"
    r"\d{1,2}(?:st|nd|rd|th)?[ -][a-z]{3,9}\.?,?[ -][12]\d{3}"
    r"|[a-z]{3,9}\.? \d{1,2}(?:st|nd|rd|th)?,? [12]\d{3}"
    r"|[12]\d{3}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./][12]\d{3})"
)
_NAME = (
    r"(?:[A-Z][\w.'’-]{0,24}|al-[A-Z]\w{0,20}|de|van|von|bin|el|of)"
    r"(?: (?:[A-Z][\w.'’-]{0,24}|de|van|von|bin|al|el|der)){1,4}"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of boilerplate.yml, which says what the fields mean."""

    name: str
    kind: SetAsideKind
    has: tuple[str, ...]
    line: re.Pattern[str] | None
    glued: re.Pattern[str] | None
    anywhere: re.Pattern[str] | None
    first: int
    top: int
    chars: int
    headlines_after: bool


@dataclass(slots=True)
class Sifted:
    """`kept` are the lines that stay, empty ones included; `facts` what the others said, by name."""

    kept: list[str] = field(default_factory=list)
    aside: list[SetAside] = field(default_factory=list)
    facts: dict[str, list[str]] = field(default_factory=dict)

    def put_aside(self, kind: SetAsideKind, text: str, match: re.Match[str] | None = None) -> None:
        """Keeps the text outside the article, with what it says about it."""
        self.aside.append(SetAside(kind=kind, text=text))
        for name, value in match.groupdict().items() if match else ():
            if value:
                self.facts.setdefault(name, []).append(value.strip())


def sift(lines: Iterable[str]) -> Sifted:
    """Tells the article's own lines from the rest. The time is linear in the text."""
    sieve = _Sieve()
    for line in lines:
        sieve.take(line)
    return sieve.sifted


class _Sieve:
    """What was sifted so far, and whether headlines of other articles are being skipped."""

    def __init__(self) -> None:
        self.sifted = Sifted()
        self.skips_headlines = False
        self.position = 0

    def take(self, line: str) -> None:
        if not line:
            self.sifted.kept.append(line)
            return
        self.position += 1
        rules = _present_rules(line)
        if self._take_line(line, rules) or self._take_headline(line):
            return
        self.skips_headlines = False
        for rule in rules:
            if rule.glued or rule.anywhere:
                line = self._without_pieces(rule, line)
        if line:
            self.sifted.kept.append(line)

    def _take_line(self, line: str, rules: list[Rule]) -> bool:
        for rule in rules:
            if rule.line is None or len(line) > rule.chars or not rule.first <= self.position <= rule.top:
                continue
            match = rule.line.fullmatch(line)
            if match:
                self.skips_headlines |= rule.headlines_after
                self.sifted.put_aside(rule.kind, line, match)
                return True
        return False

    def _take_headline(self, line: str) -> bool:
        """Links to other articles under "Related Articles": short lines without a full stop."""
        if not self.skips_headlines or line[-1] in _CLOSED or len(line.split()) > _HEADLINE_WORDS:
            return False
        self.sifted.put_aside("boilerplate", line)
        return True

    def _without_pieces(self, rule: Rule, line: str) -> str:
        parts: list[str] = []
        start = 0
        pattern = rule.anywhere or rule.glued
        assert pattern is not None
        for match in pattern.finditer(line):
            if rule.anywhere or _stands_alone(line, match.start(), match.end(), match.start() == start):
                parts.append(line[start : match.start()].strip())
                self.sifted.put_aside(rule.kind, match[0].strip(), match)
                start = match.end()
        parts.append(line[start:].strip())
        return " ".join(part for part in parts if part)


def _stands_alone(line: str, start: int, end: int, follows_another: bool) -> bool:
    """A sentence of its own: after an end of sentence, and before a capital letter or the end of the line."""
    before, after = line[max(0, start - 3) : start].rstrip(), line[end : end + 3].lstrip(" *»>|")
    opens = follows_another or not before or before[-1] in _CLOSED
    return opens and (not after or after[0].isupper() or after[0] in '"“‘©')


def _present_rules(line: str) -> list[Rule]:
    """Those with a word in the line, in their order."""
    rules, finder, owners = _rules()
    low = line.lower()
    words = {
        hit[0]
        for start in range(0, len(low), _CHUNK)
        for hit in finder.find_matches_as_indexes(low[start : start + _CHUNK + _OVERLAP], overlapping=True)
    }
    if not words:
        return []
    return [rules[at] for at in sorted({at for word in words for at in owners[word]})]


@cache
def _rules() -> tuple[list[Rule], AhoCorasick, list[tuple[int, ...]]]:
    """The rules, a finder of all their words, and for each word of the finder the rules that have it."""
    rules = load_rules(DATA / "boilerplate.yml")
    words = sorted({word for rule in rules for word in rule.has})
    owners = [tuple(at for at, rule in enumerate(rules) if word in rule.has) for word in words]
    # Overlapping words must all be found: "read" in "already read more".
    return rules, AhoCorasick(words, matchkind=MatchKind.Standard), owners


_Part = Annotated[str, Field(min_length=1, max_length=_OVERLAP - 1)]
_Written = Annotated[str, Field(min_length=1)]


class _Row(BaseModel):
    """One rule as boilerplate.yml has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: SetAsideKind
    has: Annotated[tuple[_Part, ...], Field(min_length=1)]
    line: _Written | None = None
    glued: _Written | None = None
    anywhere: _Written | None = None
    exact: bool = False
    first: PositiveInt = 1
    top: PositiveInt = 1 << 60
    chars: PositiveInt = LINE_CHARS
    headlines_after: bool = False

    def pattern(self, written: str | None) -> re.Pattern[str] | None:
        """Compiled. Raises ValueError."""
        return _pattern(written, 0 if self.exact else re.IGNORECASE) if written else None

    @model_validator(mode="after")
    def _makes_sense(self) -> "_Row":
        if any(word != word.lower() for word in self.has):
            raise ValueError("'has' must be words in lower case, one of which every match contains")
        if not (self.line or self.glued or self.anywhere) or (self.glued and self.anywhere):
            raise ValueError("needs 'line', 'glued' or 'anywhere', and not the last two at once")
        for written in (self.line, self.glued, self.anywhere):
            self.pattern(written)
        return self


_Rows = Annotated[dict[Word, _Row], Field(min_length=1)]


def load_rules(path: Path) -> list[Rule]:
    """The rules in their order. Raises DataFileError with file and line."""
    rows: dict[str, _Row] = load_yaml(path, _Rows)
    return [_rule(name, row) for name, row in rows.items()]


def _rule(name: str, row: _Row) -> Rule:
    return Rule(
        name=name,
        kind=row.kind,
        has=row.has,
        line=row.pattern(row.line),
        glued=row.pattern(row.glued),
        anywhere=row.pattern(row.anywhere),
        first=row.first,
        top=row.top,
        chars=row.chars,
        headlines_after=row.headlines_after,
    )


def _pattern(written: str, flags: int) -> re.Pattern[str]:
    """With `{DATE}` and the like filled in. Refuses what could run away on hostile text."""
    if _UNBOUNDED.search(written):
        raise ValueError("a pattern repeats without a bound: write {0,80} instead of * or +")
    text = written.replace("{DATE}", _DATE).replace("{NAME}", _NAME).replace("{AGENCY}", _agency_pattern())
    try:
        pattern = re.compile(text, flags)
    except re.error as error:
        raise ValueError(f"a pattern is no regular expression: {error}") from error
    if unknown := set(pattern.groupindex) - _FACTS:
        raise ValueError(f"unknown group {min(unknown)!r}; known are {', '.join(sorted(_FACTS))}")
    return pattern


@cache
def _agency_pattern() -> str:
    names = sorted({name for names in read_words("agencies.yml").values() for name in names}, key=len)
    return "(?:" + "|".join(re.escape(name) for name in reversed(names)) + ")"
