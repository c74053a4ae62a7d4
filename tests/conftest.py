"""Fixtures for tests of several folders."""

import signal

from hypothesis import HealthCheck, settings

from tests.integration.elastic.server import elastic, names
from tests.integration.kafka_broker import broker, connection

__all__ = ["broker", "connection", "elastic", "names"]

# How fast the machine is fails no test, and the stores of a suite are the same for all its examples.
settings.register_profile("untimed", deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile("untimed")

# A shell that starts the tests in the background has them ignore it, and so would the programs they interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
