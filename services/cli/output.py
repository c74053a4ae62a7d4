"""Lines for scripts and messages for people."""

import html
import sys
from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json


def print_json(row: Mapping[str, Any]) -> None:
    """One object on one line, UTF-8 whatever the terminal's encoding is, seen at once."""
    sys.stdout.buffer.write(to_json(row) + b"\n")
    sys.stdout.buffer.flush()


def complain(message: str) -> None:
    """A line on standard error."""
    sys.stderr.write(printable(message) + "\n")


def printable(text: str) -> str:
    """Without control characters: text from outside must not steer the terminal."""
    return "".join(c if c.isprintable() or c == " " else "\N{REPLACEMENT CHARACTER}" for c in text)


def without_marks(highlight: str) -> str:
    """A highlight of the search as plain text."""
    return html.unescape(highlight.replace("<mark>", "").replace("</mark>", ""))
