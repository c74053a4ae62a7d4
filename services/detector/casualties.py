"""Figures of losses in one sentence: how many, of what kind, killed or wounded or captured or missing, on whose side.

A small grammar over `Line.symbols`. For each number (or "a soldier", or "no casualties") the noun behind it is read,
then the predicate: to the right ("were killed"), to the left ("killed", "the death of", "lost"), or that of its
neighbour in a list ("49 Armenian and 50 Azerbaijani troops").
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from services.detector.ground import is_ground
from services.detector.lines import Line
from services.detector.words import words

_PREDICATES = {
    "K": "killed", "Q": "killed", "d": "killed", "k": "killed", "T": "killed",
    "W": "wounded", "w": "wounded", "C": "captured", "y": "captured", "M": "missing",
}  # fmt: skip
_NOUNS = {"R": "captured", "I": "wounded"}
_PEOPLE = {"m": "military", "c": "civilian", "h": "unspecified"}

# The noun phrase behind a number: "of its", "more", "Azerbaijani", "army", then the head.
_PHRASE = re.compile(
    r"(?:o[ap]?N)?o?[ap]?r?o?[ap]?(?:[xJAPrOdq'wG]|mo?(?=[mch])|a(?=J)|,(?=[xJ][xmch])){0,5}?"
    r"(?P<head>[mchFIRd](?:m|h)?|[JA](?![xmch'AdFIRG]))"
)
# What may stand behind the head: "of the Pakistani army", "from India's Border Security Force".
_BEHIND = re.compile(r"(?:[of]|i(?=[ap]?[JA]))[ap]?(?:x?[JAG])'?[xm]{0,3}")
_RIGHT = re.compile(r"[^NKQdWCMkwyL.;STz(]{0,9}?(?P<verb>[KQWCMd])")
_TIGHT_RIGHT = re.compile(r"r?,?(?:v+[xr]?)?(?P<verb>[KQWCMd])")
_INCLUDING = re.compile(r",<[^.;,]{0,10},v*[xr]?(?P<verb>[KQWCMd])")
_LEFT = re.compile(r"(?P<verb>[kKwWyCLQTF])(?P<gap>[oavrxp<DPJA'i]{0,6})$")
_LIST = re.compile(r"(?:,|&|,&|i|,i)[ar]*\Z")
_SINGULAR = re.compile(r"a(?:[xJAO'd()]){0,6}?(?P<head>[mch])")
_ZERO = re.compile(r"z[avxrJ]{0,3}?(?P<noun>[FIWhmcKCMQ])")
_PLURAL = re.compile(r"(?:s|men|women|people|police|personnel|troops|children|crew)\Z")
_MIXED = re.compile(r"[KWCd],?[x&]?(?:,?[KWC])?&[WCKI]|K&W|KW")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure in a line. Indexes are items of the line; `side_at` is the item that names the side, -1 for none;
    `pronoun` is a possessive standing for the side; `place` marks that the side is known by where they were;
    `agent` is the item of the actor that did it."""

    at: int
    end: int
    low: int | None
    best: int | None
    high: int | None
    kind: str
    who: str
    side_at: int = -1
    pronoun: int = -1
    agent: int = -1
    part: bool = False
    mixed: bool = False
    vague: bool = False
    predicate: int = -1
    foe: bool = False
    prisoners: bool = False


# Soldiers of the other side, in the mouth of whoever speaks.
FOES = words("casualties.foes")


@dataclass(frozen=True, slots=True)
class _Phrase:
    at: int
    end: int
    who: str
    head: str
    side_at: int
    pronoun: int


def figures(line: Line) -> list[Figure]:
    """All figures of losses in the line, in order."""
    found: list[Figure] = []
    for at in _starts(line):
        figure = _zero(line, at) if line.symbols[at] == "z" else _figure(line, at, found)
        if figure:
            found.append(figure)
    return [_with_agent(line, figure) for figure in found]


def _starts(line: Line) -> Iterator[int]:
    for at, symbol in enumerate(line.symbols):
        if (
            (symbol == "N" and not _is_inner(line, at) and not _is_age(line, at))
            or symbol == "z"
            or (symbol == "a" and line.words[at] in ("a", "an"))
            or (line.words[at] == "another" and re.match(r"v*[xr]?[KQWCMd]", line.symbols[at + 1 :]))
        ):
            yield at


def _is_inner(line: Line, at: int) -> bool:
    """The second number of `one of the two pilots`."""
    return bool(re.search(r"No[ap]?\Z", line.symbols[:at]))


def _is_age(line: Line, at: int) -> bool:
    """`a girl of eleven`, `Avi Ben-Lulu, 21, of Ashkelon`."""
    if line.symbols[max(0, at - 1) : at + 2] == ",N," and line.symbols[at - 2 : at - 1] == "x":
        return True
    if at < 2 or line.symbols[at - 1] != "o" or line.symbols[at - 2] not in "mchx":
        return False
    noun = line.words[at - 2]
    return (
        line.symbols[at - 2] != "x" and noun not in ("family", "crew", "members", "group") and not _PLURAL.search(noun)
    )


def _figure(line: Line, at: int, before: list[Figure]) -> Figure | None:
    if line.words[at] == "another":
        phrase: _Phrase | None = _Phrase(at, at + 1, "", "", -1, -1)
    else:
        phrase = _singular(line, at) if line.symbols[at] == "a" else _phrase(line, at)
    if phrase is None:
        return None
    amount = line.mentions[at]
    low, best, high = (amount.low, amount.best, amount.high) if amount else (1, 1, 1)
    figure = Figure(
        at, phrase.end, low, best, high, "", phrase.who, phrase.side_at, phrase.pronoun,
        vague=best is None, part=_is_part(line, at), foe=_is_foe(line, at, phrase.end),
    )  # fmt: skip
    if phrase.head in _NOUNS:
        return replace(figure, kind=_NOUNS[phrase.head], predicate=phrase.end - 1, prisoners=phrase.head == "R")
    if phrase.head == "F":
        return _of_noun(line, figure, phrase)
    return _by_predicate(line, figure, phrase, before)


def _phrase(line: Line, at: int) -> _Phrase | None:
    """The noun phrase behind the number at `at`; without a noun ("five more wounded") it is empty."""
    match = _PHRASE.match(line.symbols, at + 1)
    if not match:
        return _Phrase(at, at + 1, "", "", -1, -1)
    head = match["head"]
    end = match.end("head")
    side = _side_in(line, at + 1, end)
    pronoun = next((i for i in range(at + 1, end) if line.symbols[i] == "p"), -1)
    behind = _BEHIND.match(line.symbols, end)
    if behind and side < 0:
        side, end = _side_in(line, end, behind.end()), behind.end()
        pronoun = next((i for i in range(at, end) if line.symbols[i] == "p"), pronoun)
    return _Phrase(at, end, _PEOPLE.get(head[-1], _PEOPLE.get(head[0], "")), head[0], side, pronoun)


_SOMEBODY = re.compile(r"ax{1,2}(?=(?:v+[xr]?[KQ]|Q))")


def _singular(line: Line, at: int) -> _Phrase | None:
    match = _SINGULAR.match(line.symbols, at)
    if not match:
        other = _SOMEBODY.match(line.symbols, at)
        known = other and not _THINGS & set(line.words[at : other.end()])
        return _Phrase(at, other.end(), "unspecified", "h", -1, -1) if other and known else None
    if _PLURAL.search(line.words[match.start("head")]):
        return None
    end = match.end()
    return _Phrase(at, end, _PEOPLE[match["head"]], match["head"], _side_in(line, at, end), -1)


_THINGS = words("casualties.things")


def _side_in(line: Line, start: int, end: int) -> int:
    """The last actor between two items; a demonym in front of a force belongs to it."""
    return next((i for i in range(end - 1, start - 1, -1) if line.symbols[i] in "JA"), -1)


def _is_part(line: Line, at: int) -> bool:
    """`including three children`: part of a larger figure."""
    return any(
        line.symbols[i] == "<" and line.words[i] in ("including", "among", "among them", "of whom", "of them")
        for i in range(max(0, at - 2), at)
    )


def _of_noun(line: Line, figure: Figure, phrase: _Phrase) -> Figure | None:
    """`50 military deaths`, `3,000 casualties`, `700 losses`."""
    head = next(i for i in range(phrase.at + 1, len(line)) if line.symbols[i] == "F")
    word = line.words[head]
    military = any(line.words[i] in ("military", "army", "troop", "soldier") for i in range(figure.at, head))
    who = "military" if military else "civilian" if "civilian" in line.words[figure.at : head] else "unspecified"
    mixed = word.startswith("casualt") or word in ("losses", "loss")
    side = figure.side_at
    lost = re.search(r"L[arx]{0,2}\Z", line.symbols[: figure.at])
    if side < 0 and figure.pronoun < 0 and lost:
        side = _subject(line, lost.start())
    return replace(figure, kind="killed", who=who, mixed=mixed, predicate=head, side_at=side)


def _by_predicate(line: Line, figure: Figure, phrase: _Phrase, before: list[Figure]) -> Figure | None:
    if _speaks_or_moves(line, phrase):
        return None
    right = _right(line, phrase)
    left = _left(line, figure.at)
    if (
        left >= 0
        and not phrase.head
        and not _ends_clause(line, phrase.end)
        and not _takes_anyone(line, left, at=figure.at)
    ):
        left = -1
    inherits = before[-1] if before and _joined(line, before[-1], figure.at, bool(phrase.head)) else None
    if right >= 0 and (left < 0 or _is_nearer(line, phrase, left, right)):
        found = replace(figure, kind=_PREDICATES[line.symbols[right]], predicate=right)
        found = _with_side_between(line, found, phrase.end)
    elif left >= 0 and (taken := _from_left(line, figure, left)):
        found = taken
    elif inherits and (phrase.head or _ends_clause(line, phrase.end)):
        found = replace(figure, kind=inherits.kind, predicate=inherits.predicate, mixed=inherits.mixed)
    else:
        ahead = _ahead(line, phrase)
        if ahead < 0:
            return None
        found = replace(figure, kind=_PREDICATES[line.symbols[ahead]], predicate=ahead)
    lost = re.search(r"(?:L|(?<=[JAm])v)[arx]{0,2}\Z", line.symbols[: figure.at])
    if lost and found.side_at < 0 and found.pronoun < 0:
        found = replace(found, side_at=_subject(line, lost.start()))
    if _is_mixed(line, found):
        found = replace(found, mixed=True, kind="killed")
    return _fill_from(found, phrase, inherits or _listed(line, before, figure.at))


_ANIMALS = words("casualties.animals")


def _takes_anyone(line: Line, verb: int, at: int) -> bool:
    """`killing two date growers`: whoever is killed or wounded is a person, known to the lexicon or not."""
    return (
        line.symbols[verb] in "kKwW"
        and line.symbols[at + 1 : at + 2] == "x"
        and not _ANIMALS & set(line.words[at + 1 : at + 3])
    )


def _speaks_or_moves(line: Line, phrase: _Phrase) -> bool:
    """`one doctor said`, `1,000 people were displaced`: the people of another verb."""
    tail = line.symbols[phrase.end : phrase.end + 4]
    if tail[:1] == "S" and line.words[phrase.end] not in _PASSIVE_SAYING:
        return True
    moves = bool(phrase.head) and bool(re.match(r"v+r?x", tail))
    return moves and not re.match(r"v+[xr]{1,2}[KQWCMd]", line.symbols[phrase.end : phrase.end + 6])


_PASSIVE_SAYING = words("casualties.passive_saying")


def _with_side_between(line: Line, figure: Figure, end: int) -> Figure:
    """`three members of the force known as the X were killed`: the only actor between the people and the verb."""
    between = line.symbols[end : figure.predicate]
    if figure.side_at >= 0 or figure.pronoun >= 0 or re.search(r"[,&bi;.]", between):
        return figure
    return replace(figure, side_at=_side_in(line, end, figure.predicate))


def _is_nearer(line: Line, phrase: _Phrase, left: int, right: int) -> bool:
    """Whether "were killed" behind the people goes before "killed" in front of them."""
    if line.symbols[right - 1] == "v":
        return True
    return right - phrase.end <= 3 and line.symbols[left] not in "kKwWyC"


def _is_foe(line: Line, at: int, end: int) -> bool:
    return bool(FOES & set(line.words[at:end])) or "enemy" in line.words[max(0, at - 4) : at]


def _ends_clause(line: Line, end: int) -> bool:
    return end >= len(line) or line.symbols[end] in "i,.;D"


def _fill_from(figure: Figure, phrase: _Phrase, other: Figure | None) -> Figure | None:
    """An elliptical figure takes its noun and its side from the one before it."""
    if phrase.head:
        alike = other and phrase.who == other.who == "military" and not other.foe
        if other and alike and figure.side_at < 0 and figure.pronoun < 0 and not figure.foe:
            return replace(figure, side_at=other.side_at, pronoun=other.pronoun)
        return figure
    if other is None:
        return figure if figure.kind else None
    return replace(
        figure, who=other.who, side_at=other.side_at, pronoun=other.pronoun, agent=other.agent, foe=other.foe
    )


def _right(line: Line, phrase: _Phrase) -> int:
    """The item of the predicate behind the phrase, -1 for none."""
    if phrase.head == "d":
        return next(i for i in range(phrase.at + 1, len(line)) if line.symbols[i] == "d")
    match = (
        _TIGHT_RIGHT.match(line.symbols, phrase.end)
        or _INCLUDING.match(line.symbols, phrase.end)
        or (_RIGHT.match(line.symbols, phrase.end) if phrase.head else None)
    )
    if not match:
        return -1
    verb = match.start("verb")
    if line.words[verb] in ("fell", "fall", "falls") and not phrase.head:
        return -1  # shells fall, too
    return -1 if _is_active(line, phrase.end, verb) else verb


def _is_active(line: Line, start: int, verb: int) -> bool:
    """`10 soldiers killed three civilians`: no auxiliary before, a person or a number behind."""
    if line.symbols[verb] not in "KWC" or "v" in line.symbols[start:verb]:
        return False
    return bool(re.match(r"[ar]?(?:N|[JA]?[mch])", line.symbols[verb + 1 :]))


_TOLL = re.compile(r"(?:T|(?<=[JAaopx'])[FdI]|(?<=[mchJ])[KW])[^.;NSkL]{0,12}\Z")
_REACHED = words("casualties.reached")


def _left(line: Line, at: int) -> int:
    toll = _TOLL.search(line.symbols[:at])
    if toll and at:
        reached = _REACHED if line.symbols[toll.start()] == "T" else ("at", "to")
        if line.words[at - 1] in reached:
            return toll.start()
    match = _LEFT.search(line.symbols[:at])
    if not match:
        return -1
    verb, gap = match.start("verb"), match["gap"]
    symbol = match["verb"]
    passive = line.symbols[verb - 1 : verb] == "v" and line.words[verb - 1] not in ("had", "has", "have")
    if symbol in "KWQ" and passive:
        return -1
    if symbol in "KWC" and re.search(r"[iDP]", gap):
        return -1
    if symbol == "F" and not gap.startswith("o"):
        return -1
    if symbol == "T" and len(gap) > 6:
        return -1
    return -1 if symbol == "Q" else verb


def _from_left(line: Line, figure: Figure, left: int) -> Figure | None:
    symbol = line.symbols[left]
    if symbol in "FTdI" or (symbol in "KW" and line.words[figure.at - 1] in ("at", "to")):
        kind = "wounded" if symbol in "IW" else "killed"
        sides = {line.words[i] for i in range(max(0, left - 4), figure.at) if line.symbols[i] in "JA"}
        side = _side_in(line, max(0, left - 4), figure.at) if len(sides) == 1 else -1
        if side >= 0 and line.entries[side + 1].fight:  # "Afghan bombing toll almost 150"
            return replace(figure, kind=kind, predicate=left, agent=side)
        return replace(figure, kind=kind, predicate=left, side_at=side if figure.side_at < 0 else figure.side_at)
    if symbol == "L":
        side = figure.side_at if figure.side_at >= 0 or figure.pronoun >= 0 else _subject(line, left)
        return replace(figure, kind="killed", predicate=left, side_at=side) if figure.who else None
    return replace(figure, kind=_PREDICATES[symbol], predicate=left)


def _joined(line: Line, other: Figure, at: int, has_noun: bool) -> bool:
    """Whether only a comma or "and" (and dates and places) stands between a figure and the number at `at`."""
    between = line.symbols[other.end : at]
    joint = r"(?:,&?|&)[ar<]{0,2}" if has_noun else r"(?:,&?|&|,i)[ar<]{0,2}"
    return len(between) <= 14 and bool(re.fullmatch(r"[^&,.;NSkL]{0,10}" + joint, between))


def _listed(line: Line, before: list[Figure], at: int) -> Figure | None:
    """The figure before, in the same clause: `29 soldiers were killed and 58 wounded`."""
    if not before or not before[-1].kind:
        return None
    between = line.symbols[before[-1].end : at]
    return before[-1] if len(between) <= 12 and not re.search(r"[.;S]", between) else None


def _ahead(line: Line, phrase: _Phrase) -> int:
    """The predicate of a list's last member: `49 Armenian and 50 Azerbaijani troops were killed`."""
    match = re.match(
        r"(?:[^.;SNkKQWCMdL]{0,5}?(?:,|&|,&)[arx]{0,2}N[oaprxJAP'm]{0,6}[mchJA]){1,4}[^N.;SkKLzQWCMd]{0,12}?(?P<verb>[KQWCMd])",
        line.symbols[phrase.end :],
    )
    return phrase.end + match.start("verb") if match else -1


# Official words for dead, wounded or captured.
_EITHER = words("casualties.either")


def _is_mixed(line: Line, figure: Figure) -> bool:
    """`killed or wounded 1,500`, `200 killed, wounded or captured`: one figure for all."""
    if line.words[figure.predicate] in _EITHER:
        return True
    start = max(0, figure.predicate - 4)
    match = re.search(r"[KWCd](?:,[KWC])?,?&[KWCI]", line.symbols[start : figure.predicate + 6])
    if not match or not match.start() <= figure.predicate - start < match.end():
        return False
    return (
        "or" in line.words[start + match.start() : start + match.end()]
        or "and" in line.words[start + match.start() : start + match.end()]
    )


_WITHHELD = words("casualties.withheld")


def _zero(line: Line, at: int) -> Figure | None:
    """`no casualties`, `nobody was hurt`, `no soldier was wounded`, `without losses`."""
    match = _ZERO.match(line.symbols, at)
    if not match or line.words[at] in ("any", "not", "n't", "nor", "neither"):
        return None
    noun = match.start("noun")
    if any(word in _WITHHELD for word in line.words[noun + 1 : noun + 5]):
        return None
    symbol, predicate = line.symbols[noun], noun
    if symbol in "hmc":
        verb = re.match(r"[vxr]{1,3}(?P<verb>[KWCM])", line.symbols[noun + 1 :])
        if not verb:
            return None
        predicate = noun + 1 + verb.start("verb")
        symbol = line.symbols[predicate]
    elif symbol in "KWCMQ" and line.words[at] not in ("nobody", "no one", "none"):
        return None
    kind = {"F": "killed", "I": "wounded"}.get(symbol) or _PREDICATES[symbol]
    behind = re.match(r"[xi<]?[ap]?x?(?P<side>[JA])'?x?[mch]", line.symbols[predicate + 1 :])
    side = predicate + 1 + behind.start("side") if behind else _side_in(line, at, predicate)
    pronoun = next((i for i in range(at, min(len(line), predicate + 4)) if line.symbols[i] == "p"), -1)
    who = "military" if "m" in line.symbols[at : predicate + 6] else "unspecified"
    return Figure(at, predicate + 1, 0, 0, 0, kind, who, side, pronoun, predicate=predicate)


def _with_agent(line: Line, figure: Figure) -> Figure:
    """Who did it: `by Indian shells`, or the actor before an active verb."""
    if figure.predicate < 0 or figure.best == 0:
        return figure
    tail = line.symbols[figure.predicate + 1 :]
    behind = re.match(r"[^.;S]{0,8}?(?P<by>[bi])[apxrO]{0,3}(?P<who>[JA])", tail)
    if behind and "N" not in tail[: behind.start("who")]:
        agent = figure.predicate + 1 + behind.start("who")
        if behind["by"] == "b" or any(e.fight or e.weapon for e in line.entries[agent + 1 : agent + 4]):
            return replace(figure, agent=agent)
    if figure.predicate < figure.at and line.symbols[figure.predicate] in "kKwWyC":
        return replace(figure, agent=_subject(line, figure.predicate))
    return figure


def _subject(line: Line, verb: int) -> int:
    """The actor that does what the verb at `verb` says: the nearest before it in its clause.

    -1 where two sides stand together ("Armenia, Azerbaijan border clashes kill 99"): both do it.
    """
    for index in range(verb - 1, max(-1, verb - 14), -1):
        if line.symbols[index] in ".;S":
            return -1
        if line.symbols[index] in "JA" and not is_ground(line, index):
            return -1 if _has_partner(line, index) or _is_scene(line, index) else index
    return -1


def _is_scene(line: Line, at: int) -> bool:
    """`Pakistan bombing kills 22`: a name before a noun of fighting says where, a demonym would say who."""
    mention = line.mentions[at]
    noun = line.words[at + 1] if at + 1 < len(line) else ""
    return bool(
        mention and mention.form == "name" and line.entries[at + 1].fight and noun.endswith(("ing", "raid", "attack"))
    )


def _has_partner(line: Line, at: int) -> bool:
    mention = line.mentions[at]
    others = [line.mentions[i] for i in range(max(0, at - 2), at) if line.symbols[i] in "JA"]
    return any(mention and other and other.ref != mention.ref for other in others)
