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
_MARKS = _PUNCTUATION | dict.fromkeys('“”"«»', "q")

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
    lowered = _lowered(article.body)
    lines = []
    for number, sentence in enumerate(article.sentences):
        inside = article.mentions[bisect_left(starts, sentence.start) : bisect_left(starts, sentence.end)]
        line = Line(number, sentence.start, sentence.end, sentence.role, sentence.paragraph)
        _fill(line, lowered, inside, known)
        lines.append(line)
    return lines


def _lowered(text: str) -> str:
    """Lower case without moving a character ("İ" would become two)."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _fill(line: Line, text: str, mentions: Sequence[Mention], known: Lexicon) -> None:
    at = line.start
    for mention in mentions:
        _add_words(line, text, at, mention.start, known)
        _add(line, _symbol(mention), text[mention.start : mention.end], mention.start, mention.end, NOTHING, mention)
        at = mention.end
    _add_words(line, text, at, line.end, known)


def _symbol(mention: Mention) -> str:
    if mention.kind == "actor":
        return "J" if mention.form == "demonym" else "A"
    if mention.kind == "number":
        return "O" if mention.form == "ordinal" else "N"
    return _KINDS[mention.kind]


def _add(
    line: Line, symbol: str, word: str, start: int, end: int, entry: Entry, mention: Mention | None = None
) -> None:
    line.symbols += symbol
    line.words.append(word)
    line.entries.append(entry)
    line.mentions.append(mention)
    line.starts.append(start)
    line.ends.append(end)


def _add_words(line: Line, text: str, start: int, end: int, known: Lexicon) -> None:
    """Words between two mentions; the longest phrase of the lexicon that begins at a word goes before the word."""
    if end == start or (end - start == 1 and text[start] == " "):
        return
    spans = [match.span() for match in _TOKEN.finditer(text, start, end)]
    words = [text[first:last] for first, last in spans]
    if known.phrases.keys().isdisjoint(words):
        entries = [known.entries.get(word, NOTHING) for word in words]
        line.symbols += "".join(map(_word_symbol, words, entries))
        line.words += words
        line.entries += entries
        line.mentions += [None] * len(words)
        line.starts += [first for first, _ in spans]
        line.ends += [last for _, last in spans]
        return
    index = 0
    while index < len(words):
        width = _phrase(words, index, known) if words[index] in known.phrases else 1
        word = " ".join(words[index : index + width])
        entry = known.entries.get(word, NOTHING)
        _add(line, _word_symbol(word, entry), word, spans[index][0], spans[index + width - 1][1], entry)
        index += width


def _word_symbol(word: str, entry: Entry) -> str:
    return _MARKS.get(word) or entry.symbol


def _phrase(words: list[str], index: int, known: Lexicon) -> int:
    for tail in known.phrases[words[index]]:
        if tuple(words[index + 1 : index + 1 + len(tail)]) == tail:
            return len(tail) + 1
    return 1
