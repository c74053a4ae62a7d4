"""What kind of file it is: by its content first, by its suffix second."""

import re
import struct
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Literal

from shared.errors import RejectedError

Kind = Literal["text", "html", "eml", "pdf", "docx", "json", "feed", "gz", "zip"]
CONTAINERS: frozenset[Kind] = frozenset({"zip", "gz"})

_HEAD = 4096
_SUFFIXES: dict[str, Kind] = {
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".eml": "eml",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".ninjs": "json",
    ".rss": "feed",
    ".atom": "feed",
}
_HTML = re.compile(
    rb"\s{0,200}(?:<!--.{0,1000}?-->\s{0,200}){0,3}(?:<!doctype\s+html|<(?:html|head|body|article|main|title)\b)",
    re.IGNORECASE | re.DOTALL,
)
_TAGS = re.compile(rb"<(?:p|div|br|h1|span|a|meta|article|body)\b[^<>]{0,300}>", re.IGNORECASE)
_XML = re.compile(rb"\s{0,200}<\?xml\b|\s{0,200}<(?:rss|feed|rdf:RDF)\b", re.IGNORECASE)
_FEED = re.compile(rb"<(?:\w{1,20}:)?(?:rss|feed|RDF)\b")
_JSON = re.compile(rb"\s{0,200}(?:\{\s{0,200}[\"}]|\[\s{0,200}[\[{\"\]])")
_HEADER = re.compile(
    rb"^(from|to|subject|date|received|return-path|message-id|mime-version|delivered-to|content-type|reply-to|sender):",
    re.IGNORECASE | re.MULTILINE,
)
_HEADER_LINE = re.compile(rb"(?:From [^\r\n]{1,200}|[A-Za-z][A-Za-z0-9-]{1,60}:[ \t])")
# Named by a file inside, at the top level of the archive.
_OFFICE = {
    b"xl/workbook.xml": "an Excel workbook",
    b"ppt/presentation.xml": "a PowerPoint file",
    b"META-INF/MANIFEST.MF": "a Java archive",
}
# Named by the first file inside, which stands uncompressed at this place (ODF 1.3 part 2, 3.3; EPUB OCF 3.3, 4.2.2).
_MIMETYPE_AT = 30
_MIMETYPES = {
    b"mimetypeapplication/vnd.oasis.opendocument": "an OpenDocument file",
    b"mimetypeapplication/epub+zip": "an e-book",
}
_ZIP_END, _ZIP_ENTRY = b"PK\x05\x06", b"PK\x01\x02"
_BOM = b"\xef\xbb\xbf"


def kind_of(content: bytes, path: str) -> Kind:
    """Raises RejectedError for kinds that are known and not read, naming them."""
    head = content[:_HEAD].removeprefix(_BOM)
    return _by_magic(content, head, path) or _by_markup(head, path) or _SUFFIXES.get(_suffix(path), "text")


def _by_magic(content: bytes, head: bytes, path: str) -> Kind | None:
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith(b"\x1f\x8b"):
        return "gz"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _kind_of_zip(content, path)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        raise RejectedError(_what_ole(content))
    return None


def _by_markup(head: bytes, path: str) -> Kind | None:
    if _XML.match(head):
        return _kind_of_xml(head)
    if _HTML.match(head):
        return "html"
    if _looks_like_mail(head):
        return "eml"
    if _JSON.match(head):
        return "json"
    if _suffix(path) not in _SUFFIXES and len(_TAGS.findall(head)) >= 3:
        return "html"
    return None


def _kind_of_zip(content: bytes, path: str) -> Kind:
    """Office files are archives, too. A file of theirs inside a zip makes no office file of the zip."""
    names = set(_zip_names(content))
    if b"word/document.xml" in names or _suffix(path) == ".docx":
        return "docx"
    found = [what for name, what in _OFFICE.items() if name in names]
    found += [what for mark, what in _MIMETYPES.items() if content.startswith(mark, _MIMETYPE_AT)]
    if found:
        raise RejectedError(f"not an article: it is {found[0]}; save it as DOCX, PDF, HTML or text")
    return "zip"


def _zip_names(content: bytes) -> Iterator[bytes]:
    """The names in the archive's own central directory (APPNOTE 6.3.10, 4.3.12, 4.3.16), as far as it is sound."""
    end = content.rfind(_ZIP_END)
    if end < 0 or len(content) < end + 20:
        return
    size, offset = struct.unpack_from("<II", content, end + 12)
    # Something may stand before the archive, and ZIP64 records between the directory and its end.
    at = offset if content.startswith(_ZIP_ENTRY, offset) else end - size
    while 0 <= at <= end - 46 and content.startswith(_ZIP_ENTRY, at):
        name, extra, comment = struct.unpack_from("<HHH", content, at + 28)
        yield content[at + 46 : at + 46 + name]
        at += 46 + name + extra + comment


def _what_ole(content: bytes) -> str:
    if "EncryptedPackage".encode("utf-16-le") in content:
        return "the Office document is protected by a password"
    return "not an article: it is an old Office file (.doc, .xls, .ppt); save it as DOCX, PDF, HTML or text"


def _kind_of_xml(head: bytes) -> Kind:
    if _FEED.search(head):
        return "feed"
    if b"<html" in head.lower():
        return "html"
    raise RejectedError("not an article: XML that is neither RSS, Atom nor XHTML")


def _looks_like_mail(head: bytes) -> bool:
    """At least three well-known header lines before the first empty line."""
    if not _HEADER_LINE.match(head):
        return False
    headers = re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0]
    return len({name.lower() for name in _HEADER.findall(headers)}) >= 3


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()
