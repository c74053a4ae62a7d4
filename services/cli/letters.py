"""`clashwatch dead-letters list|show|replay|drop`."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer
from pydantic_core import to_json
from rich.console import Console

from services.cli import tables
from services.cli.broker import reached
from services.cli.options import Data, Elastic, Json, Limit, UsageError, settings_of
from services.cli.output import print_json, write
from services.cli.reading import reading, wanted, writable
from shared.bus import dead_letters
from shared.bus.port import Bus
from shared.bus.sqlite import TABLES, SqliteBus
from shared.errors import RejectedError
from shared.schemas import DeadLetter
from shared.settings import Settings
from shared.store.listing import rows
from shared.store.port import IndexStore
from shared.store.sqlite_index import SqliteIndexStore

app = typer.Typer(
    help="Messages no stage could process: look at them, replay or drop them.", invoke_without_command=True
)

Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Letters; the first characters do.")]
All = Annotated[bool, typer.Option("--all", help="All that wait.")]
Status = Annotated[str | None, typer.Option("--state", help="waiting (as without), replayed or dropped.")]


@app.callback()
def _default(context: typer.Context, data: Data = None, elasticsearch: Elastic = None, as_json: Json = False) -> None:
    if context.invoked_subcommand is None:
        list_letters(data, elasticsearch, as_json=as_json)


@app.command("list")
def list_letters(
    data: Data = None,
    elasticsearch: Elastic = None,
    state: Status = None,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """The letters, with stage and reason."""
    asked = wanted("dead-letters", state=state)
    with reading(settings_of(data=data, elasticsearch=elasticsearch)) as held:
        if held is None:
            return
        found = rows(held.index, "dead-letters", asked, limit)
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
    elasticsearch: Elastic = None,
    raw: Annotated[bool, typer.Option("--raw", help="The original message, byte for byte.")] = False,
) -> None:
    """One letter as JSON; with --raw the bytes that could not be processed."""
    with reading(settings_of(data=data, elasticsearch=elasticsearch)) as held:
        if held is None:
            raise UsageError(f"there is no dead letter {letter}")
        found = _find(held.index, letter)
    if raw:
        write(found.original)
        return
    text = found.original.decode("utf-8", "replace")
    body = found.model_dump(mode="json") | {"original_text": text}
    write(to_json(body, indent=2) + b"\n")


@app.command()
def replay(letters: Ids = None, everything: All = False, data: Data = None, elasticsearch: Elastic = None) -> None:
    """Puts the original messages back on their topics, where the services or `clashwatch run` work them off."""

    def act(store: IndexStore, bus: Bus | None, letter: DeadLetter) -> None:
        if bus is None:
            raise UsageError("a replay needs the log: set CLASHWATCH_KAFKA to host:port of a broker")
        dead_letters.replay(bus, store, letter.letter_id, datetime.now(UTC))

    _for_each(letters, everything, settings_of(data=data, elasticsearch=elasticsearch), act, "replayed")


@app.command()
def drop(letters: Ids = None, everything: All = False, data: Data = None, elasticsearch: Elastic = None) -> None:
    """Takes letters off the list; they are kept, and answer to their ids."""

    def act(store: IndexStore, bus: Bus | None, letter: DeadLetter) -> None:
        del bus
        dead_letters.drop(store, letter.letter_id, datetime.now(UTC))

    _for_each(letters, everything, settings_of(data=data, elasticsearch=elasticsearch), act, "dropped")


def _for_each(
    letters: list[str] | None,
    everything: bool,
    settings: Settings,
    act: Callable[[IndexStore, Bus | None, DeadLetter], None],
    done: str,
) -> None:
    """Finds all before it does anything to one."""
    if bool(letters) == everything:
        raise UsageError("name the letters, or say --all")
    with _writing(settings) as (store, bus):
        ids = [body["letter_id"] for body in dead_letters.waiting(store)] if everything else letters or []
        for letter in [_find(store, one) for one in ids]:
            try:
                act(store, bus, letter)
            except RejectedError as error:
                raise UsageError(str(error)) from error
            typer.echo(f"{done} {letter.letter_id} ({letter.stage}: {letter.reason})")


@contextmanager
def _writing(settings: Settings) -> Iterator[tuple[IndexStore, Bus | None]]:
    """The letters, and the log they came from, where it is known."""
    with ExitStack() as stack:
        if settings.elasticsearch:
            held = stack.enter_context(reading(settings))
            if held is None:
                raise UsageError(f"{settings.elasticsearch} has no dead letters")
            store, bus = held.index, None
        else:
            database = stack.enter_context(writable(settings))
            stack.enter_context(database.transaction())  # all or nothing
            store, bus = SqliteIndexStore(database), SqliteBus(database) if database.has(TABLES) else None
        yield store, bus or (stack.enter_context(_kafka(settings)) if settings.kafka else None)
        store.refresh("dead-letters")


@contextmanager
def _kafka(settings: Settings) -> Iterator[Bus]:
    connection = reached(settings)
    from shared.bus.kafka import KafkaBus

    with closing(KafkaBus(connection)) as bus:
        yield bus


def _find(store: IndexStore, letter: str) -> DeadLetter:
    """By its id or the only id that begins so."""
    letter = letter.encode("utf-8", "replace").decode()
    try:
        return dead_letters.show(store, letter)
    except RejectedError as error:
        found = [one["letter_id"] for one in store.scan("dead-letters") if one["letter_id"].startswith(letter)]
        if len(found) != 1:
            several = f"{len(found)} dead letters begin with {letter}" if found else str(error)
            raise UsageError(several) from error
        return dead_letters.show(store, found[0])
