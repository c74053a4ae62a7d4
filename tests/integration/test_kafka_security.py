"""TLS and SCRAM against a real broker: the right key opens, and each wrong one is named."""

import importlib.util
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from services.cluster import run_service
from shared.bus.connection import Connection, ConnectionRefused
from shared.bus.kafka import KafkaBus
from shared.bus.kafka_topics import create_topics
from shared.bus.topics import load_topics
from shared.settings import Settings
from tests.bench.articles import article
from tests.contract.bus_suite import messages, take, values
from tests.e2e.road import Folders
from tests.faults.kafka_services import Services
from tests.integration.kafka_broker import SCRIPT, LocalBroker

pytestmark = pytest.mark.real


def authority(directory: Path, **options: Any) -> Path:
    """Certificates as the broker's script makes them."""
    spec = importlib.util.spec_from_file_location("broker_script", SCRIPT)
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    made: Path = script.make_certificates(directory, **options)
    return made


@pytest.fixture
def secure(broker: LocalBroker, connection: Connection) -> dict[str, str]:
    """The settings that let one in."""
    return {
        "kafka": (broker.directory / "secure-address").read_text().strip(),
        "kafka_user": "clashwatch",
        "kafka_password": (broker.directory / "password").read_text(),
        "kafka_ca": str(broker.directory / "tls" / "ca.pem"),
        "kafka_prefix": connection.prefix,
    }


def test_with_the_right_password_messages_go_both_ways(secure: dict[str, str]) -> None:
    connection = Connection.of(Settings(**secure))
    assert connection.protocol == "SASL_SSL"
    connection.probe()
    create_topics(connection, load_topics())
    with closing(KafkaBus(connection)) as bus:
        bus.publish(messages("article.received", "a", "b"))
        assert values(take(bus, "normalizer", ["article.received"], 2)) == ["a", "b"]


def test_a_wrong_password_is_refused_and_named(secure: dict[str, str]) -> None:
    with pytest.raises(ConnectionRefused, match="Kafka refuses user clashwatch"):
        run_service("alerter", Settings(**secure | {"kafka_password": "wrong"}))


def test_a_wrong_authority_is_refused_and_named(secure: dict[str, str], tmp_path: Path) -> None:
    other = authority(tmp_path) / "ca.pem"
    with pytest.raises(
        ConnectionRefused, match=r"not to be trusted: .*(self-signed|unable to get local issuer|signature)"
    ):
        run_service("alerter", Settings(**secure | {"kafka_ca": str(other)}))


def test_an_expired_certificate_is_refused_and_named(tmp_path: Path) -> None:
    made = authority(tmp_path, days=-1)
    with listening(made) as address, pytest.raises(ConnectionRefused, match="certificate has expired"):
        Connection.of(Settings(kafka=address, kafka_ca=made / "ca.pem")).probe()


def test_a_faust_worker_comes_in_by_tls_and_scram(secure: dict[str, str], tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text(secure.pop("kafka_password"))
    folders = Folders.under(tmp_path / "kafka")
    (folders.inbox / "one.txt").write_text(article(0))
    settings = secure | {"kafka_password_file": str(password)}
    right = Connection.of(Settings(**secure, kafka_password=password.read_text()))
    services = Services(folders, right, settings=settings)
    try:
        for name in ("feeder", "normalizer"):
            services.start(name)
        create_topics(right, load_topics())
        with closing(KafkaBus(right)) as bus:
            assert len(take(bus, "tagger", ["article.normalized"], 1)) == 1
    finally:
        services.stop()
    assert list(services.place.iterdir()) == []
    assert (folders.data / "faust").is_dir()


@contextmanager
def listening(certificates: Path) -> Iterator[str]:
    """Somebody who shows the certificate, once, and says no more."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "broker.pem")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            client, _ = server.accept()
            with client, pytest.raises(ssl.SSLError):
                context.wrap_socket(client, server_side=True)

        thread = Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join()
