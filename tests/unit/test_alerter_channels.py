"""Console and JSON Lines: each alert once, whatever is killed when."""

import errno
import io
import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.alerter.channels import Channel, Console, JsonLines, as_line, send
from services.alerter.stage import channels_stage
from shared.errors import TransientError
from shared.schemas import AlertRaised, IncidentChanged
from shared.schemas.alert_raised import AlertEvidence
from shared.schemas.incident import Incident
from shared.store.database import Database
from shared.store.sqlite_alerts import SqliteAlertStore

NOW = datetime(2022, 9, 15, tzinfo=UTC)
CHILD = Path(__file__).with_name("alerter_lines_child.py")


def alert(number: int = 1, **more: Any) -> AlertRaised:
    sentence = AlertEvidence(start=0, end=4, text="Five were killed.", article_id="a", stem="001")
    fields: dict[str, Any] = {
        "alert_id": f"alert-{number}",
        "kind": "new",
        "subscriber": "everyone",
        "rules": ("all",),
        "incident_id": f"incident-{number}",
        "revision": 1,
        "dyad": "AM-AZ",
        "severity": 1,
        "reasons": ("first report",),
        "text": f"New: clash {number}: 5 dead",
        "evidence": (sentence,),
        "raised_at": NOW,
    }
    return AlertRaised(**fields | more)


@pytest.fixture
def store(database: Database) -> SqliteAlertStore:
    return SqliteAlertStore(database)


def written(path: Path) -> list[str]:
    return [json.loads(line)["alert_id"] for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_line_on_the_console_cannot_do_anything(store: SqliteAlertStore) -> None:
    screen = io.StringIO()
    hostile = alert(text="New: \x1b[2Jclash\r\nNew: all quiet")
    send(hostile, Console(screen), store, NOW)
    assert screen.getvalue() == 'New:  [2Jclash  New: all quiet | 001: "Five were killed."\n'


def test_a_line_in_the_file_has_the_fields_of_the_contract(store: SqliteAlertStore, tmp_path: Path) -> None:
    file = tmp_path / "out" / "alerts.jsonl"
    send(alert(), JsonLines(file, store), store, NOW)
    row = json.loads(file.read_text(encoding="utf-8"))
    assert {"alert_id", "kind", "incident_id", "revision", "text", "evidence", "sent_at"} <= row.keys()
    assert (row["sent_at"], row["evidence"][0]["text"]) == ("2022-09-15T00:00:00Z", "Five were killed.")


def test_each_alert_is_sent_once_on_each_channel(store: SqliteAlertStore, tmp_path: Path) -> None:
    screen, file = io.StringIO(), tmp_path / "alerts.jsonl"
    stage = channels_stage(store, [Console(screen), JsonLines(file, store)])
    for one in (alert(1), alert(2), alert(1), alert(2)):
        assert list(stage.apply(one, NOW)) == []
    assert written(file) == ["alert-1", "alert-2"]
    assert screen.getvalue().count("\n") == 2
    assert {(one.channel, one.state, one.sent_at) for one in store.sendings("alert-1")} == {
        ("console", "sent", NOW),
        ("file", "sent", NOW),
    }


def test_a_suppressed_alert_is_a_row_and_no_line(store: SqliteAlertStore) -> None:
    screen = io.StringIO()
    send(alert(suppressed="quiet hours"), Console(screen), store, NOW)
    assert screen.getvalue() == ""
    assert [(one.state, one.reason, one.sent_at) for one in store.sendings()] == [("suppressed", "quiet hours", None)]


def test_other_messages_are_refused(store: SqliteAlertStore) -> None:
    change = IncidentChanged(incident=Incident(incident_id="i", revision=1, dyad="A-B", side_a="A", side_b="B"))
    with pytest.raises(TypeError, match=r"incident\.changed"):
        list(channels_stage(store, []).apply(change, NOW))


class Broken:
    """A channel that fails in a given way."""

    name = "broken"

    def __init__(self, error: int) -> None:
        self.error = error

    def send(self, alert: AlertRaised, now: datetime) -> None:
        raise OSError(self.error, os.strerror(self.error))


def test_a_full_disk_is_waited_for_and_a_closed_screen_is_not(store: SqliteAlertStore) -> None:
    full: Channel = Broken(errno.ENOSPC)
    with pytest.raises(TransientError, match="No space left"):
        send(alert(), full, store, NOW)
    assert store.sending("alert-1", "broken") is None
    send(alert(), Broken(errno.EPIPE), store, NOW)
    row = store.sending("alert-1", "broken")
    assert row is not None
    assert (row.state, row.reason) == ("failed", "[Errno 32] Broken pipe")


def test_what_was_rolled_back_is_written_once(store: SqliteAlertStore, database: Database, tmp_path: Path) -> None:
    channel = JsonLines(tmp_path / "alerts.jsonl", store)
    send(alert(1), channel, store, NOW)

    def undone() -> None:
        with database.transaction():
            send(alert(2), channel, store, NOW)
            send(alert(3), channel, store, NOW)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        undone()
    assert written(tmp_path / "alerts.jsonl") == ["alert-1", "alert-2", "alert-3"]
    for number in (3, 2):
        send(alert(number), channel, store, NOW)
    assert written(tmp_path / "alerts.jsonl") == ["alert-1", "alert-2", "alert-3"]


def test_what_was_rolled_back_comes_once_also_after_something_else(
    store: SqliteAlertStore, database: Database, tmp_path: Path
) -> None:
    channel = JsonLines(tmp_path / "alerts.jsonl", store)

    def undone() -> None:
        with database.transaction():
            send(alert(1), channel, store, NOW)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        undone()
    for number in (2, 1, 3):
        send(alert(number), channel, store, NOW)
    assert written(tmp_path / "alerts.jsonl") == ["alert-1", "alert-2", "alert-3"]


EARLIER = as_line(alert(2), datetime(2022, 9, 14, tzinfo=UTC))


@pytest.mark.parametrize("length", [1, 30, len(EARLIER) - 20, len(EARLIER) - 1, len(EARLIER)])
def test_a_torn_line_of_ours_is_cut_off(store: SqliteAlertStore, tmp_path: Path, length: int) -> None:
    file = tmp_path / "alerts.jsonl"
    channel = JsonLines(file, store)
    send(alert(1), channel, store, NOW)
    with file.open("ab") as more:
        more.write(EARLIER[:length])
    send(alert(2), channel, store, NOW)
    send(alert(3), channel, store, NOW)
    assert written(file) == ["alert-1", "alert-2", "alert-3"]


def test_two_data_folders_write_to_one_file(store: SqliteAlertStore, tmp_path: Path) -> None:
    file = tmp_path / "alerts.jsonl"
    with closing(Database(tmp_path / "other")) as database:
        other = SqliteAlertStore(database)
        ours, theirs = JsonLines(file, store), JsonLines(file, other)
        send(alert(1), ours, store, NOW)
        send(alert(2), theirs, other, NOW)
        send(alert(3), theirs, other, NOW)
        send(alert(4), ours, store, NOW)
        send(alert(5), theirs, other, NOW)
    assert written(file) == [f"alert-{number}" for number in range(1, 6)]


def test_half_a_line_of_others_stays_and_ours_begins_a_new_one(store: SqliteAlertStore, tmp_path: Path) -> None:
    file = tmp_path / "alerts.jsonl"
    channel = JsonLines(file, store)
    send(alert(1), channel, store, NOW)
    with file.open("ab") as more:
        more.write(b"half a line")
    send(alert(2), channel, store, NOW)
    _, half, last = file.read_text(encoding="utf-8").splitlines()
    assert (half, json.loads(last)["alert_id"]) == ("half a line", "alert-2")


def test_what_a_screen_cannot_show_is_spelled_out_and_the_others_get_their_line(
    store: SqliteAlertStore, tmp_path: Path
) -> None:
    raw = io.BytesIO()
    stage = channels_stage(
        store, [Console(io.TextIOWrapper(raw, encoding="latin-1")), JsonLines(tmp_path / "a.jsonl", store)]
    )
    list(stage.apply(alert(text="New: Şırnak é"), NOW))
    assert b"New: \\u015e\\u0131rnak \xe9 |" in raw.getvalue()
    assert written(tmp_path / "a.jsonl") == ["alert-1"]


def test_a_channel_that_cannot_take_an_alert_does_not_keep_it_from_the_others(
    store: SqliteAlertStore, tmp_path: Path
) -> None:
    closed = io.StringIO()
    closed.close()
    list(channels_stage(store, [Console(closed), JsonLines(tmp_path / "a.jsonl", store)]).apply(alert(), NOW))
    assert [(one.channel, one.state) for one in store.sendings()] == [("console", "failed"), ("file", "sent")]
    assert written(tmp_path / "a.jsonl") == ["alert-1"]


def test_what_others_wrote_stays(store: SqliteAlertStore, tmp_path: Path) -> None:
    file = tmp_path / "alerts.jsonl"
    file.write_bytes(b"theirs\n")
    channel = JsonLines(file, store)
    send(alert(1), channel, store, NOW)
    with file.open("ab") as more:
        more.write(b"theirs, too\n")
    send(alert(2), channel, store, NOW)
    assert [line[:9] for line in file.read_text(encoding="utf-8").splitlines()] == [
        "theirs",
        '{"alert_i',
        "theirs, t",
        '{"alert_i',
    ]


def test_a_file_that_was_emptied_is_begun_again(store: SqliteAlertStore, tmp_path: Path) -> None:
    file = tmp_path / "alerts.jsonl"
    channel = JsonLines(file, store)
    send(alert(1), channel, store, NOW)
    file.write_bytes(b"")
    send(alert(2), channel, store, NOW)
    send(alert(3), channel, store, NOW)
    assert written(file) == ["alert-2", "alert-3"]


def test_killed_at_any_moment_each_line_is_there_once(tmp_path: Path) -> None:
    """The child sends 300 alerts, a few a transaction, and is killed as soon as it has written a little more."""
    file, count = tmp_path / "alerts.jsonl", 300
    for kill_at in (*range(2_000, 100_000, 12_000), None):
        child = subprocess.Popen([sys.executable, str(CHILD), str(tmp_path), str(count)], cwd=Path(__file__).parents[2])
        while child.poll() is None:
            if kill_at is not None and file.exists() and file.stat().st_size > kill_at:
                child.send_signal(signal.SIGKILL)
        if kill_at is None:
            assert child.returncode == 0
    assert written(file) == [f"alert-{number}" for number in range(count)]
