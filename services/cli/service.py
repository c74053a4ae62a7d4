"""`clashwatch service`."""

import logging
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from services.cli.options import Data, UsageError, settings_of
from shared import logs
from shared.settings import Settings

NAMES = ("feeder", "normalizer", "tagger", "detector", "linker", "indexer", "alerter", "channels", "webhook")


def command(
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"One of {', '.join(NAMES)}.")],
    inbox: Annotated[
        Path | None, typer.Option("--inbox", help="The feeder's folder [CLASHWATCH_INBOX; ./inbox].")
    ] = None,
    data: Data = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Serve /livez, /readyz and /metrics here.")
    ] = None,
) -> None:
    """Run one service on Kafka (CLASHWATCH_KAFKA=host:port), until it is told to stop."""
    if name not in NAMES:
        raise UsageError(f"there is no service {name}: {', '.join(NAMES)}")
    settings = settings_of(inbox=inbox, data=data, port=port)
    if not settings.kafka:
        raise UsageError("`clashwatch service` needs Kafka: set CLASHWATCH_KAFKA to host:port of a broker")
    raise typer.Exit(_run(name, settings))


def _run(name: str, settings: Settings) -> int:
    """What a person can put right is wrong usage, not a traceback."""
    missing = [module for module in ("kafka", "faust", "google_crc32c") if find_spec(module) is None]
    if missing:
        raise UsageError(
            "`clashwatch service` needs more packages: pip install --require-hashes -r requirements-cluster.lock"
        )
    from services.cluster import run_service

    logs.set_up("json" if settings.log_format == "json" else "console", settings.log_level)
    for name_of_client in ("kafka", "aiokafka", "faust", "mode"):
        logging.getLogger(name_of_client).setLevel(logging.WARNING)
    try:
        return run_service(name, settings)
    except (ValueError, OSError) as error:
        raise UsageError(str(error)) from error
