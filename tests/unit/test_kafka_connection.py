"""What gets one in to Kafka, and what is refused before anything is sent."""

from pathlib import Path
from typing import Any

import pytest

from shared.bus.connection import Connection, ConnectionRefused
from shared.settings import Settings


@pytest.mark.parametrize("server", ["127.0.0.1:9092", "localhost:9092", "[::1]:9092", "127.0.0.9:1, localhost:2"])
def test_plaintext_on_this_machine_is_allowed(server: str) -> None:
    connection = Connection.of(Settings(kafka=server))
    assert connection.protocol == "PLAINTEXT"
    assert connection.context() is None


@pytest.mark.parametrize("server", ["kafka:9092", "10.0.0.1:9092", "127.0.0.1:9092,kafka:9092", "localhost.evil.org:1"])
def test_plaintext_over_a_network_is_refused(server: str) -> None:
    with pytest.raises(ConnectionRefused, match="is not this machine"):
        Connection.of(Settings(kafka=server))
    assert Connection.of(Settings(kafka=server, kafka_allow_plaintext=True)).protocol == "PLAINTEXT"


@pytest.mark.parametrize(
    ("settings", "protocol"),
    [
        ({"kafka_tls": True}, "SSL"),
        ({"kafka_ca": Path("ca.pem")}, "SSL"),
        ({"kafka_user": "u", "kafka_password": "p"}, "SASL_SSL"),
    ],
)
def test_whoever_has_a_password_or_an_authority_uses_tls(settings: dict[str, Any], protocol: str) -> None:
    connection = Connection.of(Settings(kafka="kafka:9092", **settings))
    assert connection.protocol == protocol
    assert connection.tls


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "CLASHWATCH_KAFKA"),
        ({"kafka": "kafka"}, "'kafka' is not host:port"),
        ({"kafka": "127.0.0.1:9092", "kafka_user": "u"}, "go together"),
        ({"kafka": "127.0.0.1:9092", "kafka_password": "p"}, "go together"),
    ],
)
def test_settings_that_make_no_sense_are_named(settings: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConnectionRefused, match=expected):
        Connection.of(Settings(**settings))


def test_an_authority_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    for path in (tmp_path / "ca.pem", tmp_path / "missing.pem"):
        with pytest.raises(ConnectionRefused, match=str(path)):
            Connection.of(Settings(kafka="k:1", kafka_ca=path)).client()


def test_the_password_is_not_shown(tmp_path: Path) -> None:
    assert "hunter2" not in repr(Settings(kafka="k:1", kafka_user="u", kafka_password="hunter2"))
    assert "hunter2" not in repr(Connection.of(Settings(kafka="k:1", kafka_user="u", kafka_password="hunter2")))
