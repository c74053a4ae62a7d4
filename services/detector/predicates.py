"""What is said of the people a number counts: the word of loss they belong to, and who did it."""

import re
from itertools import pairwise

from services.detector.ground import is_ground, is_of_a_fight, names_border
from services.detector.lines import Line
from services.detector.people import People
from services.detector.words import words

_RIGHT = re.compile(r"(?:[^NKQdWCMkwyL.;STz(]|\([^.;N()]{1,3}\)){0,9}?(?P<verb>[KQWCMd])")
_NEXT = re.compile(
    r"r?,?(?:[axJAPmhco']{1,6}S,)?(?:v+(?:[xr]|xxv{1,2}|S(?:xv{1,2}|i)?(?=[KdM]))?|Sxv{1,2}|x(?=W)|i(?=[KWM]))?"
    r"(?P<verb>[KQWCMd]|(?<=v)y|(?<=v)R(?=[i,.;&]|\Z)|L(?=[ib,.;&]|\Z))"
)
_INCLUDING = re.compile(r",q?N?<(?:[^.;,]{0,10},q?(?:v+(?:x{1,2}v+)?)?|[^.;N]{0,14},q?v+)[xr]?(?P<verb>[KQWCMd])")
_AHEAD = re.compile(
    r"(?:[^.;SNkKQWCMdLv]{0,5}?(?:,|&|,&)(?:[arxp]{0,2}N[oaprxJAP'm]{0,6}|a[xJA]{0,2})(?:[mchJA]|(?<=op)x)(?:,N,)?){1,4}"
    r"(?:,N?<[^.;,]{0,10},)?[^N.;SkKLzQWCMd]{0,12}?(?P<verb>[KQWCMd])"
)
_LEFT = re.compile(r"(?P<verb>[kKwWyCLQTFIM])(?P<gap>q?[oavrxp<DPJA'ib]{0,6})\Z")
_OTHERS = re.compile(r"i[ap][xJAO']{0,3}[mch]v+[xr]?\Z")  # "went there after a ranger was" killed
_TOLL = re.compile(r"T|(?<=[JAaopx'])[FdI]|(?<=[mchJap])[KW]|(?<=[op])[KWMd]|(?<=px)K|(?<=v)[QKW]")
_BEHIND_TOLL = re.compile(r"(?:,[^,.;]{1,6},)?(?:[^.;NSkL]|S(?=i)|(?<=f)N(?=i)){0,12}")
_EITHER_OR = re.compile(r"[KWCd](?:,[KWC])?,?&x?[WCKI]|k&w|w&k")
_BETWEEN = ("'", "‘", "’", '"', "“", "now")
_SAID_TO = re.compile(r"Sxv{1,2}[KdMCWQ]")
_REACH = 14  # items from a verb back to who does it
_WINDOW = 20  # items a predicate may be away from its number
_ANIMALS = words("predicates.animals")
_PASSIVE_SAYING = words("predicates.passive_saying")
_REACHED = words("predicates.reached")
_INCLUDE = words("predicates.include")
_GIVING = words("predicates.giving")
_EITHER = words("predicates.either")  # official words for dead, wounded or captured
_ON_SOMEBODY = (" at", " on", " into", "attacked", "shelled", "stormed", "ambushed")
_JOINED = re.compile(r"[JA][mxc]{0,4}&a?\Z")
_PURSUING = words("predicates.pursuing")  # "troops chasing PKK rebels killed five"
_WHEN = words("predicates.when")
_WERE = ("were", "are")
_CIVIL = words("predicates.civil")
_COMING = words("predicates.coming")
_BESIDE = 5  # items
_LOOKED_INTO = words("predicates.looked_into")
_SOUGHT = _LOOKED_INTO | {"for"}
_FALL = words("people.fallen")
_HIT = words("people.hit")
_TAKEN = frozenset(("was taken", "were taken", "been taken"))
_AWAY = words("predicates.away")
_TIMES = words("predicates.times")  # "lost eight early on Monday", "wounding 15 this week"
_HAVING = frozenset(("had", "has", "have"))
_THROUGH = frozenset(("through", "across", "over", "past", "into", "along", "behind"))
_OBJECTS = frozenset(("them", "him", "her"))


def behind(line: Line, people: People) -> int:
    """The item of the word of loss behind the people ("were killed"), -1 for none."""
    if people.head == "d":
        return line.symbols.index("d", people.at + 1)
    start = people.end + _is_of_them(line, people.end)
    match = (
        _NEXT.match(line.symbols, start)
        or _INCLUDING.match(line.symbols, people.end)
        or (_RIGHT.match(line.symbols, people.end) if people.head else None)
    )
    if match is None:
        return -1
    verb = match.start("verb")
    if _OTHERS.search(line.symbols, people.end, verb) or _is_of_others(line, people.end, verb):
        return -1
    if line.words[verb] in _HIT and not people.head:
        return -1  # "a second was hit": a helicopter
    if line.words[verb] in _FALL and (not people.head or verb - people.end > _BESIDE):
        return -1  # shells and towns fall, too
    if line.words[verb - 1] in _OBJECTS or line.words[verb] == "carried off" or _is_elsewhere(line, verb):
        return -1  # "an officer went to look and found them dead"; the dead are carried off, too
    return -1 if _is_active(line, people.end, verb) else verb


def _is_of_others(line: Line, start: int, verb: int) -> bool:
    """`lost 240 soldiers when South Sudanese forces seized the town`: what others did."""
    joint = next((i for i in range(start, verb) if line.words[i] in _WHEN), -1)
    active = line.symbols[verb - 1] != "v" and line.symbols[verb] in "KWC"
    return joint >= 0 and active and any(line.symbols[i] in "JA" for i in range(joint, verb))


def _is_of_them(line: Line, at: int) -> bool:
    """`19 of whom were slain`, `and three of them died`."""
    of_them = line.words[at : at + 1] == ["of them"] and line.symbols[at + 1 : at + 2] in ("v", "Q")
    return of_them or line.words[at : at + 1] == ["of whom"]


def _is_elsewhere(line: Line, verb: int) -> bool:
    """`were taken out of their villages`, `had been taken to safety`: nobody captured them."""
    if "R" in line.symbols[verb : verb + _WINDOW]:  # "were taken to the capital as prisoners"
        return False
    return line.words[verb] in _TAKEN and not _AWAY.isdisjoint(line.words[verb + 1 : verb + 2])


def ahead(line: Line, people: People) -> int:
    """The word of loss of a list's last member: `49 Armenian and 50 Azerbaijani troops were killed`."""
    match = _AHEAD.match(line.symbols, people.end)
    return match.start("verb") if match else -1


def before(line: Line, at: int) -> int:
    """The item of the word of loss in front of the number at `at` ("killed", "the death of"), -1 for none."""
    first = max(0, at - _WINDOW)
    head = line.symbols[first:at]
    tolls = (first + toll.start() for toll in _TOLL.finditer(head) if _BEHIND_TOLL.fullmatch(head, toll.end()))
    if (toll := next((toll for toll in tolls if _is_put_at(line, toll, at)), -1)) >= 0:
        return toll
    match = _LEFT.search(head)
    if match is None or not _governs(line, match["verb"], first + match.start(), match["gap"]):
        return -1
    return first + match.start()


def is_toll(line: Line, front: int, at: int) -> bool:
    """Whether the word of loss at `front` is a toll that the number at `at` fills in."""
    return line.symbols[front] == "T" or (line.symbols[front] in "FdI" and _word_before(line, at) in ("at", "to", "as"))


def _word_before(line: Line, at: int) -> str:
    return next((line.words[i] for i in range(at - 1, -1, -1) if line.words[i] not in _BETWEEN), "")


def _is_put_at(line: Line, toll: int, at: int) -> bool:
    """`the toll reached`, `put the dead at`, `the number of men who had fallen at`."""
    word = _word_before(line, at)
    counted = line.words[max(0, toll - 5) : toll]
    if ("number", "of") in pairwise(counted) and line.words[toll - 1] != "of":
        return (
            word == "as" or word in _REACHED
        )  # "the number of Thai dead was 21", "of soldiers killed in the fighting is now 21"
    if line.symbols[toll - 1 : toll + 1] == "JF" and word == "as":
        return True  # "gave Indian losses as five dead"
    if word == "as" and line.symbols[toll] in "dF" and not _GIVING.isdisjoint(counted):
        return True  # "gave its own dead as 43"
    among = word in _WERE and "among" in counted
    if line.symbols[toll] in "dWK" and (among or (line.symbols[toll] == "d" and word in _INCLUDE)):
        return True  # "the dead included nine guards", "among the dead were nine guards"
    if line.words[toll - 2 : toll - 1] == ["of"] and line.symbols[toll - 1] == "p":
        return word == "as" or word in _REACHED  # "gave the number of its dead as 34, of its wounded as 46"
    if line.symbols[toll - 1 : toll] == "o":  # "put the number of injured at three"
        return word in ("at", "to") and line.words[toll - 2 : toll - 1] == ["number"]
    if line.symbols[toll - 1 : toll] == "v":
        return word == "at" and "number" in line.words[max(0, toll - 7) : toll]
    return word in (_REACHED if line.symbols[toll] == "T" else ("at", "to"))


def _governs(line: Line, symbol: str, verb: int, gap: str) -> bool:
    """Whether the word of loss at `verb` has the number behind it as its object."""
    if symbol in "LK" and not _WHEN.isdisjoint(line.words[verb + 1 : verb + 1 + len(gap)]):
        return False  # "not a man was lost when 24 soldiers strayed over the border"
    if symbol == "Q" or (symbol == "M" and not line.words[verb].endswith((" with", " of"))):
        return False
    if symbol in "KW" and line.symbols[verb - 1 : verb] == "v" and line.words[verb - 1] not in ("had", "has", "have"):
        return line.symbols[verb - 2 : verb - 1] in ("&", ",") and gap == "r"  # passive: "and were injured other six"
    if "b" in gap and symbol not in "KWC":
        return False
    if symbol in "KWC" and re.search(r"[iDPb]", gap):
        return verb <= 1 and gap.endswith("v")  # "Killed on Saturday were two men"
    named = line.words[verb].endswith(" of")
    if symbol == "F" and not (_SOUGHT if named else _LOOKED_INTO).isdisjoint(line.words[max(0, verb - 3) : verb]):
        return False  # "to look into the death of a villager", "revenge for the killing of two"
    if named:
        return True
    if symbol == "I" and line.words[verb + 1] == "to":  # "injuries to two more"
        return True
    return symbol not in "FI" or gap.startswith("o")


def _is_active(line: Line, start: int, verb: int) -> bool:
    """`10 soldiers killed three civilians`, `a patrol had killed five`: a person or a number behind."""
    passive = any(line.symbols[i] == "v" and line.words[i] not in _HAVING for i in range(start, verb))
    if line.symbols[verb] not in "KWC" or passive:
        return False
    return bool(re.match(r"[ar]?(?:N|[JA]?[mch])", line.symbols[verb + 1 : verb + 5]))


def is_nearer(line: Line, people: People, front: int, back: int) -> bool:
    """Whether "were killed" behind the people goes before "killed" in front of them."""
    if line.symbols[back - 1] == "v":
        return True
    return back - people.end <= 3 and line.symbols[front] not in "kKwWyC"


def takes_anyone(line: Line, verb: int, at: int) -> bool:
    """`killing two date growers`: whoever is killed or wounded is a person, known to the lexicon or not."""
    if line.symbols[verb] not in "kKwW" or line.symbols[at + 1 : at + 2] != "x":
        return False
    return not _ANIMALS & set(line.words[at + 1 : at + 3])


def are_things(line: Line, at: int) -> bool:
    """`seven of its tanks`: what the number at `at` counts is no people."""
    noun = re.match(r"o?[ap]?x{1,2}", line.symbols[at + 1 :])
    return noun is not None and not _ANIMALS.isdisjoint(line.words[at + 1 : at + 1 + noun.end()])


def speak_or_move(line: Line, people: People) -> bool:
    """`one doctor said`, `1,000 people were displaced`: the people of another verb."""
    tail = line.symbols[people.end : people.end + 6]
    if tail[:1] == "S" and line.words[people.end] not in _PASSIVE_SAYING and not _is_said_to_be(line, people.end):
        return True
    moves = people.head and re.match(r"v+r?x", tail)
    return bool(moves) and not re.match(r"v+[xr]{1,2}v*[KQWCMd]", line.symbols[people.end : people.end + 8])


def _is_said_to_be(line: Line, at: int) -> bool:
    """`soldiers said to have been captured`."""
    return line.words[at + 1 : at + 2] == ["to"] and bool(_SAID_TO.match(line.symbols, at))


def ends_clause(line: Line, end: int) -> bool:
    """Whether nothing more is said of the people."""
    return end >= len(line) or line.symbols[end] in "i,.;D" or line.words[end] in _TIMES or line.words[end] == "alive"


def is_for_all(line: Line, predicate: int) -> bool:
    """`killed or wounded 1,500`, `200 killed, wounded or captured`, `neutralised`: one figure for several kinds."""
    if line.words[predicate] in _EITHER:
        return True
    start = max(0, predicate - 4)
    match = _EITHER_OR.search(line.symbols[start : predicate + 6])
    if not match or not match.start() <= predicate - start < match.end():
        return False
    return not {"or", "and"}.isdisjoint(line.words[start + match.start() : start + match.end()])


def is_joined(line: Line, end: int, at: int, has_noun: bool) -> bool:
    """Whether only a comma or "and" (and dates and places) stands between item `end` and the number at `at`."""
    between = line.symbols[end : min(at, end + 15)]
    aside = r"(?:,?i[axr]{1,4},)?" if line.symbols[at] == "N" else ""  # "and, on the other side, 80 rangers"
    joint = r"(?:,&?|&)" + aside + r"[arp<]{0,2}" if has_noun else r"(?:,&?|&|,i)[ar<]{0,2}"
    return at - end <= 14 and bool(re.fullmatch(r"[^&,.;NSkL]{0,10}" + joint, between))


def is_listed(line: Line, end: int, at: int) -> bool:
    """Whether item `end` and the number at `at` are in one clause: `29 soldiers were killed and 58 wounded`."""
    return at - end <= 12 and not re.search(r"[.;S]", line.symbols[end:at])


def subject(line: Line, verb: int, reach: int = _REACH) -> int:
    """The actor that does what the verb at `verb` says: the nearest before it in its clause, -1 for none.

    None where two sides stand together ("Armenia, Azerbaijan border clashes kill 99"): both do it.
    """
    for index in range(verb - 1, max(-1, verb - reach), -1):
        if line.symbols[index] in ".;S":
            return -1
        if line.symbols[index] in "JA" and not _is_beside(line, index):
            return -1 if _has_partner(line, index) or _is_scene(line, index) else index
    return -1


def _is_beside(line: Line, at: int) -> bool:
    """Whether the actor at `at` is the ground, the border or the enemy, and so did not do it."""
    if line.words[at - 1 : at] == ["from"] and not _COMING.isdisjoint(line.words[max(0, at - 3) : at - 1]):
        return True  # "rebels who crossed from Congo"
    if line.symbols[at + 1 : at + 2] == "'" and line.words[at - 1] in _THROUGH:
        return True  # "broke through Morocco's wall and killed 157"
    return is_ground(line, at) or names_border(line, at) or _is_aimed_at(line, at) or _owns_a_building(line, at)


def _owns_a_building(line: Line, at: int) -> bool:
    """`A Thai shell came through the roof of a Lao school and killed 17`."""
    return line.symbols[at] == "J" and not _CIVIL.isdisjoint(line.words[at + 1 : at + 3])


def _is_aimed_at(line: Line, at: int) -> bool:
    """`fired at a South Korean island`, `an attack on Armenian positions`: whom it befell."""
    if any(word in ("at", "on", "against", "into", "towards") for word in line.words[max(0, at - 2) : at]):
        return True
    if at > 1 and line.words[at - 1] == "with" and line.entries[at - 2].mutual:
        return True  # "Vietnamese troops clashed with Thai rangers, killing 11"
    if line.words[max(0, at - 2) : at] == ["pursuit", "of"]:
        return True
    verb = at - 2 if line.symbols[at - 1 : at] == "a" else at - 1
    return verb >= 0 and (line.words[verb].endswith(_ON_SOMEBODY) or line.words[verb] in _PURSUING)


def _has_partner(line: Line, at: int) -> bool:
    """Whether another actor stands right before it; not in "Azerbaijan said Armenia lost", "according to Baku, ..."."""
    mention = line.mentions[at]
    near = range(at - 1 if line.symbols[at - 1 : at] == "i" else max(0, at - 2), at)  # "into Laos after Thai troops"
    others = [line.mentions[i] for i in near if line.symbols[i] in "JA" and "S" not in line.symbols[max(0, i - 1) : at]]
    if joined := _JOINED.search(line.symbols, max(0, at - 8), at):
        others.append(line.mentions[joined.start()])  # "Iranian border guards and the Taliban"
    return any(mention and other and other.ref != mention.ref for other in others)


def _is_scene(line: Line, at: int) -> bool:
    """`Pakistan bombing kills 22`: a name before a noun of fighting says where, a demonym would say who."""
    mention = line.mentions[at]
    if mention is None or mention.form != "name" or at + 1 >= len(line) or not line.entries[at + 1].fight:
        return False
    return line.words[at + 1].endswith(("ing", "raid", "attack"))


def agent_behind(line: Line, predicate: int) -> int:
    """The actor named behind the word of loss: `by Pakistani troops`, `in Indian shelling`. -1 for none."""
    tail = line.symbols[predicate + 1 : predicate + _WINDOW]
    match = re.match(r"[^.;SNb]{0,8}?(?P<by>[bi])[apxrOfo]{0,4}(?P<who>[JA])", tail)
    if match is None:
        return -1
    agent = predicate + 1 + match.start("who")
    return agent if match["by"] == "b" or is_of_a_fight(line, agent) else -1
