"""How likely the article reports a clash of two given sides: features, and a logistic over weights.yml."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from services.detector.fights import Scene
from services.detector.lines import Line
from services.detector.weights import weights


def probability(features: Mapping[str, float]) -> float:
    """The calibrated probability, 0..1."""
    known = weights()
    z = known["bias"] + sum(known[name] * value for name, value in features.items())
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, z))))


_LEAD_LINES = 5
_APART = 0.8  # what it is worth that both sides fight, each in sentences of its own


def features(
    pair: tuple[str, str],
    found: Sequence[Scene],
    lines: Sequence[Line],
    plausible: float,
    sided_claims: int,
    other: float,
) -> dict[str, float]:
    """What the score looks at, each about 0..1."""
    values = sorted((scene.pairs.get(pair, 0.0) for scene in found), reverse=True)
    strong = [scene for scene in found if scene.pairs.get(pair, 0.0) >= 0.25]
    body = [line for line in lines if line.role != "title"]
    lead = {line.number for line in body[:3]}
    shown = 1.0 - math.prod(1.0 - value for value in values)
    apart = min(_part(found, side) for side in pair)
    backing = max(min(1.0, 2 * shown), apart * _APART)  # losses and nearness say little of two sides not shown fighting
    return {
        "best": values[0] if values else 0.0,
        "second": values[1] if len(values) > 1 else 0.0,
        "title": max((s.pairs.get(pair, 0.0) for s in found if s.line.role == "title"), default=0.0),
        "lead": max((s.pairs.get(pair, 0.0) for s in found if s.line.number in lead), default=0.0),
        "share": min(0.3, len(strong) / max(3, len(lines))) / 0.3,
        "claims": min(1.0, sided_claims / 3) * backing,
        "any": shown,
        "apart": apart,
        "neighbours": plausible * backing,
        "other": other,
        "other_lead": otherness(lines[:_LEAD_LINES]),
    }


def _part(found: Sequence[Scene], side: str) -> float:
    """The strength of the strongest scene the side takes part in, alone or not."""
    return max((scene.strength for scene in found if side in scene.sides), default=0.0)


def otherness(lines: Sequence[Line]) -> float:
    """The share of the commonest other kind's words among all telling words, 0..1."""
    kinds: Counter[str] = Counter()
    fights = 1.0
    for line in lines:
        for entry in line.entries:
            if entry.other:
                kinds.update(entry.other)
            fights += entry.fight >= 1.0
    worst = max(kinds.values(), default=0)
    return worst / (worst + fights)
