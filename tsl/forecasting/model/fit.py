"""Train a network on the windows of a panel, and run trained ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.model.ridge import LinearMap
from tsl.forecasting.model.sampling import WindowSampler
from tsl.forecasting.model.windows import SeriesWindows
from tsl.network import Architecture, Dropout, Loss, Network, Optimizer
from tsl.training import Checkpoint, History, Samples, Schedule, TrainingSettings, train

LINEAR_WINDOWS = 10_000  # that the linear map is fitted to
STEPS_AT_ONCE = 50  # drawn together; an entry of the history
WINDOWS_AT_ONCE = 2**14  # forecast together, to bound what their outputs take


@dataclass(frozen=True)
class FitConfig:
    """How a network looks and is trained.

    The network starts as the linear map of least squares with this `penalty`, which training then changes together
    with the LSTM; None leaves the linear map out.
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
    max_time: float | None
    n_threads: int
    verbose: int


def fit_network(
    windows: SeriesWindows,
    draws: WindowSampler,
    learning: FitConfig,
    random_state: np.random.RandomState,
    checkpoint: Checkpoint | None = None,
    callbacks: Sequence[Any] = (),
) -> tuple[Network, History]:
    """A network that forecasts the windows that `draws` gives."""
    plan, n_quantiles = windows.windowing, max(len(learning.loss.quantiles), 1)
    network = Network(
        Architecture(
            windows.n_channels,
            learning.hidden_size,
            plan.horizon * n_quantiles,
            segment=plan.segment,
            n_static=windows.n_static,
            n_known=plan.n_future,
            skip_steps=0 if learning.penalty is None else plan.n_steps,
            n_embedded=learning.embedding_size,
        ),
        random_state=random_state,
    )
    if learning.penalty is not None:
        _start_linear(network, windows, draws.draw(LINEAR_WINDOWS, random_state), learning.penalty, n_quantiles)
    if learning.n_steps == 0:
        return network, History()
    at_once = min(STEPS_AT_ONCE, learning.n_steps)

    def samples() -> Samples:
        return windows.samples(draws.draw(at_once * learning.batch_size, random_state))

    history = train(
        network,
        samples,
        loss=learning.loss,
        optimizer=learning.optimizer,
        settings=TrainingSettings(
            max_iter=-(-learning.n_steps // at_once),
            batch_size=learning.batch_size,
            shuffle=False,
            schedule=Schedule("cosine", init=learning.learning_rate_init),
            n_iter_no_change=None,
            max_time=learning.max_time,
        ),
        random_state=random_state,
        dropout=Dropout(learning.dropout, seed=random_state.randint(2**31)),
        callbacks=callbacks,
        checkpoint=checkpoint,
        n_threads=learning.n_threads,
        verbose=learning.verbose,
    )
    return network, history


def _start_linear(
    network: Network, windows: SeriesWindows, ends: NDArray[np.int64], penalty: float, n_quantiles: int
) -> None:
    """Let the network be the linear map, and leave to the LSTM what that does not explain."""
    plan, linear = windows.windowing, LinearMap.fit(windows, ends, penalty)
    n_rows = plan.n_steps * plan.segment
    ahead = slice(plan.window, plan.window + len(linear.ahead))
    with network.editing() as params:
        parameters = network.named(params)
        parameters["head.w_out"][:] = 0.0
        by_row = parameters["head.w_out"][-n_rows * windows.n_channels :].reshape(n_rows, windows.n_channels, -1)
        by_row[: plan.window, : linear.values.shape[1]] = np.repeat(linear.values, n_quantiles, axis=2)
        by_row[ahead, windows.n_channels - plan.n_future :] = np.repeat(linear.ahead, n_quantiles, axis=2)
        parameters["head.b_out"][:] = np.repeat(linear.offset, n_quantiles)


def run_networks(
    networks: list[Network],
    windows: SeriesWindows,
    ends: NDArray[np.int64],
    n_threads: int,
    dropout: Dropout | None = None,
) -> NDArray[Any]:
    """(n, horizon, quantiles or 1) mean forecasts of the windows before `ends`, in the units of the panel.

    With `dropout` they are one draw of those that the networks may make.
    """
    horizon = windows.windowing.horizon
    parts = []
    for start in range(0, len(ends), WINDOWS_AT_ONCE):
        part = ends[start : start + WINDOWS_AT_ONCE]
        sequences = windows.sequences(part)
        outputs = [network.forward(sequences, dropout=dropout, n_threads=n_threads) for network in networks]
        parts.append(windows.restored(np.mean(outputs, axis=0, dtype=np.float64).reshape(len(part), horizon, -1), part))
    return np.concatenate(parts)
