"""How likely the article reports a clash of two given sides: features, and a logistic over weights.yml."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from services.detector.bystanders import are_shelled, are_shot
from services.detector.fights import Scene
from services.detector.force import has_soldiers
from services.detector.lines import Line
from services.detector.weights import weights
from services.detector.words import words


def probability(features: Mapping[str, float]) -> float:
    """The calibrated probability, 0..1."""
    known = weights()
    z = known["bias"] + sum(known[name] * value for name, value in features.items())
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, z))))


_LEAD_LINES = 5
_LINKED = 0.5  # what a side named in the next sentence counts of one named in the same
_TELLING = 1.0
_CLEAR = 0.6  # soldiers killed, and all words of fighting that are stronger
_DOWNED = words("score.downed")
_HIT_BY = ("hit by ", "struck by ", "fell to ")
_SHOT = 2  # words that a civilian shot counts for
_FIGHT = ""  # no kind
_SCORES = 8  # words that the result of a match counts for
_RESULT = re.compile("NxN")
_DASHES = frozenset("-–")
_MOST_GOALS = 20
_ACROSS = 0.8  # how likely a state fights a force that sits across its border
_APART = 0.8  # what it is worth that both sides fight, each in sentences of its own


def features(
    pair: tuple[str, str],
    found: Sequence[Scene],
    lines: Sequence[Line],
    plausible: float,
    other: Mapping[str, float],
    named: Counter[str],
    armed: float,
) -> dict[str, float]:
    """What the score looks at, each about 0..1; `claims` is what it is where losses enough are claimed."""
    values = sorted((_shown(scene, pair) for scene in found), reverse=True)
    strong = [scene for scene in found if scene.pairs.get(pair, 0.0) >= 0.25]
    body = [line for line in lines if line.role != "title"]
    lead = {line.number for line in body[:3]}
    shown = 1.0 - math.prod(1.0 - value for value in values)
    apart = min(_part(found, side, pair) for side in pair) * (
        1.0 if _are_states(pair) else min(1.0, plausible / _ACROSS)
    )
    backing = max(min(1.0, 2 * shown), apart * _APART)  # losses and nearness say little of two sides not shown fighting
    return {
        "best": values[0] if values else 0.0,
        "second": values[1] if len(values) > 1 else 0.0,
        "title": max((s.pairs.get(pair, 0.0) for s in found if s.line.role == "title"), default=0.0),
        "lead": max((s.pairs.get(pair, 0.0) for s in found if s.line.number in lead), default=0.0),
        "share": min(0.3, len(strong) / max(3, len(lines))) / 0.3,
        "claims": backing,
        "any": shown,
        "apart": apart,
        "about": about(pair, found, named) * armed * min(1.0, plausible),
        "neighbours": plausible * backing,
        **other,
    }


def _are_states(pair: tuple[str, str]) -> bool:
    return all(len(side) == 2 for side in pair)


def _part(found: Sequence[Scene], side: str, pair: tuple[str, str]) -> float:
    """The strength of the strongest scene the side takes part in, alone or not, without a third armed group."""
    return max((s.strength for s in found if side in s.sides and not s.is_of_others(pair)), default=0.0)


def _shown(scene: Scene, pair: tuple[str, str]) -> float:
    return max(scene.pairs.get(pair, 0.0), _LINKED * scene.linked.get(pair, 0.0))


def about(pair: tuple[str, str], found: Sequence[Scene], named: Counter[str]) -> float:
    """Violence in an article about these two: 1 where no third is named more often than the lesser of them."""
    third = max((count for name, count in named.items() if name not in pair), default=0)
    lesser = min(named[pair[0]], named[pair[1]])
    return min(1.0, lesser / max(1, third)) * violence(pair, found)


def violence(pair: tuple[str, str], found: Sequence[Scene]) -> float:
    """How sure it is that there is violence in the article that no others do."""
    return 1.0 - math.prod(1.0 - min(0.9, scene.strength) for scene in found if _may_be_of(pair, scene))


def _may_be_of(pair: tuple[str, str], scene: Scene) -> bool:
    """Whether the scene is of today and shows neither fighters of no state nor another pair rather than this one."""
    if (
        not scene.real
        or scene.past
        or scene.irregular
        or any(len(side) > 2 and side not in pair for side in scene.sides)
    ):
        return False
    return scene.told(pair) >= max(scene.pairs.values(), default=0.0) / 2


_ARMED_KINDS = frozenset(
    ("insurgency", "civil war", "crime", "border shooting", "migration", "protest", "talks", "accident")
)
_PEACE_KINDS = frozenset(("sport", "trade", "politics", "court", "drill", "memory", "culture", "airspace"))


def others(lines: Sequence[Line], scenes: Sequence[Scene]) -> dict[str, float]:
    """How much the words betray another kind of article."""
    news = next((s.line.number for s in scenes if s.real and not s.past and s.strength >= _CLEAR), len(lines))
    lead, behind = _kinds(lines[:_LEAD_LINES], news), _kinds(lines[_LEAD_LINES:], news)
    every = lead + behind
    return {
        "other_armed": _worst(every, _ARMED_KINDS),
        "other_peace": _worst(every, _PEACE_KINDS),
        "other_armed_lead": _worst(lead, _ARMED_KINDS),
        "other_peace_lead": _worst(lead, _PEACE_KINDS),
    }


def _kinds(lines: Sequence[Line], news: int) -> Counter[str]:
    """How often each kind's words stand in the lines, and words that tell of a fight. What is talked about behind the
    line `news` that told of one betrays nothing: talks follow fights."""
    found: Counter[str] = Counter()
    for line in lines:
        if "fight" in line.tells:
            found[_FIGHT] += sum(line.entries[at].fight >= _TELLING for at in line.marked)
        if "other" in line.tells:
            found.update(kind for kind in _kinds_in(line) if _counts(kind, line, news))
        if "NxN" in line.symbols and _has_result(line):
            found["sport"] += _SCORES
        if are_shot(line):
            found["border shooting"] += _SHOT
    return found


def _has_result(line: Line) -> bool:
    """`beat El Salvador 2-0`."""
    return any(
        line.words[match.start() + 1] in _DASHES
        and all(_is_score(line, at) for at in (match.start(), match.start() + 2))
        for match in _RESULT.finditer(line.symbols)
    )


def _is_score(line: Line, at: int) -> bool:
    amount = line.mentions[at]
    return line.words[at].isdigit() and amount is not None and (amount.best or 0) < _MOST_GOALS


def _kinds_in(line: Line) -> Iterator[str]:
    """The kinds that words of the line betray, but for those behind "since"."""
    since = line.words.index("since") if "since" in line.words else len(line)
    return chain.from_iterable(line.entries[at].other for at in line.marked if at < since)


def _counts(kind: str, line: Line, news: int) -> bool:
    if kind == "talks":
        return line.number <= news
    if kind in ("border shooting", "migration"):
        armed = any(actor.form == "armed_group" for _, actor in line.actors)
        return not armed and not are_shelled(line)  # "killed eleven Houthi fighters who tried to enter Najran"
    if kind == "accident":
        return not _is_hit(line)
    return kind != "airspace" or not _is_shot_down(line)


def _is_hit(line: Line) -> bool:
    """`was hit by ground fire and crashed`: no accident."""
    return any(line.words[at].startswith(_HIT_BY) for at in line.marked)


def _is_shot_down(line: Line) -> bool:
    """`shot down a drone that violated the country's airspace`: more than a violation."""
    return not _DOWNED.isdisjoint(line.words)


def _worst(found: Counter[str], kinds: frozenset[str]) -> float:
    """The share of the commonest of these kinds' words among them and the words that tell of a fight, 0..1."""
    worst = max(map(found.__getitem__, kinds))
    return worst / (worst + 1.0 + found[_FIGHT])


_ARMS = frozenset(("weapon", "armed"))


def arms(lines: Sequence[Line]) -> float:
    """How much soldiers and weapons are spoken of: 1 from a third of the sentences on."""
    armed = sum(not _ARMS.isdisjoint(line.tells) or has_soldiers(line) for line in lines)
    return min(1.0, 3 * armed / max(3, len(lines)))
