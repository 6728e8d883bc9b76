"""Losses and other results by epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(repr=False)
class History:
    """Training results: lists with one entry per epoch, of numbers only, which can be pickled or written as JSON.

    Epochs are counted from 1: `loss[k - 1]` is the loss of epoch k. The last epoch may be incomplete.

    Attributes
    ----------
    loss : list of float
        Mean training loss, measured before each step (with dropout, if any).
    val_loss : list of float
        Mean loss on the validation data after the epoch; NaN without validation data.
    learning_rate : list of float
        Learning rate of the epoch's last step.
    grad_norm : list of float
        Mean over steps of the gradient's norm before clipping.
    seconds : list of float
        Time of the epoch, with validation and without callbacks.
    n_steps : list of int
        Number of steps in the epoch.
    best_iter : int
        Number of the epoch with the lowest validation loss in the last run (or training loss, without validation data);
        if no epoch had a finite loss, the number of epochs before that run.
    stopped_by : {"max_iter", "tol", "early_stopping", "time", "callback", "interrupt", "divergence"} or None
        What ended the last run.
    """

    loss: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    grad_norm: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    n_steps: list[int] = field(default_factory=list)
    best_iter: int = 0
    stopped_by: str | None = None

    def __repr__(self) -> str:
        losses = {name: getattr(self, name)[-1] for name in ("loss", "val_loss") if getattr(self, name)}
        ends = "".join(f", {name}={loss:.6g}" for name, loss in losses.items() if not math.isnan(loss))
        return f"History(n_iter={self.n_iter}{ends}, stopped_by={self.stopped_by!r})"

    @property
    def bits(self) -> list[float]:
        """`loss` in bits, if it is a log loss in nats."""
        return [loss / math.log(2) for loss in self.loss]

    @property
    def val_bits(self) -> list[float]:
        """`val_loss` in bits, if it is a log loss in nats."""
        return [loss / math.log(2) for loss in self.val_loss]

    @property
    def n_iter(self) -> int:
        """Number of epochs, including an incomplete last one."""
        return len(self.loss)

    def add_epoch(
        self,
        *,
        loss: float,
        learning_rate: float,
        grad_norm: float,
        seconds: float,
        n_steps: int,
        val_loss: float = math.nan,
    ) -> None:
        """Append one epoch to every list."""
        self.loss.append(loss)
        self.val_loss.append(val_loss)
        self.learning_rate.append(learning_rate)
        self.grad_norm.append(grad_norm)
        self.seconds.append(seconds)
        self.n_steps.append(n_steps)

    def state(self) -> dict[str, Any]:
        """Return what `restore` needs."""
        return dict(vars(self))

    def restore(self, state: dict[str, Any]) -> None:
        """Restore from `state()`."""
        for own in fields(self):
            setattr(self, own.name, state[own.name])

    def trim(self) -> None:
        """Truncate all lists to the shortest, which undoes an `add_epoch` interrupted by Ctrl-C."""
        lists = (self.loss, self.val_loss, self.learning_rate, self.grad_norm, self.seconds, self.n_steps)
        n_iter = min(len(values) for values in lists)
        for values in lists:
            del values[n_iter:]
