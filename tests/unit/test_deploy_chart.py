"""The Helm chart renders, and what it makes is pinned, shut off, watched and scaled on topics there are."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.cli.service import NAMES
from shared.bus.topics import load_topics
from shared.settings import PREFIX, Settings
from tests.unit.chart import ChartError, render

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "clashwatch"
LEAST: dict[str, Any] = {"inbox": {"existingClaim": "articles"}}
MOST: dict[str, Any] = {
    **LEAST,
    "existingSecret": "keys",
    "kafka": {"user": "clashwatch", "caSecret": "kafka-ca"},
    "elasticsearch": {"caSecret": "search-ca"},
    "webhook": {"enabled": True, "url": "https://example.org/hook"},
    "scaling": {"authenticationSecret": "keda"},
    "watchRules": [{"name": "a", "dyads": ["AM-AZ"]}],
    "image": {"pullSecrets": [{"name": "registry"}]},
}


def objects(values: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in render(CHART, values) if one["kind"] == kind}


def pods(values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = {**objects(values, "Deployment"), **objects(values, "Job")}
    return {name: one["spec"]["template"]["spec"] for name, one in found.items()}


both = pytest.mark.parametrize("values", [LEAST, MOST], ids=["least", "most"])


@both
def test_there_is_a_deployment_for_each_service(values: dict[str, Any]) -> None:
    wanted = {f"cw-{name}" for name in NAMES if name != "webhook" or "webhook" in values}
    assert objects(values, "Deployment").keys() == wanted
    for name, one in objects(values, "Deployment").items():
        selector, labels = one["spec"]["selector"]["matchLabels"], one["spec"]["template"]["metadata"]["labels"]
        assert selector == labels
        assert labels["app.kubernetes.io/component"] == name.removeprefix("cw-")


@both
def test_pods_are_shut_off(values: dict[str, Any]) -> None:
    for pod in pods(values).values():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        [container] = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert "memory" in container["resources"]["limits"]
        assert re.fullmatch(r"clashwatch:\d+\.\d+\.\d+", container["image"])


@both
def test_settings_and_mounts_fit_together(values: dict[str, Any]) -> None:
    for pod in pods(values).values():
        [container] = pod["containers"]
        names = [one["name"] for one in container["env"]]
        assert len(names) == len(set(names))
        for name in names:
            setting = name.removeprefix(PREFIX).lower()
            assert {setting, setting.removesuffix("_file")} & Settings.model_fields.keys(), name
        mounted = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
        assert mounted.keys() == {one["name"] for one in pod["volumes"]}
        for one in container["env"]:
            if one["name"].endswith(("_FILE", "_CA", "_RULES")) and one["name"] != "CLASHWATCH_ALERTS_FILE":
                assert any(one["value"].startswith(f"{path}/") for path in mounted.values())


@both
def test_services_are_asked_how_they_are(values: dict[str, Any]) -> None:
    for one in objects(values, "Deployment").values():
        [container] = one["spec"]["template"]["spec"]["containers"]
        assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
        assert container["args"][:2] == ["clashwatch", "service"]


@both
def test_stages_are_scaled_on_the_topics_they_read(values: dict[str, Any]) -> None:
    topics, scaled = load_topics(), objects(values, "ScaledObject")
    assert {f"cw-{name}" for name in ("normalizer", "tagger", "detector", "linker", "indexer")} <= scaled.keys()
    for name, one in scaled.items():
        [trigger] = one["spec"]["triggers"]
        group, topic = trigger["metadata"]["consumerGroup"], trigger["metadata"]["topic"]
        assert name == f"cw-{group}"
        assert group in topics[topic].consumers
        assert one["spec"]["maxReplicaCount"] <= topics[topic].partitions
        assert "replicas" not in objects(values, "Deployment")[name]["spec"]


@both
def test_the_network_is_shut_but_for_what_is_named(values: dict[str, Any]) -> None:
    policies = objects(values, "NetworkPolicy")
    everybody = policies["cw"]["spec"]
    assert everybody["policyTypes"] == ["Ingress", "Egress"]
    assert [port["port"] for rule in everybody["egress"] for port in rule["ports"]] == [53, 53, 9093, 9200]
    assert all("to" in rule for rule in everybody["egress"])
    assert ("cw-webhook" in policies) == ("webhook" in values)


def test_without_an_inbox_it_says_what_is_missing() -> None:
    with pytest.raises(ChartError, match=r"inbox\.existingClaim"):
        render(CHART, {})


def test_helm_says_the_same(tmp_path: Path) -> None:
    if shutil.which("helm") is None:
        pytest.skip("helm is not installed: the chart was rendered by tests/unit/chart.py alone")
    (tmp_path / "values.yaml").write_text(yaml.safe_dump(MOST))
    command = ["helm", "template", "cw", str(CHART), "--values", str(tmp_path / "values.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    theirs = [one for one in yaml.safe_load_all(done.stdout) if one]
    assert sorted(map(repr, theirs)) == sorted(map(repr, render(CHART, MOST)))
