"""The embedded host: everything happens, in order, once, whatever fails."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from services.indexer.stage import build as build_indexer
from shared.bus import dead_letters
from shared.errors import TransientError
from shared.hosts import effects as effects_module
from shared.hosts import embedded, pool
from shared.hosts.embedded import EmbeddedHost
from shared.hosts.pool import Workers
from shared.schemas import AlertRaised, ArticleAnalyzed, ArticleReceived, DeadLetter, FileSettled, Message
from shared.stage import Delivery, Stage, first_delivery
from shared.store.database import Database
from shared.store.sqlite_index import SqliteIndexStore
from tests.unit.host_stages import NOW, broken_stages, dropped, no_stages, pure_stages


class System:
    """A host with the indexer on a data folder of its own."""

    def __init__(self, data: Path, workers: int, stages: Sequence[Stage] = (), **options: Any) -> None:
        self.database = Database(data)
        self.store = SqliteIndexStore(self.database)
        indexer = build_indexer(self.store, self.database.transaction)
        options = {"pure": pure_stages} | options
        self.host = EmbeddedHost(self.database, stages=(*stages, indexer), workers=workers, **options)

    def drop(self, *deliveries: Delivery) -> None:
        self.host.bus.publish(deliveries)

    def titles(self) -> list[str]:
        return [body["title"] for body in self.store.scan("articles")]

    def letters(self) -> list[DeadLetter]:
        return [dead_letters.show(self.store, b["letter_id"]) for b in dead_letters.waiting(self.store)]

    def close(self) -> None:
        self.host.close()
        self.database.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., System]]:
    systems: list[System] = []

    def started(workers: int = 1, *stages: Stage, **options: Any) -> System:
        systems.append(System(tmp_path, workers, stages, **options))
        return systems[-1]

    yield started
    for system in systems:
        system.close()


both = pytest.mark.parametrize("workers", [1, 2])


@both
def test_draining_leaves_nothing_anywhere(start: Callable[..., System], workers: int) -> None:
    system = start(workers)
    system.drop(*(dropped(i) for i in range(300)))
    system.host.drain()
    assert system.titles() == [f"Article {i}" for i in range(300)]
    assert system.store.counts("files", "state") == {"indexed": 300}
    assert not system.host.is_busy
    for topic in ("article.normalized", "article.tagged", "article.analyzed"):
        assert system.database.execute(f'SELECT count(*) FROM "log:{topic}"').fetchone() == (0,)


@both
def test_draining_again_does_nothing(start: Callable[..., System], workers: int) -> None:
    system = start(workers)
    system.drop(dropped(1))
    system.host.drain()
    assert not system.host.step()


@both
def test_versions_of_an_article_are_dealt_with_in_order(start: Callable[..., System], workers: int) -> None:
    seen: list[tuple[str, int]] = []

    def look(message: Message, now: datetime) -> Iterable[Message]:
        assert isinstance(message, ArticleAnalyzed)
        seen.append((message.article_id, message.version))
        return ()

    watcher = Stage("watcher", (ArticleAnalyzed,), (), look)
    system = start(workers, watcher)
    system.drop(*(dropped(i, f"same content {i % 5}", version=1 + i // 5 * 2) for i in range(200)))
    system.host.drain()
    by_article: dict[str, list[int]] = {}
    for key, version in seen:
        by_article.setdefault(key, []).append(version)
    assert [versions == list(range(1, 80, 2)) for versions in by_article.values()] == [True] * 5


@both
@pytest.mark.parametrize("stage", ["normalizer", "tagger", "detector"])
def test_an_exception_is_a_dead_letter_and_the_rest_goes_on(
    start: Callable[..., System], workers: int, stage: str
) -> None:
    system = start(workers)
    system.drop(dropped(1), dropped(2, f"EXPLODE in-{stage}"), dropped(3))
    system.host.drain()
    assert system.titles() == ["Article 1", "Article 3"]
    [letter] = system.letters()
    assert (letter.stage, letter.reason) == (stage, "RuntimeError: exploded")
    assert letter.topic == {"normalizer": "article.received", "tagger": "article.normalized"}.get(
        stage, "article.tagged"
    )


@pytest.mark.parametrize("stage", ["normalizer", "tagger", "detector"])
def test_a_message_that_kills_its_worker_twice_is_a_dead_letter_of_its_stage(
    start: Callable[..., System], stage: str
) -> None:
    system = start(2)
    system.drop(*(dropped(i, f"DIE in-{stage}" if i == 20 else None) for i in range(60)))
    system.host.drain()
    assert system.titles() == [f"Article {i}" for i in range(60) if i != 20]
    [letter] = system.letters()
    assert letter.stage == stage
    assert letter.error == "WorkerDiedError"
    assert f"DIE in-{stage}".encode() in letter.original or stage == "normalizer"


def test_large_messages_do_not_block_host_and_workers(
    start: Callable[..., System], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "MESSAGE_SECONDS", 5.0)
    system = start(2)
    large = os.urandom(500_000).hex()
    system.drop(*(dropped(i, f"Article {i}\n\n{large if i % 3 else ''}") for i in range(60)))
    system.host.drain()
    assert system.titles() == [f"Article {i}" for i in range(60)]
    assert system.host.pool.deaths == 0


def test_a_worker_that_hangs_is_ended(start: Callable[..., System], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "MESSAGE_SECONDS", 0.3)
    system = start(2)
    system.drop(dropped(1), dropped(2, "HANG in-tagger"), dropped(3))
    system.host.drain()
    assert system.titles() == ["Article 1", "Article 3"]
    assert [letter.stage for letter in system.letters()] == ["tagger"]


def test_killed_workers_and_nursery_lose_nothing(start: Callable[..., System]) -> None:
    system = start(2)
    workers = system.host.pool
    assert isinstance(workers, Workers)
    for number in range(12):
        system.drop(*(dropped(number * 40 + i) for i in range(40)))
        system.host.step()
        os.kill(workers.pids[0], signal.SIGKILL)
        if number == 6:
            os.kill(workers.nursery_pid, signal.SIGKILL)
        system.host.drain()
    assert sorted(system.titles()) == sorted(f"Article {i}" for i in range(480))
    assert system.letters() == []
    assert workers.deaths >= 6


def test_a_message_never_taken_up_is_not_to_blame(start: Callable[..., System]) -> None:
    """Two workers die one after the other with an article before them that neither has begun with."""
    system = start(2)
    workers = system.host.pool
    assert isinstance(workers, Workers)
    system.drop(dropped(0))
    system.host.drain()
    first, second = workers.pids
    for pid in (first, second):
        os.kill(pid, signal.SIGSTOP)
    system.drop(dropped(1))
    system.host.step()
    os.kill(first, signal.SIGKILL)
    _until(lambda: first not in workers.pids and len(workers.pids) > 1, system.host.step)
    system.host.step()
    os.kill(second, signal.SIGKILL)
    system.host.drain()
    assert system.titles() == ["Article 0", "Article 1"]
    assert workers.deaths == 2


def test_workers_end_with_a_host_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.faults.drain_child", str(tmp_path), "100000", "2"]
    with subprocess.Popen(command) as host:
        _until(lambda: len(_children(host.pid)) == 1)
        [nursery] = _children(host.pid)
        _until(lambda: len(_children(nursery)) == 2)
        family = [nursery, *_children(nursery)]
        host.kill()
    _until(lambda: not any(_is_alive(pid) for pid in family))


def _children(pid: int) -> list[int]:
    try:
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def _is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def test_stages_that_cannot_be_loaded_are_said_to_be(start: Callable[..., System]) -> None:
    system = start(2, pure=broken_stages)
    with pytest.raises(RuntimeError, match="broken_stages: the stages could not be loaded"):
        system.host.drain()


def test_what_is_on_its_way_at_a_stop_happens_after_the_next_start(start: Callable[..., System]) -> None:
    first = start(2)
    first.drop(*(dropped(i) for i in range(200)))
    first.host.step()
    first.host.close()
    second = start(2)
    second.host.drain()
    assert second.titles() == [f"Article {i}" for i in range(200)]


def test_running_ends_when_told_to(start: Callable[..., System]) -> None:
    system = start(1)
    system.drop(*(dropped(i) for i in range(20)))
    stop = Event()

    def stop_when_done() -> None:
        with closing(Database(system.database.path.parent)) as database:
            _until(lambda: SqliteIndexStore(database).count("articles") == 20)
            stop.set()

    thread = Thread(target=stop_when_done)
    thread.start()
    system.host.run(stop)
    thread.join()
    assert len(system.titles()) == 20


class Failing:
    """Fails with `error` the first `times` it sees the n-th file; remembers what it did in the database."""

    def __init__(self, database: Database, error: Exception, at: int, times: int) -> None:
        database.execute("CREATE TABLE IF NOT EXISTS done (path TEXT)")
        self.database, self.error, self.at, self.times = database, error, at, times

    def __call__(self, message: Message, now: datetime) -> Iterable[Message]:
        assert isinstance(message, FileSettled)
        self.database.execute("INSERT INTO done VALUES (?)", (message.path,))
        if message.path == f"f{self.at}" and self.times:
            self.times -= 1
            raise self.error
        return ()

    def stage(self) -> Stage:
        return Stage("indexer", (FileSettled,), (), self, self.database.transaction)


def settled(number: int) -> Delivery:
    return first_delivery(
        "feeder", FileSettled(path=f"f{number}", state="rejected", reason="empty", settled_at=NOW), NOW
    )


@pytest.fixture
def effects(tmp_path: Path) -> Iterator[Callable[[Exception, int], EmbeddedHost]]:
    database = Database(tmp_path)
    hosts: list[EmbeddedHost] = []

    def build(error: Exception, times: int) -> EmbeddedHost:
        hosts.append(EmbeddedHost(database, no_stages, [Failing(database, error, 5, times).stage()]))
        hosts[-1].bus.publish([settled(i) for i in range(10)])
        return hosts[-1]

    yield build
    for host in hosts:
        host.close()
    database.close()


def done(host: EmbeddedHost) -> list[str]:
    return [path for (path,) in host._database.execute("SELECT path FROM done ORDER BY rowid")]


def test_a_failed_message_leaves_no_trace_but_its_letter(
    effects: Callable[[Exception, int], EmbeddedHost],
) -> None:
    host = effects(RuntimeError("no"), 99)
    host.drain()
    assert done(host) == [f"f{i}" for i in range(10) if i != 5]
    [record] = host.bus.read("anyone", [DeadLetter.TYPE], 10)
    assert b"RuntimeError: no" in record.value


def test_what_has_to_wait_is_done_later_in_order_and_once(
    effects: Callable[[Exception, int], EmbeddedHost], monkeypatch: pytest.MonkeyPatch
) -> None:
    host = effects(TransientError("the store is away"), 3)
    host.drain()
    assert done(host) == [f"f{i}" for i in range(10)]
    assert host.bus.read("anyone", [DeadLetter.TYPE], 10) == []


def test_a_transaction_does_not_grow_with_what_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effects_module, "MAX_WRITTEN_BYTES", 1000)
    told: list[str] = []

    def multiply(message: Message, now: datetime) -> Iterable[Message]:
        assert isinstance(message, FileSettled)
        told.append(message.path)
        return [_alert(number) for number in range(10)]

    with closing(Database(tmp_path)) as database:
        stage = Stage("indexer", (FileSettled,), (AlertRaised,), multiply)
        host = EmbeddedHost(database, no_stages, [stage])
        host.bus.publish([settled(i) for i in range(10)])
        host.step()
        assert told == ["f0"]
        host.drain()
        assert told == [f"f{i}" for i in range(10)]
        assert host.bus.lag("channels", [AlertRaised.TYPE]) == 100


def test_a_letter_about_a_dead_letter_is_not_written(tmp_path: Path) -> None:
    def fail(message: Message, now: datetime) -> Iterable[Message]:
        raise RuntimeError("no")

    with closing(Database(tmp_path)) as database:
        host = EmbeddedHost(database, no_stages, [Stage("indexer", (DeadLetter, FileSettled), (), fail)])
        host.bus.publish([settled(1)])
        host.drain()
        assert len(host.bus.read("anyone", [DeadLetter.TYPE], 10)) == 1


def test_a_full_disk_is_waited_for_and_loses_nothing(start: Callable[..., System]) -> None:
    system = start(1)
    system.drop(*(dropped(i, f"Article {i}\n\n" + os.urandom(3000).hex()) for i in range(50)))
    [pages] = system.database.execute("PRAGMA page_count").fetchone()
    system.database.execute(f"PRAGMA max_page_count = {pages + 5}")
    _until(lambda: _is_waiting(system), system.host.step)
    assert system.letters() == []
    system.database.execute("PRAGMA max_page_count = 1000000")
    system.host.drain()
    assert system.titles() == [f"Article {i}" for i in range(50)]


def _is_waiting(system: System) -> bool:
    names = ("log", "indexer")
    return any(system.host.metrics.registry.get_sample_value("clashwatch_waiting", {"stage": n}) for n in names)


class Endless:
    """A million files: gives as many as there is room for, each time."""

    def __init__(self, publish: Callable[[Sequence[Delivery]], None], files: int) -> None:
        self.publish, self.files, self.given, self.most = publish, files, 0, 0

    def step(self, room: int) -> bool:
        count = min(room, self.files - self.given)
        self.publish([dropped(self.given + i) for i in range(count)])
        self.given += count
        self.most = max(self.most, count)
        return count > 0


@both
def test_sources_are_given_no_more_room_than_there_is(tmp_path: Path, workers: int) -> None:
    with closing(Database(tmp_path)) as database:
        store = SqliteIndexStore(database)
        source = Endless(lambda deliveries: None, 2000)
        host = EmbeddedHost(
            database,
            pure_stages,
            [build_indexer(store, database.transaction)],
            sources=[source],
            workers=workers,
        )
        source.publish = host.bus.publish
        waiting = 0
        while source.given < source.files:
            host.step()
            waiting = max(waiting, host.bus.lag("normalizer", [ArticleReceived.TYPE]))
        host.drain()
        host.close()
        assert store.count("articles") == 2000
        assert waiting <= embedded.WAITING


class Away:
    """A folder that is away three times, then empty."""

    def __init__(self) -> None:
        self.times = 3

    def step(self, room: int) -> bool:
        self.times -= 1
        if self.times >= 0:
            raise TransientError("the folder is away")
        return False


def test_a_source_that_is_away_is_asked_again(tmp_path: Path) -> None:
    with closing(Database(tmp_path)) as database:
        source = Away()
        host = EmbeddedHost(database, no_stages, sources=[source])
        host.drain()
        assert source.times < 0


def test_slow_stages_act_message_by_message_beside_the_rest(tmp_path: Path) -> None:
    told: list[str] = []
    failures = iter([True, False, True])

    def tell(message: Message, now: datetime) -> Iterable[Message]:
        assert isinstance(message, AlertRaised)
        if next(failures, False):
            raise TransientError("the webhook is away")
        told.append(message.alert_id)
        return ()

    with closing(Database(tmp_path)) as database:
        channels = Stage("channels", (AlertRaised,), (), tell)
        host = EmbeddedHost(database, no_stages, slow=[channels])
        host.bus.publish([first_delivery("alerter", _alert(i), NOW) for i in range(5)])
        host.drain()
        host.close()
    assert told == [f"a{i}" for i in range(5)]


def _alert(number: int) -> AlertRaised:
    return AlertRaised(
        alert_id=f"a{number}", kind="new", subscriber="console", rules=(), incident_id="i", revision=1,
        dyad="AM-AZ", severity=0, reasons=(), text="t", evidence=(), raised_at=NOW,
    )  # fmt: skip


@both
def test_what_a_pure_stage_has_to_wait_for_keeps_its_place(
    start: Callable[..., System], workers: int, tmp_path: Path
) -> None:
    system = start(workers)
    system.drop(dropped(1, "AWAY in-tagger"), dropped(2))
    value = system.host.metrics.registry.get_sample_value
    _until(lambda: bool(value("clashwatch_waiting", {"stage": "normalizer"})), system.host.step)
    assert system.host.is_busy
    assert system.titles() == []
    assert system.letters() == []


def test_metrics_count_what_each_stage_did(start: Callable[..., System]) -> None:
    system = start(2)
    system.drop(dropped(1), dropped(2, "EXPLODE in-tagger"), dropped(3))
    system.host.drain()
    value = system.host.metrics.registry.get_sample_value
    assert value("clashwatch_messages_read_total", {"stage": "tagger"}) == 3
    assert value("clashwatch_messages_written_total", {"stage": "detector"}) == 2
    assert value("clashwatch_dead_letters_total", {"stage": "tagger"}) == 1
    assert value("clashwatch_message_seconds_count", {"stage": "indexer"}) == 3
    assert value("clashwatch_article_seconds_count") == 3


def test_a_dead_letter_can_be_replayed_and_dropped(start: Callable[..., System]) -> None:
    system = start(1)
    system.drop(dropped(1, "EXPLODE in-tagger"))
    system.host.drain()
    [letter] = system.letters()
    with system.database.transaction():
        dead_letters.replay(system.host.bus, system.store, letter.letter_id, letter.failed_at)
    assert system.letters() == []
    system.host.drain()
    [again] = system.letters()
    assert (again.letter_id, again.original) == (letter.letter_id, letter.original)
    dead_letters.drop(system.store, letter.letter_id, again.failed_at)
    assert system.letters() == []
    assert dead_letters.show(system.store, letter.letter_id).original == letter.original


def _until(condition: Callable[[], bool], step: Callable[[], object] = lambda: time.sleep(0.01)) -> None:
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        step()
    assert time.monotonic() < deadline
