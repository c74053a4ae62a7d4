"""`make docs`: what `topics.yml` and the messages say, as a picture in ARCHITECTURE.md and as docs/asyncapi.yaml."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic.json_schema import models_json_schema

from shared.bus.kafka_topics import configuration
from shared.bus.topics import Topic, load_topics
from shared.schemas import MESSAGES

BEGIN, END = "<!-- topics.yml -->\n```\n", "```\n<!-- end -->"
_STAYS = {"keep": "for ever", "until_consumed": "until read"}
_ALL = 5
_REFERENCE = "#/components/schemas/{model}"
_CONTENT = "application/cloudevents+json"
_LISTS = ("cleanup.policy",)
_NUMBERS = ("retention.ms", "max.message.bytes")


def picture(topics: Mapping[str, Topic]) -> str:
    """A line a topic: who writes it, who reads it, by what key it is dealt out, how long it stays."""
    rows = [("", "topic", "", "key", "stays")]
    rows += [
        (_listed(one.producers), name, _listed(one.consumers), one.key, _stay(one)) for name, one in topics.items()
    ]
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return "".join(_line([cell.ljust(width) for cell, width in zip(row, widths, strict=True)]) for row in rows)


def _line(cells: list[str]) -> str:
    producers, topic, consumers, key, stays = cells
    written, read = ("─", "─▶") if producers.strip() else (" ", "  ")
    return f"{producers} {written} {topic} {read} {consumers}  {key}  {stays}".rstrip() + "\n"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) if len(names) < _ALL else "every service"


def _stay(topic: Topic) -> str:
    return _STAYS[topic.retention] + (", the last of a key" if topic.compact else "")


def asyncapi(topics: Mapping[str, Topic]) -> dict[str, Any]:
    """AsyncAPI 3.0.0: a channel a topic, an operation a service and topic, the schema of every message."""
    schemas, definitions = models_json_schema(
        [(model, "validation") for model in MESSAGES.values()], by_alias=True, ref_template=_REFERENCE
    )
    del schemas
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Clashwatch",
            "version": "1",
            "description": "CloudEvents 1.0 in structured mode on Kafka; `subject` is the key of the record.",
        },
        "defaultContentType": _CONTENT,
        "channels": {name: _channel(name, topic) for name, topic in topics.items()},
        "operations": dict(
            operation
            for name, topic in topics.items()
            for action, services in (("send", topic.producers), ("receive", topic.consumers))
            for operation in (_operation(action, service, name) for service in services)
        ),
        "components": {
            "messages": {name: _message(name) for name in topics},
            "schemas": definitions["$defs"],
        },
    }


def _channel(name: str, topic: Topic) -> dict[str, Any]:
    settings = configuration(topic)
    known = {key: [settings[key]] for key in _LISTS} | {key: int(settings[key]) for key in _NUMBERS}
    kafka = {"partitions": topic.partitions, "topicConfiguration": known, "bindingVersion": "0.5.0"}
    return {
        "address": name,
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        "bindings": {"kafka": kafka},
    }


def _operation(action: str, service: str, topic: str) -> tuple[str, dict[str, Any]]:
    channel = {"$ref": f"#/channels/{topic}"}
    return f"{service}.{action}.{topic}", {"action": action, "channel": channel, "tags": [{"name": service}]}


def _message(name: str) -> dict[str, Any]:
    model = MESSAGES[name]
    text, time = {"type": "string"}, {"type": "string", "format": "date-time"}
    attributes: dict[str, Any] = {
        "specversion": {"const": "1.0"},
        "id": text,
        "source": text,
        "type": {"const": name},
        "time": time,
        "subject": text,
        "datacontenttype": {"const": "application/json"},
        "dataschema": {"const": f"clashwatch:{name}:{model.VERSION}"},
        "causationid": {"type": ["string", "null"]},
        "correlationid": text,
        "data": {"$ref": _REFERENCE.format(model=model.__name__)},
    }
    return {
        "name": name,
        "contentType": _CONTENT,
        "payload": {"type": "object", "properties": attributes, "required": list(attributes)},
        "bindings": {"kafka": {"key": text, "bindingVersion": "0.5.0"}},
    }


def with_picture(text: str, topics: Mapping[str, Topic]) -> str:
    """ARCHITECTURE.md with the picture as it is now. ValueError where its place is not marked."""
    before, found, rest = text.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not found or not ended:
        raise ValueError(f"no place for the picture: {BEGIN!r} ... {END!r}")
    return before + BEGIN + picture(topics) + END + after


def as_yaml(document: Mapping[str, Any]) -> str:
    """Without anchors, in the order it was made in."""
    text: str = yaml.dump(document, Dumper=_NoAliases, sort_keys=False, allow_unicode=True, width=120)
    return "# Made by `make docs` from shared/bus/topics.yml and shared/schemas.\n" + text


class _NoAliases(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        """Nothing is written by reference to another place."""
        del data
        return True


def main(root: Path) -> None:
    """Writes both."""
    topics = load_topics()
    page = root / "ARCHITECTURE.md"
    page.write_text(with_picture(page.read_text(encoding="utf-8"), topics), encoding="utf-8")
    (root / "docs" / "asyncapi.yaml").write_text(as_yaml(asyncapi(topics)), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
