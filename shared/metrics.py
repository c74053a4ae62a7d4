"""Every metric of the program: the list, what counts them, and what reads the rest from the store."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Literal, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from shared.bus.sqlite import TABLES, SqliteBus
from shared.bus.topics import load_topics
from shared.errors import TransientError
from shared.store.holdings import Opened
from shared.store.port import IndexStore

M = TypeVar("M", Counter, Gauge, Histogram)
Kind = Literal["counter", "histogram", "gauge", "stored"]

_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0)


@dataclass(frozen=True, slots=True)
class Described:
    """One metric. `stored` is a gauge read from the index or the embedded log at the time of the scrape."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    meaning: str


METRICS = (
    Described("clashwatch_messages_read_total", "counter", ("stage",), "messages a stage has dealt with"),
    Described("clashwatch_messages_written_total", "counter", ("stage",), "messages a stage has written"),
    Described("clashwatch_dead_letters_total", "counter", ("stage",), "messages a stage could not process"),
    Described("clashwatch_message_seconds", "histogram", ("stage",), "seconds a stage took for one message"),
    Described("clashwatch_article_seconds", "histogram", (), "seconds from a file's reading to being searchable"),
    Described("clashwatch_worker_deaths_total", "counter", (), "worker processes that died"),
    Described("clashwatch_waiting", "gauge", ("stage",), "1 while something outside keeps a stage waiting"),
    Described(
        "clashwatch_road_seconds",
        "histogram",
        ("stage", "topic"),
        "seconds from a file's reading to a stage's being done with a message it led to, on Kafka",
    ),
    Described("clashwatch_group_lag", "gauge", ("group", "topic"), "messages a group has not committed, on Kafka"),
    Described("clashwatch_lag", "stored", ("group",), "messages a consumer group has not committed yet"),
    Described("clashwatch_files", "stored", ("state",), "files by the state they ended in"),
    Described("clashwatch_articles", "stored", (), "articles in the index"),
    Described("clashwatch_incidents", "stored", (), "incidents, merged and withdrawn ones left out"),
    Described("clashwatch_alerts", "stored", ("kind",), "alerts raised"),
    Described("clashwatch_letters", "stored", ("status",), "dead letters by what was done about them"),
)


class Metrics:
    """The ones that are counted as things happen. A name that is not in the list raises KeyError."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._counters = {m.name: Counter(*_arguments(m), registry=self.registry) for m in _of("counter")}
        self._gauges = {m.name: Gauge(*_arguments(m), registry=self.registry) for m in _of("gauge")}
        self._histograms = {
            m.name: Histogram(*_arguments(m), buckets=_SECONDS, registry=self.registry) for m in _of("histogram")
        }
        # Looking a label up costs more than counting: once a message and stage is too often.
        self._counter = cache(partial(_child, self._counters))
        self._gauge = cache(partial(_child, self._gauges))
        self._histogram = cache(partial(_child, self._histograms))

    def count(self, name: str, amount: float = 1, *labels: str) -> None:
        """Adds to a counter."""
        self._counter(name, *labels).inc(amount)

    def set(self, name: str, value: float, *labels: str) -> None:
        """Sets a gauge."""
        self._gauge(name, *labels).set(value)

    def observe(self, name: str, seconds: float, *labels: str) -> None:
        """Adds a duration to a histogram."""
        self._histogram(name, *labels).observe(seconds)

    def message(self, stage: str, seconds: float, written: int, dead: int) -> None:
        """One message went through a stage."""
        self.count("clashwatch_messages_read_total", 1, stage)
        self.count("clashwatch_messages_written_total", written, stage)
        if dead:
            self.count("clashwatch_dead_letters_total", dead, stage)
        self.observe("clashwatch_message_seconds", seconds, stage)


class StoredMetrics(Collector):
    """Reads the `stored` ones from the index, and the lag from the log of a data folder, whenever a scrape asks."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """The families without samples: registering reads nothing."""
        return [GaugeMetricFamily(m.name, m.meaning, labels=m.labels) for m in _of("stored")]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One family a metric; nothing before there is an index, or while it does not answer."""
        try:
            with self._opened() as held:
                samples = _samples(
                    held.index, SqliteBus(held.folder) if held.folder and held.folder.has(TABLES) else None
                )
        except TransientError:
            return
        for family, described in zip(self.describe(), _of("stored"), strict=True):
            for labels, value in samples[described.name].items():
                family.add_metric(labels, value)
            yield family


def _samples(store: IndexStore, bus: SqliteBus | None) -> dict[str, dict[tuple[str, ...], int]]:
    return {
        "clashwatch_lag": _lags(bus) if bus else {},
        "clashwatch_files": {(state,): count for state, count in store.counts("files", "state").items()},
        "clashwatch_articles": {(): store.count("articles")},
        "clashwatch_incidents": {(): store.count("incidents")},
        "clashwatch_alerts": {(kind,): count for kind, count in store.counts("alerts", "kind").items()},
        "clashwatch_letters": {(s,): count for s, count in store.counts("dead-letters", "status").items()},
    }


def _lags(bus: SqliteBus) -> dict[tuple[str, ...], int]:
    groups: dict[str, list[str]] = {}
    for name, topic in load_topics().items():
        for group in topic.consumers:
            groups.setdefault(group, []).append(name)
    return {(group,): bus.lag(group, names) for group, names in groups.items()}


def _child(metrics: Mapping[str, M], name: str, *labels: str) -> M:
    return metrics[name].labels(*labels) if labels else metrics[name]


def _of(kind: Kind) -> list[Described]:
    return [metric for metric in METRICS if metric.kind == kind]


def _arguments(metric: Described) -> tuple[str, str, tuple[str, ...]]:
    return metric.name, metric.meaning, metric.labels
