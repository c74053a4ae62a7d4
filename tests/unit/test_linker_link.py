"""Ids, revisions, merges, splits and withdrawals of incidents."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from linker_builders import RULE, active, report, told
from test_linker_cluster import report_sets

from services.linker.link import Casebook, Outcome, casebook, link, restate, unlink
from shared.schemas import ReportDetected
from shared.schemas.ids import derived_id
from shared.schemas.incident import Incident

JERMUK = {"places": ["Jermuk@jermuk"], "dates": "2022-09-12"}
GORIS = {"places": ["Goris@syunik"], "dates": "2022-09-12"}
BOTH = {"places": ["Goris@syunik", "Jermuk@jermuk"], "dates": "2022-09-12"}


def made(stem: str, **row: Any) -> ReportDetected:
    return report({"article": stem, "signature": "", **row})


def founded_by(one: ReportDetected) -> str:
    return derived_id("incident", one.report.report_id)


class Linker:
    """A casebook and all it said."""

    def __init__(self) -> None:
        self.book: Casebook = casebook((), (), RULE)

    def link(self, one: ReportDetected) -> Outcome:
        return link(self.book, one)

    def unlink(self, one: ReportDetected) -> Outcome:
        return unlink(self.book, one.article_id, one.article_version + 1)

    def by_id(self, one: ReportDetected) -> Incident:
        return self.book.incidents[founded_by(one)]

    @property
    def active(self) -> list[Incident]:
        return active({"": self.book})


def heard(outcome: Outcome) -> list[tuple[str, int, str]]:
    return [(one.key, one.incident.revision, one.incident.status) for one in outcome.messages]


def test_an_incident_is_named_after_the_report_that_founded_it() -> None:
    linker, one = Linker(), made("1", **JERMUK)
    outcome = linker.link(one)
    assert heard(outcome) == [(founded_by(one), 1, "active")]
    assert outcome.messages[0].previous is None
    assert outcome.messages[0].caused_by == one.report.report_id
    assert outcome.added == (one,)


def test_a_report_held_already_changes_nothing() -> None:
    linker, one = Linker(), made("1", **JERMUK)
    linker.link(one)
    before = dict(linker.book.incidents)
    assert linker.link(one) == Outcome()
    assert linker.book.incidents == before
    assert heard(restate(linker.book, [one.report.report_id], ())) == [(founded_by(one), 1, "active")]


def test_each_report_raises_the_revision_by_one() -> None:
    linker = Linker()
    for number in range(1, 4):
        outcome = linker.link(made(str(number), **JERMUK))
        assert [one.incident.revision for one in outcome.messages] == [number]
        assert (outcome.messages[0].previous is None) == (number == 1)


def test_the_older_incident_survives_and_the_other_redirects() -> None:
    linker = Linker()
    jermuk, goris, both = made("1", **JERMUK), made("2", **GORIS), made("3", **BOTH)
    linker.link(jermuk)
    linker.link(goris)
    outcome = linker.link(both)
    assert heard(outcome) == [(founded_by(jermuk), 2, "active"), (founded_by(goris), 2, "merged")]
    assert linker.by_id(goris).redirects_to == founded_by(jermuk)
    assert linker.by_id(goris).claims == ()
    assert linker.by_id(jermuk).merged_from == (founded_by(goris),)
    assert heard(restate(linker.book, [both.report.report_id], ())) == heard(outcome)


def test_a_redirect_leads_to_its_end_in_one_step() -> None:
    linker = Linker()
    kapan = made("0", places=["Vardenis@gegharkunik"], dates="2022-09-12")
    jermuk, goris, both = made("1", **JERMUK), made("2", **GORIS), made("3", **BOTH)
    all_three = made("4", places=["Vardenis@gegharkunik", "Jermuk@jermuk"], dates="2022-09-12")
    for one in (kapan, jermuk, goris, both, all_three):
        linker.link(one)
    assert {linker.by_id(one).redirects_to for one in (jermuk, goris)} == {founded_by(kapan)}
    assert [one.incident_id for one in linker.active] == [founded_by(kapan)]


def test_a_split_leaves_the_id_with_the_founder_and_the_redirect_for_ever() -> None:
    linker = Linker()
    jermuk, goris, both = made("1", **JERMUK), made("2", **GORIS), made("3", **BOTH)
    for one in (jermuk, goris, both):
        linker.link(one)
    outcome = linker.unlink(both)
    assert heard(outcome)[0] == (founded_by(jermuk), 3, "active")
    assert linker.by_id(goris).status == "merged"
    new = derived_id("incident", goris.report.report_id, 1)
    assert heard(outcome)[1] == (new, 1, "active")
    assert linker.book.incidents[new].articles == ("2",)


def test_an_incident_without_its_founder_keeps_its_id() -> None:
    linker, first, second = Linker(), made("1", **JERMUK), made("2", **JERMUK)
    linker.link(first)
    linker.link(second)
    assert heard(linker.unlink(first)) == [(founded_by(first), 3, "active")]
    assert heard(linker.link(made("3", **JERMUK))) == [(founded_by(first), 4, "active")]


def test_an_incident_without_reports_is_withdrawn_and_lives_again() -> None:
    linker, one = Linker(), made("1", **JERMUK, claims=[{"AM": "49 killed"}])
    linker.link(one)
    outcome = linker.unlink(one)
    assert heard(outcome) == [(founded_by(one), 2, "withdrawn")]
    assert outcome.removed == (one.report.report_id,)
    assert (outcome.messages[0].incident.best, outcome.messages[0].incident.claims) == (0, ())
    again = one.model_copy(update={"article_version": 3})
    assert heard(linker.link(again)) == [(founded_by(one), 3, "active")]


def test_a_withdrawn_one_that_others_redirect_to_still_leads_them_on() -> None:
    linker = Linker()
    jermuk, goris, both = made("1", **JERMUK), made("2", **GORIS), made("3", **BOTH)
    for one in (jermuk, goris, both):
        linker.link(one)
    for one in (jermuk, goris, both):
        linker.unlink(one)
    linker.link(jermuk.model_copy(update={"article_version": 3}))
    assert linker.by_id(jermuk).merged_from == (founded_by(goris),)
    assert linker.by_id(goris).redirects_to == founded_by(jermuk)


def test_a_new_version_of_an_article_replaces_the_old() -> None:
    linker = Linker()
    old, new = made("1", **JERMUK, index=0), made("1", **JERMUK, index=1, version=3)
    linker.link(old)
    outcome = linker.link(new)
    assert outcome.removed == (old.report.report_id,)
    assert [link.report_id for one in linker.active for link in one.links] == [new.report.report_id]


def test_the_same_report_read_anew_is_revised() -> None:
    linker = Linker()
    old, new = made("1", **JERMUK), made("1", **GORIS)
    linker.link(old)
    outcome = linker.link(new)
    assert heard(outcome) == [(founded_by(old), 2, "active")]
    assert [place.name for place in linker.active[0].places] == ["Goris"]


def test_a_vague_report_moves_to_a_better_match() -> None:
    linker = Linker()
    vague = made("1", dates="2022-09-12", claims=[{"AM": "49 killed"}])
    jermuk = made("2", **JERMUK)
    goris = made("3", **GORIS, claims=[{"AM": "49 killed"}])
    assert heard(linker.link(vague)) == [(founded_by(vague), 1, "active")]
    assert heard(linker.link(jermuk)) == [(founded_by(vague), 2, "active")]
    outcome = linker.link(goris)
    assert [sorted(one.incident.articles) for one in outcome.messages] == [["1", "3"], ["2"]]
    assert heard(outcome) == [(founded_by(vague), 3, "active"), (founded_by(jermuk), 1, "active")]


@settings(max_examples=150)
@given(report_sets(most=12), st.data())
def test_withdrawn_is_as_if_never_seen(reports: list[ReportDetected], data: st.DataObject) -> None:
    gone = data.draw(st.sets(st.sampled_from(sorted({one.article_id for one in reports}))))
    linker, other = Linker(), Linker()
    for one in reports:
        linker.link(one)
    for article_id in sorted(gone):
        unlink(linker.book, article_id, 2)
    for one in reports:
        if one.article_id not in gone:
            other.link(one)
    assert told(linker.active) == told(other.active)


STEPS = st.lists(st.tuples(st.integers(0, 11), st.booleans()), max_size=24)


@settings(max_examples=150)
@given(report_sets(most=12), STEPS)
def test_every_report_has_one_home_and_every_redirect_an_end(
    reports: list[ReportDetected], steps: list[tuple[int, bool]]
) -> None:
    """After any coming and going; and what is opened again from the store goes on the same way."""
    linker, versions, revisions = Linker(), dict[str, int](), dict[str, int]()
    for number, come in steps:
        one = reports[number % len(reports)]
        version = versions.get(one.article_id, 0) + 1
        versions[one.article_id] = version
        if come:
            outcome = linker.link(one.model_copy(update={"article_version": version}))
        else:
            outcome = unlink(linker.book, one.article_id, version)
        for message in outcome.messages:
            assert message.incident.revision == revisions.get(message.key, 0) + 1
            revisions[message.key] = message.incident.revision
        homes = sorted(link.report_id for incident in linker.active for link in incident.links)
        assert homes == sorted(linker.book.neighbours.reports)
        for incident in linker.book.incidents.values():
            assert (incident.status == "merged") == (incident.redirects_to is not None)
            if incident.redirects_to:
                assert linker.book.incidents[incident.redirects_to].status != "merged"
        linker.book = casebook(linker.book.neighbours.reports.values(), linker.book.incidents.values(), RULE)


@settings(max_examples=100)
@given(report_sets(most=12))
def test_the_same_log_gives_the_same_ids(reports: list[ReportDetected]) -> None:
    one, other = Linker(), Linker()
    for report_ in reports:
        one.link(report_)
        other.link(report_)
        other.book = casebook(other.book.neighbours.reports.values(), other.book.incidents.values(), RULE)
    assert one.book.incidents == other.book.incidents
    assert list(one.book.incidents) == list(other.book.incidents)
