"""One message to one subscriber about one incident revision."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field, PositiveInt

from shared.schemas.message import Message, Part
from shared.schemas.spans import Evidence

AlertKind = Literal["new", "update", "escalation", "correction", "withdrawn", "merged"]


class AlertEvidence(Evidence):
    """The sentence that made the alert fire and the article (`stem`) it stands in."""

    article_id: str
    stem: str


class AlertRaised(Message):
    """`reasons` are the steps that fired, in words; `rules` the watch rules that matched. `suppressed` is why it was
    not sent, or null when it is to be sent. `severity` is 0 (no deaths known) to 4 (100 dead and more)."""

    TYPE: ClassVar[str] = "alert.raised"

    alert_id: str
    kind: AlertKind
    subscriber: str
    rules: tuple[str, ...]
    incident_id: str
    revision: PositiveInt
    dyad: str
    severity: int
    reasons: tuple[str, ...]
    text: str
    evidence: tuple[AlertEvidence, ...]
    suppressed: str | None = None
    raised_at: datetime

    @property
    def key(self) -> str:
        return self.incident_id


class Notified(Part):
    """What a subscriber was last told about an incident: the alerter's only memory.

    `toll` maps side -> kind -> people, `civilians` kind -> people. `rules` are the watch rules the incident matched
    then; none once the subscriber was told that it matches none any more. `closed` is true once the subscriber was told
    that the incident was withdrawn or went into another.
    """

    incident_id: str
    subscriber: str
    revision: int
    deaths: int = 0
    toll: dict[str, dict[str, int]] = Field(default_factory=dict)
    civilians: dict[str, int] = Field(default_factory=dict)
    places: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    weapons: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    closed: bool = False
