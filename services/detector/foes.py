"""Losses of the other side, as speaker or killer tells them: `they lost 50`, `20 terrorists`, `killed ten of them`."""

from dataclasses import replace

from services.detector.case import Case, struck, victim
from services.detector.ground import is_ground
from services.detector.lines import Line
from services.detector.sequel import named_first
from services.detector.soil import ground_of
from services.detector.words import words

_FIRST_PERSON = words("foes.first_person")
_THIRD_PERSON = words("foes.third_person")
_THEMSELVES = words("foes.themselves")
_RELATIVES = words("foes.relatives")
_INTRUDERS = words("foes.intruders")
_SHOWING = words("foes.showing")
_ALLIED = words("foes.allied")
_FINDING = words("foes.finding")
_GIVING_UP = words("foes.giving_up")
_FREEING = words("foes.freeing")
_CLAUSE = 8  # items


def theirs(case: Case) -> str | None:
    """`We lost 11 men, they lost 50`, `we counted 33 of their dead`: the other side's, in a speaker's own words."""
    figure, line = case.figure, case.line
    end = max(figure.end, figure.predicate + 1)
    end += 2 if line.words[end : end + 2] == ["in", "their"] else 0  # "We found 17 bodies in their bunkers"
    around = line.words[max(0, min(figure.at, figure.predicate) - 3) : end]
    if line.words[figure.end : figure.end + 1] == ["of them"] and "they" in line.words[: figure.at]:
        return _opponent(case) if figure.predicate > figure.at else None  # "they shot at a patrol and one of them died"
    quoted = line.symbols[:1] == "q" and "their" in line.words[max(0, figure.predicate - 3) : figure.predicate]
    if not quoted and (_THIRD_PERSON.isdisjoint(around) or _FIRST_PERSON.isdisjoint(line.words[: figure.at])):
        return None
    return _opponent(case)


def _opponent(case: Case) -> str | None:
    """The claimant's opponent; irregulars are the armed group's that the article tells of."""
    side = case.claimant.side
    enemy = case.parties.other_than(side) if side and side != "both" else None
    return case.parties.groups.get(enemy, enemy) if enemy and case.figure.irregular else enemy


def enemy(case: Case) -> str | None:
    """`20 terrorists were killed, the army said`: the claimant speaks of the other side."""
    if not (case.figure.foe or case.figure.prisoners):
        return None
    if (
        case.figure.foe and case.claimant.words is None
    ):  # "Its troops had killed ten of the invaders": whoever spoke before
        case = replace(case, claimant=case.told.speaker)
    if enemy := _opponent(case):
        return enemy
    if case.figure.prisoners:  # "Thai troops crossed the river. They took 12 prisoners"
        return victim(case) or case.parties.other_than(named_first(case) or _where_shown(case) or "")
    recent = case.told.side if case.line.number - case.told.side_line == 1 else None
    return case.parties.other_than(recent) if recent and "side" in case.line.words else None  # "The other side lost 83"


def _where_shown(case: Case) -> str | None:
    """`Reporters in Bangkok were shown eight prisoners`: on whose ground."""
    shown = not _SHOWING.isdisjoint(case.line.words[max(0, case.figure.at - 3) : case.figure.at])
    return ground_of(case.line, case.figure, case.parties) if shown else None


def irregulars(case: Case) -> str | None:
    """`Two guerrillas died`, `bodies of four raiders`: where one of the sides is an armed group, its own."""
    figure = case.figure
    came = not _INTRUDERS.isdisjoint(
        case.line.words[figure.at : figure.end] + case.line.words[max(0, figure.predicate - 2) : figure.predicate]
    )
    allied = not _ALLIED.isdisjoint(case.line.words[figure.at : figure.end + 3])  # "rebels alongside Turkey"
    if allied:
        return None
    return case.parties.group if figure.irregular else case.parties.raiders if came else None


def bodies_found(case: Case) -> str | None:
    """`its patrol found 15 bodies`, where one side is an armed group: whose is not told."""
    at, line = case.figure.at, case.line
    found = not _FINDING.isdisjoint(line.words[max(0, at - 4) : at]) and line.symbols[case.figure.predicate] == "F"
    return "total" if found and case.parties.group else None


def gave_up(case: Case) -> str | None:
    """`The Egyptian army says that 30 men surrendered`: nobody claims his own."""
    figure = case.figure
    freed = not _FREEING.isdisjoint(case.line.words[max(0, figure.at - 3) : figure.at])
    adjective = figure.predicate == figure.at + 1 and figure.end > figure.at + 2 and not freed
    held = figure.kind == "captured" and adjective  # "spoke of 24 detained sailors"
    return _opponent(case) if held or case.line.words[figure.predicate] in _GIVING_UP else None


def killed_by_them(case: Case) -> str | None:
    """`India said it had killed six soldiers`, `its guns wounded two`, `killed 30 of them`: the other side's."""
    figure, line = case.figure, case.line
    if not 0 < figure.predicate < figure.at or line.symbols[figure.predicate] not in "kKwWyC":
        return None
    if line.words[figure.end : figure.end + 1] == ["of them"]:
        return _latter(case) or _opponent(case) or victim(case)
    if figure.agent >= 0:
        return None
    if line.symbols[figure.predicate - 1] == "," and _they_did(line, figure.predicate):
        return _opponent(case)  # "said it had repelled the attack, killing 33"
    for index in range(figure.predicate - 1, max(-1, figure.predicate - 5), -1):
        if line.symbols[index] == "p" or line.words[index] in _THEMSELVES:
            own_ground = figure.who == "civilian" and ground_of(line, figure, case.parties) == case.own
            return case.own if own_ground else _opponent(case)  # "Rwanda says they killed a woman in Rubavu"
        if line.symbols[index] == "&" and line.words[0] in _THEMSELVES and "L" in line.symbols[:index]:
            return _opponent(case)  # "It lost 31 men and killed 256"
        if line.symbols[index] not in "vxm" or line.words[index] in _RELATIVES:
            return None
    return None


def _latter(case: Case) -> str | None:
    """`Algerian forces seized the wells, surprising a Moroccan garrison and killing ten of them`: of two named, those
    named last."""
    acting = (pair for pair in case.line.actors if pair[0] < case.figure.predicate)
    named = [m.ref for index, m in acting if case.parties.knows(m.ref) and not is_ground(case.line, index)]
    return named[-1] if len(set(named)) == 2 else None


def _they_did(line: Line, verb: int) -> bool:
    """Whether `it` or `they` is the subject of the clause before `verb`, and nobody else is named in it."""
    for index in range(verb - 2, max(-1, verb - _CLAUSE), -1):
        if line.words[index] in _THEMSELVES:
            return True
        if line.symbols[index] in ".;,SJA":
            return False
    return False


def unnamed_foe(case: Case) -> str | None:
    """`beat back a column and counted 41 of the attackers dead`: an enemy whose side nobody has told."""
    return (struck(case) or "total") if case.figure.foe else None
