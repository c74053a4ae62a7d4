"""The parser process: reads hostile files where a crash, a hang or full memory hurts nobody.

Run as `python -m services.normalizer.sandbox`; `parser.py` starts, feeds and kills it. Requests and answers
are frames: 4 bytes length of the JSON header, 8 bytes length of the body (big-endian), header, body.
"""

import json
import os
import resource
import struct
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, BinaryIO

from services.normalizer.formats import Kind
from services.normalizer.limits import Limits
from services.normalizer.parsers import parse, unpack
from shared.errors import RejectedError

FRAME = struct.Struct(">IQ")
_FILES = 64


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answers until the other end closes its pipe."""
    while (frame := read_frame(requests)) is not None:
        header, body = frame
        limits = Limits(**header["limits"])
        _allow_seconds(limits.seconds)
        write_frame(answers, *_answer(header["do"], header["kind"], header["path"], body, limits))


def read_frame(stream: BinaryIO) -> tuple[Any, bytes] | None:
    """Header and body, or None at the end of the stream."""
    prefix = stream.read(FRAME.size)
    if len(prefix) < FRAME.size:
        return None
    header_size, body_size = FRAME.unpack(prefix)
    return json.loads(stream.read(header_size)), stream.read(body_size)


def write_frame(stream: BinaryIO, header: Mapping[str, Any], body: bytes = b"") -> None:
    """Header and body, flushed."""
    encoded = json.dumps(header).encode()
    stream.write(FRAME.pack(len(encoded), len(body)) + encoded)
    stream.write(body)
    stream.flush()


def _answer(do: str, kind: Kind, path: str, body: bytes, limits: Limits) -> tuple[dict[str, Any], bytes]:
    try:
        if do == "unpack":
            members = unpack(kind, path, body, limits)
            rows = [{"name": member.name, "size": len(member.content), "reason": member.reason} for member in members]
            return {"members": rows}, b"".join(member.content for member in members)
        return {"items": [asdict(item) for item in parse(kind, body, limits)]}, b""
    except RejectedError as error:
        return {"rejected": str(error)}, b""
    except MemoryError:
        return {"rejected": f"reading it needs more memory than the limit of {limits.memory_bytes} bytes"}, b""
    except RecursionError:
        return {"rejected": "its parts are nested too deeply"}, b""


def _allow_seconds(seconds: float) -> None:
    """Processor time for one request; the other side measures elapsed time, unless it is gone."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _lock_in(memory_bytes: int) -> None:
    """No more memory than this, no files to speak of, nothing written, no core file, no new process."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES, _FILES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def main() -> None:
    """Takes the pipes away from the parsers: whatever prints goes nowhere."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    _lock_in(int(sys.argv[1]))
    serve(requests, answers)


if __name__ == "__main__":
    main()
