"""Rounds of replicas: each takes some steps on its own, then all go on from the mean of their weights (Stich 2019).

The mean change of a round is taken for a gradient, with which an outer optimiser makes a step with Nesterov momentum
(Douillard et al. 2023).

A round is made of pure tasks, which a `Runner` runs: in this process, or on a cluster. Changes are added in a binary
tree over the numbers of the replicas, so that the sum has the same bits wherever they are.

References
----------
.. [1] Stich, S. U. (2019). Local SGD converges fast and communicates little. ICLR.
.. [2] Douillard, A., et al. (2023). DiLoCo: Distributed low-communication training of language models.
   arXiv:2311.08105.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, Literal, Protocol

import numpy as np

from tsl.forecasting.model.fit import STEPS_AT_ONCE, FitConfig, start_network
from tsl.forecasting.model.members import Member, longest_window_of
from tsl.forecasting.model.replicas import (
    Change,
    Preparation,
    RoundConfig,
    RoundStart,
    add,
    local_steps,
    pairs,
    replica_windows,
    share_of,
)
from tsl.forecasting.model.sampling import WindowSampler, training_cutoffs
from tsl.forecasting.model.windows import ColumnStats, SeriesWindows
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.power import PowerTransform
from tsl.network import Dropout, Network, OptimizerState
from tsl.training import Checkpoint, History, Schedule, TrainingDivergedWarning, TrainingInterruptedWarning
from tsl.training.callbacks import Callbacks
from tsl.training.checkpoint import fingerprint, put_into
from tsl.training.progress import Progress
from tsl.training.schedules import cosine_rates

LOCAL_STEPS = STEPS_AT_ONCE
# Tried on the last 48 hours of the training part of every fourth series of M4 Hourly, one network of 64 units, 400
# steps, two seeds. OWA was 0.591 with one replica and, with 2, 4, 8 and 16 replicas, 0.589, 0.590, 0.587 and 0.628 with
# these; 0.598, 0.600, 0.609 and 0.637 with the mean alone (rate 1, momentum 0); 0.609, 0.603, 0.577 and 0.627 with 0.7
# and 0.9 (Douillard et al. 2023). Rounds of 10 or 25 steps made no difference beyond that between seeds.
OUTER_RATE, OUTER_MOMENTUM = 0.7, 0.7


class Runner(Protocol):
    """Runs tasks where the replicas are."""

    n_threads: int | None
    """Threads that a task may use; None for those of the fit."""

    def submit(self, function: Callable[..., Any], *args: Any, replica: int | None = None, name: str) -> Any:
        """Return the result of a task, or a promise of it that other tasks take as an argument.

        `replica` says whose data the task reads, and `name` what people call it.
        """

    def results(self, promises: Sequence[Any]) -> list[Any]:
        """Return the results."""


class Here:
    """Runs tasks in this process, one after another."""

    n_threads: int | None = None

    def submit(self, function: Callable[..., Any], *args: Any, replica: int | None = None, name: str) -> Any:
        """Return the result of a task."""
        return function(*args)

    def results(self, promises: Sequence[Any]) -> list[Any]:
        """Return the results."""
        return list(promises)


@dataclass
class Replicas:
    """The series to train on, dealt to replicas.

    Parameters
    ----------
    panels : sequence of Panel, or promises of them
        Of each replica, with missing readings still missing.
    missing : str
        As for `tsl.forecasting.panel.missing.fill`.
    n_covariates : int
        Columns of `Panel.future`, the first ones, that are no features of the calendar.
    runner : Runner
    """

    panels: Sequence[Any]
    missing: str
    n_covariates: int
    runner: Runner


def fit_on_replicas(
    sample: Panel,
    replicas: Replicas,
    members: Sequence[Member],
    stats: ColumnStats,
    config: FitConfig,
    seeds: Sequence[int],
    transform: PowerTransform,
    short: Literal["pad", "skip", "error"],
    checkpoint: Checkpoint | None = None,
    callbacks: Sequence[Any] = (),
) -> list[tuple[Network, History]]:
    """Return a network and its history for each member: it starts from the sample, and is trained on all replicas.

    Raises
    ------
    ValueError
        If there is no window to learn from.
    """
    needed = longest_window_of(members) + members[0].windowing.horizon
    preparation = Preparation(replicas.missing, replicas.n_covariates, transform, needed, short)
    fitted = []
    for k, (member, seed) in enumerate(zip(members, seeds, strict=True)):
        own, windowing = config.of_kind(member.kind), member.windowing
        cutoffs = training_cutoffs(sample, windowing.window, windowing.horizon)
        sampler = WindowSampler(sample, cutoffs, windowing.horizon)
        if not sampler.total:
            raise ValueError(
                f"horizon={windowing.horizon} leaves nothing to learn from: the longest series of the sample has "
                f"{sample.lengths.max()} rows, and at least one value has to follow the first horizon rows of a series"
            )
        random_state = np.random.RandomState(seed)
        network = start_network(SeriesWindows(sample, windowing, stats), sampler, own, random_state)
        history = History()
        if own.n_steps:
            runner, name = replicas.runner, f"network {k + 1}"
            read = (preparation, windowing, stats)
            data = [
                runner.submit(replica_windows, panel, *read, replica=number, name=f"{name}, windows")
                for number, panel in enumerate(replicas.panels)
            ]
            history = Rounds(network, data, round_config(own), seed, runner, name, checkpoint, callbacks).run()
        fitted.append((network, history))
    return fitted


def round_config(config: FitConfig) -> RoundConfig:
    """Return how a network of a forecaster is trained."""
    return RoundConfig(
        loss=config.loss,
        optimizer=config.optimizer,
        dropout=Dropout(config.dropout),
        schedule=Schedule("cosine", init=config.learning_rate_init),
        batch_size=config.batch_size,
        n_steps=config.n_steps,
        n_threads=config.n_threads,
        verbose=config.verbose,
    )


class Rounds:
    """The training of one network in rounds.

    Parameters
    ----------
    network : Network
        Changed in place.
    data : sequence of Drawn or None, or promises of them
        Of each replica.
    config : RoundConfig
        Each replica takes all steps, with its part of a batch.
    seed : int
    runner : Runner
    name : str
        What people call the training.
    checkpoint : Checkpoint or None
    callbacks : sequence of Callback or callable
    """

    def __init__(
        self,
        network: Network,
        data: Sequence[Any],
        config: RoundConfig,
        seed: int,
        runner: Runner,
        name: str,
        checkpoint: Checkpoint | None,
        callbacks: Sequence[Any],
    ) -> None:
        self._network, self._runner, self._name, self._seed = network, runner, name, seed
        shares = runner.results(
            [runner.submit(share_of, one, replica=k, name=f"{name}: shares") for k, one in enumerate(data)]
        )
        self._data = [(k, one, share / sum(shares)) for k, (one, share) in enumerate(zip(data, shares)) if share]
        self._config = replace(
            config,
            batch_size=-(-config.batch_size // max(len(self._data), 1)),
            n_threads=runner.n_threads or config.n_threads,
        )
        rates = cosine_rates(config.schedule, np.arange(config.n_steps), config.n_steps)
        self._rates = [rates[start : start + LOCAL_STEPS] for start in range(0, config.n_steps, LOCAL_STEPS)]
        self._moments = network.new_optimizer_state()
        self._velocity = np.zeros_like(network.params)
        self._history = History()
        self._checkpoint, self._callbacks = checkpoint, Callbacks(callbacks)
        self._progress = Progress(config.verbose, len(self._rates))

    def run(self) -> History:
        """Train to the end; return the history."""
        history = self._history
        try:
            if not self._resume():
                history.stopped_by = self._train()
                self._keep()
        except KeyboardInterrupt:
            history.trim()
            history.stopped_by = "interrupt"
            if self._checkpoint is not None:
                self._checkpoint.freeze()
            warnings.warn(
                f"training was interrupted in round {history.n_iter + 1}: it has ended, with the weights after the "
                "round before.",
                TrainingInterruptedWarning,
                stacklevel=2,
            )
        finally:
            self._progress.close()
        history.best_iter = int(np.argmin(history.loss)) + 1 if history.loss else 0
        return history

    def _train(self) -> str:
        """Train the rounds that are left; return what ended the training."""
        history, network = self._history, self._network
        while history.n_iter < len(self._rates):
            if self._checkpoint is not None and self._checkpoint.due:
                self._keep()
            number = history.n_iter + 1
            self._callbacks.on_epoch_begin(number, history, network)
            if not self._round(number - 1):
                warnings.warn(
                    f"the loss, its gradient or the weights are not finite in round {number}: training has ended, with "
                    f"the weights as they were after round {number - 1}. A lower learning rate or clip_norm may help.",
                    TrainingDivergedWarning,
                    stacklevel=2,
                )
                return "divergence"
            self._progress.epoch(history)
            if self._callbacks.on_epoch_end(number, history, network):
                return "callback"
        return "max_iter"

    def _round(self, number: int) -> bool:
        """Take the steps of one round; return whether all numbers are finite, and change nothing where not."""
        runner, began, rates = self._runner, perf_counter(), self._rates[number]
        name = f"{self._name}: round {number + 1}"
        start = RoundStart(self._network, self._moments, self._config, self._seed, number, rates)
        sent = runner.submit(_sent, start, name=f"{name}, weights")
        changes = [
            runner.submit(local_steps, sent, data, replica, share, replica=replica, name=name)
            for replica, data, share in self._data
        ]
        while len(changes) > 1:
            changes = [
                runner.submit(add, *pair, name=f"{name}, sum") if len(pair) == 2 else pair[0] for pair in pairs(changes)
            ]
        change: Change = runner.results(changes)[0]
        if not all(np.isfinite(part).all() for part in change):
            return False
        rate, momentum = map(self._network.dtype.type, (OUTER_RATE, OUTER_MOMENTUM))
        self._velocity = momentum * self._velocity + change.params
        with self._network.editing() as params:
            params += rate * (change.params + momentum * self._velocity)
        moments = self._moments
        self._moments = OptimizerState(change.mean, change.mean_sq, moments.step + len(rates))
        self._history.add_epoch(
            loss=float(change.losses.mean()),
            learning_rate=float(rates[-1]),
            grad_norm=float(change.norms.mean()),
            seconds=perf_counter() - began,
            n_steps=len(rates),
        )
        return True

    # --- checkpoints ------------------------------------------------------------------------------------------

    def _resume(self) -> bool:
        """Restore what was kept of this training, if anything; return whether it has ended."""
        network = self._network
        if self._checkpoint is None:
            return False
        config = replace(self._config, n_threads=1, verbose=0)
        shares = [(replica, share) for replica, _, share in self._data]
        stored = self._checkpoint.open(fingerprint(network.architecture, network.params, config, self._seed, shares))
        if stored is None:
            return False
        with self._checkpoint.reading():
            with network.editing() as params:
                put_into(params, stored["params"])
            put_into(self._velocity, stored["velocity"])
            moments = stored["moments"]
            put_into(self._moments.mean, moments["mean"])
            put_into(self._moments.mean_sq, moments["mean_sq"])
            self._moments.step = moments["step"]
            self._history.restore(stored["history"])
        return self._history.stopped_by is not None

    def _keep(self) -> None:
        """Keep what is needed to resume, or not to repeat, this training."""
        if self._checkpoint is not None:
            own = {"params": self._network.params, "velocity": self._velocity, "moments": vars(self._moments)}
            self._checkpoint.keep(own | {"history": self._history.state()})


def _sent(start: RoundStart) -> RoundStart:
    """Return the beginning of a round: a task of its own, so that a cluster sends it once to each worker."""
    return start
