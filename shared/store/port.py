"""What the stages keep, on SQLite and on Elasticsearch: the index, the linker's state, the alerter's memory."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from shared.schemas.alert_raised import Notified
from shared.schemas.incident import Incident
from shared.schemas.report_detected import ReportDetected

IndexName = Literal["articles", "incidents", "alerts", "files", "dead-letters"]

Terms = Mapping[str, str | Collection[str]]
"""Field (of those in indexes.py) -> its value, or values of which one is enough."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result: the document, its rank score (higher is better) and marked excerpts (`<mark>..</mark>`)."""

    id: str
    score: float
    body: dict[str, Any]
    highlights: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """A document of a list and its place in it: an opaque cursor to go on behind it."""

    cursor: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Document:
    """What to put where. `version` is the external version: it rises with every write of the document."""

    index: IndexName
    id: str
    version: int
    body: Mapping[str, Any]


class IndexStore(Protocol):
    """Documents by index and id, with external versions, searchable."""

    def put(self, index: IndexName, doc_id: str, version: int, body: Mapping[str, Any]) -> bool:
        """Writes unless a version as high or higher is there already; says whether it wrote."""

    def delete(self, index: IndexName, doc_id: str) -> None:
        """Removes a document, if it is there."""

    def get(self, index: IndexName, doc_id: str) -> dict[str, Any] | None:
        """The document, or None."""

    def get_all(self, index: IndexName, doc_ids: Collection[str]) -> dict[str, dict[str, Any]]:
        """`get` for many, in few questions: those that are there, by id."""

    def scan(self, index: IndexName, where: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """All documents whose top-level fields equal those in `where`, oldest first, without holding all in memory."""

    def listed(
        self,
        index: IndexName,
        terms: Terms | None = None,
        *,
        after: str = "",
        newest_first: bool = True,
    ) -> Iterator[Placed]:
        """Documents that have all `terms`, in or against the order in which they first came. Goes on behind the cursor
        `after`; one that is none is the beginning.
        """

    def search(self, query: str, *, index: IndexName = "articles", limit: int = 20, offset: int = 0) -> list[Hit]:
        """Full text, best first. Any string is a query: what is not query syntax is searched as words."""

    def linked(self, article_ids: Sequence[str]) -> dict[str, list[str]]:
        """Of each article the ids of the incidents that link to it, hidden ones left out; in no order."""

    def count(self, index: IndexName) -> int:
        """How many documents, hidden ones left out."""

    def counts(self, index: IndexName, field: str) -> dict[str, int]:
        """How many documents have each value of a field, hidden ones included."""

    def refresh(self, *indexes: IndexName) -> None:
        """Lists and searches see now what was put, in these indexes or all; by itself that takes up to a second."""


@dataclass(frozen=True, slots=True)
class DyadState:
    """All the linker knows of one dyad: reports in order of arrival, incidents in order of founding.

    `version` is for optimistic concurrency: 0 is a dyad never saved, and one version never names two contents.
    """

    dyad: str
    version: int = 0
    reports: tuple[ReportDetected, ...] = ()
    incidents: tuple[Incident, ...] = ()


@dataclass(frozen=True, slots=True)
class DyadChange:
    """What to write of a dyad: reports that came and went, incidents in their new revision."""

    dyad: str
    expected_version: int
    added: Sequence[ReportDetected] = ()
    removed: Sequence[str] = ()
    incidents: Sequence[Incident] = ()


@dataclass(frozen=True, slots=True)
class ArticleState:
    """The newest version of an article the linker has heard of, the dyads its reports went to, and the incidents that
    changed with this version: a replay says those again."""

    article_id: str
    version: int = 0
    dyads: frozenset[str] = field(default_factory=frozenset)
    incidents: frozenset[str] = field(default_factory=frozenset)


class LinkStore(Protocol):
    """The linker's state, keyed by dyad."""

    def load(self, dyad: str) -> DyadState:
        """The dyad's state; an empty one with version 0 when it is new."""

    def save(self, change: DyadChange) -> int:
        """Returns the new version. Raises ConflictError when the dyad's version is no longer `expected_version`."""

    def article(self, article_id: str) -> ArticleState:
        """What is known of an article; version 0 when nothing is."""

    def save_article(self, state: ArticleState) -> None:
        """Remembers it; a version lower than the one known is ignored."""


class AlertStore(Protocol):
    """What each subscriber was last told about each incident."""

    def notified(self, incident_id: str) -> list[Notified]:
        """One row a subscriber."""

    def remember(self, notified: Notified) -> None:
        """Replaces the subscriber's row for the incident."""


SendingState = Literal["sent", "waiting", "failed", "suppressed"]


@dataclass(frozen=True, slots=True)
class Sending:
    """What became of an alert on one channel. `reason` is why it waits, failed or was suppressed; a waiting one is not
    tried again before `next_try`."""

    alert_id: str
    channel: str
    state: SendingState
    tries: int = 0
    sent_at: datetime | None = None
    next_try: datetime | None = None
    reason: str | None = None


class SendingStore(Protocol):
    """Which alerts went out where."""

    def sending(self, alert_id: str, channel: str) -> Sending | None:
        """The alert's row on the channel, if it came that far."""

    def record(self, sending: Sending) -> None:
        """Replaces the alert's row on the channel."""

    def sendings(self, alert_id: str | None = None) -> Iterator[Sending]:
        """All rows, or those of one alert, oldest first."""

    def file_length(self, path: str) -> int | None:
        """Bytes of an alerts file known to be written; None when the file is new to the store."""

    def save_file_length(self, path: str, length: int) -> None:
        """Remembers it."""
