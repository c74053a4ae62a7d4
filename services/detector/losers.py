"""Whose loss it is: the side named with it, its owner, whom the fight befell, on whose ground it was."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from services.detector.case import Case, struck, told_before
from services.detector.doers import befell, does_both, has_partner_behind, whose
from services.detector.ground import is_ground
from services.detector.lines import Line
from services.detector.lists import SIDED_PART
from services.detector.owners import owner, sheller_before, struck_before
from services.detector.people import is_on_own_side
from services.detector.predicates import subject
from services.detector.sequel import (
    aboard,
    attackers,
    beaten_off,
    bombed_before,
    driven_back,
    ground_before,
    more_of_them,
    named_first,
    of_that_kind,
    same_people,
    some_of_them,
    struck_before_this,
    they,
)
from services.detector.soil import ground_of
from services.detector.words import words
from shared.schemas.article_tagged import Mention

_FIRST_PERSON = words("losers.first_person")
_HIS = ("his", "her")
_THIRD_PERSON = words("losers.third_person")
_WHILE_LOSING = words("losers.while_losing")
_AT_HOME = words("losers.at_home")
_ADMITTING = words("losers.admitting")
_TOGETHER = words("losers.together")
_MARTYRS = words("losers.martyrs")
_THEMSELVES = words("losers.themselves")
_RELATIVES = words("losers.relatives")
_INTRUDERS = words("losers.intruders")
_SHOWING = words("losers.showing")
_REGULARS = words("losers.regulars")
_ALLIED = words("losers.allied")
_FINDING = words("losers.finding")
_NORTHS, _SOUTHS = words("losers.norths"), words("losers.souths")  # states
_NORTHERN, _SOUTHERN = words("losers.northern"), words("losers.southern")
_CARRIED = words("lists.carried")
_FIGURES = words("losers.figures")
_GIVING_UP = words("losers.giving_up")
_FREEING = words("losers.freeing")
_CRAFTS = words("losers.crafts")
_TOWNS = words("losers.towns")
_VISITING = words("losers.visiting")
_COST = (["cost", "of"], ["loss", "of"], ["price", "of"])
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


def _own(case: Case) -> str | None:
    return case.own


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


def _theirs(case: Case) -> str | None:
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


def _enemy(case: Case) -> str | None:
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
        return _victim(case) or case.parties.other_than(named_first(case) or _where_shown(case) or "")
    recent = case.told.side if case.line.number - case.told.side_line == 1 else None
    return case.parties.other_than(recent) if recent and "side" in case.line.words else None  # "The other side lost 83"


def _where_shown(case: Case) -> str | None:
    """`Reporters in Bangkok were shown eight prisoners`: on whose ground."""
    shown = not _SHOWING.isdisjoint(case.line.words[max(0, case.figure.at - 3) : case.figure.at])
    return ground_of(case.line, case.figure, case.parties) if shown else None


def _irregulars(case: Case) -> str | None:
    """`Two guerrillas died`, `bodies of four raiders`: where one of the sides is an armed group, its own."""
    figure = case.figure
    came = not _INTRUDERS.isdisjoint(
        case.line.words[figure.at : figure.end] + case.line.words[max(0, figure.predicate - 2) : figure.predicate]
    )
    allied = not _ALLIED.isdisjoint(case.line.words[figure.at : figure.end + 3])  # "rebels alongside Turkey"
    if allied:
        return None
    return case.parties.group if figure.irregular else case.parties.raiders if came else None


def _bodies_found(case: Case) -> str | None:
    """`its patrol found 15 bodies`, where one side is an armed group: whose is not told."""
    at, line = case.figure.at, case.line
    found = not _FINDING.isdisjoint(line.words[max(0, at - 4) : at]) and line.symbols[case.figure.predicate] == "F"
    return "total" if found and case.parties.group else None


def _admitted(case: Case) -> str | None:
    """`admitted to 100 wounded`: nobody admits another's losses."""
    said = case.line.words[max(0, case.figure.at - 3) : case.figure.at]
    return None if _ADMITTING.isdisjoint(said) or case.figure.foe else case.own


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


def _killers_loss(case: Case) -> str | None:
    """`Thai troops killed 21 Lao guards and lost two of their men`: not of the side just told."""
    figure, line = case.figure, case.line
    lost = line.symbols[figure.predicate] == "L" and line.words[figure.predicate].startswith("los")
    joined = lost and line.symbols[figure.predicate - 1] in "&," and figure.side_at < 0
    same = case.told.side and case.told.side_line == line.number
    return case.parties.other_than(case.told.side) if joined and same and case.told.side else None


def _at_a_cost(case: Case) -> str | None:
    """`beat back a Salvadoran column, killing 60, at a cost of 14 dead`: of whoever killed."""
    before = case.line.words[max(0, case.figure.at - 4) : case.figure.at]
    if before[:1] not in (["at"], ["for"]) or before[2:] not in _COST:
        return None
    same = case.told.side and case.told.side_line == case.line.number
    return case.parties.other_than(case.told.side) if same and case.told.side else case.own


def _they_lost(case: Case) -> str | None:
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


def _gave_up(case: Case) -> str | None:
    """`The Egyptian army says that 30 men surrendered`: nobody claims his own."""
    figure = case.figure
    freed = not _FREEING.isdisjoint(case.line.words[max(0, figure.at - 3) : figure.at])
    adjective = figure.predicate == figure.at + 1 and figure.end > figure.at + 2 and not freed
    held = figure.kind == "captured" and adjective  # "spoke of 24 detained sailors"
    return _opponent(case) if held or case.line.words[figure.predicate] in _GIVING_UP else None


def _visited(case: Case) -> str | None:
    """`The king of Senegal visited 23 wounded soldiers`: his own."""
    verb = next((i for i in range(max(0, case.figure.at - 3), case.figure.at) if case.line.words[i] in _VISITING), -1)
    mention = case.line.mentions[found] if verb > 0 and (found := subject(case.line, verb)) >= 0 else None
    return mention.ref if mention is not None and case.parties.knows(mention.ref) else None


def _flown_home(case: Case) -> str | None:
    """`The wounded were flown to Beijing`, `the bodies of seven soldiers arrived in Asmara`."""
    for at, mention in case.line.named:
        moved = not _CARRIED.isdisjoint(case.line.words[max(0, at - 4) : at])
        ground = case.parties.on_ground(mention.place.country, mention.place.sector) if mention.place else None
        home = mention.ref if mention.kind == "actor" else ground or ""
        if "R" not in case.line.symbols and moved and case.line.words[at - 1] in _THITHER and case.parties.knows(home):
            return home if case.figure.kind in ("wounded", "killed") and at > case.figure.at else None
    return None


def _martyrs(case: Case) -> str | None:
    """`Peking spoke of 40 martyrs`: nobody calls an enemy so."""
    end = max(case.figure.end, case.figure.predicate + 1)
    told = case.line.words[case.figure.at : end + (3 if case.line.symbols[end : end + 1] == "<" else 0)]
    return case.own if not _MARTYRS.isdisjoint(told) else None


def _owner_side(case: Case) -> str | None:
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


def _victim(case: Case) -> str | None:
    """The opponent of who did it."""
    return case.parties.other_than(case.agent.ref) if case.agent is not None else None


def _killed_by_them(case: Case) -> str | None:
    """`India said it had killed six soldiers`, `its guns wounded two`, `killed 30 of them`: the other side's."""
    figure, line = case.figure, case.line
    if not 0 < figure.predicate < figure.at or line.symbols[figure.predicate] not in "kKwWyC":
        return None
    if line.words[figure.end : figure.end + 1] == ["of them"]:
        return _latter(case) or _opponent(case) or _victim(case)
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
    return _victim(case) if case.figure.who != "civilian" and not case.figure.prisoners else None


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


def _foe(case: Case) -> str | None:
    """`beat back a column and counted 41 of the attackers dead`: an enemy whose side nobody has told."""
    return (struck(case) or "total") if case.figure.foe else None


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


_OF_TITLES = (_victim, _enemy, _own)
_OF_DENIALS = (_owner_side, _own)
_OUTRIGHT = (
    _all_together,
    _theirs,
    _killers_loss,
    _at_a_cost,
    attackers,
    driven_back,
    beaten_off,
    _they_lost,
    _owner_side,
    _on_their_side,
    _admitted,
    _by_direction,
    _martyrs,
    _killed_by_them,
    _irregulars,
    _bodies_found,
    aboard,
    _victim_in_arms,
    _aboard_what_was_struck,
    _struck_there,
    _enemy,
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
    _foe,
    _victim,
    struck,
    bombed_before,
    _visited,
    _gave_up,
    _own,
    _first_named,
    ground_before,
    told_before,
    struck_before_this,
)
