"""An index store that gathers what many messages put and writes it at once."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from shared.store.port import Document, Hit, IndexName, IndexStore, Placed


class Outcome(Protocol):
    """What became of a document; a refused one has a reason."""

    @property
    def refused(self) -> str | None: ...


class BulkIndexStore(IndexStore, Protocol):
    """An index store that takes many documents in one go."""

    def put_all(self, documents: Sequence[Document]) -> Sequence[Outcome]:
        """An outcome each, in their order. Raises TransientError when some could not be written now."""


class GatheringStore:
    """An `IndexStore` whose `put` only gathers; `flush` writes, and says which owners' documents were refused.

    The host sets `owner` before each message; what a refused message put besides may have been written.
    """

    def __init__(self, store: BulkIndexStore) -> None:
        self._store = store
        self._gathered: list[tuple[int, Document]] = []
        self.owner = 0

    def put(self, index: IndexName, doc_id: str, version: int, body: Mapping[str, Any]) -> bool:
        """Gathers; whether it will be written shows later."""
        self._gathered.append((self.owner, Document(index, doc_id, version, body)))
        return True

    def flush(self) -> dict[int, str]:
        """Writes all that was gathered: the reason by owner for what was refused.

        After a TransientError nothing is gathered any more: the host reads the messages again.
        """
        gathered, self._gathered = self._gathered, []
        outcomes = self._store.put_all([document for _, document in gathered])
        refused: dict[int, str] = {}
        for (owner, document), outcome in zip(gathered, outcomes, strict=True):
            if outcome.refused is not None:
                refused.setdefault(owner, f"{document.index} {document.id}: {outcome.refused}")
        return refused

    def delete(self, index: IndexName, doc_id: str) -> None:
        """At once: nothing on the road deletes."""
        self._store.delete(index, doc_id)

    def get(self, index: IndexName, doc_id: str) -> dict[str, Any] | None:
        """What was flushed."""
        return self._store.get(index, doc_id)

    def scan(self, index: IndexName, where: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """What was flushed."""
        return self._store.scan(index, where)

    def listed(
        self, index: IndexName, terms: Mapping[str, str] | None = None, *, after: str = "", newest_first: bool = True
    ) -> Iterator[Placed]:
        """What was flushed."""
        return self._store.listed(index, terms, after=after, newest_first=newest_first)

    def search(self, query: str, *, index: IndexName = "articles", limit: int = 20, offset: int = 0) -> list[Hit]:
        """What was flushed."""
        return self._store.search(query, index=index, limit=limit, offset=offset)

    def count(self, index: IndexName) -> int:
        """What was flushed."""
        return self._store.count(index)
