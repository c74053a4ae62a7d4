"""Kafka's bus does what any bus has to do, on a real broker."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from shared.bus.connection import Connection
from shared.bus.kafka import KafkaBus
from shared.bus.kafka_topics import create_topics
from shared.bus.topics import load_topics
from shared.stage import Delivery
from tests.contract.bus_suite import BusSuite

pytestmark = pytest.mark.real
TOPIC = "article.normalized"


def read_all(bus: KafkaBus, group: str, most: int) -> int:
    """How many there are until nothing comes for some seconds."""
    seen: set[tuple[int, int]] = set()
    quiet = 0
    while len(seen) < most and quiet < 50:
        records = bus.read(group, [TOPIC], 256)
        quiet = 0 if records else quiet + 1
        seen |= {(record.partition, record.offset) for record in records}
    return len(seen)


class TestKafkaBus(BusSuite):
    @pytest.fixture
    def bus(self, connection: Connection) -> Iterator[KafkaBus]:
        create_topics(connection, load_topics())
        bus = KafkaBus(connection)
        yield bus
        bus.close()

    def test_a_backlog_of_several_partitions_is_read_to_its_end(self, bus: KafkaBus, connection: Connection) -> None:
        """More than is read at once waits in the consumer, which is paused and goes on, and joins anew while it does:
        its topics become known after it has joined."""
        bus.publish([Delivery(TOPIC, f"k{i}", b"x" * 3000, str(i)) for i in range(9000)])
        for number in range(4):
            with closing(KafkaBus(connection)) as fresh:
                assert read_all(fresh, f"reader {number}", 9000) == 9000

    @pytest.fixture
    def restarted(self, connection: Connection, bus: KafkaBus) -> Iterator[Callable[[], KafkaBus]]:
        made: list[KafkaBus] = []

        def restart() -> KafkaBus:
            bus.close()
            made.append(KafkaBus(connection))
            return made[-1]

        yield restart
        for one in made:
            one.close()
