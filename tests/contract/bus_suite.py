"""What any bus has to do. A backend's tests inherit BusSuite and give the two fixtures."""

import time
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.bus.port import Bus, Record
from shared.stage import Delivery

KEPT = "article.received"
PASSING = "article.analyzed"
SHARED = "incident.changed"
SECONDS = 30.0


def messages(topic: str, *values: str, key: str = "k") -> list[Delivery]:
    return [Delivery(topic, key, value.encode(), f"id-{value}") for value in values]


def take(bus: Bus, group: str, topics: Sequence[str], count: int, limit: int = 100) -> list[Record]:
    """Reads until `count` records are there; a broker may need a moment."""
    records: list[Record] = []
    deadline = time.monotonic() + SECONDS
    while len(records) < count and time.monotonic() < deadline:
        records += bus.read(group, topics, limit)
    return records


def values(records: Sequence[Record]) -> list[str]:
    return [record.value.decode() for record in records]


class BusSuite:
    @pytest.fixture
    def bus(self) -> Bus:
        raise NotImplementedError

    @pytest.fixture
    def restarted(self) -> Callable[[], Bus]:
        """Another bus on the same log, as after a restart."""
        raise NotImplementedError

    def test_messages_of_a_key_are_read_in_order(self, bus: Bus) -> None:
        bus.publish(messages(PASSING, "1", "2") + messages(PASSING, "3"))
        bus.publish(messages(PASSING, "4"))
        records = take(bus, "indexer", [PASSING], 4)
        assert values(records) == ["1", "2", "3", "4"]
        assert [record.key for record in records] == ["k"] * 4
        offsets = [record.offset for record in records]
        assert offsets == sorted(set(offsets))

    def test_each_key_keeps_its_order(self, bus: Bus) -> None:
        bus.publish([Delivery(KEPT, f"k{i % 7}", f"{i}".encode(), f"{i}") for i in range(100)])
        records = take(bus, "normalizer", [KEPT], 100, limit=9)
        for key in range(7):
            assert [int(r.value) for r in records if r.key == f"k{key}"] == list(range(key, 100, 7))

    def test_a_read_goes_on_where_the_last_one_ended(self, bus: Bus) -> None:
        bus.publish(messages(PASSING, *"abcde"))
        assert values(take(bus, "indexer", [PASSING], 2, limit=2)) == ["a", "b"]
        assert values(take(bus, "indexer", [PASSING], 3, limit=3)) == ["c", "d", "e"]
        assert bus.read("indexer", [PASSING], 10) == []

    def test_a_read_gives_no_more_than_asked(self, bus: Bus) -> None:
        bus.publish(messages(PASSING, *"abcde") + messages(SHARED, *"fgh"))
        assert 1 <= len(bus.read("indexer", [PASSING, SHARED], 4) or take(bus, "indexer", [PASSING], 1, 4)) <= 4

    def test_after_a_restart_what_was_not_committed_comes_again(self, bus: Bus, restarted: Callable[[], Bus]) -> None:
        bus.publish(messages(PASSING, *"abcd"))
        records = take(bus, "indexer", [PASSING], 4)
        bus.commit("indexer", records[:2])
        assert values(take(restarted(), "indexer", [PASSING], 2)) == ["c", "d"]

    def test_rewinding_reads_what_was_not_committed_again(self, bus: Bus) -> None:
        bus.publish(messages(PASSING, *"abc"))
        records = take(bus, "indexer", [PASSING], 3)
        bus.commit("indexer", records[:1])
        bus.rewind("indexer", [PASSING])
        assert values(take(bus, "indexer", [PASSING], 2)) == ["b", "c"]

    def test_groups_read_for_themselves(self, bus: Bus) -> None:
        bus.publish(messages(SHARED, "a", "b"))
        bus.commit("indexer", take(bus, "indexer", [SHARED], 2))
        assert values(take(bus, "alerter", [SHARED], 2)) == ["a", "b"]

    def test_a_group_that_starts_late_misses_nothing(self, bus: Bus, restarted: Callable[[], Bus]) -> None:
        for value in "abc":
            bus.publish(messages(SHARED, value))
            bus.commit("indexer", take(bus, "indexer", [SHARED], 1))
        assert values(take(restarted(), "alerter", [SHARED], 3)) == ["a", "b", "c"]

    def test_replay_reads_a_kept_topic_from_its_start(self, bus: Bus) -> None:
        bus.publish(messages(KEPT, *"abc"))
        bus.commit("normalizer", take(bus, "normalizer", [KEPT], 3))
        bus.seek_to_start("normalizer", [KEPT])
        assert values(take(bus, "normalizer", [KEPT], 3)) == ["a", "b", "c"]

    def test_replay_outlives_a_restart(self, bus: Bus, restarted: Callable[[], Bus]) -> None:
        bus.publish(messages(KEPT, *"abc"))
        bus.commit("normalizer", take(bus, "normalizer", [KEPT], 3))
        bus.seek_to_start("normalizer", [KEPT])
        assert values(take(restarted(), "normalizer", [KEPT], 3)) == ["a", "b", "c"]

    def test_lag_counts_what_is_not_committed(self, bus: Bus) -> None:
        assert bus.lag("indexer", [PASSING, SHARED]) == 0
        bus.publish(messages(PASSING, *"abc") + messages(SHARED, "d"))
        assert bus.lag("indexer", [PASSING, SHARED]) == 4
        records = take(bus, "indexer", [PASSING], 3)
        assert bus.lag("indexer", [PASSING, SHARED]) == 4
        bus.commit("indexer", records[:2])
        assert bus.lag("indexer", [PASSING, SHARED]) == 2
        bus.commit("indexer", records[2:])
        assert bus.lag("indexer", [PASSING]) == 0

    def test_committing_something_older_moves_nothing_back(self, bus: Bus) -> None:
        bus.publish(messages(PASSING, *"abc"))
        records = take(bus, "indexer", [PASSING], 3)
        bus.commit("indexer", records)
        bus.commit("indexer", records[:1])
        assert bus.lag("indexer", [PASSING]) == 0

    def test_several_topics_all_get_their_turn(self, bus: Bus) -> None:
        bus.publish(messages(PASSING, *map(str, range(50))) + messages(SHARED, "x"))
        seen = take(bus, "indexer", [PASSING, SHARED], 51, limit=5)
        assert sorted(values(seen)) == sorted([*map(str, range(50)), "x"])
        assert values(seen).index("x") < 50

    def test_a_topic_nobody_described_is_refused(self, bus: Bus) -> None:
        with pytest.raises(ValueError, match="no such topic"):
            bus.publish(messages("article.recieved", "a"))

    @settings(max_examples=25)
    @given(st.lists(st.tuples(st.text(max_size=20), st.binary(max_size=300)), min_size=1, max_size=5))
    def test_any_bytes_come_back_as_they_were(self, bus: Bus, pairs: list[tuple[str, bytes]]) -> None:
        pairs = [(key.encode("utf-8", "ignore").decode(), value) for key, value in pairs]
        bus.publish([Delivery(KEPT, key, value, "x") for key, value in pairs])
        records = take(bus, "normalizer", [KEPT], len(pairs))
        bus.commit("normalizer", records)
        assert sorted((record.key, record.value) for record in records) == sorted(pairs)
