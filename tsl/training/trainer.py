"""The loop of `train`: each epoch runs in compiled stretches of steps, with everything else in between."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tsl.network import Loss, Network, Optimizer, TrainingMemory
from tsl.training.batches import Samples
from tsl.training.callbacks import Callbacks
from tsl.training.epoch import Epoch
from tsl.training.pace import Pace
from tsl.training.progress import Progress
from tsl.training.resuming import TrainingCheckpoint
from tsl.training.settings import TrainingDivergedWarning, TrainingInterruptedWarning
from tsl.training.state import TrainState

LARGEST_WEIGHT = 1e30  # results computed from larger weights in float32 are not finite


@dataclass
class Trainer:
    """One call of `train`."""

    network: Network
    validation: Samples | Callable[[], float] | None
    loss: Loss
    optimizer: Optimizer
    state: TrainState
    callbacks: Callbacks
    checkpoint: TrainingCheckpoint
    progress: Progress
    n_threads: int

    def __post_init__(self) -> None:
        self._memory = TrainingMemory()
        self._pace = Pace()

    def run(self) -> None:
        """Train until the end."""
        validation = None if callable(self.validation) else self.validation
        if self.checkpoint.resume(validation, self.optimizer, self.loss):
            self._repeat_warning()
            return
        stopped_by = self._train_epochs()
        # No loss is measured after the last step, which may have been too large; false for NaN.
        sound = bool((np.abs(self.network.params) < LARGEST_WEIGHT).all())
        self._finish(stopped_by if sound else "divergence")
        self.checkpoint.save_end()

    def _train_epochs(self) -> str:
        """Train epochs until something ends the training; return the reason."""
        state = self.state
        try:
            while state.epoch or state.number < state.last_number:
                stopped_by = self._train_epoch()
                if stopped_by is not None:
                    return stopped_by
        except KeyboardInterrupt:
            state.history.trim()
            if state.epoch is not None and state.epoch.done > 0:
                self._end_epoch(state.epoch, math.nan)
            self.checkpoint.freeze()
            return "interrupt"
        finally:
            self.progress.close()
        return "max_iter"

    def _train_epoch(self) -> str | None:
        """Train one epoch; return why training ends with it, or None if it does not."""
        state, network = self.state, self.network
        epoch = state.epoch or self._begin_epoch()
        self.callbacks.on_epoch_begin(state.number, state.history, network)
        stopped_by = None
        while stopped_by is None and not epoch.complete:
            self.checkpoint.save_if_due(epoch)
            stopped_by = self._take_steps(epoch)
        diverged = stopped_by == "divergence"
        watched = self._end_epoch(epoch, math.nan if diverged else self._validate())
        self.progress.epoch(state.history)
        stop_requested = self.callbacks.on_epoch_end(state.number, state.history, network)
        if diverged:
            return stopped_by
        if stop_requested:
            return "callback"
        if self._out_of_patience(watched):
            return "early_stopping" if state.settings.early_stopping else "tol"
        return stopped_by

    def _begin_epoch(self) -> Epoch:
        """Draw the next epoch."""
        state = self.state
        batches = state.sampler.draw()
        state.number += 1
        state.epoch = Epoch(batches, state.rates.epoch(), state.clock.now())
        if state.carried is not None:
            state.carried.fill(0.0)
        return state.epoch

    def _take_steps(self, epoch: Epoch) -> str | None:
        """Take as many steps as the pace allows; return why training ends with them, or None if it does not."""
        state, clock, limit = self.state, self.state.clock, self.state.settings.max_time
        began = clock.now()
        steps = slice(epoch.done, epoch.done + self._pace.steps)
        if limit is not None:
            state.rates.keep_up(epoch.rates, steps, clock.share(limit, began))
        carried: dict[str, Any] = {} if state.carried is None else {"carried": state.carried}
        losses, norms = self.network.train_steps(
            *state.sampler.samples,
            batches=epoch.batches[steps],
            learning_rates=epoch.rates[steps],
            loss=self.loss,
            optimizer=self.optimizer,
            state=state.moments,
            dropout=state.dropout,
            memory=self._memory,
            n_threads=self.n_threads,
            **carried,
        )
        now = clock.now()
        clock.step_ended(now)
        self._pace.observe(len(losses), now - began)
        if not epoch.record(losses, norms):
            return "divergence"
        if not epoch.complete:
            self.progress.stretch(state.number, epoch.done / len(epoch.batches), float(losses.mean()))
        return "time" if clock.is_over(limit, now) else None

    def _validate(self) -> float:
        if self.validation is None:
            return math.nan
        if callable(self.validation):
            return float(self.validation())
        return float(self.network.evaluate(*self.validation, loss=self.loss, n_threads=self.n_threads))

    def _end_epoch(self, epoch: Epoch, val_loss: float) -> float:
        """Add the epoch to the history; return the loss that early stopping and the schedule watch."""
        state = self.state
        state.epoch = None
        loss = epoch.mean_loss(state.sampler.window_shares)
        state.history.add_epoch(
            loss=loss,
            val_loss=val_loss,
            learning_rate=float(epoch.rates[epoch.done - 1]),
            grad_norm=float(epoch.norms[: epoch.done].mean()),
            seconds=state.clock.now() - epoch.began,
            n_steps=epoch.done,
        )
        state.best.update(loss if self.validation is None else val_loss, state.number)
        watched = val_loss if state.settings.early_stopping else loss
        state.rates.epoch_ended(watched)
        return watched

    def _out_of_patience(self, watched: float) -> bool:
        limit = self.state.settings.n_iter_no_change
        return limit is not None and self.state.patience.update(watched) >= limit

    def _finish(self, stopped_by: str) -> None:
        """Leave the network with the weights to keep; warn if training diverged or was interrupted."""
        state = self.state
        state.history.stopped_by = stopped_by
        state.history.best_iter = state.best.epoch
        if stopped_by == "divergence":
            state.diverged_to = state.best.restore_safe()
            self._warn_of_divergence()
        elif stopped_by == "interrupt":
            best = state.best.restore()
            weights = "last weights" if best is None else f"weights as they were after epoch {best}"
            warnings.warn(
                f"training was interrupted in epoch {state.number}: it has ended, with the {weights}.",
                TrainingInterruptedWarning,
                stacklevel=4,
            )
        elif state.settings.early_stopping:
            state.best.restore()

    def _repeat_warning(self) -> None:
        """Repeat the warning of a finished training run that is not run again."""
        if self.state.diverged_to is not None:
            self._warn_of_divergence()

    def _warn_of_divergence(self) -> None:
        state = self.state
        warnings.warn(
            f"the loss, its gradient or the weights are not finite in epoch {state.history.n_iter}: training has "
            f"ended, with the weights as they were after epoch {state.diverged_to}. A lower learning rate or clip_norm "
            "may help.",
            TrainingDivergedWarning,
            stacklevel=5,
        )
