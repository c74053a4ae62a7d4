"""Groups are a function of the set of reports, and the incremental way gives what all pairs give."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from linker_builders import RULE, active, linked, report, told

from services.linker.agreement import agreement
from services.linker.cluster import Group, clusters
from services.linker.neighbours import Neighbours
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
TITLES = [None, "Four soldiers killed in shelling", "Four soldiers killed in shelling again"]
SIGNATURES = ["00000000ffffffff", "00000000fffffff0", "f" * 16, "0f0f0f0f0f0f0f0f"]
ROWS = st.fixed_dictionaries(
    {
        "dates": st.sampled_from(DATES),
        "places": st.lists(st.sampled_from(PLACES), max_size=2),
        "claims": st.lists(st.sampled_from(CLAIMS), max_size=3),
        "weekdays": st.sampled_from([[], [], [0], [2, 3], [6]]),
        "after_year": st.sampled_from([None, None, 2019, 2021]),
        "published": st.sampled_from([None, "2020-07-12", "2020-07-14", "2021-01-01"]),
        "signature": st.sampled_from(SIGNATURES),
        "title": st.sampled_from(TITLES),
    }
)


@st.composite
def report_sets(draw: st.DrawFn, most: int = 9) -> list[ReportDetected]:
    rows: list[dict[str, Any]] = draw(st.lists(ROWS, min_size=1, max_size=most))
    return [report({**row, "article": f"a{n % 8}", "index": n // 8}) for n, row in enumerate(rows)]


def all_pairs(reports: list[ReportDetected]) -> dict[str, dict[str, float]]:
    """What `Neighbours` must find without looking at all pairs."""
    profiles = [profile(one, RULE) for one in reports]
    return {
        one.report_id: {
            other.report_id: points
            for other in profiles
            if other is not one and (points := agreement(one, other, RULE))
        }
        for one in profiles
    }


def neighbours(reports: list[ReportDetected]) -> Neighbours:
    found = Neighbours(RULE)
    for one in reports:
        found.add(one)
    return found


@settings(deadline=None)
@given(report_sets())
def test_agreement_is_the_same_both_ways(reports: list[ReportDetected]) -> None:
    edges = all_pairs(reports)
    assert all(edges[to][node] == points for node in edges for to, points in edges[node].items())


@settings(max_examples=300, deadline=None)
@given(report_sets(most=16))
def test_looking_nearby_finds_every_pair_that_agrees(reports: list[ReportDetected]) -> None:
    assert neighbours(reports).edges == all_pairs(reports)


def whole(reports: list[ReportDetected]) -> dict[str, Group]:
    """The groups of all reports, from scratch and from all pairs."""
    profiles = {one.report.report_id: profile(one, RULE) for one in reports}
    return {node: group for group in clusters(profiles, all_pairs(reports), profiles) for node in group}


@settings(max_examples=300, deadline=None)
@given(report_sets(most=24), st.randoms(use_true_random=False))
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
        assert near.groups == whole(list(held.values()))


@settings(max_examples=200, deadline=None)
@given(report_sets(), st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_tells_the_same(reports: list[ReportDetected], random: Any) -> None:
    shuffled = random.sample(reports + reports[:3], k=len(reports) + len(reports[:3]))
    assert told(active(linked(shuffled))) == told(active(linked(reports)))


@settings(max_examples=100, deadline=None)
@given(report_sets(most=40), st.randoms(use_true_random=False))
def test_larger_sets_too(reports: list[ReportDetected], random: Any) -> None:
    shuffled = random.sample(reports, k=len(reports))
    assert told(active(linked(shuffled))) == told(active(linked(reports)))


@settings(max_examples=200, deadline=None)
@given(report_sets(most=16))
def test_what_is_less_certain_bridges_nothing(reports: list[ReportDetected]) -> None:
    """Taking all vague and undated reports away leaves the groups of the others as they are."""
    near = neighbours(reports)
    certain = {node for node, one in near.profiles.items() if one.tier == 0}
    with_all = [certain & set(group) for group in clusters(near.profiles, near.edges, near.edges)]
    alone = neighbours([one for one in reports if one.report.report_id in certain])
    without = clusters(alone.profiles, alone.edges, alone.edges)
    assert sorted(map(sorted, filter(None, with_all))) == sorted(map(sorted, without))


@settings(deadline=None)
@given(report_sets(most=12))
def test_letting_go_is_as_if_it_had_never_been(reports: list[ReportDetected]) -> None:
    near = neighbours(reports)
    near.remove(reports[0].report.report_id)
    fresh = neighbours(reports[1:])
    for part in ("edges", "reports", "profiles", "_keys", "_signatures", "_surest"):
        assert getattr(near, part) == getattr(fresh, part)


def _profile(**row: Any) -> Profile:
    return profile(report({"article": str(sorted(row.items())), "signature": "", **row}), RULE)


def test_tiers() -> None:
    assert _profile(dates="2020-07-12", places=["Goris@syunik"]).tier == 0
    assert _profile(dates="2020-07-12", places=["the border"]).tier == 1
    assert _profile(dates="2020-07", places=["Goris@syunik"]).tier == 2
    assert _profile(dates="XXXX-07-12").tier == 3


def test_a_yearless_span_over_new_year() -> None:
    assert _profile(dates="XXXX-12-31/XXXX-01-02").month_days == (366, 368)
    one, other = _profile(dates="XXXX-12-31/XXXX-01-02"), _profile(dates="2021-01-03", published="2021-01-04")
    assert agreement(one, other, RULE) > 0


def test_bad_dates_are_unknown_dates() -> None:
    for dates in ("XXXX-13-01", "2020-02-31", "soon", "XXXX-XX-12"):
        one = _profile(dates=dates)
        assert (one.days, one.window, one.month_days, one.tier) == (None, None, None, 3)
