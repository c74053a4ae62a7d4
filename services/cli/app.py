"""The command line: one function a command, each short; the work is elsewhere."""

import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from click.exceptions import Abort
from pydantic import ValidationError

from shared.settings import Settings

DONE, SOME_REJECTED, WRONG_USAGE = 0, 1, 2

app = typer.Typer(
    name="clashwatch",
    help="Folders of news articles in, border-clash incidents and alerts out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """The entry point."""
    app()


if __name__ == "__main__":
    main()
