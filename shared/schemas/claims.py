"""One value one report asserts about losses."""

from typing import Literal

from pydantic import NonNegativeInt

from shared.schemas.message import Part
from shared.schemas.spans import Evidence

Kind = Literal["killed", "wounded", "captured", "missing"]
Who = Literal["military", "civilian", "unspecified"]
Period = Literal["daily", "cumulative", "unknown"]


class Claim(Part):
    """`claimed_by` says `side` lost `best` people of kind `who`.

    `side` is an ISO code, an actor's name, or `total` where no side is told. `low`/`best`/`high` are people;
    null is unknown ("at least 49": 49, 49, null). 0 is a denial. `as_of` is the EDTF day the figure is for.
    `claimant_side` is the claimant's side when the claimant is one of the two (or `both`), else null.
    """

    side: str
    kind: Kind
    who: Who = "unspecified"
    low: NonNegativeInt | None = None
    best: NonNegativeInt | None = None
    high: NonNegativeInt | None = None
    period: Period = "unknown"
    as_of: str | None = None
    claimed_by: str | None = None
    claimant_side: str | None = None
    evidence: Evidence
