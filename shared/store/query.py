"""The query language of every search box: any string is a query, none is an error.

Words must all be there; `"a phrase"`; `word*` for a beginning; `a OR b` (AND binds tighter); `-word` and
`NOT word` take away; `field:value` keeps documents with that value (`published:2022-09` by its beginning).
Whatever is none of these is words.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from shared.schemas.sides import dyad_from, side_of

MAX_TERMS = 64
_MAX_CHARS = 4096
_TOKEN = re.compile(r'(?P<minus>-?)(?:(?P<field>[a-z_]{1,20}):)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_DATES = frozenset({"published", "date"})


@dataclass(frozen=True, slots=True)
class Term:
    """A word or a phrase."""

    text: str
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """A field that has to have (or, negated, must not have) a value."""

    field: str
    value: str
    is_prefix: bool = False
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """Documents with all terms of a group of `any_of`, none of `none_of`, and right in every filter."""

    any_of: tuple[tuple[Term, ...], ...] = ()
    none_of: tuple[Term, ...] = ()
    filters: tuple[Filter, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Nothing was asked."""
        return not (self.any_of or self.none_of or self.filters)


def parse(text: str, fields: Collection[str]) -> Query:
    """Reads a query; `fields` are the names that filter, any other `name:` is a word."""
    groups: list[list[Term]] = [[]]
    none_of: list[Term] = []
    filters: list[Filter] = []
    negate = False
    for match in _tokens(text):
        word = match["word"] or ""
        if word in ("AND", "OR", "NOT") and not match["minus"] and not match["field"]:
            negate = word == "NOT"
            if word == "OR" and groups[-1]:
                groups.append([])
            continue
        negated, negate = negate or bool(match["minus"]), False
        if match["field"] in fields:
            filters.append(_filter(match, negated))
        elif terms := _terms(match):
            (none_of if negated else groups[-1]).extend(terms)
    return Query(tuple(tuple(group) for group in groups if group), tuple(none_of), tuple(filters))


def _tokens(text: str) -> Iterator[re.Match[str]]:
    readable = text[:_MAX_CHARS].encode("utf-8", "replace").decode().replace("\0", " ")
    matches = _TOKEN.finditer(readable)
    return (match for match, _ in zip(matches, range(MAX_TERMS), strict=False))


def _filter(match: re.Match[str], negated: bool) -> Filter:
    field, value = match["field"], match["phrase"] or match["word"] or ""
    is_prefix = field in _DATES or value.endswith("*")
    return Filter(field, value.rstrip("*") if is_prefix else _as_indexed(field, value), is_prefix, negated)


def _as_indexed(field: str, value: str) -> str:
    """Sides and dyads as messages have them; what is none is looked for as it is."""
    if field == "side":
        return side_of(value)
    try:
        return dyad_from(value) if field == "dyad" else value
    except ValueError:
        return value


def _terms(match: re.Match[str]) -> list[Term]:
    """A word no tokenizer would see (`--`, `!`) is no term: it would match nothing."""
    text = match["phrase"] if match["phrase"] is not None else match["word"]
    if match["field"]:
        text = f"{match['field']} {text}"
    is_prefix = match["phrase"] is None and text.endswith("*")
    return [Term(text.rstrip("*"), is_prefix)] if any(c.isalnum() for c in text) else []
