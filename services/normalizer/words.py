"""The word lists of data/, which shared/datafile.py refuses with file and line where they make no sense."""

from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from shared.datafile import Word, load_words

DATA = Path(__file__).parent / "data"

Words = Annotated[tuple[Word, ...], Field(min_length=1)]
Strings = TypeVar("Strings", bound="Lists")


class Lists(BaseModel):
    """A file with just these lists: its names are the fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def read_lists(file: str, kind: type[Strings]) -> Strings:
    """A file of data/ as a `kind`. Raises DataFileError."""
    return load_words(DATA / file, kind)


def read_words(file: str) -> dict[str, tuple[str, ...]]:
    """The lists of a file of data/ by their names, whatever these are. Raises DataFileError."""
    lists: dict[str, tuple[str, ...]] = load_words(DATA / file, dict[Word, Words])
    return lists
