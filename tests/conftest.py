"""Fixtures for tests of several folders."""

from tests.integration.elastic.server import elastic, names
from tests.integration.kafka_broker import broker, connection

__all__ = ["broker", "connection", "elastic", "names"]
