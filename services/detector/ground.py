"""When the name of a state is the ground something happened on, not who did it."""

from services.detector.lines import Line
from services.detector.words import words

_SOIL = words("ground.soil")
_DIRECTIONS = words("ground.directions")
_BEFORE = words("ground.before")
_INTO = (" into", " inside")  # "crossed into"
_BORDER_FORCES = words("fights.border_forces")
_BORDERS = words("where.borders")


def is_ground(line: Line, at: int) -> bool:
    """`on Indian soil`, `the Turkish town of`, `in northern Syria`, `the north-east of Syria`."""
    if any(word in _SOIL for word in line.words[at + 1 : at + 3]):
        return True
    before = line.words[at - 1] if at else ""
    if before == "of" and at > 1 and line.words[at - 2] in _DIRECTIONS:
        return True
    return before in _BEFORE or before.endswith(_INTO)


def is_at_border(line: Line, at: int) -> bool:
    """`on Somalia's border with Kenya`: on the ground of either; not `in Somalia on the border`, `a Somali border
    post`."""
    if line.symbols[at + 1 : at + 2] == "i":
        return False
    border = next((i for i in range(at + 1, min(len(line), at + 4)) if line.words[i] in _BORDERS), -1)
    return border >= 0 and _BORDER_FORCES.isdisjoint(line.words[border + 1 : border + 2])


def names_border(line: Line, at: int) -> bool:
    """`on the border with Somalia`."""
    return at > 1 and line.words[at - 1] == "with" and line.words[at - 2] in _BORDERS


def is_of_a_fight(line: Line, at: int) -> bool:
    """`in Indian mortar shelling`: whose fire it was; not `in Thailand in clashes`."""
    mention = line.mentions[at]
    country = mention is not None and mention.form == "name" and line.symbols[at + 1 : at + 2] != "'"
    return any(entry.fight or entry.weapon for entry in line.entries[at + 1 : at + (2 if country else 4)])
