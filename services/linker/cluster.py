"""Which reports are of one incident: a function of the set of reports, never of their order.

Tiers: dated and placed reports chain by days and places. Each less certain report (dated only, placed only,
neither) then follows the one report of a more certain tier it agrees with most, so that it never bridges two.
Those that found none chain among themselves, and follow as a whole a report of their tier that found one.

Everything is decided along pairs that agree: the clusters of a dyad are those of its connected
neighbourhoods.
"""

from collections.abc import Iterable, Mapping

from services.linker.profile import Profile

TIERS = range(4)
Edges = Mapping[str, Mapping[str, float]]
Profiles = Mapping[str, Profile]
Group = tuple[str, ...]


def clusters(profiles: Profiles, edges: Edges, nodes: Iterable[str]) -> list[Group]:
    """The groups of `nodes` (report ids), each and all sorted by `Profile.order`.

    `edges` has the points of every pair that agrees. `nodes` are whole groups: no other report belongs to them.
    """
    ranked = sorted(nodes, key=lambda node: profiles[node].order)
    forest = _Forest(ranked)
    for tier in TIERS:
        settled, loose = set(), []
        for node in ranked:
            if profiles[node].tier == tier:
                surer = surest(node, profiles, edges)
                if surer is None:
                    loose.append(node)
                else:
                    forest.join(node, surer)
                    settled.add(node)
        for chain in _chains(loose, edges):
            for node in chain:
                forest.join(chain[0], node)
            way = _way(chain, settled, profiles, edges)
            if way is not None:
                forest.join(chain[0], way)
    return forest.groups(ranked)


def surest(node: str, profiles: Profiles, edges: Edges) -> str | None:
    """The report of a more certain tier that this one agrees with most."""
    tier = profiles[node].tier
    ways = ((to, points) for to, points in edges[node].items() if profiles[to].tier < tier)
    return most(ways, profiles) if tier else None


def most(ways: Iterable[tuple[str, float]], profiles: Profiles) -> str | None:
    """Of reports with their points the one with most, then the first in order."""
    best, best_points = None, 0.0
    for to, points in ways:
        if points > best_points or (best and points == best_points and profiles[to].order < profiles[best].order):
            best, best_points = to, points
    return best


def _way(chain: Iterable[str], settled: set[str], profiles: Profiles, edges: Edges) -> str | None:
    """The settled report that any of the chain agrees with most."""
    ways = ((to, points) for node in chain for to, points in edges[node].items() if to in settled)
    return most(ways, profiles)


def _chains(nodes: list[str], edges: Edges) -> list[list[str]]:
    """The nodes in connected parts."""
    waiting, parts = set(nodes), []
    while waiting:
        part = [waiting.pop()]
        for node in part:
            found = edges[node].keys() & waiting
            part += found
            waiting -= found
        parts.append(part)
    return parts


class _Forest:
    """Disjoint sets."""

    def __init__(self, nodes: Iterable[str]) -> None:
        self._parent = {node: node for node in nodes}

    def root(self, node: str) -> str:
        parent = self._parent
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    def join(self, one: str, other: str) -> None:
        self._parent[self.root(one)] = self.root(other)

    def groups(self, ranked: Iterable[str]) -> list[Group]:
        found: dict[str, list[str]] = {}
        for node in ranked:
            found.setdefault(self.root(node), []).append(node)
        return [tuple(group) for group in found.values()]
