"""Train a network: epochs of compiled stretches, and what happens between them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl.network import Dropout, Loss, Network, Optimizer, OptimizerState, TrainingMemory, on_compilation
from tsl.training.batches import Samples, batch_shares, epoch_batches, window_shares, windows_to_use
from tsl.training.callbacks import Callback, Callbacks
from tsl.training.history import History
from tsl.training.pace import Pace
from tsl.training.progress import Progress
from tsl.training.schedules import LearningRates, Schedule
from tsl.training.stopping import BestWeights, Patience


class TrainingInterruptedWarning(UserWarning):
    """Training was ended by Ctrl-C; the network is usable."""


class TrainingDivergedWarning(UserWarning):
    """Training was ended because the loss or its gradient was no longer finite; the network is usable."""


@dataclass(frozen=True)
class TrainingSettings:
    """How to train.

    Parameters
    ----------
    max_iter : int
        Epochs.
    batch_size : int
        Windows in a step; at most all there are.
    shuffle : bool
        Whether the windows are put in a new order for each epoch.
    schedule : Schedule
        The learning rate.
    tol : float
        How far the loss of an epoch must fall below the lowest one so far to count as an improvement.
    n_iter_no_change : int or None
        Training ends after this many epochs in a row without an improvement; None: never for that reason.
    early_stopping : bool
        Whether improvements (also for the schedule "plateau") are those of the validation loss, and the best weights
        are restored at the end; otherwise they are those of the training loss, and the last weights are kept.
    max_time : float or None
        Seconds after which training ends, also within an epoch, once the stretch of about 0.1 s that is under way
        is over. The schedule "cosine" then counts its way in time as well as in steps, whichever is further on, so
        that the rate has come down when time is up; the first step, which may have to compile, is not counted.
    carry_states : bool
        Whether each place of a batch goes on in the state in which the same place of the batch before ended, as when
        long streams are read chunk by chunk; states are zero at the start of an epoch. Needs ``shuffle=False``.
    """

    max_iter: int = 200
    batch_size: int = 64
    shuffle: bool = True
    schedule: Schedule = field(default_factory=Schedule)
    tol: float = 1e-4
    n_iter_no_change: int | None = 10
    early_stopping: bool = False
    max_time: float | None = None
    carry_states: bool = False


def train(
    network: Network,
    samples: Samples | Callable[[], Samples],
    *,
    loss: Loss,
    optimizer: Optimizer,
    settings: TrainingSettings,
    random_state: np.random.RandomState,
    validation: Samples | Callable[[], float] | None = None,
    dropout: Dropout | None = None,
    state: OptimizerState | None = None,
    history: History | None = None,
    callbacks: Iterable[Callback | Callable[[int, History, Network], bool | None]] = (),
    n_threads: int = 1,
    verbose: int = 0,
) -> History:
    """Train `network` in place.

    The result depends neither on `n_threads` nor on how fast the machine is, bit for bit, unless `max_time` or
    Ctrl-C ends the training.

    Parameters
    ----------
    network : Network
    samples : Samples or callable
        What to learn from; or a function that gives it anew for each epoch, always as many windows of the same sizes
        and weights.
    loss : Loss
    optimizer : Optimizer
    settings : TrainingSettings
    random_state : numpy.random.RandomState
        Shuffles, once an epoch.
    validation : Samples, callable or None
        Evaluated after each epoch: the part of the data that comes last in time, or a function that gives its loss.
    dropout : Dropout or None
    state : OptimizerState or None
        Moments to go on from, changed in place; None starts from `network.new_optimizer_state()`.
    history : History or None
        History to go on from, extended in place: epochs go on counting, and so do the schedules "step" and
        "plateau", while "cosine" spans the `max_iter` epochs of this call. Stopping starts anew: losses of other
        data cannot be compared.
    callbacks : iterable of Callback or callable
        See `Callback`.
    n_threads : int
    verbose : int
        0 writes nothing. 1 shows progress on stderr, 2 every epoch of it, both also that kernels are compiled first.

    Returns
    -------
    History
        `stopped_by` says what ended the training. After Ctrl-C the network has the weights of its best epoch, by
        validation loss or else by training loss, where the epoch that was cut short counts as one. After a loss or
        gradient that is not finite it has weights that the lowest loss was measured on.

    Raises
    ------
    ValueError
        If there are no windows with a weight above 0, if `settings.early_stopping` comes without `validation`, or
        `settings.carry_states` with `settings.shuffle`.

    Warns
    -----
    TrainingInterruptedWarning
        If Ctrl-C ended the training.
    TrainingDivergedWarning
        If a loss or gradient was not finite.

    Examples
    --------
    Predict the next value of a sine from the ten before it.

    >>> import numpy as np
    >>> from tsl.network import Architecture, Loss, Network, Optimizer, Sequences, Targets
    >>> rows = np.sin(np.arange(100) / 4).astype(np.float32)[:, None]
    >>> starts = np.arange(90)
    >>> samples = Samples(Sequences(rows, starts, np.full(90, 10)), Targets(rows, starts + 10))
    >>> random_state = np.random.RandomState(0)
    >>> history = train(
    ...     Network(Architecture(1, (8,), 1), random_state=random_state),
    ...     samples,
    ...     loss=Loss(),
    ...     optimizer=Optimizer(),
    ...     settings=TrainingSettings(max_iter=20, schedule=Schedule(init=0.01)),
    ...     random_state=random_state,
    ... )
    >>> history.n_iter, history.stopped_by, history.loss[-1] < 0.1 * history.loss[0]
    (20, 'max_iter', True)
    """
    missing = validation is None or (not callable(validation) and len(validation.sequences.starts) == 0)
    if settings.early_stopping and missing:
        raise ValueError("early_stopping=True needs validation data, at least 1 window")
    if settings.carry_states and settings.shuffle:
        raise ValueError("carry_states=True needs shuffle=False: shuffled windows do not go on from each other")
    run = _Run(
        network=network,
        samples=samples,
        validation=validation,
        settings=settings,
        random_state=random_state,
        evaluate_options={"loss": loss, "n_threads": n_threads},
        train_options={
            "loss": loss,
            "optimizer": optimizer,
            "state": network.new_optimizer_state() if state is None else state,
            "dropout": Dropout() if dropout is None else dropout,
            "memory": TrainingMemory(),
            "n_threads": n_threads,
        },
        history=History() if history is None else history,
        callbacks=Callbacks(callbacks),
        verbose=verbose,
    )
    with on_compilation(run.progress.compiling):
        run.run()
    return run.history


class _Epoch:
    """The epoch under way: its batches and what its steps have shown so far."""

    def __init__(self, batches: NDArray[np.int64], rates: NDArray[np.float64]) -> None:
        self.batches = batches
        self.rates = rates
        self.losses = np.empty(len(batches))
        self.norms = np.empty(len(batches))
        self.done = 0
        self.began = perf_counter()

    @property
    def complete(self) -> bool:
        return self.done == len(self.batches)

    def record(self, losses: NDArray[np.float64], norms: NDArray[np.float64]) -> bool:
        """Keep the results of the next steps, up to the first that is not finite; returns whether all are."""
        start, stop = self.done, self.done + len(losses)
        self.losses[start:stop] = losses
        self.norms[start:stop] = norms
        finite = np.isfinite(losses) & np.isfinite(norms)
        all_finite = bool(finite.all())
        self.done = stop if all_finite else start + int(finite.argmin()) + 1
        return all_finite

    def mean_loss(self, window_shares: NDArray[Any] | None) -> float:
        """Mean over the steps taken, as if their windows were one batch."""
        shares = batch_shares(self.batches[: self.done], window_shares)
        return float(self.losses[: self.done] @ shares / shares.sum())


class _Run:
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
        verbose: int,
    ) -> None:
        self.network = network
        self.draw_samples = samples if callable(samples) else None
        self._take(samples() if callable(samples) else samples)
        self.validation = validation
        self.settings = settings
        self.random_state = random_state
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
        self.number = history.n_iter
        self.open_epoch: _Epoch | None = None

    def _take(self, samples: Samples) -> None:
        """Use these samples from now on."""
        self.samples = samples
        self.windows = windows_to_use(samples)
        self.window_shares = window_shares(samples, every_step=self.network.architecture.every_step)

    def run(self) -> None:
        stopped_by: str | None = None
        try:
            for k in range(self.settings.max_iter):
                if k > 0 and self.draw_samples is not None:
                    self._take(self.draw_samples())
                self.number += 1
                stopped_by = self._epoch()
                if stopped_by is not None:
                    break
        except KeyboardInterrupt:
            stopped_by = "interrupt"
            self.history.trim()
            if self.open_epoch is not None and self.open_epoch.done > 0:
                self._end_epoch(math.nan)
        finally:
            self.progress.close()
        self._finish(stopped_by or "max_iter")

    def _epoch(self) -> str | None:
        """Train one epoch; returns why it is the last one, None where it is not."""
        self.callbacks.on_epoch_begin(self.number, self.history, self.network)
        shuffle = self.random_state if self.settings.shuffle else None
        epoch = self.open_epoch = _Epoch(epoch_batches(self.windows, self.batch_size, shuffle), self.rates.epoch())
        if self.settings.carry_states:
            self.train_options["carried"].fill(0.0)
        stopped_by = None
        while stopped_by is None and not epoch.complete:
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

    def _stretch(self, epoch: _Epoch) -> str | None:
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
            kept = self.best.restore_safe()
            warnings.warn(
                f"the loss or its gradient is not finite in epoch {self.number}: training has ended, with the "
                f"weights as they were after epoch {kept}. A lower learning rate or clip_norm may help.",
                TrainingDivergedWarning,
                stacklevel=4,
            )
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
