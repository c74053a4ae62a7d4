"""What the search index holds of each message: pure, one function a message."""

from dataclasses import dataclass
from functools import singledispatch
from typing import Any

from shared.schemas import (
    AlertRaised,
    ArticleAnalyzed,
    ArticleWithdrawn,
    DeadLetter,
    FileSettled,
    IncidentChanged,
    Message,
)
from shared.schemas.dead_letter import letter_version
from shared.schemas.ids import PATH_RANK_BITS, path_rank
from shared.store.port import IndexName

# The first three can be had again from the body, and are half of the bytes.
_LEFT_OUT = {"sentences", "mentions", "borders", "replaces"}

_STATES = {"duplicate": 1, "rejected": 2, "superseded": 3, "unpacked": 4}


@dataclass(frozen=True, slots=True)
class IndexDocument:
    """`version` is the external version: it rises with every write of the document, on every replay alike."""

    index: IndexName
    id: str
    version: int
    body: dict[str, Any]


@singledispatch
def documents(message: Message) -> list[IndexDocument]:
    """The documents a message leads to. TypeError for a message the index holds nothing of."""
    raise TypeError(f"nothing of {message.TYPE} is indexed")


@documents.register
def _analyzed(message: ArticleAnalyzed) -> list[IndexDocument]:
    """Which incidents it belongs to is not written here: their links say so (`shared/store/listing.py`)."""
    body = message.model_dump(mode="json", exclude=_LEFT_OUT) | {"status": "live"}
    replaced = documents(message.replaces) if message.replaces else []
    return [
        *replaced,
        IndexDocument("articles", message.article_id, _article_version(message.version, message.path), body),
        _article_file(message.path, message.article_id, message.version, "indexed", "", message.stem),
    ]


@documents.register
def _withdrawn(message: ArticleWithdrawn) -> list[IndexDocument]:
    """A tombstone: it has a version, so that an older article coming late stays away."""
    body = message.model_dump(mode="json") | {"status": "withdrawn"}
    state = "superseded" if message.superseded_by else "withdrawn"
    return [
        IndexDocument("articles", message.article_id, _article_version(message.version), body),
        _article_file(message.path, message.article_id, message.version, state, message.reason, None),
    ]


@documents.register
def _settled(message: FileSettled) -> list[IndexDocument]:
    row_id = _file_id(message.path, message.article_id or f"v{message.version}")
    version = _file_version(message.article_version, message.version, _STATES[message.state])
    return [IndexDocument("files", row_id, version, message.model_dump(mode="json"))]


@documents.register
def _changed(message: IncidentChanged) -> list[IndexDocument]:
    """A merged incident keeps its document, with `redirects_to`; its status keeps it out of lists."""
    incident = message.incident
    body = incident.model_dump(mode="json")
    body["article_ids"] = sorted({link.article_id for link in incident.links})
    return [IndexDocument("incidents", incident.incident_id, incident.revision, body)]


@documents.register
def _raised(message: AlertRaised) -> list[IndexDocument]:
    """`sent_at` is when it was handed to the channels; a suppressed alert never was."""
    body = message.model_dump(mode="json")
    body["sent_at"] = None if message.suppressed else body["raised_at"]
    return [IndexDocument("alerts", message.alert_id, 1, body)]


@documents.register
def _dead(message: DeadLetter) -> list[IndexDocument]:
    body = message.model_dump(mode="json") | {"status": "waiting"}
    return [IndexDocument("dead-letters", message.letter_id, letter_version(message.failed_at), body)]


def _article_file(path: str, article_id: str, version: int, state: str, reason: str, stem: str | None) -> IndexDocument:
    body = {"path": path, "state": state, "reason": reason, "article_id": article_id, "stem": stem}
    return IndexDocument("files", _file_id(path, article_id), _file_version(version), body)


def _file_id(path: str, content: str) -> str:
    """One row for each content a path has held."""
    return f"{path}@{content}"


def _article_version(version: int, path: str = "") -> int:
    """Of one version found in two places (two zips hold it) the shorter path stands, whichever came last."""
    return version << PATH_RANK_BITS | (path_rank(path) if path else 0)


def _file_version(article_version: int, path_version: int = 0, rank: int = 0) -> int:
    """In the order it happened to a path's content: the article's comings and goings, then the path's own."""
    return article_version * 1_000_000_000 + path_version * 10 + rank
