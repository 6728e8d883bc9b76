"""Rounds of replicas: each takes some steps on its own, then all continue from the mean of their weights (Stich 2019).

A round consists of pure tasks, which a `Runner` runs: in this process or on a cluster. Changes are added in a tree over
the numbers of the replicas, so that the sum is the same, bit for bit, wherever the replicas are.

References
----------
.. [1] Stich, S. U. (2019). Local SGD converges fast and communicates little. ICLR.
.. [2] Malladi, S., Lyu, K., Panigrahi, A., & Arora, S. (2022). On the SDEs and scaling rules for adaptive gradient
   algorithms. NeurIPS.
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
    LOCAL_STEPS,
    SUMMED,
    Preparation,
    RoundConfig,
    RoundStart,
    local_steps,
    of_replica,
    replica_windows,
    share_of,
    total,
)
from tsl.forecasting.model.sampling import WindowSampler, training_cutoffs
from tsl.forecasting.model.windows import ColumnStats, SeriesWindows
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.power import PowerTransform
from tsl.network import Dropout, Network
from tsl.training import Checkpoint, History, Schedule, TrainingDivergedWarning, TrainingInterruptedWarning
from tsl.training.callbacks import Callbacks
from tsl.training.checkpoint import fingerprint, put_into
from tsl.training.progress import Progress


class Runner(Protocol):
    """Runs tasks where the replicas are."""

    n_threads: int | None
    """Number of threads that a task may use; None for that of the fit."""

    def submit(self, function: Callable[..., Any], *args: Any, replica: int | None = None, name: str) -> Any:
        """Return the result of a task, or a promise of it that other tasks take as an argument.

        `replica` is the one whose data the task reads, and `name` is shown to people.
        """

    def results(self, promises: Sequence[Any]) -> list[Any]:
        """Return the results."""


class Here:
    """Runs tasks in this process, one after the other."""

    n_threads: int | None = None

    def submit(self, function: Callable[..., Any], *args: Any, replica: int | None = None, name: str) -> Any:
        """Return the result of a task."""
        return function(*args)

    def results(self, promises: Sequence[Any]) -> list[Any]:
        """Return the results."""
        return list(promises)


@dataclass
class Replicas:
    """The series to train on, distributed among replicas.

    Parameters
    ----------
    panels : sequence of Panel, or promises of them
        Those of each replica, with missing readings not filled.
    missing : str
        As in `tsl.forecasting.panel.missing.fill`.
    n_covariates : int
        Number of columns of `Panel.future`, the first ones, that are not calendar features.
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
    """Return a network and its history for each member: it is set up with the sample and trained on all replicas.

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
    """Return the training configuration for a network of a forecaster."""
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
        Those of each replica.
    config : RoundConfig
        Each replica takes all steps, with its part of a batch.
    seed : int
    runner : Runner
    name : str
        Name of the training run, shown to people.
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
        config = replace(config, n_threads=runner.n_threads or config.n_threads)
        self._config = of_replica(config, max(len(self._data), 1))
        self._n_epochs = -(-config.n_steps // STEPS_AT_ONCE)
        self._moments = network.new_optimizer_state()
        self._history = History()
        self._checkpoint, self._callbacks = checkpoint, Callbacks(callbacks)
        self._progress = Progress(config.verbose, self._n_epochs)

    def run(self) -> History:
        """Train until the end; return the history."""
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
                f"training was interrupted in epoch {history.n_iter + 1}: it has ended, with the weights after the "
                "epoch before.",
                TrainingInterruptedWarning,
                stacklevel=2,
            )
        finally:
            self._progress.close()
        history.best_iter = int(np.argmin(history.loss)) + 1 if history.loss else 0
        return history

    def _train(self) -> str:
        """Train the remaining epochs; return what ended the training."""
        history, network = self._history, self._network
        while history.n_iter < self._n_epochs:
            if self._checkpoint is not None and self._checkpoint.due:
                self._keep()
            number = history.n_iter + 1
            self._callbacks.on_epoch_begin(number, history, network)
            if not self._epoch(number - 1):
                warnings.warn(
                    f"the loss, its gradient or the weights are not finite in epoch {number}: training has ended, with "
                    f"the weights as they were after epoch {number - 1}. A lower learning rate or clip_norm may help.",
                    TrainingDivergedWarning,
                    stacklevel=2,
                )
                return "divergence"
            self._progress.epoch(history)
            if self._callbacks.on_epoch_end(number, history, network):
                return "callback"
        return "max_iter"

    def _epoch(self, number: int) -> bool:
        """Run the rounds of an epoch and return True; if a number is not finite, change nothing and return False."""
        began, first = perf_counter(), number * STEPS_AT_ONCE
        start = RoundStart(self._network, self._moments, self._config, self._seed, first // LOCAL_STEPS)
        n_steps = min(STEPS_AT_ONCE, self._config.n_steps - first)
        end: RoundStart = self._runner.results([self._rounds(start, -(-n_steps // LOCAL_STEPS))])[0]
        if not end.is_finite():
            return False
        with self._network.editing() as params:
            params[:] = end.network.params
        self._moments = end.moments
        self._history.add_epoch(
            loss=float(end.losses.mean()),
            learning_rate=float(self._config.rates(end.number - 1)[-1]),
            grad_norm=float(end.norms.mean()),
            seconds=perf_counter() - began,
            n_steps=n_steps,
        )
        return True

    def _rounds(self, start: RoundStart, n_rounds: int) -> Any:
        """Return the state after this many rounds, or a promise of it: nothing waits for the end of a round."""
        submit, names = self._runner.submit, [f"{self._name}: round {start.number + k + 1}" for k in range(n_rounds)]
        promise = submit(_sent, start, name=f"{names[0]}, weights")
        for name in names:
            changes = [
                submit(local_steps, promise, data, replica, share, replica=replica, name=name)
                for replica, data, share in self._data
            ]
            while len(changes) > SUMMED:
                parts = [changes[k : k + SUMMED] for k in range(0, len(changes), SUMMED)]
                changes = [submit(total, *part, name=f"{name}, sum") for part in parts]
            promise = submit(RoundStart.next, promise, *changes, name=f"{name}, weights")
        return promise

    # --- checkpoints ------------------------------------------------------------------------------------------

    def _resume(self) -> bool:
        """Restore the kept state of this training run, if any; return whether it has ended."""
        network = self._network
        if self._checkpoint is None:
            return False
        config = replace(self._config, n_threads=1, verbose=0)
        shares = [(replica, share) for replica, _, share in self._data]
        stored = self._checkpoint.open(
            fingerprint(network.architecture, network.params, config, LOCAL_STEPS, self._seed, shares)
        )
        if stored is None:
            return False
        with self._checkpoint.reading():
            with network.editing() as params:
                put_into(params, stored["params"])
            moments = stored["moments"]
            put_into(self._moments.mean, moments["mean"])
            put_into(self._moments.mean_sq, moments["mean_sq"])
            self._moments.step = moments["step"]
            self._history.restore(stored["history"])
        return self._history.stopped_by is not None

    def _keep(self) -> None:
        """Keep the state needed to resume this training run, or to skip it if it has ended."""
        if self._checkpoint is not None:
            own = {"params": self._network.params, "moments": vars(self._moments)}
            self._checkpoint.keep(own | {"history": self._history.state()})


def _sent(start: RoundStart) -> RoundStart:
    """Return the start of rounds: a separate task, so that a cluster sends it to each worker only once."""
    return start
