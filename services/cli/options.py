"""Flags that several commands share, and the settings they lead to."""

import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from services.cli.output import complain
from shared.settings import PREFIX, Settings, unknown_variables

Data = Annotated[Path | None, typer.Option("--data", help="The data folder [CLASHWATCH_DATA; ./clashwatch-data].")]
Elastic = Annotated[
    str | None,
    typer.Option("--elasticsearch", metavar="URL", help="Read from there [CLASHWATCH_ELASTICSEARCH; the data folder]."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object per line, for scripts.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="At most so many: the newest.")]
Dyad = Annotated[str | None, typer.Option("--dyad", help="Both sides, as in AM-AZ.")]
Side = Annotated[str | None, typer.Option("--side", help="One side: an ISO code or an actor's name.")]
Since = Annotated[str | None, typer.Option("--since", help="On or after this day (YYYY-MM-DD).")]


class UsageError(Exception):
    """Wrong usage; `str(error)` says what is wrong."""


def settings_of(**flags: Any) -> Settings:
    """Flags that were given, then variables, then the settings file. Raises UsageError naming the setting."""
    for name in unknown_variables():
        complain(f"clashwatch: there is no setting {name}: it is ignored")
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        raise UsageError("; ".join(_complaint(one["loc"], one["msg"]) for one in error.errors())) from error
    except (SettingsError, OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the settings cannot be read: {error}") from error


def refuse_overlap(settings: Settings) -> None:
    """Raises UsageError where the data folder would be read as articles, or articles lie among our own files."""
    inbox, data = settings.inbox.resolve(), settings.data.resolve()
    if inbox == data or inbox in data.parents or data in inbox.parents:
        raise UsageError(f"inbox {settings.inbox} and data {settings.data}: neither may be the other, or lie within it")


def need_packages(what: str, *modules: str) -> None:
    """Raises UsageError unless the packages of the cluster are installed."""
    if any(find_spec(module) is None for module in modules):
        raise UsageError(f"{what} needs more packages: pip install --require-hashes -r requirements-cluster.lock")


def _complaint(loc: tuple[int | str, ...], message: str) -> str:
    name = ".".join(str(part) for part in loc)
    return f"setting {name} ({PREFIX}{name.upper()}): {message}"
