"""`clashwatch reindex`: the search indexes built anew from the log, by the indexer's own functions."""

from collections.abc import Iterable, Iterator

from services.indexer.documents import documents
from services.indexer.stage import READS
from shared.bus.port import Record
from shared.envelope import decode
from shared.store.port import Document

TOPICS = tuple(message.TYPE for message in READS)


def documents_of(records: Iterable[Record], refused: list[str]) -> Iterator[Document]:
    """What the indexer would write. Messages it could not read are added to `refused`: it has said so before, in a dead
    letter."""
    for record in records:
        try:
            found = documents(decode(record.value).data)
        except (ValueError, KeyError, TypeError) as error:
            refused.append(f"{record.topic}/{record.partition}:{record.offset}: {type(error).__name__}: {error}"[:500])
            continue
        yield from (Document(one.index, one.id, one.version, one.body) for one in found)
