"""Replicas: series are distributed among them by their ids, and each trains a network on its own for a round.

The series of a replica, and the windows it draws, depend only on ids, seed and number of replicas, never on the order
of the series or on where the replica is. What concerns all series together is learned from a sample of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tsl._tables.partitions import hashes_of
from tsl.forecasting.model.drawn import Drawn, in_own_rows
from tsl.forecasting.model.sampling import WindowSampler, training_cutoffs, without_short
from tsl.forecasting.model.windows import ColumnStats, SeriesWindows, Windowing
from tsl.forecasting.panel.domain import Outside
from tsl.forecasting.panel.missing import check_missing, fill
from tsl.forecasting.panel.outliers import without_outliers
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.power import PowerTransform
from tsl.network import Dropout, Loss, Network, Optimizer, OptimizerState
from tsl.training import Samples, Schedule
from tsl.training.schedules import cosine_rates

SUMMED = 8  # changes that one task adds, because tasks cost more than sums
LOCAL_STEPS = 5  # per round; a divisor of STEPS_AT_ONCE
# Measured with 8 replicas on the last 96 hours of the training part of M4 Hourly: OWA at 5 cutoffs, one network of 64
# units, 400 steps. With one replica it was 0.555 over two seeds, and 0.556 over four. With rounds of 1, 5, 10 and 50
# steps it was 0.550, 0.555, 0.565 and 0.605 over the same two seeds; with 5 steps 0.551 over four seeds. With the
# learning rate of one replica it was 0.578 with rounds of 1 step and 0.607 with 50. An outer Nesterov step (rate and
# momentum 0.7) brought that to 0.584 with 50 and 0.566 with 10, but only changed the 0.565 above to 0.564. Rounds that
# grow from 5 to 50 steps as the rate falls: 0.560. With 32 replicas, rounds of 5 steps had 0.576, and rounds of 50 with
# the outer step 0.628. The noise of small batches, not the series of a replica, drives replicas apart: with 50 steps,
# replicas that each had all series were no better (0.610, compared with 0.605). With 1,500 steps, two seeds, 8 replicas
# had 0.480 and one had 0.485.
# Chosen by judgement, not measured: more series than most panels have, and few enough for one machine.
SAMPLE_SERIES = 1000
SAMPLE_ROWS = 2_000_000  # of all series of the sample together, if it has more than one


def deal(panel: Panel, n_replicas: int) -> list[Panel]:
    """Return the series of each replica in the order of their hashes; some replicas may have none."""
    hashes = hashes_of(panel.ids)
    order = np.argsort(hashes, kind="stable")
    replica = (hashes % np.uint64(n_replicas))[order]
    return [panel.of_series(order[replica == k]) for k in range(n_replicas)]


def sample_of(panel: Panel) -> Panel:
    """Return the sample of a panel: the series with the smallest hashes, in the order of these."""
    return panel.of_series(sampled(hashes_of(panel.ids), panel.lengths))


def sampled(hashes: NDArray[np.uint64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the indices of the series in the sample, in its order, from the hashes and lengths (n,) of all."""
    order = np.argsort(hashes, kind="stable")[:SAMPLE_SERIES]
    n_within = int(np.searchsorted(np.cumsum(lengths[order]), SAMPLE_ROWS, side="right"))
    return order[: max(n_within, 1)]


@dataclass(frozen=True)
class Preparation:
    """Preparation of the series of a replica for training."""

    missing: str
    n_covariates: int
    transform: PowerTransform
    needed: int
    """Number of rows of a window and the horizon together."""
    short: str

    def apply(self, panel: Panel) -> Panel:
        """Return the panel to train on; with ``short="skip"``, it may be empty."""
        check_missing(panel, self.missing)
        panel = self.transform.apply(self._filled(panel), warn=False)  # see `replaced`
        if self.short == "skip" and (panel.lengths < self.needed).all():
            return panel.select(np.zeros(0, np.int64))
        return without_short(panel, self.needed, self.short)

    def _filled(self, panel: Panel) -> Panel:
        return fill(without_outliers(panel, self.n_covariates), self.missing)

    def replaced(self, panel: Panel) -> Outside | None:
        """Return the values that the transform replaces; None if there are none."""
        if not panel.n_series or self.transform.replaced(panel) is None:  # clipping and filling add none
            return None
        return self.transform.replaced(self._filled(panel))


class ReplicaWindows(NamedTuple):
    """The windows of a replica, and how they are drawn."""

    windows: SeriesWindows
    sampler: WindowSampler

    @property
    def total(self) -> float:
        """Weight of the replica: that of its windows, where each series counts 1."""
        return self.sampler.total

    def draw(self, n: int, random_state: np.random.RandomState) -> NDArray[np.int64]:
        """Return the cutoffs of n windows, drawn with replacement."""
        return self.sampler.draw(n, random_state)

    def copied(self, cutoffs: NDArray[np.int64]) -> Samples:
        """Return copies of the windows at `cutoffs`."""
        plan = self.windows.windowing
        return in_own_rows(self.windows.samples(cutoffs), plan.n_steps * plan.segment, plan.horizon)


def replica_windows(
    panel: Panel, preparation: Preparation, windowing: Windowing, stats: ColumnStats
) -> ReplicaWindows | None:
    """Return the windows that a replica trains on, or None if there are none."""
    panel = preparation.apply(panel) if panel.n_series else panel
    if not panel.n_series:
        return None
    cutoffs = training_cutoffs(panel, windowing.window, windowing.horizon)
    sampler = WindowSampler(panel, cutoffs, windowing.horizon)
    return ReplicaWindows(SeriesWindows(panel, windowing, stats), sampler) if sampler.total else None


@dataclass(frozen=True)
class RoundConfig:
    """How a network is trained in rounds."""

    loss: Loss
    optimizer: Optimizer
    dropout: Dropout
    schedule: Schedule
    batch_size: int
    """Windows per step, of all replicas together."""
    n_steps: int
    n_threads: int
    verbose: int

    def n_windows(self, first: int, stop: int) -> NDArray[np.int64]:
        """Return the number of windows of each round (n_rounds,), from `first` to the last one before `stop`."""
        end = min(stop * LOCAL_STEPS, self.n_steps)
        return np.diff(np.arange(first * LOCAL_STEPS, end, LOCAL_STEPS), append=end) * self.batch_size

    def rates(self, number: int) -> NDArray[np.float64]:
        """Return the learning rates (n_steps,) of the steps of a round; rounds are numbered from 0."""
        first = number * LOCAL_STEPS
        return cosine_rates(self.schedule, np.arange(first, min(first + LOCAL_STEPS, self.n_steps)), self.n_steps)


def of_replica(config: RoundConfig, n_replicas: int) -> RoundConfig:
    """Return the training configuration of each of `n_replicas` replicas, with its part of a batch.

    Optimisers like Adam divide the gradient by its root mean square, most of which is noise: for a quarter of the batch
    it is twice as large, and the mean of the replicas would move only half as far. Hence the learning rate is
    multiplied by the root of the number of parts (Malladi et al. 2022).
    """
    batch_size = -(-config.batch_size // n_replicas)
    if config.optimizer.solver == "sgd":
        return replace(config, batch_size=batch_size)
    scale = float(np.sqrt(config.batch_size / batch_size))
    schedule = replace(config.schedule, init=scale * config.schedule.init)
    optimizer = config.optimizer
    if optimizer.solver == "adamw":  # its decay is multiplied by the learning rate
        optimizer = replace(optimizer, alpha=optimizer.alpha / scale)
    return replace(config, batch_size=batch_size, schedule=schedule, optimizer=optimizer)


class RoundStart(NamedTuple):
    """What all replicas start a round with."""

    network: Network
    moments: OptimizerState
    config: RoundConfig
    """Of a replica."""
    number: int
    """Number of the round, from 0."""
    losses: NDArray[np.float64] = np.zeros(0)
    """(n,) of the steps before the round that are not in the history yet."""
    norms: NDArray[np.float64] = np.zeros(0)
    """(n,) norms of their gradients before clipping."""

    def next(self, *changes: Change) -> RoundStart:
        """Return the start of the next round, after the changes of all replicas."""
        change = total(*changes)
        return self._replace(
            network=with_params(self.network, self.network.params + change.params),
            moments=OptimizerState(change.mean, change.mean_sq, self.moments.step + len(change.losses)),
            number=self.number + 1,
            losses=np.concatenate([self.losses, change.losses]),
            norms=np.concatenate([self.norms, change.norms]),
        )

    def is_finite(self) -> bool:
        """Return whether all numbers are finite."""
        parts = (self.network.params, self.moments.mean, self.moments.mean_sq, self.losses, self.norms)
        return all(bool(np.isfinite(part).all()) for part in parts)


class Change(NamedTuple):
    """Results of replicas in a round, multiplied by their weights."""

    params: NDArray[Any]
    """(P,) change of the parameters."""
    mean: NDArray[Any]
    """(P,) the first moments at the end."""
    mean_sq: NDArray[Any]
    """(P,) the second moments at the end."""
    losses: NDArray[np.float64]
    """(n_steps,)"""
    norms: NDArray[np.float64]
    """(n_steps,) norms of the gradients before clipping."""


class RoundEnd(NamedTuple):
    """Where a round started, and what replicas did in it."""

    start: RoundStart
    change: Change | None = None
    """Sum over some replicas; None if nothing was done yet."""


def group_steps(drawn: Sequence[Drawn], shares: Sequence[float], *ends: RoundEnd) -> RoundEnd:
    """Return what a group of replicas does in a round; `ends` are those of all groups in the round before."""
    start = next_start(*ends)
    return RoundEnd(start, total(*(local_steps(start, one, share) for one, share in zip(drawn, shares, strict=True))))


def next_start(*ends: RoundEnd) -> RoundStart:
    """Return the start of the next round; `ends` are those of all groups in the round before."""
    changes = [end.change for end in ends if end.change is not None]
    return ends[0].start.next(*changes) if changes else ends[0].start


def added(*ends: RoundEnd) -> RoundEnd:
    """Return the sum of what neighbouring groups of replicas did."""
    return RoundEnd(ends[0].start, total(*(end.change for end in ends if end.change is not None)))


def local_steps(start: RoundStart, drawn: Drawn, share: float) -> Change:
    """Return what a replica does in a round: a pure function of its arguments.

    `share` is its share of the total weight of all replicas.
    """
    config, rates = start.config, start.config.rates(start.number)
    samples, seed = drawn.of_round(start.number)
    network = with_params(start.network, start.network.params)
    moments = OptimizerState(start.moments.mean.copy(), start.moments.mean_sq.copy(), start.moments.step)
    losses, norms = network.train_steps(
        *samples,
        batches=np.arange(len(rates) * config.batch_size).reshape(len(rates), config.batch_size),
        learning_rates=rates,
        loss=config.loss,
        optimizer=config.optimizer,
        state=moments,
        dropout=replace(config.dropout, seed=seed),
        n_threads=config.n_threads,
    )
    weight = network.dtype.type(share)
    return Change(
        weight * (network.params - start.network.params),
        weight * moments.mean,
        weight * moments.mean_sq,
        share * losses,
        share * norms,
    )


def with_params(network: Network, params: NDArray[Any]) -> Network:
    """Return a network of the same architecture with these weights."""
    other = Network(network.architecture, dtype=network.dtype)
    with other.editing() as own:
        own[:] = params
    return other


def total(*changes: Change) -> Change:
    """Return the sum of changes: neighbours are added in pairs, then the sums in pairs."""
    while len(changes) > 1:
        changes = tuple(_add(*changes[k : k + 2]) for k in range(0, len(changes), 2))
    return changes[0]


def _add(one: Change, other: Change | None = None) -> Change:
    return one if other is None else Change(*(a + b for a, b in zip(one, other)))


def groups_of(n_replicas: int, n_at_once: int) -> list[slice]:
    """Return the replicas of each group: at least `n_at_once` groups, if there are so many replicas.

    A group has 2**k neighbours, or the last one fewer: a subtree of the tree in which changes are added, so that the
    groups do not change the sum.
    """
    size, fewest = 1, min(n_at_once, n_replicas)
    while size < n_replicas and -(-n_replicas // (2 * size)) >= fewest:
        size *= 2
    return [slice(first, first + size) for first in range(0, n_replicas, size)]
