"""The command line: what every command has in common, and the list of commands."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from services.cli import export, extract, letters, lists, reindex, run, service
from services.cli.options import UsageError
from services.cli.output import complain
from shared.errors import TransientError

FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130

app = typer.Typer(
    name="clashwatch",
    help="Folders of news articles in, border-clash incidents and alerts out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"clashwatch {version('clashwatch')}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


app.command(name="run")(run.command)
app.command(name="service")(service.command)
app.command(name="extract")(extract.command)
app.command(name="incidents")(lists.incidents)
app.command(name="articles")(lists.articles)
app.command(name="alerts")(lists.alerts)
app.command(name="files")(lists.files)
app.add_typer(letters.app, name="dead-letters")
app.command(name="search")(lists.search)
app.command(name="export")(export.command)
app.command(name="reindex")(reindex.command)


def main() -> None:
    """The entry point. Exit codes: 0 done, 1 some inputs rejected, 2 wrong usage."""
    try:
        app()
    except UsageError as error:
        complain(f"clashwatch: {error}")
        sys.exit(WRONG_USAGE)
    except TransientError as error:
        complain(f"clashwatch: {error}; try again")
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
