"""Whatever the text: mentions in order, inside it and apart; the detector reads it and shows true spans."""

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st
from tagged_articles import analyzed, article, tagged

from services.tagger.fold import fold
from services.tagger.gazetteer import DATA, Country, read_places, read_yaml

WORDS = """
soldiers troops guards civilians killed wounded captured missing died lost said according to by of on in near and the
a no nobody casualties shelled fired exchange of fire clashed border line of control village of since war in 2020 its
their at least up to dozens hundred thousand twenty three 49 1,500 12 July 2020-05-01 Monday overnight May 1988-94
Armenia Azerbaijan North South Line Control both sides denied that more including “ ” ( ) , . ; : - – ’s 's
""".split()  # noqa: SIM905 - a list of quoted words is harder to read


@cache
def names() -> list[str]:
    """Every third name of states and places."""
    countries = [row for path in sorted((DATA / "countries").glob("*.yml")) for row in read_yaml(path, Country)]
    places = [names for path in sorted((DATA / "places").glob("*.tsv")) for _, names in read_places(path)]
    return sorted({name for row in countries for name in row.names}.union(*places))[::3]


# Drawn inside, so that the names are read when the test runs, not when it is collected.
PIECES = st.one_of(
    st.sampled_from(WORDS),
    st.deferred(lambda: st.sampled_from(names())),
    st.integers(0, 10**12).map(str),
    st.text(max_size=6),
)
TEXTS = st.lists(st.tuples(PIECES, st.sampled_from([" ", " ", " ", "", "-", ", ", ". ", "\n\n"])), max_size=40).map(
    lambda pairs: "".join(piece + joint for piece, joint in pairs)
)
OTHER_DAYS = st.sampled_from(["2020", "2020-07", "XXXX-07-12", "2022-09-12/2022-09-14"])
DAYS = st.one_of(st.none(), st.dates().map(str), OTHER_DAYS)


@settings(max_examples=100)
@given(text=TEXTS, published=DAYS)
def test_mentions_are_in_order_inside_and_apart(text: str, published: str | None) -> None:
    found = tagged(article(text, published=published))
    end = 0
    for mention in found.mentions:
        assert end <= mention.start < mention.end <= len(found.body)
        assert found.body[mention.start : mention.end].strip() == found.body[mention.start : mention.end]
        end = mention.end


@settings(max_examples=100)
@given(text=TEXTS, published=DAYS)
def test_evidence_is_its_slice_of_the_body(text: str, published: str | None) -> None:
    found = analyzed(article(text, published=published))
    shown = list(found.background)
    for report in found.reports:
        shown += [*report.evidence, *(claim.evidence for claim in report.claims)]
        assert report.side_a < report.side_b
    assert all(found.body[span.start : span.end] == span.text for span in shown)
    assert bool(found.reports) == found.is_clash
    assert 0 <= found.score <= 1


@settings(max_examples=100)
@given(text=st.text())
def test_folding_keeps_every_character_in_its_place(text: str) -> None:
    folded = fold(text)
    assert len(folded) == len(text)
    assert all(char == " " or (char.isascii() and char.isalnum() and not char.isupper()) for char in folded)


@settings(max_examples=50)
@given(text=TEXTS)
def test_the_same_text_is_read_the_same_way(text: str) -> None:
    assert analyzed(article(text)) == analyzed(article(text))


def test_an_article_in_another_language_is_left_alone() -> None:
    made = article("Armenia ve Azerbaijan 12 asker").model_copy(update={"language": "tr", "flags": ("not-english",)})
    assert tagged(made).mentions == ()
