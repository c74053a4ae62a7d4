"""`clashwatch run`."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.options import Data, settings_of


def command(
    inbox: Annotated[
        Path | None, typer.Option("--inbox", help="The watched folder [CLASHWATCH_INBOX; ./inbox].")
    ] = None,
    data: Data = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Serve the desk (web page and API) here.")
    ] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Worker processes [all cores].")] = None,
    once: Annotated[bool, typer.Option("--once", help="Work off the inbox, then end.")] = False,
) -> None:
    """Watch the inbox: articles in, incidents and alerts out. A new inbox has five articles in it."""
    settings = settings_of(inbox=inbox, data=data, port=port, workers=workers)
    # Importing the stages takes longer than most commands take altogether.
    from services.cli.work import work

    raise typer.Exit(work(settings, once=once))
