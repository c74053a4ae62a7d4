"""Articles made from templates: the same seed and number give the same article, on every machine.

A third tell of a clash on one of many borders; several tell of the same clash with tolls that rise and contradict each
other. The others speak of the same countries and of no fight. They are as long as articles are (about 450 words).
"""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

WORDS = 450
PARTS = Path(__file__).with_name("articles.yml")
_CLASH_SHARE = 3
_FIRST_DAY = date(2015, 1, 1)
_DAYS = 3000
_PARAGRAPH = 2


def article(number: int, *, seed: int = 0, words: int = WORDS, stories: int = 1000) -> str:
    """Title, then paragraphs. Every third number tells of a clash, one of `stories` different ones."""
    chance = random.Random(f"{seed}/{number}")
    fights = number % _CLASH_SHARE == 0
    story = _story(chance.randrange(stories) if fights else number, seed, fights=fights)
    values = story | _figures(story, chance)
    opening = _clash(values, chance) if fights else _other(values, chance)
    title, *sentences = opening
    count = sum(len(sentence.split()) for sentence in opening)
    for sentence in _filler(values, chance):
        if count >= words:
            break
        sentences.append(sentence)
        count += len(sentence.split())
    paragraphs = [" ".join(sentences[at : at + _PARAGRAPH]) for at in range(0, len(sentences), _PARAGRAPH)]
    return "\n\n".join([title, *paragraphs]) + "\n"


def tells_of_a_clash(number: int) -> bool:
    """Whether the article of this number does."""
    return number % _CLASH_SHARE == 0


def _story(number: int, seed: int, *, fights: bool) -> dict[str, Any]:
    """Where, between whom, when, and how many died at least."""
    chance = random.Random(f"{seed}/{fights}/story {number}")
    day = _FIRST_DAY + timedelta(days=chance.randrange(_DAYS))
    fixed = {"date": day, "day": f"{day:%B} {day.day}, {day.year}", "weapon": chance.choice(_parts()["weapons"])}
    border: dict[str, Any] = chance.choice(_parts()["borders"])
    return border | fixed | {"least": chance.randint(2, 20)}


def _figures(story: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Tolls that differ from article to article of one story."""
    killed = story["least"] + chance.choice((0, 0, 1, 3, 11, 100))
    return {
        "killed": killed,
        "larger": killed + chance.randint(2, 40),
        "own": chance.randint(2, 9),
        "wounded": chance.randint(3, 60),
    }


def _clash(values: dict[str, Any], chance: random.Random) -> list[str]:
    parts = _parts()["clash"]
    wanted = [
        chance.choice(parts["titles"]),
        chance.choice(parts["tolls"]),
        chance.choice(parts["answers"]),
        *chance.sample(parts["more"], 2),
    ]
    return [_made(sentence, values) for sentence in wanted]


def _other(values: dict[str, Any], chance: random.Random) -> list[str]:
    parts = _parts()["other"]
    return [_made(chance.choice(parts[name]), values) for name in ("titles", "leads")]


def _filler(values: dict[str, Any], chance: random.Random) -> Iterator[str]:
    """Without end; the same sentence comes again only after all others."""
    while True:
        for sentence in chance.sample(_parts()["filler"], len(_parts()["filler"])):
            yield _made(sentence, values | _names(chance))


def _names(chance: random.Random) -> dict[str, Any]:
    """New ones for each sentence: real text has many rare words."""
    words = ["".join(chance.choices(_parts()["syllables"], k=chance.randint(2, 4))).title() for _ in range(6)]
    return {
        "body": chance.choice(_parts()["bodies"]),
        "agency": chance.choice(_parts()["agencies"]),
        "crop": chance.choice(_parts()["crops"]),
        "year": chance.randint(1900, 1999),
        "person": " ".join(words[:2]),
        "other_person": " ".join(words[2:4]),
        "name": words[4],
        "other_name": words[5],
    }


def _made(sentence: str, values: dict[str, Any]) -> str:
    made = sentence.format_map(values)
    return made[0].upper() + made[1:]


@cache
def _parts() -> Any:
    return yaml.safe_load(PARTS.read_text(encoding="utf-8"))
