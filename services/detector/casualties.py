"""Figures of losses in one sentence: how many, killed or wounded or captured or missing, and what tells the side.

A small grammar over `Line.symbols`. For each number (or "a soldier", or "no casualties") the noun behind it is read
(people.py), then the word of loss it belongs to (predicates.py): behind it ("were killed"), in front of it ("killed",
"the death of", "lost"), or that of its neighbour in a list ("49 Armenian and 50 Azerbaijani troops").
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from services.detector import predicates
from services.detector.affected import (
    are_its_own,
    blamed_at,
    loser_at,
    side_before,
    with_agent,
    with_loser,
    with_side_between,
    with_side_named,
)
from services.detector.denials import denial
from services.detector.doers import doer
from services.detector.figure import KINDS, Figure
from services.detector.headed import (
    admits,
    apposed,
    beside,
    figure_put,
    gives_own,
    heading,
    its_dead,
    of_the_hurt,
    takes_lives,
    those_of,
)
from services.detector.lines import Line
from services.detector.lists import (
    also_reported,
    and_then,
    filled,
    from_side,
    hospital,
    in_brackets,
    in_hands,
    inverted,
    is_gapped,
    is_parted,
    is_said_and,
    is_set_against,
    is_taken_there,
    later_death,
    left_on_the_field,
    like_next,
    loss_behind,
    number_of,
    numbered,
    of_those,
    on_side_before,
    others_gapped,
    own_gapped,
    own_toll,
    respectively,
    so_were,
    summed,
    taken_away,
    tells_of_hospital,
    treated_as_things,
    were_of,
    were_treated_as_things,
    with_wounds,
)
from services.detector.people import (
    People,
    are_irregulars,
    counted,
    is_adjective,
    is_age,
    is_foe,
    is_inner,
    is_on_own_side,
    is_their_own,
    is_toll_of_foes,
    loses_as_group,
    side_in,
)
from services.detector.predicates import subject
from services.detector.words import words
from shared.schemas.claims import Who

_LOSS = re.compile(r"[KQdFTkWwICyRML]")
_START = re.compile(r"[Nazrp]")  # a number, "a", "no", "another"
_START_OR_BOTH = re.compile(r"[Nazrpx]")
_BOTH = re.compile(r"(?:[opa]{0,2}x?[mh]|v+[xr]?[KQWCMd])")  # behind "both"
_AND_LOSS = re.compile(r",?&[kKwWCy]")  # "killed three and hurt nine"
_AND_MORE = re.compile(r"&N[xJA]{0,2}[mch]")
_ALSO_OF = re.compile(r"Fo[ap]?x{0,2}[mch]&o\Z")  # "the death of its commander and of six officers"
_LOST_THINGS = re.compile(r"L[ar]?N?x{1,3}&\Z")  # "lost two planes and nine men"
_OF_ANOTHER = re.compile(r"(?:(?:,N,)?|[xJAO]{0,3}[mch])v*[xr]?[KQWCMd]")  # "another Thai soldier was wounded"
_LATER_SHOT = re.compile(r"a[xJA]{0,3}[mch]xv+[xr]?[KQ]")
_THE_ONE = re.compile(r"aN[KWC]")  # "the one killed": counted before
_ONE_OF_ALL = re.compile(r"No(?=a?N[xJAoP'm]{0,4}[mch](?:h[Q]|[KC]))")  # "one of 13 guards who died": see people.py
_AND_KIN = re.compile(r"a[xJA]{0,2}[mch]&p(?:(?P<kin>[xmc])(?=v+[xr]?[KQW]|[KQW])|[mc](?=[.,;iD]|\Z))")
_WERE_KILLED = re.compile(r"[^.;,&SNkKQdWCMLv]{0,6}v+[xr]?[KQ]|[^.;SNkKQdWML]{0,26},[^.;,SN]{0,8}&K(?![aN])")
_TOLL_AMONG = re.compile(r"T[<i]a?(?P<side>[JA])")
_TOLL_OF = re.compile(r"Toa?(?P<side>[JA])x{0,2}[mhcdF]")
_DENYING = words("fights.denying")
_UNITS = words("casualties.units")
_REMAINS = words("affected.remains")
_OFFICERS = words("casualties.officers")
_SOLDIERLY = words("casualties.soldierly")
_TAKING = words("casualties.taking")
_OTHERWISE = (
    words("lists.hands")
    | words("lists.holding")
    | words("headed.admitting")
    | {"lives"}
    | words("lists.destroyed")
    | words("lists.damaged")
    | words("lists.grabbed")
)  # losses told without a word of loss
_FIGURES = words("losers.figures")
_GAPPED = re.compile(r"a[JA]x?m(?:r|x)?N")  # "killed 18 and a Lao sniper another three"
_NOT = words("casualties.not")


def figures(line: Line) -> list[Figure]:
    """All figures of losses in the line, in order."""
    found: list[Figure] = []
    if not _LOSS.search(line.symbols) and not tells_of_hospital(line) and _OTHERWISE.isdisjoint(line.words):
        return found
    for at in _starts(line):
        figure = denial(line, at) if line.symbols[at] == "z" else _figure(line, at, found[-1] if found else None)
        if figure:
            found.append(figure)
    found = [with_side_named(line, figure) for figure in respectively(line, list(summed(line, found)))]
    found = [replace(one, side_at=-1) if is_on_own_side(line, one.end) else one for one in found]
    alike = [_put_to_death(line, like_next(line, one, found[i + 1 :][:1])) for i, one in enumerate(found)]
    return [with_agent(line, figure) for figure in alike if not _is_part(line, figure, alike)]


def _is_part(line: Line, figure: Figure, figures: list[Figure]) -> bool:
    """`four soldiers, including a major`, `a major among them`, `three of them officers`: counted already; not `five
    people, among them two children`."""
    wholes = [one for one in figures if one.at < figure.at and one.predicate == figure.predicate]
    if line.symbols[figure.at - 1 : figure.at + 1] == ",a" and any(
        "<" in line.symbols[one.end : figure.at] for one in wholes
    ):
        return True  # "two men, among them their commander, a major"
    if line.symbols[figure.at - 1 : figure.at] == "," and line.words[figure.predicate].endswith("condition"):
        return True  # "ten were taken to a hospital, three in critical condition"
    one_told = figure.best == 1 and figure.side_at < 0 and line.words[figure.at - 1] == "among them"
    if one_told and any(one.at < figure.at for one in figures):
        return True  # "nine people, among them a schoolboy hit by a fragment, were in hospital"
    among = line.words[figure.end : figure.end + 1] == ["among them"]
    single = line.symbols[figure.at + 1 : figure.at + 2] == "<" or among
    if line.words[figure.end : figure.end + 2] == ["was", "among"] and line.symbols.startswith("N", figure.end + 2):
        return True  # "a general was among 38 soldiers killed"
    officers = not _OFFICERS.isdisjoint(line.words[figure.at : figure.end + 3])
    if not (single and (figure.best == 1 or officers)) and line.symbols[figure.at - 1 : figure.at] != "<":
        return False
    soldier = officers or (figure.best == 1 and figure.who == "military")  # "27 dead, among them a captain"
    alike = (one for one in wholes if one.who == figure.who or (soldier and one.who in (None, "unspecified")))
    return any((one.best or 0) >= (figure.best or 0) for one in alike)


def _put_to_death(line: Line, figure: Figure) -> Figure:
    """`three villagers held at the post were killed`, `executed 12 prisoners`: they are dead."""
    if figure.kind != "captured":
        return figure
    end = max(figure.end, figure.predicate + 1)
    verb, word = line.symbols[figure.at - 1 : figure.at], line.words[figure.at - 1]
    death = figure.at - 1 if verb in ("k", "K") and not word.startswith("claim") else -1  # "claimed 16 prisoners"
    if behind := _WERE_KILLED.match(line.symbols, end):
        death = behind.end() - 1
    return replace(figure, kind="killed", predicate=death) if death >= 0 else figure


def _starts(line: Line) -> Iterator[int]:
    known = _START_OR_BOTH if "both" in line.words else _START
    starts = (match.start() for match in known.finditer(line.symbols))
    return (at for at in starts if _counts(line, at, line.symbols[at]))


def _counts(line: Line, at: int, symbol: str) -> bool:
    """Whether people may be counted from here: a number, "a", "no", "another is missing"."""
    if symbol == "N":
        if line.words[max(0, at - 2) : at] == ["all", "but"]:
            return False  # "all but three were killed"
        if line.words[at] == "one" and (
            _ONE_OF_ALL.match(line.symbols, at) or line.words[at + 1 : at + 2] == ["another"]
        ):
            return False
        if line.symbols[at - 1 : at] in ("o", "a") and not _UNITS.isdisjoint(
            " ".join(line.words[at + 1 : at + 4]).split()
        ):
            return False  # "two soldiers of 13 Rajputana Rifles"
        return not (is_inner(line, at) or is_age(line, at) or (at and _THE_ONE.match(line.symbols, at - 1)))
    if symbol == "a":
        by = line.symbols[at - 1 : at] == "b" and not (
            _LATER_SHOT.match(line.symbols, at) and "who" in line.words[at : at + 6]
        )  # "killed by a sniper", but "by a policeman who was later shot dead"
        if line.symbols[max(0, at - 2) : at] in ("mo", "co"):
            return False  # "both crewmen of an armoured car burned to death"
        return line.words[at] in ("a", "an") and not by and not _GAPPED.match(line.symbols, at)
    if symbol == "z":
        return True
    if symbol == "p":
        return is_their_own(line, at)
    if line.words[at] == "both":
        return bool(_BOTH.match(line.symbols, at + 1))
    return line.words[at] == "another" and bool(_OF_ANOTHER.match(line.symbols, at + 1))


def _figure(line: Line, at: int, last: Figure | None) -> Figure | None:
    people = counted(line, at)
    if people is None:
        return None
    low, best, high = _amount(line, at)
    side = people.side_at if people.side_at >= 0 or people.pronoun >= 0 else side_before(line, at, people.end)
    pronoun = people.pronoun if side >= 0 or people.pronoun >= 0 else max(own_toll(line, at), its_dead(line, at))
    figure = Figure(
        at, people.end, low, best, high, who=_who(people.who), side_at=side, pronoun=pronoun,
        foe=is_foe(line, at, people.end), irregular=are_irregulars(line, at, people.end),
    )  # fmt: skip
    if people.head in ("R", "I"):
        taker = doer(line, at - 1) if line.words[at - 1] in _TAKING else -1  # "Laos took 12 prisoners"
        figure = replace(figure, agent=taker)
        return replace(figure, kind=KINDS[people.head], predicate=people.end - 1, prisoners=people.head == "R")
    if people.head == "F":
        # "accused all three of mass deaths" counts who is accused
        return None if re.match(r"o[^ap]", line.symbols[at + 1 : at + 3]) else _of_noun(line, figure)
    return _of_verb(line, figure, people, last)


def _amount(line: Line, at: int) -> tuple[int | None, int | None, int | None]:
    amount = line.mentions[at]
    if amount is None:
        return (2, 2, 2) if line.words[at] == "both" or _has_kin(line, at) else (1, 1, 1)
    return amount.low, amount.best, amount.high


def _has_kin(line: Line, at: int) -> bool:
    """`a goatherd and his nephew were killed`."""
    match = _AND_KIN.match(line.symbols, at)
    return match is not None and not line.words[match.end() - 1].endswith(("s", "children"))


def _who(word: str) -> Who | None:
    return word if word in ("military", "civilian", "unspecified") else None  # type: ignore[return-value]


def _of_noun(line: Line, figure: Figure) -> Figure:
    """`50 military deaths`, `3,000 casualties`, `700 losses`."""
    head = line.symbols.index("F", figure.at + 1)
    between = line.words[figure.at : head]
    who: Who = "civilian" if "civilian" in between else "unspecified"
    found = replace(
        figure,
        predicate=head,
        who="military" if _SOLDIERLY & set(between) else who,
        mixed=line.words[head].startswith("casualt") or line.words[head] in ("losses", "loss"),
    )
    return with_loser(line, found)


def _of_verb(line: Line, figure: Figure, people: People, last: Figure | None) -> Figure | None:
    """The figure with its word of loss, or None where there is none."""
    if predicates.speak_or_move(line, people) and not is_adjective(line, people) and people.head != "d":
        return _carried(line, figure)
    joined = last if last and predicates.is_joined(line, last.end, figure.at, bool(people.head)) else None
    found = _with_predicate(line, figure, people, last, joined)
    if found is None:
        return None
    found = with_loser(line, found)
    if line.symbols[found.predicate] == "L" and found.side_at < 0 and found.pronoun < 0:
        found = replace(found, irregular=loses_as_group(line, found.predicate))
    if _is_denied(line, found):
        return replace(found, low=0, best=0, high=0)
    if predicates.is_for_all(line, found.predicate):
        found = replace(found, mixed=True, kind="killed")
    if found.predicate < found.at and is_toll_of_foes(line, found.predicate):
        found = replace(found, foe=True)
    found = with_side_named(line, found)
    listed = last if last and predicates.is_listed(line, last.end, figure.at) else None
    return filled(line, found, people, joined or listed)


def _is_denied(line: Line, figure: Figure) -> bool:
    """`had not lost a single soldier`, `did not lose one man`."""
    if figure.best == 1 and line.words[figure.at - 1 : figure.at + 1] == ["not", "one"]:
        return True
    if "single" in line.words[figure.at : figure.end] and not _DENYING.isdisjoint(line.words[: figure.at]):
        return True  # "denied that it had lost a single man"
    if (
        figure.best == 1
        and line.symbols[figure.at] == "a"
        and not _NOT.isdisjoint(line.words[figure.at - 1 : figure.at])
    ):
        return True  # "not a man was lost", "without a single man being hurt"
    if figure.best != 1 or line.symbols[figure.predicate] not in "Lk":
        return False
    return "z" in line.symbols[max(0, figure.predicate - 3) : figure.predicate] and figure.predicate < figure.at


def _carried(line: Line, figure: Figure) -> Figure | None:
    """`the bodies of sixteen Indians were lying in the field`, `six were flown to a hospital`, `with wounds`."""
    if (told := max(with_wounds(line, figure.end), and_then(line, figure.end))) >= 0:
        return with_loser(line, _as(line, figure, told))
    if treated := were_treated_as_things(line, figure.end):
        return with_loser(line, replace(figure, kind=treated[1], predicate=treated[0]))
    front = predicates.before(line, figure.at)
    if front >= 0 and line.words[front] in _REMAINS:
        return _as(line, figure, front)
    at = hospital(line, figure.at, figure.end)
    return replace(figure, kind="wounded", predicate=at) if at >= 0 else None


def _with_predicate(
    line: Line, figure: Figure, people: People, last: Figure | None, joined: Figure | None
) -> Figure | None:
    if is_adjective(line, people):
        return _as(line, figure, people.at + 1)
    if told := _told_behind(line, figure, people.end):
        return told
    back, front = predicates.behind(line, people), _front(line, people, last)
    if front >= 0 and back >= 0 and predicates.is_toll(line, front, figure.at):  # "Israel's toll stands at three dead"
        kind = KINDS[line.symbols[back]]  # "put its losses at nine soldiers wounded"
        mixed = predicates.is_for_all(line, back)  # "at 200 dead and wounded"
        return replace(_from_toll(line, _as(line, figure, front), max(0, front - 4)), kind=kind, mixed=mixed)
    if back >= 0 and line.symbols[back] == "W" and (death := later_death(line, people.at, back)) >= 0:
        return _as(line, figure, death)
    if back >= 0 and (front < 0 or predicates.is_nearer(line, people, front, back)):
        return with_side_between(line, _as(line, figure, back), people.end)
    if front >= 0 and (found := _from_front(line, figure, front)):
        return found
    verb = predicates.ahead(line, people)
    closed = joined is not None and joined.at < joined.predicate  # "one was killed and two men and three women hurt"
    if closed and verb >= 0:
        return _as(line, figure, verb)
    more = line.symbols[people.end : people.end + 1] == "r"  # "three more on Tuesday"
    if joined and (people.head or predicates.ends_clause(line, people.end + more)):
        return replace(figure, kind=joined.kind, predicate=joined.predicate, mixed=joined.mixed)
    return _as(line, figure, verb) if verb >= 0 else _elliptic(line, figure, last)


def _told_behind(line: Line, figure: Figure, end: int) -> Figure | None:
    """`31 people with wounds`, `one is in Saudi hands`, `to 22 the number of people killed`."""
    if figure.who and (treated := treated_as_things(line, figure.at)):
        return replace(figure, kind=treated[1], predicate=treated[0], agent=doer(line, treated[0]))
    if (away := taken_away(line, figure.at, end)) >= 0:
        return replace(figure, kind="captured", predicate=away, agent=doer(line, away))
    if (verb := takes_lives(line, figure.at)) >= 0:
        return replace(figure, kind="killed", predicate=verb, agent=doer(line, verb))
    if (hands := in_hands(line, end)) >= 0:
        return replace(figure, kind="captured", predicate=hands)
    if (those := of_those(line, figure.at)) >= 0:
        return replace(_as(line, figure, those), end=those + 1)
    loss = max(with_wounds(line, end), number_of(line, end), of_the_hurt(line, figure.at))
    return _as(line, figure, loss) if loss >= 0 else None


def _elliptic(line: Line, figure: Figure, last: Figure | None) -> Figure | None:
    """Where the word of loss is the one of the figure before, or stands before a bracket."""
    told = in_brackets(line, figure.at) if figure.side_at >= 0 else -1
    told = max(told, loss_behind(line, figure.at, figure.end), numbered(line, figure.at))
    told = max(told, inverted(line, figure.at)) if figure.who else told
    together = beside(line, figure.at) if figure.who else -1
    told = max(told, together, heading(line, figure.at), apposed(line, figure.at, figure.end)[0])
    if told >= 0:
        return _as(line, figure, told)
    if (admitted := max(admits(line, figure.at, figure.end), figure_put(line, figure.at))) >= 0:
        return replace(figure, kind="killed", predicate=admitted)
    if (those := those_of(line, figure.at)) >= 0:
        return replace(figure, kind="killed", predicate=0, side_at=those)
    if (own := gives_own(line, figure.at)) >= 0:
        return replace(figure, kind="killed", predicate=own + 1, pronoun=own)
    ward = hospital(line, figure.at, figure.end)
    if ward >= 0:
        return replace(figure, kind="wounded", predicate=ward)
    if (left := left_on_the_field(line, figure.at, figure.end)) >= 0:
        return replace(figure, predicate=left, side_at=subject(line, left) if figure.side_at < 0 else figure.side_at)
    return _with_last(line, figure, last) if last else None


def _with_last(line: Line, figure: Figure, last: Figure) -> Figure | None:
    """Where the word of loss is the one of the figure before, with another side."""
    own = own_gapped(line, last.end, figure.at)
    side = max(were_of(line, figure.end), on_side_before(line, figure.at))
    if not figure.who and predicates.ends_clause(line, figure.end):
        side = max(side, also_reported(line, last.end, figure.at))
    if is_set_against(line, max(last.end, last.predicate + 1), figure.at):
        side = max(side, from_side(line, figure.end))
    if own >= 0 or side >= 0:
        told = replace(figure, kind=last.kind, predicate=last.predicate, who=last.who)
        return replace(told, side_at=side) if side >= 0 else replace(told, pronoun=own)
    joints = [is_gapped, so_were, is_set_against, others_gapped, is_parted]
    if figure.who and predicates.ends_clause(line, figure.end):
        joints.append(is_said_and)
    if not any(joint(line, max(last.end, last.predicate + 1), figure.at) for joint in joints):
        return None
    if line.words[figure.at - 1] == ":" and figure.side_at < 0:
        figure = replace(figure, side_at=last.side_at)
    foe = figure.foe or others_gapped(line, last.end, figure.at)
    return replace(figure, kind=last.kind, predicate=last.predicate, who=figure.who or last.who, foe=foe)


def _as(line: Line, figure: Figure, predicate: int) -> Figure:
    kind = KINDS[line.symbols[predicate]]
    if is_taken_there(line, predicate):
        kind = "wounded"
    if line.words[predicate] in ("fell", "fall") and "hands" in line.words[predicate + 2 : predicate + 6]:
        kind = "captured"  # "fell into Iraqi hands"
    return replace(figure, kind=kind, predicate=predicate)


def _front(line: Line, people: People, last: Figure | None) -> int:
    """The word of loss in front of the number, where it can have these people as its object."""
    front = predicates.before(line, people.at)
    if front < 0 and people.head and (things := _LOST_THINGS.search(line.symbols, max(0, people.at - 6), people.at)):
        return things.start()
    if front < 0 and (also := _ALSO_OF.search(line.symbols, max(0, people.at - 8), people.at)):
        return also.start()
    if front < 0 or people.head:
        return front
    if predicates.are_things(line, people.at):
        return -1  # "the loss of seven of its tanks"
    if line.symbols[front] in "Cy" and last is None and not re.match(r"\.|i?D", line.symbols[people.end :]):
        return -1  # villages are captured, too
    takes = (
        predicates.is_toll(line, front, people.at)
        or predicates.ends_clause(line, people.end + (line.symbols[people.end : people.end + 1] == "r"))
        or line.symbols[people.end : people.end + 2] == "ro"
        or line.words[people.end : people.end + 1] == ["of them"]
        or line.words[people.end : people.end + 3] == ["of", "the", "enemy"]
        or predicates.takes_anyone(line, front, people.at)
        or are_its_own(line, people.end)
        or bool(_AND_LOSS.match(line.symbols, people.end))
        or _goes_on_doing(line, people.end)
        or bool(_AND_MORE.match(line.symbols, people.end))
    )
    return front if takes else -1


def _goes_on_doing(line: Line, end: int) -> bool:
    """`capturing 312 and wrecking 26 aircraft`."""
    return line.symbols[end : end + 2] == "&x" and line.words[end + 1].endswith("ing")


def _from_front(line: Line, figure: Figure, front: int) -> Figure | None:
    symbol = line.symbols[front]
    if symbol == "L":  # "lost seven men", "lost three"
        if are_its_own(line, figure.end):
            return replace(_as(line, figure, front), pronoun=figure.end + 1)
        # "lost 28 and 79 soldiers respectively", "lost three and killed 45"
        more = _AND_MORE.match(line.symbols, figure.end) or _AND_LOSS.match(line.symbols, figure.end)
        if not (figure.who or more or predicates.ends_clause(line, figure.end)):
            return None
        return replace(_as(line, figure, front), side_at=loser_at(line, figure, front))
    if symbol == "F" and (own := line.symbols.rfind("p", max(0, front - 2), front)) >= 0:
        return replace(_as(line, figure, front), pronoun=own)  # "its own loss of two men"
    if symbol == "F" and (blamed := blamed_at(line, front)) >= 0:
        return replace(_as(line, figure, front), agent=blamed)
    if line.words[front] in _FIGURES:
        return _as(line, figure, front)  # "the true figure was 81": of those just told of
    number = "number" in line.words[max(0, front - 5) : front]
    if symbol in "FTdI" or (symbol in "KW" and (number or line.words[figure.at - 1] in ("at", "to"))):
        told = replace(figure, mixed=line.words[front].startswith("casualt"))
        return _from_toll(line, _as(line, told, front), max(0, front - 4))
    return _as(line, figure, front)


def _from_toll(line: Line, figure: Figure, start: int) -> Figure:
    """`the toll rose to 81`, `put the Saudi dead at seventeen`: the only side named between there and the number."""
    among = _TOLL_AMONG.match(line.symbols, figure.predicate)
    if among and (line.symbols[among.start() + 1] == "<" or line.words[among.end()] == "side"):
        return replace(figure, side_at=among.start("side"))  # "the death toll among Thai soldiers", "on the Thai side"
    if counted := _TOLL_OF.match(line.symbols, figure.predicate):
        return replace(figure, side_at=counted.start("side"))  # "the count of Burmese troopers killed at fifty"
    own = line.symbols[figure.predicate - 1] == "p" and side_in(line, start, figure.predicate) < 0
    if own and figure.side_at < 0:
        return replace(figure, pronoun=figure.predicate - 1)  # "its death toll from clashes with Laos had risen to 36"
    before = figure.predicate - (2 if line.symbols[figure.predicate - 1] == "'" else 1)
    if line.symbols[before : figure.predicate] in ("J", "A", "A'", "J'"):  # "Asmara put Ethiopian losses at 90"
        return replace(figure, side_at=before)
    end = figure.predicate if side_in(line, start, figure.predicate) >= 0 else figure.at
    sides = {line.words[i] for i in range(start, end) if line.symbols[i] in "JA"}
    side = side_in(line, start, end) if len(sides) == 1 else -1
    if side >= 0 and line.entries[side + 1].fight:  # "Afghan bombing toll almost 150"
        return replace(figure, agent=side)
    return replace(figure, side_at=side) if figure.side_at < 0 else figure
