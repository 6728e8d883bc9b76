"""Time of a training run, which may extend over several processes."""

from __future__ import annotations

from time import perf_counter
from typing import Any


class Clock:
    """Seconds since the training began, including earlier interrupted processes.

    The first step, which may have to compile, is not part of the time over which schedules are spread.
    """

    def __init__(self) -> None:
        self._began = self.now()
        self._first_step_ended: float | None = None

    @staticmethod
    def now() -> float:
        """Return the time in seconds since an arbitrary point."""
        return perf_counter()

    def step_ended(self, now: float) -> None:
        """Record that a step has ended."""
        if self._first_step_ended is None:
            self._first_step_ended = now

    def is_over(self, limit: float | None, now: float) -> bool:
        """Return whether the training has taken `limit` seconds."""
        return limit is not None and now - self._began >= limit

    def share(self, limit: float, now: float) -> float:
        """Return the elapsed share of the time between the first step and `limit`."""
        if self._first_step_ended is None:
            return 0.0
        return (now - self._first_step_ended) / (self._began + limit - self._first_step_ended)

    def state(self) -> dict[str, Any]:
        """Return what `restore` needs."""
        first = self._first_step_ended
        return {
            "seconds": self.now() - self._began,
            "seconds_of_first_step": None if first is None else first - self._began,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Restore from `state()`."""
        self._began = self.now() - state["seconds"]
        first = state["seconds_of_first_step"]
        self._first_step_ended = None if first is None else self._began + first
