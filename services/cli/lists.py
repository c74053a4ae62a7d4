"""`clashwatch incidents`, `articles`, `alerts`, `files` and `search`."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Annotated, Any

import typer
from rich.console import Console

from services.cli import tables
from services.cli.options import Data, Dyad, Elastic, Json, Limit, Side, Since, UsageError, settings_of
from services.cli.output import print_json, without_marks
from services.cli.reading import reading, say_undated, wanted
from services.cli.tables import Column, table
from services.files import file_rows
from shared.schemas.moments import timestamp
from shared.settings import Settings
from shared.store.database import Database
from shared.store.listing import LeftOut, Wanted, article_rows, check_query, rows
from shared.store.port import IndexName, IndexStore
from shared.store.sqlite_alerts import TABLES, SqliteAlertStore

SHOWN = 50
"""Rows of a table when nobody says how many."""
NOTHING = "nothing yet"


def incidents(
    data: Data = None,
    elasticsearch: Elastic = None,
    dyad: Dyad = None,
    side: Side = None,
    since: Since = None,
    state: Annotated[str | None, typer.Option("--state", help="active (as without), merged or withdrawn.")] = None,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """What happened: tolls by side, places, dates."""
    _list(
        "incidents",
        tables.INCIDENTS,
        settings_of(data=data, elasticsearch=elasticsearch),
        wanted("incidents", dyad, side, since, state),
        limit,
        as_json,
    )


def articles(
    data: Data = None,
    elasticsearch: Elastic = None,
    dyad: Dyad = None,
    side: Side = None,
    since: Since = None,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """Every article, clash or not, and the incidents it tells of."""
    _list(
        "articles",
        tables.ARTICLES,
        settings_of(data=data, elasticsearch=elasticsearch),
        wanted("articles", dyad, side, since),
        limit,
        as_json,
    )


def alerts(
    data: Data = None,
    elasticsearch: Elastic = None,
    dyad: Dyad = None,
    since: Since = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="new, update, escalation, correction, withdrawn or merged.")
    ] = None,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """Who was told what, with the sentence behind it."""
    _list(
        "alerts",
        tables.ALERTS,
        settings_of(data=data, elasticsearch=elasticsearch),
        wanted("alerts", dyad, None, since, kind),
        limit,
        as_json,
    )


def files(
    data: Data = None,
    elasticsearch: Elastic = None,
    state: Annotated[
        str | None,
        typer.Option("--state", help="waiting, indexed, duplicate, rejected, superseded, unpacked ..."),
    ] = None,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """Every dropped file and the end it came to."""
    asked = wanted("files", state=state)
    with reading(settings_of(data=data, elasticsearch=elasticsearch)) as held:
        if held:
            known = "none match" if asked.state and any(file_rows(held)) else NOTHING
            _show(islice(file_rows(held, asked.state), limit), tables.FILES, as_json, limit, known)


def search(
    query: Annotated[list[str], typer.Argument(metavar="QUERY...", help='Words, "phrases", -not, dyad:AM-AZ.')],
    data: Data = None,
    elasticsearch: Elastic = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many: the best.")] = 20,
    as_json: Json = False,
) -> None:
    """Full text over all articles, best first."""
    words = " ".join(query)
    try:
        check_query(words)
    except ValueError as error:
        raise UsageError(str(error)) from error
    with reading(settings_of(data=data, elasticsearch=elasticsearch)) as held:
        if held:
            _show(_hits(held.index, words, limit), tables.HITS, as_json, limit, _none(held.index, "articles"))


def _list(
    index: IndexName, columns: Sequence[Column], settings: Settings, wanted: Wanted, limit: int | None, as_json: bool
) -> None:
    with reading(settings) as held:
        if held is None:
            return
        most = limit or (None if as_json else SHOWN)
        left_out = LeftOut()
        found = rows(held.index, index, wanted, most, left_out)
        if index == "alerts":
            found = (with_sending(held.folder, alert) for alert in found)
        _show(found, columns, as_json, limit, _none(held.index, index))
        say_undated(left_out, index)


def _none(store: IndexStore, index: IndexName) -> str:
    """What to say when no row is shown."""
    return "none match" if store.count(index) else NOTHING


def with_sending(folder: Database | None, alert: dict[str, Any]) -> dict[str, Any]:
    """`sent_at` is when the first channel took it, and `channels` what became of it on each, as far as it is known
    here: the channels remember it in their data folder."""
    known = SqliteAlertStore(folder).sendings(alert["alert_id"]) if folder and folder.has(TABLES) else ()
    sendings = list(known)
    sent = [one.sent_at for one in sendings if one.sent_at]
    return alert | {
        "sent_at": timestamp(min(sent)) if sent else alert["sent_at"],
        "channels": {one.channel: one.state for one in sendings},
    }


def _hits(store: IndexStore, query: str, limit: int) -> Iterable[dict[str, Any]]:
    hits = store.search(query, limit=limit)
    for row, hit in zip(article_rows(store, [hit.body for hit in hits]), hits, strict=True):
        excerpt = without_marks(hit.highlights[-1]) if hit.highlights else ""
        yield row | {"rank_score": hit.score, "excerpt": excerpt}


def _show(
    found: Iterable[dict[str, Any]], columns: Sequence[Column], as_json: bool, limit: int | None, none: str
) -> None:
    if as_json:
        for one in found:
            print_json(one)
        return
    shown = list(islice(found, limit or SHOWN))
    console = Console()
    console.print(table(columns, shown) if shown else none)
    if any(one.get("date_inferred") for one in shown):
        console.print("[dim]* the year stands in another article of the incident[/dim]")
    if limit is None and len(shown) == SHOWN:
        console.print(f"[dim]{SHOWN} rows; --limit N shows more, --json all[/dim]")
