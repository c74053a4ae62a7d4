"""A stage, and the single way any host runs one: bytes in, deliveries out."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime

from shared.envelope import Envelope, attributes, decode, encode
from shared.errors import TransientError
from shared.schemas import DeadLetter, Message
from shared.schemas.ids import derived_id


@dataclass(frozen=True, slots=True)
class Stage:
    """`apply` turns one message (of a type in `reads`) into messages (of types in `writes`).

    `now` is aware UTC. `apply` of a pure stage does nothing else; a stage with a store writes there, too,
    inside `scope`, which undoes the writes of a message that fails.
    """

    name: str
    reads: tuple[type[Message], ...]
    writes: tuple[type[Message], ...]
    apply: Callable[[Message, datetime], Iterable[Message]]
    scope: Callable[[], AbstractContextManager[object]] = nullcontext


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message on its way to a topic: CloudEvents JSON in `value`, `id` is the CloudEvents id."""

    topic: str
    key: str
    value: bytes
    id: str


def deliver(stage: Stage, raw: bytes, now: datetime, *, topic: str = "") -> list[Delivery]:
    """Decodes, upcasts, applies, wraps; what cannot be processed comes back as a dead letter.

    TransientError alone goes through to the host, which keeps the message and tries again.
    """
    try:
        with stage.scope():
            cause = decode(raw)
            return [
                _delivery(stage.name, message, now, cause, index)
                for index, message in enumerate(stage.apply(cause.data, now))
            ]
    except TransientError:
        raise
    except Exception as error:  # noqa: BLE001 - the one broad except: whatever it was, the message is kept
        return [dead_letter(stage.name, raw, error, now, topic=topic)]


def first_delivery(stage: str, message: Message, now: datetime) -> Delivery:
    """A message nothing led to, such as a dropped file: the beginning of a chain."""
    told = [getattr(message, name, "") for name in ("version", "path", "state")]
    message_id = derived_id(message.TYPE, message.key, *told)
    return Delivery(message.TYPE, message.key, encode(message, id=message_id, stage=stage, now=now), message_id)


def dead_letter(stage: str, raw: bytes, error: Exception, now: datetime, *, topic: str = "") -> Delivery:
    """The original bytes with the reason; the same failure of the same message is the same letter."""
    identity, key = _identity(raw)
    message = DeadLetter(
        letter_id=derived_id("dead", stage, topic, identity),
        stage=stage,
        topic=topic,
        original_key=key,
        original=raw,
        error=type(error).__name__,
        reason=f"{type(error).__name__}: {error}"[:2000],
        failed_at=now,
    )
    value = encode(message, id=message.letter_id, stage=stage, now=now)
    return Delivery(message.TYPE, message.key, value, message.letter_id)


def _identity(raw: bytes) -> tuple[str, str]:
    """Id and key of a message: one made again has the same, though not the same bytes (its time)."""
    try:
        event = attributes(raw)
        return str(event["id"]), str(event["subject"])
    except (ValueError, KeyError):
        return raw.hex(), ""


def _delivery(stage: str, message: Message, now: datetime, cause: Envelope, index: int) -> Delivery:
    message_id = derived_id(cause.id, stage, index)
    value = encode(message, id=message_id, stage=stage, now=now, cause=cause)
    return Delivery(message.TYPE, message.key, value, message_id)
