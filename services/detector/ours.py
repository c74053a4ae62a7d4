"""A speaker's or an owner's own losses: `three of its soldiers`, `it lost nine men`, `at a cost of 14 dead`."""

from services.detector.case import Case, told_before
from services.detector.doers import whose
from services.detector.owners import owner, sheller_before, struck_before
from services.detector.predicates import subject
from services.detector.sequel import they
from services.detector.words import words

_HIS = ("his", "her")
_WHILE_LOSING = words("ours.while_losing")
_ADMITTING = words("ours.admitting")
_MARTYRS = words("ours.martyrs")
_VISITING = words("ours.visiting")
_COST = (["cost", "of"], ["loss", "of"], ["price", "of"])


def of_the_owner(case: Case) -> str | None:
    """`three of its soldiers`: the side the possessive stands for."""
    figure, line = case.figure, case.line
    if figure.pronoun < 0:
        return None
    if (case.told.side_line, case.told.pronoun) == (line.number, figure.pronoun):
        return case.told.side  # "two of his own men were killed and five wounded"
    behind = line.words[figure.pronoun + 1 : figure.pronoun + 2]
    if case.own and (
        behind == ["own"] or line.words[figure.predicate] in _WHILE_LOSING
    ):  # "killed nine men while losing six of its own"
        return case.own
    said = line.symbols[figure.at - 1 : figure.at] == "S"
    told = "that" in line.words[max(0, figure.pronoun - 4) : figure.pronoun] and not struck_before(line, figure.pronoun)
    if case.own and (said or told):
        # "accused Laos of firing first and said 30 of its soldiers were killed", "Buenos Aires says the Chileans shot
        # first, and that not one of its guards was harmed"
        return case.own
    if said and (subject_named := _named_at_first(case)):
        return subject_named  # "Bangkok claimed 30 tanks destroyed and said 16 of its men were dead"
    theirs = _owner(case)
    if case.agent is not None and case.agent.ref == theirs:  # "shelling killed five of its soldiers": not the sheller's
        theirs = case.parties.other_than(theirs)
    return theirs if theirs is not None and case.parties.knows(theirs) else case.own


def _owner(case: Case) -> str | None:
    """Whom the possessive stands for, here or in the sentence before."""
    figure, line, previous = case.figure, case.line, case.told.previous
    # "sent 49 Indians to their graves for 21 of its own"
    owned = line.words[figure.pronoun + 1 : figure.pronoun + 2] == ["own"]
    if owned and not line.actors and (others := told_before(case)):
        return case.parties.other_than(others)  # "A Lao force killed 20 Thai soldiers. Three of its own men died"
    if not owned and figure.predicate > figure.at and (struck := struck_before(line, figure.pronoun)):
        return struck
    if (sheller := sheller_before(line, figure.pronoun)) and (shelled := case.parties.other_than(sheller)):
        return shelled
    return (
        owner(line, figure.pronoun)
        or case.own
        or _spoken_for(case)
        or (whose(previous) if previous is not None else None)
    )


def _spoken_for(case: Case) -> str | None:
    """`Eighteen of his men were killed`: of whoever spoke last."""
    side, before = case.told.speaker.side or "", case.told.previous
    silent = before is not None and "S" not in before.symbols
    if silent and before is not None and any(case.parties.knows(actor.ref) for _, actor in before.actors):
        return None  # "Kabul's envoy had an answer. His country had lost two men"
    return side if case.line.words[case.figure.pronoun] in _HIS and case.parties.knows(side) else None


def they_lost(case: Case) -> str | None:
    """`Cairo said it lost nine men`, whatever else the sentence shows struck."""
    at = case.figure.predicate
    had = case.line.words[:2] in (["it", "had"], ["they", "had"]) and case.figure.at == 2  # "It had 21 dead"
    subject_at = at - 2 if case.line.words[at - 1] == "had" else at - 1
    lost = case.line.symbols[at : at + 1] == "L" and case.line.words[max(0, subject_at)] in ("it", "they")
    pronoun = had or lost
    if not pronoun or case.figure.foe:
        return None
    if "own" in case.line.words[case.figure.at : case.figure.at + 4] and (others := told_before(case)):
        return case.parties.other_than(others)  # "X killed 20 Lao soldiers. It lost three of its own"
    return case.own or they(case) or _named_at_first(case)


def _named_at_first(case: Case) -> str | None:
    """`Thailand began to withdraw after 12 days of fighting in which it lost 43 men`."""
    first = next(((at, mention) for at, mention in case.line.actors), None)
    return first[1].ref if first and first[0] <= 1 and case.parties.knows(first[1].ref) else None


def admitted(case: Case) -> str | None:
    """`admitted to 100 wounded`: nobody admits another's losses."""
    said = case.line.words[max(0, case.figure.at - 3) : case.figure.at]
    return None if _ADMITTING.isdisjoint(said) or case.figure.foe else case.own


def martyrs(case: Case) -> str | None:
    """`Peking spoke of 40 martyrs`: nobody calls an enemy so."""
    end = max(case.figure.end, case.figure.predicate + 1)
    told = case.line.words[case.figure.at : end + (3 if case.line.symbols[end : end + 1] == "<" else 0)]
    return case.own if not _MARTYRS.isdisjoint(told) else None


def visited(case: Case) -> str | None:
    """`The king of Senegal visited 23 wounded soldiers`: his own."""
    verb = next((i for i in range(max(0, case.figure.at - 3), case.figure.at) if case.line.words[i] in _VISITING), -1)
    mention = case.line.mentions[found] if verb > 0 and (found := subject(case.line, verb)) >= 0 else None
    return mention.ref if mention is not None and case.parties.knows(mention.ref) else None


def killers_loss(case: Case) -> str | None:
    """`Thai troops killed 21 Lao guards and lost two of their men`: not of the side just told."""
    figure, line = case.figure, case.line
    lost = line.symbols[figure.predicate] == "L" and line.words[figure.predicate].startswith("los")
    joined = lost and line.symbols[figure.predicate - 1] in "&," and figure.side_at < 0
    same = case.told.side and case.told.side_line == line.number
    return case.parties.other_than(case.told.side) if joined and same and case.told.side else None


def at_a_cost(case: Case) -> str | None:
    """`beat back a Salvadoran column, killing 60, at a cost of 14 dead`: of whoever killed."""
    before = case.line.words[max(0, case.figure.at - 4) : case.figure.at]
    if before[:1] not in (["at"], ["for"]) or before[2:] not in _COST:
        return None
    same = case.told.side and case.told.side_line == case.line.number
    return case.parties.other_than(case.told.side) if same and case.told.side else case.own


def own(case: Case) -> str | None:
    return case.own
