"""Arguments and results of a network: plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Architecture:
    """Architecture of a network.

    Parameters
    ----------
    n_inputs : int
        Input channels per step; the number of codes when `one_hot`.
    hidden_sizes : tuple of int
        Hidden units of each layer, lowest first.
    n_outputs : int
        Number of outputs of the head.
    bidirectional : bool
        Whether each layer also runs from the last step to the first.
    one_hot : bool
        Whether the inputs are integer codes, each standing for a one-hot vector.
    every_step : bool
        Whether the head reads every step, or only the last states.
    segment : int
        Number of rows of `Sequences.rows` that one step reads, side by side.
    n_static : int
        Static numbers of each window that every step also reads, see `Framing`; in a `one_hot` network, the number of
        conditions. Each window has one condition, and every step also reads its one-hot vector.
    n_known : int
        Number of input channels, the last ones, that are known beyond the bounds of `Framing`.
    skip_steps : int
        If not 0, the head also reads the inputs (except the static ones) of all steps, and every window has this many
        steps: a linear map that bypasses the layers. Its weights start at 0.
    n_embedded : int
        If not 0, a dense layer of this many rectified linear units is placed between each step's inputs and the first
        LSTM layer; in a `one_hot` network, each code and each condition has a learned vector of this size instead, and
        the vector of the condition is added to that of the code.
    """

    n_inputs: int
    hidden_sizes: tuple[int, ...]
    n_outputs: int
    bidirectional: bool = False
    one_hot: bool = False
    every_step: bool = False
    segment: int = 1
    n_static: int = 0
    n_known: int = 0
    skip_steps: int = 0
    n_embedded: int = 0


class Framing(NamedTuple):
    """Normalisation of each window: a row is read as ``(row - shifts) * scales``, a missing number (NaN) as 0."""

    shifts: NDArray[Any]
    """(n, C) of the network's dtype."""
    scales: NDArray[Any]
    """(n, C)"""
    bounds: NDArray[np.int64]
    """(n, 3) first row of the window's series, first row that is not known yet, and end of the series.

    Rows outside the series are read as 0, and so are those that are not known yet, except in the channels known ahead.
    A window may begin before its series, or even before all rows, and may end beyond them.
    """
    statics: NDArray[Any]
    """(n, n_static)"""


class Sequences(NamedTuple):
    """Windows of one long array: window i is `rows[starts[i] : starts[i] + lengths[i] * segment]`.

    Nothing is copied per window, and windows may overlap.
    """

    rows: NDArray[Any]
    """(N, C) numbers of the network's dtype, C-contiguous; or (N,) int32 codes for a one-hot network."""
    starts: NDArray[np.int64]
    """(n,) first row of each window."""
    lengths: NDArray[np.int64]
    """(n,) number of steps of each window, at least 1."""
    framing: Framing | None = None
    reset: NDArray[np.bool_] | None = None
    """(n,) whether a window starts from zero although states are carried; None: no window does."""
    conditions: NDArray[np.int32] | None = None
    """(n,) condition of each window, from 0, for a one-hot network with `n_static` conditions."""

    def part(self, which: Any) -> Sequences:
        """Return the windows numbered `which`, in the same rows."""
        framing = self.framing and Framing(*(array[which] for array in self.framing))
        reset = None if self.reset is None else self.reset[which]
        conditions = None if self.conditions is None else self.conditions[which]
        return Sequences(self.rows, self.starts[which], self.lengths[which], framing, reset, conditions)


class Targets(NamedTuple):
    """The target of window i is `rows[starts[i]]`; with `every_step`, that of step t is `rows[starts[i] + t]`.

    If K differs from the number of targets, the targets are that many numbers from the beginning of that row on,
    over as many rows as needed: with K = 1, the next values of a series. A number that is NaN is left out of the loss.
    """

    rows: NDArray[Any]
    """(M, K) numbers of the network's dtype, or (M,) int64 classes for ``"log_loss"``."""
    starts: NDArray[np.int64]
    """(n,) row of each window's (first) target."""
    shifts: NDArray[Any] | None = None
    """(n,) of the network's dtype; together with `scales`: a number stands for ``(number - shift) * scale``.

    For a loss of counts see `Loss`.
    """
    scales: NDArray[Any] | None = None
    """(n,)"""

    def part(self, which: Any) -> Targets:
        """Return the windows numbered `which`, in the same rows."""
        shifts = None if self.shifts is None else self.shifts[which]
        scales = None if self.scales is None else self.scales[which]
        return Targets(self.rows, self.starts[which], shifts, scales)


@dataclass(frozen=True)
class Loss:
    """Loss to minimise in training, a weighted mean over samples (and steps) and over outputs.

    `name` is "squared_error" (e**2), "absolute_error", "huber" (0.5 e**2 up to `delta`, linear beyond), "quantile"
    (the pinball loss of each of `quantiles`; outputs are ordered by target, then by quantile), "log_loss"
    (softmax cross-entropy in nats), "poisson" or "negative_binomial" (negative log-likelihood of counts in nats; an
    output is the logarithm of a mean, and for the latter the next output is the logarithm of the size r, which makes
    the variance mean + mean**2 / r). For counts, `Targets.shifts` are added to the logarithms of means, and
    `Targets.scales` multiply the loss.
    """

    name: str = "squared_error"
    delta: float = 1.0
    quantiles: tuple[float, ...] = ()


@dataclass(frozen=True)
class Optimizer:
    """Options of an optimiser.

    `solver` is "sgd", "rmsprop", "adam" or "adamw". `beta_1` is the momentum of "sgd" and the decay of the mean in
    "adam"; `beta_2` the decay of the squares in "adam" and "rmsprop". `alpha` shrinks the weight matrices, never the
    biases: through the gradient of ``alpha / 2 * sum(w**2)``, or decoupled in "adamw". The gradient is first clipped
    entry by entry to +-`clip_value`, then as a whole to the Euclidean norm `clip_norm`; None means no limit.
    """

    solver: str = "adam"
    beta_1: float = 0.9
    beta_2: float = 0.999
    nesterov: bool = False
    epsilon: float = 1e-8
    alpha: float = 0.0
    clip_norm: float | None = None
    clip_value: float | None = None


@dataclass
class OptimizerState:
    """Moments of the gradient, kept to continue training."""

    mean: NDArray[Any]
    mean_sq: NDArray[Any]
    step: int = 0

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.mean, self.mean_sq = np.array(self.mean), np.array(self.mean_sq)  # joblib loads arrays read-only


@dataclass(frozen=True)
class Dropout:
    """Dropout rates in training; masks are drawn anew for each training step from `seed` and the step's number.

    `outputs`: of the outputs of each layer, separately for every time step; `recurrent`: of the hidden state where it
    enters the recurrent product, the same units at all steps of a window (Gal & Ghahramani 2016); `weights`: of the
    recurrent matrices, the same ones for all windows and steps of a training step (Wan et al. 2013; Merity et al.
    2018).
    """

    outputs: float = 0.0
    recurrent: float = 0.0
    weights: float = 0.0
    seed: int = 0


class Gradient(NamedTuple):
    """Loss of a batch and its gradients."""

    loss: float
    params: NDArray[Any]
    """(P,) flat, as `Network.params`; see `Network.named`."""
    inputs: NDArray[Any]
    """(B, T, C) of the first layer's inputs, through it only; zero beyond a window's length; empty if one-hot."""
    hidden: list[NDArray[Any]]
    """With respect to the initial hidden state: one (B, H) array per layer and direction."""
    cell: list[NDArray[Any]]


class States(NamedTuple):
    """All states of one layer and direction, indexed by time t like the inputs (also in the reverse direction)."""

    gates: NDArray[Any]
    """(n, T, 4, H): input, forget, candidate, output activations; zero beyond a window's length."""
    cell: NDArray[Any]
    """(n, T, H): the cell state after reading step t."""
    hidden: NDArray[Any]
    """(n, T, H): the hidden state after reading step t."""
