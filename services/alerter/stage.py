"""The alerter: reads incident.changed, writes alert.raised. Channels and webhook: read alert.raised, send."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path

from services.alerter.channels import Channel, send
from services.alerter.choose import Watch, choose_alerts
from services.alerter.rules import WATCH_FILE, WatchRule, check_unique
from services.alerter.steps import STEPS_FILE, Steps
from services.alerter.webhook import Target, deliver_once
from services.alerter.wording import NAMES_FILE
from shared.datafile import DataFileError, load_yaml
from shared.schemas import AlertRaised, IncidentChanged, Message
from shared.stage import Stage
from shared.store.port import AlertStore, SendingStore

Scope = Callable[[], AbstractContextManager[object]]


def load_watch(rules: Path | None = None) -> Watch:
    """`rules` is the user's file of watch rules. Raises DataFileError naming file and line, or OSError."""
    path = rules or WATCH_FILE
    try:
        found = check_unique(load_yaml(path, list[WatchRule]))
    except DataFileError:
        raise
    except ValueError as error:
        raise DataFileError(f"{path}:1: {error}") from error
    return Watch(found, load_yaml(STEPS_FILE, Steps), load_yaml(NAMES_FILE, dict[str, str]))


def stage(store: AlertStore, watch: Watch, *, scope: Scope = nullcontext) -> Stage:
    """Chooses who is told what, and remembers it."""

    def apply(message: Message, now: datetime) -> Iterable[AlertRaised]:
        if not isinstance(message, IncidentChanged):
            raise TypeError(f"the alerter does not read {message.TYPE}")
        choices = choose_alerts(
            message, watch, [row for one in _concerned(message) for row in store.notified(one)], now
        )
        for _, notified in choices:
            store.remember(notified)
        return [alert for alert, _ in choices if alert]

    return Stage("alerter", (IncidentChanged,), (AlertRaised,), apply, scope)


def _concerned(change: IncidentChanged) -> list[str]:
    """The incident and those that this change merged into it."""
    before = change.previous.merged_from if change.previous else ()
    return [change.key, *(one for one in change.incident.merged_from if one not in before)]


def channels_stage(store: SendingStore, channels: Sequence[Channel], *, scope: Scope = nullcontext) -> Stage:
    """Gives each alert to each channel that does not have it yet; writes no messages."""

    def apply(message: Message, now: datetime) -> Iterable[Message]:
        if not isinstance(message, AlertRaised):
            raise TypeError(f"the channels do not read {message.TYPE}")
        for channel in channels:
            send(message, channel, store, now)
        return ()

    return Stage("channels", (AlertRaised,), (), apply, scope)


def webhook_stage(store: SendingStore, target: Target) -> Stage:
    """Posts each alert; waits and tries again where it must, so it needs a thread and a store of its own."""

    def apply(message: Message, now: datetime) -> Iterable[Message]:
        if not isinstance(message, AlertRaised):
            raise TypeError(f"the webhook does not read {message.TYPE}")
        deliver_once(message, target, store, now)
        return ()

    return Stage("webhook", (AlertRaised,), (), apply)
