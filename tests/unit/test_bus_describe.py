"""What is made of the topics is as the topics are now, and the document is AsyncAPI."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator

from shared.bus.describe import as_yaml, asyncapi, picture, with_picture
from shared.bus.topics import load_topics
from shared.schemas import MESSAGES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
DOCUMENT: dict[str, Any] = asyncapi(load_topics())
EXAMPLES = sorted((ROOT / "shared" / "schemas" / "examples").glob("*/*/*.json"))


def test_the_picture_is_current() -> None:
    assert with_picture(PAGE, load_topics()) == PAGE, "run `make docs`"


def test_the_exported_document_is_current() -> None:
    assert (ROOT / "docs" / "asyncapi.yaml").read_text(encoding="utf-8") == as_yaml(DOCUMENT), "run `make docs`"


def test_the_document_is_asyncapi() -> None:
    """By the specification's own schema (asyncapi/spec-json-schemas, Apache-2.0; descriptions left out)."""
    schema = json.loads((ROOT / "tests" / "contract" / "asyncapi-3.0.0.json").read_text())
    assert list(Draft7Validator(schema).iter_errors(yaml.safe_load(as_yaml(DOCUMENT)))) == []
    assert list(Draft7Validator(schema).iter_errors(DOCUMENT | {"channels": {"a": {"address": 1}}}))


def references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if "$ref" in part else []
        return own + [found for value in part.values() for found in references(value)]
    return [found for value in part for found in references(value)] if isinstance(part, list) else []


def test_every_reference_leads_somewhere() -> None:
    assert references(DOCUMENT)
    for reference in references(DOCUMENT):
        place: Any = DOCUMENT
        for name in reference.removeprefix("#/").split("/"):
            place = place[name]
        assert place


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_messages_are_what_the_document_says(path: Path) -> None:
    event = json.loads(path.read_text(encoding="utf-8"))
    payload = DOCUMENT["components"]["messages"][event["type"]]["payload"]
    validator = Draft202012Validator({**payload, "components": DOCUMENT["components"]})
    if event["dataschema"].endswith(f":{MESSAGES[event['type']].VERSION}"):
        assert list(validator.iter_errors(event)) == []
    assert list(validator.iter_errors(event | {"data": 7}))


def test_who_writes_and_reads_is_in_both() -> None:
    topics = load_topics()
    for name, topic in topics.items():
        [line] = [line for line in picture(topics).splitlines() if f" {name} " in line]
        assert topic.key in line
        for service in topic.producers:
            assert DOCUMENT["operations"][f"{service}.send.{name}"]["channel"] == {"$ref": f"#/channels/{name}"}
        for service in topic.consumers:
            assert f"{service}.receive.{name}" in DOCUMENT["operations"]
            assert service in line


def test_a_page_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="no place"):
        with_picture("# Architecture", load_topics())
