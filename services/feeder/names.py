"""What a file's name says: how it is shown, whose sidecar it is, and whether it is finished.

A name is bytes; nothing promises that it is UTF-8.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

SIDECAR_SUFFIX = b".meta.json"
_PACKED = (b".gz",)

# A "%" that could be mistaken for the mark of a byte (or of an escaped "%") is written %25: no two names look
# alike.
_AMBIGUOUS_PERCENT = re.compile(r"%(?=(?:25)*[89A-F][0-9A-F])")
_LONE_BYTE = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class SkippedName:
    """`pattern` is a name with at most one `*`, in lower case; `listed` says whether the file gets a row."""

    pattern: str
    reason: str
    listed: bool

    def matches(self, name: str) -> bool:
        """Whether the lower-case name fits the pattern."""
        if "*" not in self.pattern:
            return name == self.pattern
        head, tail = self.pattern.split("*")
        return len(name) >= len(head) + len(tail) and name.startswith(head) and name.endswith(tail)


class SkippedNames:
    """All patterns at once: almost every name is let through by three lookups."""

    def __init__(self, patterns: Sequence[SkippedName]) -> None:
        self._patterns = tuple(patterns)
        parts = [p.pattern.split("*") for p in patterns]
        self._whole = frozenset(part[0] for part in parts if len(part) == 1)
        self._heads = tuple(part[0] for part in parts if len(part) == 2 and part[0])
        self._tails = tuple(part[1] for part in parts if len(part) == 2 and not part[0])

    def match(self, name: str) -> SkippedName | None:
        """The first pattern that fits this name of a file or folder, or None."""
        name = name.lower()
        if not (name in self._whole or name.startswith(self._heads) or name.endswith(self._tails)):
            return None
        return next((pattern for pattern in self._patterns if pattern.matches(name)), None)

    def match_path(self, path: bytes) -> SkippedName | None:
        """The same for a path: a folder's name counts for all that is in it."""
        for name in path.rstrip(b"/").split(b"/"):
            if found := self.match(name.decode("utf-8", "surrogateescape")):
                return found
        return None


def shown(path: bytes) -> str:
    """The path as text: UTF-8 as it is, any other byte as %XX. Different paths are shown differently."""
    text = path.decode("utf-8", "surrogateescape")
    if "%" in text:
        text = _AMBIGUOUS_PERCENT.sub("%25", text)
    if text.isascii():
        return text
    return _LONE_BYTE.sub(lambda byte: f"%{ord(byte[0]) - 0xDC00:02X}", text)


def stem(path: bytes) -> str:
    """The name without its folder and its last suffix, as text."""
    return PurePosixPath(shown(path)).stem


def is_sidecar(path: bytes) -> bool:
    """Whether the file speaks about another one; such a file is never an article."""
    return path.lower().endswith(SIDECAR_SUFFIX) and not path.lower().endswith(b"/" + SIDECAR_SUFFIX)


def sidecars_of(path: bytes) -> tuple[bytes, ...]:
    """Where the sidecar of an article may be, the most specific first.

    `NAME.txt` has `NAME.txt.meta.json` or `NAME.meta.json`; `NAME.txt.gz` also that of `NAME.txt`.
    """
    owners = [path]
    name = _without_suffix(path)
    owners.append(name)
    if path.lower().endswith(_PACKED):
        owners.append(_without_suffix(name))
    return tuple(owner + SIDECAR_SUFFIX for owner in dict.fromkeys(owners))


def owner_prefix(sidecar: bytes) -> bytes:
    """What the path of every article of this sidecar starts with."""
    return sidecar[: -len(SIDECAR_SUFFIX)]


def _without_suffix(path: bytes) -> bytes:
    folder, slash, name = path.rpartition(b"/")
    head, dot, _ = name.rpartition(b".")
    return folder + slash + (head if dot and head else name)
