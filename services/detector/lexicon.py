"""The detector's words, read from rules/lexicon.yml: one entry says all a word can do."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from shared.datafile import Word, load_words

FILE = Path(__file__).parent / "rules" / "lexicon.yml"

# The letters the grammar of losses reads.
Symbol = Literal[
    "m", "c", "h", "K", "Q", "d", "F", "T", "k", "W", "w", "I", "C", "y", "R", "M",
    "L", "v", "b", "f", "o", "i", "p", "a", "S", "z", "r", "<", "&",
]  # fmt: skip
K = TypeVar("K")
Weight = Annotated[float, Field(gt=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Fights(_Strict):
    """Words of fighting by their weight, 0..1."""

    mutual: dict[Weight, list[Word]]
    directed: dict[Weight, list[Word]]


class Rules(_Strict):
    """The file as written: which words do what."""

    symbols: dict[Symbol, list[Word]]
    fight: Fights
    weapons: dict[Word, list[Word]]
    armed: list[Word]
    aftermath: list[Word]
    unreal: list[Word]
    past: list[Word]
    other: dict[Word, list[Word]]


_PUNCTUATION = {
    ",": ",", "’s": "'", "'s": "'", "(": "(", ")": ")", ";": ";", ":": ":", ".": ".", "?": ".", "!": ".",
    **dict.fromkeys('“”"«»', "q"),
}  # fmt: skip
CUES = ("armed", "aftermath", "unreal", "past")  # yes or no
# Parts in which a word stands once, because it has one letter, one weight or one weapon.
_ONCE = (("symbols",), ("fight.mutual",), ("fight.directed",), ("weapons",))


@dataclass(slots=True)
class Entry:
    """`symbol` is the word's letter in the grammar of losses ("x" for none); `mutual` and `directed` are its weights
    as a sign of a fight, `fight` the larger; `other` the kinds of article it betrays; `weapon` the weapon it names;
    `armed` are bodies and works of an army, `aftermath` is what a fight leaves behind; `tells` names which of these it
    has, the kinds and the weapon among them."""

    symbol: str = "x"
    mutual: float = 0.0
    directed: float = 0.0
    unreal: bool = False
    past: bool = False
    other: tuple[str, ...] = ()
    weapon: str = ""
    armed: bool = False
    aftermath: bool = False
    fight: float = 0.0
    tells: frozenset[str] = frozenset()


@dataclass(slots=True)
class Lexicon:
    """`entries` by word or phrase; `phrases` by their first two words: the words behind these, longest first."""

    entries: dict[str, Entry] = field(default_factory=dict)
    phrases: dict[tuple[str, str], list[list[str]]] = field(default_factory=dict)

    def entry(self, words: str) -> Entry:
        """The entry to fill in."""
        return self.entries.setdefault(words, Entry())


NOTHING = Entry()


def read_rules(path: Path) -> Rules:
    """The rules as written. Raises DataFileError."""
    return load_words(path, Rules, _ONCE)


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Reads the rules once a process. Raises DataFileError."""
    rules = read_rules(FILE)
    known = Lexicon()
    _fill_fights(known, rules.fight)
    for symbol, word in _rows(rules.symbols):
        known.entry(word).symbol = symbol
    for weapon, word in _rows(rules.weapons):
        known.entry(word).weapon = weapon
    for cue in CUES:
        for word in getattr(rules, cue):
            setattr(known.entry(word), cue, True)
    for kind, word in _rows(rules.other):
        known.entry(word).other += (kind,)
    for entry in known.entries.values():
        entry.tells = _told(entry)
    known.entries |= {mark: Entry(symbol) for mark, symbol in _PUNCTUATION.items()}
    _index_phrases(known)
    return known


def _told(entry: Entry) -> frozenset[str]:
    """`{"fight", "mutual"}`, `{"weapon", "artillery"}`, `{"other", "drill"}`."""
    parts = ("mutual", "directed", "fight", "weapon", "other", *CUES)
    return frozenset((*(part for part in parts if getattr(entry, part)), *entry.other, *filter(None, [entry.weapon])))


def _rows(part: Mapping[K, Sequence[str]]) -> Iterator[tuple[K, str]]:
    return ((key, word) for key, words in part.items() for word in words)


def _fill_fights(known: Lexicon, fights: Fights) -> None:
    for weight, word in _rows(fights.mutual):
        known.entry(word).mutual = weight
    for weight, word in _rows(fights.directed):
        known.entry(word).directed = weight
    for entry in known.entries.values():
        entry.fight = max(entry.mutual, entry.directed)


def _index_phrases(known: Lexicon) -> None:
    for words in known.entries:
        first, *others = words.split(" ")
        if others:
            known.phrases.setdefault((first, others[0]), []).append(others[1:])
    for tails in known.phrases.values():
        tails.sort(key=len, reverse=True)
