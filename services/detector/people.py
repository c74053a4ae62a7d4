"""The people a number counts: the noun phrase behind it, who they are, and whose."""

import re
from dataclasses import dataclass

from services.detector.lines import Line
from services.detector.words import words

_AGES = range(10, 100)
_WHO = {"m": "military", "c": "civilian", "h": "unspecified"}

# Behind the number: "of its", "more", "wounded", "Azerbaijani", "army", then the head.
_PHRASE = re.compile(
    r"<?(?:o[ap]?N)?o?[ap]?r?o?[ap]?(?:[WMCK](?=[xJA]{0,2}[mch]|J))?(?:[xJAPrOdq'wG]|mo?(?=[mch])|a(?=J)|,(?=[xJ][xmch])){0,5}?"
    r"(?P<head>d[mch]?(?![xJA]{1,2}[mch])|[mchFIR](?:m|h)?|[JA](?!x(?![KQW])|[mch'AdFIRG]))"
)
# Behind the head: "of the Pakistani army", "from India's Border Security Force".
_BEHIND = re.compile(r"(?:[of]|i(?=[ap]?[JA]))[ap]?(?:x?[JAG])'?[xm]{0,3}")
_ASIDE = re.compile(r"(?:xi?N|[ix]Nx)(?=,?v+[xr]?[KQWCM])")
_ONE = re.compile(r"ar?(?:[xJAO'd()]){0,6}?(?P<head>[mch])")
_ANOTHER = re.compile(r"[xJAO]{0,3}(?P<head>[mch])(?=[v,KQWC])")
_SOME_OF = re.compile(r"N(?P<who>o[ap]J?x)v*[xr]?(?=[KQW])")  # "three of the engineers were killed"
_HIT = words("people.hit")  # a school as well as a man
_OF_THINGS = _HIT | words("people.fallen") | {"were lost"}
_THEIRS = re.compile(r"p(?:m(?:v+[xr]?)?[KW]|h(?:v+[xr]?)?[KWC])|(?<=[^mch]&)pc[KW]|(?<=[kw])p[mc](?=[&,.;i]|\Z)")
_NATIONAL = re.compile(r"ax{0,2}J(?=,|v+[xr]?[KQWCM]|[KQWCM])")  # "an Indian was killed"
_SECOND = re.compile(r"aO(?=[,.;&)]|v?x?[KQWCMR]|\Z)")
_SOMEBODY = re.compile(r"aJ?x{1,2}(?=(?:v+[xr]?[KQW]|Q))")  # "a Thai tea seller was wounded"
_WORKERS = re.compile(r"NJ?x{1,2}(?=v+[xr]?[KQW]|Q)")  # "two shopkeepers were dead"
_DOERS = re.compile(r"(?:[eo]rs|ists|herds|folk|men|women)\Z")
_PLURAL = re.compile(r"(?:s|men|women|people|police|personnel|troops|children|crew)\Z")
_CLAUSE = 9  # words of a clause that are looked back on
_TERRITORY = frozenset(("territory", "soil", "ground"))
_THINGS = words("people.things")
_FOES = words("people.foes")  # soldiers of the other side, in the mouth of whoever speaks
_GROUPS = words("people.groups")
_FORCES = words("headed.forces")
_WHEN = words("predicates.when") - {"with"}
_BANDS = words("parties.groups")
_COLLECTIVES = words("people.collectives")  # one of them is not one person


@dataclass(frozen=True, slots=True)
class People:
    """Items [at, end) of a line: the number and its noun. `head` is the noun's letter ("" without a noun), `side_at`
    the item that names the side and `pronoun` the possessive that stands for it, -1 for none."""

    at: int
    end: int
    who: str = ""
    head: str = ""
    side_at: int = -1
    pronoun: int = -1


def counted(line: Line, at: int) -> People | None:
    """The people behind the number (or "a", "another") at `at`; None where "a" counts no person."""
    if other := _ANOTHER.match(line.symbols, at + 1) if line.words[at] == "another" else None:
        head = other["head"]
        return People(at, other.end(), _WHO[head], head, side_in(line, at, other.end()))  # "another Thai soldier was"
    if line.words[at] == "another":
        return People(at, at + (4 if line.symbols[at + 1 : at + 4] == ",N," else 1))  # "another, 20, was hurt"
    if line.symbols[at] == "p":
        return People(at, at + 2, "military", "m", pronoun=at)
    return _one(line, at) if line.symbols[at] == "a" else _several(line, at)


def is_their_own(line: Line, at: int) -> bool:
    """`its pilot was killed`, `and their commander wounded`, `killing its driver`: one man."""
    return (
        bool(_THEIRS.match(line.symbols, at))
        and not _PLURAL.search(line.words[at + 1])
        and (line.words[at + 1] not in _COLLECTIVES)
    )


def _several(line: Line, at: int) -> People:
    if line.words[at + 1 : at + 5 : 3] == ["of", "own"] and line.symbols[at + 2] in "JA":
        return People(at, at + 5, head="h", side_at=at + 2)  # "six of Peru's own"
    if line.words[at + 1 : at + 4 : 2] == ["of", "own"]:
        return People(at, at + 4, head="h", pronoun=at + 2)  # "three of their own"
    if line.words[at + 1 : at + 2] == ["of"] and line.words[at + 2 : at + 3] in (["theirs"], ["ours"]):
        return People(at, at + 3, head="h", pronoun=at + 2)
    if line.words[at + 1 : at + 4] == ["from", "each", "side"]:
        return People(at, at + 4, "unspecified", "h")
    match = _PHRASE.match(line.symbols, at + 1)
    return _named_people(line, at, match) if match else _other_people(line, at)


def _named_people(line: Line, at: int, match: "re.Match[str]") -> People:
    """With a noun of the lexicon, or a nation."""
    head, end = match["head"], match.end("head")
    side, pronoun = side_in(line, at + 1, end), _pronoun_in(line, at + 1, end)
    behind = _BEHIND.match(line.symbols, end)
    if behind and side < 0 and line.words[end] not in _WHEN and not _is_of_what(line, end, behind.end()):
        side, end = side_in(line, end, behind.end()), behind.end()  # not "15 men in Rhodesian ambush"
        pronoun = max(pronoun, _pronoun_in(line, at, end))
    if line.symbols[end : end + 3] == "oNc" and line.words[end + 1] == "one":
        end += 3
    end = _behind_aside(line, end)
    return People(at, end, _WHO.get(head[-1], _WHO.get(head[0], "")), head[0], side, pronoun)


def _other_people(line: Line, at: int) -> People:
    """With a noun the lexicon does not have, or none."""
    if (some := _SOME_OF.match(line.symbols, at)) and line.words[some.end()] not in _OF_THINGS:
        end = some.end("who")
        return People(at, end, "unspecified", "h", side_in(line, at, end), _pronoun_in(line, at, end))
    if (workers := _WORKERS.match(line.symbols, at)) and _are_workers(line, workers.end()):
        return People(at, workers.end(), "unspecified", "h", side_in(line, at, workers.end()))
    if line.words[at + 1 : at + 2] == ["aboard"]:
        return People(at, at + 2, "unspecified", "h")
    if line.symbols[at + 1 : at + 3] in ("oa", "op") and not _FORCES.isdisjoint(line.words[at + 3 : at + 4]):
        return People(at, at + 4, "military", "m", pronoun=at + 2 if line.symbols[at + 2] == "p" else -1)
    named = line.symbols[at + 1 : at + 2]
    if named == "J" and line.words[at + 1].endswith("s"):
        return People(at, at + 2, head="J", side_at=at + 1)  # "three Ukrainians slightly hurt"
    if named == "A" and line.words[at + 2 : at + 3] in (["who"], ["that"]):
        return People(at, at + 2, head="J", side_at=at + 1)  # "killed 30 Houthi rebels who attacked a post"
    return People(at, at + 1)


def _is_hit(line: Line, at: int) -> bool:
    """`a village school had been hit`: hardly a person."""
    return not _HIT.isdisjoint(line.words[at : at + 3])


def _are_workers(line: Line, end: int) -> bool:
    """Whether the last item before `end` is a noun no lexicon has that says what people do; not `four towers fell`."""
    if not _OF_THINGS.isdisjoint(line.words[end : end + 3]):
        return False
    return bool(_DOERS.search(line.words[end - 1])) and line.words[end - 1] not in _THINGS


def _one(line: Line, at: int) -> People | None:
    match = _ONE.match(line.symbols, at)
    if match is None and (national := _NATIONAL.match(line.symbols, at)):
        return People(at, national.end(), "unspecified", "h", national.end() - 1)
    if match is None and _SECOND.match(line.symbols, at):  # "killing one soldier and wounding a second"
        return People(at, at + 2)
    if match is None:
        other = _SOMEBODY.match(line.symbols, at)
        if other is None or _THINGS & set(line.words[at : other.end()]) or _is_hit(line, other.end()):
            return None
        if line.words[other.end()] in ("were", "are", "have"):
            return None  # "30 residents of a Thai village were killed"
        return People(at, other.end(), "unspecified", "h", side_in(line, at, other.end()))
    head = line.words[match.start("head")]
    behind_head = line.words[match.end("head") : match.end("head") + 1]
    if _PLURAL.search(head) or not _COLLECTIVES.isdisjoint([head, *behind_head]):
        return None  # "a crew", "a marine squad"
    end = _behind_age(line, match.end())
    side = side_in(line, at, match.end())
    behind = _BEHIND.match(line.symbols, end) if side < 0 else None
    if behind and line.symbols[end] == "o":  # "a soldier of the Taliban"
        side, end = side_in(line, end, behind.end()), behind.end()
    return People(at, end, _WHO[match["head"]], match["head"], side)


def _behind_age(line: Line, end: int) -> int:
    """The item behind `of eleven` or `, 14,`."""
    age = re.match(r"[o,]N,?", line.symbols[end : end + 3])
    return end + age.end() if age and is_age(line, end + 1) else end


def _is_of_what(line: Line, start: int, end: int) -> bool:
    """`15 men in Rhodesian ambush`, `21 bodies on Chinese territory`: not whose people they are."""
    fight = any(entry.fight for entry in line.entries[start:end])
    return fight or not _TERRITORY.isdisjoint(line.words[start : end + 1])


def _behind_aside(line: Line, end: int) -> int:
    """The item behind `aged 19`, `aged between 19 and 22`, `in two trucks`."""
    aside = _ASIDE.match(line.symbols, end)
    if aside is None:
        return end
    return aside.end() if line.words[end] in ("aged", "in", "aboard") else end


def side_in(line: Line, start: int, end: int) -> int:
    """The last actor between two items: a demonym in front of a force belongs to it. -1 for none."""
    return next((i for i in range(end - 1, start - 1, -1) if line.symbols[i] in "JA"), -1)


def _pronoun_in(line: Line, start: int, end: int) -> int:
    return next((i for i in range(start, end) if line.symbols[i] == "p"), -1)


def is_adjective(line: Line, people: People) -> bool:
    """`three wounded soldiers`, `six dead villagers`: what befell them stands before the noun."""
    return bool(people.head) and bool(
        re.match(r"[WMC]|K[JA]?[mch]|d[JA]?[mch]", line.symbols[people.at + 1 : people.at + 4])
    )


def is_inner(line: Line, at: int) -> bool:
    """The second number of `one of the two pilots`, but not of `one of the two pilots hurt on Sunday`."""
    if re.match(r"[xJA]{0,3}[mchJ][WC]", line.symbols[at + 1 : at + 7]):
        return False
    if line.words[at] == "one" and line.symbols[max(0, at - 3) : at] in ("Nho", "Nco"):
        return True  # "eight members of one family"
    return line.symbols[max(0, at - 3) : at].endswith(("No", "Noa", "Nop"))


def is_age(line: Line, at: int) -> bool:
    """`a girl of eleven`, `Avi Ben-Lulu, 21, of Ashkelon`, `aged between 19 and 22`."""
    if "aged" in line.words[max(0, at - 2) : at]:
        return True
    if line.symbols[max(0, at - 1) : at + 2] == ",N," and line.symbols[at - 2 : at - 1] in (
        "x",
        "A",
        "P",
        "m",
        "c",
        "r",
    ):
        return True
    if at < 2 or line.symbols[at - 1] != "o":
        return False
    if line.symbols[at - 2] == "x":  # "a tea seller of 33 was"
        amount = line.mentions[at]
        single = not {"a", "an"}.isdisjoint(line.words[max(0, at - 5) : at - 2])
        return single and line.symbols[at + 1 : at + 2] in ",v.&" and amount is not None and amount.best in _AGES
    if line.symbols[at - 2] not in "mch":
        return False
    noun = line.words[at - 2]
    return noun not in ("family", "crew", "members", "group") and not _PLURAL.search(noun)


def is_foe(line: Line, at: int, end: int) -> bool:
    """Whether they are named as an enemy."""
    before = line.words[max(0, at - 4) : at]
    if line.words[at + 1 : at + 3] == ["of", "theirs"]:
        return True
    if "of the other side" in " ".join(line.words[at + 1 : end + 4]) or "other side" in " ".join(before):
        return True
    if line.words[at + 1 : at + 4] == ["of", "the", "enemy"]:
        return True
    return bool(_FOES & set(line.words[at:end])) or "enemy" in before or "enemy" in _clause_before(line, at)


def is_toll_of_foes(line: Line, toll: int) -> bool:
    """`put the attackers' dead at 60`, `the number of infiltrators killed`."""
    counted = line.symbols[toll] in "dFT" or "number" in line.words[max(0, toll - 4) : toll]
    return counted and bool(_FOES & set(line.words[max(0, toll - 2) : toll]))


def is_on_own_side(line: Line, end: int) -> bool:
    """`against four on his side`."""
    return line.words[end : end + 3 : 2] == ["on", "side"] and line.symbols[end + 1] == "p"


def _clause_before(line: Line, at: int) -> list[str]:
    symbols = line.symbols[max(0, at - _CLAUSE) : at]
    return line.words[at - len(symbols) + 1 + max(map(symbols.rfind, ".;,&S")) : at]


def loses_as_group(line: Line, verb: int) -> bool:
    """`The group lost two fighters`, `the guerrillas had lost three`."""
    return not (_GROUPS | _BANDS).isdisjoint(line.words[max(0, verb - 3) : verb])


def are_irregulars(line: Line, at: int, end: int) -> bool:
    """Whether they are named as an armed group's people, not a state's."""
    return bool(_GROUPS & set(line.words[at:end]))
