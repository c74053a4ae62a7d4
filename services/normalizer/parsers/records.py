"""JSON: IPTC ninjs 1 and 2, schema.org NewsArticle, JSON Feed, news APIs, plain objects, JSON Lines."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.normalizer.decode import decode
from services.normalizer.draft import Draft
from services.normalizer.limits import Limits
from services.normalizer.parsers import html
from services.normalizer.parsers.item import Item
from services.normalizer.words import read_words
from shared.errors import RejectedError
from shared.schemas.ids import article_id

Record = dict[str, Any]

_FIELDS = read_words("fields.yml")
_TAG = re.compile(r"</?(?:p|br|div|span|a|b|i|em|strong|ul|li|h[1-6]|figure|img)\b[^<>]{0,300}>", re.IGNORECASE)
_PERSON = re.compile(r"^(?:by |BY )", re.IGNORECASE)
# Numbers below are counts, years or serial numbers; seconds up to the year 2286, milliseconds from 1973 on.
_EPOCH, _EPOCH_MS, _EPOCH_END = 10**8, 10**11, 10**13
_DIGITS = (8, 14)  # of YYYYMMDD and YYYYMMDDhhmmss


def read(content: bytes, limits: Limits) -> list[Item]:
    """One object is one article; a list, a wrapped list or JSON Lines are several, each with its own id."""
    found = _load(decode(content)[0])
    if isinstance(found, dict) and (wrapped := _wrapped(found)) is not None:
        found = wrapped
    if isinstance(found, dict):
        return [Item(_draft(found))]
    if not isinstance(found, list) or not found:
        raise RejectedError("the JSON file holds no article: neither an object nor a list of objects")
    if len(found) > limits.members:
        raise RejectedError(f"the JSON file has {len(found)} articles, more than the limit of {limits.members}")
    return [_item(record, at) for at, record in enumerate(found, 1)]


@dataclass(frozen=True, slots=True)
class _BadLine:
    """A line of JSON Lines that is no JSON, and why."""

    text: str
    reason: str


def _load(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        lines = [_line(line.rstrip(), at) for at, line in enumerate(text.split("\n"), 1) if line.strip()]
        if len(lines) < 2:
            raise RejectedError(f"not valid JSON: {error}") from error
        # JSON that is cut off and spread over lines has some that are objects, but few.
        if 2 * sum(isinstance(line, dict) for line in lines) < len(lines):
            raise RejectedError(f"neither valid JSON nor JSON Lines: {error}") from error
    return lines


def _line(text: str, number: int) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        return _BadLine(text, f"line {number} is not valid JSON at column {error.colno}: {error.msg}")
    except ValueError as error:  # a number of thousands of digits
        return _BadLine(text, f"line {number} is not valid JSON: {error}")


def _wrapped(found: Record) -> list[Any] | None:
    """The list in `{"articles": [...]}`, in an object that has no text of its own."""
    if _body(found) is not None:
        return None
    if isinstance(found.get("response"), dict):
        found = found["response"]
    for key in _FIELDS["lists"]:
        rows = found.get(key)
        if isinstance(rows, dict) and isinstance(rows.get("hits"), list):
            rows = rows["hits"]
        if isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows):
            return rows
    return None


def _item(record: Any, at: int) -> Item:
    if isinstance(record, _BadLine):
        return Item(None, str(at), article_id(record.text.encode()), record.reason)
    identity = article_id(json.dumps(record, sort_keys=True, ensure_ascii=True).encode())
    try:
        if not isinstance(record, dict):
            raise RejectedError("it is not a JSON object")
        return Item(_draft(record), str(at), identity)
    except RejectedError as error:
        return Item(None, str(at), identity, str(error))


def _draft(record: Record) -> Draft:
    for inner in _FIELDS["inner"]:
        if isinstance(record.get(inner), dict) and _body(record) is None:
            record = {**record, **record[inner]}
    body = _body(record)
    if body is None:
        raise RejectedError("the JSON object has no text (body, text, content, articleBody, body_html, summary)")
    inner_draft = html.read_fragment(body) if _TAG.search(body) else Draft(body)
    return Draft(
        text=inner_draft.text,
        title=_first(record, _FIELDS["titles"]) or _of_list(record.get("headlines")),
        dates=tuple(_dates(record)),
        source=_first(record, _FIELDS["sources"]),
        url=_first(record, _FIELDS["urls"]),
        credits=tuple(_people(record)),
        aside=inner_draft.aside + tuple(("caption", text) for text in _captions(record)),
    )


def _body(record: Record) -> str | None:
    return (
        _first(record, _FIELDS["html_bodies"])
        or _of_list(record.get("bodies"))
        or _first(record, _FIELDS["text_bodies"])
    )


def _first(record: Record, names: Iterable[str]) -> str | None:
    for name in names:
        if text := _text(record.get(name)):
            return text
    return None


def _text(value: Any) -> str | None:
    """A string, the name or value in an object, the first of a list; strings in a list are paragraphs."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, dict):
        inner = (value.get(key) for key in ("name", "value", "title", "@id", "rendered", "url", "content", "main"))
        return next((text.strip() for text in inner if isinstance(text, str) and text.strip()), None)
    if isinstance(value, list) and value:
        if all(isinstance(part, str) for part in value):
            return "\n\n".join(value).strip() or None
        return _text(value[0]) if isinstance(value[0], dict) else None
    return None


def _of_list(value: Any) -> str | None:
    """ninjs 2: `[{"role": "main", "value": ...}]`; the main one, else the first."""
    rows = [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
    rows.sort(key=lambda row: row.get("role") != "main")
    return _text(rows[0]) if rows else None


def _dates(record: Record) -> Iterator[tuple[str, str]]:
    origin = _origin(record)
    for name in _FIELDS["dates"]:
        value = record.get(name)
        if isinstance(value, bool):
            continue
        if isinstance(value, str) and value.strip():
            yield origin, value
        elif isinstance(value, int | float) and (written := _of_number(value)):
            yield origin, written


def _of_number(value: float) -> str | None:
    """Seconds or milliseconds since 1970 as a day; `20220913` and `20220913101500` as they stand."""
    if _EPOCH <= value < _EPOCH_END:
        seconds = value / (1000 if value >= _EPOCH_MS else 1)
        return datetime.fromtimestamp(seconds, UTC).date().isoformat()
    return str(int(value)) if 0 < value < 10**14 and len(str(int(value))) in _DIGITS else None


def _origin(record: Record) -> str:
    if any(key in record for key in ("@type", "@context")):
        return "json-ld"
    ninjs = {"versioncreated", "firstcreated", "body_html", "body_text", "body_xhtml", "bodies", "headlines"}
    return "ninjs" if ninjs & record.keys() else "json"


def _people(record: Record) -> Iterator[str]:
    for name in _FIELDS["bylines"]:
        value = record.get(name)
        for person in value if isinstance(value, list) else [value]:
            text = _text(person)
            if text and len(text) < 100:
                yield _PERSON.sub("", text)


def _captions(record: Record) -> Iterator[str]:
    """ninjs keeps pictures as associations, each with its description."""
    rows = record.get("associations")
    rows = list(rows.values()) if isinstance(rows, dict) else rows
    for row in rows if isinstance(rows, list) else []:
        is_picture = isinstance(row, dict) and row.get("type") in ("picture", "video", "graphic")
        if is_picture and (text := _first(row, ("description_text", "description", "headline"))):
            yield text
