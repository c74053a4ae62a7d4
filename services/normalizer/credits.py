"""Who reported: agencies named in credit lines, captions' rights and datelines, and the bylines."""

import re
from collections.abc import Iterable, Iterator
from functools import cache

from services.normalizer.boilerplate import Sifted
from services.normalizer.words import read_words

_AMONG = 3  # paragraphs that may open with a dateline
_DATELINE = re.compile(r"[^a-z(]{2}[^(\n]{0,70}\(([A-Z][A-Za-z./’' &-]{1,40})\) ?[-–—]")
_NAMES = re.compile(r",? and |, | & ")
_MOST = 30


def credits_of(given: Iterable[str | None], sifted: Sifted, rest: list[str]) -> tuple[str, ...]:
    """Agencies by their usual short name and persons as written, each once, in the order found."""
    found = [*given, *_persons(sifted), *_dateline_agencies(rest), *_credited_agencies(sifted)]
    return tuple(dict.fromkeys(name for name in found if name))[:_MOST]


def _persons(sifted: Sifted) -> Iterator[str]:
    for byline in sifted.facts.get("byline", []):
        yield from (_capitalised(name) for name in _NAMES.split(byline))


def _capitalised(name: str) -> str:
    return name.title() if name.isupper() else name


def _dateline_agencies(rest: list[str]) -> Iterator[str]:
    for paragraph in rest[:_AMONG]:
        if match := _DATELINE.match(paragraph):
            yield from _agencies_in(match[1])


def _credited_agencies(sifted: Sifted) -> Iterator[str]:
    for part in sifted.aside:
        if part.kind in ("credit", "byline"):
            yield from _agencies_in(part.text)


def _agencies_in(text: str) -> Iterator[str]:
    pattern, names = _agencies()
    for match in pattern.finditer(text):
        yield names[match[0]]


@cache
def _agencies() -> tuple[re.Pattern[str], dict[str, str]]:
    """All spellings, longest first, and the agency each stands for."""
    names = {spelling: agency for agency, all_ in read_words("agencies.yml").items() for spelling in all_}
    names |= {"Reuter": "Reuters", "REUTER": "Reuters"}
    ordered = sorted(names, key=len, reverse=True)
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, ordered)) + r")(?!\w)"), names
