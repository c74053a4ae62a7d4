"""Whose people a figure counts and who did it, by its clause: `lost seven men`, `shelling by Lao troops killed ten`."""

import re
from dataclasses import replace

from services.detector import predicates
from services.detector.doers import befell, doer, has_partner_behind
from services.detector.figure import Figure
from services.detector.headed import (
    apposed,
    numbering,
    side_of_whole,
    side_with,
)
from services.detector.lines import Line
from services.detector.lists import (
    all_of_them,
    losses_of,
    named_before,
    officer_and,
    on_side,
    were_of,
)
from services.detector.people import (
    side_in,
)
from services.detector.predicates import subject
from services.detector.words import words

_COST = re.compile(r"kx?a?(?P<who>[JA])x{0,2}\Z")  # "cost Thailand four dead"
_HIS_COUNTRY = re.compile(r"p[xm]v?\Z")
_WITH_LOSS = re.compile(r"i[ar]?F?o?\Z")
_FAR = 28  # items from "and lost" back to who did
_BLAMED = re.compile(r"[xSk][axi]{0,2}(?P<who>[JA])'?[xm]{0,2}[ix][axp]{0,2}\Z")
_FIELDS = words("lists.fields")
_BLAMING = words("affected.blaming")
_KILLED_AND_LOST = re.compile(r"[kKCy][ar]?N[^.;SkK]{0,8}[&,]L\Z")
_REMAINS = words("affected.remains")
_RETURNS = words("affected.returns")
_FLEEING = words("affected.fleeing")


def side_before(line: Line, at: int, end: int) -> int:
    apart = max(side_of_whole(line, at), side_with(line, at), apposed(line, at, at + 1)[1], numbering(line, at, end))
    return max(named_before(line, at), losses_of(line, at), officer_and(line, at), apart)


def with_side_named(line: Line, figure: Figure) -> Figure:
    if figure.side_at >= 0 or figure.pronoun >= 0:
        return figure
    if are_its_own(line, figure.predicate + 1):  # "four dead of its own"
        return replace(figure, pronoun=figure.predicate + 2)
    sides = (
        on_side(line, max(figure.end, figure.predicate + 1)),
        all_of_them(line, figure.end),
        were_of(line, figure.end) if line.symbols[figure.end - 1] in "dKW" else -1,
    )
    return replace(figure, side_at=max(sides))


def with_loser(line: Line, figure: Figure) -> Figure:
    """`Iraq lost 3,000 men`, `the Ugandans had two marines killed`: the side is the subject's."""
    head = line.symbols[max(0, figure.at - 5) : figure.at]
    if _drew_off(line, figure):
        return replace(figure, side_at=subject(line, figure.at - 1))
    paid = _COST.search(line.symbols, max(0, figure.at - 6), figure.at)
    if paid and line.words[paid.start()].startswith("cost"):
        return replace(figure, side_at=paid.start("who"))
    lost = re.search(r"(?:L|(?<=[JAm])v)[arx]{0,2}\Z", head)
    of_its_own = are_its_own(line, figure.predicate + 1)  # "it paid with four dead of its own"
    if lost is None or of_its_own or _is_left_behind(line, figure.at):
        return figure
    verb = max(0, figure.at - 5) + lost.start()
    loser = loser_at(line, figure, verb)
    if loser < 0 and figure.pronoun < 0 and (own := _HIS_COUNTRY.search(line.symbols, 0, verb)):
        return replace(figure, pronoun=own.start())  # "his country had lost two soldiers"
    return replace(figure, side_at=loser)


def loser_at(line: Line, figure: Figure, verb: int) -> int:
    if figure.side_at >= 0 or figure.pronoun >= 0:
        return figure.side_at
    if _KILLED_AND_LOST.search(line.symbols, 0, verb + 1):
        return -1  # "killing 120 guerrillas and losing 48 soldiers": of whoever killed
    if not {"it", "they"}.isdisjoint(line.words[verb - 2 : verb]):
        return -1  # "Vientiane said that it had lost one soldier"
    if line.words[verb - 1] in ("themselves", "itself"):
        return line.actors[0][0] if line.actors else -1
    named = side_in(line, max(0, verb - 4), verb)
    if named >= 0 and "side" in line.words[named:verb]:  # "the Kyrgyz side had buried four"
        return named
    if named >= 0 and befell(line, named) and "&" not in line.symbols[named:verb]:
        return named  # "an attack on Thai troops left 12 dead"
    also = line.symbols[verb - 1 : verb] == "&"  # "Thai troops attacked a hill on the disputed border and lost six men"
    found = subject(line, verb, _FAR) if also else subject(line, verb)
    by = line.symbols.rfind("b", max(0, found - 2), max(0, found))
    if by < 0:
        return found
    # "Thai troops, attacked by X, lost" and "was attacked by X and lost"
    return subject(line, by) if line.symbols[verb - 1] == "," else -1


def _drew_off(line: Line, figure: Figure) -> bool:
    """`had been driven off with 27 dead`, `had left 21 bodies`: of whoever drew off."""
    if figure.side_at >= 0 or figure.pronoun >= 0:
        return False
    if line.words[figure.at - 1] == "left":
        if not _FIELDS.isdisjoint(line.words[figure.end : figure.end + 5]):
            return True  # "had left thirty dead on the field"
        return line.words[figure.predicate] in _REMAINS and figure.best != 1
    told = _WITH_LOSS.search(line.symbols, max(0, figure.at - 4), figure.at)
    if told is None or line.words[told.start()] != "with":
        return False
    return not _FLEEING.isdisjoint(line.words[max(0, told.start() - 3) : told.start()])


def _is_left_behind(line: Line, at: int) -> bool:
    """`fighting near Kenya, leaving nine dead`; not `the troops fled, leaving 220 killed`."""
    leaves = "leaving" in line.words[max(0, at - 5) : at]
    return leaves and _FLEEING.isdisjoint(line.words[max(0, at - 12) : at])


def with_side_between(line: Line, figure: Figure, end: int) -> Figure:
    """`three members of the force known as the X were killed`: the only actor between the people and the verb."""
    between = line.symbols[end : figure.predicate]
    if figure.side_at >= 0 or figure.pronoun >= 0 or re.search(r"[,&bi;.]", between):
        return figure
    return replace(figure, side_at=side_in(line, end, figure.predicate))


def with_agent(line: Line, figure: Figure) -> Figure:
    """Who did it: `by Indian shells`, or the actor before an active verb."""
    if figure.predicate < 0 or figure.best == 0 or figure.agent >= 0:
        return figure
    if line.symbols[figure.predicate] == "T":
        return figure  # "the count given by the ministry"
    agent = predicates.agent_behind(line, figure.predicate)
    if agent >= 0 and has_partner_behind(line, agent):  # "eleven dead as India and Bangladesh clash"
        return figure
    if agent < 0 and figure.predicate < figure.at and _is_done(line, figure.predicate):
        agent = doer(line, figure.predicate)
    if agent < 0 and line.words[figure.predicate] in _REMAINS:
        agent = _who_returned(line, figure.predicate)
    return replace(figure, agent=agent)


def _is_done(line: Line, verb: int) -> bool:
    """`killed five`; not `were wounded, among them six servicemen`, `the number of wounded at`."""
    before = line.symbols[verb - 1 : verb]
    suffered = before == "o" or (before == "v" and line.words[verb - 1] not in ("had", "has", "have", "'ve"))
    return line.symbols[verb] in "kwy" or (line.symbols[verb] in "KWC" and not suffered)


def _who_returned(line: Line, remains: int) -> int:
    """`Kabul handed over the bodies of four soldiers`: they are not Kabul's."""
    for index in range(remains - 1, max(-1, remains - 5), -1):
        if line.words[index] in _RETURNS:
            return doer(line, index)
    return -1


def blamed_at(line: Line, front: int) -> int:
    """The actor of `blamed Laos for the death of ten soldiers`, `summoned its ambassador over the killing`; -1 for
    none."""
    match = _BLAMED.search(line.symbols, max(0, front - 9), front)
    return match.start("who") if match and not _BLAMING.isdisjoint(line.words[match.start() : match.end()]) else -1


def are_its_own(line: Line, end: int) -> bool:
    """`losing six of its own`."""
    return line.symbols[end : end + 2] == "op"
