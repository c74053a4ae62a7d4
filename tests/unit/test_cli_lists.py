"""The commands that read: fields of the contract, filters, dead letters, and what wrong usage says."""

import json
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.bus.sqlite import SqliteBus
from shared.schemas import DeadLetter
from shared.store.database import Database
from shared.store.sqlite_index import SqliteIndexStore
from shared.store.sqlite_links import SqliteLinkStore
from tests.in_process import clashwatch
from tests.unit.front_rig import ATTACK, NOW, put

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(*arguments: object) -> tuple[int, str, str]:
        code = clashwatch(monkeypatch, *arguments)
        captured = capfdbinary.readouterr()
        return code, captured.out.decode(), captured.err.decode()

    return run


def rows(run: Run, *arguments: object) -> list[dict[str, Any]]:
    code, out, _ = run(*arguments, "--json")
    assert code == 0
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize(
    ("command", "count", "fields"),
    [
        (
            "incidents",
            3,
            "incident_id dyad side_a side_b date_start date_end places toll claims articles revision",
        ),
        ("articles", 5, "article_id id title published is_clash incidents"),
        ("alerts", None, "alert_id kind incident_id revision text evidence sent_at"),
        ("files", 5, "path state reason article_id"),
    ],
)
def test_lines_have_the_fields_of_the_contract(
    command: str,
    count: int | None,
    fields: str,
    run: Run,
    seeded: Path,
) -> None:
    found = rows(run, command, "--data", seeded)
    assert found
    assert count in (None, len(found))
    for row in found:
        assert row.keys() >= set(fields.split())


def test_an_incident_has_its_toll_by_side_and_the_stems_of_its_articles(run: Run, seeded: Path) -> None:
    [one] = rows(run, "incidents", "--data", seeded, "--since", "2020-07-01")
    assert one["toll"]["AZ"]["killed"] == {"low": 2, "best": 4, "high": 4}
    assert set(one["articles"]) == {"000_dc1df4626d9e500c", "002_2e75cf09986b3644"}


def test_filters_narrow_the_lists(run: Run, seeded: Path) -> None:
    assert {one["dyad"] for one in rows(run, "incidents", "--data", seeded, "--dyad", "tj-kg")} == {"KG-TJ"}
    assert {one["dyad"] for one in rows(run, "incidents", "--data", seeded, "--side", "az")} == {"AM-AZ"}
    assert [one["id"][:3] for one in rows(run, "articles", "--data", seeded, "--side", "KG")] == ["004"]
    assert rows(run, "articles", "--data", seeded, "--since", "2021-01-01") == []
    assert {one["kind"] for one in rows(run, "alerts", "--data", seeded, "--kind", "new")} == {"new"}
    assert len(rows(run, "files", "--data", seeded, "--state", "indexed")) == 5
    assert rows(run, "files", "--data", seeded, "--state", "rejected") == []


@pytest.mark.parametrize("dyad", ["AZ-AM", "az-am", "AM/AZ"])
def test_a_dyad_is_found_however_it_is_written(dyad: str, run: Run, seeded: Path) -> None:
    wanted = rows(run, "incidents", "--data", seeded, "--dyad", "AM-AZ")
    assert rows(run, "incidents", "--data", seeded, "--dyad", dyad) == wanted != []
    found = rows(run, "search", "dyad:AM-AZ", "--data", seeded)
    assert rows(run, "search", f"dyad:{dyad}", "--data", seeded) == found != []


@pytest.mark.parametrize(
    "arguments", ["incidents --dyad AM-GE", "articles --side XX", "files --state rejected", "search nosuchword"]
)
def test_where_nothing_matches_it_says_so(arguments: str, run: Run, seeded: Path) -> None:
    assert run(*arguments.split(), "--data", seeded)[:2] == (0, "none match\n")


def test_before_there_are_incidents_it_says_so(run: Run, tmp_path: Path) -> None:
    with closing(Database(tmp_path)) as database:
        SqliteIndexStore(database)
    assert run("incidents", "--data", tmp_path)[:2] == (0, "nothing yet\n")
    assert run("files", "--data", tmp_path)[:2] == (0, "nothing yet\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("incidents --since 2020-07-01", "clashwatch: left out by --since for want of a date: 2 of the incidents\n"),
        ("incidents --since 2020-07-01 --dyad KG-TJ", ": 1 of the incidents\n"),
        ("articles --since 2020-07-01", " of the articles\n"),
        ("export --format csv --since 2020-07-01", ": 2 of the incidents\n"),
        ("incidents", ""),
    ],
)
def test_what_since_cannot_tell_of_is_counted(arguments: str, said: str, run: Run, seeded: Path) -> None:
    error = run(*arguments.split(), "--data", seeded)[2]
    assert said in error if said else not error


def test_moments_have_one_form(run: Run, seeded: Path) -> None:
    moments = [row["sent_at"] for row in rows(run, "alerts", "--data", seeded)]
    moments += [row[name] for row in rows(run, "files", "--data", seeded) for name in ("settled_at", "first_seen")]
    assert all(moment is None or moment.endswith("Z") for moment in moments)
    assert any(moments)


@pytest.mark.parametrize("command", ["incidents", "files", "search x", "export --format csv", "dead-letters"])
def test_a_folder_whose_first_run_was_refused_is_one_before_any(command: str, run: Run, tmp_path: Path) -> None:
    with closing(Database(tmp_path)) as database:
        SqliteLinkStore(database)
    code, out, error = (
        run(*command.split(), "--data", tmp_path, "--json")
        if "export" not in command
        else run(*command.split(), "--data", tmp_path)
    )
    assert (code, out) == (0, "")
    assert f"nothing in {tmp_path} yet" in error


def test_a_data_folder_that_is_a_file_is_wrong_usage(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, out, error = run("incidents", "--data", tmp_path / "file")
    assert (code, out) == (2, "")
    assert error == f"clashwatch: {tmp_path / 'file'} is not a folder\n"


def test_a_letter_of_no_text_is_not_there(run: Run, letters: Path) -> None:
    assert run("dead-letters", "show", "\udcff", "--data", letters)[0] == 2


def test_a_limit_keeps_the_newest_in_their_order(run: Run, seeded: Path) -> None:
    everything = rows(run, "alerts", "--data", seeded)
    assert rows(run, "alerts", "--data", seeded, "--limit", 2) == everything[-2:]


def test_search_finds_words_and_ranks(run: Run, seeded: Path) -> None:
    found = rows(run, "search", "Jermuk", "--data", seeded)
    assert {one["id"][:3] for one in found} == {"003", "004"}
    assert [one["rank_score"] for one in found] == sorted((one["rank_score"] for one in found), reverse=True)
    articles = {one["id"]: one for one in rows(run, "articles", "--data", seeded)}
    assert all(one["score"] == articles[one["id"]]["score"] for one in found)
    assert "Jermuk" in found[0]["excerpt"]
    assert [one["id"][:3] for one in rows(run, "search", "Jermuk -Kyrgyz", "--data", seeded)] == ["003"]


@pytest.mark.parametrize("command", ["incidents", "articles", "alerts", "files", "dead-letters"])
def test_tables_are_for_people(command: str, run: Run, seeded: Path) -> None:
    code, out, _ = run(command, "--data", seeded)
    assert code == 0
    assert out.strip()
    assert not out.startswith("{")


@pytest.mark.parametrize("command", ["incidents", "articles", "alerts", "files", "search x"])
def test_tables_of_hostile_articles_do_not_steer_the_terminal(command: str, run: Run, hostile: Path) -> None:
    _, out, _ = run(*command.split(), "--data", hostile)
    assert "\x1b" not in out
    assert "\0" not in out


@pytest.mark.parametrize("command", ["incidents", "articles", "alerts", "files", "dead-letters", "search x"])
def test_before_anything_was_run_lists_are_empty(command: str, run: Run, tmp_path: Path) -> None:
    code, out, error = run(*command.split(), "--data", tmp_path / "none", "--json")
    assert (code, out) == (0, "")
    assert f"nothing in {tmp_path / 'none'} yet" in error
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["incidents", "--since", "yesterday"], "'yesterday' is not a day"),
        (["export", "--format", "xml"], "xml"),
        (["extract", "a.txt", "--published", "May"], "'May' is not a day"),
        (["nonsense"], "No such command"),
        (["incidents", "--limit", "0"], "--limit"),
        (["incidents", "--dyad", "nonsense"], "'nonsense' is no dyad"),
        (["incidents", "--dyad", "AM-\udcff"], "is no text"),
        (["incidents", "--state", "foo"], "'foo' is none of active, merged, withdrawn"),
        (["alerts", "--kind", "foo"], "'foo' is none of new, update"),
        (["files", "--state", "foo"], "'foo' is none of waiting"),
        (["dead-letters", "list", "--state", "foo"], "'foo' is none of waiting, replayed, dropped"),
        (["export", "--format", "csv", "--dyad", "x"], "'x' is no dyad"),
        (["search", "*"], "no word to look for in '*'"),
        (["search", ""], "no word to look for in ''"),
        (["dead-letters", "replay"], "name the letters"),
    ],
)
def test_wrong_usage_is_named_with_code_2(arguments: list[str], complaint: str, run: Run) -> None:
    code, out, error = run(*arguments)
    assert code == 2
    assert not out
    assert complaint in error


def test_a_file_that_is_no_database_is_wrong_usage(run: Run, tmp_path: Path) -> None:
    (tmp_path / "clashwatch.db").write_bytes(b"this is not a database" * 100)
    code, _, error = run("incidents", "--data", tmp_path)
    assert code == 2
    assert "clashwatch.db cannot be read" in error


def test_the_version_and_the_completion(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("--version")[1].startswith("clashwatch 0.")
    # As the shell's own script asks; --show-completion looks for a shell that started it.
    monkeypatch.setenv("_CLASHWATCH_COMPLETE", "source_bash")
    assert "complete -o default" in run()[1]


def test_an_export_goes_to_a_file(run: Run, seeded: Path, tmp_path: Path) -> None:
    code, out, error = run("export", "--format", "ucdp", "--data", seeded, "-o", tmp_path / "ged.csv")
    assert (code, out) == (0, "")
    assert "fatal events only" in error
    assert (tmp_path / "ged.csv").read_text().startswith("id,relid,year")
    code, _, error = run("export", "--format", "csv", "--data", seeded, "-o", tmp_path / "no" / "a.csv")
    assert code == 2
    assert "No such file or directory" in error


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    with closing(Database(tmp_path)) as database:
        SqliteBus(database)
        store = SqliteIndexStore(database)
        for number in range(3):
            put(
                store,
                DeadLetter(
                    letter_id=f"{number}-letter",
                    stage="tagger",
                    topic="article.normalized",
                    original_key="k",
                    original=b'{"broken": \xff' + bytes([number]),
                    error="ValueError",
                    reason=f"ValueError: {ATTACK}",
                    failed_at=NOW + timedelta(seconds=number),
                ),
            )
    return tmp_path


def states(run: Run, data: Path) -> dict[str, str]:
    found = [row for state in ("waiting", "replayed", "dropped") for row in rows_of(run, data, state)]
    return {row["letter_id"]: row["status"] for row in found}


def rows_of(run: Run, data: Path, state: str) -> list[dict[str, Any]]:
    return rows(run, "dead-letters", "list", "--data", data, "--state", state)


def test_dead_letters_are_listed(run: Run, letters: Path) -> None:
    found = rows(run, "dead-letters", "--data", letters)
    assert [row["letter_id"] for row in found] == ["0-letter", "1-letter", "2-letter"]
    assert found == rows(run, "dead-letters", "list", "--data", letters)
    assert "\x1b" not in run("dead-letters", "--data", letters)[1]


def test_a_dead_letter_is_shown_byte_for_byte(
    run: Run, letters: Path, capfdbinary: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert json.loads(run("dead-letters", "show", "1-letter", "--data", letters)[1])["stage"] == "tagger"
    clashwatch(monkeypatch, "dead-letters", "show", "1", "--raw", "--data", letters)
    assert capfdbinary.readouterr().out == b'{"broken": \xff\x01'


def test_dead_letters_are_replayed_and_dropped(run: Run, letters: Path) -> None:
    assert run("dead-letters", "replay", "0", "--data", letters)[0] == 0
    assert run("dead-letters", "drop", "1-letter", "--data", letters)[0] == 0
    assert states(run, letters) == {"0-letter": "replayed", "1-letter": "dropped", "2-letter": "waiting"}
    with closing(Database(letters, read_only=True)) as database:
        [record] = SqliteBus(database).read("tagger", ["article.normalized"], 10)
    assert record.value == b'{"broken": \xff\x00'


def test_all_dead_letters_that_wait_are_replayed(run: Run, letters: Path) -> None:
    run("dead-letters", "drop", "1-letter", "--data", letters)
    assert run("dead-letters", "replay", "--all", "--data", letters)[0] == 0
    assert states(run, letters) == {"0-letter": "replayed", "1-letter": "dropped", "2-letter": "replayed"}


@pytest.mark.parametrize("command", ["show", "replay", "drop"])
def test_a_letter_that_is_not_there_is_wrong_usage(command: str, run: Run, letters: Path) -> None:
    code, _, error = run("dead-letters", command, "9", "--data", letters)
    assert code == 2
    assert "there is no dead letter 9" in error


def test_nothing_is_done_when_one_of_several_is_wrong(run: Run, letters: Path) -> None:
    assert run("dead-letters", "drop", "0-letter", "9", "--data", letters)[0] == 2
    assert set(states(run, letters).values()) == {"waiting"}
