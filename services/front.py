"""The desk, given what it shows: the data folder's or Elasticsearch's documents, the file list, the exports."""

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from services.desk.app import build
from services.desk.serve import serve
from services.desk.sources import Sources
from services.exporter.countries import countries
from services.exports import EXPORTS, export
from services.files import file_rows
from shared.metrics import Metrics
from shared.settings import Settings
from shared.store.holdings import Opened, holdings_of


@contextmanager
def desk_served(settings: Settings, metrics: Metrics) -> Iterator[str | None]:
    """The desk at the settings' host and port, in a thread; its URL. Without a port there is none.

    Raises OSError when the port cannot be had, RejectedError for a wrong address of Elasticsearch.
    """
    if settings.port is None:
        yield None
        return
    with (
        holdings_of(settings) as opened,
        serve(desk(opened, metrics, settings.host), settings.host, settings.port) as url,
    ):
        yield url


def desk(opened: Opened, metrics: Metrics, host: str) -> FastAPI:
    """The API and the pages over what is opened; it answers to the names of `host`."""
    names = {code: country.name for code, country in countries().items()}
    formats = {name: (format.media_type, format.suffix) for name, format in EXPORTS.items()}
    return build(Sources(opened, metrics, file_rows, export, formats, names), host)
