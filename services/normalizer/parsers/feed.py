"""RSS and Atom with feedparser: each entry is an article with an id of its own."""

import json
import re
from io import BytesIO
from typing import Any

import feedparser

from services.normalizer.decode import decode
from services.normalizer.draft import Draft
from services.normalizer.limits import Limits
from services.normalizer.parsers import html
from services.normalizer.parsers.item import Item
from shared.errors import RejectedError
from shared.schemas.ids import article_id

_ENTITIES = re.compile("<!ENTITY", re.IGNORECASE)
_SUMMARY_END = re.compile(
    r"\s{0,5}(?:\[?(?:…|\.\.\.|&#8230;)\]?|The post .{1,300} appeared first on .{1,200}\.?)\s{0,5}\Z"
)


def read(content: bytes, limits: Limits) -> list[Item]:
    """Raises RejectedError when it is no feed, has no entries, too many, or declares entities."""
    text = decode(content, html.declared_charset(content))[0]
    if _ENTITIES.search(text):
        raise RejectedError("the feed declares XML entities, which are not expanded")
    # feedparser must not decode the bytes in a way of its own: entities could hide from us.
    plain = '<?xml version="1.0" encoding="utf-8"?>' + html.XML_DECLARATION.sub("", text)
    try:
        feed = feedparser.parse(BytesIO(plain.encode()), sanitize_html=False, resolve_relative_uris=False)
    except (ValueError, OverflowError) as error:  # feedparser's way with &#xD800; and the like
        raise RejectedError(f"the feed is damaged: {error}") from error
    if not feed.entries:
        reason = feed.get("bozo_exception")
        raise RejectedError(f"the feed has no entries{f': {reason}' if reason else ''}")
    if len(feed.entries) > limits.members:
        raise RejectedError(f"the feed has {len(feed.entries)} entries, more than the limit of {limits.members}")
    source = feed.feed.get("title") or None
    return [_item(entry, at, source) for at, entry in enumerate(feed.entries, 1)]


def _item(entry: Any, at: int, source: str | None) -> Item:
    """The id comes from what the entry says, so that tomorrow's feed does not bring it as a new article."""
    body = max((part.get("value", "") for part in entry.get("content", [])), key=len, default="")
    body = body if len(body) > len(entry.get("summary", "")) else entry.get("summary", "")
    title, date = entry.get("title", ""), entry.get("published", "")
    if not date and "updated" in entry:  # feedparser warns where it would have to make one up
        date = entry["updated"]
    identity = article_id(json.dumps([entry.get("id", ""), entry.get("link", ""), title, body, date]).encode())
    if not (body.strip() or title.strip()):
        return Item(None, str(at), identity, "the entry has no text")
    try:
        inner = html.read_fragment(body or title)
    except RejectedError as error:
        return Item(None, str(at), identity, str(error))
    draft = Draft(
        text=_SUMMARY_END.sub("", inner.text),
        title=title or None,
        dates=(("rss", date),) if date else (),
        source=entry.get("source", {}).get("title") or source,
        url=entry.get("link"),
        credits=(entry["author"],) if entry.get("author") and "@" not in entry["author"] else (),
        aside=inner.aside,
    )
    return Item(draft, str(at), identity)
