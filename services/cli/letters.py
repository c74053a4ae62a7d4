"""`clashwatch dead-letters list|show|replay|drop`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer
from pydantic_core import to_json
from rich.console import Console

from services.cli import tables
from services.cli.options import Data, Json, Limit, UsageError, settings_of
from services.cli.output import print_json, write
from services.cli.reading import opened_database, reading
from shared.bus import dead_letters
from shared.bus.sqlite import SqliteBus
from shared.errors import RejectedError
from shared.schemas import DeadLetter
from shared.store.database import FILE
from shared.store.listing import Wanted, rows
from shared.store.sqlite_index import SqliteIndexStore

app = typer.Typer(
    help="Messages no stage could process: look at them, replay or drop them.", invoke_without_command=True
)

Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Letters; the first characters do.")]
All = Annotated[bool, typer.Option("--all", help="All that wait.")]
Status = Annotated[str | None, typer.Option("--state", help="waiting (as without), replayed or dropped.")]


@app.callback()
def _default(context: typer.Context, data: Data = None, as_json: Json = False) -> None:
    if context.invoked_subcommand is None:
        list_letters(data, as_json=as_json)
    context.obj = data


@app.command("list")
def list_letters(data: Data = None, state: Status = None, limit: Limit = None, as_json: Json = False) -> None:
    """The letters, with stage and reason."""
    with reading(settings_of(data=data)) as database:
        if database is None:
            return
        found = rows(SqliteIndexStore(database), "dead-letters", Wanted(state=state), limit)
        if as_json:
            for one in found:
                print_json(one)
        else:
            shown = list(found)
            Console().print(tables.table(tables.LETTERS, shown) if shown else "no dead letters")


@app.command()
def show(
    letter: Annotated[str, typer.Argument(metavar="ID")],
    data: Data = None,
    raw: Annotated[bool, typer.Option("--raw", help="The original message, byte for byte.")] = False,
) -> None:
    """One letter as JSON; with --raw the bytes that could not be processed."""
    with reading(settings_of(data=data)) as database:
        if database is None:
            raise UsageError(f"there is no dead letter {letter}")
        found = _find(SqliteIndexStore(database), letter)
    if raw:
        write(found.original)
        return
    text = found.original.decode("utf-8", "replace")
    body = found.model_dump(mode="json") | {"original_text": text}
    write(to_json(body, indent=2) + b"\n")


@app.command()
def replay(letters: Ids = None, everything: All = False, data: Data = None) -> None:
    """Puts the original messages back on their topics; `clashwatch run` works them off."""

    def act(bus: SqliteBus, store: SqliteIndexStore, letter_id: str) -> None:
        dead_letters.replay(bus, store, letter_id, datetime.now(UTC))

    _for_each(letters, everything, data, act, "replayed")


@app.command()
def drop(letters: Ids = None, everything: All = False, data: Data = None) -> None:
    """Takes letters off the list; they are kept, and answer to their ids."""

    def act(bus: SqliteBus, store: SqliteIndexStore, letter_id: str) -> None:
        del bus
        dead_letters.drop(store, letter_id, datetime.now(UTC))

    _for_each(letters, everything, data, act, "dropped")


def _for_each(
    letters: list[str] | None,
    everything: bool,
    data: Data,
    act: Callable[[SqliteBus, SqliteIndexStore, str], None],
    done: str,
) -> None:
    if bool(letters) == everything:
        raise UsageError("name the letters, or say --all")
    with _writing(data) as (bus, store):
        ids = [body["letter_id"] for body in dead_letters.waiting(store)] if everything else letters or []
        for letter in ids:
            found = _find(store, letter)
            try:
                act(bus, store, found.letter_id)
            except RejectedError as error:
                raise UsageError(str(error)) from error
            typer.echo(f"{done} {found.letter_id} ({found.stage}: {found.reason})")


@contextmanager
def _writing(data: Data) -> Iterator[tuple[SqliteBus, SqliteIndexStore]]:
    """All or nothing; a `run` on the same folder goes on meanwhile."""
    settings = settings_of(data=data)
    if not (settings.data / FILE).exists():
        raise UsageError(f"{settings.data} has no dead letters")
    with opened_database(settings.data, read_only=False) as database:
        bus, store = SqliteBus(database), SqliteIndexStore(database)
        with database.transaction():
            yield bus, store


def _find(store: SqliteIndexStore, letter: str) -> DeadLetter:
    """By its id or the only id that begins so."""
    try:
        return dead_letters.show(store, letter)
    except RejectedError as error:
        found = [one["letter_id"] for one in store.scan("dead-letters") if one["letter_id"].startswith(letter)]
        if len(found) != 1:
            several = f"{len(found)} dead letters begin with {letter}" if found else str(error)
            raise UsageError(several) from error
        return dead_letters.show(store, found[0])
