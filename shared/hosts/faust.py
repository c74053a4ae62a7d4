"""One stage on Kafka as a Faust worker. It moves bytes and decides nothing else.

At least once: an event is acknowledged when the brokers have what it led to; Faust commits acknowledged events
without gaps. State lives behind the stage's store, never in Faust tables. Serializers are raw: Faust's own would
write its metadata into our messages.
"""

import asyncio
import logging
import os
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from datetime import datetime
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

import faust
from aiokafka.errors import KafkaError
from faust.exceptions import ProducerSendError
from faust.types.enums import ProcessingGuarantee
from yarl import URL

from shared.bus.connection import MECHANISM, Connection
from shared.bus.kafka import ANSWER_SECONDS, FETCH_BYTES, SESSION_SECONDS
from shared.bus.kafka_headers import headers_of, started_of
from shared.bus.kafka_topics import MAX_MESSAGE_BYTES
from shared.bus.port import Record
from shared.errors import RejectedError, TransientError
from shared.hosts.attempt import Batch, Dealt, bury, count, deal_with
from shared.hosts.patience import LONGEST, SHORTEST, Patience
from shared.metrics import Metrics
from shared.stage import Delivery, Stage

IN_FLIGHT = 256
"""Events whose messages the brokers have not acknowledged yet."""
BATCH = 64
BATCH_SECONDS = 0.02
"""Events are handed to the stage so many at a time, and what came of them is sent after so long at the latest."""
LONG_BATCH_SECONDS = 0.25
"""The same, where their effects become final together: that takes as long for one as for many."""
CRASHED = 1
LOOK_SECONDS = 0.2
STOP_SECONDS = 15.0

log = logging.getLogger(__name__)


class Done(NamedTuple):
    """An event, and what came of it."""

    event: Any
    record: Record
    dealt: Dealt


Sending = list[Awaitable[object]] | None


class FaustHost:
    """One worker. Transient failures wait in place: with an event unfinished, all its partitions do.

    Faust insists on a folder for tables, though there are none: `folder` is made, and stays empty. `batch` is what the
    effects of several messages have in common; it has to undo all of them when its block raises, or to bear their
    being done twice. What messages lead to is sent once their effects are final."""

    def __init__(
        self,
        stage: Stage,
        connection: Connection,
        metrics: Metrics,
        clock: Callable[[], datetime],
        *,
        folder: Path,
        batch: Batch | None = None,
        instance: str | None = None,
    ) -> None:
        self.stage = stage
        self._batch = batch or (lambda _: nullcontext())
        self._batch_seconds = LONG_BATCH_SECONDS if batch else BATCH_SECONDS
        self.patience = Patience(stage.name, metrics)
        self._folder = folder
        self._prefix = connection.prefix
        self._metrics = metrics
        self._clock = clock
        self._app = build_app(stage.name, connection, folder, instance)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=stage.name)
        self._room = asyncio.Semaphore(IN_FLIGHT)
        self._waiting: deque[Any] = deque()
        self._is_draining = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._failed = False
        topics = [connection.prefix + message.TYPE for message in stage.reads]
        source = self._app.topic(*topics, key_serializer="raw", value_serializer="raw", allow_empty=True)
        self._app.agent(source, name=f"{connection.prefix}{stage.name}")(self._work)

    @property
    def is_waiting(self) -> bool:
        """Whether something outside keeps it from going on."""
        return bool(self.patience.reason)

    def assigned(self) -> set[tuple[str, int]]:
        """Partitions (topic, number) the group has given this worker."""
        places = self._app.assignor.assigned_actives()
        return {(place.topic.removeprefix(self._prefix), place.partition) for place in places}

    def run(self, stop: Event) -> int:
        """Until told to stop (0), or until Faust or this gives up (1). To be called in the main thread."""
        return asyncio.run(self._run(stop))

    async def _run(self, stop: Event) -> int:
        self._folder.mkdir(parents=True, exist_ok=True)
        await self._app.start()
        while not (stop.is_set() or self._failed or self._app.crashed):
            await asyncio.sleep(LOOK_SECONDS)
        failed = bool(self._app.crashed) or self._failed
        try:
            await asyncio.wait_for(self._app.stop(), STOP_SECONDS)
        except TimeoutError:
            log.error("Faust does not stop; ending without it: what it had not committed is done again")
            os._exit(CRASHED)
        self._thread.shutdown()
        return CRASHED if failed else 0

    async def _work(self, stream: Any) -> None:
        """The agent: hands events on, as many as may be on their way."""
        with self._ending_on_mistakes():
            async for event in stream.noack().events():
                await self._room.acquire()
                self._waiting.append(event)
                if not self._is_draining:
                    self._is_draining = True
                    self._begin(self._drain())

    async def _drain(self) -> None:
        """All that wait, some at a time, in their order; sending overlaps with the next ones."""
        with self._ending_on_mistakes():
            while self._waiting:
                events = list(islice(self._waiting, BATCH))
                records = [self._record(event.message) for event in events]
                dealt = await self._deal_with(records)
                done = [Done(*one) for one in zip(events, records, dealt, strict=False)]
                for _ in done:
                    self._waiting.popleft()
                self._begin(self._finish(done, await self._sending(done)))
            self._is_draining = False

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @contextmanager
    def _ending_on_mistakes(self) -> Iterator[None]:
        """Faust would start the agent again, behind an event nobody will ever acknowledge."""
        finished = False
        try:
            yield
            finished = True
        except asyncio.CancelledError:
            finished = True
            raise
        finally:
            if not finished:
                log.critical("%s failed in a way nobody thought of; ending so as to be started again", self.stage.name)
                self._failed = True

    async def _deal_with(self, records: Sequence[Record]) -> list[Dealt]:
        """The first of them, at least one. What fails for now is tried until it does not."""
        loop = asyncio.get_running_loop()
        seconds = SHORTEST
        while True:
            # In a thread: heartbeats go on meanwhile.
            dealt, reason = await loop.run_in_executor(self._thread, self._deal_with_some, records)
            if dealt:
                self.patience.regain()
                return dealt
            self.patience.lose(reason)
            await asyncio.sleep(seconds)
            seconds = min(2 * seconds, LONGEST)

    def _deal_with_some(self, records: Sequence[Record]) -> tuple[list[Dealt], str]:
        try:
            with self._batch(records):
                return deal_with_some(self.stage, records, self._clock, self._batch_seconds)
        except TransientError as error:
            return [], str(error)
        except RejectedError as error:
            # One of them is to blame: one at a time shows which.
            if len(records) > 1:
                return self._deal_with_some(records[:1])
            return [bury(self.stage, records[0], error, self._clock())], ""

    async def _finish(self, done: Sequence[Done], sending: Sending) -> None:
        """Acknowledges once everything is written; until then, and if never, the events are read again."""
        seconds = SHORTEST
        with self._ending_on_mistakes():
            while not await self._sent(sending):
                await asyncio.sleep(seconds)
                seconds = min(2 * seconds, LONGEST)
                sending = await self._sending(done)
            now = self._clock()
            for one in done:
                one.event.ack()
                self._room.release()
                count(self._metrics, self.stage.name, one.record, one.dealt, now)

    async def _sending(self, done: Sequence[Done]) -> Sending:
        """What they led to is on its way, in order; each awaits the brokers. None: not all of it is."""
        try:
            producer = await self._app.maybe_start_producer()
            return [await self._send(producer, written, one.record) for one in done for written in one.dealt.written]
        except (KafkaError, ProducerSendError) as error:
            self._lose_kafka(error)
            return None

    async def _sent(self, sending: Sending) -> bool:
        """Whether the brokers have them all."""
        if sending is None:
            return False
        try:
            await asyncio.gather(*sending)
        except (KafkaError, ProducerSendError) as error:
            self._lose_kafka(error)
            return False
        return True

    def _lose_kafka(self, error: Exception) -> None:
        self.patience.lose(f"Kafka cannot be written: {type(error).__name__}: {error}")

    async def _send(self, producer: Any, delivery: Delivery, record: Record) -> Awaitable[object]:
        """What comes back has to be awaited, too: only then the brokers have the message.

        By the producer, not by `app.send`, which makes a topic of its own for each message.
        """
        started = self._clock().timestamp() if record.started is None else record.started
        headers = headers_of(delivery.value, started)
        sent: Awaitable[object] = await producer.send(
            self._prefix + delivery.topic, delivery.key.encode(), delivery.value, None, None, headers
        )
        return sent

    def _record(self, message: Any) -> Record:
        topic = message.topic.removeprefix(self._prefix)
        key = (message.key or b"").decode("utf-8", "replace")
        started = started_of(message.headers or ())
        return Record(topic, message.partition, message.offset, key, message.value or b"", started)


def deal_with_some(
    stage: Stage, records: Sequence[Record], clock: Callable[[], datetime], seconds: float
) -> tuple[list[Dealt], str]:
    """As many of them as there is time for, at least one unless it cannot be done now: then why."""
    dealt: list[Dealt] = []
    ends = time.monotonic() + seconds
    for record in records:
        try:
            dealt.append(deal_with(stage, record, clock))
        except TransientError as error:
            return dealt, str(error)
        if time.monotonic() >= ends:
            break
    return dealt, ""


def build_app(name: str, connection: Connection, folder: Path, instance: str | None) -> Any:
    """A Faust application tuned as measured. Its id is the consumer group."""
    group = connection.prefix + name
    return faust.App(
        group,
        datadir=folder / f"{group}-data",
        broker=[URL(f"kafka://{server}") for server in connection.servers],
        broker_credentials=_credentials(connection),
        processing_guarantee=ProcessingGuarantee.AT_LEAST_ONCE,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        # Back in seconds after kill -9 instead of in more than a minute.
        consumer_group_instance_id=f"{group}-{instance}" if instance else None,
        broker_session_timeout=float(SESSION_SECONDS),
        broker_heartbeat_interval=SESSION_SECONDS / 5,
        broker_commit_interval=0.5,
        broker_max_poll_records=None,
        broker_request_timeout=float(3 * SESSION_SECONDS),
        consumer_max_fetch_size=FETCH_BYTES,
        producer_linger=0.005,
        producer_max_batch_size=256 * 1024,
        producer_max_request_size=MAX_MESSAGE_BYTES,
        producer_request_timeout=float(ANSWER_SECONDS),
        stream_buffer_maxsize=IN_FLIGHT,
    )


def _credentials(connection: Connection) -> Any:
    context = connection.context()
    if connection.user:
        return faust.SASLCredentials(
            username=connection.user, password=connection.password, ssl_context=context, mechanism=MECHANISM
        )
    return faust.SSLCredentials(context) if context else None
