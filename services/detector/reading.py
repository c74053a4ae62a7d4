"""An article read once: its lines, what each tells of fights and losses, and which of them look back."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import chain

from services.detector.casualties import figures
from services.detector.claims import claims
from services.detector.fights import Cast, Scene, Setting, Side, cast, scenes, setting_of
from services.detector.figure import Figure
from services.detector.lexicon import lexicon
from services.detector.lines import Line, read_lines
from services.detector.parties import Parties
from services.detector.past import (
    comes_after_another,
    commemorates,
    counts_on,
    is_fresh,
    is_of_an_earlier_day,
    looks_back,
)
from services.detector.score import arms, others
from services.detector.words import words
from shared.schemas.article_tagged import ArticleTagged
from shared.schemas.claims import Claim
from shared.schemas.edtf import bounds

Pair = tuple[str, str]


@dataclass
class Reading:
    """`past` are the numbers of lines that look back; `sides` every side that takes part somewhere, by name."""

    article: ArticleTagged
    lines: Sequence[Line]
    setting: Setting
    scenes: Sequence[Scene]
    past: frozenset[int]
    people: Cast
    _figures: dict[int, list[Figure]] = field(default_factory=dict)
    _claims: dict[Pair, list[tuple[Line, Claim]]] = field(default_factory=dict)

    @cached_property
    def sides(self) -> Mapping[str, Side]:
        """An actor's own form goes before a mere setting."""
        sides: dict[str, Side] = {}
        for participant in chain(*self.people.values()):
            known = sides.get(participant.side.name)
            if known is None or known.form == "place":
                sides[participant.side.name] = participant.side
        return sides

    def figures(self, line: Line) -> Sequence[Figure]:
        """The figures of losses in a line, read once."""
        if line.number not in self._figures:
            self._figures[line.number] = figures(line)
        return self._figures[line.number]

    @cached_property
    def others(self) -> Mapping[str, float]:
        """How much the words betray another kind of article, 0..1."""
        return others(self.lines, self.scenes)

    @cached_property
    def arms(self) -> float:
        """How much soldiers and weapons are spoken of, 0..1."""
        return arms(self.lines)

    @cached_property
    def groups(self) -> Mapping[str, str]:
        """The armed group named most in each state where one sits."""
        named = Counter(m.ref for m in self.article.mentions if m.kind == "actor" and len(m.ref) != 2)
        sits = {m.ref: m.sits_in for m in self.article.mentions if m.kind == "actor"}
        groups: dict[str, str] = {}
        for name, _ in named.most_common():
            for state in sits[name]:
                groups.setdefault(state, name)
        return groups

    def homes(self, pair: Pair) -> frozenset[str]:
        """The states the two sides are or sit in."""
        return self.sides[pair[0]].homes | self.sides[pair[1]].homes

    def claims(self, pair: Pair) -> list[tuple[Line, Claim]]:
        """What the lines that do not look back claim of the two sides' losses."""
        if pair not in self._claims:
            parties = Parties(self.sides[pair[0]], self.sides[pair[1]], self.groups)
            shown = {s.line.number for s in self.scenes if s.told(pair) > _TOLD}
            aside = _ASIDE - _OF_GROUPS if parties.group else _ASIDE
            current = [
                line
                for line in self.lines
                if line.number not in self.past
                and (line.number in shown or not (_is_aside(line, aside) or _is_apart(line)))
            ]
            near = frozenset(
                number + away
                for s in self.scenes
                if s.told(pair) > _TOLD
                for number in (s.line.number,)
                for away in range(-_NEAR, _NEAR)
            )
            self._claims[pair] = list(claims(current, self.figures, near, self.article, parties))
        return self._claims[pair]

    def event_scenes(self, pair: Pair) -> list[Scene]:
        """The scenes of the pair, the telling ones first, then those that show no other pair fighting (a force and the
        state it sits in are not two)."""
        live = [s for s in self.scenes if s.real and not s.past and s.strength >= _CLEAR and not _is_apart(s.line)]
        own = [s for s in live if s.told(pair) > _TOLD] or [s for s in self.scenes if s.told(pair) > 0.0]
        own.sort(key=lambda s: (-round(min(s.told(pair), 0.5), 1), s.line.number))
        taken = {id(s) for s in own}
        around = self.homes(pair) | set(pair)
        return own + [s for s in live if id(s) not in taken and s.named & around and _is_alone(s, around)]

    def totals(self) -> dict[Pair, float]:
        """All pairs with the strength of their scenes added up."""
        sums: dict[Pair, float] = {}
        for scene in self.scenes:
            for pair in scene.pairs.keys() | scene.linked.keys():
                sums[pair] = sums.get(pair, 0.0) + scene.pairs.get(pair, scene.linked.get(pair, 0.0) / 2)
        return sums

    def apart(self) -> set[Pair]:
        """Pairs of neighbours that each take part in a fight, if only in sentences of their own."""
        fighting = {name for s in self.scenes if s.real and not s.past for name in s.sides if len(name) == 2}
        pairs = (border.split("-") for border in self.setting.borders)
        return {(a, b) for a, b in pairs if a != b and {a, b} <= fighting & self.sides.keys()}

    def candidates(self) -> Mapping[Pair, float]:
        """The pairs that may be the ones fighting, with the strength of the scenes that show them together."""
        main = self.setting.main
        alone = [main] if main and self.sides.keys() >= set(main) else []
        return dict.fromkeys([*alone, *self.apart()], 0.0) | self.totals()

    def background(self) -> Iterator[Line]:
        """Lines that look back and tell of losses or fights."""
        for line in self.lines:
            if line.number in self.past and ("fight" in line.tells or self.figures(line)):
                yield line


_ASIDE = words("reading.aside")  # kinds of article
_OF_GROUPS = frozenset(("insurgency", "civil war"))  # what an armed group is called that is one of the sides
_APART = tuple(f"{phrase} " for phrase in sorted(words("reading.apart")))
_TOLD = 0.1
_NEAR = 8  # lines from one that tells of the fight in which losses without a named side are its losses
_ALONE = 0.2
_LEAD = 1  # sentences
_FIRST = 3  # sentences that tell the day of the news
_CLEAR = 0.4  # a weapon named or somebody dead is no scene of its own


def _is_alone(scene: Scene, around: Set[str]) -> bool:
    return all(value < _ALONE or set(pair) <= around for pair, value in scene.pairs.items())


def _is_aside(line: Line, kinds: frozenset[str]) -> bool:
    """The dead of a chemical attack, an insurgency or an accident are not those of the fight."""
    return not kinds.isdisjoint(line.tells)


def _is_apart(line: Line) -> bool:
    """`In a separate incident 71 people were killed by a bomb`."""
    begins = " ".join(line.words[:3]) + " "
    return begins.startswith(_APART)


def _past(lines: Sequence[Line], today: date | None) -> frozenset[int]:
    """Numbers of the lines that look back; what follows one in its paragraph does, too, until a recent day is named."""
    past: set[int] = set()
    paragraph, back = -1, False
    lead = {line.number for line in [line for line in lines if line.role != "title"][:_LEAD]}
    opening = [line for line in lines if line.number in lead or line.role == "title"]
    ceremony, again = (
        any(map(commemorates, opening)),
        any(map(counts_on, opening)) or any(comes_after_another(line) for line in lines if line.dates),
    )
    for line in lines:
        back = (ceremony or (back and _goes_on(line, paragraph))) and not is_fresh(line, today)
        paragraph = line.paragraph
        news = [first for first in lines[: min(_FIRST, line.number)] if first.number not in past] if again else []
        if looks_back(line, today, line.number in lead) or (news and is_of_an_earlier_day(line, news, today)):
            past.add(line.number)
            back = True
        elif back and (ceremony or "fight" not in line.tells):
            past.add(line.number)
    return frozenset(past)


def _goes_on(line: Line, paragraph: int) -> bool:
    """Same paragraph, or a new one whose dead nobody is named for: `Around 160 people died` behind a war of old."""
    begins = line.symbols[:4].lstrip("xr<i")[:1] == "N"
    return line.paragraph == paragraph or (line.paragraph == paragraph + 1 and begins)


def read(article: ArticleTagged) -> Reading:
    """Reads the article."""
    lines = read_lines(article, lexicon())
    limits = bounds(article.published)
    setting = setting_of(article)
    past = _past(lines, limits[0] if limits else None)
    people = cast(lines, setting)
    return Reading(article, lines, setting, scenes(lines, past, setting, people), past, people)
