"""Sides and dyads as a person writes them, in the form all messages have."""

import re

_SEPARATORS = str.maketrans({"/": "-", "–": "-"})
# The `Al` of Al-Qaeda is none.
_CODE = re.compile("[A-Z]{2}|[a-z]{2}")


def side_of(text: str) -> str:
    """An ISO 3166-1 code in capitals; any other actor's name as it is."""
    return text.upper() if len(text) == 2 and text.isascii() and text.isalpha() else text


def dyad_from(text: str) -> str:
    """`az-am` and `AZ/AM` are `AM-AZ`, `SA-Houthis` is `Houthis-SA`. Raises ValueError for what has no two sides.

    Names may have hyphens, too: a country's code is one side, all the rest the other.
    """
    parts = [part.strip() for part in text.translate(_SEPARATORS).split("-")]
    if len(parts) < 2 or not all(parts):
        raise ValueError(f"{text!r} is no dyad: both sides, as in AM-AZ")
    splits = [("-".join(parts[:place]), "-".join(parts[place:])) for place in range(1, len(parts))]
    found = [_joined(*sides) for sides in splits if any(map(_CODE.fullmatch, sides))] or [_joined(*splits[-1])]
    return text if text in found else found[-1]


def states_of(one: str, other: str, border: str | None) -> str:
    """The dyad of the states: `TR` and `YPG` on the border `SY-TR` are `SY-TR`, where the YPG sits in Syria. That of
    the two themselves where both are states, or the border is none of theirs."""
    sides, states = {one, other}, set((border or "").split("-"))
    force_of_one = len(sides & states) == 1 and len(states) == 2
    if force_of_one and all(map(_CODE.fullmatch, states)) and not all(map(_CODE.fullmatch, sides)):
        return "-".join(sorted(states))
    return "-".join(sorted(sides))


def _joined(one: str, other: str) -> str:
    return "-".join(sorted((side_of(one), side_of(other))))
