"""What docker-compose.yml and the Dockerfile promise: pinned, shut off, healthy in order, only commands there are."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.cli.service import NAMES
from shared.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if one["image"].startswith("clashwatch:")}
PINNED = re.compile(r"[a-z0-9./-]+:v?\d+\.\d+\.\d+[a-z0-9.-]*")
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()

each = pytest.mark.parametrize("name", SERVICES)


def test_every_service_of_the_program_is_there() -> None:
    assert set(NAMES) <= OURS.keys()
    assert {"kafka", "elasticsearch", "kibana", "prometheus", "grafana"} <= SERVICES.keys()


@each
def test_images_are_pinned(name: str) -> None:
    assert PINNED.fullmatch(SERVICES[name]["image"])


@each
def test_nobody_is_root_or_can_become_it(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"[1-9]\d*:\d+", service["user"])
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & service.keys()
    assert {"mem_limit", "pids_limit"} <= service.keys()


@each
def test_ports_are_on_this_machine_only(name: str) -> None:
    ports = SERVICES[name].get("ports", [])
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in ports)
    assert not ports or "outside" in SERVICES[name]["networks"]  # an internal network publishes none


def test_the_road_does_not_lead_outside() -> None:
    assert COMPOSE["networks"]["road"] == {"internal": True}
    outside = {name for name, one in OURS.items() if one["networks"] != ["road"]}
    assert outside == {"webhook", "desk"}  # the desk for its port, as Elasticsearch


@each
def test_what_is_waited_for_says_when_it_is_there(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        if how["condition"] == "service_healthy":
            assert SERVICES[other]["healthcheck"]["test"]
        else:
            assert how["condition"] == "service_completed_successfully"
            assert SERVICES[other]["restart"] == "no"
        assert set(SERVICES[other].get("profiles", [])) <= set(SERVICES[name].get("profiles", []))


@each
def test_what_stays_up_has_a_health_check(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "no" or service["healthcheck"]["test"]


@pytest.mark.parametrize("name", OURS)
def test_commands_and_settings_are_the_programs(name: str) -> None:
    service = OURS[name]
    command = service["command"]
    assert command[:2] == ["clashwatch", "service"] or command == ["python", "-m", "shared.store.elastic_setup"]
    assert command[0] != "clashwatch" or command[2] == name
    for setting in service["environment"]:
        assert setting.removeprefix(PREFIX).lower() in Settings.model_fields, setting


@each
def test_mounts_of_the_repository_are_there_and_read_only(name: str) -> None:
    for mount in SERVICES[name].get("volumes", []):
        source, _, mode = mount.split(":") if mount.startswith("./") else ("", "", "")
        if source and source != "./inbox":
            assert (ROOT / source).exists(), source
        assert not source or mode == "ro"
        assert source or mount.partition(":")[0] in COMPOSE["volumes"]


def test_the_image_has_two_stages_pinned_and_no_root() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(bases) == 2
    assert all(PINNED.fullmatch(base) for base in bases)
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE) == ["10001:10001"]
    assert "--require-hashes" in DOCKERFILE
    copied = [
        name for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE) for name in line.split()[:-1]
    ]
    assert [name for name in copied if not list(ROOT.glob(name))] == []


@pytest.mark.parametrize("name", ["feeder", "normalizer", "tagger", "detector", "linker", "channels", "webhook"])
def test_who_writes_to_the_data_folder_can(name: str) -> None:
    places = [*SERVICES[name]["tmpfs"], *SERVICES[name].get("volumes", [])]
    assert sum("/data" in re.split("[:,]", place) for place in places) == 1
