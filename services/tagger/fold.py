"""Text as the matcher sees it: lower case, without diacritics, punctuation as spaces.

Every character keeps its place.
"""

import re
import sys
import unicodedata
from functools import lru_cache

_SPECIAL = {
    "ı": "i",
    "ł": "l",
    "đ": "d",
    "ø": "o",
    "ß": "s",
    "æ": "a",
    "þ": "t",
    "ð": "d",
    "ə": "e",
    "œ": "o",
    "ħ": "h",
}
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_ASCII = bytes(ord(chr(code).lower()) if chr(code).isalnum() else ord(" ") for code in range(128)) + b" " * 128
_MANY = 200


def fold(text: str) -> str:
    """Same length as `text`: Latin letters and digits folded, all else a space.

    >>> fold("Ras al-Ayn, Şanlıurfa")
    'ras al ayn  sanliurfa'
    """
    strange = set(_NOT_ASCII.findall(text))
    if len(strange) > _MANY:
        text = "".join(_fold_char(char) for char in text)
    else:
        for char in strange:
            text = text.replace(char, _fold_char(char))
    return text.encode("ascii").translate(_ASCII).decode("ascii")


def squeeze(name: str) -> str:
    """A folded name with single spaces: what is looked up."""
    return sys.intern(" ".join(fold(name).split()))


@lru_cache(maxsize=4096)
def _fold_char(char: str) -> str:
    if char.isascii():
        return char
    base = _SPECIAL.get(char.lower()) or unicodedata.normalize("NFKD", char)[0]
    return base if base.isascii() else " "
