"""Many reports that say the same: folded, counted, and without any weight in what an incident tells."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from linker_builders import RULE, active, linked, report, told
from test_linker_cluster import ROWS, SIGNATURES

from services.linker.rule import Shown
from shared.schemas import ReportDetected
from shared.schemas.incident import Incident

TIGHT = RULE.model_copy(update={"shown": Shown(evidence=1, same_reports=2, links=5)})
WIDE = RULE.model_copy(update={"shown": Shown(evidence=1, same_reports=1000, links=1000)})
JERMUK = {"dates": "2022-09-13", "places": ["Jermuk@jermuk"], "claims": [{"AM": "49 killed", "by": "AM"}]}


@st.composite
def copies(draw: st.DrawFn) -> list[ReportDetected]:
    """Up to three accounts, each in many articles and words."""
    rows: list[dict[str, Any]] = draw(st.lists(ROWS, min_size=1, max_size=3))
    drawn = draw(st.lists(st.tuples(st.sampled_from(rows), st.sampled_from(SIGNATURES)), min_size=1, max_size=24))
    return [report({**row, "article": f"a{n}", "signature": text}) for n, (row, text) in enumerate(drawn)]


def figures(incidents: list[Incident]) -> list[dict[str, Any]]:
    """What must not depend on how much is shown."""
    left_out = {"incident_id", "revision", "claims", "links", "articles"}
    return sorted((one.model_dump(exclude=left_out) for one in incidents), key=repr)


@settings(max_examples=150)
@given(copies(), st.randoms(use_true_random=False))
def test_in_any_order_the_same_is_shown(reports: list[ReportDetected], random: Any) -> None:
    shuffled = random.sample(reports, k=len(reports))
    assert told(active(linked(shuffled, TIGHT))) == told(active(linked(reports, TIGHT)))


@settings(max_examples=150)
@given(copies())
def test_what_is_not_shown_still_counts(reports: list[ReportDetected]) -> None:
    tight, wide = active(linked(reports, TIGHT)), active(linked(reports, WIDE))
    assert figures(tight) == figures(wide)
    assert sum(one.report_count for one in tight) == len(reports) == sum(len(one.links) for one in wide)


def test_of_many_the_first_are_cited_the_next_named_and_all_counted() -> None:
    [one] = active(linked([report({"article": f"{number:02}", **JERMUK}) for number in range(30)], TIGHT))
    assert [claim.stem for claim in one.claims] == ["00", "01"]
    assert one.articles == ("00", "01", "02", "03", "04")
    assert [len(link.evidence) for link in one.links] == [1, 1, 0, 0, 0]
    assert {link.reasons for link in one.links} == {("AM 49 killed", "same day", "same place: Jermuk")}
    assert (one.report_count, one.best) == (30, 49)


def test_who_says_something_else_is_always_shown() -> None:
    many = [report({"article": f"{number:02}", **JERMUK}) for number in range(30)]
    other = report({"article": "99", **JERMUK, "claims": [{"AM": "105 killed", "by": "AM"}]})
    [one] = active(linked([*many, other], TIGHT))
    assert one.claims[-1].stem == one.articles[-1] == "99"
    assert one.toll["AM"]["killed"].best == 105


def test_a_flood_of_copies_is_a_handful_of_nodes() -> None:
    book = linked(report({"article": f"{number:03}", **JERMUK}) for number in range(300))["AM-AZ"]
    assert len(book.neighbours.nodes) == 1
    assert sum(map(len, book.neighbours.edges.values())) == 0


def test_the_first_are_the_first_published() -> None:
    days = {"a": "2022-09-15", "b": None, "c": "2022-09-14"}
    [one] = active(linked(report({"article": name, "published": day, **JERMUK}) for name, day in days.items()))
    assert one.articles == ("c", "a", "b")
