"""What people read: cells, messages, rates; and flags turned into what is wanted."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from services.cli import tables
from services.cli.live import LastLines, Rate
from services.cli.options import UsageError, refuse_overlap, settings_of
from services.cli.output import printable, without_marks
from services.cli.reading import wanted
from shared.store.listing import Wanted, last_day
from tests.unit.front_rig import incident

ONE = incident().model_dump(mode="json")


@pytest.mark.parametrize(
    ("start", "end", "inferred", "shown"),
    [
        (None, None, False, "undated"),
        ("2020-07-12", "2020-07-12", False, "2020-07-12"),
        ("2020-07-12", None, False, "2020-07-12"),
        ("2020-07-12", "2020-07-13", True, "2020-07-12/13*"),
        ("2020-07-31", "2020-08-01", False, "2020-07-31/08-01"),
        ("2020-12-31", "2021-01-01", False, "2020-12-31/2021-01-01"),
        ("XXXX-07-12", "XXXX-07-13", False, "XXXX-07-12/13"),
        ("2020-07", "2020-08", False, "2020-07/2020-08"),
    ],
)
def test_days_in_few_characters(start: str | None, end: str | None, inferred: bool, shown: str) -> None:
    assert tables.when({"date_start": start, "date_end": end, "date_inferred": inferred}) == shown


def test_a_toll_shows_the_range_where_claims_differ() -> None:
    figures = {"low": 2, "best": 3, "high": 4}
    same = {"low": 0, "best": 0, "high": 0}
    assert tables.toll({"toll": {"AM": {"killed": figures, "wounded": same}}}) == "AM 3 (2-4) killed, 0 wounded"
    assert tables.toll({"toll": {}}) == "no losses told"


def test_no_cell_steers_the_terminal() -> None:
    console = Console(width=120, force_terminal=True, color_system=None)
    with console.capture() as captured:
        console.print(tables.table(tables.INCIDENTS, [ONE]))
    assert "\x1b[31m" not in captured.get()
    assert "<script>" in captured.get()


@given(st.text())
def test_what_is_printed_has_no_control_characters(text: str) -> None:
    shown = printable(text)
    assert len(shown) == len(text)
    assert all(letter.isprintable() for letter in shown)


def test_marks_of_the_search_become_plain_text() -> None:
    assert without_marks("a <mark>b</mark> &lt;i&gt; &amp;") == "a b <i> &"


def test_the_rate_is_of_the_last_seconds() -> None:
    rate = Rate()
    assert rate.add(0.0, 0) == 0.0
    assert rate.add(2.0, 100) == 50.0
    assert rate.add(20.0, 100) == 0.0


def test_the_view_keeps_the_last_lines_of_the_log() -> None:
    lines = LastLines(most=2)
    for number in range(3):
        lines.write(f"line {number}\n")
    assert list(lines.lines) == ["line 1", "line 2"]


def test_sides_and_dyads_are_found_however_they_are_written() -> None:
    assert wanted("incidents", "az-am", "am") == Wanted("AM-AZ", "AM")
    assert wanted("incidents", "IL-Hezbollah", "Hezbollah") == Wanted("Hezbollah-IL", "Hezbollah")
    assert wanted("incidents", "", "", "", "") == Wanted()


def test_a_day_that_is_none_is_wrong_usage() -> None:
    assert wanted("incidents", since="2020-02-01").since == date(2020, 2, 1)
    with pytest.raises(UsageError, match="'2020-02-30' is not a day"):
        wanted("incidents", since="2020-02-30")


@pytest.mark.parametrize(
    ("start", "end", "last"),
    [
        ("2020-07-12", None, date(2020, 7, 12)),
        ("2020-07-01", "2020-07-12", date(2020, 7, 12)),
        ("2020-07", None, date(2020, 7, 31)),
        ("XXXX-07-12", None, None),
        (None, None, None),
    ],
)
def test_since_goes_by_the_last_day_it_may_have_been(start: str | None, end: str | None, last: date | None) -> None:
    assert last_day("incidents", {"date_start": start, "date_end": end}) == last


def test_flags_go_before_variables_before_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert settings_of().data == Path("clashwatch-data")
    (tmp_path / "clashwatch.toml").write_text('data = "from-file"\ninbox = "from-file"\nhost = "from-file"\n')
    (tmp_path / "named").write_text("from-named-file\n")
    monkeypatch.setenv("CLASHWATCH_HOST_FILE", str(tmp_path / "named"))
    monkeypatch.setenv("CLASHWATCH_INBOX", "from-variable")
    settings = settings_of(data=Path("from-flag"), inbox=None)
    assert (settings.data, settings.inbox) == (Path("from-flag"), Path("from-variable"))
    assert settings.host == "from-named-file"


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("CLASHWATCH_PORT", "x", r"setting port \(CLASHWATCH_PORT\): Input should be a valid integer"),
        ("CLASHWATCH_LOG_LEVEL", "loud", r"setting log_level \(CLASHWATCH_LOG_LEVEL\)"),
        ("CLASHWATCH_WORKERS", "0", r"setting workers \(CLASHWATCH_WORKERS\)"),
        ("CLASHWATCH_WEBHOOK_SECRET_FILE", "/nowhere", r"the settings cannot be read: .*/nowhere"),
        ("CLASHWATCH_SETTINGS", "/nowhere.toml", r"the settings cannot be read: .*/nowhere\.toml"),
    ],
)
def test_a_bad_setting_is_named(name: str, value: str, complaint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=complaint):
        settings_of()


def test_a_variable_that_is_no_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("CLASHWATCH_INBX", "CLASHWATCH_PORTS_FILE", "CLASHWATCH_LOG_LEVEL", "OTHER_INBX"):
        monkeypatch.setenv(name, "warning")
    assert settings_of().log_level == "warning"
    assert capsys.readouterr().err == (
        "clashwatch: there is no setting CLASHWATCH_INBX: it is ignored\n"
        "clashwatch: there is no setting CLASHWATCH_PORTS_FILE: it is ignored\n"
    )


@pytest.mark.parametrize(
    ("inbox", "data"), [("a", "a"), ("a", "a/b"), ("a/b", "a"), ("a/../c", "c/d"), ("link", "a/b"), ("a/b/c", "link")]
)
def test_inbox_and_data_lie_apart(inbox: str, data: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to("a")
    with pytest.raises(UsageError, match="neither may be the other"):
        refuse_overlap(settings_of(inbox=inbox, data=data))
    refuse_overlap(settings_of(inbox=inbox, data="elsewhere"))
