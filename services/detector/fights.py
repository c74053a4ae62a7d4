"""Which sides fight in which sentence, and how sure the sentence makes one of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from services.detector.lines import Line
from services.detector.words import words
from shared.schemas.article_tagged import ArticleTagged, Mention

_BACKED = words("fights.backed")
_INSIDE = words("fights.inside")
_BORDER_WORDS = words("fights.border_words")


_LOSSES = 0.6
_MOST_TRIGGERS = 12  # a sentence with more is a list, or hostile
_MOST_PEOPLE = 16
_EXPLICIT = 0.3


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
    trigger: int
    pairs: dict[tuple[str, str], float] = field(default_factory=dict)
    grounds: dict[tuple[str, str], float] = field(default_factory=dict)
    sides: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    past: bool = False
    real: bool = True

    def told(self, pair: tuple[str, str]) -> float:
        """How clearly the line tells of these two fighting, the ground they stand on counted in."""
        return max(self.pairs.get(pair, 0.0), self.grounds.get(pair, 0.0))


@dataclass(slots=True)
class Setting:
    """What holds for the whole article: the borders between its states, and the sides some states are the ground of."""

    borders: frozenset[str]
    grounds: Mapping[str, Side] = field(default_factory=dict)


def scenes(lines: Sequence[Line], past: frozenset[int], setting: Setting) -> list[Scene]:
    """One scene for each line with a word of fighting."""
    found = [scene for line in lines if (scene := _scene(line, line.number in past, setting))]
    explicit = {pair for scene in found for pair, value in scene.pairs.items() if value >= _EXPLICIT}
    for scene in found:  # where the sides themselves are shown fighting, the ground they stand on adds nothing
        for pair, value in scene.grounds.items():
            if pair not in explicit:
                scene.pairs[pair] = max(scene.pairs.get(pair, 0.0), value)
    return found


def _scene(line: Line, past: bool, setting: Setting) -> Scene | None:
    triggers = [i for i in range(len(line)) if _force(line, i)][:_MOST_TRIGGERS]
    if not triggers:
        return None
    frame = (0.3 if past else 1.0) * _context(line)
    weights = {i: _force(line, i) * (0.15 if is_unreal(line, i) else 1.0) * frame for i in triggers}
    trigger = max(triggers, key=lambda i: (weights[i], -i))
    people = [p for p in participants(line, setting) if p.weight > 0][:_MOST_PEOPLE]
    scene = Scene(line, weights[trigger], trigger, past=past, real=not all(is_unreal(line, i) for i in triggers))
    scene.sides = frozenset(p.side.name for p in people if p.weight >= 0.5 and not p.ground)
    scene.named = frozenset(p.side.name for p in people)
    for one, other in combinations(people, 2):
        pair = _names(one.side, other.side)
        likely = plausibility(one.side, other.side, setting.borders) if pair else 0.0
        if pair and likely:
            value = likely * max(weights[i] * _roles(line, i, one, other) for i in triggers)
            pairs = scene.grounds if one.ground or other.ground else scene.pairs
            pairs[pair] = max(pairs.get(pair, 0.0), round(value, 4))
    return scene


def _force(line: Line, at: int) -> float:
    """The word's weight as a sign of a fight; soldiers killed or wounded are one, too."""
    fight = line.entries[at].fight
    if not fight and line.symbols[at] in "KkWQdC" and "m" in line.symbols:
        return _LOSSES
    return fight


def _roles(line: Line, trigger: int, one: Participant, other: Participant) -> float:
    """How well two participants fit a word of fighting: on both sides of "shelled", anywhere near "clashed"."""
    weight = one.weight * other.weight
    far = max(abs(one.at - trigger), abs(other.at - trigger))
    weight *= 1.0 if far <= 12 else 12 / far
    if line.entries[trigger].mutual >= line.entries[trigger].directed:  # losses have neither: any order
        return weight
    if (one.at < trigger) != (other.at < trigger):
        return weight
    between = line.words[min(one.at, other.at) : max(one.at, other.at)]
    return weight if _ACCUSING.intersection(between) else weight * 0.5


def _names(one: Side, other: Side) -> tuple[str, str] | None:
    if one.name == other.name:
        return None
    return (one.name, other.name) if one.name < other.name else (other.name, one.name)


def _context(line: Line) -> float:
    """A fight among soldiers, with weapons or at a border is likelier one than a bare "clash"."""
    if "m" in line.symbols or "B" in line.symbols or any(e.weapon for e in line.entries):
        return 1.0
    if any(word in _BORDER_WORDS for word in line.words):
        return 1.0
    return 1.0 if any(e.fight == 1.0 for e in line.entries) else 0.75


def is_unreal(line: Line, at: int) -> bool:
    """Whether a cue before the word at `at`, in its clause, takes it back: "could", "threatened to", "drill"."""
    for index in range(at - 1, max(-1, at - 8), -1):
        if line.symbols[index] in ".;,:" or line.words[index] in _NEW_CLAUSE:
            return False
        if line.entries[index].unreal:
            return True
        if (
            line.words[index] == "to"
            and at - index <= 3
            and "v" not in line.symbols[index:at]
            and _is_purpose(line, index)
        ):
            return True
    return any(line.entries[i].unreal and line.words[i] in _AFTER for i in range(at + 1, min(len(line), at + 3)))


_NEW_CLAUSE = words("fights.new_clause")


def _is_purpose(line: Line, at: int) -> bool:
    """`on alert to shoot down`; not `continued to shell`, `close to fighting`."""
    return line.symbols[at + 1] == "x" and at > 0 and line.words[at - 1] not in _BEGUN


_BEGUN = words("fights.begun")
_AFTER = words("fights.after")


def participants(line: Line, setting: Setting) -> Iterator[Participant]:
    """Every side in the line, as actor or as the country of a place."""
    for index, mention in enumerate(line.mentions):
        if mention is None:
            continue
        if mention.kind == "actor":
            yield Participant(index, side_of(mention), _weight(line, index))
        elif mention.kind == "place" and mention.place and mention.form != "dateline":
            for code in mention.place.country.split("|")[:1]:
                side = setting.grounds.get(code) or Side(code, frozenset((code,)), "place")
                yield Participant(index, side, 0.6, ground=True)
        elif mention.kind == "border":
            for code in mention.ref.split("-"):
                yield Participant(index, Side(code, frozenset((code,)), "place"), 0.5, ground=True)


def side_of(mention: Mention) -> Side:
    """The side an actor mention stands for."""
    state = len(mention.ref) == 2
    return Side(mention.ref, frozenset((mention.ref,)) if state else frozenset(mention.sits_in), mention.form)


def _weight(line: Line, at: int) -> float:
    """1 for who does or suffers, less for who only speaks, sits, backs or lends the border its name."""
    behind, before = line.words[at + 1 : at + 4], line.words[at - 1] if at else ""
    if (behind[:1] == ["-"] and len(behind) > 1 and behind[1] in _BACKED) or (behind[:1] and behind[0] in _BACKED):
        return 0.0
    if before == "-" and at > 1 and line.words[at - 2] in ("pro", "anti"):
        return 0.1
    if _names_border(line, at) or line.words[max(0, at - 2) : at] == ["border", "with"]:
        crossed = any(word in _CROSSED for word in line.words[max(0, at - 9) : at])
        return 0.8 if crossed or _is_paired(line, at) else 0.3
    if before in ("toward", "towards", "to"):
        return 0.35
    if _speaks(line, at):
        return 0.55
    mention = line.mentions[at]
    assert mention is not None
    if mention.form in ("leader", "metonym", "ministry", "spokesman_office"):
        return 0.45
    return 0.75 if before in _INSIDE and mention.form == "name" else 1.0


def _names_border(line: Line, at: int) -> bool:
    """`Turkish border`, `Turkey's southern border`, `Turkey-Syria border`."""
    for index in range(at + 1, min(len(line), at + 5)):
        if line.words[index] in ("border", "borders", "frontier", "boundary"):
            return line.words[index + 1 : index + 2] not in _BORDER_FORCES
        if line.symbols[index] not in "AJ'x&" or (
            line.words[index] not in _BORDER_LINK and line.symbols[index] not in "AJ'&"
        ):
            return False
    return False


_CROSSED = words("fights.crossed")
_BORDER_LINK = words("fights.border_link")


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


def plausibility(one: Side, other: Side, borders: frozenset[str]) -> float:
    """How likely a fight of these two is one at a border: neighbours, or a state and a force across its border."""
    if one.name == other.name:
        return 0.0
    if one.is_state and other.is_state:
        return 1.0 if "-".join(sorted((one.name, other.name))) in borders else 0.3
    if not one.is_state and not other.is_state:
        return 0.5 if "de_facto_state" in (one.form, other.form) and not one.homes & other.homes else 0.0
    state, group = (one, other) if one.is_state else (other, one)
    return _across(state.name, group, borders)


def _across(state: str, group: Side, borders: frozenset[str]) -> float:
    if group.form == "peacekeepers":
        return 0.0
    if group.form == "de_facto_state":
        return 1.0
    across = any("-".join(sorted((state, home))) in borders for home in group.homes if home != state)
    if state in group.homes:
        return 0.35 if across else 0.0
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
    return Setting(frozenset(border.id for border in article.borders), grounds)
