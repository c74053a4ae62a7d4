"""What the score's features weigh, read from rules/weights.yml."""

from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from shared.datafile import load_yaml

FILE = Path(__file__).parent / "rules" / "weights.yml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Features(_Strict):
    """The weight of each feature of score.py."""

    best: float
    second: float
    title: float
    lead: float
    share: float
    claims: float
    any: float
    apart: float
    about: float
    neighbours: float
    other_armed: float
    other_peace: float
    other_armed_lead: float
    other_peace_lead: float


class Weights(_Strict):
    """`threshold` is the probability from which on an article reports a clash."""

    bias: float
    features: Features
    threshold: float = Field(gt=0, lt=1)


def read_weights(path: Path) -> Weights:
    """The weights as written. Raises DataFileError."""
    return load_yaml(path, Weights)


@lru_cache(maxsize=1)
def weights() -> dict[str, float]:
    """`bias`, `threshold` and the feature weights, read once a process. Raises DataFileError."""
    rules = read_weights(FILE)
    return {"bias": rules.bias, "threshold": rules.threshold, **dict(rules.features)}
