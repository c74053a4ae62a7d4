"""The process that loads the pure stages once and forks a worker whenever it is given a socket.

It has never opened the database, has one thread, and so can fork safely; its workers share the loaded data
tables. It and its workers are a session of their own: Ctrl-C does not reach them, and they end when the
host's sockets close. Run as `python -m shared.hosts.nursery MODULE:FUNCTION FD`.
"""

import gc
import importlib
import os
import signal
import socket
import sys
from contextlib import suppress
from datetime import UTC, datetime

from shared.bus.topics import load_topics
from shared.hosts.chain import Chain
from shared.hosts.frames import Frames


def main(build: str, control_fd: int) -> None:
    """Says which stages there are, then forks; ends with all its workers when the host is gone."""
    # A handler, not SIG_IGN: programs a stage starts must not inherit it.
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    module, _, function = build.partition(":")
    chain = Chain(getattr(importlib.import_module(module), function)(), load_topics())
    gc.freeze()
    control = Frames(socket.socket(fileno=control_fd))
    with suppress(OSError):  # the host is gone
        control.send([(s.name, [message.TYPE for message in s.reads]) for s in chain.stages.values()])
        while fds := socket.recv_fds(control.socket, 1, 1)[1]:
            if child := os.fork():
                os.close(fds[0])
                control.send(child)
            else:
                _become_worker(chain, control, fds[0])
                return
    os.killpg(0, signal.SIGKILL)


def _become_worker(chain: Chain, control: Frames, fd: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    control.close()
    work(chain, Frames(socket.socket(fileno=fd)))


def work(chain: Chain, frames: Frames) -> None:
    """Answers requests in order until the host is gone; None says that those waiting are taken up."""
    try:
        while True:
            requests = frames.receive()
            if requests:
                frames.send(None)
            for job, stage, topic, stamp, alone, raw in requests:
                now = datetime.fromtimestamp(stamp, UTC)
                outcome = chain.run(stage, topic, raw, now, alone=alone)
                frames.send(
                    (
                        job,
                        [(d.topic, d.key, d.value, d.id) for d in outcome.deliveries],
                        [(s.stage, s.seconds, s.written, s.dead) for s in outcome.spent],
                        outcome.waiting,
                    )
                )
    except (EOFError, OSError):
        return


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
