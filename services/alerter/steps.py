"""What makes an alert an escalation: `data/steps.yml` as a value."""

from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveInt

from shared.schemas.claims import Kind

STEPS_FILE = Path(__file__).parent / "data" / "steps.yml"


def _rising(numbers: tuple[int, ...]) -> tuple[int, ...]:
    if any(one >= next_one for one, next_one in pairwise(numbers)):
        raise ValueError("each number must be larger than the one before")
    return numbers


Rising = Annotated[tuple[PositiveInt, ...], AfterValidator(_rising)]


def _each_once(classes: tuple[frozenset[str], ...]) -> tuple[frozenset[str], ...]:
    seen: set[str] = set()
    for words in classes:
        if seen & words:
            raise ValueError(f"{', '.join(sorted(seen & words))}: in two classes")
        seen |= words
    return classes


class Steps(BaseModel):
    """Numbers are people; `weapons` goes from the lightest class to the heaviest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    deaths: Rising
    times_last_notified: float = Field(gt=1)
    first_civilians: tuple[Kind, ...]
    new_sector: bool
    severity: Annotated[Rising, Field(min_length=4, max_length=4)]
    weapons: Annotated[tuple[frozenset[str], ...], AfterValidator(_each_once)]

    def severity_of(self, deaths: int) -> int:
        """0 (no deaths known) to 4."""
        return sum(deaths >= step for step in self.severity)

    def heaviness(self, weapon: str) -> int:
        """1 for the lightest class; 0 where the weapon is in none."""
        return next((rank for rank, words in enumerate(self.weapons, 1) if weapon.casefold() in words), 0)
