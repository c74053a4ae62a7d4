"""The frames of tests/unit/frames: whatever the countries, the place, the day and who says so, they are read alike."""

import pytest
from frames import WORDS, Filling, frames, sentences
from tagged_articles import analyzed, article

from shared.schemas import ArticleAnalyzed

PUBLISHED = "2024-05-02"


def read(text: str, title: str | None = None) -> ArticleAnalyzed:
    return analyzed(article(text, title, PUBLISHED))


def losses(found: ArticleAnalyzed) -> set[tuple[str, str, int]]:
    """Side, kind and figure of every claim but those of none."""
    told = [(one, one.best or one.low or one.high) for report in found.reports for one in report.claims]
    return {(claim.side, claim.kind, figure) for claim, figure in told if figure}


def wanted(filling: Filling, told: list[str]) -> set[tuple[str, str, int]]:
    return {filling.loss(one) for one in told}


def check_losses(text: str, told: list[str], *, free: bool) -> None:
    for filling, sentence in sentences(text, free=free):
        lead = filling.named(filling.pick("leads"))
        assert losses(read(f"{lead} {sentence}")) == wanted(filling, told), sentence


@pytest.mark.parametrize(("text", "told"), frames("losses").items())
def test_losses_with_times_places_and_speakers(text: str, told: list[str]) -> None:
    check_losses(text, told, free=True)


@pytest.mark.parametrize(("text", "told"), frames("accounts").items())
def test_losses_as_somebody_tells_them(text: str, told: list[str]) -> None:
    check_losses(text, told, free=False)


@pytest.mark.parametrize(("text", "told"), frames("headlines").items())
def test_headlines(text: str, told: list[str]) -> None:
    for filling, sentence in sentences(text, free=False):
        lead = filling.named(filling.pick("leads"))
        assert losses(read(lead, sentence.removesuffix("."))) == wanted(filling, told), sentence


@pytest.mark.parametrize("text", frames("background"))
def test_background_is_never_counted(text: str) -> None:
    for filling, sentence in sentences(text, free=False):
        lead = filling.fill("{n} Thai soldiers were killed when Thai and Lao troops exchanged fire near {place}.")
        figures = {figure for _, _, figure in losses(read(f"{lead}\n\n{sentence}"))}
        assert figures == {filling.figures["n"]}, sentence


@pytest.mark.parametrize(("is_clash", "text"), [(True, text) for text in frames("clashes")] + [
    (False, text) for text in frames("peace")
])  # fmt: skip
def test_clash_or_none(is_clash: bool, text: str) -> None:
    for filling, sentence in sentences(text, free=False):
        found = read(f"{sentence} {filling.pick('behind')}")
        assert found.is_clash == is_clash, sentence
        for report in found.reports:
            assert {report.side_a, report.side_b} == {filling.names["TH"], filling.names["LA"]}, sentence


def test_every_pair_is_tried() -> None:
    tried = {filling.names["TH"] for text in frames("losses") for filling, _ in sentences(text, free=True)}
    assert tried == {name[3] for pair in WORDS["pairs"] for name in pair}
