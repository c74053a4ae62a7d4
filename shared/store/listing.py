"""Rows as the outside contract (DESIGN section 8) names their fields."""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.store.port import IndexStore


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
