"""One article's account of one clash."""

from typing import Literal

from pydantic import Field

from shared.schemas.claims import Claim
from shared.schemas.message import Part
from shared.schemas.places import Place
from shared.schemas.sides import states_of
from shared.schemas.spans import Evidence

Flag = Literal["machine-spun", "sides-swapped", "headline-total"]


class Report(Part):
    """`dyad` is the two sides, alphabetical, joined by `-`. Dates are EDTF or null; `date_prec` is UCDP's 1-5
    (1 exact day, 2 two to six days, 3 a week, 4 a month, 5 a year or unknown).

    `after_year` and `before_year` are what an undated text still gives away ("since the 2020 war"): the clash is in or
    after, in or before that year. `weekdays` are the days of the clash where the text has only those (0 Monday).
    `days_old` is how many days it had gone on when the text was published ("a week-old offensive"), about.
    """

    report_id: str
    side_a: str
    side_b: str
    dyad: str
    border: str | None = None
    places: tuple[Place, ...] = ()
    date_start: str | None = None
    date_end: str | None = None
    date_prec: int = Field(default=5, ge=1, le=5)
    after_year: int | None = None
    before_year: int | None = None
    weekdays: tuple[int, ...] = ()
    days_old: int | None = Field(default=None, ge=1)
    claims: tuple[Claim, ...] = ()
    weapons: tuple[str, ...] = ()
    is_primary: bool = True
    evidence: tuple[Evidence, ...] = ()

    @property
    def states(self) -> str:
        """The dyad of the states it is about: one paper names the force, another the state it sits in."""
        return states_of(self.side_a, self.side_b, self.border)


class Background(Evidence):
    """A figure or a fight of the past, or of elsewhere, that the article retells."""


class Doubt(Evidence):
    """A sentence that makes the text itself doubtful: wording of a program that swaps words for others, a figure given
    to the other side than before, a headline whose figure the article does not give."""

    flag: Flag


def dyad_of(one: str, other: str) -> str:
    """The undirected pair: `dyad_of("AZ", "AM") == "AM-AZ"`."""
    return "-".join(sorted((one, other)))
