"""How much of a hostile file is looked at before it is rejected."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes are bytes, times are seconds. `nesting` is how many containers may stand inside a container.

    `seconds` is for one document in the parser process; a container as a whole gets `container_seconds`.
    `ratio` (unpacked to packed size) counts from `ratio_floor` unpacked bytes on.
    """

    file_bytes: int = 8 * MIB
    text_chars: int = 2 * MIB
    sentences: int = 50_000
    unpacked_bytes: int = 64 * MIB
    ratio: int = 200
    ratio_floor: int = MIB
    members: int = 1000
    nesting: int = 1
    seconds: float = 10.0
    container_seconds: float = 60.0
    memory_bytes: int = 512 * MIB


DEFAULT_LIMITS = Limits()
