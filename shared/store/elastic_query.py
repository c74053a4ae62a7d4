"""Our query language as Elasticsearch's query DSL: pure."""

from collections.abc import Collection, Iterable
from typing import Any

from shared.store.elastic_templates import field_types
from shared.store.indexes import INDEXES
from shared.store.port import IndexName, Terms
from shared.store.query import Filter, Query, Term

_TITLE_WEIGHT = 4
_EXCERPT_CHARS = 180
_NOTHING: dict[str, Any] = {"match_none": {}}


def search_query(index: IndexName, query: Query) -> dict[str, Any]:
    """Documents of a parsed query, scored; without words the score is 0."""
    wanted = [_all(index, group) for group in query.any_of]
    return {
        "bool": {
            "must": [_any(wanted)] if wanted else [],
            "must_not": [_term(index, term) for term in query.none_of]
            + [_filter(index, one) for one in query.filters if one.negated],
            "filter": [_filter(index, one) for one in query.filters if not one.negated],
        }
    }


def terms_query(index: IndexName, terms: Terms) -> dict[str, Any]:
    """Documents that have all terms; a field nobody described has none."""
    return {"bool": {"filter": [_any_value(index, field, wanted) for field, wanted in terms.items()]}}


def highlight(index: IndexName, opening: str, closing: str) -> dict[str, Any]:
    """Titles whole, of other texts the best excerpt."""
    whole, excerpt = {"number_of_fragments": 0}, {"number_of_fragments": 1, "fragment_size": _EXCERPT_CHARS}
    titles = _text_fields(index, INDEXES[index].title)
    texts = _text_fields(index, INDEXES[index].text)
    return {
        "type": "unified",
        "pre_tags": [opening],
        "post_tags": [closing],
        "fields": {**dict.fromkeys(titles, whole), **dict.fromkeys(texts, excerpt)},
    }


def _all(index: IndexName, terms: Iterable[Term]) -> dict[str, Any]:
    return {"bool": {"must": [_term(index, term) for term in terms]}}


def _any(queries: list[dict[str, Any]]) -> dict[str, Any]:
    return {"bool": {"should": queries, "minimum_should_match": 1}} if queries else _NOTHING


def _term(index: IndexName, term: Term) -> dict[str, Any]:
    """A word or phrase in any of the index's texts."""
    titles = [f"{field}^{_TITLE_WEIGHT}" for field in _text_fields(index, INDEXES[index].title)]
    fields = titles + _text_fields(index, INDEXES[index].text)
    kind = {"type": "bool_prefix", "operator": "and"} if term.is_prefix else {"type": "phrase"}
    return {"multi_match": {"query": term.text, "fields": fields, **kind}}


def _text_fields(index: IndexName, paths: Iterable[str]) -> list[str]:
    """A keyword is searched by its words in its sub-field `text`."""
    return [path if field_types(index)[path] == "text" else f"{path}.text" for path in paths]


def _any_value(index: IndexName, field: str, wanted: str | Collection[str]) -> dict[str, Any]:
    values = [wanted] if isinstance(wanted, str) else wanted
    return _any([_filter(index, Filter(field, value)) for value in values])


def _filter(index: IndexName, wanted: Filter) -> dict[str, Any]:
    paths = [path for name, path in INDEXES[index].fields if name == wanted.field]
    return _any([_has(field_types(index)[path], path, wanted) for path in paths])


def _has(kind: str, path: str, wanted: Filter) -> dict[str, Any]:
    if kind == "boolean":
        said = [text for text in ("true", "false") if _is(text, wanted)]
        return {"terms": {path: said}}
    return {"prefix" if wanted.is_prefix else "term": {path: {"value": wanted.value}}}


def _is(text: str, wanted: Filter) -> bool:
    return text.startswith(wanted.value) if wanted.is_prefix else text == wanted.value
