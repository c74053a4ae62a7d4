"""Articles for the tagger and the detector, built from a few words of text without the normalizer's guesses."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from services.detector.detect import detect
from services.normalizer import sentences
from services.tagger.tag import tag
from shared.schemas import ArticleAnalyzed, ArticleNormalized, ArticleTagged
from shared.schemas.article_normalized import Role, Sentence

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def article(text: str, title: str | None = None, published: str | None = None) -> ArticleNormalized:
    """Paragraphs of `text` are separated by blank lines; `published` is EDTF."""
    paragraphs = [title] if title else []
    paragraphs += [part for part in text.split("\n\n") if part.strip()]
    body = "\n\n".join(part.strip() for part in paragraphs)
    return ArticleNormalized(
        article_id="0" * 32,
        path="given.txt",
        stem="given",
        title=title,
        body=body,
        sentences=tuple(_sentences(body, bool(title))),
        published=published,
        published_from="sidecar" if published else None,
        language="en",
        signature="0" * 16,
    )


def _sentences(body: str, titled: bool) -> Iterator[Sentence]:
    at = 0
    for number, paragraph in enumerate(body.split("\n\n")):
        role: Role = "title" if titled and number == 0 else "body"
        spans = [(0, len(paragraph))] if role == "title" else sentences.split(paragraph)
        for start, end in spans:
            yield Sentence(start=at + start, end=at + end, paragraph=number, role=role)
        at += len(paragraph) + 2


def given(row: Any) -> ArticleNormalized:
    """The article of an example: a text, or a mapping of `text`, `title` and `published`."""
    return article(row) if isinstance(row, str) else article(**row)


def tagged(made: ArticleNormalized) -> ArticleTagged:
    """The article after the tagger."""
    return tag(made, NOW)


def analyzed(made: ArticleNormalized) -> ArticleAnalyzed:
    """The article after tagger and detector."""
    return detect(tagged(made), NOW)[0]
