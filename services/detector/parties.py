"""The two sides whose losses are read, and who else counts as one of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.detector.fights import Side
from services.detector.words import words
from shared.schemas.article_tagged import Mention

_GROUPS = words("parties.groups")


@dataclass(frozen=True, slots=True)
class Parties:
    """The two sides of a report, and what else counts as one of them (an ally, the state it sits in).

    `groups` names the armed group the article tells of most in each state that has one.
    """

    one: Side
    other: Side
    groups: Mapping[str, str] = field(default_factory=dict)

    @property
    def group(self) -> str | None:
        """The one of the two that is an armed group."""
        groups = [side.name for side in (self.one, self.other) if not side.is_state]
        return groups[0] if len(groups) == 1 else None

    @property
    def raiders(self) -> str | None:
        """The armed group, where it is no de-facto state with troops and borders of its own."""
        forms = [side.form for side in (self.one, self.other) if not side.is_state]
        return None if "de_facto_state" in forms else self.group

    def group_called(self, words: str | None) -> str | None:
        """The armed group, where `words` are `the group`, `the rebels`, `the Shiite movement`."""
        last = words.lower().split()[-1] if words else ""
        return self.group if last in _GROUPS else None

    def other_than(self, name: str) -> str | None:
        """The opponent of `name`. A group may sit in the state it fights: names go before homes."""
        for side, opponent in ((self.one, self.other), (self.other, self.one)):
            if name == side.name:
                return opponent.name
        for side, opponent in ((self.one, self.other), (self.other, self.one)):
            if name in side.homes:
                return opponent.name
        return None

    def _is_side(self, name: str) -> bool:
        return name in (self.one.name, self.other.name)

    def knows(self, name: str) -> bool:
        """Whether `name` is one of the sides or a state one of them sits in."""
        return self._is_side(name) or name in self.one.homes | self.other.homes

    def allies(self, actor: Mention) -> bool:
        """Whether a force that is no state sits on the ground of one of the sides: its losses are shown as its own."""
        return len(actor.ref) != 2 and bool(set(actor.sits_in) & (self.one.homes | self.other.homes))

    def people_of(self, name: str) -> str:
        """Civilians are a state's (or a de-facto state's), not an armed group's."""
        for side in (self.one, self.other):
            if side.name == name and (side.is_state or side.form == "de_facto_state"):
                return name
            if side.name == name and side.homes:
                return min(side.homes)
        return next((state for state, group in self.groups.items() if group == name and self.knows(state)), name)

    def force_of(self, name: str) -> str:
        """Fighters of a state that is no side, but one of the sides sits in, are that side's."""
        if self._is_side(name):
            return name
        return next((side.name for side in (self.one, self.other) if not side.is_state and name in side.homes), name)

    def on_ground(self, code: str, sector: str = "") -> str | None:
        """The side that people on the ground of the state `code` (or in a de-facto state's sector) belong to."""
        for side in (self.one, self.other):
            if sector and side.name.lower().replace(" ", "-").endswith(sector):
                return side.name
            if side.form == "de_facto_state" and code in side.homes and not sector and not self._is_side(code):
                return side.name
        return code if self.knows(code) else None
