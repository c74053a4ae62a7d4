"""No text makes the work grow faster than the text: eight times the text is not sixty-four times the work."""

import gc
import time

import pytest
from tagged_articles import NOW, article

from services.detector.detect import detect
from services.tagger.tag import tag

WHOLE, PART = 80_000, 10_000  # characters
STEEP = 30  # linear is 8, quadratic 64

UNITS = {
    "figures": "12 ",
    "scales": "two hundred and ",
    "one figure": "1",
    "thousands": "1,111,",
    "figures and dashes": "1-",
    "names": "Armenia Azerbaijan ",
    "places": "Berd Tavush ",
    "quotes": "“‘\"'",
    "dates": "12 July 2020 and 13 July ",
    "months": "May ",
    "denials": "no casualties among ",
    "places nobody knows": "in the village of Aaa Bbb ",
    "prepositions": "in the aaa bbb ",
    "capitalised": "Aaa ",
    "borders": "of the Armenia-Azerbaijan border ",
    "hyphens": "-",
    "stops": ". ",
    "accents": "e\u0301",
    "letters of another script": "ə",
    "spaces": " ",
    "verbs of saying": "said ",
    "losses": "100 killed or wounded ",
    "lists of losses": "49 Armenian and 50 Azerbaijani troops were killed, ",
    "ellipses": "Armenia lost 40 men, the Azerbaijanis 60, ",
    "hospitals": "six were flown to hospital and ",
    "brackets": "14 dead (9 Azerbaijanis and 5 Armenians) ",
    "nth days": "for a third day on Monday of fighting ",
    "days of other doings": "the funeral on the 12th, two days earlier, ",
    "the struck": "fired on an Armenian post and both its guards died ",
    "claims": "Armenia said three of its soldiers were killed by Azerbaijani fire and ",
    "accusations": "Armenia accused Azerbaijan of shelling its positions in Berd ",
}


def seconds(text: str) -> float:
    """Of processor time, so that other programs do not count; nor does what the garbage of other tests takes."""
    made = article(text)
    gc.disable()
    begun = time.process_time()
    detect(tag(made, NOW), NOW)
    spent = time.process_time() - begun
    gc.enable()
    return spent


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS.keys())
def test_work_grows_with_the_text(unit: str) -> None:
    seconds("Armenia lost two soldiers.")  # reads the data
    part, whole = (unit * (size // len(unit)) for size in (PART, WHOLE))
    assert seconds(whole) < STEEP * max(seconds(part), 0.01)


@pytest.mark.parametrize("unit", ["lists of losses", "claims", "accusations", "denials", "figures"])
def test_work_grows_with_the_sentence(unit: str) -> None:
    """Within the 5,000 characters a sentence has at most; doubled twice, it may take nine times, not sixteen."""
    part, whole = (UNITS[unit] * (size // len(UNITS[unit])) for size in (1_200, 4_800))
    seconds(part)
    assert seconds(whole) < 9 * max(min(seconds(part) for _ in range(3)), 0.005)


@pytest.mark.parametrize("text", ["hundred " * 400 + "million " * 400, "9" * 400, "1," + "000," * 200 + "000 men"])
def test_a_number_larger_than_any_number_is_no_number(text: str) -> None:
    assert tag(article(text), NOW).mentions == ()
