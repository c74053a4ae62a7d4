"""zip and gz, in memory and within limits. Member paths are labels; nothing is ever extracted to disk."""

import stat
import zipfile
import zlib
from io import BytesIO
from pathlib import PurePosixPath

from services.normalizer.limits import Limits
from services.normalizer.parsers.item import Member
from shared.errors import RejectedError

_PIECE = 1 << 16
_ENCRYPTED = 0x1
_JUNK = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")
_NAME_CHARS = 400


class _Budget:
    """Bytes that may still be unpacked from one container."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.left = limits.unpacked_bytes

    def spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise RejectedError(f"unpacked it is larger than the limit of {self.limits.unpacked_bytes} bytes")

    def check_ratio(self, packed: int, unpacked: int) -> None:
        if unpacked > self.limits.ratio_floor and unpacked > self.limits.ratio * max(packed, 1):
            raise RejectedError(f"it unpacks to more than {self.limits.ratio} times its size, the limit: a bomb")


def gunzip(path: str, content: bytes, limits: Limits) -> list[Member]:
    """The one file in a gz, under its name without `.gz`; streams that follow each other are one file."""
    name = PurePosixPath(path).name
    inner = name[: -len(".gz")] if name.lower().endswith(".gz") else name + ".unpacked"
    budget = _Budget(limits)
    parts: list[bytes] = []
    rest = content
    while rest.strip(b"\0"):
        stream = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        parts += _inflate(stream, rest, len(content), budget)
        rest = stream.unused_data
    unpacked = b"".join(parts)
    if len(unpacked) > limits.file_bytes:
        raise RejectedError(_too_big(len(unpacked), limits))
    return [Member(inner, unpacked)]


def _inflate(stream: "zlib._Decompress", packed: bytes, size: int, budget: _Budget) -> list[bytes]:
    parts: list[bytes] = []
    try:
        while packed and not stream.eof:
            parts.append(stream.decompress(packed, _PIECE))
            budget.spend(len(parts[-1]))
            budget.check_ratio(size, budget.limits.unpacked_bytes - budget.left)
            packed = stream.unconsumed_tail
    except zlib.error as error:
        raise RejectedError(f"the gz file is damaged: {error}") from error
    if not stream.eof:
        raise RejectedError("the gz file is damaged: it ends too early")
    return parts


def unzip(content: bytes, limits: Limits) -> list[Member]:
    """All files of a zip in its order. Limits on the whole raise; one bad file has a reason of its own."""
    try:
        archive = zipfile.ZipFile(BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise RejectedError(f"the zip file is damaged: {error}") from error
    entries = [entry for entry in archive.infolist() if not entry.is_dir() and not _is_junk(entry.filename)]
    if len(entries) > limits.members:
        raise RejectedError(f"the zip file has {len(entries)} files, more than the limit of {limits.members}")
    budget = _Budget(limits)
    seen: set[str] = set()
    return [_member(archive, entry, budget, seen) for entry in entries]


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: _Budget, seen: set[str]) -> Member:
    name = _label(entry.filename)
    try:
        _refuse_entry(entry, budget.limits)
        if name in seen:
            raise RejectedError("another file of the archive has the same path")
        seen.add(name)
        return Member(name, _content(archive, entry, budget))
    except RejectedError as error:
        return Member(name, reason=str(error))


def _refuse_entry(entry: zipfile.ZipInfo, limits: Limits) -> None:
    name = entry.orig_filename.replace("\\", "/")
    if name.startswith("/") or name[1:2] == ":" or ".." in name.split("/") or "\0" in name:
        raise RejectedError("its path points out of the archive")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise RejectedError("it is a symbolic link")
    if entry.flag_bits & _ENCRYPTED:
        raise RejectedError("it is encrypted with a password")
    if entry.file_size > limits.file_bytes:
        raise RejectedError(_too_big(entry.file_size, limits))


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: _Budget) -> bytes:
    """Counts while it reads: the sizes a zip states are only its word."""
    parts: list[bytes] = []
    size = 0
    try:
        with archive.open(entry) as stream:
            while piece := stream.read(_PIECE):
                size += len(piece)
                budget.spend(len(piece))
                budget.check_ratio(entry.compress_size, size)
                parts.append(piece)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        OSError,
    ) as error:
        raise RejectedError(f"it cannot be unpacked: {error}") from error
    return b"".join(parts)


def _too_big(size: int, limits: Limits) -> str:
    return f"the file has {size} bytes, more than the limit of {limits.file_bytes}"


def _is_junk(name: str) -> bool:
    """What operating systems add to archives, never an article."""
    return name.startswith(_JUNK[0]) or PurePosixPath(name).name in _JUNK


def _label(name: str) -> str:
    """The member's path as shown: printable, bounded."""
    return "".join(char if char.isprintable() else "\ufffd" for char in name.replace("\\", "/"))[:_NAME_CHARS]
