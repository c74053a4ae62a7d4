"""Every metric the program has, in one list, and what keeps them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from shared.bus.sqlite import SqliteBus
from shared.bus.topics import load_topics
from shared.hosts.chain import Spent
from shared.store.database import Database
from shared.store.sqlite_index import SqliteIndexStore

Kind = Literal["counter", "gauge", "histogram"]

_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0)


@dataclass(frozen=True, slots=True)
class Metric_:
    """placeholder"""
