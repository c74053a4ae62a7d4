"""`clashwatch run` as a user starts it."""

import fcntl
import json
import os
import pty
import shutil
import signal
import struct
import subprocess
import termios
from pathlib import Path

import pytest

from tests.e2e.cli_rig import COMMAND, SEEDS, Shell, until

ARTICLE = "Two Indian soldiers were killed when Pakistani troops shelled a post on the Line of Control, the army said."


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_the_very_first_run_brings_five_articles_and_shows_three_incidents(shell: Shell) -> None:
    del shell.environment["CLASHWATCH_WORKERS"]
    done = shell.run("run", "--once")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (shell.folder / "inbox").iterdir()} == {path.name for path in SEEDS.iterdir()}
    incidents = shell.rows("incidents")
    assert sorted(one["dyad"] for one in incidents) == ["AM-AZ", "AM-AZ", "KG-TJ"]
    assert {row["state"] for row in shell.rows("files")} == {"indexed"}
    alerts = shell.rows("alerts")
    assert done.stdout.count("New: ") == sum(alert["kind"] == "new" for alert in alerts) == 3

    again = shell.run("run", "--once")
    assert (again.returncode, again.stdout) == (0, "")
    assert shell.rows("incidents") == incidents
    assert shell.rows("alerts") == alerts


def test_an_inbox_that_is_there_stays_as_it_is(shell: Shell) -> None:
    (shell.folder / "mine").mkdir()
    assert shell.run("run", "--once", "--inbox", "mine", "--data", "d").returncode == 0
    assert list((shell.folder / "mine").iterdir()) == []
    assert shell.rows("files", "--data", "d") == []


def test_what_was_rejected_is_named_and_the_rest_goes_on(shell: Shell) -> None:
    inbox = shell.folder / "inbox"
    inbox.mkdir()
    (inbox / "good.txt").write_text(ARTICLE)
    (inbox / "empty.txt").write_bytes(b"")
    (inbox / "binary.txt").write_bytes(bytes(range(256)) * 20)
    done = shell.run("run", "--once")
    assert done.returncode == 1
    assert "empty.txt: " in done.stderr
    assert "binary.txt: " in done.stderr
    states = {row["path"]: row["state"] for row in shell.rows("files")}
    assert states == {"good.txt": "indexed", "empty.txt": "rejected", "binary.txt": "rejected"}
    assert all(row["reason"] for row in shell.rows("files", "--state", "rejected"))
    # What was rejected before was said before.
    assert shell.run("run", "--once").returncode == 0


def test_a_watched_inbox_and_a_gentle_end(shell: Shell) -> None:
    (shell.folder / "inbox").mkdir()
    with shell.running("run") as process:
        until(lambda: "watching inbox" in shell.log, "started")
        (shell.folder / "inbox" / "a.txt").write_text(ARTICLE)
        until(lambda: [row["state"] for row in shell.rows("files")] == ["indexed"], "indexed")
        until(lambda: shell.rows("alerts"), "an alert")
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate()
    assert process.returncode == 0
    assert "India-Pakistan" in out
    assert "Traceback" not in shell.log
    assert "stopped" in shell.log


def test_a_second_run_on_the_same_data_says_so(shell: Shell) -> None:
    (shell.folder / "inbox").mkdir()
    with shell.running("run") as process:
        until(lambda: "watching inbox" in shell.log, "started")
        second = shell.run("run", "--once")
        assert second.returncode == 2
        assert f"another `clashwatch run` (process {process.pid}) works on clashwatch-data" in second.stderr
        process.send_signal(signal.SIGINT)
        process.communicate()
    assert process.returncode == 0
    assert shell.run("run", "--once").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "environment", "complaint"),
    [
        (["--port", "x"], {}, "--port"),
        (["--data", "file"], {}, "file: "),
        (["--inbox", "file/inbox"], {}, "the inbox cannot be made"),
        ([], {"CLASHWATCH_WATCH_RULES": "rules.yml"}, "rules.yml:1: "),
        ([], {"CLASHWATCH_WEBHOOK_URL": "ftp://x/secret-token"}, "the webhook URL must be"),
        ([], {"CLASHWATCH_WEBHOOK_URL": f"http://{'a' * 64}.org/secret-token"}, "no name of the internet"),
        ([], {"CLASHWATCH_PORT": "70000"}, "CLASHWATCH_PORT"),
        ([], {"CLASHWATCH_LOG_LEVEL": "loud"}, "CLASHWATCH_LOG_LEVEL"),
        (["--inbox", "x", "--data", "x"], {}, "inbox x and data x: neither may be the other"),
        (["--inbox", "x", "--data", "x/data"], {}, "lie within it"),
        (["--inbox", "../x/data/inbox", "--data", "../x"], {}, "lie within it"),
        (["--data", "garbage"], {}, "garbage/clashwatch.db: file is not a database"),
    ],
)
def test_what_a_person_can_put_right_is_wrong_usage(
    arguments: list[str], environment: dict[str, str], complaint: str, shell: Shell
) -> None:
    (shell.folder / "file").write_text("")
    (shell.folder / "rules.yml").write_text("- nonsense: true\n")
    (shell.folder / "garbage").mkdir()
    (shell.folder / "garbage" / "clashwatch.db").write_bytes(b"this is not a database" * 100)
    shell.environment |= environment
    done = shell.run("run", "--once", *arguments)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret-token" not in done.stderr


def test_a_run_that_was_refused_leaves_lists_that_say_so(shell: Shell) -> None:
    (shell.folder / "rules.yml").write_text("- nonsense: true\n")
    shell.environment["CLASHWATCH_WATCH_RULES"] = "rules.yml"
    assert shell.run("run", "--once").returncode == 2
    for command in ("incidents", "files", "alerts"):
        done = shell.run(command)
        assert (done.returncode, done.stdout) == (0, "")
        assert "nothing in clashwatch-data yet" in done.stderr


def test_a_port_that_is_taken_is_wrong_usage(shell: Shell) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = shell.run("run", "--once", "--port", taken.getsockname()[1])
    assert done.returncode == 2
    assert "the desk cannot have 127.0.0.1:" in done.stderr


def test_extract_is_quiet_when_nobody_reads_on(shell: Shell) -> None:
    shutil.copytree(SEEDS, shell.folder / "many")
    line = f"{COMMAND} extract many many many many | head -c 100 >/dev/null; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], cwd=shell.folder, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.strip() in ("141", "0")


def test_extract_is_quiet_when_interrupted(shell: Shell) -> None:
    os.mkfifo(shell.folder / "out")
    with shell.running("extract", SEEDS, *[SEEDS] * 50) as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.communicate()
    assert process.returncode == 130
    assert shell.log == ""


def test_extract_prints_lines_and_names_what_is_bad(shell: Shell) -> None:
    done = shell.run("extract", "missing.txt", SEEDS / "002_2e75cf09986b3644.txt")
    assert done.returncode == 1
    assert done.stderr == "missing.txt: no such file or directory\n"
    [row] = [json.loads(line) for line in done.stdout.splitlines()]
    assert row["id"] == "002_2e75cf09986b3644"
    assert row["is_clash"]


# Test workers have COLUMNS and LINES of their own, which would go before the size of the terminal.
SCREEN = {"TERM": "xterm-256color", "COLUMNS": "110", "LINES": "45"}


def on_terminal(shell: Shell, *arguments: str) -> tuple[int, int]:
    """Starts the command with a terminal of 110 by 45; its process and our end."""
    process, ours = pty.fork()
    if process == 0:
        os.chdir(shell.folder)
        os.execve(COMMAND, [str(COMMAND), *arguments], shell.environment | SCREEN)
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 45, 110, 0, 0))
    return process, ours


def read_on(ours: int) -> str:
    try:
        return os.read(ours, 65536).decode("utf-8", "replace")
    except OSError:  # the other end is closed
        return ""


def test_on_a_terminal_there_is_a_live_view(shell: Shell) -> None:
    process, ours = on_terminal(shell, "run")
    seen = ""

    def looked() -> bool:
        nonlocal seen
        seen += read_on(ours)
        return all(shown in seen for shown in ("5 indexed", "KG-TJ", "AM-AZ"))

    until(looked, "the view shows what came")
    os.kill(process, signal.SIGINT)
    while more := read_on(ours):
        seen += more
    _, status = os.waitpid(process, 0)
    os.close(ours)
    assert os.waitstatus_to_exitcode(status) == 0
    assert "Traceback" not in seen
    assert "articles/s" in seen


def test_on_a_terminal_a_backlog_has_a_progress_bar(shell: Shell) -> None:
    process, ours = on_terminal(shell, "run", "--once")
    seen = ""
    while more := read_on(ours):
        seen += more
    _, status = os.waitpid(process, 0)
    os.close(ours)
    assert os.waitstatus_to_exitcode(status) == 0
    assert "5/5" in seen
    assert "toll by side" in seen
