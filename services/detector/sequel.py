"""Whose loss it is, by what the sentence before has told."""

import re
from dataclasses import replace

from services.detector.case import Case, struck, told_before
from services.detector.doers import befell, whose
from services.detector.ground import is_ground
from services.detector.words import words

_COMRADES = words("sequel.comrades")
_LOSSES = tuple("KQWdCM")
_LOSS_AND = re.compile(r"[KQWdCM],?&\Z")
_AND_ALONE = re.compile(r"&(?:a[WdKM]i)?\Z")  # "the dead at 21 and the wounded at 70"
_ATTACKERS, _DEFENDERS = words("sequel.attackers"), words("sequel.defenders")
_FROM_AFAR = words("sequel.from_afar")
_NEAR = 4  # items
_ANY_TROOPS = words("sequel.any_troops")
_FLEEING = words("affected.fleeing")
_FURTHER = ("a further", "another", "an additional")


def same_people(case: Case) -> str | None:
    """`13 Kyrgyz citizens, among them a girl, were killed and 134 injured`: of the side just told."""
    at, symbols = case.figure.at, case.line.symbols
    is_part = symbols[at - 1 : at] == "<" and symbols[case.figure.end : case.figure.end + 1] == ","
    is_part = is_part or symbols[at + 1 : at + 2] == "<"  # "18 people, four of them soldiers"
    if not _COMRADES.isdisjoint(case.line.words[at : case.figure.end]):  # "and five comrades are in hospital"
        return told_before(case)
    if case.line.words[at - 1 : at] in (["his"], ["her"]) and case.told.side_line == case.line.number:
        return case.told.side  # "a woman was killed and her two children were wounded"
    if _is_alone(case) and case.told.side_line == case.line.number:
        return case.told.side
    goes_on = _LOSS_AND.search(symbols, max(0, at - 3), at) and symbols[at + 1 : at + 2] in _LOSSES
    return case.told.side if (is_part or goes_on) and case.told.side_line == case.line.number else None


def _is_alone(case: Case) -> bool:
    """`and 21 had been taken alive`: a number without a noun goes on with the people told of before."""
    somewhere = re.match(r"ia?[AP]", case.line.symbols[case.figure.end :])  # "21 in Laos and 65 in Thailand"
    return case.figure.who is None and not somewhere and bool(_AND_ALONE.search(case.line.symbols, 0, case.figure.at))


def more_of_them(case: Case) -> str | None:
    """`A further 154 people have been treated`: of the side just told."""
    bare = case.figure.end == 1 and case.figure.kind != "captured"
    begins = case.figure.at == 0 and (bare or case.figure.who is None)  # "Six were flown to hospital"
    return told_before(case) if begins or case.line.words[case.figure.at].startswith(_FURTHER) else None


def they(case: Case) -> str | None:
    """Whom `they` or `it` at the beginning stands for: who suffered in the sentence before, else who is named first."""
    if case.line.words[0] not in ("they", "it") or case.before is None:
        return None
    side = whose(case.before)
    return side if side and case.parties.knows(side) else None


def driven_back(case: Case) -> str | None:
    """`They were driven back with 29 dead`: who came, not who is named with it."""
    passive = case.line.symbols[1:2] == "v" and case.figure.predicate >= case.figure.at
    return named_first(case) if passive and case.line.words[case.figure.at - 1] == "with" else None


def beaten_off(case: Case) -> str | None:
    """`Nigerian soldiers attacked a Chadian garrison and were beaten off with the loss of 20 men`: who came."""
    line, at = case.line, case.figure.predicate
    if line.words[max(0, at - 2) : at + 2] != ["with", "the", "loss", "of"]:
        return None
    verb = next((i for i in range(at - 3, max(-1, at - 9), -1) if line.words[i] in _FLEEING), -1)
    acting = (mention.ref for i, mention in line.actors if i < verb and not befell(line, i) and not is_ground(line, i))
    return next(filter(case.parties.knows, acting), None) if verb > 0 else None


def named_first(case: Case) -> str | None:
    """Whom `they` stands for: the side that the sentence before names first."""
    if case.line.words[0] != "they" or case.before is None:
        return None
    return next((mention.ref for _, mention in case.before.actors if case.parties.knows(mention.ref)), None)


def some_of_them(case: Case) -> str | None:
    """`Thai troops crossed the river. 14 of them were killed`: of the only side the sentence before names."""
    if case.figure.at != 0 or case.line.words[1:2] != ["of them"] or case.before is None:
        return None
    sides = {mention.ref for _, mention in case.before.actors if case.parties.knows(mention.ref)}
    return told_before(case) or (sides.pop() if len(sides) == 1 else None)


def attackers(case: Case) -> str | None:
    """`Thai troops attacked a Lao post. The attackers lost 36 men`, `the defenders had three dead`."""
    line, before = case.line, case.told.previous
    suffers = line.symbols[case.figure.predicate] == "L" or case.figure.predicate >= case.figure.at
    first = max(0, min(case.figure.predicate, case.figure.at) - 4) if suffers else case.figure.at
    if line.words[case.figure.end : case.figure.end + 1] == ["of them"]:
        first = max(0, first - _NEAR)  # "caught the raiders, leaving 120 of them dead"
    named = line.words[first : case.figure.end + 1]
    attack = not _ATTACKERS.isdisjoint(named)
    if before is None or case.claimant.side or attack == (not _DEFENDERS.isdisjoint(named)):
        return None
    found = {m.ref for index, m in before.actors if case.parties.knows(m.ref) and befell(before, index)}
    if len(found) != 1:
        return None
    hit = found.pop()
    return case.parties.other_than(hit) if attack else hit


def aboard(case: Case) -> str | None:
    """`A Peruvian helicopter was shot down. Ten men aboard were believed dead`."""
    line, before = case.line, case.told.previous
    if "aboard" not in line.words[case.figure.at : case.figure.end + 3] or before is None:
        return None
    return struck(case) or struck(replace(case, line=before))


def struck_before_this(case: Case) -> str | None:
    """`A missile struck a Thai barracks. Ten soldiers were killed`: the only side the sentence before shows struck."""
    if case.before is None or case.line.actors:
        return None
    return struck(replace(case, line=case.before))


def bombed_before(case: Case) -> str | None:
    """`Thai jets bombed a Lao base. Bangkok said ten soldiers were killed`: where the bombs fell, whoever says so."""
    if case.before is None or _FROM_AFAR.isdisjoint(case.before.words):
        return None
    others = [mention.ref for _, mention in case.line.actors if mention.ref != case.claimant.side]
    passive = case.figure.predicate >= case.figure.at and case.figure.pronoun < 0
    of_a_group = case.own is not None and case.own == case.parties.group  # "the group told of one fighter killed"
    return struck(replace(case, line=case.before)) if passive and not others and not of_a_group else None


def kind_of(noun: str) -> str:
    """`marine` of `marines`, `guard` of `border guards`."""
    return noun.split()[-1].removesuffix("s")


def of_that_kind(case: Case) -> str | None:
    """`Thai marines fought for the hill. Twelve marines were killed`: only one side's troops are called so."""
    named = range(case.figure.at, case.figure.end)
    kinds = [kind_of(case.line.words[at]) for at in named if case.line.symbols[at] == "m"]
    sides = case.told.kinds.get(kinds[-1], set()) if kinds and kinds[-1] not in _ANY_TROOPS else set()
    return next(iter(sides)) if len(sides) == 1 else None


def ground_before(case: Case) -> str | None:
    """The ground the sentences before were on."""
    return case.told.ground if case.figure.who != "military" else None
