"""Notices that reading gives nothing though the brokers have something to read.

kafka-python 3.0 can lose its way to the group's coordinator after a broker was away: its consumer then asks nobody, and
says nothing (seen in about one of four kill tests). A new consumer finds the way.
"""

import time
from collections.abc import Callable, Set

from shared.hosts.watchdog import Place, Progress, Standing

QUIET_SECONDS = 5.0


class Hearing:
    """`ask` gives the partitions of this worker, and how all of the group's stand."""

    def __init__(
        self, ask: Callable[[], tuple[Set[Place], Standing]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask, self._clock = ask, clock
        self._progress = Progress(QUIET_SECONDS)
        self._next = clock() + QUIET_SECONDS

    def something(self) -> None:
        """A read gave records."""
        self._progress.forget()
        self._next = self._clock() + QUIET_SECONDS

    def is_lost(self) -> bool:
        """After a read that gave none: whether that goes on while messages wait. Asks the brokers now and then."""
        now = self._clock()
        if now < self._next:
            return False
        self._next = now + QUIET_SECONDS
        mine, standing = self._ask()
        # One that was given nothing may have lost its way before that.
        return bool(self._progress.look(mine or standing.keys(), standing, now))
