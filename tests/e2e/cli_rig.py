"""Runs the installed command as a user would."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SEEDS = Path(__file__).parents[2] / "seeds"
COMMAND = Path(sys.executable).with_name("clashwatch")
SECONDS = 60.0


class Shell:
    """A folder to be in; settings of the machine that runs the tests stay outside. One worker starts fastest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("CLASHWATCH_")}
        self.environment["CLASHWATCH_WORKERS"] = "1"

    def run(self, *arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
        """To its end."""
        return subprocess.run(
            [COMMAND, *map(str, arguments)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            stdin=subprocess.DEVNULL,
            **options,
        )

    def rows(self, *arguments: object) -> list[dict[str, Any]]:
        """What a command prints with --json."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    @contextmanager
    def running(self, *arguments: object) -> Iterator[subprocess.Popen[str]]:
        """In the background; killed at the end if nothing else ended it. Its log is in `log`."""
        with (self.folder / "log").open("w") as log:
            process = subprocess.Popen(
                [COMMAND, *map(str, arguments)],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
            with process:
                try:
                    yield process
                finally:
                    if process.poll() is None:
                        process.send_signal(signal.SIGKILL)

    @property
    def log(self) -> str:
        """What the background process has logged."""
        return (self.folder / "log").read_text()


def until(condition: Callable[[], Any], what: str) -> Any:
    """Polls, with a deadline."""
    deadline = time.monotonic() + SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.05)
    return found
