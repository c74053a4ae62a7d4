"""The steps of a toll in the order of events, each with when it was reported."""

from collections.abc import Sequence
from typing import Any

from services.linker.dates import Dates
from services.linker.toll import has_figure
from shared.schemas.claims import Claim
from shared.schemas.incident import Moment
from shared.schemas.report_detected import ReportDetected


def timeline(members: Sequence[ReportDetected], when: Dates) -> tuple[Moment, ...]:
    """One moment for each figure of each claimant for a day: as first reported. What has no day comes
    last."""
    moments: dict[tuple[Any, ...], Moment] = {}
    for one in members:
        for claim in one.report.claims:
            if has_figure(claim):
                moment = _moment(one, claim, when)
                moments.setdefault(
                    (moment.day, moment.side, moment.kind, moment.best, moment.claimed_by), moment
                )
    return tuple(sorted(moments.values(), key=_order))


def _moment(one: ReportDetected, claim: Claim, when: Dates) -> Moment:
    figures = (claim.best, claim.low, claim.high)
    return Moment.model_construct(
        day=when.shown(claim.as_of or one.report.date_end or one.report.date_start),
        reported=one.published,
        side=claim.side,
        kind=claim.kind,
        best=next(figure for figure in figures if figure is not None),
        claimed_by=claim.claimed_by,
        report_id=one.report.report_id,
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
