"""`clashwatch extract`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from services.cli.options import Data, UsageError, settings_of
from services.cli.output import complain, print_json
from shared.schemas.edtf import is_valid


def command(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files, and folders to walk.")],
    published: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM-DD", help="When they were published, whatever their sidecars say."),
    ] = None,
    data: Data = None,
) -> None:
    """What articles say: one JSON line an article on standard output. Keeps nothing."""
    if published is not None and not is_valid(published):
        raise UsageError(f"--published: {published!r} is not a day (YYYY-MM-DD)")
    # Importing the stages takes longer than most commands take altogether.
    from services.extract import Flags, Rejected, extract

    rejected = False
    for row in extract(paths, Flags(published), settings_of(data=data), datetime.now(UTC)):
        if isinstance(row, Rejected):
            rejected = True
            complain(f"{row.path}: {row.reason}")
        else:
            print_json(row)
    raise typer.Exit(int(rejected))
