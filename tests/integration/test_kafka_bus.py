"""Kafka's bus does what any bus has to do, on a real broker."""

from collections.abc import Callable, Iterator

import pytest

from shared.bus.connection import Connection
from shared.bus.kafka import KafkaBus
from shared.bus.kafka_topics import create_topics
from shared.bus.topics import load_topics
from tests.contract.bus_suite import BusSuite

pytestmark = pytest.mark.real


class TestKafkaBus(BusSuite):
    @pytest.fixture
    def bus(self, connection: Connection) -> Iterator[KafkaBus]:
        create_topics(connection, load_topics())
        bus = KafkaBus(connection)
        yield bus
        bus.close()

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
