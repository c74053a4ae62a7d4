"""The frames of tests/unit/frames: whatever the countries, the place, the day and who says so, they are read alike."""

from datetime import date, timedelta

import pytest
from frames import TIMES, WORDS, Filling, frames, sentences
from tagged_articles import analyzed, article

from shared.schemas import ArticleAnalyzed

PUBLISHED = "2024-05-02"
ARTICLES = 300


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


@pytest.mark.parametrize(
    ("where", "words", "side"), [(where, *row) for where, rows in frames("speakers").items() for row in rows.items()]
)
def test_speakers(where: str, words: str, side: str) -> None:
    told = {text: losses for text, losses in frames("losses").items() if losses}
    for number in range(TIMES):
        filling = Filling(words, number)
        text = filling.chance.choice(sorted(told))
        sentence = filling.fill(f"{words} {text}." if where == "before" else f"{text}, {words}.")
        found = read(f"{filling.named(filling.pick('leads'))} {sentence}")
        sides = {claim.claimant_side for report in found.reports for claim in report.claims}
        assert sides == {None if side == "none" else filling.names.get(side, side)}, sentence


@pytest.mark.parametrize("text", frames("background"))
def test_background_is_never_counted(text: str) -> None:
    for filling, sentence in sentences(text, free=False):
        lead = filling.fill("{n} Thai soldiers were killed when Thai and Lao troops exchanged fire near {place}.")
        figures = {figure for _, _, figure in losses(read(f"{lead}\n\n{sentence}"))}
        assert figures == {filling.figures["n"]}, sentence


def test_articles_of_many_frames() -> None:
    """What one sentence tells is not changed by those around it. One article in fifty may be wrong: a number of one
    frame goes on with the people of another."""
    told = frames("losses") | frames("accounts")
    wrong = [made for number in range(ARTICLES) if (made := one_of_many(number, told))]
    assert len(wrong) <= ARTICLES // 50, "\n".join(wrong)


def one_of_many(number: int, told: dict[str, list[str]]) -> str | None:
    """An article of three frames and one of background; the text where it is misread."""
    filling = Filling("many", number)
    sentences, expected = [filling.named(filling.pick("leads"))], set[tuple[str, str, int]]()
    figures = filling.chance.sample(range(4, 90), 6)
    for text in filling.chance.sample(sorted(told), 3):
        filling.figures = {"n": figures.pop(), "m": figures.pop()}
        sentences.append(filling.fill(text) + ("" if text.endswith(".") else "."))
        expected |= wanted(filling, told[text])
    filling.figures = {"n": 91, "m": 92}
    body = " ".join(sentences) + "\n\n" + filling.fill(filling.chance.choice(frames("background")))
    found = losses(read(body))
    return None if found == expected else f"{body}\n  {found ^ expected}"


@pytest.mark.parametrize(("is_clash", "text"), [(True, text) for text in frames("clashes")] + [
    (False, text) for text in frames("peace")
])  # fmt: skip
def test_clash_or_none(is_clash: bool, text: str) -> None:
    for filling, sentence in sentences(text, free=False):
        found = read(f"{sentence} {filling.pick('behind')}")
        assert found.is_clash == is_clash, sentence
        for report in found.reports:
            assert {report.side_a, report.side_b} == {filling.names["TH"], filling.names["LA"]}, sentence


@pytest.mark.parametrize(("text", "told"), frames("oblique")["losses"].items())
def test_losses_in_other_words(text: str, told: list[str]) -> None:
    check_losses(text, told, free=False)


@pytest.mark.parametrize(("is_clash", "text"), [(True, text) for text in frames("oblique")["clashes"]] + [
    (False, text) for text in frames("oblique")["peace"]
])  # fmt: skip
def test_clash_or_none_in_other_words(is_clash: bool, text: str) -> None:
    for _, sentence in sentences(text, free=False):
        assert read(sentence).is_clash == is_clash, sentence


@pytest.mark.parametrize("text", frames("places")["frames"])
def test_places_that_no_gazetteer_has(text: str) -> None:
    for number, village in enumerate(frames("places")["villages"]):
        sentence = Filling(text, number).fill(text, village=village)
        names = [place.name for report in read(sentence).reports for place in report.places]
        assert village in names, sentence


@pytest.mark.parametrize(("text", "told"), frames("groups")["frames"].items())
def test_armed_groups(text: str, told: list[str]) -> None:
    for row in frames("groups")["rows"]:
        gaps = dict(zip(("D", "N", "S", "C", "H", "g", "G", "ref"), row, strict=False))
        filling = Filling(text, 0)
        filling.names = {"S": gaps["S"], "G": gaps["ref"]}
        sentence = filling.fill(text, **gaps)
        found = analyzed(article(sentence, None, row[-1]))
        assert [{report.side_a, report.side_b} for report in found.reports] == [{gaps["S"], gaps["ref"]}], sentence
        assert losses(found) == wanted(filling, told), sentence


@pytest.mark.parametrize(("text", "told"), frames("de_facto")["frames"].items())
def test_de_facto_states(text: str, told: list[str]) -> None:
    for *pair, published in frames("de_facto")["rows"]:
        for number in range(2):  # another number may be the other way round
            filling = Filling(text, number, pair)
            sentence = f"{filling.named('Thai and Lao troops exchanged fire on Monday.')} {filling.fill(text)}."
            found = analyzed(article(sentence, None, published))
            assert losses(found) == wanted(filling, told), sentence


def the_day(told: str, published: date, weekday: int, back: int) -> date:
    """What the words mean in an article of that day; `back` is how many days before it a date is."""
    if told == "weekday":
        return published - timedelta((published.weekday() - weekday) % 7)
    days = {"today": 0, "yesterday": 1, "two days before": 2, "date": back}
    return published - timedelta(days[told])


def ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


@pytest.mark.parametrize(("told", "text"), [(told, text) for told, texts in frames("days").items() for text in texts])
def test_days(told: str, text: str) -> None:
    for number in range(2 * TIMES):
        filling = Filling(text, number)
        published = date(1985, 1, 1) + timedelta(filling.chance.randrange(14_000))
        weekday, back = filling.chance.randrange(7), filling.chance.randrange(10)
        day = the_day(told, published, weekday, back)
        gaps = {"weekday": f"{day:%A}", "month": f"{day:%B}", "day": day.day, "nth": ordinal(day.day)}
        sentence = filling.fill(text, **gaps, year=day.year, iso=day)
        found = analyzed(article(sentence, None, str(published)))
        days = {(report.date_start, report.date_end) for report in found.reports}
        assert days == {(str(day), str(day))}, f"{published}: {sentence}"


def test_every_pair_is_tried() -> None:
    tried = {filling.names["TH"] for text in frames("losses") for filling, _ in sentences(text, free=True)}
    assert tried == {name[3] for pair in WORDS["pairs"] for name in pair}
