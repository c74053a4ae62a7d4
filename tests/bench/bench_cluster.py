"""`make bench-cluster`: the articles of `make bench` through real Kafka and Elasticsearch, beside the embedded run.

One worker a stage; broker and server share the cores with them. Rates are by the clock, costs are processor time.
"""

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from elasticsearch import Elasticsearch

from services.cluster import PURE
from shared.bus.connection import Connection
from tests.bench import runs
from tests.bench.stages import each_stage
from tests.e2e.road import Folders
from tests.faults.kafka_services import STAGES, Services, memory
from tests.integration.elastic.server import LocalServer
from tests.integration.kafka_broker import LocalBroker

AIM_RATE, AIM_SECONDS = 250, 2.0
WARM = 1500
"""Articles worked off before anything is measured: a JVM is slow until it has compiled what it does."""
HOSTS = ("faust", "kafka-python")
ALL = (*STAGES, "channels", "feeder")
_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE = 600.0
_LOOK_SECONDS = 0.02


class Cost(NamedTuple):
    """Of one process while it worked: processor seconds, messages it dealt with."""

    seconds: float
    messages: float


@dataclass(slots=True)
class Cluster:
    """Broker, server and services in one folder."""

    folder: Path
    broker: LocalBroker
    server: LocalServer
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1000)))

    @contextmanager
    def services(self, host: str) -> Iterator[Services]:
        """All services, warm and at rest, with topics and indexes of their own."""
        number = next(self.numbers)
        folders = Folders.under(self.folder / f"run {number}")
        connection = Connection((self.broker.address,), prefix=f"run{number}.")
        search = {"elasticsearch": self.server.url, "elasticsearch_prefix": f"run{number}-"}
        alerts = {"alerts_file": str(folders.data.parent / "alerts.jsonl"), "port": "0"}
        services = Services(folders, connection, host, search | alerts)
        try:
            for name in ALL:
                services.start(name)
            runs.fill(folders.inbox, WARM, first=10_000_000)
            services.wait_until_done(WARM, _PATIENCE, pause=0.5)
            yield services
        finally:
            services.stop()

    def processes(self, services: Services) -> dict[str, int]:
        """Process ids by name."""
        servers = {"Kafka": self.broker.directory / "pid", "Elasticsearch": self.server.home / "pid"}
        found = {name: process.pid for (name, _), process in services.running.items()}
        return found | {name: int(path.read_text()) for name, path in servers.items()}


def main() -> None:
    """Prints as it goes."""
    options = _options()
    load = os.getloadavg()[0]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f} before the start")
    if load > 0.5:
        print("The machine is not idle: all that is by the clock is worse than it would be.")
    with tempfile.TemporaryDirectory(prefix="clashwatch-bench-") as name, _cluster(Path(name)) as cluster:
        _embedded(Path(name) / "embedded", options.articles, options.seconds)
        alone = _alone(Path(name) / "alone", options.articles)
        for host in options.hosts.split(","):
            rate = _throughput(cluster, host, options.articles, alone)
            _latency(cluster, host, min(rate, AIM_RATE) / 2, options.seconds)


def _options() -> Any:
    parser = argparse.ArgumentParser(prog="make bench-cluster", description=__doc__)
    parser.add_argument("--articles", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=30, help="how long to drop articles at half load")
    parser.add_argument("--hosts", default=",".join(HOSTS), help="what runs normalizer, tagger, detector and linker")
    return parser.parse_args()


@contextmanager
def _cluster(folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(folder, LocalBroker(folder / "kafka"), LocalServer(folder / "elasticsearch"))
    try:
        cluster.broker.do("start")
        cluster.server.do("start")
        yield cluster
    finally:
        cluster.server.do("wipe")
        cluster.broker.do("wipe")


def _embedded(folder: Path, articles: int, seconds: float) -> None:
    cores = os.cpu_count() or 1
    rate = articles / runs.drain(folder / "drain", articles, cores).wall
    found = runs.latency(folder / "latency", min(rate, AIM_RATE) / 2, seconds, cores)
    print(f"\nEmbedded: {rate:.0f} articles a second by the clock")
    _print_latency(found)


def _alone(folder: Path, articles: int) -> dict[str, float]:
    """Processor seconds a message of the stages that are the same on any host."""
    folders = Folders.under(folder)
    runs.fill(folders.inbox, articles)
    return {one.stage: one.seconds / one.messages for one in each_stage(folders.settings()) if one.stage in PURE}


def _throughput(cluster: Cluster, host: str, articles: int, alone: Mapping[str, float]) -> float:
    with cluster.services(host) as services:
        processes = cluster.processes(services)
        ready = services.folders.data.parent / "ready"
        ready.mkdir()
        runs.fill(ready, articles)
        before = {name: _spent(name, pid, services) for name, pid in processes.items()}
        began = time.monotonic()
        for path in ready.iterdir():
            path.rename(services.folders.inbox / path.name)
        services.wait_until_done(articles + WARM, _PATIENCE, pause=0.1)
        wall = time.monotonic() - began
        spent = {name: _less(_spent(name, pid, services), before[name]) for name, pid in processes.items()}
        sizes = {name: memory(pid) / runs.MIB for name, pid in processes.items()}
    rate = articles / wall
    aim = "reached" if rate >= AIM_RATE else "not reached"
    print(f"\n{host}: {rate:.0f} articles a second by the clock; aim {AIM_RATE}: {aim}")
    _print_costs(spent, sizes, articles, wall)
    _print_host(host, spent, alone)
    return rate


def _print_costs(spent: Mapping[str, Cost], sizes: Mapping[str, float], articles: int, wall: float) -> None:
    print("                 ms an article   us a message   of one core   MB")
    for name, cost in spent.items():
        each = f"{1e6 * cost.seconds / cost.messages:15.0f}" if cost.messages else " " * 15
        print(f"  {name:<14}{1000 * cost.seconds / articles:14.2f}{each}{cost.seconds / wall:14.0%}{sizes[name]:5.0f}")
    total = sum(cost.seconds for cost in spent.values())
    cores = os.cpu_count() or 1
    most = max(spent, key=spent.__getitem__)
    print(
        f"  all           {1000 * total / articles:14.2f}   {total / wall / cores:.0%} of {cores} cores; most: {most}"
    )


def _print_host(host: str, spent: Mapping[str, Cost], alone: Mapping[str, float]) -> None:
    whole = sum(spent[name].seconds for name in alone)
    own = whole - sum(spent[name].messages * seconds for name, seconds in alone.items())
    messages = sum(spent[name].messages for name in alone)
    print(f"  {host} itself: {1e6 * own / messages:.0f} us a message, over {', '.join(alone)}")


def _latency(cluster: Cluster, host: str, rate: float, seconds: float) -> None:
    with cluster.services(host) as services, Elasticsearch(cluster.server.url) as client:
        found = _drop(services, client, rate, seconds)
    print(f"  from the drop, at {rate:.0f} articles a second:")
    _print_latency(found)


def _print_latency(found: runs.Latency) -> None:
    for name, values in (("searchable", found.searchable), ("alert", found.alerted)):
        middle, late = runs.percentiles(values)
        print(f"    to {name:<12} p50 {1000 * middle:6.0f} ms  p99 {1000 * late:6.0f} ms  of {len(values)}")


def _drop(services: Services, client: Elasticsearch, rate: float, seconds: float) -> runs.Latency:
    """As `runs.latency` does, in the cluster."""
    index = f"{services.settings['elasticsearch_prefix']}articles"
    alerts = Path(services.settings["alerts_file"])
    watch = runs.Watch()
    looks = _look(client, index, alerts, watch)
    began = time.monotonic()
    for number in range(round(rate * seconds)):
        while time.monotonic() < began + number / rate:
            next(looks)
        watch.dropped[Path(runs.name(number)).stem] = runs.drop_one(services.folders.inbox, number)
    ended = time.monotonic()
    while not watch.dropped.keys() <= watch.seen.keys() and time.monotonic() < ended + 60:
        next(looks)
    services.wait_until_done(WARM + len(watch.dropped), 60, pause=0.2)
    next(looks)
    return watch.latency()


def _look(client: Elasticsearch, index: str, alerts: Path, watch: runs.Watch) -> Iterator[None]:
    """Notes what is new, then rests."""
    order, read = 0, 0
    while True:
        hits = client.search(
            index=index,
            sort=[{"order": "asc"}],
            search_after=[order],
            size=1000,
            source=["stem"],
            track_total_hits=False,
        )["hits"]["hits"]
        for hit in hits:
            watch.seen.setdefault(hit["_source"]["stem"], time.monotonic())
            order = hit["sort"][0]
        read = runs.note_alerts(alerts, read, watch)
        time.sleep(_LOOK_SECONDS)
        yield


def _spent(name: str, pid: int, services: Services) -> Cost:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    seconds = (int(fields[11]) + int(fields[12])) / _TICKS
    metrics = services.metrics(name) if (name, 0) in services.running else {}
    messages = metrics.get("clashwatch_message_seconds_count", 0.0)
    return Cost(seconds, messages)


def _less(after: Cost, before: Cost) -> Cost:
    return Cost(*(one - other for one, other in zip(after, before, strict=True)))


if __name__ == "__main__":
    main()
