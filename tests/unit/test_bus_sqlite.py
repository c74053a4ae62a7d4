"""What only the log in SQLite does: letting go, transactions, bytes on disk, other processes."""

import os
import zlib
from base64 import urlsafe_b64encode
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.bus import sqlite
from shared.bus.sqlite import SqliteBus
from shared.errors import TransientError
from shared.stage import Delivery
from shared.store.database import FILE, Database
from shared.store.packing import DEFLATED, LIFTED, inflate, pack, unpack

PACKED = "586611756278ab8695ed89f0fa03b582aa5508c1e1753d00651614bc"


def messages(topic: str, count: int, size: int = 1) -> list[Delivery]:
    return [Delivery(topic, "k", f"{i}".encode() * size, f"{i}") for i in range(count)]


def rows(database: Database, topic: str) -> int:
    [count] = database.execute(f'SELECT count(*) FROM "log:{topic}"').fetchone()
    return int(count)


def test_what_every_group_has_committed_is_gone(database: Database) -> None:
    bus = SqliteBus(database)
    bus.publish(messages("incident.changed", 10))
    first = bus.read("indexer", ["incident.changed"], 6)
    bus.commit("indexer", first)
    assert rows(database, "incident.changed") == 10
    bus.commit("alerter", bus.read("alerter", ["incident.changed"], 4))
    assert rows(database, "incident.changed") == 6
    bus.commit("alerter", bus.read("alerter", ["incident.changed"], 10))
    assert rows(database, "incident.changed") == 4


def test_a_group_the_topic_file_does_not_know_is_waited_for_once_it_has_begun(database: Database) -> None:
    bus = SqliteBus(database)
    bus.publish(messages("article.analyzed", 5))
    bus.commit("export", bus.read("export", ["article.analyzed"], 2))
    bus.commit("indexer", bus.read("indexer", ["article.analyzed"], 5))
    assert rows(database, "article.analyzed") == 3


def test_kept_topics_keep_all(database: Database) -> None:
    bus = SqliteBus(database)
    bus.publish(messages("article.received", 5))
    bus.commit("normalizer", bus.read("normalizer", ["article.received"], 5))
    assert rows(database, "article.received") == 5


def test_an_offset_is_never_given_twice(database: Database) -> None:
    bus = SqliteBus(database)
    seen: set[int] = set()
    for _ in range(5):
        bus.publish(messages("article.analyzed", 3))
        records = bus.read("indexer", ["article.analyzed"], 10)
        bus.commit("indexer", records)
        assert not seen & {record.offset for record in records}
        seen |= {record.offset for record in records}


def test_a_replay_of_a_topic_that_was_let_go_has_no_lag(database: Database) -> None:
    bus = SqliteBus(database)
    bus.publish(messages("article.analyzed", 3))
    bus.commit("indexer", bus.read("indexer", ["article.analyzed"], 10))
    bus.seek_to_start("indexer", ["article.analyzed"])
    assert bus.lag("indexer", ["article.analyzed"]) == 0
    bus.publish(messages("article.analyzed", 2))
    assert bus.lag("indexer", ["article.analyzed"]) == 2


def test_what_is_rolled_back_was_not_published_nor_committed(database: Database) -> None:
    bus = SqliteBus(database)
    bus.publish(messages("article.analyzed", 3))
    with suppress(KeyError), database.transaction():
        bus.commit("indexer", bus.read("indexer", ["article.analyzed"], 3))
        bus.publish(messages("incident.changed", 3))
        raise KeyError
    bus.rewind("indexer", ["article.analyzed"])
    assert len(bus.read("indexer", ["article.analyzed"], 3)) == 3
    assert bus.lag("alerter", ["incident.changed"]) == 0


def test_another_process_may_publish(database: Database, tmp_path: Path) -> None:
    bus = SqliteBus(database)
    with closing(Database(tmp_path)) as second:
        SqliteBus(second).publish(messages("article.analyzed", 2))
        bus.publish(messages("article.analyzed", 2))
        assert [record.offset for record in bus.read("indexer", ["article.analyzed"], 10)] == [1, 2, 3, 4]


def test_a_reader_of_a_data_folder_changes_nothing(database: Database, tmp_path: Path) -> None:
    SqliteBus(database).publish(messages("article.analyzed", 2))
    with closing(Database(tmp_path, read_only=True)) as reader:
        assert SqliteBus(reader).lag("indexer", ["article.analyzed"]) == 2


def test_a_read_ends_early_where_messages_are_large(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "MAX_READ_BYTES", 1000)
    bus = SqliteBus(database)
    bus.publish(messages("article.analyzed", 10, size=400))
    sizes = []
    while records := bus.read("indexer", ["article.analyzed"], 10):
        sizes.append(len(records))
    assert sum(sizes) == 10
    assert max(sizes) <= 3


def test_a_full_disk_is_something_to_wait_for(database: Database) -> None:
    bus = SqliteBus(database)
    [pages] = database.execute("PRAGMA page_count").fetchone()
    database.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(TransientError, match=f"{FILE}: database or disk is full"):
        bus.publish([Delivery("article.analyzed", "k", os.urandom(100_000), "x")])
    database.execute("PRAGMA max_page_count = 100000")
    assert bus.lag("indexer", ["article.analyzed"]) == 0
    bus.publish(messages("article.analyzed", 1))
    assert bus.lag("indexer", ["article.analyzed"]) == 1


@given(st.binary(max_size=2000))
@example(b'{"data":{"content":"QUJD","x":1}}')
@example(b'{"data":{"content":"QUJ","original":"QQ=="}}')
@example(b'{"content":"Q=UJ"}')
@example(b"x\x9c")
def test_any_bytes_are_unpacked_as_they_were_packed(value: bytes) -> None:
    assert unpack(*pack(value)) == value


@given(st.binary(min_size=1, max_size=500), st.binary(max_size=50), st.booleans())
def test_a_files_bytes_are_kept_without_base64(raw: bytes, more: bytes, padded: bool) -> None:
    text = urlsafe_b64encode(raw) if padded else urlsafe_b64encode(raw).rstrip(b"=")
    value = b'{"a":1,"content":"' + text + b'",' + more + b"}"
    codec, kept = pack(value)
    assert unpack(codec, kept) == value
    assert codec == (LIFTED if padded or len(raw) % 3 == 0 else DEFLATED)


def test_what_was_packed_long_ago_can_be_unpacked() -> None:
    assert inflate(bytes.fromhex(PACKED)) == b'{"path":"a.txt","state":"indexed"} Two soldiers were killed.'


def test_a_file_of_any_kind_takes_no_more_than_itself_on_disk() -> None:
    raw = os.urandom(30_000)
    _, kept = pack(b'{"content":"' + urlsafe_b64encode(raw) + b'"}')
    assert len(kept) < 30_200
    assert len(kept) < len(zlib.compress(b'{"content":"' + urlsafe_b64encode(raw) + b'"}'))
