"""Log lines, from structlog and from the standard library alike."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from shared import logs


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_json_is_one_object_a_line() -> None:
    stream = io.StringIO()
    logs.set_up("json", "INFO", stream)
    structlog.get_logger("feeder").info("file ready", path="a\nb.txt", size=3)
    logging.getLogger("shared.hosts").warning("%s waits: %s", "log", "disk full")
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert (first["event"], first["path"], first["level"], first["logger"]) == (
        "file ready",
        "a\nb.txt",
        "info",
        "feeder",
    )
    assert (second["event"], second["level"]) == ("log waits: disk full", "warning")
    assert first["timestamp"].endswith("Z")


def test_json_holds_the_traceback() -> None:
    stream = io.StringIO()
    logs.set_up("json", "INFO", stream)
    try:
        raise ValueError("bad")
    except ValueError:
        structlog.get_logger().exception("failed")
    assert "ValueError: bad" in json.loads(stream.getvalue())["exception"]


def test_the_console_is_for_people() -> None:
    stream = io.StringIO()
    logs.set_up("console", "INFO", stream)
    structlog.get_logger().info("file ready", path="a.txt")
    [line] = stream.getvalue().splitlines()
    assert "file ready" in line
    assert "path=a.txt" in line
    assert "\x1b" not in line


def test_the_level_holds_for_all() -> None:
    stream = io.StringIO()
    logs.set_up("json", "WARNING", stream)
    structlog.get_logger().info("no")
    logging.getLogger("x").info("no")
    logging.getLogger("x").error("yes")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["yes"]


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="LOUD"):
        logs.set_up("json", "loud", io.StringIO())
