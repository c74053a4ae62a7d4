"""The linker on a store: versions, withdrawals, replays, conflicts, several processes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from linker_builders import report

from services.linker.stage import TRIES
from services.linker.stage import stage as linker_stage
from shared.envelope import decode, encode
from shared.errors import ConflictError
from shared.schemas import ArticleWithdrawn, IncidentChanged, ReportDetected
from shared.schemas.incident import Incident
from shared.stage import Stage, deliver
from shared.store.database import Database
from shared.store.port import ArticleState, DyadChange
from shared.store.sqlite_links import SqliteLinkStore

NOW = datetime(2022, 9, 15, tzinfo=UTC)


@pytest.fixture
def store(database: Database) -> SqliteLinkStore:
    return SqliteLinkStore(database)


@pytest.fixture
def linker(store: SqliteLinkStore, database: Database) -> Stage:
    return linker_stage(store, scope=database.transaction)


def tell(linker: Stage, message: ReportDetected | ArticleWithdrawn) -> list[IncidentChanged]:
    found = list(linker.apply(message, NOW))
    assert all(isinstance(one, IncidentChanged) for one in found)
    return [one for one in found if isinstance(one, IncidentChanged)]


def made(stem: str, **row: Any) -> ReportDetected:
    return report({"article": stem, "dates": "2022-09-12", "places": ["Jermuk@jermuk"], **row})


def withdrawn(one: ReportDetected, version: int = 2) -> ArticleWithdrawn:
    return ArticleWithdrawn(article_id=one.article_id, version=version, path="a.txt", reason="the file changed")


def incidents(store: SqliteLinkStore, dyad: str = "AM-AZ") -> list[tuple[int, str, tuple[str, ...]]]:
    return [(one.revision, one.status, one.articles) for one in store.load(dyad).incidents]


def test_a_report_makes_an_incident(linker: Stage, store: SqliteLinkStore) -> None:
    (change,) = tell(linker, made("1"))
    assert (change.incident.revision, change.previous) == (1, None)
    assert store.load("AM-AZ").incidents == (change.incident,)


def test_a_replay_writes_nothing_and_says_it_again(linker: Stage, store: SqliteLinkStore, database: Database) -> None:
    tell(linker, made("1"))
    last = tell(linker, made("2"))
    version, writes = store.load("AM-AZ").version, database.connection.total_changes
    assert [one.incident for one in tell(linker, made("2"))] == [one.incident for one in last]
    assert tell(linker, made("1"))[0].incident.revision == 2
    assert (store.load("AM-AZ").version, database.connection.total_changes) == (version, writes)


def test_a_replay_says_a_merge_again(linker: Stage) -> None:
    tell(linker, made("1"))
    tell(linker, made("2", places=["Goris@syunik"]))
    both = made("3", places=["Goris@syunik", "Jermuk@jermuk"])
    merged = tell(linker, both)
    assert [one.incident.status for one in merged] == ["active", "merged"]
    assert [one.incident for one in tell(linker, both)] == [one.incident for one in merged]


def test_another_process_goes_on_where_this_one_stopped(linker: Stage, store: SqliteLinkStore, tmp_path: Path) -> None:
    tell(linker, made("1"))
    other_database = Database(tmp_path)
    other = linker_stage(SqliteLinkStore(other_database))
    tell(other, made("2"))
    tell(linker, made("3"))
    tell(other, made("4"))
    assert incidents(store) == [(4, "active", ("1", "2", "3", "4"))]
    other_database.close()


def test_a_withdrawn_article_takes_its_reports_with_it_wherever_they_are(linker: Stage, store: SqliteLinkStore) -> None:
    here, there = made("1"), made("1", index=1, sides=["KG", "TJ"])
    for one in (here, there, made("2")):
        tell(linker, one)
    changes = tell(linker, withdrawn(here))
    assert [one.incident.status for one in changes] == ["active", "withdrawn"]
    assert all(one.caused_by is None for one in changes)
    assert incidents(store) == [(3, "active", ("2",))]
    assert incidents(store, "KG-TJ") == [(2, "withdrawn", ())]
    assert [one.incident for one in tell(linker, withdrawn(here))] == [one.incident for one in changes]


def test_a_report_of_a_withdrawn_article_comes_too_late(linker: Stage, store: SqliteLinkStore) -> None:
    tell(linker, withdrawn(made("1")))
    assert tell(linker, made("1")) == []
    assert incidents(store) == []
    assert len(tell(linker, made("1", version=3))) == 1
    assert tell(linker, withdrawn(made("1"))) == []
    assert incidents(store) == [(1, "active", ("1",))]


def test_a_newer_version_replaces_the_reports_of_the_older_in_all_dyads(linker: Stage, store: SqliteLinkStore) -> None:
    tell(linker, made("1", sides=["KG", "TJ"]))
    tell(linker, made("1", version=3))
    assert incidents(store, "KG-TJ") == [(2, "withdrawn", ())]
    assert incidents(store) == [(1, "active", ("1",))]
    assert tell(linker, made("1", sides=["KG", "TJ"])) == []
    assert store.article(made("1").article_id).version == 3


def test_two_reports_of_one_version_stand_side_by_side(linker: Stage, store: SqliteLinkStore) -> None:
    tell(linker, made("1", version=3))
    tell(linker, made("1", version=3, index=1, sides=["KG", "TJ"]))
    assert store.article(made("1").article_id).dyads == {"AM-AZ", "KG-TJ"}
    assert [len(store.load(dyad).reports) for dyad in ("AM-AZ", "KG-TJ")] == [1, 1]


class Crowded(SqliteLinkStore):
    """Others save first, so many times."""

    conflicts = 0

    def save(self, change: DyadChange) -> int:
        if self.conflicts:
            self.conflicts -= 1
            raise ConflictError("somebody else was first")
        return super().save(change)


def test_a_conflict_is_repeated_and_at_last_left_to_the_host(database: Database) -> None:
    store = Crowded(database)
    linker = linker_stage(store)
    store.conflicts = TRIES - 1
    assert len(tell(linker, made("1"))) == 1
    store.conflicts = TRIES
    with pytest.raises(ConflictError):
        tell(linker, made("2"))
    assert incidents(store) == [(1, "active", ("1",))]
    assert tell(linker, made("2"))[0].incident.articles == ("1", "2")


def test_what_the_host_rolled_back_never_happened(linker: Stage, store: SqliteLinkStore, database: Database) -> None:
    tell(linker, made("1"))

    def undone() -> None:
        with database.transaction():
            tell(linker, made("2"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        undone()
    assert incidents(store) == [(1, "active", ("1",))]
    assert tell(linker, made("3"))[0].incident.articles == ("1", "3")


def test_as_a_host_runs_it(linker: Stage, store: SqliteLinkStore) -> None:
    raw = encode(made("1"), id="m1", stage="detector", now=NOW)
    (delivery,) = deliver(linker, raw, NOW)
    change = decode(delivery.value).data
    assert isinstance(change, IncidentChanged)
    assert (delivery.topic, delivery.key) == ("incident.changed", change.incident.incident_id)
    assert deliver(linker, raw, NOW)[0].id == delivery.id
    assert isinstance(store.load("AM-AZ").incidents[0], Incident)


def replacing(old: ReportDetected, new: ReportDetected, *dyads: str) -> ReportDetected:
    """The file of the old article holds the new one now, which has reports of these dyads."""
    return new.model_copy(update={"replaces": withdrawn(old), "dyads": dyads or (new.report.dyad,)})


def test_an_edited_file_corrects_its_incident(linker: Stage) -> None:
    (new,) = tell(linker, made("1"))
    (corrected,) = tell(linker, replacing(made("1"), made("2")))
    assert corrected.incident.incident_id == new.incident.incident_id
    assert (corrected.incident.revision, corrected.incident.status) == (2, "active")
    assert corrected.incident.articles == ("2",)
    (again,) = tell(linker, replacing(made("2"), made("3", places=["Goris@syunik"])))
    assert (again.incident.incident_id, again.incident.articles) == (new.incident.incident_id, ("3",))


def test_an_edited_file_leaves_the_incident_of_others_to_them(linker: Stage, store: SqliteLinkStore) -> None:
    for stem in ("1", "2"):
        tell(linker, made(stem))
    tell(linker, replacing(made("1"), made("3", places=["Goris@syunik"])))
    assert [(articles, revision) for revision, _, articles in incidents(store)] == [(("2",), 3), (("3",), 1)]


def test_an_edited_file_that_tells_of_another_dyad_takes_its_old_report_back(linker: Stage) -> None:
    tell(linker, made("1"))
    changes = tell(linker, replacing(made("1"), made("2", sides=["KG", "TJ"])))
    assert [(one.incident.dyad, one.incident.status) for one in changes] == [
        ("KG-TJ", "active"),
        ("AM-AZ", "withdrawn"),
    ]


@pytest.mark.parametrize("first", [0, 1])
def test_an_edited_file_of_two_dyads_keeps_both_incidents(linker: Stage, store: SqliteLinkStore, first: int) -> None:
    old = [made("1", index=number, sides=sides) for number, sides in enumerate((["AM", "AZ"], ["KG", "TJ"]))]
    new = [made("2", index=number, sides=sides) for number, sides in enumerate((["AM", "AZ"], ["KG", "TJ"]))]
    for one in old:
        tell(linker, one)
    reports = [replacing(old[0], one, "AM-AZ", "KG-TJ") for one in new]
    changes = [change for one in (reports[first], reports[1 - first]) for change in tell(linker, one)]
    assert [(one.incident.status, one.incident.articles) for one in changes] == [("active", ("2",))] * 2
    assert [tell(linker, one) for one in old] == [[], []]
    assert [incidents(store, dyad) for dyad in ("AM-AZ", "KG-TJ")] == [[(2, "active", ("2",))]] * 2


def test_an_article_of_two_dyads_that_is_published_again_withdraws_nothing(linker: Stage) -> None:
    reports = [made("1", index=number, sides=sides) for number, sides in enumerate((["AM", "AZ"], ["KG", "TJ"]))]
    for one in reports:
        tell(linker, one)
    again = [one.model_copy(update={"article_version": 3, "stem": "a", "dyads": ("AM-AZ", "KG-TJ")}) for one in reports]
    changes = [change for one in again for change in tell(linker, one)]
    assert [(one.incident.status, one.incident.revision, one.incident.articles) for one in changes] == [
        ("active", 2, ("a",))
    ] * 2


@pytest.mark.parametrize("paths", [("a.zip!/x.txt", "long.zip!/y.txt"), ("long.zip!/y.txt", "a.zip!/x.txt")])
def test_of_one_article_in_two_zips_the_shorter_path_stands(
    linker: Stage, store: SqliteLinkStore, paths: tuple[str, ...]
) -> None:
    for path in paths:
        tell(linker, made("1").model_copy(update={"path": path, "stem": path[-5]}))
    assert [articles for _, _, articles in incidents(store)] == [("x",)]


def test_edits_that_overtake_each_other_leave_the_last(linker: Stage, store: SqliteLinkStore) -> None:
    """The second edit's report is here before the first's, which then has nothing to say but that the original went."""
    one, two, three = made("1"), made("2"), made("3", sides=["KG", "TJ"])
    tell(linker, one)
    tell(linker, replacing(two, three))
    tell(linker, replacing(one, two))
    assert [status for _, status, _ in incidents(store)] == ["withdrawn"]
    assert incidents(store, "KG-TJ") == [(1, "active", ("3",))]


@pytest.mark.parametrize("is_edit", [False, True])
def test_an_end_broken_off_behind_the_article_is_made_again(
    linker: Stage, store: SqliteLinkStore, is_edit: bool
) -> None:
    """Where a dyad could not be saved though the article was: Elasticsearch writes them side by side."""
    one, two = made("1"), made("2", sides=["KG", "TJ"])
    tell(linker, one)
    store.save_article(ArticleState(one.article_id, 2, frozenset({"AM-AZ"})))
    tell(linker, replacing(one, two) if is_edit else withdrawn(one))
    assert [status for _, status, _ in incidents(store)] == ["withdrawn"]


def test_a_version_broken_off_behind_the_article_is_taken_in_again(linker: Stage, store: SqliteLinkStore) -> None:
    old = [made("1", index=number, sides=sides) for number, sides in enumerate((["AM", "AZ"], ["KG", "TJ"]))]
    for report_ in old:
        tell(linker, report_)
    again = old[0].model_copy(update={"article_version": 3, "dyads": ("AM-AZ",)})
    store.save_article(ArticleState(again.article_id, 3, frozenset({"AM-AZ", "KG-TJ"})))
    tell(linker, again)
    assert [status for _, status, _ in incidents(store, "KG-TJ")] == ["withdrawn"]
