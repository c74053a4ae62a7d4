"""Index templates and aliases: installed from `deploy/elasticsearch/`, the one place that says how fields are indexed.

An index `articles-000001` has a read alias `articles`, which leaves hidden documents out, and a write alias
`articles-write` on all of it. A prefix before every name lets several installations share a cluster.
"""

import json
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from elasticsearch import ApiError, BadRequestError, Elasticsearch

from shared.store.elastic_client import translated
from shared.store.indexes import INDEXES

# In a clone, and where a wheel puts them.
_PLACES = (
    Path(__file__).parents[2] / "deploy" / "elasticsearch",
    Path(sysconfig.get_path("data")) / "share/clashwatch/elasticsearch",
)
_OWNER = "clashwatch"


@cache
def folder() -> Path:
    """Where the templates are."""
    return next(place for place in _PLACES if place.is_dir())


@cache
def templates(kind: str) -> dict[str, dict[str, Any]]:
    """All `components` or `indexes` by name. Callers must not change them."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((folder() / kind).glob("*.json"))
    }


@cache
def field_types(name: str) -> Mapping[str, str]:
    """Each indexed field of an index (`claims.evidence.text`, `dyad.text`) and its type."""
    properties = dict(templates("indexes")[name]["template"]["mappings"]["properties"])
    if _OWNER + "-document" in templates("indexes")[name]["composed_of"]:
        properties |= templates("components")["document"]["template"]["mappings"]["properties"]
    return dict(_walk("", properties))


def _walk(path: str, properties: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, field in properties.items():
        if field.get("enabled", True):
            yield path + name, field.get("type", "object")
        yield from _walk(f"{path}{name}.", {**field.get("properties", {}), **field.get("fields", {})})


def install(client: Elasticsearch, prefix: str = "") -> None:
    """Templates, the indexes that are not there yet and new fields of those that are. Doing it again, or by two at
    once, changes nothing."""
    install_templates(client, prefix)
    create_indexes(client, prefix)
    for name in outdated(client, prefix):
        _widen(client, prefix, name)


def install_templates(client: Elasticsearch, prefix: str = "") -> None:
    """All templates."""
    with translated():
        for name, body in templates("components").items():
            client.cluster.put_component_template(name=f"{_OWNER}-{name}", **_arguments(body))
        for name, body in templates("indexes").items():
            patterns = [prefix + pattern for pattern in body["index_patterns"]]
            client.indices.put_index_template(
                name=f"{_OWNER}-{prefix}{name}", **_arguments(body | {"index_patterns": patterns})
            )


def create_indexes(client: Elasticsearch, prefix: str = "", names: Iterable[str] | None = None) -> None:
    """The first generation of each index that has none; the templates must be there."""
    with translated():
        for name in templates("indexes") if names is None else names:
            if not client.indices.exists_alias(name=write_alias(prefix + name)):
                create(client, f"{prefix}{name}-000001", aliases(prefix + name))


def is_set_up(client: Elasticsearch, prefix: str = "") -> bool:
    """Whether there is something to read."""
    with translated():
        return bool(client.indices.exists_alias(name=[prefix + name for name in INDEXES]))


def create(client: Elasticsearch, index: str, named: Mapping[str, Any] | None = None) -> None:
    """An index with aliases; nothing happens when it is there already."""
    try:
        client.indices.create(index=index, aliases=named)
    except ApiError as error:
        if "resource_already_exists" not in str(error):
            raise


def aliases(name: str) -> dict[str, dict[str, Any]]:
    """Read and write alias of an index, as its creation wants them."""
    read = {} if "state-" in name else {name: {"filter": {"term": {"hidden": False}}}}
    return {**read, write_alias(name): {"is_write_index": True}}


def write_alias(name: str) -> str:
    """The alias that writes go to, and reads that want hidden documents, too."""
    return f"{name}-write"


def outdated(client: Elasticsearch, prefix: str = "") -> list[str]:
    """Indexes made by an older template than ours: what is new in it holds after a rebuild."""
    with translated():
        return [
            name
            for name, body in templates("indexes").items()
            for mapping in client.indices.get_mapping(index=write_alias(prefix + name)).values()
            if _version(mapping["mappings"]) < _version(body["template"]["mappings"])
        ]


def _widen(client: Elasticsearch, prefix: str, name: str) -> None:
    """New fields, for what is written from now on; where an old field is another one now the index stays outdated."""
    mappings = templates("indexes")[name]["template"]["mappings"]
    with suppress(BadRequestError):
        client.indices.put_mapping(
            index=write_alias(prefix + name), properties=mappings["properties"], meta=mappings["_meta"]
        )


def _version(mapping: Mapping[str, Any]) -> int:
    return int(mapping.get("_meta", {}).get("version", 0))


def _arguments(body: Mapping[str, Any]) -> dict[str, Any]:
    """`_meta` is called `meta` in the client."""
    return {"meta" if name == "_meta" else name: value for name, value in body.items()}
