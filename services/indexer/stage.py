"""Reads whatever a person may want to find and writes it to the index."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from services.indexer.documents import documents
from shared.schemas import (
    AlertRaised,
    ArticleAnalyzed,
    ArticleWithdrawn,
    DeadLetter,
    FileSettled,
    IncidentChanged,
    Message,
)
from shared.stage import Stage
from shared.store.port import IndexStore

READS: tuple[type[Message], ...] = (
    ArticleAnalyzed,
    ArticleWithdrawn,
    FileSettled,
    IncidentChanged,
    AlertRaised,
    DeadLetter,
)


def build(store: IndexStore, scope: Callable[[], AbstractContextManager[object]] = nullcontext) -> Stage:
    """`scope` undoes the writes of a message that fails: the `transaction` of the store's database."""

    def apply(message: Message, now: datetime) -> Iterable[Message]:
        del now
        for document in documents(message):
            store.put(document.index, document.id, document.version, document.body)
        return ()

    return Stage(
        name="indexer",
        reads=READS,
        writes=(),
        apply=apply,
        scope=scope,
    )
