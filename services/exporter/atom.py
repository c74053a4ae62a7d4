"""Atom (RFC 4287): the incidents that changed last, an entry each, for feed readers."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from heapq import nlargest
from operator import itemgetter
from xml.etree import ElementTree as xml

from services.exporter.countries import countries
from services.exporter.entry import Entry, Row
from shared.schemas.moments import timestamp

NAMESPACE = "http://www.w3.org/2005/Atom"
MOST = 500
"""Entries of a feed: a reader asks again and again, and wants what is new."""
FEED_ID = "urn:uuid:6f3c1f9e-5d0b-5f0a-9a53-0c1a5d4b7e21"
_C0 = dict.fromkeys([*range(0x20), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF])
# Characters XML 1.0 has no way to write.
_FORBIDDEN = {code: None for code in _C0 if code not in (0x9, 0xA, 0xD)}


def write(entries: Iterable[Entry], now: datetime) -> Iterator[str]:
    """The feed is as new as its newest entry; an incident nobody was told of yet is as new as the feed."""
    stamp = timestamp(now)
    written = ((entry.updated or stamp, _written(_entry(entry, stamp))) for entry in entries)
    newest = nlargest(MOST, written, key=itemgetter(0))
    head, end = _around(newest[0][0] if newest else stamp)
    yield f'<?xml version="1.0" encoding="utf-8"?>\n{head}'
    yield from (text for _, text in newest)
    yield end


def _around(updated: str) -> tuple[str, str]:
    """What stands before the entries, and what behind."""
    feed = xml.Element("feed", xmlns=NAMESPACE)
    _text(feed, "id", FEED_ID)
    _text(feed, "title", "Border-clash incidents")
    _text(feed, "updated", updated)
    _text(xml.SubElement(feed, "author"), "name", "Clashwatch")
    _text(feed, "generator", "Clashwatch")
    end = "</feed>"
    return _written(feed).removesuffix(end), f"{end}\n"


def _written(element: xml.Element) -> str:
    return xml.tostring(element, encoding="unicode")


def _entry(entry: Entry, stamp: str) -> xml.Element:
    incident = entry.incident
    made = xml.Element("entry")
    _text(made, "id", f"urn:uuid:{incident['incident_id']}")
    _text(made, "title", title(incident))
    _text(made, "updated", entry.updated or stamp)
    xml.SubElement(made, "category", term=incident["dyad"])
    for article in entry.articles:
        url = article.get("url") or ""
        if url.startswith(("http://", "https://")):
            xml.SubElement(made, "link", rel="related", href=_clean(url))
    _text(made, "summary", toll(incident))
    content = _text(made, "content", "\n".join(entry.sentences) or title(incident))
    content.set("type", "text")
    return made


def title(incident: Row) -> str:
    """`Armenia-Azerbaijan, 2020-07-12/2020-07-13, Tavush`."""
    known = countries()
    sides = "-".join(known[side].name if side in known else side for side in (incident["side_a"], incident["side_b"]))
    start, end = incident["date_start"], incident["date_end"]
    days = "date unknown" if not start else start if end in (None, start) else f"{start}/{end}"
    places = ", ".join(place["name"] for place in incident["places"][:3])
    return f"{sides} border clash, {days}" + (f", {places}" if places else "")


def toll(incident: Row) -> str:
    """`AZ: 4 killed, 5 wounded`."""
    sides = (
        f"{side}: " + ", ".join(f"{figures['best']} {kind}" for kind, figures in kinds.items())
        for side, kinds in incident["toll"].items()
    )
    return "; ".join(sides) or "No losses told."


def _text(parent: xml.Element, tag: str, text: str) -> xml.Element:
    made = xml.SubElement(parent, tag)
    made.text = _clean(text)
    return made


def _clean(text: str) -> str:
    return text.translate(_FORBIDDEN)
