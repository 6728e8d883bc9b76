"""How many steps to take in one compiled call."""

from __future__ import annotations

MAX_GROWTH = 8  # a single short measurement is not to be trusted further than that


class Pace:
    """Search for the number of steps that take about `seconds`.

    Long enough that the time between calls does not count, short enough to answer Ctrl-C and to keep time limits.
    Starts with one step, because the first call may have to compile.

    Attributes
    ----------
    steps : int
        How many steps to take next, at least 1.
    """

    def __init__(self, seconds: float = 0.1) -> None:
        self._seconds = seconds
        self.steps = 1

    def observe(self, steps: int, seconds: float) -> None:
        """Learn that `steps` have taken `seconds`."""
        if steps < self.steps and seconds < self._seconds:
            return  # cut short by the end of an epoch: too little to learn from, and quick enough
        wanted = steps * self._seconds / max(seconds, 1e-9)
        self.steps = max(1, int(min(wanted, MAX_GROWTH * steps)))
