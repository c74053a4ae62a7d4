"""`clashwatch export`."""

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from services.cli.options import Data, Dyad, Elastic, Limit, Side, Since, UsageError, settings_of
from services.cli.output import complain, write
from services.cli.reading import reading, say_undated, wanted
from services.exports import EXPORTS, export
from shared.store.listing import LeftOut

Name = StrEnum("Name", list(EXPORTS))  # type: ignore[misc]


def command(
    name: Annotated[Name, typer.Option("--format", help="The format.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file, not standard output.")] = None,
    data: Data = None,
    elasticsearch: Elastic = None,
    dyad: Dyad = None,
    side: Side = None,
    since: Since = None,
    limit: Limit = None,
) -> None:
    """Incidents for other people's tools."""
    asked, left_out = wanted("incidents", dyad, side, since), LeftOut()
    with reading(settings_of(data=data, elasticsearch=elasticsearch)) as held:
        if held is None:
            return
        pieces = export(name.value, held.index, asked, datetime.now(UTC), limit, left_out)
        if output is None:
            for piece in pieces:
                write(piece.encode())
        else:
            _write_file(output, pieces)
        say_undated(left_out, "incidents")
    if note := EXPORTS[name.value].note:
        complain(f"clashwatch: {note}")


def _write_file(path: Path, pieces: Iterator[str]) -> None:
    try:
        with path.open("wb") as file:
            file.writelines(piece.encode() for piece in pieces)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
