"""A sentence as the rules read it: items in a row, each a mention or a word, with one letter each in `symbols`."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, compress, count, pairwise, repeat
from operator import attrgetter
from operator import sub as minus

from services.detector.lexicon import NOTHING, Entry, Lexicon
from services.detector.words import words
from shared.schemas.article_normalized import Sentence
from shared.schemas.article_tagged import ArticleTagged, Mention

_PIECE = re.compile(r"\s*(?:[’']s(?!\w)|\w+(?:[-’'](?!s\b)\w+)*|[^\w\s])")
_SAID = re.compile(r"[xpAJz]|iDx|[Nar][^.;kS]{0,8}?[KQdWCM]")  # behind "claimed"
_LIVES = words("lines.lives")
_SYMBOL, _TELLS = attrgetter("symbol"), attrgetter("tells")

# Symbols of mentions: N number, O ordinal, A actor, J demonym, P place, D date, G organisation, Y agency, B border.
_KINDS = {"place": "P", "date": "D", "organisation": "G", "agency": "Y", "border": "B"}


@dataclass(slots=True)
class Line:
    """One sentence. `words`, `entries`, `mentions`, `starts` and `ends` run parallel to `symbols`; `named` are the
    mentions with their indexes, `actors` and `dates` those of these kinds, `marked` the items whose entry says more
    than its symbol, `tells` all that these say."""

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
    tells: frozenset[str] = frozenset()
    named: list[tuple[int, Mention]] = field(default_factory=list)
    actors: list[tuple[int, Mention]] = field(default_factory=list)
    dates: list[tuple[int, Mention]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.words)


def read_lines(article: ArticleTagged, known: Lexicon) -> list[Line]:
    """All sentences of the article as lines."""
    row = _row(article, lower_in_place(article.body), known)
    return [_line(number, sentence, row) for number, sentence in enumerate(article.sentences)]


def lower_in_place(text: str) -> str:
    """Lower case without moving a character ("İ" would become two)."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


@dataclass(slots=True)
class _Row:
    """All items of an article, of which each line is a part: to ask once for a whole article takes half the time."""

    words: list[str]
    starts: list[int]
    ends: list[int]
    mentions: list[Mention | None]
    entries: list[Entry] = field(default_factory=list)
    symbols: str = ""
    marked: list[int] = field(default_factory=list)
    named: list[int] = field(default_factory=list)


def _row(article: ArticleTagged, text: str, known: Lexicon) -> _Row:
    """The longest phrase of the lexicon that begins at a word goes before the word; none reaches into a mention or over
    the end of a sentence."""
    pieces, named = _pieces(text, article.mentions)
    words, ends = list(map(str.lstrip, pieces)), list(accumulate(map(len, pieces)))
    starts = list(map(minus, ends, map(len, words)))
    mentions: list[Mention | None] = [None] * len(pieces)
    for index, mention in zip(named, article.mentions, strict=True):
        mentions[index], words[index] = mention, ""
    row = _Row(words, starts, ends, mentions)
    begun = list(compress(count(), map(known.phrases.__contains__, pairwise(words))))
    if begun:
        _join(row, begun, known, [sentence.start for sentence in article.sentences])
    row.entries = list(map(known.entries.get, row.words, repeat(NOTHING)))
    symbols = list(map(_SYMBOL, row.entries))
    row.named = list(compress(count(), row.mentions))
    for index, mention in zip(row.named, article.mentions, strict=True):
        symbols[index], row.words[index] = _symbol(mention), text[mention.start : mention.end]
    row.symbols = "".join(symbols)
    row.marked = list(compress(count(), map(_TELLS, row.entries)))
    return row


def _line(number: int, sentence: Sentence, row: _Row) -> Line:
    first, last = bisect_left(row.starts, sentence.start), bisect_left(row.starts, sentence.end)
    part = slice(first, last)
    line = Line(
        number, sentence.start, sentence.end, sentence.role, sentence.paragraph,
        row.symbols[part], row.words[part], row.entries[part], row.mentions[part], row.starts[part], row.ends[part],
    )  # fmt: skip
    line.marked = [at - first for at in _between(row.marked, first, last)]
    if line.marked:
        line.tells = frozenset().union(*(line.entries[at].tells for at in line.marked))
    line.named = [(at - first, found) for at in _between(row.named, first, last) if (found := row.mentions[at])]
    line.actors = [named for named in line.named if named[1].kind == "actor"]
    line.dates = [named for named in line.named if named[1].kind == "date"]
    if "k" in line.symbols:
        line.symbols = "".join("S" if _is_said(line, at) else symbol for at, symbol in enumerate(line.symbols))
    return line


def _between(indexes: list[int], first: int, last: int) -> list[int]:
    return indexes[bisect_left(indexes, first) : bisect_left(indexes, last)]


def _is_said(line: Line, at: int) -> bool:
    """`claimed 100 soldiers were dead`, `..., Baku claimed on Monday`; not `the attack claimed two lives`."""
    if line.symbols[at] != "k" or not line.words[at].startswith("claim"):
        return False
    if line.symbols[at - 2 : at] in (",A", ",P"):
        return True
    return _LIVES.isdisjoint(line.words[at + 1 : at + 7]) and bool(_SAID.match(line.symbols, at + 1))


def _pieces(text: str, mentions: Sequence[Mention]) -> tuple[list[str], list[int]]:
    """Words and mentions, each with the space before it, and which of them are the mentions.

    Pieces leave no gap, so that their lengths say where each is: half the time of asking matches for it.
    """
    pieces: list[str] = []
    marked: list[int] = []
    at = 0
    for mention in mentions:
        between = _PIECE.findall(text, at, mention.start)
        marked.append(len(pieces) + len(between))
        pieces += [*between, text[at + sum(map(len, between)) : mention.end]]
        at = mention.end
    return pieces + _PIECE.findall(text, at), marked


def _join(row: _Row, begun: Sequence[int], known: Lexicon, sentences: Sequence[int]) -> None:
    """Each phrase becomes one word. `begun` says where the first two words of one are, `sentences` where they start."""
    words, free, joined = row.words, 0, list[slice]()
    for index in begun:
        if index >= free:
            following = bisect_right(sentences, row.starts[index])
            end = bisect_left(row.starts, sentences[following]) if following < len(sentences) else len(words)
            free = index + _width(words, index, end, known)
            if free > index + 1:
                joined.append(slice(index, free))
    for part in reversed(joined):
        words[part] = [" ".join(words[part])]
        row.starts[part], row.ends[part] = row.starts[part][:1], row.ends[part][-1:]
        del row.mentions[part.start + 1 : part.stop]


def _width(words: Sequence[str], index: int, end: int, known: Lexicon) -> int:
    """How many words the longest phrase has that begins here and ends before item `end`."""
    for tail in known.phrases[words[index], words[index + 1]]:
        stop = index + 2 + len(tail)
        if stop <= end and words[index + 2 : stop] == tail:
            return len(tail) + 2
    return 1


def _symbol(mention: Mention) -> str:
    if mention.kind == "actor":
        return "J" if mention.form == "demonym" else "A"
    if mention.kind == "number":
        return "O" if mention.form == "ordinal" else "N"
    return _KINDS[mention.kind]
