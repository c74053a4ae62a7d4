"""64-bit simhash over word 3-grams (Charikar 2002; Manku et al. 2007), for near-duplicates."""

import numpy as np
from numpy.typing import NDArray

_U64 = NDArray[np.uint64]
_GRAM = 3
_CHUNK = 1 << 16
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def signature(text: str) -> str:
    """16 hexadecimal digits; texts that share most of their word triples differ in few bits.

    Case, punctuation and white space do not count; no words at all give sixteen zeros.
    """
    words = _word_hashes(text.lower())
    if not len(words):
        return "0" * 16
    counts = np.zeros(64, dtype=np.int64)
    grams = _grams(words)
    for start in range(0, len(grams), _CHUNK):
        part = grams[start : start + _CHUNK]
        counts += np.unpackbits(part.astype("<u8").view(np.uint8).reshape(-1, 8), axis=1).sum(axis=0, dtype=np.int64)
    return np.packbits(counts * 2 > len(grams)).tobytes().hex()


def distance(one: str, other: str) -> int:
    """In how many of the 64 bits two signatures differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def _word_hashes(text: str) -> _U64:
    points = np.frombuffer(text.encode("utf-32-le", "replace"), dtype="<u4")
    inside = _is_word(points)
    edges = np.flatnonzero(np.diff(inside.view(np.int8), prepend=0, append=0))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return np.zeros(0, dtype=np.uint64)
    letters = points[inside].astype(np.uint64)
    lengths = ends - starts
    first = np.cumsum(lengths) - lengths
    place = (np.arange(len(letters)) - np.repeat(first, lengths)).astype(np.uint64)
    return np.add.reduceat(_mixed(letters + place * _GOLDEN), first)


def _is_word(points: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """ASCII letters and digits, and all above Latin-1's signs but general punctuation and CJK stops."""
    digit = (points - np.uint32(0x30)) < 10
    letter = (points - np.uint32(0x61)) < 26
    other = (points >= 0xC0) & ((points - np.uint32(0x2000)) >= 0x70) & ((points - np.uint32(0x3000)) >= 0x40)
    return digit | letter | other


def _grams(words: _U64) -> _U64:
    if len(words) < _GRAM:
        return _mixed(words.sum(keepdims=True, dtype=np.uint64))
    return _mixed(words[:-2] * np.uint64(3) + words[1:-1] * np.uint64(5) + words[2:] * np.uint64(7))


def _mixed(values: _U64) -> _U64:
    """splitmix64's finalizer: every input bit reaches every output bit."""
    values = values + _GOLDEN
    values = (values ^ (values >> np.uint64(30))) * _MIX_1
    values = (values ^ (values >> np.uint64(27))) * _MIX_2
    mixed: _U64 = values ^ (values >> np.uint64(31))
    return mixed
