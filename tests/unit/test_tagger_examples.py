"""Every row of services/tagger/examples is a test; the keys of `expect` are explained at the head of each file."""

from collections.abc import Callable
from typing import Any

import pytest
from examples import Row, examples
from tagged_articles import given, tagged

from shared.schemas import ArticleTagged
from shared.schemas.article_tagged import Mention


class Found:
    """What the tagger found, in the words of the examples."""

    def __init__(self, article: ArticleTagged) -> None:
        self.article = article

    def of(self, kind: str) -> list[Mention]:
        return [mention for mention in self.article.mentions if mention.kind == kind]

    def text(self, mention: Mention) -> str:
        return self.article.body[mention.start : mention.end]

    def amounts(self) -> list[Mention]:
        return [mention for mention in self.of("number") if mention.form != "ordinal"]


def country(mention: Mention) -> str | None:
    return mention.place.country if mention.place else None


LISTS: dict[str, Callable[[Found], list[Any]]] = {
    "actors": lambda found: [[found.text(m), m.ref, m.form] for m in found.of("actor")],
    "places": lambda found: [[found.text(m), country(m)] for m in found.of("place") if m.form != "dateline"],
    "borders": lambda found: [[found.text(m), m.ref] for m in found.of("border")],
    "known_borders": lambda found: [border.id for border in found.article.borders],
    "agencies": lambda found: [found.text(m) for m in found.of("agency")],
    "organisations": lambda found: [found.text(m) for m in found.of("organisation")],
    "numbers": lambda found: [[found.text(m), m.low, m.best, m.high] for m in found.amounts()],
    "number_bounds": lambda found: [[m.low, m.high] for m in found.amounts()],
    "ordinals": lambda found: [found.text(m) for m in found.of("number") if m.form == "ordinal"],
    "dates": lambda found: [[found.text(m), m.ref] for m in found.of("date")],
    "date_words": lambda found: [found.text(m) for m in found.of("date")],
}


def narrowed(found: list[Any], expected: list[Any]) -> list[Any]:
    """`found` without the fields an example leaves open: a shorter row, or a place's country given as null."""
    if len(found) != len(expected) or not all(isinstance(row, list) for row in expected):
        return found
    pairs = zip(found, expected, strict=True)
    return [row[: len(wanted)] if None not in wanted[1:2] else [row[0], None] for row, wanted in pairs]


@pytest.mark.parametrize("row", examples("tagger"))
def test_example(row: Row) -> None:
    found = Found(tagged(given(row["given"])))
    expect = dict(row["expect"])
    assert expect, "an example that expects nothing cannot fail"
    unwanted = expect.pop("not_actors", [])
    assert not {mention.ref for mention in found.of("actor")} & set(unwanted)
    for start in expect.pop("place_starts", []):
        assert any(found.text(mention).startswith(start) for mention in found.of("place"))
    for key, wanted in expect.items():
        seen = LISTS[key](found)
        assert (seen if key in ("numbers", "number_bounds") else narrowed(seen, wanted)) == wanted
