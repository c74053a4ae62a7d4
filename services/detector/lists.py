"""Figures of which the sentence tells only half: their word of loss or their side stands at a neighbour."""

import re

from services.detector.doers import is_pair
from services.detector.lines import Line

_NEW = re.compile(r"(?:\A|[,;:&(])[a&]{0,2}(?P<side>[JA]):?(?P<at>i?)\Z")
_BRACKET = re.compile(r"\([^().;]{0,14}\Z")
_TOLD = re.compile(r"(?P<loss>[KQdFWI])[^.;SkL]{0,10}\Z")


def named_before(line: Line, at: int) -> int:
    """The actor right before the number at `at`, where a new member of a list begins with it: `Kyrgyzstan three dead,
    Tajikistan two`, `and Bangkok at one`. -1 for none."""
    match = _NEW.search(line.symbols[:at])
    if match is None or is_pair(line, match.start("side")) or (match["at"] and line.words[at - 1] != "at"):
        return -1
    return match.start("side")


def is_gapped(line: Line, end: int, at: int) -> bool:
    """Whether a new actor and nothing more stands between item `end` and the number: `lost 40 men, the Ugandans 60`."""
    between = line.symbols[end:at]
    return at - end <= 14 and named_before(line, at) >= end and not re.search(r"[.SNkKL]", between)


def so_were(line: Line, end: int, at: int) -> bool:
    """`four soldiers were killed, and so were three villagers`."""
    return line.symbols[end:at].endswith("&xv") and line.words[at - 2] == "so"


def in_brackets(line: Line, at: int) -> int:
    """The word of loss before the bracket the number at `at` stands in: `soldiers died on both sides (four
    Bolivian, six Paraguayan)`. -1 for none."""
    opened = _BRACKET.search(line.symbols[:at])
    told = _TOLD.search(line.symbols[: opened.start()]) if opened else None
    return told.start("loss") if told else -1
