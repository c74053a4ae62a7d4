"""Figures of which the sentence tells only half: their word of loss or their side stands at a neighbour."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from services.detector import predicates
from services.detector.doers import is_pair
from services.detector.figure import Figure
from services.detector.lines import Line
from services.detector.people import People
from services.detector.words import words
from shared.schemas.claims import Kind

_WIDTH = 20  # items around a number in which what belongs to it stands
_NEW = re.compile(r"(?:\A|[,;:&(])[a&]{0,2}(?P<side>[JA])(?::?(?P<at>[io]?)|'(?P<to>x)|(?P<noun>x)|d)\Z")
_LOSSES_OF = re.compile(r"(?P<side>[JA])'?x?(?:[FdT][vx:]{1,2}|[mh][KWCM][vx:]|m?v?[xL]x?F,?[<i])\Z")
_OF_THOSE = re.compile(r"NoaN?(?P<loss>[KWd])(?=v)")
_AND_THEN = re.compile(r"v+x(?:i(?=M)|&)(?P<loss>[KQCM])")
_ALSO_REPORTED = re.compile(r"(?:,&|[,;&])(?P<side>[JA])x?S\Z")
_OFFICER_AND = re.compile(r"(?P<side>J)x?m[,&]\Z")
_COLLECTIVES = words("people.collectives")
_IN_HANDS = re.compile(r"(?:v{0,2}i(?:[JA]'?|p)|x[JA]vip?)x")
_HELD = re.compile(r"v{0,2}(?P<held>x)[ib]a?[JAP]")
_HOLDING = words("lists.holding")
_HANDS = words("lists.hands")
_NUMBER_OF = re.compile(r"axo[mchxJA]{1,4}?(?P<loss>[KWMCd])")
_WITH_WOUNDS = re.compile(r"(?:x{0,2}P|v+[xS]|xi)?(?P<with>[iL])[xJa&,]{0,5}(?P<wounds>I)")
_BEARING = words("lists.bearing")
_ON_SIDE_BEFORE = re.compile(r"[;&,],?ia?(?P<side>[JA])x,?\Z")
_IN_TRUTH = words("lists.in_truth")
_FIELDS = words("lists.fields")
_OWN_TOLL = re.compile(r"(?P<own>p)(?:x')?x?[FdITKW](?:v?S?i|v)\Z")
SIDED_PART = re.compile(r"N<[^.;,Nv]{0,5}[JA]")  # "31 of them on the Kyrgyz side"
_SAID_AND = re.compile(r",[axJAPmhcG']{1,6}S,&\Z")
_SPOKEN_ASIDE = re.compile(r",[axJAPmhco']{1,6}S,")  # ", a general said,"
_FROM_SIDE = re.compile(r"[xif](?:a|px)?(?P<side>[JA])")
_OWN_GAPPED = re.compile(r"[&,;](?P<own>p)x[dFKW]?i\Z")
_BRACKET = re.compile(r"\([^().;]{0,14}\Z")
_TOLD = re.compile(r"(?P<loss>[KQdFWI])[^.;SkL]{0,10}\Z")
_ON_SIDE = re.compile(r"[xr<]?(?P<on>i)a?(?P<side>[JA])")
_FOR_SIDE = re.compile(r"[xi]a?(?P<side>[JA])")
_AMONG_SIDE = re.compile(r"(?:&N[KWdCM])?(?P<among><)a?(?P<side>[JA])")
_AMONG = re.compile(r"v+<[^.;,&]{0,7}?(?P<loss>[KQWCMd])")
_LATER = re.compile(r"x(?P<loss>Q)")
_AS_PRISONERS = re.compile(r"x{0,2}i?(?P<loss>R)")
_ANYONE = re.compile(r"x{1,2}v+[xr]?(?P<loss>[KQd])")  # whoever is dead is a person, known to the lexicon or not
_ALL_OF_THEM = re.compile(r"[^.;S]{0,9}?,<{1,2}(?:oh)?x?(?P<side>[JA])")
_WERE_OF = re.compile(r"v+[xr]?(?P<side>[JA])(?!')")
_ANIMALS = words("predicates.animals")
_ADVERBS = words("lists.adverbs")
_FAR = re.compile(r"[ioaxmchJAP',]{0,18}?v+[xr]?(?P<loss>[KQWCM])")  # a long way of saying where they were
_FAMILY = words("lists.family")
_HOSPITALS = words("lists.hospitals")
_TREATING = words("lists.treating")
_CARRIED = words("lists.carried")
_DIED = re.compile(r"[^.;S&N]{1,20}?&?(?P<loss>Q)(?=[.,;iDW]|xpI|\Z)")
_TAKEN = ("was taken", "were taken", "been taken", "taken")
_AND_OTHERS = re.compile(r",?&N[xJAP]{0,3}[mch]")
_NUMBERED = words("lists.numbered")
_TAKING = words("lists.taking")
_RANKS = words("lists.ranks")
_AWAY = words("lists.away")
_WERE_TREATED = re.compile(r"v{1,2}r?x")
_AS_THINGS: dict[Kind, frozenset[str]] = {
    "killed": words("lists.destroyed"),
    "wounded": words("lists.damaged"),
    "captured": words("lists.grabbed"),
}


def losses_of(line: Line, at: int) -> int:
    """The actor of `Thai losses were three killed`, `Lao forces suffered losses, including 18 dead`, -1 for none."""
    at = _back_over(line, at)
    match = _LOSSES_OF.search(line.symbols, max(0, at - _WIDTH), at)
    listed = line.words[at - 1] in _NUMBERED or line.words[at - 1] == "with" or line.symbols[at - 1] == "<"
    return match.start("side") if match and listed else -1


def _back_over(line: Line, at: int) -> int:
    """The item behind the verb of `losses were in fact around 100`, `were actually 100`."""
    if line.words[max(0, at - 2) : at] in (["in", "fact"], ["in", "reality"], ["in", "truth"]):
        return at - 2
    return at - 1 if line.words[at - 1] in _IN_TRUTH else at


def officer_and(line: Line, at: int) -> int:
    """The demonym of the headline `Chinese officer, 26 soldiers killed`, -1 for none."""
    match = _OFFICER_AND.match(line.symbols[:at])
    singular = match is not None and not line.words[at - 2].endswith("s") and line.words[at - 2] not in _COLLECTIVES
    return match.start("side") if match and singular else -1


def also_reported(line: Line, end: int, at: int) -> int:
    """The actor of `Laos reported 21 soldiers killed and Thailand reported nine`, -1 for none."""
    match = _ALSO_REPORTED.search(line.symbols, end, at)
    return match.start("side") if match else -1


def named_before(line: Line, at: int) -> int:
    """The actor right before the number at `at`, where a new member of a list begins with it: `Kyrgyzstan three dead,
    Tajikistan two`, `and Bangkok at one`. -1 for none."""
    match = _NEW.search(line.symbols, max(0, at - _WIDTH), at)
    if match is None or is_pair(line, match.start("side")) or (match["at"] and line.words[at - 1] not in ("at", "of")):
        return -1
    if match["to"] and line.words[at - 1] != "to":
        return -1  # "Thailand's toll rose to five and Cambodia's to eight"
    if match["noun"] and line.words[at - 1] != "side":  # "the Thai side 33"
        return -1
    return match.start("side")


def is_gapped(line: Line, end: int, at: int) -> bool:
    """Whether a new actor and nothing more stands between item `end` and the number: `lost 40 men, the Ugandans 60`."""
    between = line.symbols[end:at]
    return at - end <= 14 and named_before(line, at) >= end and not re.search(r"[.SNkKL]", between)


def is_set_against(line: Line, end: int, at: int) -> bool:
    """`four dead against eleven on the other side`, `compared with eleven`."""
    if line.symbols[end:at] in ("xi", ",xi"):
        return line.words[at - 2] == "compared"
    between = _SPOKEN_ASIDE.sub("", line.symbols[end:at]).lstrip(",")
    return between in ("i", "ii") and line.words[at - 1] in ("against", "to", "versus")


def from_side(line: Line, end: int) -> int:
    """The actor of `against 82 for its neighbour Vietnam`, `compared with 12 from Laos`; -1 for none."""
    match = _FROM_SIDE.match(line.symbols, end)
    return match.start("side") if match and line.words[end] in ("for", "from", "on", "among") else -1


def respectively(line: Line, found: list[Figure]) -> list[Figure]:
    """`Sudan and South Sudan lost 28 and 79 soldiers respectively`: the first figure is of the side named first."""
    if "respectively" not in line.words or len(found) != 2 or found[0].kind != found[1].kind:
        return found
    joined = (at for at, _ in line.actors if line.symbols[at + 1 : at + 2] == "&")
    pair = next((at for at in joined if line.symbols[at + 2 : at + 3] in ("A", "J")), -1)
    if pair < 0:
        return found
    return [replace(one, side_at=pair + 2 * rank, agent=-1) for rank, one in enumerate(found)]


def own_gapped(line: Line, end: int, at: int) -> int:
    """The possessive of `put their dead at thirty and its own at ten`, -1 for none."""
    match = _OWN_GAPPED.search(line.symbols, end, at)
    return (
        match.start("own")
        if match and line.words[at - 1] == "at" and line.words[match.start("own") + 1] == "own"
        else -1
    )


def own_toll(line: Line, at: int) -> int:
    """The possessive of `gave its own loss as one man killed`, `put its dead at two soldiers`; -1 for none."""
    match = _OWN_TOLL.search(line.symbols, max(0, at - _WIDTH), at)
    return match.start("own") if match and line.words[at - 1] in ("at", "as", "to", "were") else -1


def is_said_and(line: Line, end: int, at: int) -> bool:
    """`14 Thai soldiers have been killed, officials said, and more than 70 Vietnamese troops`."""
    return bool(_SAID_AND.search(line.symbols, end, at))


def is_parted(line: Line, end: int, at: int) -> bool:
    """`put the dead at 41, 31 of them on the Kyrgyz side`, `eleven were killed: five soldiers and six villagers`."""
    if line.words[at - 1] == ":":
        return at - end <= _WIDTH and not re.search(r"[.;S]", line.symbols[end : at - 1])
    sided = SIDED_PART.match(line.symbols, at)
    return sided is not None and bool(re.fullmatch(r"[^.;S]{0,12},&?", line.symbols[end:at]))


def others_gapped(line: Line, end: int, at: int) -> bool:
    """`Rabat lost 30 men and the guerrillas 200`: the other side without its name."""
    return bool(re.fullmatch(r"[,;&]{1,2}am", line.symbols[end:at]))


def so_were(line: Line, end: int, at: int) -> bool:
    """`four soldiers were killed, and so were three villagers`, `, as were three of the others`."""
    between = line.symbols[end:at]
    return (between.endswith("&xv") and line.words[at - 2] == "so") or (
        between.endswith("iv") and line.words[at - 2] == "as"
    )


def in_brackets(line: Line, at: int) -> int:
    """The word of loss before the bracket the number at `at` stands in: `soldiers died on both sides (four
    Bolivian, six Paraguayan)`. -1 for none."""
    opened = _BRACKET.search(line.symbols, max(0, at - _WIDTH), at)
    told = _TOLD.search(line.symbols, max(0, opened.start() - _WIDTH), opened.start()) if opened else None
    return told.start("loss") if told else -1


def on_side(line: Line, end: int) -> int:
    """The demonym of `killed on the Thai side`, also without the noun after another one's: `and two on the Israeli`."""
    among = _AMONG_SIDE.match(line.symbols, end)
    if among and line.words[among.start("among")] == "among":  # "18 were killed and 34 wounded among Thai forces"
        return among.start("side")
    match = _ON_SIDE.match(line.symbols, end)
    if match is None or line.words[match.start("on")] != "on":
        return for_side(line, end)
    behind = match.end()
    named = line.words[behind : behind + 1] == ["side"] or ("side" in line.words[:end] and ends(line, behind))
    return match.start("side") if named else -1


def for_side(line: Line, end: int) -> int:
    """The actor of `ten dead for Eritrea, 46 for Ethiopia`, -1 for none."""
    match = _FOR_SIDE.match(line.symbols, end)
    return match.start("side") if match and line.words[end] == "for" and ends(line, match.end()) else -1


def all_of_them(line: Line, end: int) -> int:
    """The demonym of `killed three and hurt nine, all of them Chadians`, -1 for none."""
    match = _ALL_OF_THEM.match(line.symbols, end)
    return match.start("side") if match and "all" in line.words[end : match.end()] else -1


def were_of(line: Line, end: int) -> int:
    """The demonym of `twelve of the dead were Thai guards`, `and 33 were Lao`, -1 for none."""
    match = _WERE_OF.match(line.symbols, end)
    return match.start("side") if match else -1


def on_side_before(line: Line, at: int) -> int:
    """The demonym of `on the Thai side, 20 were killed; on the Lao side, 33`, -1 for none."""
    match = _ON_SIDE_BEFORE.search(line.symbols, 0, at) if line.symbols[at] == "N" else None
    return match.start("side") if match and "side" in line.words[match.start() : at] else -1


def ends(line: Line, at: int) -> bool:
    """Whether the clause is over at item `at`."""
    return at >= len(line) or line.symbols[at] in ".,;&)q"


def loss_behind(line: Line, at: int, end: int) -> int:
    """The word of loss further behind: `officers were among 19 people killed`, `two later died`, `took two shepherds
    away as prisoners`. -1 for none."""
    match = _AMONG.match(line.symbols, end)
    if match is None and line.words[end : end + 1] and line.words[end] in _ADVERBS:
        match = _LATER.match(line.symbols, end)
    if (
        match is None
        and at + 1 == end
        and line.symbols[at - 1 : at] != "i"
        and not _ANIMALS & set(line.words[end : end + 2])
    ):
        match = _ANYONE.match(line.symbols, end)
    if match is None and line.symbols[end - 1] in "mchJ":
        match = _FAR.match(line.symbols, end)
    if match is None and not _TAKING.isdisjoint(line.words[max(0, at - 3) : at]):
        match = _AS_PRISONERS.match(line.symbols, end)
    return match.start("loss") if match else -1


def in_hands(line: Line, end: int) -> int:
    """The hands of `one of their comrades is in Saudi hands`, `whom Laos has in custody`, else the verb of `held in
    Laos`; -1 for none."""
    match = _IN_HANDS.match(line.symbols, end)
    if match:
        return match.end() - 1 if line.words[match.end() - 1] in _HANDS else -1
    held = _HELD.match(line.symbols, end)
    return held.start("held") if held and line.words[held.start("held")] in _HOLDING else -1


def taken_away(line: Line, at: int, end: int) -> int:
    """The verb of `taking a radio operator back with them`, `led two soldiers away`; -1 for none."""
    away = not _AWAY.isdisjoint(line.words[end : end + 2])
    return at - 1 if away and line.words[at - 1 : at] and line.words[at - 1] in _TAKING else -1


def were_treated_as_things(line: Line, end: int) -> tuple[int, Kind] | None:
    """The verb of `more than 100 terrorists have been destroyed`, `six residents were damaged`, and what it means of
    people."""
    match = _WERE_TREATED.match(line.symbols, end)
    return _as_a_thing(line, match.end() - 1) if match else None


def treated_as_things(line: Line, at: int) -> tuple[int, Kind] | None:
    """The verb of `destroyed up to 15 servicemen`, and what it means of people."""
    return _as_a_thing(line, at - 1) if at and line.symbols[at - 2 : at - 1] != "v" else None


def _as_a_thing(line: Line, verb: int) -> tuple[int, Kind] | None:
    kind = next((kind for kind, verbs in _AS_THINGS.items() if line.words[verb] in verbs), None)
    return (verb, kind) if kind else None


def number_of(line: Line, end: int) -> int:
    """The loss of `bringing to 22 the number of people killed`, -1 for none."""
    match = _NUMBER_OF.match(line.symbols, end)
    return match.start("loss") if match and line.words[end + 1] == "number" else -1


def with_wounds(line: Line, end: int) -> int:
    """The wounds of `31 people with gunshot or shrapnel wounds`, `six guards sustained injuries`, -1 for none."""
    match = _WITH_WOUNDS.match(line.symbols, end)
    return match.start("wounds") if match and line.words[match.start("with")] in _BEARING else -1


def left_on_the_field(line: Line, at: int, end: int) -> int:
    """The verb of `the Eritreans had left at least 44 on the field`, -1 for none."""
    behind = line.words[end : end + 4]
    left = at - 1 if line.words[at - 1] == "left" else at - 2
    return left if left >= 0 and line.words[left] == "left" and not _FIELDS.isdisjoint(behind) else -1


def tells_of_hospital(line: Line) -> bool:
    """Whether the sentence names a hospital, a clinic or doctors."""
    return not _HOSPITALS.isdisjoint(line.words)


def and_then(line: Line, end: int) -> int:
    """The loss of `were surrounded and surrendered`, `are listed as missing`, -1 for none."""
    match = _AND_THEN.match(line.symbols, end)
    return match.start("loss") if match else -1


def of_those(line: Line, at: int) -> int:
    """The loss of `18 of those killed were Thai soldiers`, -1 for none."""
    match = _OF_THOSE.match(line.symbols, at)
    return match.start("loss") if match and line.words[at + 2] in ("those", "the") else -1


def hospital(line: Line, at: int, end: int) -> int:
    """The word that brings the people counted at `at` to a hospital: `the clinic treated 17 men`, `six were flown to
    hospital`. -1 for none."""
    if _HOSPITALS.isdisjoint(line.words[max(0, at - _WIDTH) : end + _WIDTH]):
        return -1
    before = next((i for i in range(at - 1, max(-1, at - 4), -1) if line.words[i] in _TREATING), -1)
    joined = _AND_OTHERS.match(line.symbols, end)  # "105 servicemen and six civilians had been brought"
    end = joined.end() if joined else end
    behind = next((i for i in range(end, min(len(line), end + 4)) if line.words[i] in _CARRIED), -1)
    return before if before >= 0 else behind


def is_taken_there(line: Line, verb: int) -> bool:
    """Whether who `were taken` came to a hospital."""
    return line.words[verb] in _TAKEN and not _HOSPITALS.isdisjoint(line.words[verb : verb + 6])


def numbered(line: Line, at: int) -> int:
    """The word of loss of `Djibouti's own dead numbered 44`, -1 for none."""
    at = _back_over(line, at)
    if line.words[at - 1] not in _NUMBERED:
        return -1
    return next((i for i in range(at - 2, max(-1, at - 5), -1) if line.symbols[i] in "dFIKWCM"), -1)


def inverted(line: Line, at: int) -> int:
    """`At Phu Makhuea perished three warriors`: the word of dying where nobody else stands before it. -1 for none."""
    before = line.symbols[max(0, at - 7) : at - 1]
    return at - 1 if line.symbols[at - 1 : at] == "Q" and not re.search(r"[Nmch]", before) else -1


def later_death(line: Line, at: int, wound: int) -> int:
    """`pulled wounded from a bunker succumbed`, `one of the three hurt has died`: one who was wounded and died. -1 for
    none."""
    match = _DIED.match(line.symbols, wound + 1)
    alone = line.mentions[at] is None or re.match(r"o|r?,W", line.symbols[at + 1 : at + 4])
    return match.start("loss") if match and alone else -1


def summed(line: Line, found: Sequence[Figure]) -> Iterator[Figure]:
    """`a lieutenant and a private died`, `a woman and two children`: one figure for people in one breath."""
    waiting: Figure | None = None
    for figure in found:
        if waiting and _is_one_breath(line, waiting, figure):
            waiting = _sum(waiting, figure)
            continue
        if waiting:
            yield waiting
        waiting = figure
    if waiting:
        yield waiting


def _is_one_breath(line: Line, one: Figure, other: Figure) -> bool:
    if line.symbols[one.end : other.at] not in ("&", "&p") or one.predicate != other.predicate:
        return False
    if _are_of_two(line, one, other):  # "three Israeli soldiers and an Egyptian policeman died"
        return False
    if _are_ranks(line, one, other):
        return True
    if line.symbols[other.at] != "a":
        return all(not _FAMILY.isdisjoint(line.words[figure.at : figure.end]) for figure in (one, other))
    kinds = {one.who, other.who}
    return len(kinds) == 1 or "military" not in kinds


def _are_ranks(line: Line, one: Figure, other: Figure) -> bool:
    """`five soldiers and one officer`, `two lieutenants and 14 other ranks`: men of one force; not the last two of `a
    captain, two sergeants and 28 privates`."""
    if re.search(r"[mch],\Z", line.symbols[: one.at]):
        return False
    nouns = [line.words[figure.end - 1] for figure in (one, other)]
    soldiers = all(figure.who == "military" or noun == "men" for figure, noun in zip((one, other), nouns, strict=True))
    return soldiers and any(noun in _RANKS for noun in nouns)


def _are_of_two(line: Line, one: Figure, other: Figure) -> bool:
    named = [line.mentions[figure.side_at] for figure in (one, other) if figure.side_at >= 0]
    return len({mention.ref for mention in named if mention is not None}) == 2


def _sum(one: Figure, other: Figure) -> Figure:
    return replace(
        one,
        end=other.end,
        low=_added(one.low, other.low),
        best=_added(one.best, other.best),
        high=_added(one.high, other.high),
    )


def _added(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def like_next(line: Line, figure: Figure, following: list[Figure]) -> Figure:
    """`49 Armenian and 50 Azerbaijani troops`: the first are troops, too."""
    for other in following:
        joined = predicates.is_joined(line, figure.end, other.at, has_noun=True)
        if figure.who is None and joined and line.symbols[other.at - 1] != "<":
            apart = figure.predicate < other.at < other.end <= other.predicate  # "five hurt and one Thai was killed"
            beside = other.at - figure.end <= 2 and not apart  # "two dead and five wounded policemen"
            return replace(_with_side_of(figure, other) if beside else figure, who=other.who)
    return figure


def _with_side_of(figure: Figure, other: Figure) -> Figure:
    if figure.side_at >= 0 or figure.pronoun >= 0:
        return figure
    return replace(figure, side_at=other.side_at, pronoun=other.pronoun)


def filled(line: Line, figure: Figure, people: People, other: Figure | None) -> Figure:
    """A figure without a noun takes noun and side from the one before it; soldiers in a list take its side."""
    if other is None:
        return figure
    if line.symbols[figure.predicate] == "L" and line.symbols[other.predicate] in "kK":
        return replace(figure, who=figure.who or other.who)  # "killed three Lao soldiers and lost one"
    if not people.head and (figure.side_at >= 0 or figure.pronoun >= 0 or figure.foe):
        return replace(figure, who=other.who)
    if not people.head:
        return replace(
            figure, who=other.who, side_at=other.side_at, pronoun=other.pronoun, agent=other.agent, foe=other.foe
        )
    men = figure.who == "military" or line.words[figure.end - 1] == "men"  # "an officer and six men"
    soldiers = men and other.who == "military" and figure.foe == other.foe is False
    if soldiers and figure.side_at < 0 and figure.pronoun < 0:
        return replace(figure, side_at=other.side_at, pronoun=other.pronoun)
    return figure
