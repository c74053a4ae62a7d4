"""Who did it and whom it befell, of the actors a sentence names."""

import re

from services.detector import predicates
from services.detector.ground import is_at_border, is_ground, names_border
from services.detector.lines import Line
from services.detector.words import words

_REACH = 9  # items between a verb of fighting and the name of whom it befell
_FAR = 30
_PARTNER = re.compile(r"['mxcO]{0,4}&[ax]{0,2}(?P<other>[JA])")
_PAIR = re.compile(r"[JA]['mxcO]{0,4}&[ax]{0,2}\Z|[JA]x[JA]?\Z")
_AUXILIARIES = words("doers.auxiliaries")
_SUFFERED = ("was ", "were ", "came under ", "come under ")
_CAME = ("came", "come", "comes", "coming")
_REPELLED = words("doers.repelled")
_SHOT = ("shot", "shooting")
_REPELLED_WHAT = 5  # items between it and "by"
_OWN_FORCES = re.compile(r"p[xm]{1,2}v*\Z")
_FALLING = words("doers.falling")
_DASHES = frozenset("-–/")
_AIMED = ("at", "on", "against", "into", "towards", "toward")


def doer(line: Line, verb: int) -> int:
    """The actor that does what the verb at `verb` says, -1 for none: not one that a fight named before it befell."""
    if _OWN_FORCES.search(line.symbols, max(0, verb - 5), verb):
        return -1  # "after a Thai raid, and that its army had captured 16"
    found = predicates.subject(line, verb)
    while found >= 0 and (befell(line, found) or _is_repelled(line, found)):
        found = predicates.subject(line, found)
    return found


def _is_repelled(line: Line, at: int) -> bool:
    """`Chadian troops repelled an attack by a Sudanese militia, killing 17`: who repelled it killed."""
    by = line.symbols.rfind("b", max(0, at - 2), at)
    if by > 0 and line.symbols[by - 1] == "C":
        return True  # "retook a post seized by Lao forces, killing 18"
    return by > 0 and not _REPELLED.isdisjoint(line.words[max(0, by - _REPELLED_WHAT) : by])


def befell(line: Line, at: int) -> bool:
    """Whether the fight befell the actor at `at`: `fired on a Honduran patrol`, `bombed a command centre of the YPG`,
    `Armenian posts were shelled`."""
    return not is_at_border(line, at) and (_is_object(line, at) or _is_passive(line, at))


def _is_object(line: Line, at: int) -> bool:
    aimed = False
    for index in range(at - 1, max(-1, at - _REACH), -1):
        if line.entries[index].directed or line.symbols[index] in "KkWw" or line.words[index] in _SHOT:
            return line.symbols[index] != "&"
        if aimed and line.words[index] in _FALLING:
            return True
        if aimed and line.symbols[index] == "b":  # "an attack by Burmese forces on Thai troops"
            return bool(line.entries[index - 1].directed)
        aimed = aimed or line.words[index] in _AIMED
        if line.symbols[index] not in "axo'mchPiwJADN" or (
            line.symbols[index] == "i" and line.words[index] not in _AIMED
        ):
            return False
    return False


def _is_passive(line: Line, at: int) -> bool:
    for index in range(at + 1, min(len(line), at + _REACH)):
        word = line.words[index]
        if word in _CAME and line.words[index + 1 : index + 2] == ["under"]:
            return True  # "came under Lao fire"
        if line.entries[index].directed:
            if line.symbols[index + 1 : index + 2] == "b":  # "a launch shelled by a corvette"
                return True
            before = line.words[max(at, index - 2) : index]
            after = not _AUXILIARIES.isdisjoint(before) and word.endswith(("ed", "hit", "struck", "down"))
            return after or word.startswith(_SUFFERED)
        if line.symbols[index] not in "xmch'vrP&":
            return False
    return False


def is_pair(line: Line, at: int) -> bool:
    """Whether the actor at `at` stands together with another before it: `India's and Pakistan's forces`."""
    match = _PAIR.search(line.symbols, max(0, at - _REACH), at)
    if match is None or ("&" not in match[0] and line.words[match.start() + 1] not in _DASHES):
        return False  # "Laos crossed into Thailand"
    one, other = line.mentions[match.start()], line.mentions[at]
    return bool(one and other and one.ref != other.ref)


def has_partner_behind(line: Line, at: int) -> bool:
    """Whether another side stands with the actor at `at` and behind it: `Thai and Cambodian`, `Kyrgyz-Tajik`."""
    match = _PARTNER.match(line.symbols, at + 1)
    if match is not None and is_pair(line, match.start("other")):
        return True
    if not _joins(line, at + 1):
        return False
    actors = [mention for mention in line.mentions[at : at + 3 : 2] if mention is not None and mention.kind == "actor"]
    return len(actors) > 1 and actors[0].ref != actors[1].ref


def _joins(line: Line, at: int) -> bool:
    """A dash between two names; a comma only in `India, Pakistan trade fire`, not `in Armenia, Azerbaijan said`."""
    if line.words[at : at + 1] == [","]:
        return any(entry.mutual for entry in line.entries[at + 2 : at + 4])
    return at < len(line) and line.words[at] in _DASHES


def does_both(line: Line, verb: int) -> bool:
    """`Thai and Cambodian troops exchanged fire, killing two`: the nearest actors before the verb are two together."""
    for index in range(verb - 1, max(-1, verb - _FAR), -1):
        if line.symbols[index] in ".;S":
            return False
        if line.symbols[index] in "JA" and not is_ground(line, index) and not names_border(line, index):
            return is_pair(line, index)
    return False


def whose(line: Line) -> str | None:
    """Whose losses the sentence after this one tells with `its` or `their`: those whom the fight befell, else those
    named first."""
    actors = [(index, mention.ref) for index, mention in line.actors]
    struck = {ref for index, ref in actors if befell(line, index)}
    return struck.pop() if len(struck) == 1 else next((ref for _, ref in actors), None)
