"""Guards who shoot a person or two at a border: no fight of two forces."""

import re

from services.detector.lines import Line
from services.detector.words import words

_FEW = 3  # people; more are a village, and a village under fire is a fight
_SHOOTING = words("bystanders.shooting")
_FORCES = words("bystanders.forces")
_MIGRANTS = words("bystanders.migrants")
_FROM_AFAR = words("sequel.from_afar")
_SOLDIERS = re.compile("m")
_COMING = words("force.moves")
_NEAR = 4  # items between the shooting and whom it met
_FIRED = words("bystanders.fired")

_LOSS = re.compile("[Kk]")
_PERSON = r"(?P<many>[aN]?)(?P<who>[xJAO]{0,2}[ch]|(?:J|(?<=a)A)(?=[.,;ivDS&)]|xv|\Z))"
_ACTIVE = re.compile(r"m[^.;SN]{0,6}?(?P<verb>[xKk])(?P<at>i?)" + _PERSON + "(?!['mA]|o[apxJ]{0,2}[mA])")
_PASSIVE = re.compile(_PERSON + r"(?!o)[^.;SmN]{0,6}?v*(?P<verb>[xKk])[xriaPD]{0,4}b[axJAP']{0,3}(?P<by>[mxA])")
_WHEN = re.compile(_PERSON + r"(?!o)[^.;SmN]{0,8}?v*(?P<verb>K)[^.;S]{0,14}i[axJA']{0,5}(?:m[xJA']{0,2}|A)(?P<fired>x)")


_SHOT_DEAD = re.compile(_PERSON + r"v{1,2}(?P<verb>K)")
_CHILDREN = words("bystanders.children")
_HEAVY = frozenset(("artillery", "mortar", "rocket", "missile", "aircraft", "heavy weapons"))


def are_shot(line: Line) -> bool:
    """`guards shot two Kyrgyz citizens dead`, `a man was shot dead by Uzbek border guards`, `a farmer was shot dead
    when rangers fired in the forest`; not `guards shot two farmers, triggering artillery exchanges`."""
    if not _LOSS.search(line.symbols) and _SHOOTING.isdisjoint(line.words):
        return False  # most sentences: the rest costs time
    if "mutual" in line.tells or _come_over(line):
        return False
    rules = ((_ACTIVE, _shoots_them), (_PASSIVE, _is_by_a_force), (_WHEN, _has_fired), (_SHOT_DEAD, _is_child))
    return _are_migrants(line) or any(
        _is_shooting(line, match) and fits(line, match)
        for pattern, fits in rules
        for match in pattern.finditer(line.symbols)
    )


def _come_over(line: Line) -> bool:
    """`soldiers who came by boat across the strait shot two villagers`: that is a raid."""
    soldiers = (match.start() for match in _SOLDIERS.finditer(line.symbols))
    behind = (" ".join(line.words[at + 1 : at + _NEAR]) for at in soldiers)  # "crossed into" is one item
    return any(not _COMING.isdisjoint(told.split()) for told in behind)


def _are_migrants(line: Line) -> bool:
    """`police kill four migrants`, `guards opened fire on Africans`: however many."""
    if _MIGRANTS.isdisjoint(line.words):
        return False
    for at, word in enumerate(line.words):
        if word in _MIGRANTS and "m" in line.symbols[:at]:
            before = {part for verb in line.words[max(0, at - _NEAR) : at] for part in (verb, *verb.split())}
            if not _SHOOTING.isdisjoint(before):
                return True
    return False


def _is_shooting(line: Line, match: "re.Match[str]") -> bool:
    verb = line.words[match.start("verb")]
    return _are_few(line, match) and not _SHOOTING.isdisjoint((verb, *verb.split()))


def _are_few(line: Line, match: "re.Match[str]") -> bool:
    noun = line.words[match.end("who") - 1]
    number = line.mentions[match.start("many")] if match["many"] == "N" else None
    if number is not None:
        return number.best is not None and number.best <= _FEW
    return noun != "them" and not noun.endswith(("s", "people", "men", "women", "children"))


def _shoots_them(line: Line, match: "re.Match[str]") -> bool:
    return not match["at"] or line.words[match.start("at")] in ("on", "at")


def _is_by_a_force(line: Line, match: "re.Match[str]") -> bool:
    """Not `killed in air strikes by Pakistan`."""
    force = match.start("by")
    between = line.entries[match.start("verb") + 1 : force]
    return (match["by"] != "x" or line.words[force] in _FORCES) and not any(e.fight or e.weapon for e in between)


def _is_child(line: Line, match: "re.Match[str]") -> bool:
    """`a 13-year-old boy was shot dead in disputed forest`: whoever did it."""
    return line.words[match.end("who") - 1] in _CHILDREN


def _has_fired(line: Line, match: "re.Match[str]") -> bool:
    return line.words[match.start("fired")] in _FIRED


def are_shelled(line: Line) -> bool:
    """`shelled Poipet, killing a cattle trader`, `bombed a camp`: whoever was hit, it is no shooting at a border."""
    heavy = not (_HEAVY.isdisjoint(line.tells) and _FROM_AFAR.isdisjoint(line.words))
    return heavy and "directed" in line.tells
