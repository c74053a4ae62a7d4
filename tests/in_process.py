"""The command line without a process of its own."""

import sys

import pytest

from services.cli.app import main


def clashwatch(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """`clashwatch ARGUMENTS...`: its exit code."""
    monkeypatch.setattr(sys, "argv", ["clashwatch", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)
