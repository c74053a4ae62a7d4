"""What people read: the index, wherever it is kept, and what a data folder on this machine knows besides."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from shared.errors import RejectedError, TransientError
from shared.settings import Settings
from shared.store.database import FILE, Database
from shared.store.port import IndexStore
from shared.store.sqlite_index import TABLES, SqliteIndexStore

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch


class NothingYetError(TransientError):
    """Nothing was ever written there; `str(error)` says where, and who writes."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """`index` has all documents. `folder` may have the feeder's files and what went out on the channels."""

    index: IndexStore
    folder: Database | None = None


Opened = Callable[[], AbstractContextManager[Holdings]]


@contextmanager
def holdings_of(settings: Settings) -> Iterator[Opened]:
    """Opens what the settings name, as often as it is asked to, in any thread: Elasticsearch, else the data folder.

    Raises RejectedError for settings that are wrong; asks nobody yet.
    """
    if not settings.elasticsearch:
        yield partial(in_folder, settings.data)
        return
    from shared.store.elastic_client import build_client

    with closing(build_client(settings)) as client:
        yield partial(in_elasticsearch, client, settings)


@contextmanager
def in_folder(data: Path) -> Iterator[Holdings]:
    """Raises NothingYetError, RejectedError where there is a file, and sqlite3.DatabaseError or OSError where the
    folder's database is none of ours."""
    if data.exists() and not data.is_dir():
        raise RejectedError(f"{data} is not a folder")
    nothing = NothingYetError(f"nothing in {data} yet: `clashwatch run` fills it")
    if not (data / FILE).exists():
        raise nothing
    with closing(Database(data, read_only=True)) as database:
        if not database.has(TABLES):  # the first run was refused before it got so far
            raise nothing
        yield Holdings(SqliteIndexStore(database), database)


@contextmanager
def in_elasticsearch(client: "Elasticsearch", settings: Settings) -> Iterator[Holdings]:
    """With the data folder only where somebody named it: the one that is there by default may be of another system."""
    from shared.store.elastic_index import ElasticIndexStore

    with ExitStack() as stack:
        folder = None
        if "data" in settings.model_fields_set and (settings.data / FILE).exists():
            folder = stack.enter_context(closing(Database(settings.data, read_only=True)))
        yield Holdings(ElasticIndexStore(client, settings.elasticsearch_prefix), folder)
