"""`clashwatch reindex`."""

import re
from collections.abc import Iterable
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.broker import reached
from services.cli.options import Data, Elastic, UsageError, need_packages, settings_of
from services.cli.output import complain
from services.cli.reading import writable
from services.reindex import TOPICS, documents_of
from shared.errors import RejectedError
from shared.settings import Settings
from shared.store.port import Document
from shared.store.sqlite_index import SqliteIndexStore

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from shared.bus.kafka_replay import Start

_INDEX = "index"
_OFFSET = re.compile(r"(?:(?P<topic>[a-z.]+)(?:/(?P<partition>\d{1,9}))?:)?(?P<offset>earliest|\d{1,18})")

From = Annotated[
    list[str] | None,
    typer.Option(
        "--from",
        metavar="FROM",
        help="Where on Kafka to begin: earliest (as without), OFFSET, TOPIC:OFFSET or TOPIC/PARTITION:OFFSET, as often"
        " as needed; or index: from what the indexes hold alone.",
    ),
]


def command(
    begin: From = None,
    delete_old: Annotated[
        bool, typer.Option("--delete-old", help="Build nothing: delete the indexes that earlier rebuilds replaced.")
    ] = False,
    data: Data = None,
    elasticsearch: Elastic = None,
) -> None:
    """Build the search index anew while everything goes on. On Elasticsearch: new indexes from the log on Kafka, and
    one swap; the old ones are kept. In a data folder: words and fields, from the documents."""
    settings = settings_of(data=data, elasticsearch=elasticsearch)
    if begin and delete_old:
        raise UsageError("--from and --delete-old do not go together")
    if settings.elasticsearch:
        refused = _on_elasticsearch(settings, begin or ["earliest"], delete_old)
    elif begin or delete_old:
        raise UsageError(
            "--from and --delete-old are for Elasticsearch: a data folder is built anew from its documents"
        )
    else:
        refused = _in_folder(settings)
    for line in refused:
        complain(f"clashwatch: refused: {line}")
    raise typer.Exit(int(bool(refused)))


def _in_folder(settings: Settings) -> list[str]:
    with writable(settings) as database:
        for index, count in SqliteIndexStore(database).rebuild().items():
            typer.echo(f"{index}: {count} documents")
    return []


def _on_elasticsearch(settings: Settings, begin: list[str], delete_old: bool) -> list[str]:
    need_packages("Elasticsearch", "elasticsearch")
    from shared.store.elastic_client import connect
    from shared.store.elastic_rebuild import delete_retired

    try:
        with closing(connect(settings)) as client:
            if not delete_old:
                return _rebuild(settings, client, begin)
            for name in delete_retired(client, settings.elasticsearch_prefix):
                typer.echo(f"deleted {name}")
            return []
    except RejectedError as error:
        raise UsageError(str(error)) from error


def _rebuild(settings: Settings, client: "Elasticsearch", begin: list[str]) -> list[str]:
    from shared.store.elastic_rebuild import count, rebuild
    from shared.store.elastic_templates import install

    unread: list[str] = []
    with ExitStack() as stack:
        documents = _documents(settings, begin, unread, stack)
        install(client, settings.elasticsearch_prefix)
        built = rebuild(client, documents, settings.elasticsearch_prefix)
    for one in built.generations:
        typer.echo(f"{one.new}: {count(client, one.new)} documents, in place of {one.old}")
    return [*unread, *built.refused]


def _documents(settings: Settings, begin: list[str], unread: list[str], stack: ExitStack) -> Iterable[Document]:
    """What the log leads to; nothing where only what the indexes hold is wanted."""
    if begin == [_INDEX]:
        return ()
    if not settings.kafka:
        raise UsageError("the log is on Kafka: set CLASHWATCH_KAFKA to host:port, or say --from index")
    connection = reached(settings)
    from shared.bus.kafka_replay import replay

    records = stack.enter_context(closing(replay(connection, TOPICS, _start(begin))))
    return documents_of(records, unread)


def _start(begin: list[str]) -> "Start":
    from shared.bus.kafka_replay import Start

    everywhere, places = 0, dict[tuple[str, int | None], int]()
    for text in begin:
        match = _OFFSET.fullmatch(text)
        if match is None or match["topic"] not in (None, *TOPICS):
            raise UsageError(
                f"--from: {text!r} is none of earliest, OFFSET, TOPIC:OFFSET, TOPIC/PARTITION:OFFSET, index"
            )
        offset = 0 if match["offset"] == "earliest" else int(match["offset"])
        if match["topic"]:
            places[match["topic"], int(match["partition"]) if match["partition"] else None] = offset
        else:
            everywhere = offset
    return Start(everywhere, places)
