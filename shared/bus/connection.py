"""Where Kafka is and how to get in: addresses, TLS, SCRAM. Plaintext leaves this machine only when told to."""

import asyncio
import socket
import ssl
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaError, SaslAuthenticationFailed

from shared.settings import Settings

_PROBE_SECONDS = 5.0
MECHANISM = "SCRAM-SHA-512"


class ConnectionRefused(ValueError):
    """The settings do not get us in; `str(error)` says why, for whoever wrote them."""


@dataclass(frozen=True, slots=True)
class Connection:
    """`user` means SASL; `ca` is the authority's PEM file, None the system's. `prefix` stands before every topic
    and group, so that several installations can share a cluster."""

    servers: tuple[str, ...]
    tls: bool = False
    ca: Path | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    prefix: str = ""

    @classmethod
    def of(cls, settings: Settings) -> "Connection":
        """Raises ConnectionRefused for settings that contradict each other or would send plaintext over a network."""
        servers = tuple(part.strip() for part in (settings.kafka or "").split(",") if part.strip())
        if not servers:
            raise ConnectionRefused("setting kafka (CLASHWATCH_KAFKA) is not set: host:port of a broker")
        for server in servers:
            _split(server)
        password = settings.kafka_password.get_secret_value() if settings.kafka_password else None
        if bool(settings.kafka_user) != bool(password):
            raise ConnectionRefused("kafka_user and kafka_password go together: one of them is not set")
        tls = bool(settings.kafka_user or settings.kafka_ca or settings.kafka_tls)
        away = [server for server in servers if not _is_loopback(_split(server)[0])]
        if away and not tls and not settings.kafka_allow_plaintext:
            raise ConnectionRefused(
                f"{', '.join(away)} is not this machine, and nothing says how to encrypt: set kafka_user and"
                " kafka_password, kafka_ca or kafka_tls, or kafka_allow_plaintext=true"
            )
        return cls(servers, tls, settings.kafka_ca, settings.kafka_user, password, settings.kafka_prefix)

    @property
    def protocol(self) -> str:
        """Kafka's own word for it."""
        return ("SASL_" if self.user else "") + ("SSL" if self.tls else "PLAINTEXT")

    def context(self) -> ssl.SSLContext | None:
        """Verifies chain, host name and dates. ConnectionRefused when the authority's file cannot be read."""
        if not self.tls:
            return None
        try:
            return ssl.create_default_context(cafile=str(self.ca) if self.ca else None)
        except (OSError, ssl.SSLError) as error:
            raise ConnectionRefused(f"{self.ca} holds no certificate of an authority: {error}") from error

    def client(self) -> dict[str, Any]:
        """Arguments for every client of kafka-python."""
        arguments: dict[str, Any] = {
            "bootstrap_servers": list(self.servers),
            "security_protocol": self.protocol,
        }
        if self.tls:
            arguments["ssl_context"] = self.context()
        if self.user:
            arguments |= {
                "sasl_mechanism": MECHANISM,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password,
            }
        return arguments

    def probe(self) -> None:
        """One handshake with a broker, because the clients only say that none could be reached.

        Raises ConnectionRefused for a certificate that is not to be trusted or a password that is wrong, OSError
        when no broker answers. Not to be called in an event loop.
        """
        failure: OSError | None = None
        for server in self.servers:
            try:
                self._shake_hands(*_split(server))
            except ssl.SSLCertVerificationError as error:
                raise ConnectionRefused(
                    f"{server}: its certificate is not to be trusted: {error.verify_message}"
                    f" (authority: {self.ca or 'the system'})"
                ) from error
            except OSError as error:
                failure = OSError(error.errno, f"{server}: {error.strerror or error}")
            else:
                return
        if failure:
            raise failure

    def _shake_hands(self, host: str, port: int) -> None:
        with socket.create_connection((host, port), _PROBE_SECONDS) as plain:
            context = self.context()
            if context:
                context.wrap_socket(plain, server_hostname=host).close()
        if self.user:
            asyncio.run(self._log_in(host, port, context))

    async def _log_in(self, host: str, port: int, context: ssl.SSLContext | None) -> None:
        """By aiokafka: over TLS kafka-python 3.0 sees a refusal as a lost connection and goes on trying."""
        connection = AIOKafkaConnection(
            host,
            port,
            security_protocol=self.protocol,
            ssl_context=context,
            sasl_mechanism=MECHANISM,
            sasl_plain_username=self.user,
            sasl_plain_password=self.password,
            request_timeout_ms=int(_PROBE_SECONDS * 1000),
        )
        try:
            await connection.connect()
        except SaslAuthenticationFailed as error:
            raise ConnectionRefused(f"Kafka refuses user {self.user}: {error}") from error
        except KafkaError as error:
            raise ConnectionError(f"{type(error).__name__}: {error}") from error
        finally:
            await _closed(connection)


async def _closed(connection: AIOKafkaConnection) -> None:
    """TLS says goodbye, and the loop must not end before that."""
    if (ends := connection.close()) is not None:
        await asyncio.wait([ends], timeout=_PROBE_SECONDS)


def _split(server: str) -> tuple[str, int]:
    host, _, port = server.rpartition(":")
    if not host or not port.isdecimal():
        raise ConnectionRefused(f"kafka: {server!r} is not host:port")
    return host.strip("[]"), int(port)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
