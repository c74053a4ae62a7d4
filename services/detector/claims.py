"""Claims from figures: the side, who says so, for which day, with the sentence."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from services.detector.casualties import Figure, figures
from services.detector.fights import Scene, Side, side_of
from services.detector.lines import Line
from services.detector.when import _days
from shared.schemas.article_tagged import ArticleTagged
from shared.schemas.claims import Claim
from shared.schemas.spans import Evidence

_SOIL = frozenset("soil side territory village villages town towns city province district region border bordertown held controlled administered".split())
_BOTH = frozenset(("both sides", "each side", "the two sides", "the sides", "either side", "officials from both sides"))


@dataclass(frozen=True, slots=True)
class Parties:
    """The two sides of a report, and what else counts as one of them (an ally, the state it sits in)."""

    one: Side
    other: Side

    def other_than(self, name: str) -> str | None:
        """The opponent of `name`."""
        if name == self.one.name or name in self.one.homes:
            return self.other.name
        if name == self.other.name or name in self.other.homes:
            return self.one.name
        return None

    def knows(self, name: str) -> bool:
        """Whether `name` is one of the sides or a state one of them sits in."""
        return name in (self.one.name, self.other.name) or name in self.one.homes | self.other.homes


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who says it: the words, and the side if it is one."""

    words: str | None = None
    side: str | None = None


def claims(
    lines: Sequence[Line], article: ArticleTagged, parties: Parties, default: bool
) -> Iterator[tuple[Line, Claim]]:
    """Claims of the lines, in order. `default` lets claims without any side in (side `total`)."""
    last = Claimant()
    previous: Line | None = None
    for line in lines:
        claimant = claimant_of(line, article.body, last)
        for figure in figures(line):
            claim = _claim(figure, line, previous, article, parties, claimant)
            if claim and (default or claim.side != "total"):
                yield line, claim
        last, previous = claimant, line


def _claim(
    figure: Figure, line: Line, previous: Line | None, article: ArticleTagged, parties: Parties, claimant: Claimant
) -> Claim | None:
    side = _side(figure, line, previous, parties, claimant)
    if side is None:
        return None
    low, best, high = (None, None, None) if figure.vague else (figure.low, figure.best, figure.high)
    if figure.mixed and best:
        low, best, high = None, None, best
    day = _as_of(figure, line, article.published)
    return Claim(
        side=side,
        kind=figure.kind,
        who=_who(figure, side),
        low=low,
        best=best,
        high=high,
        period="daily" if day else "cumulative" if "since" in line.words else "unknown",
        as_of=day,
        claimed_by=claimant.words,
        claimant_side="both" if claimant.side == "both" else claimant.side,
        evidence=Evidence(start=line.start, end=line.end, text=article.body[line.start : line.end]),
    )


def _who(figure: Figure, side: str) -> str:
    del side
    return figure.who or "unspecified"


def _side(figure: Figure, line: Line, previous: Line | None, parties: Parties, claimant: Claimant) -> str | None:
    """The side whose loss it is; `total` when none is told; None when it is another country's."""
    named = line.mentions[figure.side_at] if figure.side_at >= 0 else None
    if named is not None:
        return _known(side_of(named).name, parties)
    if figure.pronoun >= 0:
        owner = _owner(line, figure.pronoun, previous)
        if owner is not None and parties.knows(owner):
            return owner
        if claimant.side and parties.knows(claimant.side):
            return claimant.side
    if figure.agent >= 0:
        agent = line.mentions[figure.agent]
        victim = parties.other_than(agent.ref) if agent else None
        if victim and figure.who != "civilian":
            return victim
    if figure.who in ("civilian", "unspecified", ""):
        ground = _ground(line, figure, parties)
        if ground:
            return ground
    if figure.agent >= 0:
        agent = line.mentions[figure.agent]
        victim = parties.other_than(agent.ref) if agent else None
        if victim:
            return victim
    if claimant.side and claimant.side != "both" and parties.knows(claimant.side) and figure.who == "military":
        return claimant.side
    return "total"


def _known(name: str, parties: Parties) -> str | None:
    return name if parties.knows(name) else None


def _owner(line: Line, pronoun: int, previous: Line | None) -> str | None:
    """Whom `its`, `their`, `our` stands for: the nearest side before it, else the first of the sentence before."""
    before = [m for i, m in line.actors() if i < pronoun]
    if before:
        return before[0].ref if len(before) == 1 else _subject_ref(line, pronoun) or before[-1].ref
    if previous is not None:
        return next((m.ref for _, m in previous.actors()), None)
    return None


def _subject_ref(line: Line, pronoun: int) -> str | None:
    """The side before the last verb of saying or fighting in front of the pronoun."""
    for index in range(pronoun - 1, -1, -1):
        if line.symbols[index] in "SL" or line.entries[index].fight:
            for back in range(index - 1, -1, -1):
                mention = line.mentions[back]
                if mention is not None and mention.kind == "actor":
                    return mention.ref
    return None


def _ground(line: Line, figure: Figure, parties: Parties) -> str | None:
    """`on Indian soil`, `in Kilis`, `the Turkish town of ...`: the state on whose ground they were."""
    best: tuple[int, str] | None = None
    for index, mention in enumerate(line.mentions):
        if mention is None:
            continue
        code = None
        if mention.kind == "place" and mention.place and mention.form != "dateline":
            code = mention.place.country.split("|")[0]
        elif mention.kind == "actor" and _is_ground(line, index):
            code = mention.ref
        if code and parties.knows(code):
            distance = abs(index - figure.at)
            if best is None or distance < best[0]:
                best = (distance, code)
    return best[1] if best else None


def _is_ground(line: Line, at: int) -> bool:
    if any(word in _SOIL for word in line.words[at + 1 : at + 3]):
        return True
    return at > 0 and line.words[at - 1] in ("in", "inside", "northern", "southern", "eastern", "western", "into")


def claimant_of(line: Line, body: str, last: Claimant) -> Claimant:
    """Who speaks in the sentence: `X said`, `according to X`; a statement or "it" goes on with the one before."""
    for index, symbol in enumerate(line.symbols):
        if symbol != "S":
            continue
        if line.words[index] in ("according to", "citing", "cited", "quoted"):
            words, start, stop = _after(line, index, body)
        else:
            words, start, stop = _before(line, index, body)
        if not words:
            continue
        side = next((m.ref for i, m in line.actors() if start <= i < stop), None)
        if any(phrase in words.lower() for phrase in _BOTH):
            side = "both"
        if side is None and last.words and words.lower().split()[0] in ("it", "he", "she", "the", "they", "she", "his"):
            return Claimant(last.words, last.side)
        return Claimant(words, side)
    return Claimant()


def _after(line: Line, at: int, body: str) -> tuple[str, int, int]:
    stop = at + 1
    while stop < len(line) and line.symbols[stop] not in ".;," and stop - at < 10:
        stop += 1
    return _slice(line, at + 1, stop, body), at + 1, stop


def _before(line: Line, at: int, body: str) -> tuple[str, int, int]:
    start = at
    while start and line.symbols[start - 1] not in ".;q&S" and at - start < 9:
        start -= 1
    comma = line.symbols.rfind(",", start, at)
    if comma >= 0 and at - comma > 1 and any(s in "AJGYx" for s in line.symbols[comma + 1 : at]):
        start = comma + 1
    return _slice(line, start, at, body), start, at


def _slice(line: Line, start: int, stop: int, body: str) -> str:
    if start >= stop:
        return ""
    return " ".join(body[line.starts[start] : line.ends[stop - 1]].split())[:120]


def _as_of(figure: Figure, line: Line, published: str | None) -> str | None:
    """The calendar day written right behind the figure: `killed on July 12 and one on July 13`."""
    for day in _days(line, published):
        if day.edtf and figure.at < day.at <= figure.at + 9 and line.symbols[figure.at + 1 : day.at].count("N") == 0:
            return None if day.spoken else day.edtf.partition("/")[0]
    return None


def scene_strength(found: Sequence[Scene], line: Line) -> float:
    """The strength of the line's scene, 0 for a line without a fight."""
    return next((scene.strength for scene in found if scene.line is line), 0.0)


__all__ = ["Claimant", "Parties", "claims", "date"]
