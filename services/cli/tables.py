"""Rows as tables for people. Whatever comes from articles is stripped of markup and control characters."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from services.cli.output import printable

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, how a row's cell is made. A `share` is that part of the width left over, folded."""

    title: str
    cell: Callable[[Row], object]
    share: int | None = None
    right: bool = False


def table(columns: Iterable[Column], rows: Iterable[Row]) -> Table:
    """A table that fits any terminal."""
    columns = tuple(columns)
    made = Table(box=None, pad_edge=False, expand=True, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(
            column.title,
            ratio=column.share,
            no_wrap=column.share is None,
            justify="right" if column.right else "left",
        )
    for row in rows:
        made.add_row(*(Text(printable(str(column.cell(row) or ""))) for column in columns))
    return made


def when(row: Row) -> str:
    """The days of an incident in few characters; a year from another report is marked with a star."""
    start, end = row["date_start"], row["date_end"]
    if not start:
        return "undated"
    days = start if end in (None, start) else f"{start}/{_short(start, end)}"
    return f"{days}*" if row.get("date_inferred") else days


def _short(start: str, end: str) -> str:
    """What of the second day differs: `2020-07-12/13`."""
    same = next((width for width in (8, 5) if start[:width] == end[:width]), 0)
    return end[same:] if len(start) == len(end) == 10 else end


def toll(row: Row) -> str:
    """`AM 49 killed, AZ 50-77 killed, 2 wounded`: the best figure, with the range where claims differ."""
    sides = (
        f"{side} " + ", ".join(f"{_figure(figures)} {kind}" for kind, figures in kinds.items())
        for side, kinds in row["toll"].items()
    )
    return "; ".join(sides) or "no losses told"


def places(row: Row) -> str:
    """The first names."""
    names = [place["name"] for place in row["places"]]
    return ", ".join(names[:3]) + (f" +{len(names) - 3}" if len(names) > 3 else "")


def _figure(figures: Row) -> str:
    low, best, high = figures["low"], figures["best"], figures["high"]
    return str(best) if low == best == high else f"{best} ({low}-{high})"


INCIDENTS = (
    Column("incident", lambda row: row["incident_id"][:8]),
    Column("dyad", lambda row: row["dyad"]),
    Column("when", when),
    Column("toll by side", toll, 3),
    Column("where", places, 2),
    Column("articles", lambda row: len(row["articles"]), right=True),
    Column("rev", lambda row: row["revision"], right=True),
)
ARTICLES = (
    Column("article", lambda row: row["id"]),
    Column("published", lambda row: row["published"] or "unknown"),
    Column("clash", lambda row: "yes" if row["is_clash"] else "no"),
    Column("title", lambda row: row["title"], 2),
    Column("incidents", lambda row: " ".join(one[:8] for one in row["incidents"])),
)
ALERTS = (
    Column("raised", lambda row: row["raised_at"][:19].replace("T", " ")),
    Column("kind", lambda row: row["kind"]),
    Column("incident", lambda row: f"{row['incident_id'][:8]} r{row['revision']}"),
    Column("alert", lambda row: row["text"], 2),
    Column("sentence", lambda row: row["evidence"][0]["text"] if row["evidence"] else "", 2),
)
FILES = (
    Column("path", lambda row: row["path"], 2),
    Column("state", lambda row: row["state"]),
    Column("reason", lambda row: row["reason"], 2),
    Column("article", lambda row: (row["article_id"] or "")[:8]),
)
LETTERS = (
    Column("letter", lambda row: row["letter_id"]),
    Column("failed", lambda row: row["failed_at"][:19].replace("T", " ")),
    Column("stage", lambda row: row["stage"]),
    Column("status", lambda row: row["status"]),
    Column("reason", lambda row: row["reason"], 2),
)
HITS = (
    Column("rank", lambda row: f"{row['rank_score']:.1f}", right=True),
    Column("article", lambda row: row["id"]),
    Column("published", lambda row: row.get("published") or "unknown"),
    Column("title", lambda row: row.get("title"), 2),
    Column("excerpt", lambda row: row["excerpt"], 2),
)
