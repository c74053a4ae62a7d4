"""What of a document can be searched: text, and the fields a query may filter by. Any store reads this.

A path (`reports.dyad`) walks into objects and through lists; a field may have several values.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.store.port import IndexName

# Documents in these states answer to their id, but are not listed unless a scan asks for the state by name.
HIDDEN_STATUS = frozenset({"withdrawn", "merged", "replayed", "dropped"})


@dataclass(frozen=True, slots=True)
class Index:
    """`title` weighs more than `text`. `fields` maps a filter's name to where its values are."""

    title: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()


INDEXES: dict[IndexName, Index] = {
    "articles": Index(
        title=("title",),
        text=("body",),
        fields=(
            ("stem", "stem"),
            ("is_clash", "is_clash"),
            ("published", "published"),
            ("source", "source"),
            ("dyad", "reports.dyad"),
            ("side", "reports.side_a"),
            ("side", "reports.side_b"),
            ("status", "status"),
        ),
    ),
    "incidents": Index(
        title=("dyad", "places.name", "border"),
        text=("claims.evidence.text", "claims.claimed_by", "weapons"),
        fields=(
            ("dyad", "dyad"),
            ("side", "side_a"),
            ("side", "side_b"),
            ("date", "date_start"),
            ("article_ids", "article_ids"),
            ("stem", "articles"),
            ("status", "status"),
        ),
    ),
    "alerts": Index(
        title=("kind", "dyad"),
        text=("text", "reasons", "evidence.text"),
        fields=(
            ("kind", "kind"),
            ("dyad", "dyad"),
            ("subscriber", "subscriber"),
            ("incident_id", "incident_id"),
        ),
    ),
    "files": Index(fields=(("state", "state"), ("article_id", "article_id"))),
    "dead-letters": Index(fields=(("stage", "stage"), ("topic", "topic"), ("status", "status"))),
}


def is_hidden(body: Mapping[str, Any]) -> bool:
    """Whether lists and searches leave the document out."""
    return body.get("status") in HIDDEN_STATUS


def texts(index: Index, body: Mapping[str, Any]) -> tuple[str, str]:
    """Title and text of a document, as they are indexed."""
    return _joined(index.title, body), _joined(index.text, body)


def field_values(index: Index, body: Mapping[str, Any]) -> set[tuple[str, str]]:
    """(field, value) for all values of all fields; true and false are `true` and `false`."""
    return {(name, as_term(value)) for name, path in index.fields for value in values_at(body, path)}


def as_term(value: object) -> str:
    """A field's value as a query writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def values_at(body: object, path: str) -> Iterator[Any]:
    """All values a path leads to; null is no value."""
    head, _, rest = path.partition(".")
    # Asking for dict first is ten times as fast.
    value = body.get(head) if isinstance(body, (dict, Mapping)) else None
    for item in value if isinstance(value, list | tuple) else (value,):
        if item is None:
            continue
        if rest:
            yield from values_at(item, rest)
        else:
            yield item


def _joined(paths: tuple[str, ...], body: Mapping[str, Any]) -> str:
    """Each text once: the same sentence stands behind several claims."""
    return "\n".join(dict.fromkeys(str(value) for path in paths for value in values_at(body, path)))
