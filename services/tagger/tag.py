"""Marks everything in an article that names an actor, a place, a border, an organisation, a number or a date."""

from bisect import bisect_left
from datetime import datetime
from itertools import combinations_with_replacement
from operator import attrgetter

from services.tagger.dates import find_dates
from services.tagger.fold import fold
from services.tagger.gazetteer import Gazetteer, load
from services.tagger.lexemes import lexemes, lexicon
from services.tagger.names import countries_in, find_candidates, needed, resolve
from services.tagger.numbers import find_numbers
from shared.schemas.article_normalized import Article
from shared.schemas.article_tagged import ArticleTagged, Border, Mention


def tag(article: Article, now: datetime) -> ArticleTagged:
    """The article with its mentions in order, not overlapping: names go before dates, dates before numbers."""
    del now
    known = load()
    mentions = mentions_in(article.body, article.published, known) if "not-english" not in article.flags else []
    return ArticleTagged.model_construct(
        **dict(article), mentions=tuple(mentions), borders=borders_between(mentions, known)
    )


def mentions_in(text: str, published: str | None, known: Gazetteer) -> list[Mention]:
    """All mentions of one text."""
    folded = " " + fold(text)
    candidates = needed(list(find_candidates(text, folded, published, known)))
    seen = countries_in(candidates)
    names = _one_sided([m for c in candidates if (m := resolve(c, text, folded, seen))], known)
    words, lexis = lexemes(text, folded), lexicon()
    dates, used = find_dates(words, text, folded, lexis)
    numbers = find_numbers(words, used, text, folded, lexis)
    return _merge(names, dates, numbers)


def _one_sided(names: list[Mention], known: Gazetteer) -> list[Mention]:
    """Sides that are one party in this article get one name (data/one_side.yml)."""
    spoken = {m.ref for m in names if m.kind == "actor"} | {m.place.sector for m in names if m.place}
    for rule in known.one_sides:
        if spoken.issuperset(rule.needs):
            return [_renamed(m, rule.into, known) if m.kind == "actor" and m.ref in rule.sides else m for m in names]
    return names


def _renamed(mention: Mention, into: str, known: Gazetteer) -> Mention:
    renamed = {"ref": into, "form": known.kinds.get(into, "armed_group"), "sits_in": known.homes.get(into, ())}
    return mention.model_copy(update=renamed)


def _merge(names: list[Mention], *layers: list[Mention]) -> list[Mention]:
    """One list in order; where two mentions overlap, the earlier layer wins."""
    taken = names
    for layer in layers:
        starts = [m.start for m in taken]
        taken = sorted([*taken, *(m for m in layer if _is_free(m, taken, starts))], key=lambda m: m.start)
    return taken


def _is_free(mention: Mention, taken: list[Mention], starts: list[int]) -> bool:
    after = bisect_left(starts, mention.end)
    return after == 0 or taken[after - 1].end <= mention.start


def borders_between(mentions: list[Mention], known: Gazetteer) -> tuple[Border, ...]:
    """The known borders between any two states mentioned (a non-state actor counts for where it sits)."""
    codes = {m.ref for m in mentions if m.kind == "actor" and len(m.ref) == 2}
    codes.update(code for m in mentions for code in m.sits_in)
    codes.update(code for m in mentions if m.place for code in m.place.country.split("|"))
    found = (known.borders.get(frozenset(pair)) for pair in combinations_with_replacement(codes, 2))
    # Inside an occupation line is no fight at a border.
    rows = sorted((row for row in found if row and row.kind != "occupation_line"), key=attrgetter("id"))
    return tuple(Border(id=row.id, latitude=row.latitude, longitude=row.longitude) for row in rows)
