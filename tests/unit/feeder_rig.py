"""A feeder with an inbox on the disk, a registry, a clock that is turned by hand, and a list for a log."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.feeder.feed import Feeder, Limits
from services.feeder.load_names import skipped_names
from services.feeder.registry import Registry, Row
from services.feeder.watch import Hints, Watcher
from shared.envelope import decode
from shared.schemas import ArticleReceived, ArticleWithdrawn, FileSettled, Message
from shared.stage import Delivery
from shared.store.database import Database

NOBODY = 65534


class Clock:
    """Stands an hour ahead of the files it is used with, so that none of them is fresh."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC) + timedelta(hours=1)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class FakeWatcher:
    """Says what it is told to say."""

    def __init__(self) -> None:
        self.hints = Hints()
        self.restarts = 0

    def restart(self) -> bool:
        self.restarts += 1
        return True

    def drain(self, limit: int) -> Hints:
        hints, self.hints = self.hints, Hints()
        return hints

    def wait(self, seconds: float) -> None:
        raise AssertionError("the rig never rests")

    def stop(self) -> None:
        pass


class Rig:
    """The inbox is `inbox`; what was published is in `messages` and `deliveries`."""

    def __init__(self, folder: Path) -> None:
        self.inbox = folder / "inbox"
        self.inbox.mkdir()
        self.database = Database(folder / "data")
        self.registry = Registry(self.database)
        self.clock = Clock()
        self.deliveries: list[Delivery] = []
        self._feeders: list[Feeder] = []

    def close(self) -> None:
        for feeder in self._feeders:
            feeder.close()
        self.database.close()

    def publish(self, deliveries: Sequence[Delivery]) -> None:
        self.deliveries += deliveries

    @property
    def messages(self) -> list[Message]:
        return [decode(delivery.value).data for delivery in self.deliveries]

    def received(self) -> list[ArticleReceived]:
        return [message for message in self.messages if isinstance(message, ArticleReceived)]

    def withdrawn(self) -> list[ArticleWithdrawn]:
        return [turn for turn in self.turns() if isinstance(turn, ArticleWithdrawn)]

    def turns(self) -> Iterator[ArticleReceived | ArticleWithdrawn]:
        """Articles that came and went; the end of one may be said by the one that takes its place."""
        for message in self.messages:
            if isinstance(message, ArticleReceived | ArticleWithdrawn):
                yield message
            if isinstance(message, ArticleReceived) and message.replaces:
                yield message.replaces

    def settled(self) -> list[tuple[str, int, str]]:
        return [(m.path, m.version, m.state) for m in self.messages if isinstance(m, FileSettled)]

    def write(self, name: str | bytes, content: bytes | str, *, age: float | None = None) -> Path:
        path = self.inbox / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        if age is not None:
            then = self.clock.now.timestamp() - age
            os.utime(path, (then, then))
        return path

    def feeder(
        self,
        *,
        once: bool = False,
        watcher: Watcher | None = None,
        room: Callable[[], int] = lambda: 1_000_000,
        limits: Limits | None = None,
        publish: Callable[[list[Delivery]], None] | None = None,
        registry: Registry | None = None,
    ) -> Feeder:
        feeder = Feeder(
            self.inbox,
            registry or self.registry,
            publish or self.publish,
            clock=self.clock,
            room=room,
            names=skipped_names(),
            limits=limits,
            watcher=watcher,
            once=once,
        )
        self._feeders.append(feeder)
        return feeder

    def drain(self, **options: object) -> None:
        """What `--once` does, the clock turned instead of waited for."""
        feeder = self.feeder(once=True, **options)  # type: ignore[arg-type]
        for _ in range(100_000):
            progress = feeder.step()
            if progress.drained:
                return
            self.clock.turn(progress.wait + 0.001)
        raise AssertionError("never drained")

    def steps(self, feeder: Feeder, count: int, seconds: float = 0.0) -> None:
        """Steps with the clock turned before each."""
        for _ in range(count):
            self.clock.turn(seconds)
            feeder.step()

    def rows(self) -> dict[str, Row]:
        """The present row of each path."""
        return {row.path: row for row in self.registry.rows() if row.state != "superseded"}

    def states(self) -> dict[str, str]:
        return {path: row.state for path, row in self.rows().items()}

    def reason(self, path: str) -> str:
        return self.rows()[path].reason


@contextmanager
def powerless() -> Iterator[None]:
    """Root may read everything: be nobody for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
