"""Messages and documents on disk: deflated, with what all of them have in common told beforehand.

`dictionary.txt` is what they have in common: JSON names and news words, the most likely last. It must never change:
what was packed with it can only be unpacked with it. Of a message that holds a file, the base64 is undone first.
"""

import re
import struct
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path

PLAIN, DEFLATED, LIFTED = 0, 1, 2

DICTIONARY = Path(__file__).with_name("dictionary.txt").read_bytes()

_LEVEL = 5
# Small tables: setting up zlib's usual 256 kB costs more than a typical article's compression.
_WINDOW, _MEMORY = 13, 5
_BYTES = re.compile(rb'"(?:content|original)":"([A-Za-z0-9_=-]+)"')
_HEAD = struct.Struct("!II")


def pack(value: bytes) -> tuple[int, bytes]:
    """The codec and what to keep; `unpack` gives back the same bytes, always."""
    found = _BYTES.search(value)
    if found:
        start, end = found.span(1)
        raw = _decoded(found[1])
        if raw is not None:
            return LIFTED, deflate(_HEAD.pack(start, len(raw)) + value[:start] + raw + value[end:])
    return DEFLATED, deflate(value)


def unpack(codec: int, kept: bytes) -> bytes:
    """The message as it was published."""
    if codec == PLAIN:
        return kept
    value = inflate(kept)
    if codec == DEFLATED:
        return value
    start, length = _HEAD.unpack_from(value)
    body = memoryview(value)[_HEAD.size :]
    return b"".join((body[:start], urlsafe_b64encode(body[start : start + length]), body[start + length :]))


def deflate(value: bytes) -> bytes:
    """zlib's format, tuned for a few kilobytes."""
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW, _MEMORY, zdict=DICTIONARY)
    return compressor.compress(value) + compressor.flush()


def inflate(kept: bytes) -> bytes:
    """What was deflated."""
    decompressor = zlib.decompressobj(_WINDOW, DICTIONARY)
    return decompressor.decompress(kept) + decompressor.flush()


def _decoded(text: bytes) -> bytes | None:
    """None unless encoding it again gives the same text."""
    try:
        raw = urlsafe_b64decode(text)
    except ValueError:
        return None
    return raw if urlsafe_b64encode(raw) == text else None
