"""A real broker for tests, started by the project's own script; without Java a test says loudly that it did not run."""

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.bus.connection import Connection

SCRIPT = Path(__file__).parents[2] / "deploy" / "local" / "kafka" / "broker.py"


@dataclass(frozen=True, slots=True)
class LocalBroker:
    """A broker in a folder of its own."""

    directory: Path

    def do(self, action: str, *options: str) -> str:
        """`start`, `stop`, `kill`, `wipe` ...; what the script says."""
        command = [sys.executable, str(SCRIPT), action, "--dir", str(self.directory), *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    @property
    def address(self) -> str:
        return (self.directory / "address").read_text().strip()


def skip_without_java() -> None:
    """Not in CI: there a machine with Java has to run these."""
    missing = [name for name in ("java", "mvn") if shutil.which(name) is None]
    if not missing:
        return
    reason = f"NOT RUN against a real Kafka: {' and '.join(missing)} not installed"
    sys.stderr.write(f"\n*** {reason} ***\n")
    if os.environ.get("CI") == "true" and shutil.which("java"):
        pytest.fail(reason)
    pytest.skip(reason)


_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBroker]:
    """One for all tests of a run; it ends with it."""
    skip_without_java()
    broker = LocalBroker(tmp_path_factory.mktemp("kafka"))
    try:
        broker.do("start", "--secure")
        yield broker
    finally:
        broker.do("wipe")


@pytest.fixture
def connection(broker: LocalBroker) -> Connection:
    """Each test has topics and groups of its own, by a prefix."""
    return Connection((broker.address,), prefix=f"t{os.getpid()}-{next(_NUMBERS)}.")
