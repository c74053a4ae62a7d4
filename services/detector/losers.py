"""Whose loss it is: the side named with it, its owner, whom the fight befell, on whose ground it was."""

from collections.abc import Callable
from itertools import pairwise

from services.detector.case import Case, struck, told_before, victim
from services.detector.doers import befell, does_both, has_partner_behind
from services.detector.foes import bodies_found, enemy, gave_up, irregulars, killed_by_them, theirs, unnamed_foe
from services.detector.ground import is_ground
from services.detector.lists import SIDED_PART
from services.detector.ours import (
    admitted,
    at_a_cost,
    killers_loss,
    martyrs,
    of_the_owner,
    own,
    they_lost,
    visited,
)
from services.detector.people import is_on_own_side
from services.detector.sequel import (
    aboard,
    attackers,
    beaten_off,
    bombed_before,
    driven_back,
    ground_before,
    more_of_them,
    of_that_kind,
    same_people,
    some_of_them,
    struck_before_this,
)
from services.detector.soil import ground_of
from services.detector.words import words
from shared.schemas.article_tagged import Mention

_AT_HOME = words("losers.at_home")
_TOGETHER = words("losers.together")
_REGULARS = words("losers.regulars")
_NORTHS, _SOUTHS = words("losers.norths"), words("losers.souths")  # states
_NORTHERN, _SOUTHERN = words("losers.northern"), words("losers.southern")
_CARRIED = words("lists.carried")
_FIGURES = words("losers.figures")
_CRAFTS = words("losers.crafts")
_TOWNS = words("losers.towns")
_THITHER = ("to", "in")
_ADVISERS = 2
_CLAUSE = 8  # items


def loser(case: Case, near: bool) -> str | None:
    """The side whose loss it is; `total` when none is told; None when it is another country's.

    `near` is whether the line stands near one that tells of the fight.
    """
    at = case.figure.side_at
    # "two dead as Pakistan, India trade fire": of two named together behind the figure neither is its side.
    behind = at > case.figure.at and at > case.figure.predicate and has_partner_behind(case.line, at)
    together = behind and not {"a", "an", "rest"}.intersection(
        case.line.words[at : at + 5]
    )  # "22 Iranian guards and a Turk"
    if case.figure.at < at and _is_of_two(case, at):
        return "total"
    named = None if together else _named(case, at)
    if named is not None and case.figure.foe and case.line.words[at + 1] == ":":
        return case.parties.other_than(named.ref)  # "Thailand: 40 enemy dead"
    if named is not None:
        known = case.parties.knows(named.ref) or case.parties.allies(named) or (near and _are_beside(case, named))
        return named.ref if known else None
    if _is_elsewhere(case) or _is_elsewhere_behind(case) or _is_by_others(case) or _is_of_an_organisation(case):
        return None
    if case.figure.best == 0:
        return _first(case, _OF_DENIALS)
    if case.line.words[case.figure.predicate] in _FIGURES:
        # "put the figure at three", "the real toll was 21 dead"
        of_the_dead = case.line.symbols[case.figure.at + 1 : case.figure.end] == "d"
        bare = case.figure.end == case.figure.at + 1
        return told_before(case) or (case.own if of_the_dead else None) if bare or of_the_dead else None
    if side := next((side for rule in _OUTRIGHT if (side := rule(case))), None):
        return side
    if case.line.role == "title":
        return _first(case, _OF_TITLES)
    if not near and not any(case.parties.knows(actor.ref) for _, actor in case.line.actors):
        return None  # losses of another event
    return _first(case, _ELSE)


def _are_beside(case: Case, named: Mention) -> bool:
    """`25 Russian soldiers died when Afghan fighters overran a post in Tajikistan`: a third state's troops; one or two
    may be advisers."""
    return case.figure.who == "military" and len(named.ref) == 2 and (case.figure.best or 0) > _ADVISERS


def _is_of_two(case: Case, at: int) -> bool:
    """`4,000 Chinese and Vietnamese troops were killed`."""
    return case.line.symbols[at + 1 : at + 3] == "&J" and has_partner_behind(case.line, at)


def _named(case: Case, at: int) -> Mention | None:
    """The actor at item `at`; of `Ethiopian TPLF troops` the one that is a side."""
    known = (case.line.mentions[index] for index in (at, at - 1) if index >= 0 and case.line.symbols[index] in "JA")
    actors = [mention for mention in known if mention is not None]
    return next((mention for mention in actors if case.parties.knows(mention.ref)), actors[0] if actors else None)


Rule = Callable[[Case], str | None]


def _first(case: Case, rules: tuple[Rule, ...]) -> str:
    return next((side for rule in rules if (side := rule(case))), "total")


def _is_elsewhere(case: Case) -> bool:
    """`was struck in Damascus, killing two`: on the ground of a state that has no part in the fight."""
    line, at = case.line, case.figure.at
    for index in range(at - 1, max(0, at - _CLAUSE), -1):
        mention = line.mentions[index]
        if line.symbols[index] in ".;S" or (mention is not None and case.parties.knows(mention.ref)):
            return False
        if mention is not None and line.words[index - 1] == "in":
            return _is_foreign(case, index, mention)
    return False


def _is_of_an_organisation(case: Case) -> bool:
    """`The United Nations said four of its soldiers had been killed`."""
    return case.figure.pronoun > case.figure.at and case.line.symbols[: case.figure.at].endswith(("GS", "GSa"))


def _is_elsewhere_behind(case: Case) -> bool:
    """`1,500 people have been killed in Nagorno-Karabakh in four years`, of another fight."""
    behind = max(case.figure.end, case.figure.predicate + 1)
    mention = case.line.mentions[behind + 1] if case.line.words[behind : behind + 1] == ["in"] else None
    if mention is None or case.parties.knows(mention.ref):
        return False
    return _is_foreign(case, behind + 1, mention)


def _is_by_others(case: Case) -> bool:
    """`an Islamic State bombing that took over 90 lives`: of who has no part in the fight."""
    taker = case.agent if case.line.symbols[case.figure.predicate] == "x" else None
    return taker is not None and not case.parties.knows(taker.ref) and not case.parties.allies(taker)


def _is_foreign(case: Case, index: int, mention: Mention) -> bool:
    if mention.kind == "place" and mention.place:
        return not any(case.parties.knows(code) for code in mention.place.country.split("|"))
    return len(mention.ref) == 2 and is_ground(case.line, index)


def _on_their_side(case: Case) -> str | None:
    """`On the Nigerian side, two soldiers and a farmer were killed`."""
    line = case.line
    if is_on_own_side(line, case.figure.end):
        return case.own
    if "that" in line.words[case.figure.end + 1 : case.figure.end + 2] and "side" in line.words[case.figure.end :][:3]:
        return told_before(case)  # "Two civilians on that side were hurt"
    if line.words[:4:3] == ["on", "side"] and line.words[2] == "own":  # "On his own side two soldiers had died"
        return case.own or (case.told.speaker.side if case.parties.knows(case.told.speaker.side or "") else None)
    for at in range(1, case.figure.at):
        mention = line.mentions[at - 1 - (line.symbols[at - 1] == "'")]
        if line.words[at] == "side" and mention is not None and "on" in line.words[max(0, at - 4) : at]:
            others = {m.ref for index, m in line.actors if at < index < case.figure.at} - {mention.ref}
            named = case.parties.knows(mention.ref) and not any(map(case.parties.knows, others))
            return mention.ref if named else None
    return None


def _by_direction(case: Case) -> str | None:
    """`1,200 southern soldiers`, `256 on the northern side`, of two states called the North and the South."""
    named = case.line.words[case.figure.at : max(case.figure.end, case.figure.predicate) + 4]
    pair = (case.parties.one.name, case.parties.other.name)
    if len(_NORTHS.intersection(pair)) != 1 or len(_SOUTHS.intersection(pair)) != 1:
        return None
    north, south = not _NORTHERN.isdisjoint(named), not _SOUTHERN.isdisjoint(named)
    if north == south:
        return None
    return next(name for name in pair if name in (_NORTHS if north else _SOUTHS))


def _all_together(case: Case) -> str | None:
    """`300 corpses altogether`, `some thirty dead on the two sides together`."""
    first = min(case.figure.predicate, case.figure.at)
    behind = case.line.words[first : max(case.figure.end, case.figure.predicate) + 6]
    both = {("both", "sides"), ("two", "sides"), ("both", "armies"), ("in", "all"), ("in", "total")}.intersection(
        pairwise(behind)
    )
    return "total" if both or not _TOGETHER.isdisjoint(behind[1:]) else None


def _in_parts(case: Case) -> str | None:
    """`41 dead, 31 of them on the Kyrgyz side`, `60 people, mostly Kyrgyz`: the whole is nobody's."""
    behind = case.line.symbols[case.figure.end : case.figure.end + 6]
    mostly = case.line.words[case.figure.end + 1 : case.figure.end + 2] in (["mostly"], ["mainly"], ["most"])
    parted = SIDED_PART.search(case.line.symbols, case.figure.end) or (mostly and "J" in behind)
    return "total" if parted else None


def _flown_home(case: Case) -> str | None:
    """`The wounded were flown to Beijing`, `the bodies of seven soldiers arrived in Asmara`."""
    for at, mention in case.line.named:
        moved = not _CARRIED.isdisjoint(case.line.words[max(0, at - 4) : at])
        ground = case.parties.on_ground(mention.place.country, mention.place.sector) if mention.place else None
        home = mention.ref if mention.kind == "actor" else ground or ""
        if "R" not in case.line.symbols and moved and case.line.words[at - 1] in _THITHER and case.parties.knows(home):
            return home if case.figure.kind in ("wounded", "killed") and at > case.figure.at else None
    return None


def _struck_there(case: Case) -> str | None:
    """`Ecuador shot down two Peruvian helicopters, killing seven people`: civilians are of the ground they were on."""
    figure, line = case.figure, case.line
    active = 0 < figure.predicate < figure.at and line.words[figure.predicate].endswith("ing")
    return struck(case) if active and figure.who != "civilian" and figure.agent < 0 else None


def _aboard_what_was_struck(case: Case) -> str | None:
    """`planes machine-gunned Mexican shrimp boats off Champerico, killing three fishermen`: not of the ground."""
    struck_ = (
        m.ref
        for index, m in case.line.actors
        if index < case.figure.at
        and befell(case.line, index)
        and not _CRAFTS.isdisjoint(case.line.words[index + 1 : index + 4])
    )
    side = next(struck_, None)
    return side if side and case.parties.knows(side) else None


def _victim_in_arms(case: Case) -> str | None:
    """Civilians belong to the ground they were on, so it is asked for first."""
    return victim(case) if case.figure.who != "civilian" and not case.figure.prisoners else None


def _in_a_battle(case: Case) -> str | None:
    """`a gun battle in which three died`: the dead of both sides."""
    before, at = case.line.entries, case.figure.at
    mutual = any(entry.mutual for entry in before[max(0, at - 9) : at])
    taken = case.line.symbols[case.figure.predicate] == "x"  # "a battle on the Lao-Thai border has taken four lives"
    return "total" if mutual and (taken or "which" in case.line.words[max(0, at - 4) : at]) else None


def _of_both(case: Case) -> str | None:
    """`clashes that killed a hundred soldiers`, `both fired, killing two`: the dead of both sides."""
    figure, line = case.figure, case.line
    if not 0 <= figure.predicate < figure.at:
        return "total" if _is_of_the_clash(case) else None
    before = line.entries[max(0, figure.predicate - 3) : figure.predicate]
    return "total" if any(entry.mutual for entry in before) or does_both(line, figure.predicate) else None


def _is_of_the_clash(case: Case) -> bool:
    """`The clashes left eleven people dead`, `at least ten people have died in the fighting`."""
    figure, line = case.figure, case.line
    if figure.who != "unspecified" or line.actors:
        return False
    around = line.entries[max(0, figure.at - 3) : figure.at] + line.entries[figure.predicate : figure.predicate + 4]
    return any(entry.mutual for entry in around)


def _in_their_hospital(case: Case) -> str | None:
    """`Thai hospitals were treating 48 wounded men`, `a hospital in Thailand said`."""
    for at, mention in case.line.actors:
        behind = case.line.words[at + 1 : at + 3] if mention.form == "demonym" else case.line.words[max(0, at - 2) : at]
        if not _AT_HOME.isdisjoint(behind) and (mention.form == "demonym" or is_ground(case.line, at)):
            return mention.ref if case.parties.knows(mention.ref) else None
    return None


def _fired_from(case: Case) -> str | None:
    """`were killed when their boat came under fire from the Lao bank`: the other side's."""
    line = case.line
    for at, mention in line.actors:
        whence = "from" in line.words[max(0, at - 2) : at] and any(e.fight for e in line.entries[max(0, at - 5) : at])
        denied = "no" in line.words[max(0, at - _CLAUSE) : at]
        if whence and not denied and case.parties.knows(mention.ref) and line.words[at + 1 : at + 2] != ["'s"]:
            return case.parties.other_than(mention.ref)
    return None


def _regulars(case: Case) -> str | None:
    """`Two policemen were hurt`, where one side is an armed group: the state's."""
    parties, named = case.parties, case.line.words[case.figure.at : case.figure.end]
    return parties.other_than(parties.raiders) if parties.raiders and not _REGULARS.isdisjoint(named) else None


def _in_that_town(case: Case) -> str | None:
    """`A mortar hit the Turkish town of Akcakale. ... Thirteen were wounded in the town`: on the ground told of."""
    behind = case.line.words[case.figure.predicate + 1 : case.figure.predicate + 4]
    there = behind[:2] == ["in", "the"] and not _TOWNS.isdisjoint(behind[2:])
    return case.told.ground if there and case.figure.who != "military" else None


def _first_named(case: Case) -> str | None:
    """`Asmara, pressed for its own losses, gave them as 180 killed`: the only side named begins the sentence."""
    named = [(index, mention.ref) for index, mention in case.line.actors if case.parties.knows(mention.ref)]
    first = 3 if case.line.words[:2] == ["as", "for"] else 1  # "As for the Thais, they admit 27 dead"
    alone = len(named) == 1 and named[0][0] <= first and case.figure.agent < 0 and not is_ground(case.line, named[0][0])
    return named[0][1] if alone else None


def _ground_named(case: Case) -> str | None:
    """Where people fell or lie in hospital tells whose they are; not soldiers', who fall on both sides of a line."""
    if (case.figure.who == "military" and _AT_HOME.isdisjoint(case.line.words)) or case.claimant.side == "both":
        return None
    ground = ground_of(case.line, case.figure, case.parties)
    prisoners = case.line.symbols[case.figure.predicate] == "R" and case.line.words[case.figure.predicate - 1] != "as"
    return case.parties.other_than(ground) if prisoners and ground else ground  # "are prisoners in Tiraspol"


_OF_TITLES = (victim, enemy, own)
_OF_DENIALS = (of_the_owner, own)
_OUTRIGHT = (
    _all_together,
    theirs,
    killers_loss,
    at_a_cost,
    attackers,
    driven_back,
    beaten_off,
    they_lost,
    of_the_owner,
    _on_their_side,
    admitted,
    _by_direction,
    martyrs,
    killed_by_them,
    irregulars,
    bodies_found,
    aboard,
    _victim_in_arms,
    _aboard_what_was_struck,
    _struck_there,
    enemy,
    some_of_them,
    same_people,
    _in_parts,
)
_ELSE = (
    _in_a_battle,
    _in_their_hospital,
    _fired_from,
    _regulars,
    _flown_home,
    _ground_named,
    _in_that_town,
    of_that_kind,
    more_of_them,
    _of_both,
    unnamed_foe,
    victim,
    struck,
    bombed_before,
    visited,
    gave_up,
    own,
    _first_named,
    ground_before,
    told_before,
    struck_before_this,
)
