"""What a person does about dead letters: look, replay, drop.

A replay publishes the original bytes to the topic they failed on, for every group that reads it, not only
for the one that failed: Kafka knows no other way, and for the others the message is one they have seen,
which changes nothing (ids are derived, writes are versioned). Where the store and the bus share a
transaction, call these inside one.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pydantic_core import to_json

from shared.bus.port import Bus
from shared.errors import RejectedError
from shared.schemas import DeadLetter
from shared.schemas.dead_letter import letter_version
from shared.stage import Delivery
from shared.store.port import IndexName, IndexStore

INDEX: IndexName = "dead-letters"


def waiting(store: IndexStore) -> Iterator[dict[str, Any]]:
    """The letters nothing was done about, oldest first: the fields of DeadLetter and `status`."""
    return store.scan(INDEX, {"status": "waiting"})


def show(store: IndexStore, letter_id: str) -> DeadLetter:
    """One letter with its original bytes. Raises RejectedError when there is none of that id."""
    body = store.get(INDEX, letter_id)
    if body is None:
        raise RejectedError(f"there is no dead letter {letter_id}")
    return DeadLetter.model_validate_json(to_json(body))


def replay(bus: Bus, store: IndexStore, letter_id: str, now: datetime) -> None:
    """Publishes the original again. Should it fail again, the same letter waits again."""
    letter = show(store, letter_id)
    if not letter.topic:
        raise RejectedError(f"dead letter {letter_id} came from no topic")
    bus.publish([Delivery(letter.topic, letter.original_key, letter.original, letter.letter_id)])
    _mark(store, letter, "replayed", now)


def drop(store: IndexStore, letter_id: str, now: datetime) -> None:
    """Takes the letter off the list; it answers to its id still."""
    _mark(store, show(store, letter_id), "dropped", now)


def _mark(store: IndexStore, letter: DeadLetter, status: str, now: datetime) -> None:
    body = letter.model_dump(mode="json") | {"status": status}
    store.put(INDEX, letter.letter_id, max(letter_version(letter.failed_at) + 1, letter_version(now)), body)
