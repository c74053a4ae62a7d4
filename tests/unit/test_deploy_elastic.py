"""Templates hold every field of our messages, Kibana's objects name only fields there are, watch rules are read."""

import json
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel

from services.alerter.stage import load_watch
from shared.schemas import AlertRaised, ArticleAnalyzed, ArticleWithdrawn, DeadLetter, FileSettled
from shared.schemas.incident import Incident
from shared.store.elastic_documents import searchable
from shared.store.elastic_setup import policies
from shared.store.elastic_templates import field_types, templates
from shared.store.indexes import INDEXES

DEPLOY = Path(__file__).parents[2] / "deploy"
OBJECTS: list[dict[str, Any]] = [
    json.loads(line) for line in (DEPLOY / "kibana" / "clashwatch.ndjson").read_text().splitlines()
]
KEYS = {(one["type"], one["id"]) for one in OBJECTS}
# Not in the index: they can be had again from the body.
_LEFT_OUT = ("sentences", "mentions", "borders", "replaces")
_INDEXED: list[tuple[str, type[BaseModel], tuple[str, ...]]] = [
    ("articles", ArticleAnalyzed, _LEFT_OUT),
    ("articles", ArticleWithdrawn, ()),
    ("incidents", Incident, ()),
    ("alerts", AlertRaised, ()),
    ("files", FileSettled, ()),
    ("dead-letters", DeadLetter, ()),
]


def paths(model: type[BaseModel], but: tuple[str, ...] = ()) -> Iterator[str]:
    """Every field of a model and of the models in it; tables by side are kept, not indexed."""
    for name, field in model.model_fields.items():
        if name not in but:
            yield name
            for part in models_in(field.annotation):
                yield from (f"{name}.{path}" for path in paths(part))


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    if get_origin(annotation) in (tuple, Union, types.UnionType):
        for argument in get_args(annotation):
            yield from models_in(argument)


@pytest.mark.parametrize(("index", "model", "but"), _INDEXED)
def test_every_field_of_a_message_is_mapped(index: str, model: type[BaseModel], but: tuple[str, ...]) -> None:
    known = set(field_types(index)) | {path for path, kind in _unindexed(index)}
    missing = [
        path
        for path in paths(model, but)
        if path not in known and not any(path.startswith(f"{one}.") for one, _ in _unindexed(index))
    ]
    assert missing == []


def _unindexed(index: str) -> list[tuple[str, str]]:
    properties = templates("indexes")[index]["template"]["mappings"]["properties"]
    return [(name, "object") for name, field in properties.items() if field.get("enabled") is False]


@pytest.mark.parametrize("index", INDEXES)
def test_every_field_that_is_added_or_searched_is_mapped(index: str) -> None:
    place = {"name": "Goris", "latitude": 1.0, "longitude": 2.0}
    toll = {"AM": {"killed": {"low": 1, "best": 1, "high": 2}}}
    body = {"published": "2022", "date_start": "2022-09-12", "raised_at": "2022-09-12T00:00:00Z"}
    body |= {"failed_at": "2022-09-12T00:00:00Z"}
    if index in ("articles", "incidents"):
        body |= {"places": [place], "reports": [{"places": [place]}]}
    if index == "incidents":
        body |= {"toll": toll, "civilians": toll}
    document = searchable(index, "x" * 600, body, 1)
    known = field_types(index)
    assert document.keys() - body.keys() <= known.keys()
    for one in INDEXES[index].fields:
        assert known[one[1]] in ("keyword", "boolean")
    for path in (*INDEXES[index].title, *INDEXES[index].text):
        assert "text" in (known[path], known.get(f"{path}.text"))


def test_templates_are_composed_of_components_there_are() -> None:
    for template in templates("indexes").values():
        needed = set(template["composed_of"]) - set(template.get("ignore_missing_component_templates", []))
        assert needed <= {f"clashwatch-{name}" for name in templates("components")}


def test_policies_have_phases_and_none_rolls_over() -> None:
    """A document's id must be in one index only, or its versions would not hold."""
    found = dict(policies())
    assert found.keys() == {"clashwatch", "clashwatch-retired"}
    for body in found.values():
        phases = body["policy"]["phases"]
        assert phases.keys() <= {"hot", "warm", "cold", "frozen", "delete"}
        assert not any("rollover" in phase["actions"] for phase in phases.values())
    assert "delete" not in found["clashwatch"]["policy"]["phases"]


def test_references_lead_to_objects_of_the_file_that_came_before() -> None:
    """Kibana imports in any order, a person reads from above."""
    seen: set[tuple[str, str]] = set()
    for one in OBJECTS:
        for reference in one["references"]:
            assert (reference["type"], reference["id"]) in seen
        seen.add((one["type"], one["id"]))
    assert len(seen) == len(OBJECTS)
    assert {"index-pattern", "search", "visualization", "map", "dashboard"} == {one["type"] for one in OBJECTS}


@pytest.mark.parametrize("one", [o for o in OBJECTS if o["type"] == "index-pattern"], ids=lambda o: o["id"])
def test_a_data_view_is_of_a_read_alias(one: dict[str, Any]) -> None:
    assert one["attributes"]["title"] in INDEXES
    time = one["attributes"].get("timeFieldName")
    assert time is None or field_types(one["attributes"]["title"])[time] == "date"


@pytest.mark.parametrize("one", [o for o in OBJECTS if o["type"] != "index-pattern"], ids=lambda o: o["id"])
def test_fields_exist(one: dict[str, Any]) -> None:
    views = [ref["id"].removeprefix("clashwatch-") for ref in one["references"] if ref["type"] == "index-pattern"]
    if not views:
        assert one["type"] == "dashboard"
        return
    [view] = views
    known = field_types(view)
    for field in named_fields(one):
        assert field in known, field
        assert known[field] != "text" or one["type"] == "search", f"{field} cannot be aggregated"


def named_fields(one: dict[str, Any]) -> Iterator[str]:
    attributes = one["attributes"]
    if one["type"] == "search":
        yield from attributes["columns"]
        yield from (field for field, _ in attributes["sort"])
        query = json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])["query"]["query"]
        if query:
            yield query.split()[0].rstrip(":")
    elif one["type"] == "visualization":
        for aggregation in json.loads(attributes["visState"])["aggs"]:
            if "field" in aggregation["params"]:
                yield aggregation["params"]["field"]
    elif one["type"] == "map":
        for layer in json.loads(attributes["layerListJSON"]):
            source = layer["sourceDescriptor"]
            if "geoField" in source:
                yield source["geoField"]
                yield from source["tooltipProperties"]
                yield layer["style"]["properties"]["iconSize"]["options"]["field"]["name"]


def test_panels_are_references_and_do_not_lie_on_one_another() -> None:
    [dashboard] = [one for one in OBJECTS if one["type"] == "dashboard"]
    panels = json.loads(dashboard["attributes"]["panelsJSON"])
    names = {ref["name"].partition(":")[2]: (ref["type"], ref["id"]) for ref in dashboard["references"]}
    cells: set[tuple[int, int]] = set()
    for panel in panels:
        assert names[panel["panelRefName"]][0] == panel["type"]
        place = panel["gridData"]
        assert place["x"] + place["w"] <= 48
        own = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not own & cells
        cells |= own
    assert set(names.values()) <= KEYS


def test_the_watch_rules_shipped_are_read() -> None:
    watch = load_watch(DEPLOY / "watch" / "watch.yml")
    assert len(watch.rules) == len(yaml.safe_load((DEPLOY / "watch" / "watch.yml").read_text())) == 4
