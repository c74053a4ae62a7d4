"""The reports of one dyad and which of them agree, kept up to date one report at a time."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from services.linker.agreement import agreement, reasons
from services.linker.cluster import Group, clusters
from services.linker.profile import YEAR_DAYS, Profile, profile, year_day
from services.linker.rule import Rule
from shared.schemas.report_detected import ReportDetected

Key = tuple[object, ...]


@dataclass(slots=True)
class Neighbours:
    """`reports` in order of arrival. `edges` has, for each report, those it agrees with and by how many
    points."""

    rule: Rule
    reports: dict[str, ReportDetected] = field(default_factory=dict)
    profiles: dict[str, Profile] = field(default_factory=dict)
    edges: dict[str, dict[str, float]] = field(default_factory=dict)
    _keys: defaultdict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    _signatures: tuple[dict[str, int], dict[str, int]] = field(default_factory=lambda: ({}, {}))

    def add(self, detected: ReportDetected) -> None:
        """Takes a report in; one of the same id is replaced and keeps its place in the order of arrival."""
        own = profile(detected, self.rule)
        if own.report_id in self.reports:
            self._unlink(own.report_id)
        self.reports[own.report_id] = detected
        found = {
            node: points
            for node in self._candidates(own)
            if (points := agreement(own, self.profiles[node], self.rule))
        }
        self.profiles[own.report_id], self.edges[own.report_id] = own, found
        for node, points in found.items():
            self.edges[node][own.report_id] = points
        for key in _own_keys(own):
            self._keys[key].add(own.report_id)
        if own.signature is not None:
            self._signatures[own.days is not None][own.report_id] = own.signature

    def remove(self, report_id: str) -> set[str]:
        """Lets a report go; says which it agreed with."""
        del self.reports[report_id]
        return self._unlink(report_id)

    def around(self, nodes: Iterable[str]) -> list[Group]:
        """The groups of all reports that are connected with these."""
        found = dict.fromkeys(node for node in nodes if node in self.edges)
        waiting = list(found)
        while waiting:
            for node in self.edges[waiting.pop()]:
                if node not in found:
                    found[node] = None
                    waiting.append(node)
        return clusters(self.profiles, self.edges, found)

    def reasons(self, node: str, group: frozenset[str]) -> tuple[str, ...]:
        """Why the report is in the group: what it agrees in with the one it agrees with most."""
        ways = [
            (-points, self.profiles[to].order, to) for to, points in self.edges[node].items() if to in group
        ]
        if not ways:
            return ()
        return reasons(self.profiles[node], self.profiles[min(ways)[2]], self.rule)

    def _unlink(self, report_id: str) -> set[str]:
        old = self.profiles.pop(report_id)
        for key in _own_keys(old):
            self._keys[key].discard(report_id)
            if not self._keys[key]:
                del self._keys[key]
        self._signatures[old.days is not None].pop(report_id, None)
        around = self.edges.pop(report_id)
        for node in around:
            del self.edges[node][report_id]
        return set(around)

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
    for figure in own.figures:
        yield "figure", *figure
    for name in own.names:
        yield "name", name
    for sector in own.sectors:
        yield "sector", sector


def _days(own: Profile, margin: int) -> Iterable[int]:
    """Of the clash, or else of the publication."""
    if own.days:
        return range(own.days[0] - margin, own.days[1] + margin + 1)
    if own.published is None:
        return ()
    return range(own.published - margin, own.published + margin + 1)


def _month_days(own: Profile, margin: int) -> Iterator[int]:
    """Days of the year, 1 to 366."""
    span = own.month_days
    if span is None and own.days:
        first = year_day(own.days[0])
        span = first, first + own.days[1] - own.days[0]
    if span is not None:
        for day in range(span[0] - margin, span[1] + margin + 1):
            yield (day - 1) % YEAR_DAYS + 1
