"""`make cluster` without its servers: every service is started, looked after, and ended; a second start says so."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest

from services.cli.service import NAMES
from shared.bus.connection import Connection
from tests.e2e.clashwatch import wait_for
from tests.integration.elastic.server import Names

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "deploy" / "local" / "cluster.py"


class LocalCluster:
    """The script with a folder of its own, and settings that name servers which are there already."""

    def __init__(self, directory: Path, **settings: str) -> None:
        self.directory = directory
        self._environment = {**os.environ, "CLASHWATCH_INBOX": str(directory.parent / "inbox"), **settings}

    def do(self, action: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, str(SCRIPT), action, "--dir", str(self.directory)]
        return subprocess.run(command, env=self._environment, capture_output=True, text=True, timeout=250, check=False)

    def pid(self, worker: str) -> int:
        return int((self.directory / "services" / f"{worker}.pid").read_text())

    def is_ready(self, worker: str) -> bool:
        port = (self.directory / "services" / f"{worker}.port").read_text().strip()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as response:
                return bool(response.status == 200)
        except OSError:
            return False


@pytest.fixture
def cluster(connection: Connection, names: Names, tmp_path: Path) -> Iterator[LocalCluster]:
    made = LocalCluster(
        tmp_path / "local",
        CLASHWATCH_KAFKA=connection.servers[0],
        CLASHWATCH_KAFKA_PREFIX=connection.prefix,
        CLASHWATCH_ELASTICSEARCH=names.url,
        CLASHWATCH_ELASTICSEARCH_PREFIX=names.prefix,
    )
    yield made
    made.do("wipe")


def count(names: Names, index: str) -> int:
    try:
        with urllib.request.urlopen(f"{names.url}/{names.prefix}{index}/_count", timeout=30) as response:
            return int(json.load(response)["count"])
    except HTTPError:
        return 0


@pytest.mark.real
def test_the_seeds_go_through_a_cluster_that_mends_itself(cluster: LocalCluster, names: Names) -> None:
    started = cluster.do("start")
    assert started.returncode == 0, started.stderr
    workers = [f"{name}-0" for name in NAMES if name != "webhook"]
    assert sorted(line.split()[0] for line in started.stdout.splitlines()) == sorted(workers)
    assert all(cluster.is_ready(worker) for worker in workers)
    wait_for(lambda: (count(names, "articles"), count(names, "incidents")) == (5, 3), "the seeds are through")

    again = cluster.do("start")
    assert again.returncode == 0
    assert "running already" in again.stdout
    pids = {worker: cluster.pid(worker) for worker in workers}

    os.kill(pids["tagger-0"], signal.SIGKILL)
    wait_for(lambda: cluster.pid("tagger-0") != pids["tagger-0"] and cluster.is_ready("tagger-0"), "it is back")
    pids["tagger-0"] = cluster.pid("tagger-0")

    assert cluster.do("stop").returncode == 0
    assert not [pid for pid in pids.values() if Path(f"/proc/{pid}").exists()]
    assert cluster.do("status").returncode == 3


def test_without_java_it_says_what_is_missing_and_leaves_nothing_behind(tmp_path: Path) -> None:
    for name in ("bash", "dirname", "grep", "sed", "tr"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    cluster = LocalCluster(tmp_path / "local", PATH=str(tmp_path), ELASTICSEARCH_CACHE=str(tmp_path / "cache"))
    done = cluster.do("start")
    assert done.returncode == 1
    assert "java is not here: this needs Java 17 or newer" in done.stderr
    assert "kafka and elasticsearch could not be started" in done.stderr
    assert cluster.do("status").returncode == 3
