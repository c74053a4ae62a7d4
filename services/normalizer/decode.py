"""Bytes to text: byte order mark, declared charset, UTF-8, Windows-1252, and a guess last."""

import codecs
import re
from functools import cache

from services.normalizer.words import Lists, Words, read_lists
from shared.errors import RejectedError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_GUESSED_FROM = 64 * 1024  # bytes looked at where nothing says what they are
_CONTROLS = bytes(set(range(32)) - {8, 9, 10, 12, 13, 26, 27})
_HIGH = re.compile(rb"[\x80-\xff]")
_SEQUENCE = re.compile(rb"[\xc3-\xf4][\x80-\xbf]")
_MAGIC = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a RIFF sound, film or picture"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"{\\rtf", "RTF, which is not read; save it as text, HTML, PDF or DOCX"),
    (b"7z\xbc\xaf", "a 7z archive; only zip and gz are opened"),
    (b"Rar!", "a RAR archive; only zip and gz are opened"),
    (b"BZh", "a bzip2 archive; only zip and gz are opened"),
    (b"\xfd7zXZ", "an xz archive; only zip and gz are opened"),
    (b"SQLite format 3", "a database"),
)
_C1_UNDEFINED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")


def decode(raw: bytes, declared: str | None = None) -> tuple[str, str]:
    """The text and the name of its encoding. Raises RejectedError for what is no text."""
    for mark, name in _BOMS:
        if raw.startswith(mark):
            return raw[len(mark) :].decode(name, "replace"), name
    if declared and (known := _known(declared)):
        return raw.decode(known, "replace"), known
    wide = _wide(raw)
    if wide:
        return raw.decode(wide, "replace"), wide
    refuse_binary(raw)
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _decode_other(raw)


def refuse_binary(raw: bytes) -> None:
    """Raises RejectedError when the bytes are of no text in any 8-bit encoding."""
    for magic, what in _MAGIC:
        if raw.startswith(magic):
            raise RejectedError(f"not an article: it is {what}")
    if raw[257:262] == b"ustar":
        raise RejectedError("not an article: it is a tar archive; only zip and gz are opened")
    head = raw[:_GUESSED_FROM]
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if controls * 100 > len(head) * 2:
        raise RejectedError("not an article: it is binary data, not text")


def _decode_other(raw: bytes) -> tuple[str, str]:
    high = len(_HIGH.findall(raw[:_GUESSED_FROM]))
    if 2 * len(_SEQUENCE.findall(raw[:_GUESSED_FROM])) > high * 0.6:
        return raw.decode("utf-8", "replace"), "utf-8"
    if high * 20 <= min(len(raw), _GUESSED_FROM) and not _C1_UNDEFINED.search(raw):
        return raw.decode("cp1252"), "cp1252"
    return _guess(raw)


def _guess(raw: bytes) -> tuple[str, str]:
    from charset_normalizer import from_bytes  # slow to import, seldom needed

    best = from_bytes(raw[:_GUESSED_FROM]).best()
    if best is None:
        raise RejectedError("not an article: no known text encoding fits its bytes")
    return raw.decode(best.encoding, "replace"), best.encoding


def _known(declared: str) -> str | None:
    """Python's name of a declared charset that is believed."""
    try:
        name = codecs.lookup(declared.strip(" \"'")[:40]).name
    except (LookupError, ValueError):
        return None
    return name if name in _believed() else None


class Charsets(Lists):
    """charsets.yml as written."""

    declared: Words


@cache
def _believed() -> frozenset[str]:
    return frozenset(read_lists("charsets.yml", Charsets).declared)


def _wide(raw: bytes) -> str | None:
    """UTF-16 without a mark: every other byte is zero in Latin text."""
    head = raw[:2000]
    if len(head) < 8 or len(raw) % 2:
        return None
    even, odd = head[::2].count(0), head[1::2].count(0)
    if odd * 3 > len(head) and even * 20 < len(head):
        return "utf-16-le"
    if even * 3 > len(head) and odd * 20 < len(head):
        return "utf-16-be"
    return None
