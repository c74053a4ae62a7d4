#!/usr/bin/env python3
"""Apache Kafka on this machine, without Docker: one KRaft broker on 127.0.0.1.

    broker.py start [--secure]   starts it (or finds it running), waits until it answers, prints HOST:PORT
    broker.py wait|status        waits for it | says whether it runs (exit code 3: it does not)
    broker.py stop|kill|wipe     ends it | ends it with SIGKILL | ends it and removes what it keeps

Needs Java 17 or newer and, the first time, Maven and Maven Central. The port is a free one unless --port says
otherwise, and stays the same as long as the folder (--dir) does. With --secure clients can also come in by
SASL_SSL/SCRAM-SHA-512: at the address in DIR/secure-address, as user `clashwatch` with the password in
DIR/password; the authority of its certificate is DIR/tls/ca.pem.
"""

import argparse
import os
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path

HERE = Path(__file__).parent
BUILD = HERE.parents[2] / "build" / "local"
HOST = "127.0.0.1"
USER = "clashwatch"
SECONDS = 90.0
NOT_RUNNING, CANNOT = 3, 1
JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Djava.awt.headless=true")
API_VERSIONS, METADATA = 18, 3


class CannotError(Exception):
    """`str(error)` says what is missing or went wrong."""


class Broker:
    """The broker of one folder: its files, its process."""

    def __init__(self, directory: Path, jars: Path, heap: str) -> None:
        self.directory = directory
        self._jars = jars
        self._heap = heap
        self._pid_file = directory / "pid"
        self._properties = directory / "server.properties"

    @property
    def pid(self) -> int | None:
        """The process, if it runs; a file left by one that died says nothing."""
        try:
            pid = int(self._pid_file.read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if str(self._properties).encode() in command else None

    @property
    def address(self) -> str:
        """HOST:PORT. CannotError before the first start."""
        try:
            return (self.directory / "address").read_text().strip()
        except OSError as error:
            raise CannotError(f"{self.directory}: there is no broker here; start one first") from error

    def start(self, port: int, secure: bool, seconds: float) -> None:
        """Returns once it answers."""
        if self.pid is None:
            java = _program("java", "Java 17 or newer (Debian: apt-get install default-jre-headless)")
            self._fetch_jars()
            if not (self.directory / "data" / "meta.properties").exists():
                self._prepare(java, port, secure)
            self._launch(java)
        self.wait(seconds)

    def wait(self, seconds: float) -> None:
        """Until it answers a request for metadata."""
        host, port = self.address.split(":")
        deadline = time.monotonic() + seconds
        while not _answers(host, int(port)):
            if self.pid is None:
                raise CannotError(f"the broker ended; the end of {self.directory / 'server.log'}:\n{self._log_end()}")
            if time.monotonic() > deadline:
                raise CannotError(f"the broker does not answer at {self.address} after {seconds:.0f} s")
            time.sleep(0.05)

    def end(self, number: signal.Signals) -> None:
        """Returns once the process is gone; after 15 s by force."""
        pid = self.pid
        if pid is None:
            return
        os.kill(pid, number)
        deadline = time.monotonic() + 15
        while self.pid is not None:
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
        self._pid_file.unlink(missing_ok=True)

    def wipe(self) -> None:
        """Ends it and removes its folder."""
        self.end(signal.SIGKILL)
        shutil.rmtree(self.directory, ignore_errors=True)

    def _fetch_jars(self) -> None:
        if list(self._jars.glob("kafka_2.13-*.jar")):
            return
        maven = _program("mvn", "Maven (Debian: apt-get install maven), once, to fetch Kafka from Maven Central")
        fresh = self._jars.with_name(f"{self._jars.name}.{os.getpid()}")
        options = ["-q", "-B", "-f", str(HERE / "pom.xml"), f"-DoutputDirectory={fresh}"]
        _run([maven, *options, "dependency:copy-dependencies"], "Kafka cannot be fetched from Maven Central")
        try:
            fresh.rename(self._jars)
        except OSError:  # somebody else was first
            shutil.rmtree(fresh)

    def _prepare(self, java: str, port: int, secure: bool) -> None:
        """Settings, certificates, and the storage formatted with the cluster's id and the user."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o700)
        port, controller = port or _free_port(), _free_port()
        listeners = [f"PLAINTEXT://{HOST}:{port}"]
        lines = (HERE / "broker.properties").read_text().splitlines()
        lines += [f"log.dirs={self.directory / 'data'}", f"controller.quorum.voters=1@{HOST}:{controller}"]
        user: list[str] = []
        if secure:
            password = secrets.token_urlsafe(24)
            _write_secret(self.directory / "password", password)
            lines += _secured(make_certificates(self.directory / "tls"), password)
            user = ["--add-scram", f"SCRAM-SHA-512=[name={USER},password={password}]"]
            listeners.append(f"SASL_SSL://{HOST}:{_free_port()}")
            (self.directory / "secure-address").write_text(listeners[-1].removeprefix("SASL_SSL://") + "\n")
        lines += [
            f"advertised.listeners={','.join(listeners)}",
            f"listeners={','.join([*listeners, f'CONTROLLER://{HOST}:{controller}'])}",
            "inter.broker.listener.name=PLAINTEXT",
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT",
        ]
        _write_secret(self._properties, "\n".join(lines) + "\n")
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(self._properties), *user]
        _run([*self._java(java, "128m"), *tool], "the storage cannot be formatted")
        (self.directory / "address").write_text(f"{HOST}:{port}\n")

    def _launch(self, java: str) -> None:
        with (self.directory / "server.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own command
                [*self._java(java, self._heap), "kafka.Kafka", str(self._properties)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._pid_file.write_text(f"{process.pid}\n")
        # The launcher replaces itself: for a moment its command line is empty.
        while self.pid is None and process.poll() is None:
            time.sleep(0.01)

    def _java(self, java: str, heap: str) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}"
        return [java, f"-Xmx{heap}", *JVM, logging, "-cp", f"{self._jars}/*"]

    def _log_end(self) -> str:
        try:
            return "\n".join((self.directory / "server.log").read_text(errors="replace").splitlines()[-20:])
        except OSError:
            return "(no log)"


def make_certificates(directory: Path, *, days: int = 365) -> Path:
    """An authority of its own (`ca.pem`) and a certificate of it for 127.0.0.1 and localhost; gives the folder.

    A negative number of days makes a certificate that has expired.
    """
    openssl = _program("openssl", "openssl, to make the certificates")
    directory.mkdir(parents=True, exist_ok=True)
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    _run(
        [openssl, "req", "-x509", *curve, "-days", "3650", "-subj", "/CN=clashwatch local authority",
         "-keyout", str(directory / "ca.key"), "-out", str(directory / "ca.pem")],
        "no authority",
    )  # fmt: skip
    _run(
        [openssl, "req", "-new", *curve, "-subj", "/CN=localhost",
         "-keyout", str(directory / "broker.key"), "-out", str(directory / "broker.csr")],
        "no certificate request",
    )  # fmt: skip
    (directory / "names").write_text(f"subjectAltName=IP:{HOST},DNS:localhost\n")
    _run(
        [openssl, "x509", "-req", "-in", str(directory / "broker.csr"), "-CA", str(directory / "ca.pem"),
         "-CAkey", str(directory / "ca.key"), "-CAcreateserial", "-days", str(days),
         "-extfile", str(directory / "names"), "-out", str(directory / "broker.crt")],
        "no certificate",
    )  # fmt: skip
    # One file with key and certificate is what Kafka reads as a PEM keystore.
    keystore = (directory / "broker.key").read_text() + (directory / "broker.crt").read_text()
    _write_secret(directory / "broker.pem", keystore)
    return directory


def _secured(certificates: Path, password: str) -> list[str]:
    module = "org.apache.kafka.common.security.scram.ScramLoginModule"
    return [
        "ssl.keystore.type=PEM",
        f"ssl.keystore.location={certificates / 'broker.pem'}",
        "ssl.truststore.type=PEM",
        f"ssl.truststore.location={certificates / 'ca.pem'}",
        "sasl.enabled.mechanisms=SCRAM-SHA-512",
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config="
        f'{module} required username="{USER}" password="{password}";',
    ]


def _write_secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def _program(name: str, what: str) -> str:
    found = shutil.which(os.environ.get(name.upper(), name))
    if found is None:
        raise CannotError(f"{name} is not here: this needs {what}")
    return found


def _run(command: list[str], what: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own commands
        command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode:
        raise CannotError(f"{what}: {(done.stderr + done.stdout).strip()[-2000:]}")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])


def _answers(host: str, port: int) -> bool:
    """Whether it knows of a broker that is alive: itself."""
    try:
        _request(host, port, API_VERSIONS, 0)
        answer = _request(host, port, METADATA, 1, struct.pack(">i", 0))
        return int(struct.unpack(">i", answer[:4])[0]) >= 1
    except (OSError, struct.error):
        return False


def _request(host: str, port: int, api: int, version: int, body: bytes = b"") -> bytes:
    head = struct.pack(">hhih", api, version, 7, 2) + b"cw"
    with socket.create_connection((host, port), 1) as connection:
        connection.sendall(struct.pack(">i", len(head) + len(body)) + head + body)
        stream = connection.makefile("rb")
        return stream.read(struct.unpack(">i", stream.read(4))[0])[4:]


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(description="A Kafka broker on this machine.")
    parser.add_argument("action", choices=["start", "wait", "status", "stop", "kill", "wipe"])
    parser.add_argument("--dir", type=Path, default=BUILD / "kafka", help="where it keeps all")
    parser.add_argument("--jars", type=Path, default=BUILD / "kafka-jars", help="where its jars are, or will be")
    parser.add_argument("--port", type=int, default=0, help="0 (as without): a free one")
    parser.add_argument("--secure", action="store_true", help="also SASL_SSL with SCRAM-SHA-512")
    parser.add_argument("--heap", default="512m")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long to wait for it")
    given = parser.parse_args()
    given.jars.parent.mkdir(parents=True, exist_ok=True)
    broker = Broker(given.dir.absolute(), given.jars.absolute(), given.heap)
    try:
        return _act(broker, given)
    except CannotError as error:
        sys.stderr.write(f"kafka: {error}\n")
        return CANNOT


def _act(broker: Broker, given: argparse.Namespace) -> int:
    if given.action == "start":
        broker.start(given.port, given.secure, given.seconds)
    elif given.action == "wait":
        broker.wait(given.seconds)
    elif given.action == "stop":
        broker.end(signal.SIGTERM)
    elif given.action == "kill":
        broker.end(signal.SIGKILL)
    elif given.action == "wipe":
        broker.wipe()
    elif broker.pid is None:
        return NOT_RUNNING
    if given.action in ("start", "wait", "status"):
        sys.stdout.write(f"{broker.address}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
