"""A sentence as the rules read it: items in a row, each a mention or a word, with one letter each in `symbols`."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, compress, count, pairwise, repeat
from operator import attrgetter
from operator import sub as minus

from services.detector.lexicon import NOTHING, Entry, Lexicon
from services.detector.words import words
from shared.schemas.article_tagged import ArticleTagged, Mention

_PIECE = re.compile(r"\s*(?:[’']s(?!\w)|\w+(?:[-’'](?!s\b)\w+)*|[^\w\s])")
_SAID = re.compile(r"[xpAJz]|iDx|[Nar][^.;kS]{0,8}?[KQdWCM]")  # behind "claimed"
_LIVES = words("lines.lives")
_SYMBOL, _MARKED = attrgetter("symbol"), attrgetter("marked")

# Symbols of mentions: N number, O ordinal, A actor, J demonym, P place, D date, G organisation, Y agency, B border.
_KINDS = {"place": "P", "date": "D", "organisation": "G", "agency": "Y", "border": "B"}


@dataclass(slots=True)
class Line:
    """One sentence. `words`, `entries`, `mentions`, `starts` and `ends` run parallel to `symbols`; `named` are the
    mentions with their indexes, `actors` and `dates` those of these kinds, `marked` the items whose entry says more
    than its symbol."""

    number: int
    start: int
    end: int
    role: str
    paragraph: int
    symbols: str = ""
    words: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    mentions: list[Mention | None] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    marked: list[int] = field(default_factory=list)
    named: list[tuple[int, Mention]] = field(default_factory=list)
    actors: list[tuple[int, Mention]] = field(default_factory=list)
    dates: list[tuple[int, Mention]] = field(default_factory=list)

    def marks(self) -> Iterator[Entry]:
        """The entries of the marked items."""
        return (self.entries[index] for index in self.marked)

    def __len__(self) -> int:
        return len(self.words)


def read_lines(article: ArticleTagged, known: Lexicon) -> list[Line]:
    """All sentences of the article as lines."""
    starts = [mention.start for mention in article.mentions]
    lowered = lower_in_place(article.body)
    lines = []
    for number, sentence in enumerate(article.sentences):
        inside = article.mentions[bisect_left(starts, sentence.start) : bisect_left(starts, sentence.end)]
        line = Line(number, sentence.start, sentence.end, sentence.role, sentence.paragraph)
        _fill(line, lowered, inside, known)
        lines.append(line)
    return lines


def lower_in_place(text: str) -> str:
    """Lower case without moving a character ("İ" would become two)."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _fill(line: Line, text: str, mentions: Sequence[Mention], known: Lexicon) -> None:
    """The longest phrase of the lexicon that begins at a word goes before the word; none reaches into a mention."""
    pieces, marked = _pieces(line, text, mentions)
    line.words = list(map(str.lstrip, pieces))
    line.ends = list(accumulate(map(len, pieces), initial=line.start))[1:]
    line.starts = list(map(minus, line.ends, map(len, line.words)))
    line.mentions = [None] * len(pieces)
    for index, mention in zip(marked, mentions, strict=True):
        line.mentions[index], line.words[index] = mention, ""
    begun = list(compress(count(), map(known.phrases.__contains__, pairwise(line.words))))
    if begun:
        _join(line, begun, known)
    line.entries = list(map(known.entries.get, line.words, repeat(NOTHING)))
    symbols = list(map(_SYMBOL, line.entries))
    line.named = [(index, found) for index, found in enumerate(line.mentions) if found is not None]
    for index, found in line.named:
        symbols[index], line.words[index] = _symbol(found), text[found.start : found.end]
    line.actors = [row for row in line.named if row[1].kind == "actor"]
    line.dates = [row for row in line.named if row[1].kind == "date"]
    line.symbols = "".join(symbols)
    if "k" in line.symbols:
        line.symbols = "".join("S" if _is_said(line, at) else symbol for at, symbol in enumerate(line.symbols))
    line.marked = list(compress(count(), map(_MARKED, line.entries)))


def _is_said(line: Line, at: int) -> bool:
    """`claimed 100 soldiers were dead`, `..., Baku claimed on Monday`; not `the attack claimed two lives`."""
    if line.symbols[at] != "k" or not line.words[at].startswith("claim"):
        return False
    if line.symbols[at - 2 : at] in (",A", ",P"):
        return True
    return _LIVES.isdisjoint(line.words[at + 1 : at + 7]) and bool(_SAID.match(line.symbols, at + 1))


def _pieces(line: Line, text: str, mentions: Sequence[Mention]) -> tuple[list[str], list[int]]:
    """Words and mentions, each with the space before it, and which of them are the mentions.

    Pieces leave no gap, so that their lengths say where each is: half the time of asking matches for it.
    """
    pieces: list[str] = []
    marked: list[int] = []
    at = line.start
    for mention in mentions:
        between = _PIECE.findall(text, at, mention.start)
        marked.append(len(pieces) + len(between))
        pieces += [*between, text[at + sum(map(len, between)) : mention.end]]
        at = mention.end
    return pieces + _PIECE.findall(text, at, line.end), marked


def _join(line: Line, begun: Sequence[int], known: Lexicon) -> None:
    """Each phrase becomes one word. `begun` says where the first two words of one are."""
    words, gone = line.words, set[int]()
    for index in begun:
        width = 1 if index in gone else _width(words, index, known)
        if width > 1:
            words[index], line.ends[index] = " ".join(words[index : index + width]), line.ends[index + width - 1]
            gone.update(range(index + 1, index + width))
    if gone:
        kept = [index not in gone for index in range(len(words))]
        line.words = list(compress(words, kept))
        line.starts, line.ends = list(compress(line.starts, kept)), list(compress(line.ends, kept))
        line.mentions = list(compress(line.mentions, kept))


def _width(words: Sequence[str], index: int, known: Lexicon) -> int:
    """How many words the longest phrase has that begins here."""
    for tail in known.phrases[words[index], words[index + 1]]:
        if words[index + 2 : index + 2 + len(tail)] == tail:
            return len(tail) + 2
    return 1


def _symbol(mention: Mention) -> str:
    if mention.kind == "actor":
        return "J" if mention.form == "demonym" else "A"
    if mention.kind == "number":
        return "O" if mention.form == "ordinal" else "N"
    return _KINDS[mention.kind]
