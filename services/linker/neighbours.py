"""The reports of one dyad and which of them agree, kept up to date one report at a time."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field

from services.linker.agreement import agreement, reasons
from services.linker.cluster import Group, clusters, most, surest
from services.linker.profile import YEAR_DAYS, Profile, profile, year_day
from services.linker.rule import Rule
from shared.schemas.report_detected import ReportDetected

Key = tuple[object, ...]


@dataclass(slots=True)
class Neighbours:
    """`reports` in order of arrival. `edges` has, for each report, those it agrees with and by how many points.
    `groups` has the group of each report as it was last worked out."""

    rule: Rule
    reports: dict[str, ReportDetected] = field(default_factory=dict)
    profiles: dict[str, Profile] = field(default_factory=dict)
    edges: dict[str, dict[str, float]] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    _keys: defaultdict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    _signatures: tuple[dict[str, int], dict[str, int]] = field(default_factory=lambda: ({}, {}))
    _surest: dict[str, str | None] = field(default_factory=dict)
    _why: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)

    def add(self, detected: ReportDetected) -> set[str]:
        """Takes a report in; one of the same id is replaced and keeps its place in the order of arrival. Says which
        reports' groups are to be worked out again."""
        own = profile(detected, self.rule)
        touched = self._unlink(own.report_id) if own.report_id in self.reports else set()
        self.reports[own.report_id] = detected
        found = {
            node: points for node in self._candidates(own) if (points := agreement(own, self.profiles[node], self.rule))
        }
        self.profiles[own.report_id], self.edges[own.report_id] = own, found
        for node, points in found.items():
            self.edges[node][own.report_id] = points
        for key in _own_keys(own):
            self._keys[key].add(own.report_id)
        if own.signature is not None:
            self._signatures[own.days is not None][own.report_id] = own.signature
        self._find_surest(own.report_id)
        return touched | {own.report_id} | self._moved_by(own)

    def remove(self, report_id: str) -> set[str]:
        """Lets a report go; says which reports' groups are to be worked out again."""
        touched = self._unlink(report_id)
        del self.reports[report_id]
        return touched

    def regroup(self, touched: Iterable[str]) -> list[Group]:
        """The groups that these reports' coming and going changed, and perhaps some that stayed as they were."""
        groups = clusters(self.profiles, self.edges, self._closed(touched))
        self.groups.update((node, group) for group in groups for node in group)
        return groups

    def reasons(self, node: str, group: Set[str]) -> tuple[str, ...]:
        """Why the report is in the group: what it agrees in with the one it agrees with most."""
        ways = ((to, points) for to, points in self.edges[node].items() if to in group)
        to = most(ways, self.profiles)
        if to is None:
            return ()
        known = self._why.get(node)
        if known is None or known[0] != to:
            known = to, reasons(self.profiles[node], self.profiles[to], self.rule)
            self._why[node] = known
        return known[1]

    def _closed(self, touched: Iterable[str]) -> set[str]:
        """Whole groups, old and new: with each report those it was with, and those it now goes with."""
        found = {node for node in touched if node in self.edges}
        waiting = list(found)
        while waiting:
            node = waiting.pop()
            near = {*self.groups.get(node, ()), *self._goes_with(node)} - found
            near &= self.edges.keys()
            found |= near
            waiting += near
        return found

    def _goes_with(self, node: str) -> list[str]:
        """Its surest, or else all it may chain with and the one its chain may follow."""
        tier, surest_one = self.profiles[node].tier, self._surest[node]
        if surest_one is not None:
            return [surest_one]
        equals = [to for to in self.edges[node] if self.profiles[to].tier == tier]
        loose = [to for to in equals if self._surest[to] is None]
        settled = ((to, self.edges[node][to]) for to in equals if self._surest[to] is not None)
        way = most(settled, self.profiles)
        return loose if way is None else [*loose, way]

    def _find_surest(self, node: str) -> None:
        self._surest[node] = surest(node, self.profiles, self.edges)

    def _moved_by(self, own: Profile) -> set[str]:
        """Less certain reports that now follow this one, and those that may chain with it or follow it as a chain."""
        moved = set()
        for node, points in self.edges[own.report_id].items():
            tier, before = self.profiles[node].tier, self._surest[node]
            if tier == own.tier and before is None:
                moved.add(node)
            elif tier > own.tier and self._is_surer(own, points, node, before):
                self._surest[node] = own.report_id
                moved.add(node)
        return moved

    def _is_surer(self, own: Profile, points: float, node: str, before: str | None) -> bool:
        if before is None or points > self.edges[node][before]:
            return True
        return points == self.edges[node][before] and own.order < self.profiles[before].order

    def _unlink(self, report_id: str) -> set[str]:
        """All of its group; those that follow another now or none are among them."""
        old = self.profiles.pop(report_id)
        for key in _own_keys(old):
            self._keys[key].discard(report_id)
            if not self._keys[key]:
                del self._keys[key]
        self._signatures[old.days is not None].pop(report_id, None)
        self._surest.pop(report_id)
        self._why.pop(report_id, None)
        for node in self.edges.pop(report_id):
            del self.edges[node][report_id]
            if self._surest[node] == report_id:
                self._find_surest(node)
            if node in self._why and self._why[node][0] == report_id:
                del self._why[node]
        return set(self.groups.pop(report_id, ())) - {report_id}

    def _candidates(self, own: Profile) -> set[str]:
        """All reports that can have points enough: a test compares this with all pairs."""
        found: set[str] = set()
        for key in _sought_keys(own, self.rule):
            found |= self._keys.get(key, frozenset())
        if own.signature is not None:
            for dated in (False,) if own.days else (False, True):
                found |= _alike(own.signature, self._signatures[dated], self.rule.likeness.alike_text_bits)
        return found


def _alike(signature: int, others: dict[str, int], bits: int) -> set[str]:
    return {node for node, other in others.items() if (signature ^ other).bit_count() <= bits}


def _own_keys(own: Profile) -> Iterator[Key]:
    """Where a report can be found by others."""
    dated = own.days is not None
    for thing in _things(own):
        yield dated, *thing
    for day in _days(own, 0):
        yield dated, "day", day
    for day in _month_days(own, 0):
        yield dated, "month-day", day


def _sought_keys(own: Profile, rule: Rule) -> Iterator[Key]:
    """Where a report looks for others. Two dated ones must be near in time, so that days are enough."""
    around = max(rule.max_days_apart, rule.publication.fresh_days)
    for day in _days(own, around):
        yield True, "day", day
        yield False, "day", day
    for dated in (False,) if own.days else (False, True):
        for thing in _things(own):
            yield dated, *thing
        for day in _month_days(own, rule.max_days_apart):
            yield dated, "month-day", day


def _things(own: Profile) -> Iterator[Key]:
    """A pair that shares none of these, nor days, month days or a text, has not points enough: `Rule` sees to it."""
    for figure in own.figures:
        yield "figure", *figure
    for name in own.names:
        yield "name", name


def _days(own: Profile, margin: int) -> Iterable[int]:
    """Of the clash, or else of the publication."""
    span = own.days or own.published_on
    return range(span[0] - margin, span[1] + margin + 1) if span else ()


def _month_days(own: Profile, margin: int) -> Iterator[int]:
    """Days of the year, 1 to 366."""
    span = own.month_days
    if span is None and own.days:
        first = year_day(own.days[0])
        span = first, first + own.days[1] - own.days[0]
    if span is not None:
        for day in range(span[0] - margin, span[1] + margin + 1):
            yield (day - 1) % YEAR_DAYS + 1
