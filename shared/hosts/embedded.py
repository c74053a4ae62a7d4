"""The whole system in one process and its workers: stages on a SQLite log.

Pure stages run in a pool, many messages at a time, and what they write is appended in the order of what
they read. Stages with a store run here, one after the other. Reading, effects, writing and the group's
offset are one transaction: whenever the process ends, each message has either happened or not.
"""

import signal
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import takewhile
from threading import Event, Thread
from typing import Protocol

from shared.bus.sqlite import SqliteBus
from shared.envelope import attributes
from shared.errors import TransientError
from shared.hosts.effects import EffectStage
from shared.hosts.patience import Patience
from shared.hosts.pool import Build, InProcess, Job, Pool, Workers
from shared.metrics import Metrics
from shared.schemas import ArticleReceived
from shared.stage import Stage
from shared.store.database import Database

# Jobs that are out, or back and waiting for one before them.
IN_FLIGHT = 512
IN_FLIGHT_BYTES = 32 * 1024 * 1024
# Articles on the log that no stage has taken yet: what the sources may fill up.
WAITING = 512
# Messages a stage with a store may be behind before the pool pauses.
BEHIND = 2048
TURN_SECONDS = 0.015
# With much in flight nobody sees a single article's latency, and fewer, larger transactions cost less.
LONG_TURN_SECONDS = 0.2
MUCH_IN_FLIGHT = 64
IDLE_SECONDS = 0.02


class Source(Protocol):
    """What brings in messages from outside: the feeder."""

    def step(self, room: int) -> bool:
        """Publishes at most `room` messages; says whether it did anything."""


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def stop_on_signals() -> Event:
    """Set by SIGTERM and SIGINT. To be called in the main thread."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


class EmbeddedHost:
    """`pure` builds the pure stages (a function of a module: worker processes import it); `stages` have a
    store in `database`; `slow` ones talk to the outside and have a thread and a connection each.

    With one worker the pure stages run in this process. Close it after use.
    """

    def __init__(
        self,
        database: Database,
        pure: Build,
        stages: Sequence[Stage] = (),
        *,
        slow: Sequence[Stage] = (),
        sources: Sequence[Source] = (),
        workers: int = 1,
        metrics: Metrics | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self.bus = SqliteBus(database)
        self.metrics = metrics or Metrics()
        self.pool: Pool = Workers(pure, workers) if workers > 1 else InProcess(pure)
        self._clock = clock
        self._sources = [(source, Patience("feeder", self.metrics)) for source in sources]
        self._effects = [EffectStage(stage, database, self.bus, self.metrics, clock) for stage in stages]
        self._log = Patience("log", self.metrics)
        self._jobs: dict[str, deque[Job]] = defaultdict(deque)
        self._patience: dict[str, Patience] = {}
        self._again: list[Job] = []
        self._deaths = 0
        self._stopped = Event()
        self._threads = [Thread(target=self._run_slow, args=(stage,), name=stage.name) for stage in slow]
        self._slow = [(stage.name, [message.TYPE for message in stage.reads]) for stage in slow]
        for thread in self._threads:
            thread.start()

    def run(self, stop: Event) -> None:
        """Works until told to stop; what has been started in this process is finished and committed."""
        while not stop.is_set():
            if not self.step():
                stop.wait(IDLE_SECONDS)

    def drain(self) -> None:
        """Works until nothing is left anywhere, however long something outside keeps it waiting."""
        while True:
            if not self.step():
                if not self.is_busy:
                    return
                time.sleep(IDLE_SECONDS)

    @property
    def is_busy(self) -> bool:
        """Whether anything is on its way."""
        groups = [*self.pool.reads.items(), *((e.stage.name, e.topics) for e in self._effects), *self._slow]
        return any(patience.reason for _, patience in self._sources) or any(
            self.bus.lag(group, topics) for group, topics in groups
        )

    def step(self) -> bool:
        """One turn of everything; says whether anything was done."""
        fed = [self._feed(source, patience) for source, patience in self._sources]
        self._hand_out()
        self.pool.collect(self._turn_seconds)
        settled = self._settle()
        worked = [effect.turn() for effect in self._effects]
        now = self._clock()
        for age in filter(None, (_age(job, now) for job in settled)):
            self.metrics.observe("clashwatch_article_seconds", age)
        return any(fed) or any(worked) or bool(settled) or self.pool.is_working

    @property
    def _turn_seconds(self) -> float:
        in_flight = sum(len(jobs) for jobs in self._jobs.values())
        return LONG_TURN_SECONDS if in_flight > MUCH_IN_FLIGHT else TURN_SECONDS

    @property
    def room(self) -> int:
        """How many more articles the log should be given now."""
        waiting = sum(
            self.bus.lag(name, [ArticleReceived.TYPE])
            for name, topics in self.pool.reads.items()
            if ArticleReceived.TYPE in topics
        )
        return max(0, WAITING - waiting)

    def close(self) -> None:
        """Ends workers and threads. Whatever was on its way happens at the next start."""
        self._stopped.set()
        self.pool.close()
        for thread in self._threads:
            thread.join()

    def _feed(self, source: Source, patience: Patience) -> bool:
        if not patience.is_over:
            return False
        try:
            fed = source.step(self.room)
        except TransientError as error:
            patience.lose(str(error))
            return False
        patience.regain()
        return fed

    def _hand_out(self) -> None:
        """Gives the pool what there is room for, the end of the road first."""
        for job in [job for job in self._again if self._patience_of(job).is_over]:
            self._again.remove(job)
            self.pool.submit([job])
        if any(effect.lag > BEHIND for effect in self._effects):
            return
        for stage, topics in reversed(self.pool.reads.items()):
            jobs = self._jobs[stage]
            if len(jobs) <= IN_FLIGHT // 2 and sum(len(job.record.value) for job in jobs) < IN_FLIGHT_BYTES:
                now = self._clock()
                new = [Job(stage, record, now) for record in self.bus.read(stage, topics, IN_FLIGHT - len(jobs))]
                jobs.extend(new)
                self.pool.submit(new)

    def _settle(self) -> list[Job]:
        """Appends what the jobs came to, in the order of their records; gives the jobs that are done with."""
        self._put_off()
        done = [job for jobs in self._jobs.values() for job in takewhile(lambda job: job.outcome is not None, jobs)]
        if not done or not self._log.is_over:
            return []
        try:
            with self._database.transaction():
                self._append(done)
        except TransientError as error:
            self._log.lose(str(error))
            return []
        self._log.regain()
        for job in done:
            self._jobs[job.stage].popleft()
        self._count(done)
        return done

    def _append(self, done: Sequence[Job]) -> None:
        self.bus.publish([d for job in done if job.outcome for d in job.outcome.deliveries])
        for stage in self._jobs:
            self.bus.commit(stage, [job.record for job in done if job.stage == stage])

    def _put_off(self) -> None:
        """What cannot be done now is tried again, and keeps its place."""
        for job in (job for jobs in self._jobs.values() for job in jobs):
            if job.outcome and job.outcome.waiting:
                self._patience_of(job).lose(job.outcome.waiting)
                job.outcome = None
                self._again.append(job)

    def _patience_of(self, job: Job) -> Patience:
        return self._patience.setdefault(job.stage, Patience(job.stage, self.metrics))

    def _count(self, done: Sequence[Job]) -> None:
        for job in done:
            self._patience_of(job).regain()
            for spent in job.outcome.spent if job.outcome else ():
                self.metrics.message(spent.stage, spent.seconds, spent.written, spent.dead)
        self.metrics.count("clashwatch_worker_deaths_total", self.pool.deaths - self._deaths)
        self._deaths = self.pool.deaths

    def _run_slow(self, stage: Stage) -> None:
        """A thread's whole life."""
        database = Database(self._database.path.parent)
        effect = EffectStage(stage, database, SqliteBus(database), self.metrics, self._clock, alone=True)
        while not self._stopped.is_set():
            if not effect.turn():
                self._stopped.wait(IDLE_SECONDS)
        database.close()


def _age(job: Job, now: datetime) -> float | None:
    """Seconds since an article was received."""
    if job.record.topic != ArticleReceived.TYPE:
        return None
    try:
        return (now - datetime.fromisoformat(attributes(job.record.value)["time"])).total_seconds()
    except (ValueError, KeyError, TypeError):
        return None
