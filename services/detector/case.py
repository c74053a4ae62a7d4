"""A figure with all that tells whose loss it is."""

from dataclasses import dataclass

from services.detector.claimants import Claimant, Told
from services.detector.doers import befell
from services.detector.figure import Figure
from services.detector.lines import Line
from services.detector.parties import Parties
from shared.schemas.article_tagged import Mention


@dataclass(frozen=True, slots=True)
class Case:
    """A figure in its line, of the losses of two parties; who says so, and what the lines before have told."""

    figure: Figure
    line: Line
    parties: Parties
    claimant: Claimant
    told: Told

    @property
    def agent(self) -> Mention | None:
        """The actor that did it."""
        return self.line.mentions[self.figure.agent] if self.figure.agent >= 0 else None

    @property
    def before(self) -> Line | None:
        """The sentence right before."""
        previous = self.told.previous
        return previous if previous is not None and previous.number == self.line.number - 1 else None

    @property
    def own(self) -> str | None:
        """The claimant's own side."""
        side = self.claimant.side or self.parties.group_called(self.claimant.words)
        return side if side and side != "both" and self.parties.knows(side) else None


def struck(case: Case) -> str | None:
    """`an Armenian post was shelled and three soldiers were wounded`: the only side the sentence shows struck."""
    found = {m.ref for index, m in case.line.actors if case.parties.knows(m.ref) and befell(case.line, index)}
    return found.pop() if len(found) == 1 else None


def told_before(case: Case) -> str | None:
    """The side whose losses the sentence before has told."""
    apart = case.line.number - case.told.side_line
    return case.told.side if apart == 0 or (apart == 1 and not case.told.several) else None


def victim(case: Case) -> str | None:
    """The opponent of who did it."""
    return case.parties.other_than(case.agent.ref) if case.agent is not None else None
