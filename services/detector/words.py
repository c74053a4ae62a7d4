"""The small word lists of rules/words.yml."""

from functools import lru_cache
from pathlib import Path

import yaml

FILE = Path(__file__).parent / "rules" / "words.yml"


def words(name: str) -> frozenset[str]:
    """The list `name`. Raises KeyError when there is none."""
    return _lists()[name]


@lru_cache(maxsize=1)
def _lists() -> dict[str, frozenset[str]]:
    lists = yaml.load(FILE.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)  # noqa: S506 - "on" and "no" are words
    return {name: frozenset(entries) for name, entries in lists.items()}
