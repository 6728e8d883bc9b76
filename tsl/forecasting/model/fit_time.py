"""Time of a whole fit: the trials and the final networks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tsl.training import Checkpoint
from tsl.training.clock import Clock


class FitTime:
    """Seconds that a fit has taken since this object was created, and seconds left.

    Parameters
    ----------
    limit : float, optional
        Seconds that the fit may take; by default there is no limit.
    checkpoint : Checkpoint, optional
        Store for each reading of the clock. A resumed fit reads the same times again, so that it takes the same
        decisions and the time before the interruption counts.
    """

    def __init__(self, limit: float | None = None, checkpoint: Checkpoint | None = None) -> None:
        self._limit = limit
        self._checkpoint = checkpoint
        self._began = Clock.now()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Exclude the time that the block takes."""
        stopped = Clock.now()
        yield
        self._began += Clock.now() - stopped

    def elapsed(self, at_least: float = 0.0) -> float:
        """Return the seconds since the fit began, or `at_least` if that is more: resumed training counts as a whole."""
        now = Clock.now()
        seconds = max(now - self._began, at_least)
        if self._checkpoint is not None:
            seconds = self._checkpoint.clock_reading(seconds)
        self._began = now - seconds
        return seconds

    def left(self, share: float = 1.0) -> float | None:
        """Return the seconds until this share of the limit has passed, at least 0; None without a limit."""
        return None if self._limit is None else max(share * self._limit - self.elapsed(), 0.0)
