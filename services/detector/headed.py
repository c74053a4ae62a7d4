"""Figures whose word of loss or side stands before them, apart: `Missing: 12 guards`, `China's wounded, 62 of them`,
`Of 59 Saudi soldiers, 11 were killed`."""

import re

from services.detector.doers import is_pair
from services.detector.ground import is_ground
from services.detector.lines import Line
from services.detector.words import words

_FAR = 14  # items between the word and the number
_HEADING = re.compile(r"(?:\A|[.;,&])[aq]{0,2}(?P<loss>[KWCMdQF])[^.;:NkL]{0,12}[:x]\Z")
_APPOSED = re.compile(r"(?P<side>[JA])'?x{0,2}(?P<loss>[dWMFR])x{0,2},\Z")
_FORCE = re.compile(r"(?P<side>[JA])'?x{0,2}m?,\Z")
_FORCES = words("headed.forces")
_OF_THE_HURT = re.compile(r"No[ap](?P<loss>[WdM])(?![xJA]{0,2}[mch])")
_DIED = re.compile(r"[QK]")  # "two of the injured died"
_LIVES = re.compile(r"N(?:[JA]|p|r)?'?h")
_ADMITTING = words("headed.admitting")
_TAKERS = words("headed.takers")
_ALL = words("headed.all")
_WHOLES = ("of", "out of", "among", "amongst", "in")
_WHOLE = re.compile(r"[<xi]?o?a?(?:N[xJAmch]{0,2}?)?(?P<side>[JA])'?[xm]{0,3}")
_COUNTED = re.compile(r"N[xoap]{0,2}(?P<side>[JA])x?[mch]")
_OF_WHOM = re.compile(r"(?P<side>[JA])'?[xm]{0,2}[mchx](?:[ix][^,N]{0,6})?,\Z")
_WITH = re.compile(r"(?P<side>[JA])'?(?P<comma>,?)i[ar]?\Z")
_LEFT = ("left", "leaves", "leaving", "leave")
_OPPOSED = ("with", "by", "against", "between", "from", "on", "at", "near")
_ITS_DEAD = re.compile(r"pN(?=[dWFM])")


def heading(line: Line, at: int) -> int:
    """The word of loss of `Missing after the raid: 12 guards`; -1 for none."""
    if line.words[at - 1 : at] != [":"]:
        return -1
    match = _HEADING.search(line.symbols, max(0, at - _FAR), at)
    return match.start("loss") if match else -1


def beside(line: Line, at: int) -> int:
    """The word of loss of `killed their commander, together with 16 of his men`; -1 for none."""
    if line.words[at - 1 : at] not in (["together with"], ["along with"]):
        return -1
    first = max(0, at - 2 * _FAR)
    clause = max(first, line.symbols.rfind(";", first, at) + 1)
    return max(line.symbols.rfind(symbol, clause, at) for symbol in "kKQWwC")


def admits(line: Line, at: int, end: int) -> int:
    """The word of saying of `India claimed 19 killed. Pakistan admitted three.`; -1 for none."""
    said = at - 1 if line.symbols[at - 1 : at] == "S" else at - 2 if line.words[at - 1 : at] == ["only"] else -1
    bare = end == at + 1 and (end >= len(line) or line.symbols[end] in ".,;")
    return said if said > 0 and bare and line.words[said] in _ADMITTING else -1


def figure_put(line: Line, at: int) -> int:
    """The figure of `35 were killed, a figure China put at 60`; -1 for none."""
    if line.words[at - 2 : at] != ["put", "at"]:
        return -1
    return next((i for i in range(at - 3, max(-1, at - 7), -1) if line.words[i] == "figure"), -1)


def those_of(line: Line, at: int) -> int:
    """The actor of `Those of Laos were 65`; -1 for none."""
    return 2 if at == 4 and line.words[0] == "those" and re.match(r".o[JA]v", line.symbols) else -1


def gives_own(line: Line, at: int) -> int:
    """The possessive of `Hanoi gave its own as 65`; -1 for none."""
    own = at >= 3 and line.words[at - 1] in ("as", "at") and line.words[at - 2] == "own"
    return at - 3 if own and line.symbols[at - 3] == "p" else -1


def apposed(line: Line, at: int, end: int) -> tuple[int, int]:
    """The word of loss and the side of `China's wounded, 62 of them, lay`, `the Bolivian dead, 14 men`; -1 for none."""
    match = _APPOSED.search(line.symbols, max(0, at - _FAR), at)
    whole = end > at + 1 or not _ALL.isdisjoint(line.words[at + 1 : at + 3]) or "count" in line.words[at + 1 : at + 5]
    return (match.start("loss"), match.start("side")) if match and whole and line.words[at] != "one" else (-1, -1)


def numbering(line: Line, at: int, end: int) -> int:
    """The side of `what remained of a Thai platoon, 20 men, surrendered`; -1 for none."""
    match = _FORCE.search(line.symbols, max(0, at - 5), at) if line.words[end : end + 1] == [","] else None
    return match.start("side") if match and line.words[at - 2] in _FORCES else -1


def of_the_hurt(line: Line, at: int) -> int:
    """The word of loss of `took in 50 of the injured`; -1 for none."""
    match = _OF_THE_HURT.match(line.symbols, at)
    return match.start("loss") if match and line.words[at] != "one" and not _DIED.search(line.symbols, at + 3) else -1


def takes_lives(line: Line, at: int) -> int:
    """The verb of `took 31 Chinese lives`; -1 for none."""
    match = _LIVES.match(line.symbols, at)
    if match is None or line.words[match.end() - 1] not in ("lives", "life"):
        return -1
    return next((i for i in range(at - 1, max(-1, at - 4), -1) if line.words[i] in _TAKERS), -1)


def side_of_whole(line: Line, at: int) -> int:
    """The actor of `Of 59 Saudi soldiers in the post, 11 were killed`, `19 of whom were slain`; -1 for none."""
    if line.words[at + 1 : at + 2] == ["of whom"] and (whom := _OF_WHOM.search(line.symbols, max(0, at - _FAR), at)):
        return whom.start("side")
    if line.words[at + 1 : at + 2] == ["of them"]:
        counted = list(_COUNTED.finditer(line.symbols, max(0, at - _FAR), at))
        return counted[-1].start("side") if counted else -1  # "12 Lao soldiers landed and three of them were killed"
    begins = line.words[0]
    if begins not in _WHOLES or (line.symbols.find(",", 0, at) < 0 and begins not in ("among", "amongst")):
        return -1
    match = _WHOLE.match(line.symbols)
    if match is None or match.end() >= at:
        return -1
    in_arms = begins != "in" or any(entry.armed for entry in line.entries[match.start() : match.end() + 1])
    return match.start("side") if in_arms else -1  # "In a Thai platoon, 38 were killed"


def side_with(line: Line, at: int) -> int:
    """The actor of `left Senegal with 15 dead`, `hardest hit was Yemen, with 83 killed`; -1 for none."""
    if line.words[at - 1 : at] != ["with"] and line.words[at - 2 : at - 1] != ["with"]:
        return -1
    match = _WITH.search(line.symbols, max(0, at - 5), at)
    if match is None:
        return -1
    side = match.start("side")
    before = line.words[side - 1] if side else ""
    if before in _LEFT or line.words[max(0, side - 2) : side] == ["and"]:
        return side
    named = (match["comma"] or side <= 1 or before == "than") and not is_pair(line, side) and before not in _OPPOSED
    return side if named and not is_ground(line, side) else -1


def its_dead(line: Line, at: int) -> int:
    """The possessive of `bring its 89 dead down`; -1 for none."""
    return at - 1 if at and _ITS_DEAD.match(line.symbols, at - 1) else -1
