"""The small word lists of data/words.yml."""

from functools import lru_cache
from pathlib import Path

from shared.datafile import load_lists

FILE = Path(__file__).parent / "data" / "words.yml"


def words(name: str) -> frozenset[str]:
    """The list `name`. Raises KeyError when there is none, DataFileError when the file makes no sense."""
    return _lists()[name]


@lru_cache(maxsize=1)
def _lists() -> dict[str, frozenset[str]]:
    return read_lists(FILE)


def read_lists(path: Path) -> dict[str, frozenset[str]]:
    """All lists of a file by their names. Raises DataFileError."""
    return load_lists(path, Path(__file__).parent)
