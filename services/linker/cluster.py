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
Group = tuple[str, ...]


def clusters(profiles: Mapping[str, Profile], edges: Edges, nodes: Iterable[str]) -> list[Group]:
    """The groups of `nodes` (report ids), each and all sorted by `Profile.order`.

    `edges` has the points of every pair that agrees; `nodes` must be closed under it.
    """
    ranked = sorted(nodes, key=lambda node: profiles[node].order)
    rank = {node: place for place, node in enumerate(ranked)}
    forest = _Forest(ranked)
    for tier in TIERS:
        _settle(tier, ranked, profiles, edges, rank, forest)
    return forest.groups(ranked)


def _settle(
    tier: int,
    ranked: list[str],
    profiles: Mapping[str, Profile],
    edges: Edges,
    rank: Mapping[str, int],
    forest: "_Forest",
) -> None:
    loose, settled = [], set()
    for node in ranked:
        if profiles[node].tier != tier:
            continue
        surer = [(points, -rank[to], to) for to, points in edges[node].items() if profiles[to].tier < tier]
        if surer:
            forest.join(node, max(surer)[2])
            settled.add(node)
        else:
            loose.append(node)
    for chain in _chains(loose, edges):
        for node in chain:
            forest.join(chain[0], node)
        ways = [
            (points, -rank[to], to) for node in chain for to, points in edges[node].items() if to in settled
        ]
        if ways:
            forest.join(chain[0], max(ways)[2])


def _chains(nodes: list[str], edges: Edges) -> list[list[str]]:
    """The nodes in connected parts."""
    waiting, parts = dict.fromkeys(nodes), []
    while waiting:
        part = [waiting.popitem()[0]]
        for node in part:
            found = [to for to in edges[node] if to in waiting]
            part += found
            for to in found:
                del waiting[to]
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
