"""Takes page furniture, captions, credits and bylines out of a text and keeps them.

The rules are rows of data/boilerplate.yml.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, get_args

from ahocorasick_rs import AhoCorasick, MatchKind

from services.normalizer.datafile import DATA, LINE, DataFileError, load_rows, load_words
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


def load_rules(path: Path) -> list[Rule]:
    """The rules in their order. Raises DataFileError with file and line."""
    required: dict[str, type] = {"name": str, "kind": str, "has": list}
    patterns: dict[str, type] = {"line": str, "glued": str, "anywhere": str, "exact": bool}
    optional = patterns | {"first": int, "top": int, "chars": int, "headlines_after": bool}
    rows = load_rows(path, required, optional)
    names = [row["name"] for row in rows]
    for at, row in enumerate(rows):
        if row["name"] in names[:at]:
            raise DataFileError(f"{path.name}:{row[LINE]}: the name {row['name']!r} is taken")
    return [_rule(row, f"{path.name}:{row[LINE]}") for row in rows]


def _rule(row: dict[str, Any], where: str) -> Rule:
    if row["kind"] not in get_args(SetAsideKind):
        raise DataFileError(f"{where}: unknown kind {row['kind']!r}")
    if not all(isinstance(word, str) and word == word.lower() and 0 < len(word) < _OVERLAP for word in row["has"]):
        raise DataFileError(f"{where}: 'has' must be words in lower case, one of which every match contains")
    patterns = {name: _pattern(row, name, where) for name in ("line", "glued", "anywhere")}
    if not any(patterns.values()) or (patterns["glued"] and patterns["anywhere"]):
        raise DataFileError(f"{where}: needs 'line', 'glued' or 'anywhere', and not the last two at once")
    return Rule(
        name=row["name"],
        kind=row["kind"],
        has=tuple(row["has"]),
        first=row.get("first", 1),
        top=row.get("top", 1 << 60),
        chars=row.get("chars", LINE_CHARS),
        headlines_after=row.get("headlines_after", False),
        **patterns,
    )


def _is_search_word(word: Any) -> bool:
    return isinstance(word, str) and word == word.lower() and 0 < len(word) < _OVERLAP


def _pattern(row: dict[str, Any], name: str, where: str) -> re.Pattern[str] | None:
    """Compiled, with `{DATE}` and the like filled in. Refuses what could run away on hostile text."""
    if name not in row:
        return None
    if _UNBOUNDED.search(row[name]):
        raise DataFileError(f"{where}: {name!r} repeats without a bound: write {{0,80}} instead of * or +")
    text = row[name].replace("{DATE}", _DATE).replace("{NAME}", _NAME).replace("{AGENCY}", _agency_pattern())
    try:
        pattern = re.compile(text, 0 if row.get("exact") else re.IGNORECASE)
    except re.error as error:
        raise DataFileError(f"{where}: {name!r} is no regular expression: {error}") from error
    if unknown := set(pattern.groupindex) - _FACTS:
        raise DataFileError(f"{where}: unknown group {sorted(unknown)[0]!r}; known are {', '.join(sorted(_FACTS))}")
    return pattern


@cache
def _agency_pattern() -> str:
    names = sorted({name for names in load_words(DATA / "agencies.yml").values() for name in names}, key=len)
    return "(?:" + "|".join(re.escape(name) for name in reversed(names)) + ")"
