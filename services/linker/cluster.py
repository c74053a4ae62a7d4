"""Which reports are of one incident: a function of the set of reports, never of their order.

Tiers: dated and placed reports chain by days and places, those that name an armed force first. Each less certain report
(of the two states only, dated only, placed only, neither) then follows the one report of a more certain tier it agrees
with most, so that it never bridges two. Those that found none chain among themselves, and follow as a whole a report of
their tier that found one.

Reports that are compared alike are one node (`Node`). Everything is decided along pairs of nodes that agree.
"""

from collections.abc import Iterable, Mapping

from services.linker.node import Node

TIERS = range(8)
Edges = Mapping[int, Mapping[int, float]]
Nodes = Mapping[int, Node]
Group = tuple[int, ...]


def clusters(nodes: Nodes, edges: Edges, followed: Mapping[int, int | None], wanted: Iterable[int]) -> list[Group]:
    """The groups of `wanted`, each and all sorted by `Node.order`.

    `edges` has the points of every pair of nodes that agrees, `followed` the `surest` of each node. `wanted` are whole
    groups: no other node belongs to them.
    """
    ranked = sorted(wanted, key=lambda one: nodes[one].order)
    forest = _Forest(ranked)
    for tier in TIERS:
        settled, loose = set(), []
        for one in ranked:
            if nodes[one].tier == tier:
                surer = followed[one]
                if surer is None:
                    loose.append(one)
                else:
                    forest.join(one, surer)
                    settled.add(one)
        for chain in _chains(loose, edges):
            for one in chain:
                forest.join(chain[0], one)
            way = _way(chain, settled, nodes, edges)
            if way is not None:
                forest.join(chain[0], way)
    return forest.groups(ranked)


def surest(one: int, nodes: Nodes, edges: Edges) -> int | None:
    """The node of a more certain tier that this one agrees with most."""
    tier = nodes[one].tier
    ways = ((to, points) for to, points in edges[one].items() if nodes[to].tier < tier)
    return most(ways, nodes) if tier else None


def most(ways: Iterable[tuple[int, float]], nodes: Nodes) -> int | None:
    """Of nodes with their points the one with most, then the first in order."""
    best, best_points = None, 0.0
    for to, points in ways:
        if points > best_points or (best is not None and points == best_points and nodes[to].order < nodes[best].order):
            best, best_points = to, points
    return best


def _way(chain: Iterable[int], settled: set[int], nodes: Nodes, edges: Edges) -> int | None:
    """The settled node that any of the chain agrees with most."""
    ways = ((to, points) for one in chain for to, points in edges[one].items() if to in settled)
    return most(ways, nodes)


def _chains(loose: Iterable[int], edges: Edges) -> list[list[int]]:
    """The nodes in connected parts."""
    waiting, parts = set(loose), []
    while waiting:
        part = [waiting.pop()]
        for one in part:
            found = edges[one].keys() & waiting
            part += found
            waiting -= found
        parts.append(part)
    return parts


class _Forest:
    """Disjoint sets."""

    def __init__(self, nodes: Iterable[int]) -> None:
        self._parent = {one: one for one in nodes}

    def root(self, one: int) -> int:
        parent = self._parent
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    def join(self, one: int, other: int) -> None:
        self._parent[self.root(one)] = self.root(other)

    def groups(self, ranked: Iterable[int]) -> list[Group]:
        found: dict[int, list[int]] = {}
        for one in ranked:
            found.setdefault(self.root(one), []).append(one)
        return [tuple(group) for group in found.values()]
