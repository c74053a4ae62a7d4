"""The article with every mention of an actor, place, number, date, claimant and weapon marked."""

from typing import ClassVar, Literal

from shared.schemas.article_normalized import Article
from shared.schemas.places import Place
from shared.schemas.spans import Span

MentionKind = Literal["actor", "place", "border", "organisation", "agency", "number", "date", "word"]


class Mention(Span):
    """A span naming something. What the other fields mean depends on `kind`.

    actor: `ref` is the side (ISO code or the actor's name), `form` how it is said: name, demonym, capital, force,
    border_guard, ministry, leader, group. place and border: `place` holds the gazetteer's row, `ref` its name or the
    border's id. organisation and agency: `ref` is the name. number: `low`, `best`, `high`. date: `ref` is EDTF or
    the lexicon's class, `form` the way it was said. word: `ref` is the lexicon's class, `form` the matched entry.
    """

    kind: MentionKind
    ref: str = ""
    form: str = ""
    low: int | None = None
    best: int | None = None
    high: int | None = None
    place: Place | None = None


class ArticleTagged(Article):
    """The tagger's output: mentions in order of `start`, not overlapping."""

    TYPE: ClassVar[str] = "article.tagged"

    mentions: tuple[Mention, ...]
