"""PDF with pypdf: page text, without running heads, hyphenation and page numbers."""

import logging
import re
from collections import Counter
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from services.normalizer.draft import Draft
from services.normalizer.limits import Limits
from shared.errors import RejectedError

_PAGE_NUMBER = re.compile(r"(?:page )?\d{1,4}(?: ?(?:of|/) ?\d{1,4})?", re.IGNORECASE)
# A fragment after which the hyphen stays when the line broke there: "cease-fire", "co-chair".
_PREFIXES = frozenset(("anti", "cease", "co", "cross", "ex", "mid", "non", "pre", "pro", "re", "self", "semi"))
_HYPHENATED = re.compile(r"([A-Za-z]{1,30})-\n([a-z])")
_NO_TITLE = re.compile(r"(?:microsoft word|untitled|document\d{0,3}\b|.{0,200}\.(?:docx?|pdf|html?|indd|txt)\Z)", re.I)

logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def read(content: bytes, limits: Limits) -> Draft:
    """Raises RejectedError for a damaged file, a password, or pages that hold pictures only."""
    try:
        return _read(content, limits)
    except (
        PyPdfError,
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
        AssertionError,
        OSError,
    ) as error:
        # pypdf meets a damaged file with whatever its parts raise.
        raise RejectedError(f"the PDF file is damaged: {type(error).__name__}: {error}") from error


def _read(content: bytes, limits: Limits) -> Draft:
    reader = PdfReader(BytesIO(content), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        raise RejectedError("the PDF file is protected by a password")
    pages: list[str] = []
    for page in reader.pages:
        pages.append(page.extract_text())
        if sum(map(len, pages)) > limits.text_chars:
            raise RejectedError(f"the PDF file has more characters of text than the limit of {limits.text_chars}")
    if not any(page.strip() for page in pages):
        raise RejectedError("the PDF file has no text: a scan; run text recognition (OCR) over it first")
    about: Mapping[str, Any] = reader.metadata or {}
    title, created = str(about.get("/Title") or "").strip(), str(about.get("/CreationDate") or "")
    return Draft(
        text=_HYPHENATED.sub(_joined, "\n\n".join(_without_running_heads(pages))),
        title=title if title and not _NO_TITLE.match(title) else None,
        dates=(("pdf", created.removeprefix("D:")),) if created else (),
    )


def _joined(match: re.Match[str]) -> str:
    keeps = match[1].lower() in _PREFIXES or match[1][0].isupper()
    return f"{match[1]}-{match[2]}" if keeps else match[1] + match[2]


def _without_running_heads(pages: list[str]) -> list[str]:
    """Drops page numbers, and first and last lines that most pages share."""
    split = [page.split("\n") for page in pages]
    edges = Counter(line.strip() for lines in split for line in {*lines[:2], *lines[-2:]} if line.strip())
    shared = {line for line, pages_with in edges.items() if len(pages) > 2 and pages_with * 2 > len(pages)}
    return ["\n".join(line for line in lines if not _is_running(line.strip(), shared)) for lines in split]


def _is_running(line: str, shared: set[str]) -> bool:
    return line in shared or bool(_PAGE_NUMBER.fullmatch(line))
