"""The toll of an incident by one published rule, from all claims of all its reports.

`best`, for each side and kind: claims of the side itself before those of the other side before those of third
parties; a claim that only says how many at most ("up to 43", "43 killed or wounded") comes last. Among these the
latest cumulative figure stands: by the day it is for, then by publication; where that does not tell them apart, the
larger. Daily figures add up, one for each day (the latest said): after the day of the cumulative figure they are added
to it, up to that day their sum stands where it is larger. A figure of which the text does not say whether it is a day's
or all is a day's where it is smaller than that of the days before: two dead on Friday do not make four on Wednesday
fewer. `low` and `high` span what any one claimant says in any one report.

Military and unspecified losses are one track, civilian losses another, and a side's toll is their sum; a
figure that does not say whom it counts may include civilians, so with it the larger of the two tracks stands.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from shared.schemas.claims import Claim, Kind
from shared.schemas.incident import Toll

KINDS: tuple[Kind, ...] = ("killed", "wounded", "captured", "missing")
TOTAL = "total"
T = TypeVar("T")
_OWN, _ENEMY, _THIRD = range(3)


class Stated(NamedTuple):
    """A claim with its figures, its day and the day it was said (ordinals), and who said it: `voice` is (report,
    claimant). `of_a_day`: it is of a fight of one day, and does not say whether it counts more than that day's."""

    claim: Claim
    low: int
    best: int
    high: int
    day: int
    said: int
    voice: tuple[str, str]
    of_a_day: bool = False


def figure_of(claim: Claim) -> int | None:
    """The figure the claim names; None where it names none ("several")."""
    if claim.best is not None:
        return claim.best
    return claim.low if claim.low is not None else claim.high


def stated(claim: Claim, figure: int, day: int, said: int, voice: tuple[str, str], *, of_a_day: bool = False) -> Stated:
    """`low` is the least it can mean, `high` the most."""
    low = (0 if _is_at_most(claim) else figure) if claim.low is None else claim.low
    high = figure if claim.high is None else claim.high
    return Stated(claim, low, figure, high, day, said, voice, of_a_day)


def tolls(claims: Sequence[Stated], sides: tuple[str, str]) -> dict[str, dict[Kind, Toll]]:
    """side -> kind -> people. `total` stands in for a kind that no side has a claim of."""
    return _table(claims, sides, _whole)


def civilians(claims: Sequence[Stated], sides: tuple[str, str]) -> dict[str, dict[Kind, Toll]]:
    """side -> kind -> people known to be civilians."""
    return _table([one for one in claims if one.claim.who == "civilian"], sides, _track)


Count = Callable[[Sequence[Stated], tuple[str, str]], Toll]


def _table(claims: Sequence[Stated], sides: tuple[str, str], count: Count) -> dict[str, dict[Kind, Toll]]:
    found: dict[str, dict[Kind, Toll]] = {}
    for kind in KINDS:
        of_kind = [one for one in claims if one.claim.kind == kind]
        of_sides = [one for one in of_kind if one.claim.side != TOTAL]
        for side, of_side in _by(of_sides or of_kind, lambda one: one.claim.side).items():
            found.setdefault(side, {})[kind] = count(of_side, sides)
    return {side: found[side] for side in sorted(found)}


def _whole(claims: Sequence[Stated], sides: tuple[str, str]) -> Toll:
    """Both tracks of one side and kind."""
    civilian = [one for one in claims if one.claim.who == "civilian"]
    others = [one for one in claims if one.claim.who != "civilian"]
    if not civilian or not others:
        return _track(claims, sides)
    first, second = _track(others, sides), _track(civilian, sides)
    join = max if any(one.claim.who == "unspecified" for one in _standing(others, sides)) else int.__add__
    return Toll(
        low=join(first.low, second.low),
        best=join(first.best, second.best),
        high=join(first.high, second.high),
    )


def _track(claims: Sequence[Stated], sides: tuple[str, str]) -> Toll:
    """One track of one side and kind."""
    best = _people(_standing(claims, sides))
    voices = [_latest(of_voice) for of_voice in _by(claims, lambda one: one.voice).values()]
    lows = [sum(one.low for one in voice) for voice in voices]
    highs = [sum(one.high for one in voice) for voice in voices]
    return Toll(low=min(best, *lows), best=best, high=max(best, *highs))


def _standing(claims: Sequence[Stated], sides: tuple[str, str]) -> list[Stated]:
    """The claims that make up `best`."""
    by_rank = _by(claims, lambda one: (_is_at_most(one.claim), _rank(one.claim, sides)))
    return _latest(by_rank[min(by_rank)])


def _is_at_most(claim: Claim) -> bool:
    return claim.best is None and claim.low is None


def _rank(claim: Claim, sides: tuple[str, str]) -> int:
    if claim.claimant_side in (claim.side, "both"):
        return _OWN
    return _ENEMY if claim.claimant_side in sides else _THIRD


def _latest(claims: Sequence[Stated]) -> list[Stated]:
    """The claims whose sum is the toll they tell of."""
    if len(claims) == 1:
        return list(claims)
    daily = [one for one in claims if one.claim.period == "daily"]
    cumulative = _last_of_days([one for one in claims if one.claim.period != "daily"])
    by_day = _last_of_days(daily)
    if not cumulative:
        return by_day
    last = _adding_up(cumulative)
    before = [one for one in by_day if one.day <= last[-1].day]
    after = [one for one in by_day if one.day > last[-1].day]
    return (before if _people(before) > _people(last) else last) + after


def _last_of_days(claims: Sequence[Stated]) -> list[Stated]:
    """For each day what was said last, in the order of days."""
    days = _by(claims, lambda one: one.day)
    return [max(days[day], key=_said) for day in sorted(days)]


def _adding_up(days: Sequence[Stated]) -> list[Stated]:
    """The last figure, which counts all; where it is one day's alone, those before it, too."""
    standing: list[Stated] = []
    for one in days:
        standing = [*standing, one] if one.of_a_day and one.best < _people(standing) else [one]
    return standing


def _people(claims: Iterable[Stated]) -> int:
    return sum(one.best for one in claims)


def _said(one: Stated) -> tuple[int, int, int, int, bool]:
    """Later said, then larger; the rest only so that equal figures do not depend on the order."""
    return one.said, one.best, one.high, one.low, one.claim.who == "unspecified"


def _by(claims: Iterable[Stated], key: Callable[[Stated], T]) -> dict[T, list[Stated]]:
    found: dict[T, list[Stated]] = {}
    for one in claims:
        found.setdefault(key(one), []).append(one)
    return found
