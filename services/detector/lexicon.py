"""The detector's words, read from rules/lexicon.yml: one entry says all a word can do."""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

RULES = Path(__file__).parent / "rules"


@dataclass(slots=True)
class Entry:
    """`symbol` is the word's letter in the grammar of losses ("x" for none); `mutual` and `directed` are its weights
    as a sign of a fight, `fight` the larger; `other` the kinds of article it betrays; `weapon` the weapon it names."""

    symbol: str = "x"
    mutual: float = 0.0
    directed: float = 0.0
    unreal: bool = False
    past: bool = False
    other: tuple[str, ...] = ()
    weapon: str = ""
    fight: float = 0.0


@dataclass(slots=True)
class Lexicon:
    """`entries` by word or phrase; `phrases` by their first two words: the words behind these, longest first."""

    entries: dict[str, Entry] = field(default_factory=dict)
    phrases: dict[tuple[str, str], list[list[str]]] = field(default_factory=dict)

    def entry(self, words: str) -> Entry:
        """The entry to fill in."""
        return self.entries.setdefault(words, Entry())


NOTHING = Entry()


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Reads the rules once a process. Raises ValueError where a word has two symbols."""
    text = (RULES / "lexicon.yml").read_text(encoding="utf-8")
    rules = yaml.load(text, Loader=yaml.CBaseLoader)  # noqa: S506 - strings only: "on" and "no" are words here
    known = Lexicon()
    for symbol, words in rules["symbols"].items():
        for word in words:
            known.entry(word).symbol = symbol
    _fill_fights(known, rules["fight"])
    for weapon, words in rules["weapons"].items():
        for word in words:
            known.entry(word).weapon = weapon
    for word in rules["unreal"]:
        known.entry(word).unreal = True
    for word in rules["past"]:
        known.entry(word).past = True
    for kind, words in rules["other"].items():
        for word in words:
            known.entry(word).other += (kind,)
    _index_phrases(known)
    return known


def _fill_fights(known: Lexicon, fights: dict[str, dict[Any, list[str]]]) -> None:
    for weight, words in fights["mutual"].items():
        for word in words:
            entry = known.entry(word)
            entry.mutual, entry.fight = float(weight), max(entry.fight, float(weight))
    for weight, words in fights["directed"].items():
        for word in words:
            entry = known.entry(word)
            entry.directed, entry.fight = float(weight), max(entry.fight, float(weight))


def _index_phrases(known: Lexicon) -> None:
    for words in known.entries:
        first, *others = words.split(" ")
        if others:
            known.phrases.setdefault((first, others[0]), []).append(others[1:])
    for tails in known.phrases.values():
        tails.sort(key=len, reverse=True)
