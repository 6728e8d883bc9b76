"""Training of networks on the windows of a panel, and forecasts of trained ones."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.model.fit_time import FitTime
from tsl.forecasting.model.members import Kind, Member
from tsl.forecasting.model.ridge import LinearMap
from tsl.forecasting.model.sampling import WindowSampler, training_cutoffs
from tsl.forecasting.model.windows import ColumnStats, SeriesWindows
from tsl.forecasting.panel.panel import Panel
from tsl.network import Architecture, Dropout, Loss, Network, Optimizer
from tsl.training import Checkpoint, History, Samples, Schedule, TrainingSettings, train

LINEAR_WINDOWS = 10_000  # to fit the linear map to; chosen by judgement, not measured
STEPS_AT_ONCE = 50  # whose windows are drawn together; one entry of the history
WINDOWS_AT_ONCE = 2**14  # forecast together, to bound the memory of their outputs


@dataclass(frozen=True)
class FitConfig:
    """Sizes of a network, and its training settings.

    The network starts as the ridge regression with this `penalty`, which is then trained together with the LSTM; None
    leaves the linear map out. A network of a `kind` other than "lstm" is a known linear map.
    """

    hidden_size: tuple[int, ...]
    embedding_size: int
    penalty: float | None
    loss: Loss
    optimizer: Optimizer
    learning_rate_init: float
    dropout: float
    batch_size: int
    n_steps: int
    n_threads: int
    verbose: int
    kind: Kind = "lstm"

    def of_kind(self, kind: Kind) -> FitConfig:
        """Return the configuration for a member of this kind."""
        if kind == "lstm":
            return self
        return replace(self, kind=kind, hidden_size=(1,), embedding_size=0, penalty=0.0, n_steps=0)

    @property
    def n_per_step(self) -> int:
        """Number of outputs per step: quantiles, parameters of a distribution, or only the point forecast."""
        return 2 if self.loss.name == "negative_binomial" else max(len(self.loss.quantiles), 1)


def start_network(
    windows: SeriesWindows, sampler: WindowSampler, config: FitConfig, random_state: np.random.RandomState
) -> Network:
    """Return an untrained network for the windows that `sampler` draws: their linear map, if `config` has one.

    For counts it forecasts the mean of the window: the linear map to the logarithm of the mean starts at 0.
    """
    network = _new_network(windows, config, random_state)
    if windows.windowing.counts is not None:
        with network.editing() as params:
            for name in ("head.w_out", "head.b_out"):
                network.named(params)[name][:] = 0.0
    elif config.penalty is not None:
        if config.kind == "lstm":
            linear = LinearMap.fit(windows, sampler.draw(LINEAR_WINDOWS, random_state), config.penalty)
        else:
            linear = LinearMap.simple(windows, config.kind)
        _start_linear(network, windows, linear, config.n_per_step)
    return network


def train_network(
    network: Network,
    windows: SeriesWindows,
    sampler: WindowSampler,
    config: FitConfig,
    random_state: np.random.RandomState,
    checkpoint: Checkpoint | None = None,
    callbacks: Sequence[Any] = (),
    max_time: float | None = None,
    history: History | None = None,
) -> History:
    """Train a network in place, for at most `max_time` seconds; return its history, which continues `history`."""
    if config.n_steps == 0:
        return History() if history is None else history
    at_once = min(STEPS_AT_ONCE, config.n_steps)

    def samples() -> Samples:
        return windows.samples(sampler.draw(at_once * config.batch_size, random_state))

    return train(
        network,
        samples,
        loss=config.loss,
        optimizer=config.optimizer,
        settings=TrainingSettings(
            max_iter=-(-config.n_steps // at_once),
            batch_size=config.batch_size,
            shuffle=False,
            schedule=Schedule("cosine", init=config.learning_rate_init),
            n_iter_no_change=None,
            max_time=max_time,
        ),
        random_state=random_state,
        history=history,
        dropout=Dropout(config.dropout, seed=random_state.randint(2**31)),
        callbacks=callbacks,
        checkpoint=checkpoint,
        n_threads=config.n_threads,
        verbose=config.verbose,
    )


def _new_network(windows: SeriesWindows, config: FitConfig, random_state: np.random.RandomState) -> Network:
    """Return an untrained network for these windows."""
    plan = windows.windowing
    architecture = Architecture(
        windows.n_channels,
        config.hidden_size,
        plan.horizon * config.n_per_step,
        segment=plan.segment,
        n_static=windows.n_static,
        n_known=plan.n_future,
        skip_steps=0 if config.penalty is None else plan.n_steps,
        n_embedded=config.embedding_size,
    )
    return Network(architecture, random_state=random_state)


def _start_linear(network: Network, windows: SeriesWindows, linear: LinearMap, n_quantiles: int) -> None:
    """Start the network as the linear map, so that the LSTM learns what that does not explain."""
    plan = windows.windowing
    n_rows = plan.n_steps * plan.segment
    ahead = slice(plan.window, plan.window + len(linear.ahead))
    with network.editing() as params:
        parameters = network.named(params)
        parameters["head.w_out"][:] = 0.0
        by_row = parameters["head.w_out"][-n_rows * windows.n_channels :].reshape(n_rows, windows.n_channels, -1)
        by_row[: plan.window, : linear.values.shape[1]] = np.repeat(linear.values, n_quantiles, axis=2)
        by_row[ahead, windows.n_channels - plan.n_future :] = np.repeat(linear.ahead, n_quantiles, axis=2)
        parameters["head.b_out"][:] = np.repeat(linear.offset, n_quantiles)


def fit_networks(
    panel: Panel,
    members: Sequence[Member],
    stats: ColumnStats,
    config: FitConfig,
    seeds: Sequence[int],
    time: FitTime,
    checkpoint: Checkpoint | None = None,
    callbacks: Sequence[Any] = (),
    start: Sequence[tuple[Network, History]] = (),
    newer: NDArray[np.int64] | None = None,
) -> list[tuple[Network, History]]:
    """Return a network and its history for each member; those that are trained share the remaining time.

    If `start` has networks, copies of them are trained further; with `newer`, which is as in `WindowSampler`, with
    emphasis on windows that reach into new rows.

    Raises
    ------
    ValueError
        If there is no window to learn from.
    """
    horizon = members[0].windowing.horizon
    configs = [config.of_kind(member.kind) for member in members]
    fitted = []
    windows: SeriesWindows | None = None
    for k, (member, own, seed) in enumerate(zip(members, configs, seeds, strict=True)):
        if windows is None or windows.windowing != member.windowing:
            sampler = WindowSampler(panel, training_cutoffs(panel, member.windowing.window, horizon), horizon, newer)
            if not sampler.total and newer is not None:
                return list(start)  # no window reaches into the new rows yet
            if not sampler.total:
                raise ValueError(
                    f"horizon={horizon} leaves nothing to learn from: the longest series has {panel.lengths.max()} "
                    "rows, and at least one value has to follow the first horizon rows of a series"
                )
            windows = SeriesWindows(panel, member.windowing, stats)
        random_state = np.random.RandomState(seed)
        if start:
            network, history = copy.deepcopy(start[k])
        else:
            network, history = start_network(windows, sampler, own, random_state), History()
        began, left = time.elapsed(), time.left()
        limit = None if left is None else left / max(sum(one.n_steps > 0 for one in configs[k:]), 1)
        n_before = history.n_iter
        train_network(network, windows, sampler, own, random_state, checkpoint, callbacks, limit, history)
        time.elapsed(began + sum(history.seconds[n_before:]))
        fitted.append((network, history))
    return fitted


def run_networks(
    networks: Sequence[Network],
    windows: SeriesWindows,
    cutoffs: NDArray[np.int64],
    n_threads: int,
    dropouts: Sequence[Dropout | None] = (None,),
    weights: NDArray[np.float64] | None = None,
) -> NDArray[Any]:
    """Return mean forecasts at `cutoffs` in the units of the panel, (n_draws, n, horizon, quantiles or 1).

    Each of `dropouts` gives one draw of the forecast; None drops no units. All draws share the windows, which are built
    once. `weights` weight the mean, (n_networks, n), or (n_networks, 1) for the same at all cutoffs.
    """
    horizon, parts = windows.windowing.horizon, []
    weights = np.ones((len(networks), 1)) if weights is None else weights
    for start in range(0, len(cutoffs), WINDOWS_AT_ONCE):
        part = cutoffs[start : start + WINDOWS_AT_ONCE]
        each = (weights if weights.shape[1] == 1 else weights[:, start : start + len(part)])[:, :, None]
        sequences, draws = windows.sequences(part), []
        for dropout in dropouts:
            outputs = [network.forward(sequences, dropout=dropout, n_threads=n_threads) for network in networks]
            # the bits of np.average, which would take several percent of the time of forecasting one series
            total = np.sum([w * one.astype(np.float64) for w, one in zip(each, outputs)], axis=0)
            draws.append(windows.restored((total / each.sum(axis=0)).reshape(len(part), horizon, -1), part))
        parts.append(draws)
    return np.concatenate(parts, axis=1)
