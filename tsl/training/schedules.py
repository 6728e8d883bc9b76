"""The learning rate of every step."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl.training.stopping import Patience

SCHEDULES = ("constant", "step", "cosine", "plateau")


@dataclass(frozen=True)
class Schedule:
    """Schedule of the learning rate.

    Parameters
    ----------
    name : {"constant", "step", "cosine", "plateau"}
        - "constant": `init` throughout.
        - "step": multiplied by `factor` after every `every` epochs.
        - "cosine": a linear warm-up over the fraction `warmup` of all steps, then half a cosine wave down to the
          fraction `final` of `init` (Loshchilov & Hutter 2017, without restarts).
        - "plateau": multiplied by `factor` whenever `patience` consecutive epochs have not brought the loss `tol`
          below its lowest value so far, but never below `min_rate`.
    init : float
        The (highest) learning rate.
    factor : float
        For "step" and "plateau".
    every, patience : int
        In epochs.
    min_rate : float
        For "plateau".
    warmup, final : float
        Fractions between 0 and 1, for "cosine".

    Raises
    ------
    ValueError
        If `name` is not one of these.
    """

    name: str = "constant"
    init: float = 1e-3
    factor: float = 0.2
    every: int = 10
    patience: int = 5
    min_rate: float = 1e-6
    warmup: float = 0.03
    final: float = 0.0

    def __post_init__(self) -> None:
        if self.name not in SCHEDULES:
            raise ValueError(f"learning_rate={self.name!r} is not one of {', '.join(map(repr, SCHEDULES))}")


class LearningRates:
    """Learning rates of one training run.

    "step" and "plateau" continue from earlier runs of the same network, epoch by epoch; "cosine" spans this run.

    Parameters
    ----------
    schedule : Schedule
    steps_per_epoch, max_iter : int
        Steps per epoch, and epochs in this run.
    tol : float
        How far the loss must fall to count as an improvement for "plateau".
    past : iterable of float
        Losses of the epochs of earlier runs.

    Examples
    --------
    >>> rates = LearningRates(Schedule("cosine", init=1.0, warmup=0.5), steps_per_epoch=2, max_iter=2)
    >>> rates.epoch(), rates.epoch()
    (array([0.5, 1. ]), array([1. , 0.5]))
    """

    _CHANGING = ("_n_steps", "_next_step", "_epochs_ended", "_rate")

    def __init__(
        self, schedule: Schedule, *, steps_per_epoch: int, max_iter: int, tol: float = 0.0, past: Iterable[float] = ()
    ) -> None:
        self._schedule = schedule
        self._steps_per_epoch = steps_per_epoch
        self._n_steps = steps_per_epoch * max_iter
        self._next_step = 0
        self._epochs_ended = 0
        self._rate = schedule.init
        self._patience = Patience(tol)
        for loss in past:
            self.epoch_ended(loss)

    def epoch(self) -> NDArray[np.float64]:
        """Return the rates of the next epoch, (steps_per_epoch,)."""
        steps = np.arange(self._next_step, self._next_step + self._steps_per_epoch)
        self._next_step += self._steps_per_epoch
        if self._schedule.name == "cosine":
            return cosine_rates(self._schedule, steps, self._n_steps)
        return np.full(self._steps_per_epoch, self._rate)

    def keep_up(self, rates: NDArray[np.float64], steps: slice, share: float) -> None:
        """Adjust the rates of some steps of the current epoch in place, given the `share` of the time that has passed.

        This affects only "cosine", which has to reach its end in time: if fewer than that share of all steps are done,
        these steps get the rates of later ones.
        """
        if self._schedule.name == "cosine":
            start, stop, _ = steps.indices(self._steps_per_epoch)
            numbers = self._next_step - self._steps_per_epoch + np.arange(start, stop)
            late = share * self._n_steps + np.arange(stop - start)
            rates[steps] = cosine_rates(self._schedule, np.clip(late, numbers, self._n_steps), self._n_steps)

    def epoch_ended(self, loss: float) -> None:
        """Record the loss of the epoch that has just ended."""
        schedule = self._schedule
        self._epochs_ended += 1
        if schedule.name == "step":
            self._rate = schedule.init * schedule.factor ** (self._epochs_ended // schedule.every)
        elif schedule.name == "plateau" and self._patience.update(loss) >= schedule.patience:
            self._patience.count = 0
            # A rate that starts below `min_rate` must not rise.
            self._rate = min(self._rate, max(self._rate * schedule.factor, schedule.min_rate))

    def state(self) -> dict[str, Any]:
        """Return what `restore` needs."""
        own = {name: getattr(self, name) for name in self._CHANGING}
        return own | {"patience": self._patience.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Restore from `state()`."""
        for name in self._CHANGING:
            setattr(self, name, state[name])
        self._patience.restore(state["patience"])


def cosine_rates(schedule: Schedule, steps: NDArray[np.int64], n_steps: int) -> NDArray[np.float64]:
    """Return the rates of `steps` (counted from 0) out of `n_steps`: a linear rise, then half a cosine wave down."""
    n_warmup = math.ceil(schedule.warmup * n_steps)
    rising = (steps + 1) / max(n_warmup, 1)
    fallen = (steps - n_warmup) / max(n_steps - n_warmup, 1)
    falling = schedule.final + (1.0 - schedule.final) * 0.5 * (1.0 + np.cos(np.pi * fallen))
    return schedule.init * np.where(steps < n_warmup, rising, falling)
