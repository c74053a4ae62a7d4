"""A sentence as the rules read it: items in a row, each a mention or a word, with one letter each in `symbols`."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from services.detector.lexicon import NOTHING, Entry, Lexicon
from shared.schemas.article_tagged import ArticleTagged, Mention

_TOKEN = re.compile(r"[’']s(?!\w)|\w+(?:[-’'](?!s\b)\w+)*|[^\w\s]")
_PUNCTUATION = {
    ",": ",",
    "’s": "'",
    "'s": "'",
    "(": "(",
    ")": ")",
    ";": ";",
    ":": ":",
    ".": ".",
    "?": ".",
    "!": ".",
}
_QUOTES = '“”"«»'

# Symbols of mentions: N number, O ordinal, A actor, J demonym, P place, D date, G organisation, Y agency, B border.
_KINDS = {"place": "P", "date": "D", "organisation": "G", "agency": "Y", "border": "B"}


@dataclass(slots=True)
class Line:
    """One sentence. `words`, `entries`, `mentions`, `starts` and `ends` run parallel to `symbols`."""

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

    def actors(self) -> Iterator[tuple[int, Mention]]:
        """Indexes and mentions of all actors."""
        for index, mention in enumerate(self.mentions):
            if mention is not None and mention.kind == "actor":
                yield index, mention

    def __len__(self) -> int:
        return len(self.words)


def read_lines(article: ArticleTagged, known: Lexicon) -> list[Line]:
    """All sentences of the article as lines."""
    starts = [mention.start for mention in article.mentions]
    lines = []
    for number, sentence in enumerate(article.sentences):
        inside = article.mentions[bisect_left(starts, sentence.start) : bisect_left(starts, sentence.end)]
        line = Line(number, sentence.start, sentence.end, sentence.role, sentence.paragraph)
        _fill(line, article.body, inside, known)
        lines.append(line)
    return lines


def _fill(line: Line, text: str, mentions: Sequence[Mention], known: Lexicon) -> None:
    symbols: list[str] = []
    at = line.start
    for mention in mentions:
        _add_words(line, symbols, text, at, mention.start, known)
        _add(
            line,
            symbols,
            _symbol(mention),
            text[mention.start : mention.end].lower(),
            mention.start,
            mention.end,
            mention,
        )
        at = mention.end
    _add_words(line, symbols, text, at, line.end, known)
    line.symbols = "".join(symbols)


def _symbol(mention: Mention) -> str:
    if mention.kind == "actor":
        return "J" if mention.form == "demonym" else "A"
    if mention.kind == "number":
        return "O" if mention.form == "ordinal" else "N"
    return _KINDS[mention.kind]


def _add(
    line: Line, symbols: list[str], symbol: str, word: str, start: int, end: int,
    mention: Mention | None = None, entry: Entry = NOTHING,
) -> None:  # fmt: skip
    symbols.append(symbol)
    line.words.append(word)
    line.entries.append(entry)
    line.mentions.append(mention)
    line.starts.append(start)
    line.ends.append(end)


def _add_words(line: Line, symbols: list[str], text: str, start: int, end: int, known: Lexicon) -> None:
    """Words between two mentions; the longest phrase of the lexicon that begins at a word goes before the word."""
    if start >= end:
        return
    tokens = [(m.group().lower(), m.start(), m.end()) for m in _TOKEN.finditer(text, start, end)]
    index = 0
    while index < len(tokens):
        word, first, last = tokens[index]
        width = _phrase(tokens, index, known) if word in known.phrases else 1
        if width > 1:
            word = " ".join(token[0] for token in tokens[index : index + width])
            last = tokens[index + width - 1][2]
        entry = known.entries.get(word, NOTHING)
        symbol = _PUNCTUATION.get(word) or ("q" if word in _QUOTES else entry.symbol)
        _add(line, symbols, symbol, word, first, last, None, entry)
        index += width


def _phrase(tokens: list[tuple[str, int, int]], index: int, known: Lexicon) -> int:
    for tail in known.phrases[tokens[index][0]]:
        width = len(tail) + 1
        if tuple(token[0] for token in tokens[index + 1 : index + width]) == tail:
            return width
    return 1
