"""Character spans into the normalized body of one article."""

from pydantic import NonNegativeInt

from shared.schemas.message import Part


class Span(Part):
    """Half-open range [start, end) in characters of `ArticleNormalized.body`."""

    start: NonNegativeInt
    end: NonNegativeInt


class Evidence(Span):
    """A span with its words: `body[start:end] == text`."""

    text: str
