"""The article as text: decoded, cleaned, cut into paragraphs and sentences, dated where it says so."""

from typing import ClassVar, Literal

from pydantic import PositiveInt

from shared.schemas.article_withdrawn import ArticleWithdrawn
from shared.schemas.message import Message, Part
from shared.schemas.spans import Span

Role = Literal["title", "body"]
SetAsideKind = Literal["boilerplate", "caption", "credit", "byline"]


class Sentence(Span):
    """One sentence; `paragraph` counts from 0 (the title, when there is one, is paragraph 0)."""

    paragraph: int
    role: Role = "body"


class SetAside(Part):
    """Text that is not the article's own: kept, but not part of `body`."""

    kind: SetAsideKind
    text: str


class Article(Message):
    """What is known of an article as text. All spans count characters of `body`.

    `body` starts with the title, when there is one; paragraphs are separated by one blank line. `published` is
    EDTF, and null when nothing says so; `published_from` names what said it (`sidecar`, `json-ld`, `html-meta`,
    `rss`, `email`, `ninjs`, `pdf`, `docx`, `text`). `language` is ISO 639-1. `signature` is a 64-bit simhash in
    hexadecimal digits. `flags` are machine words (`not-english`, `machine-spun` ...). `replaces` is what the file
    held before (see ArticleReceived).
    """

    article_id: str
    version: PositiveInt = 1
    path: str
    stem: str
    title: str | None = None
    body: str
    sentences: tuple[Sentence, ...]
    published: str | None = None
    published_from: str | None = None
    source: str | None = None
    url: str | None = None
    credits: tuple[str, ...] = ()
    language: str
    signature: str
    set_aside: tuple[SetAside, ...] = ()
    flags: tuple[str, ...] = ()
    replaces: ArticleWithdrawn | None = None

    @property
    def key(self) -> str:
        return self.article_id


class ArticleNormalized(Article):
    """The normalizer's output."""

    TYPE: ClassVar[str] = "article.normalized"
