"""The topics as data: `topics.yml`, read with every mistake named by file and line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.datafile import DataFileError, load_yaml
from shared.schemas import MESSAGES

Retention = Literal["keep", "until_consumed"]

FILE = Path(__file__).with_name("topics.yml")


def _no_name_twice(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) != len(names):
        raise ValueError("a name is here twice")
    return names


def _a_message(name: str) -> str:
    if name not in MESSAGES:
        raise ValueError(f"{name} is not a message type")
    return name


Names = Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_no_name_twice)]


class Topic(BaseModel):
    """One row of the file. `consumers` are consumer groups: a stage's name is its group.

    `partitions` and `compact` are Kafka's alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    retention: Retention
    producers: Names
    consumers: Names
    compress: bool = False
    partitions: int = Field(default=3, ge=1, le=1000)
    compact: bool = False


def load_topics(path: Path = FILE) -> dict[str, Topic]:
    """All topics by name. Raises DataFileError (`topics.yml:12: ...`) for a row that makes no sense."""
    topics = load_yaml(path, dict[Annotated[str, AfterValidator(_a_message)], Topic])
    if missing := MESSAGES.keys() - topics.keys():
        raise DataFileError(f"{path}:1: no topic for {', '.join(sorted(missing))}")
    return topics


def with_partitions(topics: Mapping[str, Topic], partitions: int | None) -> dict[str, Topic]:
    """All with so many partitions, or, without a number, as the file says."""
    change = {} if partitions is None else {"partitions": partitions}
    return {name: topic.model_copy(update=change) for name, topic in topics.items()}
