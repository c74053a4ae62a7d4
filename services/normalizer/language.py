"""Which language a text is in: its small words, its script, and a trained model when these do not tell."""

import re
from collections import Counter
from functools import cache

from services.normalizer.words import Lists, Words, read_lists, read_words

_SAMPLE = 1500  # characters; more does not make it surer
_WORD = re.compile(r"[^\W\d_]+(?:[’'][^\W\d_]+)?")
_SURE = 0.18  # share of a text's words that are small words of its language
_AHEAD = 1.5  # how many times as many as of the next language
_LEAST = 3  # small words: "Indian soldiers die in ambush" has two of German
_FEW = 9  # words; a headline of fewer fits many languages
_DOUBT = 4.0
_SCRIPTS = (
    ("hy", "\u0530", "\u058f"),
    ("ka", "\u10a0", "\u10ff"),
    ("he", "\u0590", "\u05ff"),
    ("el", "\u0370", "\u03ff"),
    ("th", "\u0e00", "\u0e7f"),
    ("km", "\u1780", "\u17ff"),
    ("my", "\u1000", "\u109f"),
    ("am", "\u1200", "\u137f"),
    ("hi", "\u0900", "\u097f"),
    ("bn", "\u0980", "\u09ff"),
    ("ta", "\u0b80", "\u0bff"),
    ("ko", "\uac00", "\ud7af"),
    ("ja", "\u3040", "\u30ff"),
    ("zh", "\u4e00", "\u9fff"),
)


def language_of(text: str) -> str:
    """ISO 639-1; `und` (ISO 639-2) where there are too few words to judge by."""
    sample = text[:_SAMPLE]
    if _is_plainly_english(sample):
        return "en"
    words = _WORD.findall(sample)
    if not words:
        return "und"
    code = _by_small_words(words) or _by_script(sample)
    if code:
        return code
    code = _by_model(sample)
    return code if code == "en" or len(words) >= _FEW else "und"


def _is_plainly_english(sample: str) -> bool:
    """The hot path: a quarter of the words are small words of English and hardly any of another language."""
    english, foreign = _english()
    words = sample.lower().split()
    return sum(word in english for word in words) * 4 > len(words) > sum(word in foreign for word in words) * 20


def _by_small_words(words: list[str]) -> str | None:
    lookup = _small_words()
    score: Counter[str] = Counter()
    for word, times in Counter(map(str.lower, words)).items():
        for code in lookup.get(word, ()):
            score[code] += times
    if set(score) == {"en"}:
        return "en"
    ranked = score.most_common(2)
    if not ranked or ranked[0][1] < max(_SURE * len(words), _LEAST):
        return None
    if len(ranked) > 1 and ranked[0][1] < _AHEAD * ranked[1][1]:
        return None
    return ranked[0][0]


def _by_script(sample: str) -> str | None:
    letters = [char for char in sample if char.isalpha()]
    japanese = sum("\u3040" <= char <= "\u30ff" for char in letters)
    if japanese * 10 > len(letters):
        return "ja"
    for code, first, last in _SCRIPTS:
        if sum(first <= char <= last for char in letters) * 2 > len(letters):
            return code
    return None


def _by_model(sample: str) -> str:
    """English gets the benefit of the doubt: it is by far the likeliest, foreign names or not."""
    ranked = dict(_model().rank(sample))
    best = max(ranked, key=ranked.__getitem__)
    code = "en" if ranked["en"] * _DOUBT >= ranked[best] else str(best)
    return "no" if code in {"nb", "nn"} else code


class ModelLanguages(Lists):
    """model-languages.yml as written."""

    languages: Words


@cache
def _model():  # type: ignore[no-untyped-def]  # py3langid has no types
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # half a second: only when needed

    model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    model.set_languages(read_lists("model-languages.yml", ModelLanguages).languages)
    return model


@cache
def _english() -> tuple[frozenset[str], frozenset[str]]:
    """Small words of English, and those of other languages that are none of English."""
    lookup = _small_words()
    english = frozenset(word for word, codes in lookup.items() if "en" in codes)
    return english, frozenset(lookup) - english


@cache
def _small_words() -> dict[str, tuple[str, ...]]:
    lookup: dict[str, list[str]] = {}
    for code, words in read_words("languages.yml").items():
        for word in words:
            lookup.setdefault(word, []).append(code)
    return {word: tuple(codes) for word, codes in lookup.items()}
