"""`clashwatch service`."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from services.cli.options import Data, Elastic, UsageError, need_packages, refuse_overlap, settings_of
from shared import logs
from shared.errors import RejectedError
from shared.settings import Settings

NAMES = ("feeder", "normalizer", "tagger", "detector", "linker", "indexer", "alerter", "channels", "webhook", "desk")
DESK_PORT = 8000

log = logging.getLogger("clashwatch")


def command(
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"One of {', '.join(NAMES)}.")],
    inbox: Annotated[
        Path | None, typer.Option("--inbox", help="The feeder's folder [CLASHWATCH_INBOX; ./inbox].")
    ] = None,
    data: Data = None,
    elasticsearch: Elastic = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="Serve /livez, /readyz and /metrics here; the desk: 8000."),
    ] = None,
) -> None:
    """Run one service on Kafka (CLASHWATCH_KAFKA=host:port), until it is told to stop. The desk needs no Kafka."""
    if name not in NAMES:
        raise UsageError(f"there is no service {name}: {', '.join(NAMES)}")
    settings = settings_of(inbox=inbox, data=data, elasticsearch=elasticsearch, port=port)
    if name == "desk":
        raise typer.Exit(_show(settings))
    if name == "feeder":
        refuse_overlap(settings)
    if not settings.kafka:
        raise UsageError("`clashwatch service` needs Kafka: set CLASHWATCH_KAFKA to host:port of a broker")
    raise typer.Exit(_run(name, settings))


def _run(name: str, settings: Settings) -> int:
    """What a person can put right is wrong usage, not a traceback."""
    need_packages("`clashwatch service`", "kafka", "faust", "google_crc32c")
    from services.cluster import run_service

    _log(settings)
    for name_of_client in ("kafka", "aiokafka", "faust", "mode"):
        logging.getLogger(name_of_client).setLevel(logging.WARNING)
    try:
        return run_service(name, settings)
    except (ValueError, OSError) as error:
        raise UsageError(str(error)) from error


def _show(settings: Settings) -> int:
    """The desk, until it is told to stop; it starts without an index, too, and says so under /readyz."""
    if settings.elasticsearch:
        need_packages("Elasticsearch", "elasticsearch")
    # Importing the web server takes longer than most commands take altogether.
    from services.front import desk_served
    from shared.hosts.embedded import stop_on_signals
    from shared.metrics import Metrics

    _log(settings)
    stop = stop_on_signals()
    if settings.port is None:
        settings = settings.model_copy(update={"port": DESK_PORT})
    try:
        with desk_served(settings, Metrics()) as url:
            log.info("the desk is at %s", url)
            stop.wait()
    except (RejectedError, OSError) as error:
        raise UsageError(str(error)) from error
    log.info("desk stopped")
    return 0


def _log(settings: Settings) -> None:
    logs.set_up("json" if settings.log_format == "json" else "console", settings.log_level)
