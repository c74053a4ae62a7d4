"""What any search index has to do. A backend's tests inherit IndexStoreSuite and give the fixture."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.store.port import Hit, IndexStore


def article(stem: str, title: str, body: str, **more: Any) -> dict[str, Any]:
    return {
        "article_id": f"id-{stem}",
        "stem": stem,
        "title": title,
        "body": f"{title}\n\n{body}",
        "is_clash": False,
        "published": None,
        "reports": [],
        "status": "live",
        **more,
    }


def report(side_a: str, side_b: str) -> dict[str, Any]:
    return {"side_a": side_a, "side_b": side_b, "dyad": f"{side_a}-{side_b}"}


class IndexStoreSuite:
    @pytest.fixture
    def store(self) -> IndexStore:
        raise NotImplementedError

    def fill(self, store: IndexStore) -> None:
        am_az, kg_tj = report("AM", "AZ"), report("KG", "TJ")
        for body in (
            article("a", "Border clash kills 49", "Shelling at Goris.", is_clash=True, reports=[am_az])
            | {"published": "2022-09-13"},
            article("b", "Wheat prices", "The clash of opinions over the border tariff.") | {"published": "2022-10-01"},
            article("c", "Batken", "Kyrgyz guards; Tajik mortars near Batken.", is_clash=True)
            | {"published": "2022-09-16", "reports": [kg_tj, am_az]},
        ):
            store.put("articles", body["article_id"], 1, body)
        store.refresh()

    def stems(self, store: IndexStore, query: str, **options: Any) -> list[str]:
        return [hit.body["stem"] for hit in store.search(query, **options)]

    def test_a_document_comes_back_whole(self, store: IndexStore) -> None:
        body = article("é", "Ünïcode", "\x00 <b> 100% \U0001f600", reports=[report("AM", "AZ")])
        assert store.put("articles", "1", 1, body)
        assert store.get("articles", "1") == body
        assert store.get("articles", "2") is None
        assert store.get("incidents", "1") is None

    def test_only_a_higher_version_is_written(self, store: IndexStore) -> None:
        assert store.put("incidents", "i", 2, {"n": 2})
        assert not store.put("incidents", "i", 2, {"n": 22})
        assert not store.put("incidents", "i", 1, {"n": 1})
        assert store.get("incidents", "i") == {"n": 2}
        assert store.put("incidents", "i", 3, {"n": 3})
        assert store.get("incidents", "i") == {"n": 3}

    def test_deleting_is_final_and_may_be_repeated(self, store: IndexStore) -> None:
        self.fill(store)
        store.delete("articles", "id-a")
        store.delete("articles", "id-a")
        store.refresh()
        assert store.get("articles", "id-a") is None
        assert store.count("articles") == 2
        assert self.stems(store, "Goris") == []

    def test_a_scan_gives_all_in_the_order_they_came(self, store: IndexStore) -> None:
        for i in range(700):
            store.put("files", f"p{i % 13}@{i}", 1, {"path": f"p{i}", "state": "indexed" if i % 2 else "rejected"})
        store.refresh()
        assert [row["path"] for row in store.scan("files")] == [f"p{i}" for i in range(700)]
        rejected = [row["path"] for row in store.scan("files", {"state": "rejected"})]
        assert rejected == [f"p{i}" for i in range(0, 700, 2)]

    def test_a_scan_compares_top_level_fields(self, store: IndexStore) -> None:
        self.fill(store)
        assert [b["stem"] for b in store.scan("articles", {"is_clash": True})] == ["a", "c"]
        assert [b["stem"] for b in store.scan("articles", {"title": "Batken", "is_clash": True})] == ["c"]
        assert [b["stem"] for b in store.scan("articles", {"is_clash": False, "stem": "a"})] == []

    def test_a_list_agrees_when_one_of_its_values_does(self, store: IndexStore) -> None:
        store.put("incidents", "1", 1, {"incident_id": "1", "article_ids": ["x", "y"], "status": "active"})
        store.put("incidents", "2", 1, {"incident_id": "2", "article_ids": ["y"], "status": "active"})
        store.refresh()
        assert [i["incident_id"] for i in store.scan("incidents", {"article_ids": "y"})] == ["1", "2"]
        assert [i["incident_id"] for i in store.scan("incidents", {"article_ids": "x"})] == ["1"]

    def test_articles_know_the_incidents_that_link_to_them(self, store: IndexStore) -> None:
        for number in range(450):
            ids = ["all", f"a{number % 3}"]
            store.put("incidents", f"i{number}", 1, {"incident_id": f"i{number}", "article_ids": ids})
        store.put("incidents", "gone", 1, {"incident_id": "gone", "article_ids": ["all"], "status": "merged"})
        store.refresh()
        linked = store.linked(["all", "a1", "nobody"])
        assert sorted(linked["all"]) == sorted(f"i{number}" for number in range(450))
        assert sorted(linked["a1"]) == sorted(f"i{number}" for number in range(1, 450, 3))
        assert linked["nobody"] == []
        assert store.linked([]) == {}

    def test_a_list_goes_both_ways_and_goes_on_behind_a_cursor(self, store: IndexStore) -> None:
        for i in range(600):
            store.put("alerts", f"{i}", 1, {"n": i, "kind": "new" if i % 3 else "update", "dyad": "AM-AZ"})
        store.refresh()
        newest = list(store.listed("alerts"))
        assert [placed.body["n"] for placed in newest] == list(range(599, -1, -1))
        assert [p.body["n"] for p in store.listed("alerts", newest_first=False)] == list(range(600))
        behind = store.listed("alerts", after=newest[299].cursor)
        assert [placed.body["n"] for placed in behind] == list(range(299, -1, -1))
        updates = store.listed("alerts", {"kind": "update", "dyad": "AM-AZ"}, newest_first=False)
        assert [placed.body["n"] for placed in updates] == list(range(0, 600, 3))
        assert list(store.listed("alerts", {"kind": "update", "dyad": "KG-TJ"})) == []
        assert len(list(store.listed("alerts", after="nonsense"))) == 600

    def test_of_several_values_one_is_enough_and_no_document_comes_twice(self, store: IndexStore) -> None:
        self.fill(store)
        both = store.listed("articles", {"dyad": ["AM-AZ", "KG-TJ", "IN-PK"]}, newest_first=False)
        assert [placed.body["stem"] for placed in both] == ["a", "c"]
        narrowed = store.listed("articles", {"dyad": ("KG-TJ", "AM-AZ"), "stem": "c", "side": ["TJ"]})
        assert [placed.body["stem"] for placed in narrowed] == ["c"]
        assert list(store.listed("articles", {"dyad": []})) == []

    def test_many_documents_come_by_id(self, store: IndexStore) -> None:
        for i in range(450):
            store.put("files", f"{i}", 1, {"n": i})
        store.put("articles", "gone", 1, {"article_id": "gone", "status": "withdrawn"})
        found = store.get_all("files", [f"{i}" for i in range(0, 900, 2)] + ["0"])
        assert {name: body["n"] for name, body in found.items()} == {f"{i}": i for i in range(0, 450, 2)}
        assert store.get_all("articles", {"gone", "never"}).keys() == {"gone"}
        assert store.get_all("articles", ()) == {}

    def test_a_list_shows_what_is_hidden_only_by_name(self, store: IndexStore) -> None:
        store.put("incidents", "1", 1, {"incident_id": "1", "status": "active"})
        store.put("incidents", "2", 1, {"incident_id": "2", "status": "merged"})
        store.refresh()
        assert [p.body["incident_id"] for p in store.listed("incidents")] == ["1"]
        assert [p.body["incident_id"] for p in store.listed("incidents", {"status": "merged"})] == ["2"]

    def test_documents_may_change_while_a_scan_is_on(self, store: IndexStore) -> None:
        for i in range(600):
            store.put("files", f"{i}", 1, {"n": i})
        store.refresh()
        seen = 0
        for row in store.scan("files"):
            store.put("files", f"{row['n']}", 2, {"n": row["n"], "again": True})
            seen += 1
        assert seen == 600

    @pytest.mark.parametrize("status", ["withdrawn", "merged"])
    def test_what_is_withdrawn_or_merged_answers_but_is_not_listed(self, store: IndexStore, status: str) -> None:
        self.fill(store)
        store.put("articles", "id-a", 2, {"article_id": "id-a", "status": status, "title": "clash"})
        store.refresh()
        gone = store.get("articles", "id-a")
        assert gone is not None
        assert gone["status"] == status
        assert store.count("articles") == 2
        assert [b["stem"] for b in store.scan("articles")] == ["b", "c"]
        assert self.stems(store, "clash") == ["b"]
        assert self.stems(store, "is_clash:true") == ["c"]
        assert [b["article_id"] for b in store.scan("articles", {"status": status})] == ["id-a"]

    def test_a_tombstone_keeps_older_versions_away_and_lets_newer_ones_in(self, store: IndexStore) -> None:
        live = article("a", "Goris", "text")
        store.put("articles", "id-a", 2, {"article_id": "id-a", "status": "withdrawn"})
        assert not store.put("articles", "id-a", 1, live)
        assert store.put("articles", "id-a", 3, live)
        store.refresh()
        assert self.stems(store, "Goris") == ["a"]

    def test_the_title_weighs_more_than_the_text(self, store: IndexStore) -> None:
        self.fill(store)
        hits = store.search("border clash")
        assert [hit.body["stem"] for hit in hits] == ["a", "b"]
        assert hits[0].score > hits[1].score

    def test_words_match_in_any_form_and_case(self, store: IndexStore) -> None:
        self.fill(store)
        assert self.stems(store, "CLASHES killing") == ["a"]

    def test_hits_show_the_words_found(self, store: IndexStore) -> None:
        self.fill(store)
        [hit] = store.search("tajik")
        assert any("<mark>Tajik</mark> mortars" in excerpt for excerpt in hit.highlights)

    def test_the_articles_own_markup_is_escaped_in_excerpts(self, store: IndexStore) -> None:
        store.put("articles", "x", 1, article("x", "<script>alert(1)</script>", "a & <img src=x onerror=y> goris"))
        store.refresh()
        [hit] = store.search("alert goris")
        shown = " ".join(hit.highlights).replace("<mark>", "").replace("</mark>", "")
        assert "<" not in shown
        assert "&lt;img" in shown

    def test_an_update_forgets_the_words_of_the_version_before(self, store: IndexStore) -> None:
        self.fill(store)
        store.put("articles", "id-a", 3, article("a", "Nothing", "new", reports=[report("IN", "PK")]))
        store.refresh()
        assert self.stems(store, "Goris") == []
        assert self.stems(store, "nothing") == ["a"]
        assert self.stems(store, "dyad:AM-AZ") == ["c"]
        assert self.stems(store, "dyad:IN-PK") == ["a"]

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ('"border clash"', ["a"]),
            ('"clash border"', []),
            ("border -kills", ["b"]),
            ("border NOT kills", ["b"]),
            ("-clash", ["c"]),
            ("NOT clash", ["c"]),
            ("goris OR batken", ["a", "c"]),
            ("wheat prices OR goris", ["a", "b"]),
            ("shell AND goris", ["a"]),
            ("bat*", ["c"]),
            ("bat* -tajik", []),
            ("dyad:AM-AZ", ["a", "c"]),
            ("side:TJ", ["c"]),
            ("-side:TJ is_clash:true", ["a"]),
            ("is_clash:false", ["b"]),
            ("published:2022-09", ["a", "c"]),
            ("published:2022-09-16", ["c"]),
            ("border published:2022-10", ["b"]),
            ("stem:b", ["b"]),
            ("stem:zzz", []),
            ("nonsense:goris", []),
            ("Goris.", ["a"]),
            ("", []),
            ("!!! ()", []),
        ],
    )
    def test_query_syntax(self, store: IndexStore, query: str, expected: list[str]) -> None:
        self.fill(store)
        assert sorted(self.stems(store, query)) == expected

    @settings(max_examples=200)
    @given(st.text(alphabet=st.sampled_from("ab*\"-:()^{}+ \x00\\'ORNTAD%_[]?.é") | st.characters(), max_size=60))
    @example('"')
    @example("a NEAR(b c, 2)")
    @example("title : x")
    @example("is_clash:")
    @example("published:*[")
    @example("* OR -")
    def test_no_string_is_an_error(self, store: IndexStore, query: str) -> None:
        assert all(isinstance(hit, Hit) for hit in store.search(query))

    def test_very_long_queries_are_answered(self, store: IndexStore) -> None:
        self.fill(store)
        assert self.stems(store, "goris " + "OR x " * 100_000) == ["a"]

    def test_pages_follow_one_another(self, store: IndexStore) -> None:
        for i in range(25):
            store.put("articles", f"{i}", 1, article(f"{i}", "Same title", "same words"))
        store.refresh()
        pages = [self.stems(store, "same", limit=10, offset=offset) for offset in (0, 10, 20)]
        assert [len(page) for page in pages] == [10, 10, 5]
        assert len({stem for page in pages for stem in page}) == 25

    def test_incidents_and_alerts_are_found_by_what_they_tell(self, store: IndexStore) -> None:
        claim = {"side": "AM", "evidence": {"text": "At least 49 soldiers were killed near Jermuk"}}
        incident = {
            "dyad": "AM-AZ",
            "side_a": "AM",
            "side_b": "AZ",
            "places": [{"name": "Goris"}],
            "claims": [claim],
        }
        store.put("incidents", "i1", 1, {"incident_id": "i1", "status": "active", **incident})
        store.put("alerts", "a1", 1, {"alert_id": "a1", "kind": "new", "text": "AM-AZ: 49 killed", "dyad": "AM-AZ"})
        store.refresh()
        assert [hit.id for hit in store.search("soldiers jermuk goris", index="incidents")] == ["i1"]
        assert [hit.id for hit in store.search("side:AZ", index="incidents")] == ["i1"]
        assert [hit.id for hit in store.search("49 kind:new", index="alerts")] == ["a1"]
        assert store.search("goris") == []

    def test_an_index_without_text_is_searched_by_fields(self, store: IndexStore) -> None:
        store.put("files", "p@1", 1, {"path": "p", "state": "rejected"})
        store.refresh()
        assert [hit.id for hit in store.search("state:rejected", index="files")] == ["p@1"]
        assert store.search("p", index="files") == []
        assert store.search("-p", index="files") == []
