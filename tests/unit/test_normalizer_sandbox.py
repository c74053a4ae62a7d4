"""The parser process: answers, is killed at its limits, comes back, and survives forks."""

import gzip
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.normalizer import parser as parser_module
from services.normalizer.limits import Limits
from services.normalizer.normalize import normalize
from services.normalizer.parser import Parser
from shared.errors import RejectedError, TransientError
from shared.schemas import ArticleNormalized, ArticleReceived

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
PAGE = b"<html><body><article><p>Three soldiers were killed at the border, Armenia said.</p></article></html>"


@pytest.fixture
def parser() -> Iterator[Parser]:
    parser = Parser()
    yield parser
    parser.close()


def pid(parser: Parser) -> int:
    process = parser._process
    assert process is not None
    return process.pid


def gone(number: int) -> bool:
    """Whether no such process runs (polled for at most ten seconds)."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        status = Path(f"/proc/{number}/stat")
        try:
            if status.read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.01)
    return False


def text_of(parser: Parser, limits: Limits | None = None) -> str:
    (item,) = parser.parse("html", "a.html", PAGE, limits or Limits())
    assert item.draft is not None
    return item.draft.text


def test_the_same_process_answers_again(parser: Parser) -> None:
    assert text_of(parser) == "Three soldiers were killed at the border, Armenia said."
    first = pid(parser)
    with pytest.raises(RejectedError, match="not valid JSON"):
        parser.parse("json", "a.json", b"{", Limits())
    with pytest.raises(RejectedError, match="nested too deeply"):
        parser.parse("json", "a.json", b"[" * 100_000, Limits())
    assert text_of(parser)
    assert pid(parser) == first


def test_normalize_uses_it_for_everything_but_text(parser: Parser) -> None:
    received = ArticleReceived(article_id="a", path="a.html", stem="a", size=len(PAGE), content=PAGE, received_at=NOW)
    (message,) = normalize(received, NOW, reader=parser)
    assert isinstance(message, ArticleNormalized)
    plain = received.model_copy(update={"content": b"Three soldiers were killed.", "path": "a.txt"})
    idle = Parser()
    assert isinstance(normalize(plain, NOW, reader=idle)[0], ArticleNormalized)
    assert idle._process is None


def test_too_slow_is_killed_and_the_next_file_is_read(parser: Parser) -> None:
    text_of(parser)
    first = pid(parser)
    os.kill(first, signal.SIGSTOP)
    with pytest.raises(RejectedError, match=r"took longer than the limit of 0\.05 seconds"):
        text_of(parser, Limits(seconds=0.05))
    assert gone(first)
    assert text_of(parser)
    assert pid(parser) != first


def test_too_much_memory_is_a_reason(parser: Parser) -> None:
    limits = Limits(memory_bytes=150 * 1024 * 1024, file_bytes=1 << 30, unpacked_bytes=1 << 30, ratio=10**9, seconds=60)
    with pytest.raises(RejectedError, match=r"memory"):
        parser.unpack("gz", "a.gz", gzip.compress(b"\0" * 400_000_000, 1), limits)
    assert text_of(parser)


def test_a_process_that_died_is_started_anew(parser: Parser) -> None:
    text_of(parser)
    number = pid(parser)
    os.kill(number, signal.SIGKILL)
    assert gone(number)
    assert text_of(parser)


def test_a_crash_while_it_reads_is_a_reason(parser: Parser, monkeypatch: pytest.MonkeyPatch) -> None:
    text_of(parser)
    number = pid(parser)
    receive = parser_module._receive

    def dying(*arguments: Any) -> bytes:
        os.kill(number, signal.SIGKILL)
        return receive(*arguments)

    os.kill(number, signal.SIGSTOP)
    monkeypatch.setattr(parser_module, "_receive", dying)
    with pytest.raises(RejectedError, match=r"its parser crashed \(status -9\)"):
        text_of(parser)


def test_no_process_is_a_transient_error(parser: Parser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with pytest.raises(TransientError, match="cannot be started"):
        text_of(parser)


def test_it_has_nothing_of_our_environment(parser: Parser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLASHWATCH_WEBHOOK_SECRET", "s3cret")
    text_of(parser)
    assert b"s3cret" not in Path(f"/proc/{pid(parser)}/environ").read_bytes()
    limits = Path(f"/proc/{pid(parser)}/limits").read_text()
    assert str(512 * 1024 * 1024) in limits
    assert len(list(Path(f"/proc/{pid(parser)}/fd").iterdir())) < 10


def test_closing_ends_the_process(parser: Parser) -> None:
    text_of(parser)
    number = pid(parser)
    parser.close()
    parser.close()
    assert gone(number)


SCRIPT = """
import os, sys
from services.normalizer.limits import Limits
from services.normalizer.parser import PARSER
page = b"<html><body><article><p>Three soldiers were killed at the border.</p></article></body></html>"
ask = lambda: PARSER.parse("html", "a.html", page, Limits())[0].draft.text
ask()
mine = PARSER._process.pid
child = os.fork()
if child == 0:
    ask()
    ok = PARSER._process.pid != mine
    PARSER.close()
    os._exit(0 if ok else 1)
status = os.waitpid(child, 0)[1]
ask()
print(mine if PARSER._process.pid == mine and status == 0 else "wrong")
sys.stdout.flush()
if sys.argv[1] == "kill":
    os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("end", ["exit", "kill"])
def test_forks_have_processes_of_their_own_and_none_outlives_us(end: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), end],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == (0 if end == "exit" else -9), done.stderr
    assert done.stdout.strip().isdigit(), done.stdout
    assert gone(int(done.stdout))


def test_a_thousand_small_answers_do_not_leak(parser: Parser) -> None:
    for _ in range(300):
        text_of(parser)
    assert len(list(Path(f"/proc/{pid(parser)}/fd").iterdir())) < 10
