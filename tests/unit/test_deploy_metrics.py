"""Every metric the dashboard and the alert rules name is one the program has, with the labels they use."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.cli.service import NAMES
from shared.bus.topics import load_topics
from shared.metrics import METRICS

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
DASHBOARD = json.loads((DEPLOY / "grafana" / "clashwatch.json").read_text())
SCRAPES = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
COMPOSE = yaml.safe_load((DEPLOY.parent / "docker-compose.yml").read_text())

_NAME = re.compile(r"\b(clashwatch_[a-z_]+)(\{[^}]*\})?")
_LABEL = re.compile(r'(\w+)=~?"([^"]*)"')
_GROUPED = re.compile(r"\b(?:by|on) \(([^)]*)\)")
_RECORDED = re.compile(r"\bclashwatch:[a-z0-9_:]+")

ALL_RULES = [rule for group in RULES["groups"] for rule in group["rules"]]
RECORDED = {rule["record"] for rule in ALL_RULES if "record" in rule}
EXPRESSIONS = [rule["expr"] for rule in ALL_RULES] + [
    target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]
]


def families() -> dict[str, tuple[str, ...]]:
    """What a scrape shows, and its labels."""
    shown: dict[str, tuple[str, ...]] = {}
    for metric in METRICS:
        if metric.kind == "histogram":
            shown |= {f"{metric.name}{suffix}": metric.labels for suffix in ("_bucket", "_sum", "_count")}
        else:
            shown[metric.name] = metric.labels
    return shown


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_metrics_and_labels_exist(expression: str) -> None:
    shown = families()
    named = _NAME.findall(expression)
    assert named or _RECORDED.search(expression) or "up{" in expression
    labels = {"le", "job", "service", "instance"}
    for name, selector in named:
        assert name in shown
        assert {label for label, _ in _LABEL.findall(selector)} <= {*shown[name], "le"}
        labels |= set(shown[name])
    assert set(_RECORDED.findall(expression)) <= RECORDED
    for grouped in _GROUPED.findall(expression):
        assert {label.strip() for label in grouped.split(",")} <= labels


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_values_of_labels_exist(expression: str) -> None:
    known = {"stage": set(NAMES), "topic": set(load_topics()), "group": set(NAMES), "job": {"clashwatch"}}
    for label, value in _LABEL.findall(expression):
        assert value in known.get(label, {value})


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_brackets_are_closed(expression: str) -> None:
    text = re.sub(r'"[^"]*"', "", expression)
    assert [text.count(c) for c in "([{"] == [text.count(c) for c in ")]}"]


def test_the_freshness_objective_is_a_bucket() -> None:
    """A threshold between two buckets would count nothing."""
    from shared.metrics import Metrics

    metrics = Metrics()
    metrics.observe("clashwatch_road_seconds", 1.0, "indexer", "article.analyzed")
    labels = {"stage": "indexer", "topic": "article.analyzed", "le": "5.0"}
    assert metrics.registry.get_sample_value("clashwatch_road_seconds_bucket", labels) == 1


def test_every_alert_says_what_to_do() -> None:
    alerts = [rule for rule in ALL_RULES if "alert" in rule]
    assert len({rule["alert"] for rule in alerts}) == len(alerts) >= 6
    for rule in alerts:
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"].keys() == {"summary", "description"}


def test_every_service_is_scraped_where_it_serves() -> None:
    [job] = SCRAPES["scrape_configs"]
    [source] = job["dns_sd_configs"]
    assert sorted(source["names"]) == sorted(NAMES)
    assert all(COMPOSE["services"][name]["environment"]["CLASHWATCH_PORT"] == str(source["port"]) for name in NAMES)
    assert job["job_name"] == "clashwatch"


def test_panels_do_not_lie_on_one_another() -> None:
    cells: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place: dict[str, Any] = panel["gridPos"]
        own = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not own & cells
        cells |= own
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
