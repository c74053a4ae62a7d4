"""What a person does about dead letters."""

from datetime import UTC, datetime, timedelta

import pytest

from services.indexer.documents import documents
from shared.bus import dead_letters
from shared.bus.sqlite import SqliteBus
from shared.envelope import decode
from shared.errors import RejectedError
from shared.schemas import DeadLetter
from shared.stage import dead_letter
from shared.store.database import Database
from shared.store.sqlite_index import SqliteIndexStore
from tests.unit.host_stages import dropped

NOW = datetime(2022, 9, 14, tzinfo=UTC)
GARBAGE = b'\xff\x00 not json "'


@pytest.fixture
def store(database: Database) -> SqliteIndexStore:
    return SqliteIndexStore(database)


def fail(store: SqliteIndexStore, raw: bytes, at: datetime = NOW, topic: str = "article.received") -> DeadLetter:
    letter = decode(dead_letter("normalizer", raw, ValueError("bad"), at, topic=topic).value).data
    assert isinstance(letter, DeadLetter)
    for document in documents(letter):
        store.put(document.index, document.id, document.version, document.body)
    return letter


def ids(store: SqliteIndexStore) -> list[str]:
    return [body["letter_id"] for body in dead_letters.waiting(store)]


@pytest.mark.parametrize("raw", [GARBAGE, dropped(1).value, b"", b"[]", b'{"id":1}'])
def test_the_original_is_kept_byte_for_byte(store: SqliteIndexStore, raw: bytes) -> None:
    letter = fail(store, raw)
    shown = dead_letters.show(store, letter.letter_id)
    assert shown.original == raw
    assert (shown.stage, shown.topic, shown.reason) == ("normalizer", "article.received", "ValueError: bad")


def test_a_letter_knows_its_messages_key(store: SqliteIndexStore) -> None:
    assert fail(store, dropped(1).value).original_key == dropped(1).key
    assert fail(store, GARBAGE).original_key == ""


def test_the_same_message_made_again_is_the_same_letter() -> None:
    value = dropped(1).value
    later = value.replace(b"2022-09-14T00:00:00", b"2022-09-15T00:00:00", 1)
    assert later != value
    first, second = (dead_letter("tagger", raw, ValueError(), NOW, topic="t").id for raw in (value, later))
    assert first == second
    assert first != dead_letter("detector", value, ValueError(), NOW, topic="t").id
    assert first != dead_letter("tagger", dropped(2).value, ValueError(), NOW, topic="t").id


def test_a_replay_publishes_the_original_for_every_group(store: SqliteIndexStore, database: Database) -> None:
    bus = SqliteBus(database)
    letter = fail(store, dropped(1).value)
    dead_letters.replay(bus, store, letter.letter_id, NOW)
    [record] = bus.read("normalizer", ["article.received"], 10)
    assert (record.value, record.key) == (dropped(1).value, dropped(1).key)
    assert ids(store) == []


def test_a_letter_that_fails_again_waits_again(store: SqliteIndexStore, database: Database) -> None:
    bus = SqliteBus(database)
    letter = fail(store, GARBAGE)
    dead_letters.replay(bus, store, letter.letter_id, NOW - timedelta(days=1))
    fail(store, GARBAGE)
    assert ids(store) == []
    fail(store, GARBAGE, NOW + timedelta(seconds=1))
    assert ids(store) == [letter.letter_id]
    dead_letters.replay(bus, store, letter.letter_id, NOW + timedelta(seconds=2))
    assert ids(store) == []


def test_a_dropped_letter_is_off_the_list_and_answers_still(store: SqliteIndexStore) -> None:
    letter = fail(store, GARBAGE)
    dead_letters.drop(store, letter.letter_id, NOW)
    assert ids(store) == []
    assert dead_letters.show(store, letter.letter_id).original == GARBAGE
    assert [b["letter_id"] for b in store.scan("dead-letters", {"status": "dropped"})] == [letter.letter_id]


def test_letters_that_are_not_there_are_named(store: SqliteIndexStore, database: Database) -> None:
    bus = SqliteBus(database)
    for act in (
        lambda: dead_letters.show(store, "nope"),
        lambda: dead_letters.drop(store, "nope", NOW),
        lambda: dead_letters.replay(bus, store, "nope", NOW),
    ):
        with pytest.raises(RejectedError, match="there is no dead letter nope"):
            act()


def test_a_letter_from_nowhere_cannot_be_replayed(store: SqliteIndexStore, database: Database) -> None:
    letter = fail(store, GARBAGE, topic="")
    with pytest.raises(RejectedError, match="came from no topic"):
        dead_letters.replay(SqliteBus(database), store, letter.letter_id, NOW)
    assert ids(store) == [letter.letter_id]
