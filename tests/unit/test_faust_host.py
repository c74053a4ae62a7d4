"""What the Faust host hands to a stage at a time; the rest of it is tested on a real broker."""

from collections.abc import Iterable
from datetime import datetime

from shared.bus.port import Record
from shared.errors import TransientError
from shared.hosts.faust import deal_with_some
from shared.schemas import Message
from shared.stage import Stage
from tests.unit.host_stages import NOW, dropped, normalize, received


def records(*contents: str) -> list[Record]:
    messages = [dropped(number, content) for number, content in enumerate(contents)]
    return [Record("article.received", 0, number, one.key, one.value) for number, one in enumerate(messages)]


def apply(message: Message, now: datetime) -> Iterable[Message]:
    [made] = normalize(message, now)
    if "AWAY" in made.body:  # type: ignore[attr-defined]
        raise TransientError("the store is away")
    return [made]


STAGE = Stage("normalizer", (type(received(0)),), (), apply)


def test_what_comes_before_one_that_has_to_wait_is_done() -> None:
    dealt, reason = deal_with_some(STAGE, records("a", "b", "AWAY", "d"), lambda: NOW, 60.0)
    assert [len(one.written) for one in dealt] == [1, 1]
    assert reason == "the store is away"


def test_nothing_is_done_before_one_that_has_to_wait() -> None:
    assert deal_with_some(STAGE, records("AWAY", "b"), lambda: NOW, 60.0) == ([], "the store is away")


def test_with_no_time_at_all_it_is_one_at_a_time() -> None:
    dealt, reason = deal_with_some(STAGE, records("a", "b", "AWAY"), lambda: NOW, 0.0)
    assert (len(dealt), reason) == (1, "")
