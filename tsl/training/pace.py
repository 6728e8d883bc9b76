"""The number of steps per compiled call."""

from __future__ import annotations

MAX_GROWTH = 8  # limits the effect of a single short measurement


class Pace:
    """Search for the number of steps that take about `seconds`.

    That time should be long enough to make the time between calls negligible, and short enough to respond to Ctrl-C and
    to keep time limits. The search starts with one step, because the first call may have to compile.

    Attributes
    ----------
    steps : int
        Number of steps to take next, at least 1.
    """

    def __init__(self, seconds: float = 0.1) -> None:
        self._seconds = seconds
        self.steps = 1

    def observe(self, steps: int, seconds: float) -> None:
        """Record that `steps` took `seconds`."""
        if steps < self.steps and seconds < self._seconds:
            return  # cut short by the end of an epoch, and too short to be informative
        wanted = steps * self._seconds / max(seconds, 1e-9)
        self.steps = max(1, int(min(wanted, MAX_GROWTH * steps)))
