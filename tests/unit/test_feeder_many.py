"""Trees, vanishing folders, many files, several feeders, and a log that fails."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from feeder_rig import FakeWatcher, Rig
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.feeder.decide import ONCE, File, Look
from services.feeder.examine import Examiner
from services.feeder.load_names import skipped_names
from services.feeder.record import Recorder
from services.feeder.registry import Count, Registry
from services.feeder.stage import build, build_feeder
from services.feeder.tree import Folders
from services.feeder.watch import Hints
from shared.errors import TransientError
from shared.schemas import ArticleReceived, ArticleWithdrawn
from shared.schemas.ids import article_id
from shared.settings import Settings
from shared.stage import Delivery
from shared.store.database import Database


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def test_a_tree_moved_in_with_old_times_is_found(rig: Rig) -> None:
    feeder = rig.feeder()
    rig.steps(feeder, 2, seconds=1.1)
    outside = Rig(rig.database.path.parent)
    for number in range(5):
        outside.write(f"tree/{number}/deep/a.txt", f"article {number}", age=10 * 365 * 86400)
    (outside.inbox / "tree").rename(rig.inbox / "tree")
    rig.steps(feeder, 6, seconds=1.1)
    assert sorted(m.path for m in rig.received()) == [f"tree/{n}/deep/a.txt" for n in range(5)]


def test_an_inbox_that_vanishes_and_returns(rig: Rig) -> None:
    watcher = FakeWatcher()
    feeder = rig.feeder(watcher=watcher)
    rig.write("a.txt", "A")
    rig.steps(feeder, 3, seconds=1.1)
    away = rig.inbox.parent / "away"
    rig.inbox.rename(away)
    progress = feeder.step()
    assert progress.problem
    assert "no such file or directory" in progress.problem
    assert progress.wait > 0
    rig.steps(feeder, 3, seconds=1.1)
    assert rig.states() == {"a.txt": "received"}
    away.rename(rig.inbox)
    rig.write("b.txt", "B")
    rig.steps(feeder, 4, seconds=1.1)
    assert rig.states() == {"a.txt": "received", "b.txt": "received"}
    assert len(rig.deliveries) == 2
    assert watcher.restarts == 2


def test_another_inbox_in_its_place_is_watched_anew(rig: Rig) -> None:
    watcher = FakeWatcher()
    feeder = rig.feeder(watcher=watcher)
    feeder.step()
    rig.inbox.rename(rig.inbox.parent / "old")
    rig.inbox.mkdir()
    rig.write("a.txt", "A")
    feeder.step()
    assert rig.states() == {"a.txt": "waiting"}
    assert watcher.restarts == 2


def test_files_that_wait_survive_an_inbox_that_is_unmounted(rig: Rig) -> None:
    """An empty folder where the files were, and then the same files with the same times again."""
    feeder = rig.feeder()
    rig.write("a.txt", "A")
    feeder.step()
    rig.inbox.rename(rig.inbox.parent / "away")
    rig.inbox.mkdir()
    rig.steps(feeder, 3, seconds=1.1)
    assert rig.states() == {"a.txt": "gone"}
    rig.inbox.rmdir()
    (rig.inbox.parent / "away").rename(rig.inbox)
    feeder.step()
    assert rig.states() == {"a.txt": "waiting"}
    rig.steps(feeder, 4, seconds=1.1)
    assert rig.states() == {"a.txt": "received"}


def test_an_inbox_that_is_not_there_does_not_hold_up_a_drain(rig: Rig) -> None:
    rig.inbox.rmdir()
    assert rig.feeder(once=True).step().drained


def test_an_inbox_that_is_a_file_is_a_problem(rig: Rig) -> None:
    rig.inbox.rmdir()
    rig.inbox.write_text("not a folder")
    assert "not a directory" in (rig.feeder().step().problem or "")


def test_a_folder_that_vanishes_on_the_way_is_survived(rig: Rig) -> None:
    for number in range(3000):
        rig.write(f"{number % 3}/{number}.txt", str(number))
    feeder = rig.feeder(once=True)
    feeder.step()
    shutil.rmtree(rig.inbox / "0")
    shutil.rmtree(rig.inbox / "1")
    rig.drain()
    kept = {m.path for m in rig.received()}
    assert {f"2/{n}.txt" for n in range(2, 3000, 3)} <= kept
    assert set(rig.states().values()) <= {"received", "gone"}


def test_a_folder_swapped_for_a_link_leads_nowhere(rig: Rig) -> None:
    rig.write("sub/a.txt", "A")
    feeder = rig.feeder()
    feeder.step()
    outside = rig.inbox.parent / "outside"
    (rig.inbox / "sub").rename(outside)
    (rig.inbox / "sub").symlink_to(outside)
    rig.steps(feeder, 5, seconds=1.1)
    assert rig.received() == []
    assert rig.states() == {"sub": "rejected", "sub/a.txt": "gone"}


def test_a_file_that_takes_over_a_content_in_the_batch_that_frees_it(rig: Rig) -> None:
    """Whichever of the two is looked at first."""
    for takes_over, changes in (("a.txt", "b.txt"), ("z.txt", "y.txt")):
        content = f"shared by {takes_over}"
        rig.write(changes, content)
        rig.drain()
        rig.write(changes, f"new in {changes}", age=60)
        rig.write(takes_over, content, age=30)
        rig.drain()
        assert rig.withdrawn() == []
        holders = [m.path for m in rig.received() if m.content == content.encode()]
        assert holders == [changes, takes_over]
        assert [m.version for m in rig.received() if m.content == content.encode()] == [1, 3]


def test_nothing_is_read_without_room(rig: Rig) -> None:
    for number in range(10):
        rig.write(f"{number}.txt", str(number))
    room = 0
    feeder = rig.feeder(room=lambda: room)
    rig.steps(feeder, 5, seconds=1.1)
    assert rig.registry.counts() == {"waiting": Count(10, 10)}
    assert rig.received() == []
    room = 3
    feeder.step()
    assert len(rig.received()) == 3


def test_a_drain_waits_for_room(rig: Rig) -> None:
    rig.write("a.txt", "A")
    room = 0
    feeder = rig.feeder(once=True, room=lambda: room)
    for _ in range(10):
        rig.clock.turn(10)
        assert not feeder.step().drained
    room = 1
    rig.steps(feeder, 2, seconds=1)
    assert feeder.step().drained
    assert len(rig.received()) == 1


def test_a_new_file_does_not_wait_behind_a_backlog(rig: Rig) -> None:
    for number in range(3000):
        rig.write(f"old/{number}.txt", str(number), age=86400 + number)
    feeder = rig.feeder(room=lambda: 4)
    rig.steps(feeder, 8, seconds=1.1)
    rig.write("new.txt", "just dropped", age=86400 + 1500)  # moved in with an old time
    rig.steps(feeder, 5, seconds=5)
    assert "new.txt" in {m.path for m in rig.received()}
    ages = [int(m.path.removeprefix("old/").removesuffix(".txt")) for m in rig.received() if "old" in m.path]
    assert max(ages) > 2950  # the oldest are not starved either
    assert min(ages) < 50


def test_a_room_of_one_serves_both_ends(rig: Rig) -> None:
    for number in range(100):
        rig.write(f"{number}.txt", str(number), age=86400 + number)
    feeder = rig.feeder(room=lambda: 1)
    rig.steps(feeder, 10, seconds=1.1)
    ages = {int(m.stem) for m in rig.received()}
    assert ages >= {0, 99}


def test_large_files_come_in_small_batches(rig: Rig) -> None:
    for number in range(5):
        rig.write(f"{number}.txt", bytes([65 + number]) * (4 << 20), age=60)
    batches: list[int] = []
    rig.drain(publish=lambda deliveries: batches.append(len(deliveries)), room=lambda: 3)
    assert batches == [2, 2, 1]


def test_an_idle_rescan_asks_the_registry_nothing(rig: Rig) -> None:
    for number in range(2500):
        rig.write(f"{number}.txt", str(number))
    feeder = rig.feeder()
    rig.steps(feeder, 30, seconds=1.1)
    statements: list[str] = []
    rig.database.connection.set_trace_callback(statements.append)
    rig.clock.turn(61)
    for _ in range(3):
        assert feeder.step().found == 0
    rig.database.connection.set_trace_callback(None)
    assert not [sql for sql in statements if "path IN" in sql]
    rig.write("17.txt", "changed")
    rig.steps(feeder, 8, seconds=1.1)
    assert rig.rows()["17.txt"].version == 2


def test_two_feeders_that_read_the_same_files_publish_once(rig: Rig) -> None:
    for number in range(20):
        rig.write(f"{number}.txt", str(number))
    other = Registry(Database(rig.database.path.parent))
    feeder = rig.feeder(room=lambda: 0)
    feeder.step()
    rig.clock.turn(2)
    now = int(rig.clock.now.timestamp() * 1_000_000_000)
    due = rig.registry.due(now, 100, newest=True)
    with Folders(bytes(rig.inbox)) as folders:
        batch = [Examiner(rig.registry, skipped_names(), ONCE, 100).examine(folders, file, now) for file in due]
        rig.drain(registry=other)
        assert len(rig.deliveries) == 20
        recorded = Recorder(rig.registry, rig.publish, ONCE, skipped_names()).record(folders, batch, now)
    assert len(due) == 20
    assert recorded.received == 0
    assert len(rig.deliveries) == 20


def test_two_feeders_in_turns(rig: Rig) -> None:
    feeders = [rig.feeder(), rig.feeder(registry=Registry(Database(rig.database.path.parent)))]
    for number in range(300):
        rig.write(f"{number}.txt", str(number % 100))
        if number % 20 == 0:
            for feeder in feeders:
                rig.steps(feeder, 1, seconds=0.3)
    for _ in range(4):
        for feeder in feeders:
            rig.steps(feeder, 2, seconds=0.6)
    assert len(rig.received()) == 100
    assert len({delivery.id for delivery in rig.deliveries}) == len(rig.deliveries) == 300
    assert rig.registry.counts()["duplicate"].files == 200


def test_what_could_not_be_published_is_not_written_down_and_comes_again(rig: Rig) -> None:
    rig.write("a.txt", "A")
    tries: list[list[str]] = []

    def publish(deliveries: list[Delivery]) -> None:
        tries.append([delivery.id for delivery in deliveries])
        if len(tries) == 1:
            raise TransientError("the broker is away")

    feeder = rig.feeder(publish=publish)
    feeder.step()
    rig.clock.turn(1.1)
    with pytest.raises(TransientError):
        feeder.step()
    assert rig.states() == {"a.txt": "waiting"}
    rig.steps(feeder, 2, seconds=1.1)
    assert rig.states() == {"a.txt": "received"}
    assert tries[0] == tries[1]


def test_what_was_seen_while_the_registry_was_locked_is_seen_again(rig: Rig) -> None:
    rig.write("a.txt", "A", age=60)
    feeder = rig.feeder(once=True)
    other = Database(rig.database.path.parent)
    rig.database.execute("PRAGMA busy_timeout = 1")
    with other.transaction(), pytest.raises(TransientError):
        feeder.step()
    other.close()
    rig.steps(feeder, 3, seconds=0.1)
    assert rig.states() == {"a.txt": "received"}


def test_noticing_the_same_again_changes_nothing(rig: Rig) -> None:
    look = Look(1, 2, 3)
    rig.registry.notice([File(b"a.txt", look, 10, 20, 30)])
    rig.registry.notice([File(b"a.txt", look, 11, 21, 31)])
    assert rig.registry.files([b"a.txt"]) == {b"a.txt": File(b"a.txt", look, 10, 20, 30)}
    rig.registry.notice([File(b"a.txt", Look(1, 2, 4), 11, 21, 31)])
    assert rig.registry.files([b"a.txt"]) == {b"a.txt": File(b"a.txt", Look(1, 2, 4), 11, 21, 31)}


def test_every_delivery_has_its_own_id(rig: Rig) -> None:
    for content in ("A", "B", "", "A", "B"):
        rig.write("a.txt", content)
        rig.write("b.txt", "A")
        rig.drain()
    ids = [delivery.id for delivery in rig.deliveries]
    assert len(ids) == len(set(ids))


def test_the_stage_and_the_feeder_of_the_settings(rig: Rig) -> None:
    stage = build()
    assert stage.reads == ()
    with pytest.raises(TypeError, match="the feeder reads the inbox"):
        stage.apply(rig_message(), rig.clock.now)
    rig.write("a.txt", "A" * 11)
    some = Settings(inbox=rig.inbox, max_file_bytes=10)
    feeder = build_feeder(some, rig.database, rig.publish, clock=rig.clock, room=lambda: 1, once=True)
    rig.steps(feeder, 3, seconds=1)
    assert rig.reason("a.txt") == "too large: 11 bytes, the limit is 10"


def rig_message() -> ArticleWithdrawn:
    return ArticleWithdrawn(article_id="x", version=2, path="a", reason="test")


NAMES = st.sampled_from(["a.txt", "b.txt", "c.html", "sub/a.txt"])
CONTENTS = st.sampled_from(["", "one", "two", "three"])
SIDECARS = st.sampled_from(["{}", '{"title": "T"}', "broken"])


class Inbox(RuleBasedStateMachine):
    """Whatever people do to an inbox: what stands in the end is what lies or lay there."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.rig = Rig(Path(self.folder.name))
        self.held: set[str] = set()
        self.something_vanished = False

    def teardown(self) -> None:
        self.rig.close()
        self.folder.cleanup()

    @rule(name=NAMES, content=CONTENTS)
    def write(self, name: str, content: str) -> None:
        self.rig.write(name, content)
        self.something_vanished |= content == ""

    @rule(name=NAMES, content=SIDECARS)
    def write_sidecar(self, name: str, content: str) -> None:
        self.rig.write(name.rsplit(".")[0] + ".meta.json", content)

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        (self.rig.inbox / name).unlink(missing_ok=True)
        self.something_vanished = True

    @rule(name=NAMES, other=NAMES)
    def rename(self, name: str, other: str) -> None:
        if (self.rig.inbox / name).exists() and (self.rig.inbox / other).parent.exists():
            (self.rig.inbox / name).rename(self.rig.inbox / other)
            self.something_vanished = True

    @rule()
    def drain(self) -> None:
        self.rig.drain()
        standing = self.standing()
        lying = self.lying()
        assert lying <= standing
        assert standing <= (lying | self.held if self.something_vanished else lying)
        self.held |= standing
        counted = {state: count.files for state, count in self.rig.registry.counts().items()}
        states = list(self.rig.states().values())
        assert counted == {state: states.count(state) for state in set(states)}
        published = len(self.rig.deliveries)
        self.rig.drain()
        assert len(self.rig.deliveries) == published

    @invariant()
    def versions_rise_by_turns(self) -> None:
        if not hasattr(self, "rig"):
            return
        last: dict[str, int] = {}
        for turn in self.rig.turns():
            assert turn.version > last.get(turn.article_id, 0)
            assert turn.version % 2 == isinstance(turn, ArticleReceived)
            last[turn.article_id] = turn.version

    def standing(self) -> set[str]:
        standing: set[str] = set()
        for turn in self.rig.turns():
            if isinstance(turn, ArticleReceived):
                standing.add(turn.article_id)
            else:
                standing.discard(turn.article_id)
        return standing

    def lying(self) -> set[str]:
        found = set()
        for path in self.rig.inbox.rglob("*.*"):
            content = path.read_bytes()
            if path.name.endswith(".meta.json") or not content:
                continue
            sidecar = path.with_suffix(".meta.json")
            raw = sidecar.read_bytes() if sidecar.exists() else b""
            found.add(article_id(content, raw if raw.startswith(b"{") else b""))
        return found


TestInbox = Inbox.TestCase
TestInbox.settings = settings(max_examples=40, stateful_step_count=20)


def test_hints_are_no_more_than_hints(rig: Rig) -> None:
    watcher = FakeWatcher()
    feeder = rig.feeder(watcher=watcher)
    watcher.hints = Hints(files=(b"../secret.txt", b"x" * 300, b""), folders=(b"../..",))
    (rig.inbox.parent / "secret.txt").write_text("secret")
    rig.steps(feeder, 4, seconds=1.1)
    assert rig.received() == []
    assert rig.states() == {}
