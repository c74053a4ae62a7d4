"""Groups are a function of the set of reports, and the incremental way gives what all pairs give."""

from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from linker_builders import RULE, active, linked, report, shuffles, told

from services.linker.agreement import agreement
from services.linker.cluster import clusters, surest
from services.linker.neighbours import Neighbours, key_of
from services.linker.node import Key, Node
from services.linker.profile import Profile, profile
from shared.schemas import ReportDetected

DATES = ["", "XXXX-07-12", "XXXX-07-12/XXXX-07-13", "XXXX-12-31", "2020-07", "2020", "XXXX-07"] + [
    f"2020-07-{day:02}" for day in (9, 11, 12, 13, 15, 16)
]
PLACES = [
    "Tavush@tavush",
    {"name": "Berd", "where_prec": 1, "sector": "tavush", "latitude": 40.88, "longitude": 45.39},
    {"name": "Qazax", "where_prec": 1, "latitude": 41.09, "longitude": 45.37},
    "Goris@syunik",
    "Kapan@syunik",
    "the border",
    {"name": "Karabakh", "where_prec": 4, "kind": "disputed_area", "sector": "karabakh"},
    {"name": "Araks", "where_prec": 5, "kind": "river", "sector": "nakhchivan"},
]
CLAIMS = [
    {"AZ": "2 killed", "by": "AZ"},
    {"AZ": "5 wounded"},
    {"AM": "49 killed"},
    {"AM": "0 killed", "by": "AM"},
    {"AZ": "1 killed", "period": "daily", "as_of": "2020-07-12"},
    {"total": "12 killed"},
]
# Two forces that sit in AZ, whose fights another paper tells of AZ.
SIDES = [("AM", "AZ"), ("AM", "AZ"), ("AM", "Talysh Front"), ("AM", "Lezgin Front")]
TITLES = [None, "Four soldiers killed in shelling", "Four soldiers killed in shelling again"]
SIGNATURES = ["00000000ffffffff", "00000000fffffff0", "f" * 16, "0f0f0f0f0f0f0f0f"]
ROWS = st.fixed_dictionaries(
    {
        "dates": st.sampled_from(DATES),
        "places": st.lists(st.sampled_from(PLACES), max_size=2),
        "claims": st.lists(st.sampled_from(CLAIMS), max_size=3),
        "weekdays": st.sampled_from([[], [], [0], [2, 3], [6]]),
        "after_year": st.sampled_from([None, None, 2019, 2021]),
        "days_old": st.sampled_from([None, None, 3]),
        "published": st.sampled_from([None, "2020-07-12", "2020-07-14", "2021-01-01"]),
        "signature": st.sampled_from(SIGNATURES),
        "title": st.sampled_from(TITLES),
        "sides": st.sampled_from(SIDES),
        "border": st.just("AM-AZ"),
    }
)


@st.composite
def report_sets(draw: st.DrawFn, most: int = 9, **fixed: Any) -> list[ReportDetected]:
    """`fixed` is the same in every report."""
    rows: list[dict[str, Any]] = draw(st.lists(ROWS, min_size=1, max_size=most))
    return [report({**row, **fixed, "article": f"a{n % 8}", "index": n // 8}) for n, row in enumerate(rows)]


@st.composite
def crowds(draw: st.DrawFn) -> list[ReportDetected]:
    """Many reports of few days and places: most nodes hold several, that differ in figures and texts."""
    few = st.sampled_from(["2020-07-12", "2020-07-14", "2020-07-15", "XXXX-07-12", ""])
    where = st.sampled_from([["Goris@syunik"], ["Goris@syunik", "Tavush@tavush"], ["Tavush@tavush"], []])
    crowded = st.fixed_dictionaries(
        {
            "dates": few,
            "places": where,
            "claims": st.lists(st.sampled_from(CLAIMS), max_size=2),
            "signature": st.sampled_from(SIGNATURES),
            "title": st.sampled_from(TITLES),
            "sides": st.sampled_from(SIDES),
            "border": st.just("AM-AZ"),
        }
    )
    rows: list[dict[str, Any]] = draw(st.lists(crowded, min_size=1, max_size=16))
    return [report({**row, "article": f"a{n % 11}", "index": n // 11}) for n, row in enumerate(rows)]


def key_nodes(reports: list[ReportDetected]) -> dict[int, Node]:
    """The nodes of these reports, from scratch."""
    by_key: dict[Key, Node] = {}
    for one in (profile(one, RULE) for one in reports):
        key = key_of(one, RULE)
        if key in by_key:
            by_key[key].add(one)
        else:
            by_key[key] = Node.of(one)
    return dict(enumerate(by_key.values()))


def all_pairs(nodes: dict[int, Node]) -> dict[int, dict[int, float]]:
    """What `Neighbours` must find without looking at all pairs."""
    return {
        one: {to: points for to in nodes if to != one and (points := agreement(nodes[one], nodes[to], RULE))}
        for one in nodes
    }


def neighbours(reports: list[ReportDetected]) -> Neighbours:
    found = Neighbours(RULE)
    for one in reports:
        found.regroup(found.add(one))
    return found


def ids(nodes: Iterable[Node]) -> frozenset[str]:
    return frozenset(one.report_id for node in nodes for one in node.ranked)


def named(nodes: Mapping[int, Node], edges: Mapping[int, Mapping[int, float]]) -> dict[Any, Any]:
    """Edges by the reports in the nodes: numbers mean nothing."""
    return {
        ids([nodes[one]]): {ids([nodes[to]]): points for to, points in found.items()} for one, found in edges.items()
    }


def groups(near: Neighbours) -> set[frozenset[str]]:
    """As it was worked out step by step."""
    return {ids(near.nodes[one] for one in group) for group in near.groups.values()}


def whole(reports: list[ReportDetected]) -> set[frozenset[str]]:
    """The groups of all reports, from scratch and from all pairs."""
    nodes = key_nodes(reports)
    edges = all_pairs(nodes)
    followed = {one: surest(one, nodes, edges) for one in nodes}
    return {ids(nodes[one] for one in group) for group in clusters(nodes, edges, followed, nodes)}


@given(report_sets())
def test_agreement_is_the_same_both_ways(reports: list[ReportDetected]) -> None:
    edges = all_pairs(key_nodes(reports))
    assert all(edges[to][one] == points for one in edges for to, points in edges[one].items())


@settings(max_examples=200)
@given(st.one_of(report_sets(most=16), crowds()))
def test_looking_nearby_finds_every_pair_that_agrees(reports: list[ReportDetected]) -> None:
    near, nodes = neighbours(reports), key_nodes(reports)
    assert named(near.nodes, near.edges) == named(nodes, all_pairs(nodes))


@settings(max_examples=200)
@given(st.one_of(report_sets(most=24), crowds()), st.randoms(use_true_random=False))
def test_step_by_step_gives_what_the_whole_gives(reports: list[ReportDetected], random: Any) -> None:
    """After every coming and going, though only what it touched is worked out again."""
    near, held = Neighbours(RULE), dict[str, ReportDetected]()
    for one in random.choices(reports, k=2 * len(reports)):
        if one.report.report_id in held and random.random() < 0.7:
            del held[one.report.report_id]
            near.regroup(near.remove(one.report.report_id))
        else:
            held[one.report.report_id] = one
            near.regroup(near.add(one))
        assert groups(near) == whole(list(held.values()))


@settings(max_examples=200)
@given(report_sets(), st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_tells_the_same(reports: list[ReportDetected], random: Any) -> None:
    shuffled = random.sample(reports + reports[:3], k=len(reports) + len(reports[:3]))
    assert told(active(linked(shuffled))) == told(active(linked(reports)))


@settings(max_examples=100)
@given(report_sets(most=40), st.randoms(use_true_random=False))
def test_larger_sets_too(reports: list[ReportDetected], random: Any) -> None:
    shuffled = random.sample(reports, k=len(reports))
    assert told(active(linked(shuffled))) == told(active(linked(reports)))


@settings(max_examples=200)
@given(report_sets(most=16))
def test_what_is_less_certain_bridges_nothing(reports: list[ReportDetected]) -> None:
    """Taking all vague and undated reports away leaves the groups of the others as they are."""
    certain = [one for one in reports if profile(one, RULE).tier == 0]
    kept = {one.report.report_id for one in certain}
    assert {group & kept for group in whole(reports)} - {frozenset()} == whole(certain)


@settings(max_examples=200)
@given(report_sets(most=16))
def test_letting_go_is_as_if_it_had_never_been(reports: list[ReportDetected]) -> None:
    near, fresh = neighbours(reports), neighbours(reports[2:])
    for one in reports[:2]:
        near.regroup(near.remove(one.report.report_id))
    assert named(near.nodes, near.edges) == named(fresh.nodes, fresh.edges)
    assert (near.reports, near._things.keys(), near._by_key.keys()) == (
        fresh.reports,
        fresh._things.keys(),
        fresh._by_key.keys(),
    )
    assert [known.keys() for known in near._signatures] == [known.keys() for known in fresh._signatures]
    for number, node in near.nodes.items():
        again = fresh.nodes[fresh._by_key[key_of(node.ranked[0], RULE)]]
        assert (node.ranked, node.twins, node.figures, node.articles) == (
            again.ranked,
            again.twins,
            again.figures,
            again.articles,
        )
        assert near._surest[number] is None or near._surest[number] in near.nodes


def test_who_is_left_alone_takes_up_with_its_equals() -> None:
    """And goes where they go, though it agrees with nobody there."""
    wounded = [{"AM": "5 wounded"}]
    rows = {
        "left": {"dates": "2020-07-09", "places": ["Jermuk@jermuk"]},
        "alone": {"dates": "2020-07-11"},
        "equal": {"dates": "2020-07-13", "claims": wounded},
        "settled": {"dates": "2020-07-14", "claims": wounded},
        "certain": {"dates": "2020-07-16", "places": ["Goris@syunik"]},
    }
    reports = {name: report({"article": name, "signature": "", **row}) for name, row in rows.items()}
    names = {one.report.report_id: name for name, one in reports.items()}
    near = neighbours(list(reports.values()))
    assert {frozenset(names[one] for one in group) for group in groups(near)} == {
        frozenset({"left", "alone"}),
        frozenset({"equal", "settled", "certain"}),
    }
    near.regroup(near.remove(reports["left"].report.report_id))
    assert groups(near) == whole([one for name, one in reports.items() if name != "left"])
    assert len(groups(near)) == 1


def test_one_report_has_the_figure_and_another_of_its_node_the_title() -> None:
    """Whichever comes last makes the undated one go with both."""
    rows = [
        {"dates": "2020-07-12", "places": ["Goris@syunik"], "claims": [{"AM": "15 killed"}]},
        {"dates": "2020-07-12", "places": ["Goris@syunik"], "title": TITLES[1]},
        {"claims": [{"AM": "15 killed"}], "title": TITLES[2]},
    ]
    reports = [report({"article": f"a{n}", "signature": SIGNATURES[n], **row}) for n, row in enumerate(rows)]
    for order in shuffles(reports):
        assert len(groups(neighbours(list(order)))) == 1


def _profile(**row: Any) -> Profile:
    return profile(report({"article": str(sorted(row.items())), "signature": "", **row}), RULE)


def test_tiers() -> None:
    rows = [{"dates": "2020-07-12"}, {"dates": "2020-07"}, {"dates": "XXXX-07-12"}]
    assert [_profile(places=["Goris@syunik"], **row).tier for row in rows] == [1, 5, 5]
    assert [_profile(places=["the border"], **row).tier for row in rows] == [3, 7, 7]
    force = {"sides": ("AM", "Talysh Front"), "border": "AM-AZ"}
    assert [_profile(places=["Goris@syunik"], **row, **force).tier for row in rows] == [0, 4, 4]


def test_a_yearless_span_over_new_year() -> None:
    assert _profile(dates="XXXX-12-31/XXXX-01-02").month_days == (366, 368)
    one, other = _profile(dates="XXXX-12-31/XXXX-01-02"), _profile(dates="2021-01-03", published="2021-01-04")
    assert agreement(Node.of(one), Node.of(other), RULE) > 0


def test_bad_dates_are_unknown_dates() -> None:
    for dates in ("XXXX-13-01", "2020-02-31", "soon", "XXXX-XX-12"):
        one = _profile(dates=dates)
        assert (one.days, one.window, one.month_days, one.tier) == (None, None, None, 7)
