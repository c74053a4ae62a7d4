"""Rows as the outside contract (DESIGN section 8) names their fields, and what a list may be narrowed to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

from shared.schemas.edtf import bounds
from shared.store.port import IndexName, IndexStore, Placed


@dataclass(frozen=True, slots=True)
class Wanted:
    """Each of these narrows a list; None does not. `since` is a day: what is known to be before it is left out,
    and so is what has no date. `state` is an alert's kind, a file's state or an incident's status."""

    dyad: str | None = None
    side: str | None = None
    since: date | None = None
    state: str | None = None


# What a list may be narrowed to: the index's field for each part of Wanted, and where its date is.
_TERMS: dict[IndexName, dict[str, str]] = {
    "incidents": {"dyad": "dyad", "side": "side", "state": "status"},
    "articles": {"dyad": "dyad", "side": "side"},
    "alerts": {"dyad": "dyad", "state": "kind"},
    "files": {"state": "state"},
    "dead-letters": {"state": "status"},
}
_DATES: dict[IndexName, tuple[str, ...]] = {
    "incidents": ("date_end", "date_start"),
    "articles": ("published",),
    "alerts": ("raised_at",),
    "files": ("settled_at",),
    "dead-letters": ("failed_at",),
}


def listed(
    store: IndexStore, index: IndexName, wanted: Wanted, *, after: str = "", newest_first: bool = True
) -> Iterator[Placed]:
    """A list's rows with their cursors. Raises ValueError for what the list cannot be narrowed to."""
    found = store.listed(index, _terms(index, wanted), after=after, newest_first=newest_first)
    return (
        Placed(placed.cursor, row(store, index, placed.body))
        for placed in found
        if wanted.since is None or is_since(index, placed.body, wanted.since)
    )


def rows(store: IndexStore, index: IndexName, wanted: Wanted, limit: int | None = None) -> Iterator[dict[str, Any]]:
    """The newest `limit` rows, or all; the oldest of them first."""
    if limit is None:
        return (placed.body for placed in listed(store, index, wanted, newest_first=False))
    found = [placed.body for placed in islice(listed(store, index, wanted), limit)]
    return iter(found[::-1])


def _terms(index: IndexName, wanted: Wanted) -> dict[str, str]:
    given = {name: value for name in ("dyad", "side", "state") if (value := getattr(wanted, name)) is not None}
    if missing := given.keys() - _TERMS[index].keys():
        raise ValueError(f"{index} cannot be narrowed to a {', '.join(sorted(missing))}")
    return {_TERMS[index][name]: value for name, value in given.items()}


def row(store: IndexStore, index: IndexName, body: Mapping[str, Any]) -> dict[str, Any]:
    """A document as its list shows it."""
    return article_row(store, body) if index == "articles" else dict(body)


def is_since(index: IndexName, body: Mapping[str, Any], day: date) -> bool:
    """Whether the document's last day may be `day` or later; false without a date."""
    text = next((body[name] for name in _DATES[index] if body.get(name)), None)
    if text is None:
        return False
    known = bounds(text.partition("T")[0])
    return known is not None and known[1] >= day


def articles(store: IndexStore, where: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """`article_id, id (stem), title, published, is_clash, incidents` and the document's other fields."""
    return (article_row(store, body) for body in store.scan("articles", where))


def article_row(store: IndexStore, body: Mapping[str, Any]) -> dict[str, Any]:
    """An article's document with its `id` and the ids of the listed incidents that link to it."""
    linked = store.scan("incidents", {"article_ids": body["article_id"]})
    incidents = sorted(incident["incident_id"] for incident in linked)
    return {"id": body["stem"], **body, "incidents": incidents}


def incident(store: IndexStore, incident_id: str) -> dict[str, Any] | None:
    """The incident an id stands for now: redirects of merged ones are followed."""
    seen: set[str] = set()
    found = store.get("incidents", incident_id)
    while found and found.get("redirects_to") and found["incident_id"] not in seen:
        seen.add(found["incident_id"])
        found = store.get("incidents", found["redirects_to"])
    return found
