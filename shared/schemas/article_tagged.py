"""The article with every mention of an actor, place, organisation, number and date marked."""

from typing import ClassVar, Literal

from shared.schemas.article_normalized import Article
from shared.schemas.message import Part
from shared.schemas.places import Place
from shared.schemas.spans import Span

MentionKind = Literal["actor", "place", "border", "organisation", "agency", "number", "date"]


class Mention(Span):
    """A span naming something. What the other fields mean depends on `kind`.

    actor: `ref` is the side (ISO code or the actor's name), `form` how it is said: name, demonym, capital, force,
    border_guard, police, ministry, leader, armed_group, de_facto_state, militia, proxy, peacekeepers; `sits_in` are the
    countries a non-state actor holds ground in. place: `ref` is the gazetteer's name, `place` its row. border: `ref`
    is the border's id. organisation and agency: `ref` is the name, `form` its kind (monitor, alliance, newspaper ...).
    number: `low`, `best`, `high` people or things, `form` cardinal, vague or ordinal. date: `ref` is EDTF
    (`2022-09-13`, `XXXX-07-12`, `2020`), `weekday:0` (Monday), `day:-1` (yesterday), `weekend:0` (the last one),
    `earlier:-2` (two days before another day), `after:-1` (a day after it) or `days:3` (three days of); `form` the
    class.
    """

    kind: MentionKind
    ref: str = ""
    form: str = ""
    low: int | None = None
    best: int | None = None
    high: int | None = None
    sits_in: tuple[str, ...] = ()
    place: Place | None = None


class Border(Part):
    """A known border between two states the article mentions: `id` is the two codes in alphabetical order."""

    id: str
    latitude: float
    longitude: float


class ArticleTagged(Article):
    """The tagger's output: mentions in order of `start`, not overlapping."""

    TYPE: ClassVar[str] = "article.tagged"

    mentions: tuple[Mention, ...]
    borders: tuple[Border, ...] = ()
