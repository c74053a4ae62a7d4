"""The other end of the parser process: starts it when needed, kills it at the deadline, starts it anew."""

import atexit
import json
import os
import select
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from services.normalizer.draft import Draft
from services.normalizer.formats import Kind
from services.normalizer.limits import Limits
from services.normalizer.parsers.item import Item, Member
from services.normalizer.sandbox import FRAME
from shared.errors import RejectedError, TransientError

_ROOT = Path(__file__).parents[2]
_HEADER_LIMIT = 64 * 1024 * 1024


class _Gone(Exception):
    """The process ended before it answered."""


class _Late(Exception):
    """The process did not answer in time."""


class Parser:
    """One parser process, used by one caller at a time. After a fork the child starts one of its own."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._memory = 0
        self._lock = threading.Lock()

    def parse(self, kind: Kind, path: str, content: bytes, limits: Limits) -> list[Item]:
        """The articles of a document. Raises RejectedError with the reason, TransientError if none starts."""
        header, _ = self._ask("parse", kind, path, content, limits)
        return [_item(row) for row in header["items"]]

    def unpack(self, kind: Kind, path: str, content: bytes, limits: Limits) -> list[Member]:
        """The files of a container. Raises as `parse` does."""
        header, body = self._ask("unpack", kind, path, content, limits)
        members, at = [], 0
        for row in header["members"]:
            members.append(Member(row["name"], body[at : at + row["size"]], row["reason"]))
            at += row["size"]
        return members

    def close(self) -> None:
        """Ends the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            _close_pipes(process)

    def forget(self) -> None:
        """In a forked child: the process belongs to the parent; only the pipes' copies are closed."""
        process, self._process = self._process, None
        self._lock = threading.Lock()
        if process is not None:
            process.returncode = 0  # not ours to wait for
            _close_pipes(process)

    def _ask(self, do: str, kind: Kind, path: str, content: bytes, limits: Limits) -> tuple[Any, bytes]:
        request = json.dumps({"do": do, "kind": kind, "path": path, "limits": asdict(limits)}).encode()
        with self._lock:
            try:
                header, body = self._exchange(request, content, limits)
            except _Late as error:
                self.close()
                raise RejectedError(f"reading it took longer than the limit of {limits.seconds:g} seconds") from error
            except _Gone as error:
                raise RejectedError(self._post_mortem(limits)) from error
        if "rejected" in header:
            raise RejectedError(header["rejected"])
        return header, body

    def _exchange(self, request: bytes, content: bytes, limits: Limits) -> tuple[Any, bytes]:
        process = self._running(limits)
        assert process.stdin is not None
        assert process.stdout is not None
        deadline = time.monotonic() + limits.seconds
        _send(process.stdin, FRAME.pack(len(request), len(content)) + request + content, deadline)
        header_size, body_size = FRAME.unpack(_receive(process.stdout, FRAME.size, deadline))
        if header_size > _HEADER_LIMIT or body_size > limits.unpacked_bytes + limits.file_bytes:
            self.close()
            raise RejectedError("its parser answered with more than the limits allow")
        header = json.loads(_receive(process.stdout, header_size, deadline))
        return header, _receive(process.stdout, body_size, deadline)

    def _running(self, limits: Limits) -> "subprocess.Popen[bytes]":
        if self._process is not None and (self._process.poll() is not None or self._memory != limits.memory_bytes):
            self.close()
        if self._process is None:
            self._process, self._memory = _start(limits), limits.memory_bytes
        return self._process

    def _post_mortem(self, limits: Limits) -> str:
        """Why the process ended, as far as its exit status tells."""
        process = self._process
        status = process.wait() if process is not None else 0
        self.close()
        if status == -24:  # SIGXCPU
            return f"reading it took longer than the limit of {limits.seconds:g} seconds"
        return f"its parser crashed (status {status}); at most {limits.memory_bytes} bytes of memory are allowed"


def _start(limits: Limits) -> "subprocess.Popen[bytes]":
    """A Python that sees this package and nothing of our environment: no secrets, not the current folder."""
    command = [sys.executable, "-P", "-m", "services.normalizer.sandbox", str(limits.memory_bytes)]
    try:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd="/",
            env={"PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"},
        )
    except OSError as error:
        raise TransientError(f"the parser process cannot be started: {error}") from error
    assert process.stdin is not None
    assert process.stdout is not None
    os.set_blocking(process.stdin.fileno(), False)
    os.set_blocking(process.stdout.fileno(), False)
    return process


def _send(pipe: IO[bytes], data: bytes, deadline: float) -> None:
    view = memoryview(data)
    while view:
        _wait(pipe, deadline, writing=True)
        try:
            view = view[os.write(pipe.fileno(), view[: 1 << 16]) :]
        except BlockingIOError:
            continue
        except BrokenPipeError as error:
            raise _Gone from error


def _receive(pipe: IO[bytes], size: int, deadline: float) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        _wait(pipe, deadline, writing=False)
        try:
            part = os.read(pipe.fileno(), min(size - len(parts), 1 << 20))
        except BlockingIOError:
            continue
        if not part:
            raise _Gone
        parts += part
    return bytes(parts)


def _wait(pipe: IO[bytes], deadline: float, *, writing: bool) -> None:
    poll = select.poll()
    poll.register(pipe.fileno(), select.POLLOUT if writing else select.POLLIN)
    left = deadline - time.monotonic()
    if left <= 0 or not poll.poll(left * 1000):
        raise _Late


def _item(row: dict[str, Any]) -> Item:
    draft = row["draft"]
    return Item(_draft(draft) if draft else None, row["name"], row["article_id"], row["reason"])


def _draft(row: dict[str, Any]) -> Draft:
    """JSON has made lists of the tuples."""
    pairs = {name: tuple(tuple(pair) for pair in row[name]) for name in ("dates", "aside")}
    return Draft(**{**row, **pairs, "credits": tuple(row["credits"]), "flags": tuple(row["flags"])})


def _close_pipes(process: "subprocess.Popen[bytes]") -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


PARSER = Parser()
atexit.register(PARSER.close)
os.register_at_fork(after_in_child=PARSER.forget)
