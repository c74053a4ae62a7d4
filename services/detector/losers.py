"""Whose loss it is: the side named with it, its owner, whom the fight befell, on whose ground it was."""

import re

from services.detector.claimants import Claimant, Told
from services.detector.doers import befell, does_both, whose
from services.detector.figure import Figure
from services.detector.ground import is_ground
from services.detector.lines import Line
from services.detector.parties import Parties
from services.detector.words import words

_FIRST_PERSON = words("losers.first_person")
_THIRD_PERSON = words("losers.third_person")
_NAMED = re.compile(r"[AJP]")
_CLAUSE = 8  # items


def loser(figure: Figure, line: Line, parties: Parties, claimant: Claimant, told: Told, near: bool) -> str | None:
    """The side whose loss it is; `total` when none is told; None when it is another country's."""
    named = line.mentions[figure.side_at] if figure.side_at >= 0 else None
    if named is not None:
        return named.ref if parties.knows(named.ref) or parties.allies(named) else None
    if _is_elsewhere(line, figure, parties):
        return None
    if figure.best == 0:
        return _owner_side(figure, line, parties, claimant, told) or _own(claimant, parties) or "total"
    outright = (
        (_enemy(figure, line, parties, claimant) if _is_theirs(figure, line) else None)
        or _owner_side(figure, line, parties, claimant, told)
        or _victim(figure, line, parties)
        or _enemy(figure, line, parties, claimant)
    )
    if outright:
        return outright
    if line.role == "title":
        return _own(claimant, parties) or "total"
    if not near and not any(parties.knows(actor.ref) for _, actor in line.actors()):
        return None  # losses of another event
    return (
        (figure.who != "military" and claimant.side != "both" and ground_of(line, figure, parties))
        or ("total" if _by_both(line, figure) else None)
        or ((_struck_in(line, parties) or "total") if figure.foe else None)
        or _victim(figure, line, parties, civilians=True)
        or _struck_in(line, parties)
        or _own(claimant, parties)
        or (figure.who != "military" and told.ground)
        or _first_named(line, figure, parties)
        or (told.side if line.number - told.side_line <= 1 else None)
        or "total"
    )


def _is_elsewhere(line: Line, figure: Figure, parties: Parties) -> bool:
    """`was struck in Damascus, killing two`: on the ground of a state that has no part in the fight."""
    for index in range(figure.at - 1, max(0, figure.at - _CLAUSE), -1):
        mention = line.mentions[index]
        if line.symbols[index] in ".;S" or (mention is not None and parties.knows(mention.ref)):
            return False
        if mention is not None and len(mention.ref) == 2 and line.words[index - 1] == "in":
            return is_ground(line, index)
    return False


def _owner_side(figure: Figure, line: Line, parties: Parties, claimant: Claimant, told: Told) -> str | None:
    """`three of its soldiers`: the side the possessive stands for."""
    if figure.pronoun < 0:
        return None
    if line.words[figure.predicate] in ("losing", "suffering") and (own := _own(claimant, parties)):
        return own  # "killed nine men while losing six of its own"
    if line.words[figure.pronoun + 1 : figure.pronoun + 2] == ["own"] and (own := _own(claimant, parties)):
        return own
    owner = _struck(line, figure) or _owner(line, figure.pronoun, told.previous)
    agent = line.mentions[figure.agent] if figure.agent >= 0 else None
    if agent is not None and agent.ref == owner:  # "shelling killed five of its soldiers": not the shelling side's
        owner = parties.other_than(owner)
    return owner if owner is not None and parties.knows(owner) else _own(claimant, parties)


def _struck(line: Line, figure: Figure) -> str | None:
    """`shot down a Syrian helicopter; both its pilots were killed`: who is struck and then suffers is one."""
    struck = {m.ref for i, m in line.actors() if i < figure.pronoun and befell(line, i)}
    return struck.pop() if figure.predicate > figure.at and len(struck) == 1 else None


def _struck_in(line: Line, parties: Parties) -> str | None:
    """`an Armenian post was shelled and three soldiers were wounded`: the only side the sentence shows struck."""
    struck = {m.ref for index, m in line.actors() if parties.knows(m.ref) and befell(line, index)}
    return struck.pop() if len(struck) == 1 else None


def _first_named(line: Line, figure: Figure, parties: Parties) -> str | None:
    """`Asmara, pressed for its own losses, gave them as 180 killed`: the only side named begins the sentence."""
    named = [(index, mention.ref) for index, mention in line.actors() if parties.knows(mention.ref)]
    alone = len(named) == 1 and named[0][0] <= 1 and figure.agent < 0 and not is_ground(line, named[0][0])
    return named[0][1] if alone else None


def _victim(figure: Figure, line: Line, parties: Parties, civilians: bool = False) -> str | None:
    """The opponent of who did it; civilians belong to the ground they were on, so they come later."""
    agent = line.mentions[figure.agent] if figure.agent >= 0 else None
    if agent is None or (figure.who == "civilian" and not civilians):
        return None
    return parties.other_than(agent.ref)


def _by_both(line: Line, figure: Figure) -> bool:
    """`clashes that killed a hundred soldiers`, `a gun battle in which three died`: the dead of both sides."""
    if line.words[max(0, figure.at - 4) : figure.at].count("which"):
        return any(entry.mutual for entry in line.entries[max(0, figure.at - 9) : figure.at])
    if not 0 <= figure.predicate < figure.at:
        return False
    before = line.entries[max(0, figure.predicate - 3) : figure.predicate]
    return any(entry.mutual for entry in before) or does_both(line, figure.predicate)


def _enemy(figure: Figure, line: Line, parties: Parties, claimant: Claimant) -> str | None:
    """`20 terrorists were killed, the army said`: the claimant speaks of the other side."""
    named = figure.foe or figure.prisoners or _is_theirs(figure, line)
    if claimant.side is None or claimant.side == "both" or not named:
        return None
    enemy = parties.other_than(claimant.side)
    return parties.groups.get(enemy, enemy) if enemy and figure.irregular else enemy


def _is_theirs(figure: Figure, line: Line) -> bool:
    """`We lost 11 men, they lost 50`, `we counted 33 of their dead`: the other side's, in a speaker's own words."""
    around = line.words[min(figure.at, figure.predicate) - 3 : max(figure.end, figure.predicate) + 1]
    before = line.words[: figure.at]
    return not _THIRD_PERSON.isdisjoint(around) and not _FIRST_PERSON.isdisjoint(before)


def _own(claimant: Claimant, parties: Parties) -> str | None:
    return claimant.side if claimant.side and claimant.side != "both" and parties.knows(claimant.side) else None


def _owner(line: Line, pronoun: int, previous: Line | None) -> str | None:
    """Whom `its`, `their`, `our` stands for: the nearest side before it, else the first of the sentence before."""
    before = [m for i, m in line.actors() if i < pronoun and not is_ground(line, i)]
    if before:
        return before[0].ref if len(before) == 1 else _subject_ref(line, pronoun) or before[-1].ref
    return whose(previous) if previous is not None else None


def _subject_ref(line: Line, pronoun: int) -> str | None:
    """The side before the last verb of saying or fighting in front of the pronoun."""
    for index in range(pronoun - 1, -1, -1):
        if line.symbols[index] in "SL" or line.entries[index].fight:
            for back in range(index - 1, -1, -1):
                mention = line.mentions[back]
                if mention is not None and mention.kind == "actor" and not is_ground(line, back):
                    return mention.ref
    return None


def ground_of(line: Line, figure: Figure | None, parties: Parties) -> str | None:
    """`on Indian soil`, `in Kilis`, `the Turkish town of ...`: the state on whose ground they were."""
    best: tuple[int, str] | None = None
    for named in _NAMED.finditer(line.symbols):
        index, mention = named.start(), line.mentions[named.start()]
        if mention is None:
            continue
        code, sector = None, ""
        if mention.kind == "place" and mention.place and mention.form != "dateline":
            code, sector = mention.place.country, mention.place.sector  # of two claimants neither
        elif mention.kind == "actor" and is_ground(line, index):
            code = mention.ref
        side = parties.on_ground(code, sector) if code else None
        if side:
            distance = abs(index - (figure.at if figure else 0))
            if best is None or distance < best[0]:
                best = (distance, side)
    return best[1] if best else None
