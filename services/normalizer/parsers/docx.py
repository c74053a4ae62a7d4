"""DOCX (ECMA-376 WordprocessingML): paragraphs, title, captions and core properties."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from services.normalizer.draft import Draft
from services.normalizer.limits import Limits
from services.normalizer.parsers import archive
from services.normalizer.parsers.item import Member
from shared.errors import RejectedError

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_TERMS = "{http://purl.org/dc/terms/}"
_BREAKS = {f"{_W}tab": " ", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_TITLE_STYLES = ("title", "heading1")


def read(content: bytes, limits: Limits) -> Draft:
    """Tracked deletions, field codes, headers, footers and comments are not the article's text."""
    members = {member.name: member for member in archive.unzip(content, limits)}
    document = _xml(members, "word/document.xml")
    if document is None:
        raise RejectedError("the DOCX file is damaged: it has no document part")
    properties = _xml(members, "docProps/core.xml")
    paragraphs = [(style, text) for style, text in _paragraphs(document) if text]
    title = next((text for style, text in paragraphs[:3] if style in _TITLE_STYLES), None)
    created = properties.findtext(f"{_TERMS}created") if properties is not None else None
    return Draft(
        text="\n\n".join(text for style, text in paragraphs if style != "caption"),
        title=title or (properties.findtext(f"{_DC}title") if properties is not None else None),
        dates=(("docx", created),) if created else (),
        aside=tuple(("caption", text) for style, text in paragraphs if style == "caption"),
    )


def _xml(members: dict[str, Member], name: str) -> Element | None:
    member = members.get(name)
    if member is None:
        return None
    if member.reason:
        raise RejectedError(f"the DOCX file's part {name}: {member.reason}")
    try:
        root: Element = fromstring(member.content.replace(_STRICT[1:-1].encode(), _W[1:-1].encode()), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise RejectedError(f"the DOCX file's part {name} is not sound XML: {error}") from error
    return root


def _paragraphs(document: Element) -> Iterator[tuple[str, str]]:
    """(style id in lower case, text) of every paragraph, those in tables included."""
    for paragraph in document.iter(f"{_W}p"):
        style = paragraph.find(f"{_W}pPr/{_W}pStyle")
        name = (style.get(f"{_W}val") or "") if style is not None else ""
        yield name.lower().replace(" ", ""), "".join(_runs(paragraph)).strip()


def _runs(paragraph: Element) -> Iterator[str]:
    for element in paragraph.iter():
        if element.tag == f"{_W}t":
            yield element.text or ""
        elif element.tag in _BREAKS:
            yield _BREAKS[element.tag]
