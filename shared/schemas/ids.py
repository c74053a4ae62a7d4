"""Deterministic ids: the same input has the same id on every machine, every time."""

import hashlib
import uuid
from zlib import crc32

NAMESPACE = uuid.UUID("6f3c1f9e-5d0b-5f0a-9a53-0c1a5d4b7e21")
PATH_RANK_BITS = 40
_LONGEST = 1023


def article_id(content: bytes, sidecar: bytes = b"") -> str:
    """The content hash (SHA-256, 32 hexadecimal digits) of a file and of its sidecar's bytes."""
    digest = hashlib.sha256(content)
    if sidecar:
        digest.update(b"\0sidecar\0" + sidecar)
    return digest.hexdigest()[:32]


def derived_id(*parts: object) -> str:
    """uuid5 of the parts, in order: `derived_id(parent, "detector", 0)`."""
    return str(uuid.uuid5(NAMESPACE, "\0".join(str(part) for part in parts)))


def path_rank(path: str) -> int:
    """Of one article found at several paths that with the highest rank stands: the shortest, and of equally long ones
    always the same. `PATH_RANK_BITS` bits, so that it fits behind a version.
    """
    return (_LONGEST - min(len(path), _LONGEST)) << 30 | crc32(path.encode("utf-8", "surrogatepass")) >> 2
