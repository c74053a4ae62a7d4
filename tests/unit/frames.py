"""Sentences with gaps, filled in with many countries, places, days and speakers: the same sense, the same reading."""

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "frames"
WORDS: dict[str, Any] = yaml.safe_load((FOLDER / "words.yml").read_text(encoding="utf-8"))
TIMES = 6
"""How often each frame is filled in."""
_LISTS = ("soldiers", "others", "villagers", "place")


def frames(name: str) -> Any:
    """One file of frames, as written."""
    return yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8"))


class Filling:
    """What the gaps of one frame are filled with, the same for the same text and number; `pair` is of two sides."""

    def __init__(self, text: str, number: int, pair: list[list[str]] | None = None) -> None:
        self.chance = random.Random(f"{text}/{number}")
        pair = pair or self.chance.choice(WORDS["pairs"])
        one, other = pair if self.chance.random() < 0.5 else reversed(pair)
        self.names = dict(zip(WORDS["names"] + WORDS["other_names"], [*one, *other], strict=True))
        self.figures = {"n": self.chance.randint(4, 40), "m": self.chance.randint(41, 90)}
        self._name = re.compile(rf"\b(?:{'|'.join(self.names)})\b")

    def named(self, text: str) -> str:
        """The text of the pair instead of Thailand and Laos."""
        return self._name.sub(lambda match: self.names[match.group()], text)

    def fill(self, text: str, **gaps: object) -> str:
        """The text without gaps; `gaps` are further ones."""
        chosen = {name: self.chance.choice(WORDS[name]) for name in _LISTS}
        made = self.named(text).format_map(chosen | self.figures | gaps)
        return made[0].upper() + made[1:]

    def loss(self, told: str) -> tuple[str, str, int]:
        """`TH killed n` or `TH killed n+1` as side, kind and figure."""
        side, kind, figure = told.split()
        return self.names.get(side, side), kind, sum(self.figures.get(n) or int(n) for n in figure.split("+"))

    def pick(self, name: str) -> str:
        """One of a list of words.yml."""
        return str(self.chance.choice(WORDS[name]))


def _plain(filling: Filling, text: str) -> str:
    return text


def _behind(filling: Filling, text: str) -> str:
    return f"{text} {filling.pick('wheres')} {filling.pick('times')}"


def _before(filling: Filling, text: str) -> str:
    first = filling.pick(filling.chance.choice(["wheres", "times"]))
    return f"{first}, {text}"


def _told_behind(filling: Filling, text: str) -> str:
    return f"{text}, {filling.pick('told_behind')}"


def _told_before(filling: Filling, text: str) -> str:
    return f"{filling.pick('told_before')} {text} {filling.pick('times')}"


_WAYS: tuple[Callable[[Filling, str], str], ...] = (_plain, _behind, _before, _told_behind, _told_before)


def sentences(text: str, *, free: bool) -> list[tuple[Filling, str]]:
    """The frame filled in; a `free` one with times, places and speakers around it."""
    made = []
    for number in range(TIMES):
        filling = Filling(text, number)
        way = _WAYS[number % len(_WAYS)] if free else _plain
        made.append((filling, filling.fill(way(filling, text)) + ("" if text.endswith(".") else ".")))
    return made
