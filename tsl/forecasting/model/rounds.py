"""Rounds of replicas: each takes some steps on its own, then all continue from the mean of their weights (Stich 2019).

A round consists of pure tasks, which a `Runner` runs: in this process or on a cluster. Changes are added in a tree over
the numbers of the replicas, so that the sum is the same, bit for bit, wherever the replicas are. Windows are drawn for
many rounds at once, so that a round reads only them, not the series of a replica.

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
from functools import partial
from time import perf_counter
from typing import Any, Literal, Protocol, Self

import numpy as np

from tsl.forecasting.model.drawn import Drawing, draw, share_of
from tsl.forecasting.model.fit import STEPS_AT_ONCE, FitConfig, start_network
from tsl.forecasting.model.members import Member, longest_window_learned
from tsl.forecasting.model.replicas import (
    LOCAL_STEPS,
    SUMMED,
    Preparation,
    RoundConfig,
    RoundEnd,
    RoundStart,
    added,
    group_steps,
    groups_of,
    next_start,
    of_replica,
    replica_windows,
)
from tsl.forecasting.model.sampling import WindowSampler, training_cutoffs
from tsl.forecasting.model.windows import ColumnStats, SeriesWindows
from tsl.forecasting.panel.domain import report
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.power import PowerTransform
from tsl.network import Dropout, Network
from tsl.training import Checkpoint, History, Schedule, TrainingDivergedWarning, TrainingInterruptedWarning
from tsl.training.callbacks import Callbacks
from tsl.training.checkpoint import fingerprint, put_into
from tsl.training.progress import Progress

# Size of the windows that all replicas draw at once, for each task that runs at the same time. Chosen by judgement:
# each draw prepares the series of a replica again (0.2 s for 2.5 million rows), and the windows stay in memory.
DRAWN_BYTES = 2**27


class TaskRunner(Protocol):
    """Runs tasks."""

    def submit(self, function: Callable[..., Any], *args: Any, replica: int | None = None, name: str) -> Any:
        """Return the result of a task, or a promise of it that other tasks take as an argument.

        `replica` is the one whose data the task reads, and `name` is shown to people.
        """

    def results(self, promises: Sequence[Any]) -> list[Any]:
        """Return the results."""


class Runner(TaskRunner, Protocol):
    """Runs tasks where the replicas are."""

    n_threads: int | None
    """Number of threads that a task may use; None for that of the fit."""
    n_at_once: int
    """Number of tasks that run at the same time."""

    def together(self) -> TaskRunner:
        """Return a runner for tasks that depend on each other: it may send all of them when results are wanted."""


class Here:
    """Runs tasks in this process, one after the other."""

    n_threads: int | None = None
    n_at_once: int = 1

    def submit(self, function: Callable[..., Any], *args: Any, replica: int | None = None, name: str) -> Any:
        """Return the result of a task."""
        return function(*args)

    def results(self, promises: Sequence[Any]) -> list[Any]:
        """Return the results."""
        return list(promises)

    def together(self) -> Self:
        """Return a runner for tasks that depend on each other."""
        return self


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
    needed = longest_window_learned(members) + members[0].windowing.horizon
    preparation = Preparation(replicas.missing, replicas.n_covariates, transform, needed, short)
    if transform.low is not None:
        _report_replaced(replicas, preparation)
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
            read = partial(replica_windows, preparation=preparation, windowing=windowing, stats=stats)
            n_numbers = windowing.n_steps * windowing.segment * network.architecture.n_inputs + windowing.horizon
            drawing = Drawing(read, seed, n_numbers)
            given = (replicas.panels, drawing, round_config(own), replicas.runner, f"network {k + 1}")
            history = Rounds(network, *given, checkpoint, callbacks).run()
        fitted.append((network, history))
    return fitted


def _report_replaced(replicas: Replicas, preparation: Preparation) -> None:
    """Warn about values of any replica that are replaced, although the sample may have none."""
    runner, check = replicas.runner, preparation.replaced
    found = [runner.submit(check, panel, replica=k, name="check values") for k, panel in enumerate(replicas.panels)]
    for outside in runner.results(found):
        report(outside)


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
    data : sequence, or promises of its items
        What each replica reads.
    drawing : Drawing
    config : RoundConfig
        Each replica takes all steps, with its part of a batch.
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
        drawing: Drawing,
        config: RoundConfig,
        runner: Runner,
        name: str,
        checkpoint: Checkpoint | None,
        callbacks: Sequence[Any],
    ) -> None:
        self._network, self._runner, self._name, self._drawing = network, runner, name, drawing
        self._n_epochs = -(-config.n_steps // STEPS_AT_ONCE)
        n_bytes = LOCAL_STEPS * config.batch_size * drawing.n_numbers * network.dtype.itemsize
        self._drawn_at_once = max(DRAWN_BYTES * runner.n_at_once // n_bytes, 1)
        self._moments = network.new_optimizer_state()
        self._history = History()
        self._checkpoint, self._callbacks = checkpoint, Callbacks(callbacks)
        self._progress = Progress(config.verbose, self._n_epochs)
        self._set_up(data, replace(config, n_threads=runner.n_threads or config.n_threads))

    def _set_up(self, data: Sequence[Any], config: RoundConfig) -> None:
        """Draw the first windows, and find the replicas that have some, their shares and groups."""
        self._data, self._config = list(enumerate(data)), of_replica(config, len(data))
        self._draw(0)
        shares = [self._runner.submit(share_of, one, name=f"{self._name}: shares") for one in self._drawn]
        totals = self._runner.results(shares)
        used = [k for k, one in enumerate(totals) if one]
        if len(used) < len(data):  # with fewer parts of a batch, each is larger
            self._data, self._config = [self._data[k] for k in used], of_replica(config, max(len(used), 1))
            self._drawn_rounds = range(0)
        self._shares = [totals[k] / sum(totals) for k in used]
        self._groups = groups_of(len(used), self._runner.n_at_once)

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
        n_steps = min(STEPS_AT_ONCE, self._config.n_steps - first)
        end = RoundStart(self._network, self._moments, self._config, first // LOCAL_STEPS)
        stop = end.number - (-n_steps // LOCAL_STEPS)
        while end.number < stop:
            if end.number not in self._drawn_rounds:
                self._draw(end.number)
            end = self._rounds(end, min(stop, self._drawn_rounds.stop))
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

    def _draw(self, first: int) -> None:
        """Draw the windows of rounds from this one on, and forget those drawn before."""
        self._drawn: list[Any] = []
        counts = self._config.n_windows(first, first + self._drawn_at_once)
        self._drawn_rounds, name = range(first, first + len(counts)), f"{self._name}: windows from round {first + 1} on"
        self._drawn = [
            self._runner.submit(draw, data, self._drawing, replica, first, counts, replica=replica, name=name)
            for replica, data in self._data
        ]

    def _rounds(self, start: RoundStart, stop: int) -> RoundStart:
        """Return the state before round `stop`: nothing waits for the end of the rounds before."""
        runner, names = self._runner.together(), [f"{self._name}: round {k + 1}" for k in range(start.number, stop)]
        groups = [(one, self._data[one][0][0]) for one in self._groups]  # where the first replica of each is
        ends = [runner.submit(RoundEnd, start, name=f"{names[0]}, weights")]  # sent to each worker only once
        for name in names:
            ends = [
                runner.submit(group_steps, self._drawn[one], self._shares[one], *ends, replica=replica, name=name)
                for one, replica in groups
            ]
            if len(ends) > SUMMED:  # otherwise each group adds them itself, which saves a task and a transfer in turn
                while len(ends) > SUMMED:
                    parts = [ends[k : k + SUMMED] for k in range(0, len(ends), SUMMED)]
                    ends = [runner.submit(added, *part, name=f"{name}, sum") for part in parts]
                after = runner.submit(next_start, *ends, name=f"{name}, weights")
                ends = [runner.submit(RoundEnd, after, name=f"{name}, weights")]
        end: RoundStart = runner.results([runner.submit(next_start, *ends, name=f"{name}, weights")])[0]
        return end

    # --- checkpoints ------------------------------------------------------------------------------------------

    def _resume(self) -> bool:
        """Restore the kept state of this training run, if any; return whether it has ended."""
        network = self._network
        if self._checkpoint is None:
            return False
        config = replace(self._config, n_threads=1, verbose=0)
        shares = [(replica, share) for (replica, _), share in zip(self._data, self._shares)]
        stored = self._checkpoint.open(
            fingerprint(network.architecture, network.params, config, LOCAL_STEPS, self._drawing.seed, shares)
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
