"""What is in a received file: one article, several, or containers of them."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Protocol

from services.normalizer.decode import decode
from services.normalizer.draft import Document, Draft
from services.normalizer.formats import CONTAINERS, Kind, kind_of
from services.normalizer.limits import Limits
from services.normalizer.parsers.item import Item, Member
from shared.errors import RejectedError
from shared.schemas.article_received import ArticleReceived, Sidecar
from shared.schemas.ids import article_id

SIDECAR_SUFFIX = ".meta.json"


class Reader(Protocol):
    """The parser process, or what stands for it in tests."""

    def parse(self, kind: Kind, path: str, content: bytes, limits: Limits) -> list[Item]:
        """The articles of a document."""

    def unpack(self, kind: Kind, path: str, content: bytes, limits: Limits) -> list[Member]:
        """The files of a container."""


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    stem: str
    article_id: str
    content: bytes
    sidecar: Sidecar | None
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Opened:
    """`is_container`: the documents have paths of their own below the file's."""

    documents: Sequence[Document]
    is_container: bool = False


def open_file(
    received: ArticleReceived, limits: Limits, reader: Reader, clock: Callable[[], float] = time.monotonic
) -> Opened:
    """Raises RejectedError if the file as a whole cannot be read; a bad part is a Document with a reason."""
    file = _File(received.path, received.stem, received.article_id, received.content, received.sidecar)
    return _Opener(limits, reader, clock, clock() + limits.container_seconds).open(file)


@dataclass(frozen=True, slots=True)
class _Opener:
    limits: Limits
    reader: Reader
    clock: Callable[[], float]
    deadline: float

    def open(self, file: _File) -> Opened:
        if len(file.content) > self.limits.file_bytes:
            raise RejectedError(
                f"the file has {len(file.content)} bytes, more than the limit of {self.limits.file_bytes}"
            )
        kind = kind_of(file.content, file.path)
        if kind == "text":
            return Opened([_document(file, Draft(decode(file.content)[0]))])
        if kind in CONTAINERS:
            return Opened(list(self._members(kind, file)), is_container=True)
        return self._parsed(kind, file)

    def _parsed(self, kind: Kind, file: _File) -> Opened:
        items = self.reader.parse(kind, file.path, file.content, self._limits(file))
        if len(items) == 1 and not items[0].article_id:
            return Opened([_document(file, items[0].draft)])
        file = replace(file, sidecar=_for_all(file.sidecar))
        return Opened([_of_item(file, item) for item in items], is_container=True)

    def _limits(self, file: _File) -> Limits:
        """A file in a container has its own seconds, but no more than are left for the whole container."""
        if file.depth == 0:
            return self.limits
        left = self.deadline - self.clock()
        if left <= 0:
            raise RejectedError(
                f"its container took longer than the limit of {self.limits.container_seconds:g} seconds"
            )
        return replace(self.limits, seconds=min(self.limits.seconds, left))

    def _members(self, kind: Kind, file: _File) -> Iterator[Document]:
        if file.depth > self.limits.nesting:
            raise RejectedError(f"containers are nested deeper than the limit of {self.limits.nesting}")
        members = self.reader.unpack(kind, file.path, file.content, self._limits(file))
        sidecars = {member.name: member for member in members if _is_sidecar(member.name)}
        articles = [member for member in members if member.name not in sidecars]
        if not articles:
            raise RejectedError("there is no article in the archive")
        whole = file if len(articles) == 1 else replace(file, sidecar=_for_all(file.sidecar))
        used: set[str] = set()
        for member in articles:
            beside = _sidecar_of(member.name, sidecars)
            used |= {beside.name} if beside else set()
            yield from self._member(whole, member, beside)
        for name in sorted(sidecars.keys() - used):
            yield Document(f"{file.path}!/{name}", stem_of(name), "", reason="a sidecar without its article")

    def _member(self, file: _File, member: Member, beside: Member | None) -> Iterator[Document]:
        path, stem = f"{file.path}!/{member.name}", stem_of(member.name)
        try:
            if member.reason or (beside and beside.reason):
                raise RejectedError(member.reason or f"its sidecar: {beside.reason if beside else ''}")
            sidecar, raw = _read_sidecar(beside, file.sidecar)
            inner = _File(path, stem, article_id(member.content, raw), member.content, sidecar, file.depth + 1)
            yield from self.open(inner).documents
        except RejectedError as error:
            yield Document(path, stem, article_id(member.content) if member.content else "", reason=str(error))


def stem_of(name: str) -> str:
    """The last part of a path without its suffix; of `a.txt.gz` it is `a`."""
    path = PurePosixPath(name)
    return PurePosixPath(path.stem).stem if path.suffix.lower() == ".gz" else path.stem


def _is_sidecar(name: str) -> bool:
    return name.lower().endswith(SIDECAR_SUFFIX) and PurePosixPath(name).name.lower() != SIDECAR_SUFFIX


def _sidecar_of(name: str, sidecars: Mapping[str, Member]) -> Member | None:
    """`a.txt.meta.json` or else `a.meta.json` beside `a.txt`, for `a.txt.gz` also its own: as for files in a folder."""
    inner = _without_suffix(name)
    owners = [name, inner] + [_without_suffix(inner)] * name.lower().endswith(".gz")
    return next((sidecars[owner + SIDECAR_SUFFIX] for owner in owners if owner + SIDECAR_SUFFIX in sidecars), None)


def _without_suffix(name: str) -> str:
    folder, slash, last = name.rpartition("/")
    head, dot, _ = last.rpartition(".")
    return folder + slash + (head if dot and head else last)


def _read_sidecar(beside: Member | None, inherited: Sidecar | None) -> tuple[Sidecar | None, bytes]:
    """The member's sidecar, else what its container's says, and its bytes as they count for the id."""
    if beside is None:
        return inherited, inherited.model_dump_json(exclude_none=True).encode() if inherited else b""
    try:
        return Sidecar.from_json(beside.content), beside.content
    except ValueError as error:
        raise RejectedError(str(error)) from error


def _for_all(sidecar: Sidecar | None) -> Sidecar | None:
    """A title or an address is that of one article."""
    return sidecar.model_copy(update={"title": None, "url": None}) if sidecar else None


def _document(file: _File, draft: Draft | None) -> Document:
    return Document(file.path, file.stem, file.article_id, draft, sidecar=file.sidecar)


def _of_item(file: _File, item: Item) -> Document:
    path, stem = f"{file.path}!/{item.name}", f"{file.stem}-{item.name}"
    return Document(path, stem, item.article_id, item.draft, item.reason, file.sidecar)
