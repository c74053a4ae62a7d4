"""What a parser makes of one document, before the text is cleaned."""

from dataclasses import dataclass, field

from shared.schemas.article_received import Sidecar


@dataclass(frozen=True, slots=True)
class Draft:
    """`text` has one blank line between paragraphs, or is laid out as in the file (plain text).

    `dates` are (origin, date as written), most trustworthy first; origins as in `Article.published_from`.
    `aside` are (kind, text) pairs that the format itself marks as not the article's, such as a figcaption.
    """

    text: str
    title: str | None = None
    dates: tuple[tuple[str, str], ...] = ()
    source: str | None = None
    url: str | None = None
    credits: tuple[str, ...] = ()
    aside: tuple[tuple[str, str], ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One article of a file, or the reason why there is none."""

    path: str
    stem: str
    article_id: str
    draft: Draft | None = None
    reason: str = ""
    sidecar: Sidecar | None = field(default=None)
