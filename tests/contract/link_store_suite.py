"""What any store of the linker's state has to do: a backend's tests inherit LinkStoreSuite, give fixtures."""

from collections.abc import Callable

import pytest

from shared.errors import ConflictError
from shared.schemas import ReportDetected
from shared.schemas.incident import Incident
from shared.schemas.report import Report
from shared.store.port import ArticleState, DyadChange, LinkStore


def detected(number: int, dyad: str = "AM-AZ", title: str = "Clashes") -> ReportDetected:
    side_a, side_b = dyad.split("-")
    body = Report(report_id=f"r{number}", side_a=side_a, side_b=side_b, dyad=dyad)
    return ReportDetected(article_id=f"a{number}", stem=f"{number}", title=title, signature="", report=body)


def incident(number: int, revision: int = 1, dyad: str = "AM-AZ") -> Incident:
    side_a, side_b = dyad.split("-")
    return Incident(incident_id=f"i{number}", revision=revision, dyad=dyad, side_a=side_a, side_b=side_b)


class LinkStoreSuite:
    @pytest.fixture
    def store(self) -> LinkStore:
        raise NotImplementedError

    @pytest.fixture
    def another(self) -> Callable[[], LinkStore]:
        """A store on the same data, as another process would have it."""
        raise NotImplementedError

    def test_a_new_dyad_is_empty(self, store: LinkStore) -> None:
        state = store.load("AM-AZ")
        assert (state.dyad, state.version, state.reports, state.incidents) == ("AM-AZ", 0, (), ())

    def test_what_is_saved_is_loaded(self, store: LinkStore, another: Callable[[], LinkStore]) -> None:
        version = store.save(DyadChange("AM-AZ", 0, [detected(1), detected(2)], (), [incident(1)]))
        for one in (store, another()):
            state = one.load("AM-AZ")
            assert state.version == version
            assert state.reports == (detected(1), detected(2))
            assert state.incidents == (incident(1),)

    def test_reports_keep_the_order_they_came_in(self, store: LinkStore, another: Callable[[], LinkStore]) -> None:
        version = store.save(DyadChange("AM-AZ", 0, [detected(3)], (), [incident(3)]))
        version = store.save(DyadChange("AM-AZ", version, [detected(1)], (), [incident(1)]))
        store.save(DyadChange("AM-AZ", version, [detected(2), detected(3, title="New")], (), [incident(3, revision=2)]))
        for one in (store, another()):
            assert [report.stem for report in one.load("AM-AZ").reports] == ["3", "1", "2"]
            assert one.load("AM-AZ").reports[0].title == "New"
            assert [found.incident_id for found in one.load("AM-AZ").incidents] == ["i3", "i1"]
            assert one.load("AM-AZ").incidents[0].revision == 2

    def test_what_is_removed_is_gone(self, store: LinkStore, another: Callable[[], LinkStore]) -> None:
        version = store.save(DyadChange("AM-AZ", 0, [detected(1), detected(2)]))
        store.save(DyadChange("AM-AZ", version, (), ["r1", "unheard of"]))
        for one in (store, another()):
            assert one.load("AM-AZ").reports == (detected(2),)

    def test_dyads_do_not_mix(self, store: LinkStore) -> None:
        store.save(DyadChange("AM-AZ", 0, [detected(1)], (), [incident(1)]))
        store.save(DyadChange("KG-TJ", 0, [detected(1, "KG-TJ")], (), [incident(1, dyad="KG-TJ")]))
        assert store.load("AM-AZ").reports == (detected(1),)
        assert store.load("KG-TJ").incidents == (incident(1, dyad="KG-TJ"),)

    def test_who_saves_second_is_told(self, store: LinkStore, another: Callable[[], LinkStore]) -> None:
        other = another()
        version = store.save(DyadChange("AM-AZ", 0, [detected(1)]))
        with pytest.raises(ConflictError, match="AM-AZ"):
            other.save(DyadChange("AM-AZ", 0, [detected(2)]))
        other.save(DyadChange("AM-AZ", version, [detected(3)]))
        with pytest.raises(ConflictError):
            store.save(DyadChange("AM-AZ", version, [detected(4)]))
        for one in (store, other):
            assert one.load("AM-AZ").reports == (detected(1), detected(3))

    def test_each_content_has_a_version_of_its_own(self, store: LinkStore, another: Callable[[], LinkStore]) -> None:
        first = store.save(DyadChange("AM-AZ", 0, [detected(1)]))
        second = another().save(DyadChange("AM-AZ", first, (), ["r1"]))
        third = store.save(DyadChange("AM-AZ", second, [detected(1)]))
        assert len({0, first, second, third}) == 4

    def test_an_unheard_of_article(self, store: LinkStore) -> None:
        assert store.article("a") == ArticleState("a", 0, frozenset(), frozenset())

    def test_articles_are_remembered(self, store: LinkStore, another: Callable[[], LinkStore]) -> None:
        state = ArticleState("a", 3, frozenset({"AM-AZ", "KG-TJ"}), frozenset({"i1"}))
        store.save_article(state)
        assert store.article("a") == state
        assert another().article("a") == state
        newer = ArticleState("a", 3, frozenset({"KG-TJ"}), frozenset())
        store.save_article(newer)
        assert store.article("a") == newer

    def test_an_older_version_of_an_article_is_ignored(self, store: LinkStore) -> None:
        store.save_article(ArticleState("a", 3))
        store.save_article(ArticleState("a", 2, frozenset({"AM-AZ"})))
        assert store.article("a") == ArticleState("a", 3)
