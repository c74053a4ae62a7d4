"""Lines for scripts and messages for people."""

import html
import os
import sys
from collections.abc import Mapping
from typing import Any

import typer
from pydantic_core import to_json

# 128 and the number of SIGPIPE: what a shell shows for a program that was stopped so.
BROKEN_PIPE = 141


def print_json(row: Mapping[str, Any]) -> None:
    """One object on one line, UTF-8 whatever the terminal's encoding is."""
    write(to_json(row) + b"\n")


def write(data: bytes) -> None:
    """To standard output, seen at once. When nobody reads on, the command ends quietly."""
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # The interpreter's own last flush must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(BROKEN_PIPE) from None


def complain(message: str) -> None:
    """A line on standard error."""
    sys.stderr.write(printable(message) + "\n")


def printable(text: str) -> str:
    """Without control characters: text from outside must not steer the terminal."""
    return "".join(c if c.isprintable() or c == " " else "\N{REPLACEMENT CHARACTER}" for c in text)


def without_marks(highlight: str) -> str:
    """A highlight of the search as plain text."""
    return html.unescape(highlight.replace("<mark>", "").replace("</mark>", ""))
