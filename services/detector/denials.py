"""Losses that are denied: `no casualties`, `nobody was hurt`, `none of its soldiers was wounded`."""

import re

from services.detector.figure import KINDS, Figure
from services.detector.lines import Line
from services.detector.people import side_in
from services.detector.words import words
from shared.schemas.claims import Who

_ZERO = re.compile(r"z(?:o[ap]?)?[avxrJA]{0,3}?(?P<noun>[FIWhmcKCMQ])")
# Behind it: "to Thai troops", "among the Guyanese".
_WHOSE = re.compile(r"(?:[xi<]?[ap]?x?(?=[JA]'?x?[mch])|<a?(?=[JA]))(?P<side>[JA])")
_NOBODY = ("nobody", "no one", "none")
_NOT_ZERO = words("denials.not_zero")
_WITHHELD = words("denials.withheld")
_NAMING = words("denials.naming")
_REMAINS = words("denials.remains")


def denial(line: Line, at: int) -> Figure | None:
    """`no casualties`, `nobody was hurt`, `no soldier was wounded`, `without losses`."""
    if line.symbols[at - 1 : at] == "L" and line.words[at] in _NOBODY:  # "said that it had lost no one"
        return Figure(at, at + 1, 0, 0, 0, "killed", "unspecified", predicate=at - 1)
    match = _ZERO.match(line.symbols, at)
    if match is None or line.words[at] in _NOT_ZERO:
        return None
    predicate = _zero_predicate(line, at, match.start("noun"))
    if predicate < 0 or _WITHHELD & set(line.words[predicate + 1 : predicate + 5]):
        return None
    if line.words[at - 1] in _NAMING:
        return None  # "Beijing, naming no losses": there may be some
    behind = _WHOSE.match(line.symbols, predicate + 1)
    side = behind.start("side") if behind else side_in(line, at, predicate)
    pronoun = next((i for i in range(at, min(len(line), predicate + 4)) if line.symbols[i] == "p"), -1)
    who: Who = "military" if "m" in line.symbols[at : predicate + 6] else "unspecified"
    kind = KINDS[line.symbols[predicate]]
    return Figure(at, predicate + 1, 0, 0, 0, kind, who, side, pronoun, predicate=predicate)


def _zero_predicate(line: Line, at: int, noun: int) -> int:
    """The word of loss that is denied, -1 for none."""
    if line.symbols[noun] in "FI":
        return -1 if line.words[noun] in _REMAINS else noun  # bodies not found are no denial
    if line.symbols[noun] in "hmc":
        verb = re.match(r"[vxr]{1,3}(?P<verb>[KWCM])", line.symbols[noun + 1 : noun + 6])
        return noun + 1 + verb.start("verb") if verb else -1
    return noun if line.words[at] in _NOBODY or line.symbols[at + 1] == "J" else -1
