"""Values over a socket between processes of one program, each a length and its marshalled bytes."""

import marshal
import socket
import struct
from typing import Any

_LENGTH = struct.Struct("!Q")
_CHUNK = 1 << 18


class Frames:
    """One end. Values are tuples, lists, strings, bytes, numbers, None."""

    def __init__(self, end: socket.socket) -> None:
        self.socket = end
        self._buffer = bytearray()

    def fileno(self) -> int:
        """For select."""
        return self.socket.fileno()

    def send(self, value: Any) -> None:
        """Waits until the other end (or the kernel) has taken it. Raises OSError when it is gone."""
        data = marshal.dumps(value)
        self.socket.sendall(_LENGTH.pack(len(data)) + data)

    def receive(self) -> list[Any]:
        """Waits for bytes; gives the values they complete, maybe none. EOFError or OSError at the end."""
        chunk = self.socket.recv(_CHUNK)
        if not chunk:
            raise EOFError("the other process is gone")
        self._buffer += chunk
        return self._complete()

    def receive_one(self) -> Any:
        """Waits for one whole value, where no other follows it unasked."""
        while True:
            if values := self.receive():
                return values[0]

    def _complete(self) -> list[Any]:
        values, start = [], 0
        with memoryview(self._buffer) as view:
            while len(view) - start >= _LENGTH.size:
                [length] = _LENGTH.unpack_from(view, start)
                end = start + _LENGTH.size + length
                if end > len(view):
                    break
                values.append(marshal.loads(view[start + _LENGTH.size : end]))  # noqa: S302 - from ourselves
                start = end
        del self._buffer[:start]
        return values

    def close(self) -> None:
        """The other end reads end of file."""
        self.socket.close()
