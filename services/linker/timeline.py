"""The steps of a toll in the order of events, each with when it was reported."""

from collections.abc import Sequence
from typing import Any

from services.linker.dates import Dates
from services.linker.profile import Profile
from services.linker.toll import figure_of
from shared.schemas.incident import IncidentClaim, Moment


def timeline(members: Sequence[Profile], when: Dates) -> tuple[Moment, ...]:
    """One moment for each figure of each claimant for a day: as first reported. What has no day comes last."""
    moments: dict[tuple[Any, ...], Moment] = {}
    for one in members:
        own = one.detected.report.date_end or one.detected.report.date_start
        for claim in one.ledger:
            figure = figure_of(claim)
            if figure is not None:
                day = when.shown(claim.as_of or own)
                key = (day, claim.side, claim.kind, figure, claim.claimed_by)
                if key not in moments:
                    moments[key] = _moment(claim, day, figure)
    return tuple(sorted(moments.values(), key=_order))


def _moment(claim: IncidentClaim, day: str | None, figure: int) -> Moment:
    return Moment(
        day=day,
        reported=claim.published,
        side=claim.side,
        kind=claim.kind,
        best=figure,
        claimed_by=claim.claimed_by,
        report_id=claim.report_id,
    )


def _order(moment: Moment) -> tuple[str, str, str, str, int, str]:
    return (
        moment.day or "~",
        moment.reported or "~",
        moment.side,
        moment.kind,
        moment.best,
        moment.claimed_by or "",
    )
