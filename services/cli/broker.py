"""The way to Kafka for a command, with what is wrong said as a person can put it right."""

from typing import TYPE_CHECKING

from services.cli.options import UsageError, need_packages
from shared.errors import TransientError
from shared.settings import Settings

if TYPE_CHECKING:
    from shared.bus.connection import Connection


def reached(settings: Settings) -> "Connection":
    """A broker has answered. Raises UsageError for settings that do not get us in, TransientError when none answers."""
    need_packages("Kafka", "kafka", "aiokafka", "google_crc32c")
    from shared.bus.connection import Connection, ConnectionRefused

    try:
        connection = Connection.of(settings)
        connection.probe()
    except ConnectionRefused as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        raise TransientError(f"no Kafka broker answers: {error.strerror}") from error
    return connection
