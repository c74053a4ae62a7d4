"""What makes the text itself doubtful, with the sentence: said beside the reports, and changes nothing in them."""

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, combinations

import ahocorasick_rs

from services.detector.figure import Figure
from services.detector.lines import Line, lower_in_place
from services.detector.reading import Reading
from services.detector.words import words
from shared.schemas.claims import Claim
from shared.schemas.report import Doubt, Flag, Report

_SPUN = words("doubts.spun")
_ODD = words("doubts.odd")
_SEVERAL = 4  # different odd words: 12 of 15 spun articles that were left out had so many, and none of 91 others
_LEAST = 2  # different phrases: one may be a slip
_LONG = 5  # letters
_THREE = 3  # words of a phrase
_NEAR = 12  # words between the two times a phrase is said
_ROUND, _TENS = 100, 50
_MOST = 40  # claims that are held against each other
_FEWEST = 2  # two sides with one man each are no contradiction


def doubts(reading: Reading, reports: Sequence[Report]) -> Iterator[Doubt]:
    """At most one of each kind."""
    found: dict[Flag, Line | None] = {
        "machine-spun": _spun(reading),
        "headline-total": _other_total(reading, reports),
        "sides-swapped": _swapped(reading, reports),
    }
    for flag, line in found.items():
        if line is not None:
            yield Doubt(flag=flag, start=line.start, end=line.end, text=reading.article.body[line.start : line.end])


@lru_cache(maxsize=1)
def _phrases() -> tuple[list[str], ahocorasick_rs.AhoCorasick]:
    phrases = sorted(_SPUN)
    return phrases, ahocorasick_rs.AhoCorasick(phrases, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest)


def _spun(reading: Reading) -> Line | None:
    """A sentence with the wording of a program that swaps words: `traded shoot`, `outskirt guards`; or with the most of
    several words that such programs like and people seldom write together: `troopers`, `amongst`, `locale`."""
    said = list(_phrases_said(lower_in_place(reading.article.body)))
    if len({phrase for _, phrase in said}) >= _LEAST:
        return next((line for line in reading.lines if line.start <= said[0][0] < line.end), None)
    if len({word for line in reading.lines for word in _ODD.intersection(line.words)}) >= _SEVERAL:
        return max(reading.lines, key=lambda line: len(_ODD.intersection(line.words)))
    return next((line for line in reading.lines if _says_twice(line)), None)


def _phrases_said(text: str) -> Iterator[tuple[int, str]]:
    """Where phrases of whole words begin, in the order of the text."""
    phrases, automaton = _phrases()
    for which, start, end in automaton.find_matches_as_indexes(text):
        if not text[end : end + 1].isalpha() and not text[max(0, start - 1) : start].isalpha():
            yield start, phrases[which]


def _says_twice(line: Line) -> bool:
    """`the former Soviet republics ousted the former Soviet republics`."""
    if len(line) < len(set(line.words)) + _THREE:
        return False  # most sentences: the rest costs time
    long_words = [word for word in line.words if len(word) > _LONG]
    if len(long_words) < len(set(long_words)) + _LEAST:
        return False
    places: dict[tuple[str, ...], int] = {}
    for at in range(len(line) - _THREE + 1):
        three = tuple(line.words[at : at + _THREE])
        if min(map(len, three)) > _LONG - 1 and 3 <= at - places.setdefault(three, at) <= _NEAR:
            return True
    return False


def _other_total(reading: Reading, reports: Sequence[Report]) -> Line | None:
    """The headline, where the number of dead it gives is no figure of the article, nor the sum of two or all."""
    title = next((line for line in reading.lines if line.role == "title"), None)
    if title is None:
        return None
    told = (claim for report in reports for claim in report.claims if claim.kind == "killed")
    body = [claim for claim in told if claim.evidence.start != title.start]
    dead = [figure for figure in reading.figures(title) if figure.kind == "killed" and figure.best]
    return title if body and any(not _is_borne_out(figure, body) for figure in dead) else None


def _is_borne_out(figure: Figure, claims: Iterable[Claim]) -> bool:
    """Whether a claim, the sum of two or of all may be the figure; a round figure may be a tenth off."""
    ranges = [_range(claim.low, claim.best, claim.high) for claim in claims if claim.best is not None][:_MOST]
    if not ranges:
        return True  # nothing to hold against it
    sums = [(one[0] + other[0], one[1] + other[1]) for one, other in combinations(ranges, 2)]
    every = (sum(low for low, _ in ranges), sum(high for _, high in ranges))
    lowest, highest = _range(figure.low, figure.best, figure.high)
    about = 0.1 if lowest >= _ROUND and lowest % _TENS == 0 else 0.0
    return any(
        low <= highest * (1 + about) and lowest * (1 - about) <= high for low, high in chain(ranges, sums, (every,))
    )


def _range(low: int | None, best: int | None, high: int | None) -> tuple[int, float]:
    return low or 0, math.inf if high is None else max(high, best or 0)


def _swapped(reading: Reading, reports: Sequence[Report]) -> Line | None:
    """The sentence that gives the other side a figure its claimant gave the first: `the three Armenians` behind `three
    Azerbaijani soldiers were killed`."""
    for report in reports:
        sided = [c for c in report.claims if c.side in (report.side_a, report.side_b) and (c.best or 0) > _FEWEST]
        for one, other in combinations(sorted(sided, key=lambda claim: claim.evidence.start)[:_MOST], 2):
            if _contradict(one, other):
                return next((line for line in reading.lines if line.start == other.evidence.start), None)
    return None


def _contradict(one: Claim, other: Claim) -> bool:
    """The same figure of the same people in the same mouth, of another side in another sentence."""
    same = all(getattr(one, name) == getattr(other, name) for name in ("kind", "best", "who", "claimed_by", "as_of"))
    return same and one.side != other.side and one.evidence.start != other.evidence.start
