"""Whom `its`, `their` and `our` stand for."""

from services.detector.doers import befell
from services.detector.ground import is_ground
from services.detector.lines import Line
from services.detector.predicates import subject


def owner(line: Line, pronoun: int) -> str | None:
    """The side the possessive at `pronoun` stands for: the nearest before it, None where the line names none."""
    before = [m for i, m in line.actors if i < pronoun and not is_ground(line, i)]
    if not before:
        return None
    return before[0].ref if len(before) == 1 else _subject_ref(line, pronoun) or before[-1].ref


def _subject_ref(line: Line, pronoun: int) -> str | None:
    """The side before the last verb of saying or fighting in front of the pronoun."""
    for index in range(pronoun - 1, -1, -1):
        if line.symbols[index] in "SL" or line.entries[index].fight:
            for back in range(index - 1, -1, -1):
                mention = line.mentions[back]
                if mention is not None and mention.kind == "actor" and not is_ground(line, back):
                    return mention.ref
    return None


def struck_before(line: Line, pronoun: int) -> str | None:
    """`shot down a Syrian helicopter; both its pilots were killed`: the only side struck in front of the possessive."""
    struck = {m.ref for i, m in line.actors if i < pronoun and befell(line, i)}
    return struck.pop() if len(struck) == 1 else None


def sheller_before(line: Line, pronoun: int) -> str | None:
    """`Nigerian guns had shelled its positions and one of its soldiers was dead`: who `its` does not stand for."""
    for at in range(1, pronoun):
        if line.entries[at - 1].directed and line.symbols[at] == "p":
            agent = subject(line, at - 1)
            mention = line.mentions[agent] if agent >= 0 else None
            return mention.ref if mention is not None else None
    return None
