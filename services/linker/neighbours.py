"""The reports of one dyad, which of them agree, and their groups, kept up to date one report at a time."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from services.linker.agreement import agreement, reasons
from services.linker.cluster import Group, clusters, most, surest
from services.linker.node import Key, Node
from services.linker.profile import YEAR_DAYS, Figure, Profile, profile, year_day
from services.linker.rule import Rule
from shared.schemas.report_detected import ReportDetected


@dataclass(slots=True)
class Neighbours:
    """`reports` in order of arrival; `nodes` by number. `edges` has, for each node, those it agrees with and by how
    many points, `groups` the group of each as it was last worked out."""

    rule: Rule
    reports: dict[str, ReportDetected] = field(default_factory=dict)
    profiles: dict[str, Profile] = field(default_factory=dict)
    nodes: dict[int, Node] = field(default_factory=dict)
    edges: dict[int, dict[int, float]] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)
    _node_of: dict[str, int] = field(default_factory=dict)
    _by_key: dict[Key, int] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)
    _things: defaultdict[Key, set[int]] = field(default_factory=lambda: defaultdict(set))
    _signatures: tuple[dict[int, set[int]], dict[int, set[int]]] = field(default_factory=lambda: ({}, {}))
    _surest: dict[int, int | None] = field(default_factory=dict)

    def node_of(self, report_id: str) -> int | None:
        """The number of the report's node, if the report is here."""
        return self._node_of.get(report_id)

    def add(self, detected: ReportDetected) -> set[int]:
        """Takes a report in; one of the same id is replaced and keeps its place in the order of arrival. Says which
        nodes' groups are to be worked out again."""
        own = profile(detected, self.rule)
        touched = self._let_go(own.report_id) if own.report_id in self.reports else set()
        self.reports[own.report_id], self.profiles[own.report_id] = detected, own
        key = key_of(own, self.rule)
        number = self._by_key.get(key)
        if number is None:
            number = self._by_key[key] = next(self._numbers)
            self.nodes[number], self.edges[number], self._surest[number] = Node.of(own), {}, None
        else:
            self.nodes[number].add(own)
        self._node_of[own.report_id] = number
        self._register(number, own)
        return touched | self._compare(number, self._candidates(self.nodes[number]))

    def remove(self, report_id: str) -> set[int]:
        """Lets a report go; says which nodes' groups are to be worked out again."""
        touched = self._let_go(report_id)
        del self.reports[report_id]
        return touched

    def regroup(self, touched: Iterable[int]) -> list[Group]:
        """The groups that these nodes' changes changed, and perhaps some that stayed as they were."""
        groups = clusters(self.nodes, self.edges, self._surest, self._closed(touched))
        self.groups.update((one, group) for group in groups for one in group)
        return groups

    def reasons(self, own: Profile, group: Set[int]) -> tuple[str, ...]:
        """Why the report is in the group: what it agrees in with the others of its node, with the one it follows, or
        with the one it agrees with most."""
        number = self._node_of[own.report_id]
        node, other = self.nodes[number], self._surest[number]
        if len(node.articles) > 1:
            return reasons(own, node.without(own), self.rule)
        if other is None:
            ways = ((to, points) for to, points in self.edges[number].items() if to in group)
            other = most(ways, self.nodes)
        return () if other is None else reasons(own, self.nodes[other], self.rule)

    def _compare(self, number: int, candidates: set[int], *, lost: bool = False) -> set[int]:
        """Works out the edges to these and to those that had one. Says with whom groups may change.

        A node that `lost` a report may agree less, and come later in the order: who followed it may follow another.
        """
        node, edges = self.nodes[number], self.edges[number]
        around = (candidates | edges.keys()) - {number}
        for to in around:
            points, before = agreement(node, self.nodes[to], self.rule), edges.get(to, 0.0)
            lost |= points < before
            if points:
                edges[to] = self.edges[to][number] = points
            elif before:
                del edges[to], self.edges[to][number]
        for to in around if lost else ():
            if self._surest[to] == number:
                self._surest[to] = surest(to, self.nodes, self.edges)
        self._surest[number] = surest(number, self.nodes, self.edges)
        return {number, *self._moved_by(number)}

    def _moved_by(self, number: int) -> Iterator[int]:
        """Less certain ones that now follow this one, and those that may chain with it or follow it as a chain."""
        own = self.nodes[number]
        for to, points in self.edges[number].items():
            tier, before = self.nodes[to].tier, self._surest[to]
            if tier == own.tier and before is None:
                yield to
            elif tier > own.tier and before != number and self._is_surer(own, points, to, before):
                self._surest[to] = number
                yield to

    def _is_surer(self, own: Node, points: float, one: int, before: int | None) -> bool:
        if before is None or points > self.edges[one][before]:
            return True
        return points == self.edges[one][before] and own.order < self.nodes[before].order

    def _let_go(self, report_id: str) -> set[int]:
        """Its old group, and those that may go with any of that now."""
        own, number = self.profiles.pop(report_id), self._node_of.pop(report_id)
        node, group = self.nodes[number], self.groups.get(number, ())
        node.remove(own)
        self._forget(number, own)
        if node.ranked:
            return self._compare(number, self._candidates(node), lost=True)
        return set(group) - {number} | self._drop(number, own)

    def _drop(self, number: int, own: Profile) -> set[int]:
        del self._by_key[key_of(own, self.rule)], self.nodes[number], self._surest[number]
        self.groups.pop(number, None)
        around = self.edges.pop(number).keys()
        for to in around:
            del self.edges[to][number]
            if self._surest[to] == number:
                self._surest[to] = surest(to, self.nodes, self.edges)
        return set(around)

    def _closed(self, touched: Iterable[int]) -> set[int]:
        """Whole groups, old and new: with each node those it was with, and those it now goes with."""
        found = {one for one in touched if one in self.nodes}
        waiting = list(found)
        while waiting:
            one = waiting.pop()
            near = {*self.groups.get(one, ()), *self._goes_with(one)} - found
            near &= self.nodes.keys()
            found |= near
            waiting += near
        return found

    def _goes_with(self, one: int) -> list[int]:
        """Its surest, or else all it may chain with and the one its chain may follow."""
        tier, surest_one = self.nodes[one].tier, self._surest[one]
        if surest_one is not None:
            return [surest_one]
        equals = [to for to in self.edges[one] if self.nodes[to].tier == tier]
        loose = [to for to in equals if self._surest[to] is None]
        way = most(((to, self.edges[one][to]) for to in equals if self._surest[to] is not None), self.nodes)
        return loose if way is None else [*loose, way]

    def _register(self, number: int, own: Profile) -> None:
        for thing in _own_things(own):
            self._things[thing].add(number)
        if own.signature is not None:
            self._signatures[own.days is not None].setdefault(own.signature, set()).add(number)

    def _forget(self, number: int, own: Profile) -> None:
        """Where the node is not to be found any more."""
        node = self.nodes[number]
        for thing in _own_things(own):
            if not node.ranked or (thing[1] == "figure" and thing[2] not in node.figures):
                _discard(self._things, thing, number)
        if own.signature is not None and not node.signatures[own.signature]:
            _discard(self._signatures[own.days is not None], own.signature, number)

    def _candidates(self, node: Node) -> set[int]:
        """All nodes that can have points enough with this one: a test compares this with all pairs.

        By all its reports: one may have the figure of another node, and the next the title that is missing still.
        """
        found: set[int] = set()
        for thing in _sought_things(node, self.rule):
            found |= self._things.get(thing, frozenset())
        bits = self.rule.likeness.alike_text_bits
        for dated in (False,) if node.like.days else (False, True):
            for signature in node.compared_signatures:
                for other, numbers in self._signatures[dated].items():
                    if (signature ^ other).bit_count() <= bits:
                        found |= numbers
        return found


def key_of(own: Profile, rule: Rule) -> Key:
    """What a report is compared by; reports of one key are of one incident, whatever else they say."""
    places = own.force, own.names, own.sectors, own.points
    if own.days:
        return (own.days, *places, None if own.names else own.figures)
    dates = own.window, own.month_days, own.weekdays, own.years, own.published_on
    key = (*dates, *places, own.figures)
    return key if _is_telling(own, rule) else (*key, own.signature or own.report_id, own.order[2])


def _is_telling(own: Profile, rule: Rule) -> bool:
    """Whether two reports of these dates, places and figures are of one incident, in whatever words."""
    alone, other = Node.of(own), Node.of(own)
    other.articles.clear()
    alone.compared_signatures = alone.compared_titles = ()
    return agreement(alone, other, rule) > 0


def _discard(index: dict[Any, set[int]], thing: object, number: int) -> None:
    index[thing].discard(number)
    if not index[thing]:
        del index[thing]


def _own_things(own: Profile) -> Iterator[Key]:
    """Where a node can be found by others."""
    dated = own.days is not None
    for thing in _things(own, own.figures):
        yield dated, *thing
    for day in _days(own, 0):
        yield dated, "day", day
    for day in _month_days(own, 0):
        yield dated, "month-day", day


def _sought_things(node: Node, rule: Rule) -> Iterator[Key]:
    """Where a node looks for others. Two dated ones must be near in time, so that days are enough."""
    own = node.like
    around = max(rule.max_days_apart, rule.publication.fresh_days)
    for day in _days(own, around):
        yield True, "day", day
        yield False, "day", day
    for dated in (False,) if own.days else (False, True):
        for thing in _things(own, node.figures):
            yield dated, *thing
        for day in _month_days(own, rule.max_days_apart):
            yield dated, "month-day", day


def _things(own: Profile, figures: Iterable[Figure]) -> Iterator[Key]:
    """A pair that shares none of these, nor days, month days or a text, has not points enough: `Rule` sees to it."""
    for figure in figures:
        yield "figure", figure
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
