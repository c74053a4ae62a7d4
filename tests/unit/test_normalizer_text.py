"""Plain text: encodings, signatures, seeds, and whatever bytes come."""

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.normalizer import sentences
from services.normalizer.characters import repair
from services.normalizer.decode import decode
from services.normalizer.formats import kind_of
from services.normalizer.limits import Limits
from services.normalizer.normalize import normalize
from services.normalizer.signature import distance, signature
from services.normalizer.stage import stage
from shared.envelope import decode as decode_envelope
from shared.errors import RejectedError
from shared.schemas import ArticleNormalized, ArticleReceived, FileSettled
from shared.schemas.article_received import Sidecar
from shared.schemas.ids import article_id
from shared.settings import Settings
from shared.stage import deliver, first_delivery

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SEEDS = Path(__file__).parents[2] / "seeds"
TEXT = "Border clash kills three\n\nArmenia’s ministry said three soldiers died near Şuşa.\n\nBaku denied it."


def received(content: bytes, path: str = "a.txt") -> ArticleReceived:
    return ArticleReceived(
        article_id=article_id(content),
        path=path,
        stem="a",
        size=len(content),
        content=content,
        received_at=NOW,
    )


def article(content: bytes) -> ArticleNormalized:
    (message,) = normalize(received(content), NOW)
    assert isinstance(message, ArticleNormalized), message
    return message


def reason(content: bytes, limits: Limits | None = None) -> str:
    (message,) = normalize(received(content), NOW, limits or Limits())
    assert isinstance(message, FileSettled), message
    assert (message.state, message.path) == ("rejected", "a.txt")
    return message.reason


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_encodings(encoding: str) -> None:
    assert article(TEXT.encode(encoding)).body == TEXT


def test_windows_1252() -> None:
    text = TEXT.replace("Şuşa", "Chişinău".replace("ş", "s").replace("ă", "à"))
    assert article(text.encode("cp1252")).body == text


def test_other_8_bit_encodings_are_guessed() -> None:
    text = "На границе с Азербайджаном погибли трое военнослужащих, сообщили в министерстве обороны. " * 5
    assert article(text.encode("cp1251")).body == text.strip()


def test_a_single_bad_byte_does_not_change_the_encoding() -> None:
    found = article(TEXT.encode() + b" \xff end.")
    assert "Armenia’s ministry" in found.body
    assert found.flags == ("damaged-text",)


def test_a_declared_charset_counts_and_an_unknown_one_does_not() -> None:
    assert decode("Šuša".encode("iso8859-2"), "ISO-8859-2") == ("Šuša", "iso8859-2")
    assert decode("Šuša".encode(), "no-such-charset") == ("Šuša", "utf-8")
    assert decode("Šuša".encode(), "base64") == ("Šuša", "utf-8")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the file is empty"),
        (b" \r\n\t\n", "the file is empty"),
        (b"--- *** ---", "holds no words"),
        (b"Leave a Reply\n\nAdvertisement", "nothing is left"),
        (bytes(range(256)) * 20, "binary data"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 100, "a PNG picture"),
        (b"{\\rtf1 text}", "RTF"),
        (b"7z\xbc\xaf\x27\x1c" + b"x" * 50, "7z archive"),
        (b"x" * 257 + b"ustar" + b"x" * 300, "tar archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old Office file"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "protected by a password",
        ),
        (b"<?xml version='1.0'?><nitf><body/></nitf>", "XML that is neither"),
    ],
)
def test_what_is_no_article_is_rejected_with_the_reason(content: bytes, told: str) -> None:
    assert told in reason(content)


def test_each_limit_of_a_text_names_itself() -> None:
    assert "the file has 11 bytes" in reason(b"One. Two. 3", Limits(file_bytes=10))
    assert "the limit is 10" in reason(b"One. Two. 3", Limits(text_chars=10))
    assert "more sentences than the limit of 2" in reason(b"Aa it is. Bb it is. Cc it is.", Limits(sentences=2))


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "a",
            " ",
            '"',
            "“",
            "(",
            ".",
            ". ",
            "a\n",
            "&",
            "&#1",
            "A. ",
            "â€™",
            "a\u200b",
            "a\u0301",
            " #39;",
            "(c) ",
        ),
        *(
            "\n",
            "1 ",
            "Leave a Reply ",
            "By A ",
            "share this ",
            "12 July 2020 ",
            "  abc def ghi jkl mno pqr\nabc\n",
        ),
    ],
)
def test_a_megabyte_of_the_same_comes_to_an_end(unit: str) -> None:
    """Quadratic code would need hours; pytest's timeout is the judge."""
    content = (unit * (1_000_000 // len(unit)) + "x").encode()
    assert len(normalize(received(content), NOW)) == 1


def test_overlong_sentences_are_cut_at_spaces() -> None:
    text = "word " * 4000
    spans = sentences.split(text)
    assert max(end - start for start, end in spans) <= sentences.MAX_CHARS
    assert " ".join(text[start:end] for start, end in spans) == text.strip()


@given(st.binary(max_size=400))
@settings(max_examples=400)
def test_any_bytes_make_messages(content: bytes) -> None:
    if kind_or_none(content) not in ("text", None):
        return
    for message in normalize(received(content), NOW):
        if isinstance(message, ArticleNormalized):
            check(message)


@given(st.text(alphabet=st.sampled_from(list('aB .!?…"”’“)(\n1-—é\u200b\ud800#&;@')), max_size=300))
@settings(max_examples=400)
def test_any_text_has_sound_spans(text: str) -> None:
    for message in normalize(received(text.encode("utf-8", "surrogatepass")), NOW):
        if isinstance(message, ArticleNormalized):
            check(message)


def kind_or_none(content: bytes) -> str | None:
    try:
        return kind_of(content, "a.txt")
    except RejectedError:
        return None


def check(message: ArticleNormalized) -> None:
    """Spans inside the body, in order, not overlapping, holding all words; the message can be sent."""
    at = 0
    for sentence in message.sentences:
        assert at <= sentence.start < sentence.end <= len(message.body)
        assert not message.body[at : sentence.start].strip()
        at = sentence.end
    assert not message.body[at:].strip()
    paragraphs = message.body.split("\n\n")
    assert {s.paragraph for s in message.sentences} == set(range(len(paragraphs)))
    assert all("\n" not in paragraph for paragraph in paragraphs)
    ArticleNormalized.model_validate_json(message.model_dump_json())


@given(st.text(max_size=200))
@settings(max_examples=200)
def test_repair_is_stable_and_keeps_letters_and_digits_of_ascii(text: str) -> None:
    once = repair(text)
    assert "\r" not in once
    assert "\0" not in once
    if text.isascii() and "&" not in text and "#" not in text:
        assert [c for c in once if c.isalnum()] == [c for c in text if c.isalnum()]


def test_signature_of_near_duplicates_is_near() -> None:
    words = [f"word{at % 97}x{at}" for at in range(400)]
    text = " ".join(words)
    edited = " ".join([*words[:200], "added", *words[200:]])
    other = " ".join(random.Random(1).sample(words, len(words)))
    assert signature(text) == signature(text.upper().replace(" ", ",  ")) != signature(edited)
    assert distance(signature(text), signature(edited)) <= 6
    assert distance(signature(text), signature(other)) >= 15


def test_signature_is_the_same_on_every_machine() -> None:
    assert signature(TEXT) == "124642253284e108"
    assert signature("") == signature("...") == "0" * 16
    assert signature("border") != signature("clash")


@given(st.text(max_size=300))
@settings(max_examples=200)
def test_signature_takes_any_text(text: str) -> None:
    assert len(signature(text)) == 16


SEED_FACTS = {
    "000": (
        "Deadly Clashes Along Azerbaijan-Armenia Border Enter Second Day Amid Calls For Restraint",
        None,
        "AFP dpa",
    ),
    "001": ("Armenia accuses Azerbaijan of fresh attacks on border", None, ""),
    "002": (
        "Azerbaijan, Armenia Trade Accusations Over Deadly Border Fighting",
        "2020-07-12",
        "AFP Interfax",
    ),
    "003": ("Azerbaijan, Armenia border clashes kill 99", None, ""),
    "004": (
        "As the peace efforts of foreign countries continued to strengthen, Armenia and Azerbaijan clashed again",
        None,
        "Gabrielle Tetrault-Farber Reuters",
    ),
}


@pytest.mark.parametrize("path", sorted(SEEDS.glob("*.txt")), ids=lambda path: path.name[:3])
def test_seeds(path: Path) -> None:
    found = article(path.read_bytes())
    title, date, credits = SEED_FACTS[path.name[:3]]
    assert (found.title, found.published, " ".join(found.credits), found.language, found.flags) == (
        title, date, credits, "en", ()
    )  # fmt: skip
    assert not any(word in found.body for word in ("Leave a Reply", "Related Articles", "Source link", "Photolur", "©"))
    check(found)


def test_the_stage_delivers_under_the_settings_limits() -> None:
    normalizer = stage(Settings(max_text_chars=20))
    raw = first_delivery("feeder", received(TEXT.encode()), NOW).value
    (delivery,) = deliver(normalizer, raw, NOW)
    assert delivery.topic == FileSettled.TYPE
    message = decode_envelope(delivery.value).data
    assert isinstance(message, FileSettled)
    assert message.reason == f"the text has {len(TEXT)} characters; the limit is 20"


def test_sidecars_are_json_objects_of_strings() -> None:
    raw = b'\xef\xbb\xbf{"published": "2022-09-13", "title": null, "unknown": [1]}'
    assert Sidecar.from_json(raw) == Sidecar(published="2022-09-13")


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"[1]", "not a JSON object"),
        (b'{"title": 3}', "'title' is not a string"),
        (b"\xff", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"title": "\\ud800"}', "not valid JSON"),
    ],
)
def test_bad_sidecars_say_why(raw: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Sidecar.from_json(raw)
