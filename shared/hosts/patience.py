"""Leaving something alone for a while after it said that it cannot now."""

import logging
import time
from dataclasses import dataclass

from shared.metrics import Metrics

SHORTEST, LONGEST = 0.05, 5.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Patience:
    """Twice as long each time, up to a few seconds; says so once a reason, and when it is over."""

    name: str
    metrics: Metrics
    reason: str = ""
    _seconds: float = 0.0
    _until: float = 0.0

    @property
    def is_over(self) -> bool:
        """Whether it may be tried (again)."""
        return time.monotonic() >= self._until

    def lose(self, reason: str) -> None:
        """It cannot now."""
        self._seconds = min(max(SHORTEST, self._seconds * 2), LONGEST)
        self._until = time.monotonic() + self._seconds
        if reason != self.reason:
            log.warning("%s waits: %s", self.name, reason)
            self.metrics.set("clashwatch_waiting", 1, self.name)
        self.reason = reason

    def regain(self) -> None:
        """It could."""
        if self.reason:
            log.warning("%s goes on", self.name)
            self.metrics.set("clashwatch_waiting", 0, self.name)
            self.reason, self._seconds, self._until = "", 0.0, 0.0
