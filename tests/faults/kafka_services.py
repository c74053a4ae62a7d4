"""Services on a real Kafka as processes of their own, and somebody who kills them and starts them again."""

import os
import random
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from shared.bus.connection import Connection
from shared.bus.kafka import KafkaBus
from shared.bus.topics import load_topics
from shared.errors import TransientError
from tests.e2e.road import Folders

ROOT = Path(__file__).parents[2]
STAGES = ("normalizer", "tagger", "detector", "linker", "indexer", "alerter")
STOPPING_SECONDS = 30.0
MOST_EXITS = 12
STOPPED = {0, -signal.SIGTERM}
"""Exit codes of who was told to stop; the latter was just being started."""


@dataclass(slots=True)
class Services:
    """Any number of workers a service, by the service's name; each has a name of its own for static membership."""

    folders: Folders
    connection: Connection
    stream_host: str = "faust"
    settings: Mapping[str, str] = field(default_factory=dict)
    running: dict[tuple[str, int], subprocess.Popen[bytes]] = field(default_factory=dict)
    exits: list[tuple[str, int]] = field(default_factory=list)
    away: list[tuple[str, int]] = field(default_factory=list)

    @property
    def place(self) -> Path:
        """The folder they are started in, and leave as it is."""
        return self.folders.data.parent / "started-in"

    def start(self, name: str, number: int = 0) -> None:
        """One worker; what it says goes to NAME-NUMBER.log beside the data folder."""
        environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "CLASHWATCH_INBOX": str(self.folders.inbox),
            "CLASHWATCH_DATA": str(self.folders.data),
            "CLASHWATCH_KAFKA": ",".join(self.connection.servers),
            "CLASHWATCH_KAFKA_PREFIX": self.connection.prefix,
            "CLASHWATCH_KAFKA_INSTANCE": str(number),
            "CLASHWATCH_STREAM_HOST": self.stream_host,
            **{f"CLASHWATCH_{name.upper()}": value for name, value in self.settings.items()},
        }
        self.place.mkdir(exist_ok=True)
        with self._log(name, number).open("ab") as log:
            self.running[name, number] = subprocess.Popen(
                [sys.executable, "-m", "services", "service", name],
                env=environment,
                cwd=self.place,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def start_all(self, workers: int) -> None:
        """So many of each stage, and the feeder."""
        for number in range(workers):
            for name in STAGES:
                self.start(name, number)
        self.start("feeder")

    def metrics(self, name: str, number: int = 0) -> Counter[str]:
        """What its /metrics says, over all labels; needs the setting `port`."""
        found = re.findall(r"health at (http://\S+/)", self._log(name, number).read_text())
        with urllib.request.urlopen(f"{found[-1]}metrics", timeout=10) as response:
            families = text_string_to_metric_families(response.read().decode())
            total: Counter[str] = Counter()
            for family in families:
                for sample in family.samples:
                    total[sample.name] += sample.value  # type: ignore[assignment]
        return total

    def _log(self, name: str, number: int) -> Path:
        return self.folders.data.parent / f"{name}-{number}.log"

    def kill_one(self, chance: random.Random) -> str:
        """SIGKILL for a worker, by chance; it is started again."""
        name, number = chance.choice([key for key in self.running if key[0] != "feeder"])
        process = self.running[name, number]
        process.kill()
        process.wait()
        self.start(name, number)
        return name

    def leave(self, chance: random.Random) -> None:
        """A worker of a stage that has others is told to stop, by chance."""
        name, number = chance.choice([key for key in self.running if key[0] in STAGES and key[1] > 0])
        process = self.running.pop((name, number))
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOPPING_SECONDS) in STOPPED
        self.away.append((name, number))

    def join(self) -> None:
        """Those that left come back."""
        while self.away:
            self.start(*self.away.pop())

    def supervise(self) -> None:
        """Starts again what has ended by itself."""
        for (name, number), process in list(self.running.items()):
            if process.poll() is not None:
                self.exits.append((name, process.returncode))
                assert len(self.exits) < MOST_EXITS, f"they end again and again: {self.exits}"
                self.start(name, number)

    def wait_until_done(self, articles: int, seconds: float, *, pause: float = 1.0) -> None:
        """Until so many articles are received and no group is behind; AssertionError after the time."""
        deadline = time.monotonic() + seconds
        calm = 0
        with closing(KafkaBus(self.connection)) as bus:
            while calm < 2:
                self.supervise()
                waiting = _waiting(bus, articles)
                calm = calm + 1 if waiting == 0 else 0
                assert time.monotonic() < deadline, f"{waiting} messages still wait; exits: {self.exits}"
                time.sleep(pause)

    def stop(self) -> list[int]:
        """SIGTERM for all; their exit codes."""
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOPPING_SECONDS
        codes = []
        for process in self.running.values():
            try:
                codes.append(process.wait(max(0.1, deadline - time.monotonic())))
            except subprocess.TimeoutExpired:
                process.kill()
                codes.append(process.wait())
        self.running.clear()
        return codes


def memory(pid: int) -> int:
    """Resident bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _waiting(bus: KafkaBus, articles: int) -> int:
    """Messages some group has not committed, and articles not received yet."""
    readers: dict[str, list[str]] = {}
    for name, topic in load_topics().items():
        for group in {*topic.consumers} & {*STAGES}:
            readers.setdefault(group, []).append(name)
    try:
        received = sum(end for _, end in bus.standing("normalizer", ["article.received"]).values())
        return max(0, articles - received) + sum(bus.lag(group, topics) for group, topics in readers.items())
    except TransientError:
        return -1
