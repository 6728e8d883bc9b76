"""Replicas: series are dealt to them by their ids, and each trains a network on its own for a round.

Which series a replica has, and what it draws, depends on ids, seed and number of replicas alone, never on the order of
the series or on where the replica is. What must be known of all series together is learned from a sample of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tsl._tables.partitions import hashes_of
from tsl.forecasting.model.sampling import WindowSampler, training_cutoffs, without_short
from tsl.forecasting.model.windows import ColumnStats, SeriesWindows, Windowing
from tsl.forecasting.panel.missing import check_missing, fill
from tsl.forecasting.panel.outliers import without_outliers
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.power import PowerTransform
from tsl.network import Dropout, Loss, Network, Optimizer, OptimizerState
from tsl.training import Samples, Schedule
from tsl.training.schedules import cosine_rates

SUMMED = 8  # changes that one task adds, as tasks cost more than sums
LOCAL_STEPS = 5  # of a round; a divisor of STEPS_AT_ONCE
# Tried with 8 replicas on the last 96 hours of the training part of M4 Hourly: OWA at 5 cutoffs, one network of 64
# units, 400 steps. With one replica it was 0.555 over two seeds, and 0.556 over four. With rounds of 1, 5, 10 and 50
# steps it was 0.550, 0.555, 0.565 and 0.605 over the same two; 0.551 over four with 5. With the learning rate of one
# replica it was 0.578 with rounds of 1 step and 0.607 with 50. An outer Nesterov step (rate and momentum 0.7) brought
# that to 0.584 with 50 and 0.566 with 10, but made 0.564 of the 0.565 above. Rounds that grow from 5 to 50 steps as
# the rate falls: 0.560. With 32 replicas rounds of 5 steps had 0.576, and those of 50 with the outer step 0.628. Not
# the series of a replica but the noise of small batches drives replicas apart: with 50 steps it was no better where
# each had all series (0.610 for 0.605). With 1,500 steps, two seeds, 8 replicas had 0.480 and one had 0.485.
# Chosen by judgement, not measured: more series than most panels have, and few enough for one machine.
SAMPLE_SERIES = 1000
SAMPLE_ROWS = 2_000_000  # of all series of the sample together, if it has more than one


def deal(panel: Panel, n_replicas: int) -> list[Panel]:
    """Return the series of each replica, in the order of their hashes; some replicas may have none."""
    hashes = hashes_of(panel.ids)
    order = np.argsort(hashes, kind="stable")
    replica = (hashes % np.uint64(n_replicas))[order]
    return [panel.of_series(order[replica == k]) for k in range(n_replicas)]


def sample_of(panel: Panel) -> Panel:
    """Return the sample of a panel: the series with the smallest hashes, in their order."""
    return panel.of_series(sampled(hashes_of(panel.ids), panel.lengths))


def sampled(hashes: NDArray[np.uint64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return which of the series with these hashes and lengths (n,) are the sample, in its order."""
    order = np.argsort(hashes, kind="stable")[:SAMPLE_SERIES]
    n_within = int(np.searchsorted(np.cumsum(lengths[order]), SAMPLE_ROWS, side="right"))
    return order[: max(n_within, 1)]


@dataclass(frozen=True)
class Preparation:
    """How the series of a replica become those to train on."""

    missing: str
    n_covariates: int
    transform: PowerTransform
    needed: int
    """Rows of a window and the horizon."""
    short: str

    def apply(self, panel: Panel) -> Panel:
        """Return the panel to train on; with ``short="skip"`` perhaps one without series."""
        check_missing(panel, self.missing)
        panel = self.transform.apply(fill(without_outliers(panel, self.n_covariates), self.missing))
        if self.short == "skip" and (panel.lengths < self.needed).all():
            return panel.select(np.zeros(0, np.int64))
        return without_short(panel, self.needed, self.short)


class ReplicaWindows(NamedTuple):
    """The windows of a replica, and how they are drawn."""

    windows: SeriesWindows
    sampler: WindowSampler

    @property
    def total(self) -> float:
        """What the replica stands for: the weight of its windows, as a series counts 1."""
        return self.sampler.total

    def draw(self, n: int, random_state: np.random.RandomState) -> Samples:
        """Return so many windows, drawn with replacement."""
        return self.windows.samples(self.sampler.draw(n, random_state))


def replica_windows(
    panel: Panel, preparation: Preparation, windowing: Windowing, stats: ColumnStats
) -> ReplicaWindows | None:
    """Return the windows that a replica trains on, None if there are none."""
    panel = preparation.apply(panel) if panel.n_series else panel
    if not panel.n_series:
        return None
    cutoffs = training_cutoffs(panel, windowing.window, windowing.horizon)
    sampler = WindowSampler(panel, cutoffs, windowing.horizon)
    return ReplicaWindows(SeriesWindows(panel, windowing, stats), sampler) if sampler.total else None


class Drawn(Protocol):
    """What a replica trains on."""

    @property
    def total(self) -> float:
        """What the replica stands for beside others."""

    def draw(self, n: int, random_state: np.random.RandomState) -> Samples:
        """Return so many windows, drawn at random."""


def share_of(data: Drawn | None) -> float:
    """Return what a replica stands for, 0 for one without data."""
    return 0.0 if data is None else data.total


@dataclass(frozen=True)
class RoundConfig:
    """How a network is trained in rounds."""

    loss: Loss
    optimizer: Optimizer
    dropout: Dropout
    schedule: Schedule
    batch_size: int
    """Windows in a step of all replicas together."""
    n_steps: int
    n_threads: int
    verbose: int

    def rates(self, number: int) -> NDArray[np.float64]:
        """Return the learning rates (n_steps,) of the steps of a round, which are numbered from 0 on."""
        first = number * LOCAL_STEPS
        return cosine_rates(self.schedule, np.arange(first, min(first + LOCAL_STEPS, self.n_steps)), self.n_steps)


def of_replica(config: RoundConfig, n_replicas: int) -> RoundConfig:
    """Return how each of so many replicas trains with its part of a batch.

    Adam and its kin divide the gradient by its root mean square, most of which is noise: that of a batch of a quarter
    of the size is twice as large, and the mean of the replicas would make half the way. Hence the learning rate is
    multiplied by the root of the number of parts (Malladi et al. 2022).
    """
    batch_size = -(-config.batch_size // n_replicas)
    if config.optimizer.solver == "sgd":
        return replace(config, batch_size=batch_size)
    scale = float(np.sqrt(config.batch_size / batch_size))
    schedule = replace(config.schedule, init=scale * config.schedule.init)
    optimizer = config.optimizer
    if optimizer.solver == "adamw":  # whose decay is multiplied by the learning rate
        optimizer = replace(optimizer, alpha=optimizer.alpha / scale)
    return replace(config, batch_size=batch_size, schedule=schedule, optimizer=optimizer)


class RoundStart(NamedTuple):
    """What all replicas begin a round with."""

    network: Network
    moments: OptimizerState
    config: RoundConfig
    """Of a replica."""
    seed: int
    number: int
    """Of the round, from 0 on."""
    losses: NDArray[np.float64] = np.zeros(0)
    """(n,) of the steps before the round that are not in the history yet."""
    norms: NDArray[np.float64] = np.zeros(0)
    """(n,) norms of their gradients before they were clipped."""

    def next(self, *changes: Change) -> RoundStart:
        """Return what the next round begins with, after the changes of all replicas."""
        change = total(*changes)
        return self._replace(
            network=with_params(self.network, self.network.params + change.params),
            moments=OptimizerState(change.mean, change.mean_sq, self.moments.step + len(change.losses)),
            number=self.number + 1,
            losses=np.concatenate([self.losses, change.losses]),
            norms=np.concatenate([self.norms, change.norms]),
        )

    def is_finite(self) -> bool:
        """Return whether all numbers are."""
        parts = (self.network.params, self.moments.mean, self.moments.mean_sq, self.losses, self.norms)
        return all(bool(np.isfinite(part).all()) for part in parts)


class Change(NamedTuple):
    """What replicas did in a round, weighted by what they stand for."""

    params: NDArray[Any]
    """(P,) how much the parameters changed."""
    mean: NDArray[Any]
    """(P,) the first moments at the end."""
    mean_sq: NDArray[Any]
    """(P,) the second moments at the end."""
    losses: NDArray[np.float64]
    """(n_steps,)"""
    norms: NDArray[np.float64]
    """(n_steps,) norms of the gradients before they were clipped."""


def local_steps(start: RoundStart, data: Drawn, replica: int, share: float) -> Change:
    """Return what a replica does in a round: a pure function of its arguments.

    `share` of 1 is what all replicas stand for.
    """
    config, rates = start.config, start.config.rates(start.number)
    generator = np.random.MT19937(np.random.SeedSequence((start.seed, replica, start.number)))
    random_state = np.random.RandomState(generator)
    samples = data.draw(len(rates) * config.batch_size, random_state)
    network = with_params(start.network, start.network.params)
    moments = OptimizerState(start.moments.mean.copy(), start.moments.mean_sq.copy(), start.moments.step)
    losses, norms = network.train_steps(
        *samples,
        batches=np.arange(len(rates) * config.batch_size).reshape(len(rates), config.batch_size),
        learning_rates=rates,
        loss=config.loss,
        optimizer=config.optimizer,
        state=moments,
        dropout=replace(config.dropout, seed=random_state.randint(2**31)),
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
    """Return a network of the same form with these weights."""
    other = Network(network.architecture, dtype=network.dtype)
    with other.editing() as own:
        own[:] = params
    return other


def total(*changes: Change) -> Change:
    """Return the sum of changes: neighbours are added two by two, then the sums two by two."""
    while len(changes) > 1:
        changes = tuple(_add(*changes[k : k + 2]) for k in range(0, len(changes), 2))
    return changes[0]


def _add(one: Change, other: Change | None = None) -> Change:
    return one if other is None else Change(*(a + b for a, b in zip(one, other)))
