"""Articles with gold: the project's own (written/, blind/) and, where it is at hand, a folder of real ones.

The rules the gold follows: a clash is armed force between two states, or a state and a de-facto state or armed force
holding ground on the other side, at or across a border or line. Civilians belong to the country on whose ground they
died; vague amounts are not annotated; `n: 0` is a claim of no losses; `optional` is a part of a larger figure or an
older toll.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Event:
    """One clash of the gold. `sides` lists every set of sides that is right; `losses` are (side, kind, n, optional)."""

    sides: tuple[frozenset[str], ...]
    places: tuple[str, ...]
    date: str | None
    losses: tuple[tuple[str, str, int, bool], ...]
    is_primary: bool


@dataclass(frozen=True)
class Entry:
    """An article and what must come out of it."""

    id: str
    text: str
    published: str | None
    is_clash: bool
    kind: str | None
    events: tuple[Event, ...]
    background: tuple[str, ...] = ()
    story: str | None = None
    meta: dict[str, str] = field(default_factory=dict)

    @property
    def primary(self) -> Event | None:
        """The clash the article is about."""
        return next((event for event in self.events if event.is_primary), self.events[0] if self.events else None)


def written(folder: str) -> Iterator[Entry]:
    """The project's own articles in `folder` ("written", "blind")."""
    for path in sorted((HERE / folder).glob("*.y*ml")):
        for row in yaml.safe_load(path.read_text(encoding="utf-8")) or []:
            yield _entry(row["id"], row["text"], _text(row.get("published")), row["gold"])


def development(folder: Path) -> Iterator[Entry]:
    """Articles of a folder with `gold.jsonl` and `docs/NAME.txt` (+ `.meta.json`); ambiguous ones are left out."""
    for line in (folder / "gold.jsonl").read_text(encoding="utf-8").splitlines():
        gold = json.loads(line)
        if gold["ambiguous"]:
            continue
        path = folder / "docs" / f"{gold['id']}.txt"
        sidecar = path.with_suffix(".meta.json")
        meta = json.loads(sidecar.read_text(encoding="utf-8")) if sidecar.exists() else {}
        gold["kind"] = gold["hard_negative_kind"]
        yield _entry(gold["id"], path.read_text(encoding="utf-8"), meta.get("published"), gold)


def _entry(name: str, text: str, published: str | None, gold: dict[str, Any]) -> Entry:
    return Entry(
        id=name,
        text=text,
        published=published,
        is_clash=gold["label"] == "clash",
        kind=gold.get("kind"),
        events=tuple(map(_event, gold.get("events") or [])),
        background=tuple(map(str, gold.get("background_numbers") or [])),
        story=gold.get("story"),
    )


def _event(row: dict[str, Any]) -> Event:
    losses = [
        (str(loss["side"]), loss["type"], number, bool(loss.get("optional")))
        for loss in row.get("casualties") or []
        for number in (loss["n"] if isinstance(loss["n"], list) else [loss["n"]])
        if number is not None
    ]
    sides = [row["sides"], *(row.get("sides_alt") or [])]
    return Event(
        sides=tuple(frozenset(map(str, pair)) for pair in sides),
        places=tuple(map(str, row.get("place") or [])),
        date=_text(row.get("date_start")),
        losses=tuple(losses),
        is_primary=bool(row.get("is_primary", True)),
    )


def _text(value: object) -> str | None:
    return str(value) if value else None
