"""Fixtures for tests of several folders."""

import signal

from tests.integration.elastic.server import elastic, names
from tests.integration.kafka_broker import broker, connection

__all__ = ["broker", "connection", "elastic", "names"]

# A shell that starts the tests in the background has them ignore it, and so would the programs they interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
