"""Rows as the outside contract (DESIGN section 8) names their fields, and what a list may be narrowed to."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any, get_args

from shared.schemas.alert_raised import AlertKind
from shared.schemas.edtf import bounds
from shared.schemas.incident import Status
from shared.schemas.sides import dyad_from, side_of
from shared.store.indexes import INDEXES
from shared.store.port import IndexName, IndexStore, Placed
from shared.store.query import parse


@dataclass(slots=True)
class LeftOut:
    """What a list does not show: how many rows `since` leaves out only because nothing says on which day, or of which
    year, they are. Known once the list is read to its end."""

    undated: int = 0


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
# The states there are: what is none of these cannot be asked for.
STATES: dict[IndexName, tuple[str, ...]] = {
    "incidents": get_args(Status),
    "alerts": get_args(AlertKind),
    "files": (
        "waiting",
        "received",
        "indexed",
        "duplicate",
        "rejected",
        "superseded",
        "unpacked",
        "withdrawn",
        "sidecar",
        "skipped",
        "gone",
    ),
    "dead-letters": ("waiting", "replayed", "dropped"),
}
_DATES: dict[IndexName, tuple[str, ...]] = {
    "incidents": ("date_end", "date_start"),
    "articles": ("published",),
    "alerts": ("raised_at",),
    "files": ("settled_at",),
    "dead-letters": ("failed_at",),
}


_TOGETHER = 64


def narrowed(
    index: IndexName,
    dyad: str | None = None,
    side: str | None = None,
    since: date | None = None,
    state: str | None = None,
) -> Wanted:
    """What somebody asks for, as the index has it; what is empty does not narrow. Raises ValueError for what no row of
    the list can be."""
    for text in (dyad, side, state):
        _check_text(text or "")
    if state and state not in STATES[index]:
        raise ValueError(f"{state!r} is none of {', '.join(STATES[index])}")
    return Wanted(dyad_from(dyad) if dyad else None, side_of(side) if side else None, since, state or None)


def check_query(text: str, index: IndexName = "articles") -> None:
    """Raises ValueError where a query asks for nothing."""
    if parse(text, {name for name, _ in INDEXES[index].fields}).is_empty:
        raise ValueError(f"there is no word to look for in {text!r}")


def _check_text(text: str) -> None:
    """Bytes that are no UTF-8 come from a command line as half characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{text!r} is no text") from None


def listed(
    store: IndexStore, index: IndexName, wanted: Wanted, *, after: str = "", newest_first: bool = True
) -> Iterator[Placed]:
    """A list's rows with their cursors. Raises ValueError for what the list cannot be narrowed to."""
    found = store.listed(index, _terms(index, wanted), after=after, newest_first=newest_first)
    return _whole(store, index, _kept(index, found, wanted.since, LeftOut()))


def rows(
    store: IndexStore, index: IndexName, wanted: Wanted, limit: int | None = None, left_out: LeftOut | None = None
) -> Iterator[dict[str, Any]]:
    """The newest `limit` rows, or all; the oldest of them first. With `left_out` those of no date are counted, in the
    same reading, which then goes on to the end of the list."""
    found = store.listed(index, _terms(index, wanted), newest_first=limit is not None)
    kept = _kept(index, found, wanted.since, left_out or LeftOut())
    if limit is None:
        return (placed.body for placed in _whole(store, index, kept))
    newest = list(islice(kept, limit))
    if left_out and wanted.since:
        deque(kept, maxlen=0)
    return iter([placed.body for placed in _whole(store, index, iter(newest))][::-1])


def _kept(index: IndexName, found: Iterator[Placed], since: date | None, left_out: LeftOut) -> Iterator[Placed]:
    for placed in found:
        last = last_day(index, placed.body) if since else None
        if since is None or (last and last >= since):
            yield placed
        elif last is None:
            left_out.undated += 1


def _whole(store: IndexStore, index: IndexName, found: Iterator[Placed]) -> Iterator[Placed]:
    return _with_incidents(store, found) if index == "articles" else found


def _terms(index: IndexName, wanted: Wanted) -> dict[str, str]:
    given = {name: value for name in ("dyad", "side", "state") if (value := getattr(wanted, name)) is not None}
    if missing := given.keys() - _TERMS[index].keys():
        raise ValueError(f"{index} cannot be narrowed to a {', '.join(sorted(missing))}")
    return {_TERMS[index][name]: value for name, value in given.items()}


def _with_incidents(store: IndexStore, articles: Iterator[Placed]) -> Iterator[Placed]:
    """One question to the store for many articles."""
    while some := list(islice(articles, _TOGETHER)):
        found = article_rows(store, [placed.body for placed in some])
        yield from (Placed(placed.cursor, body) for placed, body in zip(some, found, strict=True))


def last_day(index: IndexName, body: Mapping[str, Any]) -> date | None:
    """The last day the document may be of; None without a date, or without its year."""
    text = next((body[name] for name in _DATES[index] if body.get(name)), None)
    known = bounds(text.partition("T")[0]) if text else None
    return known[1] if known else None


def article_rows(store: IndexStore, bodies: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Articles' documents, each with its `id` (the stem) and the ids of the listed incidents that link to it."""
    linked = store.linked([body["article_id"] for body in bodies])
    return [{"id": body["stem"], **body, "incidents": sorted(linked[body["article_id"]])} for body in bodies]


def articles_of(store: IndexStore, incident: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The documents of an incident's articles; while files are being replaced, some are withdrawn already."""
    [found] = articles_of_each(store, [incident])
    return found


def articles_of_each(store: IndexStore, incidents: Sequence[Mapping[str, Any]]) -> list[list[dict[str, Any]]]:
    """`articles_of` for many incidents, in one question."""
    found = store.get_all("articles", {one for incident in incidents for one in incident["article_ids"]})
    live = {article_id: body for article_id, body in found.items() if body.get("status") != "withdrawn"}
    return [[live[one] for one in incident["article_ids"] if one in live] for incident in incidents]


def incident(store: IndexStore, incident_id: str) -> dict[str, Any] | None:
    """The incident an id stands for now: redirects of merged ones are followed."""
    seen: set[str] = set()
    found = store.get("incidents", incident_id)
    while found and found.get("redirects_to") and found["incident_id"] not in seen:
        seen.add(found["incident_id"])
        found = store.get("incidents", found["redirects_to"])
    return found
