"""Repairs single characters: mojibake, left-over entities, controls, invisible ones; then NFC."""

import html
import re
import unicodedata

import ftfy

_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SPACES = re.compile("[\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\ufffe\uffff\U000e0000-\U000e007f]"
    # In Persian and the Indic scripts the (non-)joiner is spelling, elsewhere it only hides words.
    "|(?<![\u0600-\u06ff\u0900-\u0dff])[\u200c\u200d]"
)
# Anything but printable ASCII, composed Latin letters and the usual typographic signs: most texts have none.
_ODD = re.compile("[^\n -~\u00a1-\u00ac\u00ae-\u024f\u2010-\u2015\u2018-\u201e\u2022\u2026\u20ac\u2122]")
# A UTF-8 lead byte read as Windows-1252 or Latin-1 and followed by what a continuation byte became.
_MOJIBAKE = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u20ac\u201a-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a"
    "\u0152\u0153\u0160\u0161\u017d\u017e\u0178\u0192\u02c6\u02dc\u2013\u2014\u2018-\u201d\u2122]"
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,12});")
# News corpora lost the ampersand of "&#39;": "Kashmir #39;s".
_HALF_ENTITY = re.compile(r" ?#(3[49]|8217|8220|8221);")
_FIX = ftfy.TextFixerConfig(unescape_html=False, uncurl_quotes=False, explain=False)


def repair(text: str) -> str:
    """The same words in NFC, with `\\n` line ends, plain spaces and no invisible characters."""
    if "&" in text:
        text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    if "#" in text:
        text = _HALF_ENTITY.sub(lambda match: chr(int(match[1])), text)
    if not text.isascii() and _MOJIBAKE.search(text):
        text = _unspoilt(text)
    return _plain(text) if _ODD.search(text) else text


def _unspoilt(text: str) -> str:
    """Line by line: what was spoilt is seldom the whole text."""
    return "\n".join(ftfy.fix_encoding(line, _FIX) if _MOJIBAKE.search(line) else line for line in text.split("\n"))


def _plain(text: str) -> str:
    text = _INVISIBLE.sub("", _SPACES.sub(" ", _LINE_ENDS.sub("\n", text)))
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)
