"""One call of `train`: its epochs, its end, and how it goes on from a checkpoint."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import asdict, replace
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl.network import Dropout, Network
from tsl.training.batches import Samples, epoch_batches, window_shares, windows_to_use
from tsl.training.callbacks import Callbacks
from tsl.training.checkpoint import Checkpoint, fingerprint, put_into
from tsl.training.epoch import Epoch
from tsl.training.history import History
from tsl.training.pace import Pace
from tsl.training.progress import Progress
from tsl.training.schedules import LearningRates
from tsl.training.settings import TrainingDivergedWarning, TrainingInterruptedWarning, TrainingSettings
from tsl.training.stopping import BestWeights, Patience

LARGEST_WEIGHT = 1e30  # beyond, what float32 makes of it is not finite


class Run:
    """One call of `train`."""

    def __init__(
        self,
        *,
        network: Network,
        samples: Samples | Callable[[], Samples],
        validation: Samples | Callable[[], float] | None,
        settings: TrainingSettings,
        random_state: np.random.RandomState,
        evaluate_options: dict[str, Any],
        train_options: dict[str, Any],
        history: History,
        callbacks: Callbacks,
        checkpoint: Checkpoint | None,
        verbose: int,
    ) -> None:
        self.network = network
        self.draw_samples = samples if callable(samples) else None
        self.drawn_from: dict[str, Any] = {}
        self.random_state = random_state
        self.checkpoint = checkpoint
        self._remember_chance()
        self._take(samples() if callable(samples) else samples)
        self.validation = validation
        self.settings = settings
        self.evaluate_options = evaluate_options
        self.train_options = train_options
        self.history = history
        self.callbacks = callbacks
        self.batch_size = min(settings.batch_size, self.windows.size)
        if settings.carry_states:
            train_options["carried"] = network.zero_states(self.batch_size)
        self.rates = LearningRates(
            settings.schedule,
            steps_per_epoch=-(-self.windows.size // self.batch_size),
            max_iter=settings.max_iter,
            tol=settings.tol,
            past=history.val_loss if settings.early_stopping else history.loss,
        )
        self.patience = Patience(settings.tol)
        self.best = BestWeights(network, train_options["state"], validated=validation is not None, epoch=history.n_iter)
        self.pace = Pace()
        self.progress = Progress(verbose, history.n_iter + settings.max_iter)
        self.began = perf_counter()
        self.first_step_ended: float | None = None
        self.before = self.number = history.n_iter
        self.open_epoch: Epoch | None = None
        self.kept: int | None = None  # the epoch whose weights a divergence has left

    def _take(self, samples: Samples) -> None:
        """Use these samples from now on."""
        self.samples = samples
        self.windows = windows_to_use(samples)
        self.window_shares = window_shares(samples, every_step=self.network.architecture.every_step)

    def _remember_chance(self) -> None:
        """Keep the random state that an epoch is drawn from."""
        if self.checkpoint is not None:
            self.drawn_from = self.random_state.get_state(legacy=False)

    def run(self) -> None:
        """Train to the end."""
        if self.checkpoint is not None and self._go_on(self.checkpoint):
            return
        stopped_by: str | None = None
        try:
            while stopped_by is None and (self.open_epoch or self.number - self.before < self.settings.max_iter):
                stopped_by = self._epoch()
        except KeyboardInterrupt:
            stopped_by = "interrupt"
            self.history.trim()
            if self.open_epoch is not None and self.open_epoch.done > 0:
                self._end_epoch(math.nan)
            if self.checkpoint is not None:
                self.checkpoint.freeze()
        finally:
            self.progress.close()
        # No loss is measured after the last step, which may have been too long; false for NaN.
        sound = bool((np.abs(self.network.params) < LARGEST_WEIGHT).all())
        self._finish(stopped_by or "max_iter" if sound else "divergence")
        if self.checkpoint is not None:
            self.checkpoint.keep(self._end_state())

    def _epoch(self) -> str | None:
        """Train one epoch; returns why it is the last one, None where it is not."""
        if self.open_epoch is None:
            self._open_epoch()
        epoch = self.open_epoch
        assert epoch is not None
        self.callbacks.on_epoch_begin(self.number, self.history, self.network)
        stopped_by = None
        while stopped_by is None and not epoch.complete:
            if self.checkpoint is not None and self.checkpoint.due:
                self.checkpoint.keep(self._state(epoch))
            stopped_by = self._stretch(epoch)
        diverged = stopped_by == "divergence"
        watched = self._end_epoch(math.nan if diverged else self._validate())
        self.progress.epoch(self.history)
        called_off = self.callbacks.on_epoch_end(self.number, self.history, self.network)
        if diverged:
            return stopped_by
        if called_off:
            return "callback"
        if self._out_of_patience(watched):
            return "early_stopping" if self.settings.early_stopping else "tol"
        return stopped_by

    def _open_epoch(self) -> None:
        """Draw the next epoch."""
        if self.number > self.before:  # what the first one reads was drawn to see how much it is
            self._remember_chance()
            if self.draw_samples is not None:
                self._take(self.draw_samples())
        self.number += 1
        self.open_epoch = Epoch(self._batches(), self.rates.epoch(), perf_counter())
        if self.settings.carry_states:
            self.train_options["carried"].fill(0.0)

    def _batches(self) -> NDArray[np.int64]:
        return epoch_batches(self.windows, self.batch_size, self.random_state if self.settings.shuffle else None)

    def _stretch(self, epoch: Epoch) -> str | None:
        """Take as many steps as the pace allows; returns why they are the last ones, None where they are not."""
        began = perf_counter()
        steps = slice(epoch.done, epoch.done + self.pace.steps)
        if self.settings.max_time is not None:
            self.rates.keep_up(epoch.rates, steps, self._share_of_time(began))
        losses, norms = self.network.train_steps(
            *self.samples, batches=epoch.batches[steps], learning_rates=epoch.rates[steps], **self.train_options
        )
        now = perf_counter()
        if self.first_step_ended is None:
            self.first_step_ended = now
        self.pace.observe(len(losses), now - began)
        if not epoch.record(losses, norms):
            return "divergence"
        if not epoch.complete:
            self.progress.stretch(self.number, epoch.done / len(epoch.batches), float(losses.mean()))
        limit = self.settings.max_time
        return "time" if limit is not None and now - self.began >= limit else None

    def _share_of_time(self, now: float) -> float:
        """How much has passed of the time that `max_time` leaves after the first step."""
        assert self.settings.max_time is not None
        if self.first_step_ended is None:
            return 0.0
        return (now - self.first_step_ended) / (self.began + self.settings.max_time - self.first_step_ended)

    def _validate(self) -> float:
        if self.validation is None:
            return math.nan
        if callable(self.validation):
            return float(self.validation())
        return float(self.network.evaluate(*self.validation, **self.evaluate_options))

    def _end_epoch(self, val_loss: float) -> float:
        """Write the epoch into the history; returns the loss that stopping and the schedule watch."""
        epoch, self.open_epoch = self.open_epoch, None
        assert epoch is not None
        loss = epoch.mean_loss(self.window_shares)
        self.history.add_epoch(
            loss=loss,
            val_loss=val_loss,
            learning_rate=float(epoch.rates[epoch.done - 1]),
            grad_norm=float(epoch.norms[: epoch.done].mean()),
            seconds=perf_counter() - epoch.began,
            n_steps=epoch.done,
        )
        self.best.update(loss if self.validation is None else val_loss, self.number)
        watched = val_loss if self.settings.early_stopping else loss
        self.rates.epoch_ended(watched)
        return watched

    def _out_of_patience(self, watched: float) -> bool:
        limit = self.settings.n_iter_no_change
        return limit is not None and self.patience.update(watched) >= limit

    def _finish(self, stopped_by: str) -> None:
        """Leave the network with the weights to keep, and say so where the caller could not expect it."""
        self.history.stopped_by = stopped_by
        self.history.best_iter = self.best.epoch
        if stopped_by == "divergence":
            self.kept = self.best.restore_safe()
            self._warn_of_divergence()
        elif stopped_by == "interrupt":
            best = self.best.restore()
            weights = "last weights" if best is None else f"weights as they were after epoch {best}"
            warnings.warn(
                f"training was interrupted in epoch {self.number}: it has ended, with the {weights}.",
                TrainingInterruptedWarning,
                stacklevel=4,
            )
        elif self.settings.early_stopping:
            self.best.restore()

    def _warn_of_divergence(self) -> None:
        warnings.warn(
            f"the loss, its gradient or the weights are not finite in epoch {self.history.n_iter}: training has ended, "
            f"with the weights as they were after epoch {self.kept}. A lower learning rate or clip_norm may help.",
            TrainingDivergedWarning,
            stacklevel=5,
        )

    # --- checkpoints ------------------------------------------------------------------------------------------

    def _identity(self) -> str:
        """What makes this training the same one; where time limits it, how much of it there is depends on the time."""
        settings, dropout = self.settings, self.train_options["dropout"]
        if settings.max_time is not None:
            settings, dropout = replace(settings, max_iter=0, max_time=0.0), None
        network, validation = self.network, None if callable(self.validation) else self.validation
        return fingerprint(
            (network.architecture, network.dtype, network.params, self.train_options["state"].step),
            (self.samples, validation, self.drawn_from),
            (settings, dropout, self.train_options["optimizer"], self.train_options["loss"]),
        )

    def _end_state(self) -> dict[str, Any]:
        """What is left of a training that has ended."""
        ended = {"ended": True, "random_state": self.random_state.get_state(legacy=False), "kept": self.kept}
        return ended | self._trained()

    def _trained(self) -> dict[str, Any]:
        moments = vars(self.train_options["state"])
        return {"params": self.network.params, "moments": moments, "history": self.history.state()}

    def _state(self, epoch: Epoch) -> dict[str, Any]:
        """All that is needed to go on with this epoch."""
        first = self.first_step_ended
        return self._trained() | {
            "ended": False,
            "number": self.number,
            "carried": self.train_options.get("carried"),
            "random_state": self.drawn_from,
            "epoch": epoch.state(),
            "rates": self.rates.state(),
            "patience": self.patience.state(),
            "best": self.best.state(),
            "settings": {"max_iter": self.settings.max_iter, "max_time": self.settings.max_time},
            "dropout": asdict(self.train_options["dropout"]),
            "seconds": perf_counter() - self.began,
            "seconds_of_epoch": perf_counter() - epoch.began,
            "seconds_of_first_step": None if first is None else first - self.began,
        }

    def _go_on(self, checkpoint: Checkpoint) -> bool:
        """Go on from where this training had got to, if it is known; returns whether it has ended."""
        state = checkpoint.open(self._identity())
        if state is None:
            return False
        with checkpoint.reading():
            self._restore_trained(state)
            if not state["ended"]:
                self._restore(state)
                return False
            self.kept = state["kept"]
        if self.kept is not None:
            self._warn_of_divergence()
        return True

    def _restore_trained(self, state: dict[str, Any]) -> None:
        moments, stored = self.train_options["state"], state["moments"]
        with self.network.editing() as params:
            put_into(params, state["params"])
        put_into(moments.mean, stored["mean"])
        put_into(moments.mean_sq, stored["mean_sq"])
        moments.step = stored["step"]
        self.history.restore(state["history"])
        self.random_state.set_state(state["random_state"])

    def _restore(self, state: dict[str, Any]) -> None:
        if self.settings.carry_states:
            put_into(self.train_options["carried"], state["carried"])
        self.settings = replace(self.settings, **state["settings"])
        self.train_options["dropout"] = Dropout(**state["dropout"])
        self.rates.restore(state["rates"])
        self.patience.restore(state["patience"])
        self.best.restore_state(state["best"])
        self.number = state["number"]
        self.began = perf_counter() - state["seconds"]
        first = state["seconds_of_first_step"]
        self.first_step_ended = None if first is None else self.began + first
        self._remember_chance()  # and draw the epoch under way again
        if self.draw_samples is not None:
            self._take(self.draw_samples())
        batches = self._batches()
        self.open_epoch = Epoch(batches, np.empty(len(batches)), perf_counter() - state["seconds_of_epoch"])
        self.open_epoch.restore(state["epoch"])
