"""An incident's new revision."""

from typing import ClassVar

from shared.schemas.incident import Incident
from shared.schemas.message import Message


class IncidentChanged(Message):
    """The whole incident after the change, and the revision before it (null when it is new or said again; without
    claims, links and timeline, unless the incident has ended and says nothing any more).

    `caused_by` is the report that made it change (null when a report went away).
    """

    TYPE: ClassVar[str] = "incident.changed"

    incident: Incident
    previous: Incident | None = None
    caused_by: str | None = None

    @property
    def key(self) -> str:
        return self.incident.incident_id
