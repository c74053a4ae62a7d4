"""What happened, merged from reports."""

from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from shared.schemas.claims import Claim, Kind
from shared.schemas.message import Part
from shared.schemas.places import Place
from shared.schemas.sides import states_of
from shared.schemas.spans import Evidence

Status = Literal["active", "merged", "withdrawn"]


class Toll(Part):
    """People, over all live claims: `low` and `high` span them, `best` follows the published rule."""

    low: NonNegativeInt
    best: NonNegativeInt
    high: NonNegativeInt


class IncidentClaim(Claim):
    """A claim and where it stands: the report and the article (`stem`) that carry it."""

    report_id: str
    article_id: str
    stem: str
    published: str | None = None


class Link(Part):
    """Why a report belongs to the incident, in words an analyst can check ("same day", "AM 49 killed"), and the
    sentences that report it. The only report of an incident needs no reason."""

    report_id: str
    article_id: str
    stem: str
    reasons: tuple[str, ...]
    evidence: tuple[Evidence, ...] = ()


class Moment(Part):
    """A step of the toll: the EDTF day it is for, and the publication date of the report that said so."""

    day: str | None
    reported: str | None
    side: str
    kind: Kind
    best: NonNegativeInt
    claimed_by: str | None
    report_id: str


class Incident(Part):
    """`toll` maps side -> kind -> Toll. `deaths_*`, `low`, `best`, `high` are UCDP GED's fields, derived from it.

    `date_inferred` is true when the year came from another report of the incident, or the days from how old the fight
    was ("a week-old offensive"). A merged incident has `redirects_to`; its id stays answerable for ever. `report_count`
    counts all reports: of many that say the very same only the first bring their claims, and of hundreds only the first
    are named in `links` and `articles`.
    """

    incident_id: str
    revision: PositiveInt
    status: Status = "active"
    redirects_to: str | None = None
    dyad: str
    side_a: str
    side_b: str
    border: str | None = None
    date_start: str | None = None
    date_end: str | None = None
    date_prec: int = Field(default=5, ge=1, le=5)
    date_inferred: bool = False
    places: tuple[Place, ...] = ()
    weapons: tuple[str, ...] = ()
    toll: dict[str, dict[Kind, Toll]] = Field(default_factory=dict)
    civilians: dict[str, dict[Kind, Toll]] = Field(default_factory=dict)
    deaths_a: NonNegativeInt = 0
    deaths_b: NonNegativeInt = 0
    deaths_civilians: NonNegativeInt = 0
    deaths_unknown: NonNegativeInt = 0
    low: NonNegativeInt = 0
    best: NonNegativeInt = 0
    high: NonNegativeInt = 0
    claims: tuple[IncidentClaim, ...] = ()
    timeline: tuple[Moment, ...] = ()
    links: tuple[Link, ...] = ()
    articles: tuple[str, ...] = ()
    report_count: NonNegativeInt = 0
    merged_from: tuple[str, ...] = ()

    @property
    def states(self) -> str:
        """The dyad of the states it is about: `dyad` may have a force that sits in one of them."""
        return states_of(self.side_a, self.side_b, self.border)
