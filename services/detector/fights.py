"""Which sides fight in which sentence, and how sure the sentence makes one of it."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, chain, combinations, product

from services.detector.bystanders import are_shelled, are_shot
from services.detector.doers import is_pair
from services.detector.force import Trigger, triggers
from services.detector.ground import is_ground, names_border
from services.detector.lines import Line
from services.detector.words import words
from shared.schemas.article_tagged import ArticleTagged, Mention

_BACKED = words("fights.backed")
_PREPOSITIONS = ((words("fights.onto"), 0.75), (words("fights.inside"), 0.6), (words("fights.near"), 0.4))
_NEAR_IT = words("fights.near_it")
_DISTANCES = words("fights.distances")
_PARTS = words("ground.before")
_SOIL = words("ground.soil")
_GROUPS = words("people.groups")
_APART = words("fights.apart")
_FIGURATIVE = words("fights.figurative")  # of trade and sport, too
_TWO = words("fights.two")
_SIDES = words("fights.sides")
_OFFICES = words("fights.offices")
_UNFIT = words("fights.unfit")  # kinds of article
_BORDER_WORDS = words("fights.border_words")


_MOST_PEOPLE = 16
_SENT = 6  # items between what is sent and where from
_EXPLICIT = 0.3
_CIVILIAN = re.compile(r"x{0,2}c")
_CIVILIANS = 0.2  # what a brawl of civilians counts
_TOGETHER = 0.1  # how much two who attack a third fight each other
_NEXT_TO = 4  # items
_IRREGULAR = 0.65  # how much two states fight where fighters of no state do
_ASIDE = 0.6
_ACCUSED = 0.85
_BOTH = 0.6  # what "both sides" counts of two sides named
_PART = 0.55  # who weighs less takes no part of his own
_AROUND = 0.5  # what a side named in the next sentence counts of one named in the same


@dataclass(frozen=True, slots=True)
class Side:
    """A party: `name` is an ISO code or the actor's name; `homes` are the states it is or sits in."""

    name: str
    homes: frozenset[str]
    form: str

    @property
    def is_state(self) -> bool:
        """Whether it is a recognised state."""
        return len(self.name) == 2 and self.name.isupper()


@dataclass(frozen=True, slots=True)
class Participant:
    """A side at an item of a line; `weight` is how much it takes part (a claimant or a setting less)."""

    at: int
    side: Side
    weight: float
    ground: bool = False


@dataclass(slots=True)
class Scene:
    """A line with a fight in it: the pairs of sides (names in order) with their strength, 0..1."""

    line: Line
    strength: float
    pairs: dict[tuple[str, str], float] = field(default_factory=dict)
    grounds: dict[tuple[str, str], float] = field(default_factory=dict)
    linked: dict[tuple[str, str], float] = field(default_factory=dict)
    sides: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    within: frozenset[str] = frozenset()
    past: bool = False
    real: bool = True
    irregular: bool = False

    def told(self, pair: tuple[str, str]) -> float:
        """How clearly the line, and a little what stands around it, tells of these two fighting, the ground they stand
        on counted in."""
        return max(self.pairs.get(pair, 0.0), self.grounds.get(pair, 0.0), _AROUND * self.linked.get(pair, 0.0))

    def is_of_others(self, pair: tuple[str, str]) -> bool:
        """Whether an armed group outside the pair is in it."""
        return not self.groups.issubset(pair)


@dataclass(slots=True)
class Setting:
    """What holds for the whole article: the borders between its states, the sides some states are the ground of, the
    armed group of each state that has only one, how often each side is named, and the neighbours named most (None for a
    tie)."""

    borders: frozenset[str]
    grounds: Mapping[str, Side] = field(default_factory=dict)
    rebels: Mapping[str, Side] = field(default_factory=dict)
    named: Counter[str] = field(default_factory=Counter)
    main: tuple[str, str] | None = None


Cast = Mapping[int, Sequence[Participant]]  # who takes part, by the number of the line


def cast(lines: Iterable[Line], setting: Setting) -> Cast:
    """Who takes part in each line."""
    return {line.number: [p for p in _participants(line, setting) if p.weight > 0] for line in lines}


def scenes(lines: Sequence[Line], past: frozenset[int], setting: Setting, people: Cast) -> list[Scene]:
    """One scene for each line with a word of fighting."""
    found = [s for line in lines if (s := _scene(line, line.number in past, setting, people[line.number]))]
    _link(found, {line.number: line for line in lines}, past, setting, people)
    explicit = {pair for scene in found for pair, value in scene.pairs.items() if value >= _EXPLICIT}
    for scene in found:  # where the sides themselves are shown fighting, the ground they stand on adds nothing
        for pair, value in scene.grounds.items():
            if pair not in explicit:
                scene.pairs[pair] = max(scene.pairs.get(pair, 0.0), value)
    return found


def _link(
    found: Sequence[Scene], lines: Mapping[int, Line], past: frozenset[int], setting: Setting, people: Cast
) -> None:
    """A scene with one side only finds the other in the sentence before or behind it ("Cambodia blamed Thailand"), and
    one without sides finds both where no other fight is told."""
    doers = {number: _doers(row) for number, row in people.items() if number not in past}
    telling = {scene.line.number for scene in found}
    for scene in found:
        here = doers.get(scene.line.number, [])
        if len({one.side.name for one in here}) > 1:
            continue
        _blame(scene, here, lines.get(scene.line.number + 1), doers.get(scene.line.number + 1, []), setting)
        beside = [scene.line.number + step for step in (-1, 1)]
        around = [doers.get(number, []) for number in beside if here or number not in telling]
        pairs = product(here, chain(*around)) if here else chain(*(combinations(near, 2) for near in around))
        for one, other in pairs:
            _link_pair(scene, one, other, setting)


def _blame(
    scene: Scene, hit: Sequence[Participant], behind: Line | None, blamed: Sequence[Participant], setting: Setting
) -> None:
    """`A Lao village was shelled. Laos blamed Thailand`, `Thailand denied it`: who was hit, and by whom."""
    if behind is None or scene.irregular or _BLAMING.isdisjoint(behind.words) or not are_shelled(scene.line):
        return
    for one, other in product(hit[:1], blamed):
        pair = _names(one.side, other.side)
        if pair and not scene.is_of_others(pair):
            value = scene.strength * _ACCUSED * plausibility(one.side, other.side, setting.borders)
            scene.pairs[pair] = max(scene.pairs.get(pair, 0.0), round(value, 4))


def _doers(people: Sequence[Participant]) -> list[Participant]:
    return [p for p in people if p.weight >= _PART and not p.ground][:_MOST_PEOPLE]


def _link_pair(scene: Scene, one: Participant, other: Participant, setting: Setting) -> None:
    pair = _names(one.side, other.side)
    if pair and pair not in scene.pairs and not scene.is_of_others(pair):
        likely = plausibility(one.side, other.side, setting.borders) * (_IRREGULAR if scene.irregular else 1.0)
        value = round(scene.strength * one.weight * other.weight * likely, 4)
        scene.linked[pair] = max(scene.linked.get(pair, 0.0), value)


def _scene(line: Line, past: bool, setting: Setting, everybody: Sequence[Participant]) -> Scene | None:
    signs = triggers(line)
    if not signs:
        return None
    fight = _Fight(line, signs)
    frame = (0.3 if past else 1.0) * _context(fight)
    strength = frame * max(sign.weight for sign in signs)
    people = everybody[:_MOST_PEOPLE]
    scene = Scene(line, strength, past=past, real=any(sign.real for sign in signs))
    scene.sides = frozenset(p.side.name for p in _doers(people))
    scene.named = frozenset(p.side.name for p in people)
    scene.groups = frozenset(name for name in scene.named if len(name) > 2)
    scene.irregular = _is_of_irregulars(line)
    scene.within = frozenset(p.side.name for p in people if p.side.is_state and _is_over_there(line, p.at))
    for one, other in combinations(people, 2):
        _pair_up(scene, one, other, setting, frame * fight.share(one, other))
    if setting.main and setting.main not in scene.pairs and _speaks_of_both(line):
        scene.pairs[setting.main] = round(_BOTH * strength, 4)
    return scene


def _is_over_there(line: Line, at: int) -> bool:
    """`in northern Iraq`, `rebels who crossed from Congo`: whence or where they fight; not `near the Iraqi border`."""
    if _is_border_of(line, at) or names_border(line, at):
        return _NEAR_IT.isdisjoint(line.words[max(0, at - 4) : at])
    far = at > 1 and line.words[at - 2] in _DISTANCES  # "200 km from Somalia"
    return is_ground(line, at) or (line.words[at - 1 : at] == ["from"] and not far)


def _pair_up(scene: Scene, one: Participant, other: Participant, setting: Setting, share: float) -> None:
    """`share` is how well the two fit the words of fighting."""
    pair = _names(one.side, other.side)
    likely = plausibility(one.side, other.side, setting.borders, scene.within) if pair else 0.0
    if pair and likely:
        likely *= _IRREGULAR if scene.irregular and one.side.is_state and other.side.is_state else 1.0
        pairs = scene.grounds if one.ground or other.ground else scene.pairs
        pairs[pair] = max(pairs.get(pair, 0.0), round(likely * share, 4))


def _is_of_irregulars(line: Line) -> bool:
    """`jihadists attacked a garrison`: fighters of no state; not `Afghan militants`."""
    groups = (at for at, symbol in enumerate(line.symbols) if symbol == "m" and line.words[at] in _GROUPS)
    return any(not {"A", "J"}.intersection(line.symbols[max(0, at - 2) : at]) for at in groups)


def _speaks_of_both(line: Line) -> bool:
    """`both armies`, `the two neighbours`, `the other side`: the sides without their names."""
    pairs = zip(line.words, line.words[1:], strict=False)
    return any(first in _TWO and second in _SIDES for first, second in pairs)


class _Fight:
    """The words of fighting of a line, and which of its clauses they stand in."""

    def __init__(self, line: Line, signs: Sequence[Trigger]) -> None:
        self.line, self.signs = line, signs
        self.clauses = _clauses(line)
        self.telling = {self.clauses[sign.at] for sign in signs}
        self.mutual = any(line.entries[sign.at].mutual for sign in signs)
        self.accusing = not _ACCUSING.isdisjoint(line.words)

    def share(self, one: Participant, other: Participant) -> float:
        """How well two participants fit the word of fighting they fit best."""
        return max(sign.weight * self._roles(sign, one, other) for sign in self.signs)

    def _roles(self, sign: Trigger, one: Participant, other: Participant) -> float:
        """On both sides of "shelled", anywhere near "clashed"; less in a clause that tells of no fighting."""
        if (self.accusing and _is_accused(self.line, sign, one, other)) or _tells_of(self.line, sign, one, other):
            return _ACCUSED
        far = max(abs(one.at - sign.at), abs(other.at - sign.at))
        weight = one.weight * other.weight * min(1.0, 12 / max(1, far))
        for number in (self.clauses[one.at], self.clauses[other.at]):
            weight *= 1.0 if number in self.telling else _ASIDE
        if sign.mutual and self.line.entries[sign.at].mutual and _are_civilians(self.line, one, other):
            return weight * _CIVILIANS
        if not self.mutual and _act_together(self.line, sign, one, other):
            return weight * _TOGETHER
        if _are_both_attacked(self.line, sign, one, other):
            return weight * _TOGETHER
        return weight if sign.mutual or (one.at < sign.at) != (other.at < sign.at) else weight * 0.5


def _are_civilians(line: Line, one: Participant, other: Participant) -> bool:
    """`a fist fight between a Thai lorry driver and a Lao cab driver`."""
    last = max(one.at, other.at)
    if is_pair(line, last):
        return bool(_CIVILIAN.match(line.symbols, last + 1))  # "between Kyrgyz and Uzbek youths"
    return all(_CIVILIAN.match(line.symbols, participant.at + 1) for participant in (one, other))


def _act_together(line: Line, sign: Trigger, one: Participant, other: Participant) -> bool:
    """`Rwandan forces and M23 rebels attacked Congolese positions`: no foes of each other where a third is hit."""
    first, second = sorted((one.at, other.at))
    if second >= sign.at or second - first > _NEXT_TO or not is_pair(line, second):
        return False
    pair = (one.side.name, other.side.name)
    hit = ((index, mention) for index, mention in line.actors if index > second and mention.ref not in pair)
    return any(not is_ground(line, index) and not _is_border_of(line, index) for index, _ in hit)


def _are_both_attacked(line: Line, sign: Trigger, one: Participant, other: Participant) -> bool:
    """`Islamist fighters battled Cameroonian and Chadian troops`: no foes of each other."""
    first, second = sorted((one.at, other.at))
    if not sign.at < first or second - first > _NEXT_TO or not is_pair(line, second):
        return False
    return any(line.words[i] in _GROUPS or line.words[i] == "fighters" for i in range(sign.at))


def _clauses(line: Line) -> list[int]:
    """The clause of each item: `Turkey sent aid as the Syrian army attacked` are two."""
    ends = (symbol in ".;" or word in _APART for symbol, word in zip(line.symbols, line.words, strict=True))
    return list(accumulate(ends))


def _is_accused(line: Line, sign: Trigger, one: Participant, other: Participant) -> bool:
    """`Unity state accused Khartoum of the attack`, `the army blamed Cambodian soldiers`: who accuses is hit."""
    first, last = min(one.at, other.at), max(one.at, other.at)
    accused = any(word in _ACCUSING for word in line.words[max(first, last - 4) : last])
    return accused and (sign.at < first or last < sign.at <= last + 8)


def _tells_of(line: Line, sign: Trigger, one: Participant, other: Participant) -> bool:
    """`Laos says Thailand bombed a village`, `Laos: "Thailand bombed a village"`: where no other is named, who tells is
    hit."""
    first, last = sorted((one.at, other.at))
    if not line.entries[sign.at].directed or not last < sign.at <= last + _NEXT_TO:
        return False
    if line.symbols[first + 1 : last].strip("qax") not in ("S", ":"):
        return False
    hit = (index for index, mention in line.named if index > sign.at and mention.kind in ("actor", "place"))
    return first <= 1 and not any(hit)


def _names(one: Side, other: Side) -> tuple[str, str] | None:
    if one.name == other.name:
        return None
    return (one.name, other.name) if one.name < other.name else (other.name, one.name)


def _context(fight: _Fight) -> float:
    """A fight among soldiers, with weapons or at a border is likelier one than a bare "clash"; one with smugglers or
    in a stadium is hardly one."""
    line = fight.line
    marks = [(at, line.entries[at]) for at in line.marked]
    shelled = are_shelled(line)
    unfit = _UNFIT - _OF_CIVILIANS if shelled else _UNFIT
    if any(e.other and unfit.intersection(e.other) and fight.clauses[at] in fight.telling for at, e in marks):
        return 0.5
    if are_shot(line):
        return 0.5
    if shelled or "m" in line.symbols or "B" in line.symbols or "weapon" in line.tells:
        return 1.0
    if not _BORDER_WORDS.isdisjoint(line.words):
        return 1.0
    return 1.0 if any(e.fight == 1.0 and line.words[at] not in _FIGURATIVE for at, e in marks) else 0.75


def _participants(line: Line, setting: Setting) -> Iterator[Participant]:
    """Every side in the line, as actor or as the country of a place."""
    for index, mention in line.named:
        if mention.kind == "actor":
            rebels = setting.rebels.get(mention.ref) if _are_rebels_from(line, index) else None
            yield Participant(index, rebels or side_of(mention), 1.0 if rebels else _weight(line, index))
        elif mention.kind == "place" and mention.place and mention.form != "dateline":
            for code in mention.place.country.split("|")[:1]:
                side = setting.grounds.get(code) or _ground(code)
                yield Participant(index, side, 0.6, ground=not _is_office(line, index))
        elif mention.kind == "border":
            for code in mention.ref.split("-"):
                yield Participant(index, _ground(code), 0.5, ground=True)


def _are_rebels_from(line: Line, at: int) -> bool:
    """`leftist rebels from Colombia`, whose name other sentences tell."""
    if line.words[at - 1 : at] != ["from"] or line.words[max(0, at - 2)] not in _GROUPS:
        return False
    return not any(mention.form == "armed_group" for _, mention in line.actors)


def _is_office(line: Line, at: int) -> bool:
    """`the ministry of defence in Asmara`, `parliament was told in Yerevan`: the state speaks or acts."""
    return line.words[at - 1 : at] == ["in"] and any(word in _OFFICES for word in line.words[max(0, at - 5) : at - 1])


@lru_cache(maxsize=512)
def _ground(code: str) -> Side:
    return Side(code, frozenset((code,)), "place")


def side_of(mention: Mention) -> Side:
    """The side an actor mention stands for."""
    return _side(mention.ref, tuple(mention.sits_in), mention.form)


@lru_cache(maxsize=4096)
def _side(ref: str, sits_in: tuple[str, ...], form: str) -> Side:
    return Side(ref, frozenset((ref,)) if len(ref) == 2 else frozenset(sits_in), form)


def _weight(line: Line, at: int) -> float:
    """1 for who does or suffers, less for who only speaks, sits, backs or lends the border its name."""
    behind, before = line.words[at + 1 : at + 4], line.words[at - 1] if at else ""
    if _is_backing(behind) or _is_backer(line, at):
        return 0.0
    if before == "ethnic" or (before == "-" and at > 1 and line.words[at - 2] in ("pro", "anti")):
        return 0.1
    if _is_border_of(line, at) or names_border(line, at):
        crossed = any(word in _CROSSED for word in line.words[max(0, at - 9) : at]) or _is_raid_of_nobody(line, at)
        return 0.8 if crossed or (_is_paired(line, at) and not _is_by_a_third(line, at)) else 0.3
    if before in ("toward", "towards", "to"):
        return 0.35
    if "crime" in line.tells and any("crime" in entry.other for entry in line.entries[at + 1 : at + 3]):
        return 0.3  # "Libyan smugglers" are no force of Libya
    if _speaks(line, at):
        return 0.55
    mention = line.mentions[at]
    assert mention is not None
    if mention.form in ("leader", "metonym", "ministry", "spokesman_office"):
        return 0.45
    return _standing(line, at, mention)


def _is_backing(behind: Sequence[str]) -> bool:
    """`Turkey-backed rebels`, `Iran backed militia`; not `an Ethiopian militia backed by troops`."""
    words = behind[1:] if behind[:1] == ["-"] else behind
    return bool(words) and words[0] in _BACKED and list(words[1:2]) != ["by"]


def _standing(line: Line, at: int, mention: Mention) -> float:
    """How much a name between other words is who acts or suffers, and how much only the ground: `in Turkey`, `ten
    kilometres from Tanzania`, `the Mozambican town of`."""
    before = line.words[at - 1] if at else ""
    if before in ("from", "of") and at > 1 and line.words[at - 2] in _DISTANCES:
        return 0.15
    whence = "from" in (before, line.words[at - 2] if at > 1 and before in _PARTS else "")  # "from northern Iraq"
    if whence and any(mention.ref in other.sits_in for _, other in line.actors):
        return 0.1  # "Al Shabaab fighters crossed from Somalia and attacked a Kenyan camp"
    if mention.form == "name":
        if _is_address(line, at):
            return 0.3
        if before == "from":
            return 0.75 if _sends(line, at) else 0.45
        return next((weight for known, weight in _PREPOSITIONS if before in known), 1.0)
    return 0.7 if line.words[at + 1 : at + 2] and line.words[at + 1] in _SOIL else 1.0


def _is_address(line: Line, at: int) -> bool:
    """`MAE SAI, Thailand -`."""
    place = line.mentions[at - 2] if at > 1 and line.words[at - 1] == "," else None
    return place is not None and place.kind == "place"


def _sends(line: Line, at: int) -> bool:
    """`rockets from Lebanon`, `troops from Eritrea`."""
    near = slice(max(0, at - _SENT), at)
    return any(
        e.weapon or e.fight or e.armed or s == "m" for e, s in zip(line.entries[near], line.symbols[near], strict=True)
    )


def _is_border_of(line: Line, at: int) -> bool:
    """`Turkish border`, `Turkey's southern border`, `Turkey-Syria border`."""
    for index in range(at + 1, min(len(line), at + 5)):
        if line.words[index] in ("border", "borders", "frontier", "boundary"):
            return line.words[index + 1 : index + 2] not in _BORDER_FORCES
        if line.symbols[index] not in "AJ'x&" or (
            line.words[index] not in _BORDER_LINK and line.symbols[index] not in "AJ'&"
        ):
            return False
    return False


def _is_raid_of_nobody(line: Line, at: int) -> bool:
    """`an air strike in Unity state, near the border with Sudan`: planes are a state's, and no other is near."""
    from_the_air = any(line.entries[i].weapon == "aircraft" and line.entries[i].fight for i in line.marked)
    return from_the_air and all(i == at or is_ground(line, i) for i, _ in line.actors)


def _is_backer(line: Line, at: int) -> bool:
    """`an offensive backed by Russia and Iran`: neither fights."""
    listed = _LISTED.search(line.symbols, max(0, at - 7), at)
    return listed is not None and listed.start() > 0 and line.words[listed.start() - 1] in _BACKED


def _is_by_a_third(line: Line, at: int) -> bool:
    """`Islamic State militants advanced on the Turkey-Syria border`: an armed group and not the two it lies between."""
    border = {mention.ref for index, mention in line.actors if abs(index - at) <= 2}
    return any(m.ref not in border and m.form == "armed_group" for i, m in line.actors if abs(i - at) > 2)


_LISTED = re.compile(r"b(?:a?[JA][,&]{1,2})*a?\Z")
_BLAMING = words("fights.accusing") | words("fights.denying")
_CROSSED = words("fights.crossed")
_BORDER_LINK = words("fights.border_link")


_OF_CIVILIANS = frozenset(("border shooting", "migration"))  # whose village or camp is bombed
# "Ethiopian border post" is no border but somebody's soldiers.
_BORDER_FORCES = [[word] for word in words("fights.border_forces")]


def _is_paired(line: Line, at: int) -> bool:
    """One of two sides joined: `Armenia-Azerbaijan`, `Kyrgyz and Tajik`."""
    right = line.mentions[at + 2] if at + 2 < len(line) else None
    left = line.mentions[at - 2] if at >= 2 else None
    joins = ("-", "–", "and", "/")
    if right is not None and right.kind == "actor" and line.words[at + 1] in joins:
        return True
    return left is not None and left.kind == "actor" and line.words[at - 1] in joins


def _speaks(line: Line, at: int) -> bool:
    """Followed by a verb of saying, or preceded by "according to"."""
    tail = line.symbols[at + 1 : at + 6]
    for index, symbol in enumerate(tail):
        if symbol in ".;,K":
            break
        if symbol == "S":
            return "m" not in tail[:index] and line.words[at + 1 + index] not in _ACCUSING
    return at > 0 and line.words[at - 1] in ("according to", "citing", "quoted")


_ACCUSING = words("fights.accusing")


def plausibility(one: Side, other: Side, borders: frozenset[str], within: frozenset[str] = frozenset()) -> float:
    """How likely a fight of these two is one at a border: neighbours, or a state and a force across its border.

    `within` are the states on whose ground it is: a force that sits in both is across the border in one of them.
    """
    if one.name == other.name:
        return 0.0
    if one.is_state and other.is_state:
        return 1.0 if "-".join(sorted((one.name, other.name))) in borders else 0.2
    if not one.is_state and not other.is_state:
        if one.form == other.form == "de_facto_state":
            return 0.8  # Somaliland and Puntland
        return 0.5 if "de_facto_state" in (one.form, other.form) else 0.0
    state, group = (one, other) if one.is_state else (other, one)
    return _across(state.name, group, borders, within)


def _across(state: str, group: Side, borders: frozenset[str], within: frozenset[str]) -> float:
    if group.form == "peacekeepers":
        return 0.0
    if group.form == "de_facto_state":
        return 1.0
    across = any("-".join(sorted((state, home))) in borders for home in group.homes if home != state)
    if state in group.homes:
        abroad = across and bool(within & group.homes - {state})
        return 0.8 if abroad else 0.25 if across else 0.0
    return 0.9 if across else 0.1


def setting_of(article: ArticleTagged) -> Setting:
    """What the article's mentions set up."""
    actors = [m for m in article.mentions if m.kind == "actor"]
    states = {m.ref for m in actors}
    grounds = {
        m.sits_in[0]: side_of(m)
        for m in actors
        if m.form == "de_facto_state" and len(m.sits_in) == 1 and m.sits_in[0] not in states
    }
    borders = frozenset(border.id for border in article.borders)
    named = Counter(m.ref for m in actors)  # places stay where they are when two countries are swapped, so they are out
    return Setting(borders, grounds, _rebels(actors), named, _main(borders, named))


def _rebels(actors: Iterable[Mention]) -> dict[str, Side]:
    """The armed group that sits first in each state, where the article names only one."""
    found: dict[str, set[Side]] = {}
    for mention in actors:
        if mention.form == "armed_group" and mention.sits_in:
            found.setdefault(mention.sits_in[0], set()).add(side_of(mention))
    return {state: groups.pop() for state, groups in found.items() if len(groups) == 1}


def _main(borders: Iterable[str], named: Counter[str]) -> tuple[str, str] | None:
    """The neighbours of which the lesser named is named most, None where two pairs are alike."""
    pairs = [(a, b) for a, b in (border.split("-") for border in borders) if len(a) == len(b) == 2 and a != b]
    ranked = sorted(pairs, key=lambda pair: -min(named[pair[0]], named[pair[1]]))[:2]
    counts = [min(named[a], named[b]) for a, b in ranked]
    return ranked[0] if counts and counts[0] > sum(counts[1:]) else None
