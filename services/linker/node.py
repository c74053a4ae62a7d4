"""Reports that agree in all but their texts (and, where day and place are known, their figures), taken as one.

A hot day brings hundreds of reports of one fight. What they are compared by is compared once.
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import TypeVar

from services.linker.profile import Figure, Order, Profile

T = TypeVar("T")
Key = tuple[Hashable, ...]

# Texts of a node that are compared with those of others: the first of so many in sorted order.
_COMPARED = 24
_ANOTHER = ""


@dataclass(slots=True)
class Node:
    """`like` is any of the reports: what is not in the counters is the same in all. `ranked` are the reports by
    `Profile.order`; `twins` the same by what they say, those of one list saying the very same."""

    like: Profile
    tier: int
    ranked: list[Profile] = field(default_factory=list)
    twins: dict[Key, list[Profile]] = field(default_factory=dict)
    figures: Counter[Figure] = field(default_factory=Counter)
    signatures: Counter[int] = field(default_factory=Counter)
    titles: Counter[str] = field(default_factory=Counter)
    articles: Counter[str] = field(default_factory=Counter)
    compared_signatures: tuple[int, ...] = ()
    compared_titles: tuple[frozenset[str], ...] = ()

    @classmethod
    def of(cls, one: Profile) -> "Node":
        """A report by itself."""
        node = cls(one, one.tier)
        node.add(one)
        return node

    @property
    def order(self) -> Order:
        """That of the first."""
        return self.ranked[0].order

    def add(self, one: Profile) -> None:
        """Takes in a report of the same key."""
        insort(self.ranked, one, key=_order)
        insort(self.twins.setdefault(one.said, []), one, key=_order)
        self._count(one, 1)

    def remove(self, one: Profile) -> None:
        """Lets one go."""
        del self.ranked[bisect_left(self.ranked, one.order, key=_order)]
        twins = self.twins[one.said]
        del twins[bisect_left(twins, one.order, key=_order)]
        if not twins:
            del self.twins[one.said]
        self._count(one, -1)

    def without(self, one: Profile) -> "Node":
        """The others, as far as they can agree with this one; only to be compared with it."""
        own = () if one.signature is None or self.signatures[one.signature] > 1 else (one.signature,)
        title = frozenset(one.title.split()) if self.titles[one.title] == 1 else None
        return Node(
            self.like,
            self.tier,
            figures=Counter({figure: 1 for figure in one.figures if self.figures[figure] > 1}),
            articles=Counter([_ANOTHER]),
            compared_signatures=tuple(other for other in self.compared_signatures if other not in own),
            compared_titles=tuple(other for other in self.compared_titles if other != title),
        )

    def _count(self, one: Profile, by: int) -> None:
        for figure in one.figures:
            _add(self.figures, figure, by)
        _add(self.articles, one.article_id, by)
        if one.signature is not None:
            _add(self.signatures, one.signature, by)
            self.compared_signatures = tuple(nsmallest(_COMPARED, self.signatures))
        if one.title:
            _add(self.titles, one.title, by)
            self.compared_titles = tuple(frozenset(title.split()) for title in nsmallest(_COMPARED, self.titles))


def listed(nodes: Iterable[Node], same: int, most: int) -> tuple[list[Profile], list[Profile]]:
    """Of those that say the very same the first `same`, and of all others the first, together at most `most`."""
    first: list[Profile] = []
    others: list[Profile] = []
    for node in nodes:
        for twins in node.twins.values():
            first += twins[:same]
            others += twins[same : same + most]
    return sorted(first, key=_order), sorted(others, key=_order)[: max(0, most - len(first))]


def _order(one: Profile) -> Order:
    return one.order


def _add(counter: Counter[T], thing: T, by: int) -> None:
    counter[thing] += by
    if not counter[thing]:
        del counter[thing]
