"""Cuts an article's text into pieces so that the sentences something was taken from can be marked."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

_PARAGRAPH_END = "\n\n"


@dataclass(frozen=True, slots=True)
class Marked:
    """A span of the body, half open, and why it is marked: `evidence` or `background`."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Text in a row that is marked alike; `anchors` are the starts of spans that begin with it."""

    text: str
    kind: str = ""
    anchors: tuple[int, ...] = ()


def paragraphs(body: str, marks: Iterable[Marked]) -> Iterator[list[Piece]]:
    """The paragraphs of a body, each in pieces. A span may reach over several; spans may overlap."""
    known = [mark for mark in marks if 0 <= mark.start < mark.end <= len(body)]
    start = 0
    for text in body.split(_PARAGRAPH_END):
        end = start + len(text)
        inside = [mark for mark in known if mark.start < end and mark.end > start]
        yield list(_pieces(body, start, end, inside))
        start = end + len(_PARAGRAPH_END)


def _pieces(body: str, start: int, end: int, marks: list[Marked]) -> Iterator[Piece]:
    cuts = {start, end}
    for mark in marks:
        cuts |= {max(mark.start, start), min(mark.end, end)}
    ordered = sorted(cuts)
    for left, right in pairwise(ordered):
        kinds = {mark.kind for mark in marks if mark.start <= left and right <= mark.end}
        anchors = {mark.start for mark in marks if mark.start == left}
        yield Piece(body[left:right], _shown(kinds), tuple(anchors))


def _shown(kinds: set[str]) -> str:
    """What was taken as news stays visible where background reaches over it."""
    return "evidence" if "evidence" in kinds else "background" if kinds else ""
