"""A figure of losses as the grammar reads it."""

from dataclasses import dataclass

from shared.schemas.claims import Kind, Who

KINDS: dict[str, Kind] = {
    "K": "killed", "Q": "killed", "d": "killed", "k": "killed", "T": "killed", "F": "killed", "L": "killed",
    "W": "wounded", "w": "wounded", "I": "wounded", "C": "captured", "y": "captured", "R": "captured", "M": "missing",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure in a line. `at`, `end`, `predicate`, `side_at`, `pronoun` and `agent` are items of the line (-1 for
    none): the number, the end of its noun, the word of loss, the actor or possessive that tells whose people they are,
    and the actor that did it. `mixed` is one figure for killed and wounded, `vague` one without a number."""

    at: int
    end: int
    low: int | None
    best: int | None
    high: int | None
    kind: Kind = "killed"
    who: Who | None = None
    side_at: int = -1
    pronoun: int = -1
    agent: int = -1
    predicate: int = -1
    mixed: bool = False
    foe: bool = False
    irregular: bool = False
    prisoners: bool = False

    @property
    def vague(self) -> bool:
        """Whether it is an amount without a number ("dozens")."""
        return self.best is None
