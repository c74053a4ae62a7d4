"""Where pure stages run: in this process, or in worker processes on all cores."""

import logging
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from shared.bus.port import Record
from shared.bus.topics import load_topics
from shared.hosts.chain import Chain, Outcome, Spent
from shared.hosts.frames import Frames
from shared.stage import Delivery, Stage, dead_letter

Build = Callable[[], Sequence[Stage]]

# A worker has this much before it, so that it never waits for the host; more than a socket takes would
# block both.
WINDOW_MESSAGES = 32
WINDOW_BYTES = 128 * 1024
MESSAGE_SECONDS = 120.0
STRIKES = 2
_STARTS = 3

log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class Job:
    """A record for a stage. `strikes` counts the workers that died on it; after the first it goes `alone`. `spared` is
    whether one died before it took it up."""

    stage: str
    record: Record
    now: datetime
    strikes: int = 0
    spared: bool = False
    outcome: Outcome | None = None


class Pool(Protocol):
    """Turns jobs into outcomes."""

    deaths: int
    """How many workers died."""

    @property
    def reads(self) -> dict[str, list[str]]:
        """Stage name -> its topics, in the order of the road."""

    def submit(self, jobs: Iterable[Job]) -> None:
        """Queues jobs."""

    def collect(self, seconds: float) -> None:
        """Works, or waits for workers, until all is done or the time is over."""

    @property
    def is_working(self) -> bool:
        """Whether jobs are queued or out."""

    def close(self) -> None:
        """Ends all workers; what they had is not done."""


class InProcess:
    """One worker: this process."""

    def __init__(self, build: Build) -> None:
        self._chain = Chain(build(), load_topics())
        self._queue: deque[Job] = deque()
        self._reads = {s.name: [message.TYPE for message in s.reads] for s in self._chain.stages.values()}
        self.deaths = 0

    @property
    def reads(self) -> dict[str, list[str]]:
        """Stage name -> its topics, in the order of the road."""
        return self._reads

    @property
    def is_working(self) -> bool:
        """Whether jobs are queued."""
        return bool(self._queue)

    def submit(self, jobs: Iterable[Job]) -> None:
        """Queues jobs."""
        self._queue.extend(jobs)

    def collect(self, seconds: float) -> None:
        """Does jobs until the time is over, at least one."""
        deadline = time.monotonic() + seconds
        while self._queue:
            job = self._queue.popleft()
            job.outcome = self._chain.run(job.stage, job.record.topic, job.record.value, job.now)
            if time.monotonic() >= deadline:
                return

    def close(self) -> None:
        """Forgets the queue."""
        self._queue.clear()


@dataclass(eq=False, slots=True)
class _Worker:
    pid: int
    frames: Frames
    sent: deque[tuple[Job, int]] = field(default_factory=deque)
    bytes: int = 0
    since: float = 0.0
    has_begun: bool = False

    def has_room(self, size: int) -> bool:
        """A worker with nothing to do is reading: it can be sent anything."""
        return not self.sent or (len(self.sent) < WINDOW_MESSAGES and self.bytes + size < WINDOW_BYTES)


class Workers:
    """Worker processes forked from one nursery.

    A worker that dies (killed, out of memory, crashed, or longer on one message than `message_seconds`) is
    replaced; the message it was working on is tried once more, one stage at a time with the log in between,
    and is a dead letter of the right stage the second time. On that way others of its key may overtake it,
    which their versions allow. One that was sent to it and never taken up is not to blame, once.
    """

    def __init__(self, build: Build, count: int, *, message_seconds: float | None = None) -> None:
        self._build = f"{build.__module__}:{build.__qualname__}"
        self._count = count
        self._message_seconds = message_seconds or MESSAGE_SECONDS
        self._queue: deque[Job] = deque()
        self._workers: list[_Worker] = []
        self._selector = selectors.DefaultSelector()
        self._reads: dict[str, list[str]] = {}
        self.deaths = 0
        self._start_nursery()

    @property
    def reads(self) -> dict[str, list[str]]:
        """Waits for the nursery, the first time."""
        self._complete()
        return self._reads

    @property
    def is_working(self) -> bool:
        """Whether jobs are queued or out."""
        return bool(self._queue) or any(worker.sent for worker in self._workers)

    @property
    def pids(self) -> list[int]:
        """The workers' process ids."""
        return [worker.pid for worker in self._workers]

    @property
    def nursery_pid(self) -> int:
        """The nursery's process id."""
        return self._nursery.pid

    def submit(self, jobs: Iterable[Job]) -> None:
        """Queues jobs."""
        self._queue.extend(jobs)

    def collect(self, seconds: float) -> None:
        """Waits until all is done or the time is over, handing out work as there is room."""
        deadline = time.monotonic() + seconds
        while True:
            self._complete()
            self._hand_out()
            self._end_stuck()
            left = deadline - time.monotonic()
            ready = self._selector.select(max(0.0, left) if self.is_working else 0.0)
            for key, _ in ready:
                self._receive(key.data)
            if left <= 0 or not self.is_working:
                return

    def close(self) -> None:
        """Ends all workers; what they had is not done."""
        self._queue.clear()
        for worker in self._workers:
            worker.frames.close()
        self._workers.clear()
        self._selector.close()
        self._end_nursery()

    def _start_nursery(self) -> None:
        ours, theirs = socket.socketpair()
        self._control = Frames(ours)
        self._is_ready = False
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        self._nursery = subprocess.Popen(  # noqa: S603 - our own module by our own interpreter
            [sys.executable, "-P", "-m", "shared.hosts.nursery", self._build, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        theirs.close()

    def _complete(self) -> None:
        """As many workers as there should be."""
        while len(self._workers) < self._count:
            if not self._is_ready:
                self._reads = dict(self._hello())
                self._is_ready = True
            self._fork()

    def _hello(self) -> list[tuple[str, list[str]]]:
        """What the nursery says once it has loaded the stages; RuntimeError when it cannot."""
        for _ in range(_STARTS):
            try:
                found: list[tuple[str, list[str]]] = self._control.receive_one()
            except (EOFError, OSError):
                if self._end_nursery() > 0:
                    break
                self._start_nursery()
            else:
                return found
        raise RuntimeError(f"{self._build}: the stages could not be loaded; the reason is on standard error")

    def _end_nursery(self) -> int:
        self._control.close()
        return self._nursery.wait()

    def _fork(self) -> None:
        ours, theirs = socket.socketpair()
        ours.settimeout(self._message_seconds)
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * WINDOW_BYTES)
        with theirs:
            try:
                socket.send_fds(self._control.socket, [b"w"], [theirs.fileno()])
                pid = self._control.receive_one()
            except (EOFError, OSError):
                ours.close()
                self._replace_nursery()
                return
        worker = _Worker(pid, Frames(ours))
        self._workers.append(worker)
        self._selector.register(worker.frames, selectors.EVENT_READ, worker)

    def _replace_nursery(self) -> None:
        """Its workers go on; the ones missing are forked as soon as the new one has loaded."""
        log.warning("the nursery died; starting another")
        self._end_nursery()
        self._start_nursery()

    def _hand_out(self) -> None:
        for worker in sorted(self._workers, key=lambda worker: len(worker.sent)):
            while self._queue and worker.has_room(len(self._queue[0].record.value)):
                if not self._send(worker, self._queue.popleft()):
                    break

    def _send(self, worker: _Worker, job: Job) -> bool:
        record = job.record
        request = (id(job), job.stage, record.topic, job.now.timestamp(), job.strikes > 0, record.value)
        if not worker.sent:
            worker.since = time.monotonic()
        worker.sent.append((job, len(record.value)))
        worker.bytes += len(record.value)
        try:
            worker.frames.send(request)
        except OSError:
            self._bury(worker)
            return False
        return True

    def _receive(self, worker: _Worker) -> None:
        if worker not in self._workers:
            return
        try:
            answers = worker.frames.receive()
        except (EOFError, OSError):
            self._bury(worker)
            return
        for answer in answers:
            if answer is None:
                worker.has_begun = True
                continue
            _, deliveries, spent, waiting = answer
            job, size = worker.sent.popleft()
            worker.has_begun = worker.has_begun and bool(worker.sent)
            worker.bytes -= size
            worker.since = time.monotonic()
            job.outcome = Outcome([Delivery(*d) for d in deliveries], [Spent(*s) for s in spent], waiting)

    def _end_stuck(self) -> None:
        late = time.monotonic() - self._message_seconds
        for worker in [w for w in self._workers if w.sent and w.since < late]:
            os.kill(worker.pid, signal.SIGKILL)
            self._bury(worker)

    def _bury(self, worker: _Worker) -> None:
        """The first message not answered is the one it died on; the others were only waiting."""
        self.deaths += 1
        self._workers.remove(worker)
        self._selector.unregister(worker.frames)
        worker.frames.close()
        jobs = [job for job, _ in worker.sent]
        if jobs and (worker.has_begun or jobs[0].spared):
            self._blame(jobs[0])
        elif jobs:
            jobs[0].spared = True  # but not for ever: to take it up may be what kills
        self._queue.extendleft(job for job in reversed(jobs) if job.outcome is None)

    def _blame(self, job: Job) -> None:
        job.strikes += 1
        log.warning("a worker died on a message of %s (%s), time %d", job.record.topic, job.stage, job.strikes)
        if job.strikes >= STRIKES:
            reason = "its worker process died (crash, out of memory or time limit) each time it was tried"
            error = WorkerDiedError(reason)
            letter = dead_letter(job.stage, job.record.value, error, job.now, topic=job.record.topic)
            job.outcome = Outcome([letter], [Spent(job.stage, 0.0, 1, 1)])


class WorkerDiedError(Exception):
    """A message ended the process that worked on it."""
