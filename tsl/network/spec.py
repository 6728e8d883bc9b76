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
        Hidden units of each layer, the lowest first.
    n_outputs : int
        Numbers that the head gives.
    bidirectional : bool
        Whether each layer also runs from the last step to the first.
    one_hot : bool
        Whether the inputs are integer codes, each standing for a one-hot vector.
    every_step : bool
        Whether the head reads every step, or the last states alone.
    segment : int
        Rows of `Sequences.rows` that one step reads, side by side.
    n_static : int
        Numbers of each window that every step reads besides, see `Framing`; of a `one_hot` network, how many conditions
        there are, of which each window has one: every step reads its one-hot vector besides.
    n_known : int
        Of the input channels, the last ones, which are known beyond the bounds of `Framing`.
    skip_steps : int
        If not 0, the head also reads the inputs (but the static ones) of all steps, and every window has this many:
        a linear map past the layers. Its weights start at 0.
    n_embedded : int
        If not 0, a dense layer of so many rectified linear units lies between each step's inputs and the first LSTM
        layer; of a `one_hot` network, each code, and each condition, stands for a vector of so many numbers, which are
        learned, and that of the condition is added to that of the code.
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
    """Normalisation of each window: a row reads as ``(row - shifts) * scales``, a missing number (NaN) as 0."""

    shifts: NDArray[Any]
    """(n, C) of the network's dtype."""
    scales: NDArray[Any]
    """(n, C)"""
    bounds: NDArray[np.int64]
    """(n, 3) first row of the window's series, first row that is not known yet, and end of the series.

    Rows outside the series read as 0, and so do those that are not known yet, but in the channels known ahead. A
    window may begin before its series, or even before all rows, and end beyond.
    """
    statics: NDArray[Any]
    """(n, n_static)"""


class Sequences(NamedTuple):
    """Windows that lie in one long array: window i is `rows[starts[i] : starts[i] + lengths[i] * segment]`.

    Nothing is copied per window, and windows may overlap.
    """

    rows: NDArray[Any]
    """(N, C) numbers of the network's dtype, C-contiguous; or (N,) int32 codes for a one-hot network."""
    starts: NDArray[np.int64]
    """(n,) first row of each window."""
    lengths: NDArray[np.int64]
    """(n,) steps of each window, at least 1."""
    framing: Framing | None = None
    reset: NDArray[np.bool_] | None = None
    """(n,) which windows start from zero where others take carried states; None: none of them."""
    conditions: NDArray[np.int32] | None = None
    """(n,) of a one-hot network with `n_static` conditions: that of each window, from 0 on."""

    def part(self, which: Any) -> Sequences:
        """Return the windows numbered `which`, in the same rows."""
        framing = self.framing and Framing(*(array[which] for array in self.framing))
        reset = None if self.reset is None else self.reset[which]
        conditions = None if self.conditions is None else self.conditions[which]
        return Sequences(self.rows, self.starts[which], self.lengths[which], framing, reset, conditions)


class Targets(NamedTuple):
    """The target of window i is `rows[starts[i]]`; with `every_step`, step t's is `rows[starts[i] + t]`.

    Where K is not the number of targets, they are that many numbers from the beginning of that row on, over as many
    rows as it takes: with K = 1, the next values of a series. A number that is NaN is left out of the loss.
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
    """Loss that training minimises, a weighted mean over samples (and steps) and over outputs.

    `name` is "squared_error" (e**2), "absolute_error", "huber" (0.5 e**2 up to `delta`, linear beyond), "quantile"
    (the pinball loss of each of `quantiles`; outputs are ordered by target, then by quantile), "log_loss"
    (softmax cross-entropy in nats), "poisson" or "negative_binomial" (negative log-likelihood of counts in nats; an
    output is the logarithm of a mean, and with the latter the next one that of the size r, by which the variance is
    mean + mean**2 / r). For counts `Targets.shifts` are added to the logarithms of means, and `Targets.scales` multiply
    the loss.
    """

    name: str = "squared_error"
    delta: float = 1.0
    quantiles: tuple[float, ...] = ()


@dataclass(frozen=True)
class Optimizer:
    """Options of an optimiser.

    `solver` is "sgd", "rmsprop", "adam" or "adamw". `beta_1` is the momentum of "sgd" and the decay of the mean in
    "adam"; `beta_2` the decay of the squares in "adam" and "rmsprop". `alpha` shrinks the weight matrices, never the
    biases: as the gradient of ``alpha / 2 * sum(w**2)``, or decoupled in "adamw". The gradient is clipped entry by
    entry to +-`clip_value` first, then as a whole to the Euclidean norm `clip_norm`; None is no limit.
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
    """Moments of the gradient, which are kept to continue training."""

    mean: NDArray[Any]
    mean_sq: NDArray[Any]
    step: int = 0

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.mean, self.mean_sq = np.array(self.mean), np.array(self.mean_sq)  # joblib loads arrays read-only


@dataclass(frozen=True)
class Dropout:
    """Rates of units left out while training, drawn anew for each step from `seed` and the step's number.

    `outputs` of each layer, for every step by itself; `recurrent`: of the hidden state where it enters the
    recurrent product, the same units at all steps of a window (Gal & Ghahramani 2016); `weights`: of the recurrent
    matrices, the same ones for all windows and steps of a training step (Wan et al. 2013; Merity et al. 2018).
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
    """(B, T, C) of what the first layer reads, by its way alone, zero beyond a window's length; empty if one-hot."""
    hidden: list[NDArray[Any]]
    """With respect to the initial hidden state: one (B, H) a layer and direction."""
    cell: list[NDArray[Any]]


class States(NamedTuple):
    """All states of one layer and direction, by time t as the inputs are (also for the reverse direction)."""

    gates: NDArray[Any]
    """(n, T, 4, H): input, forget, candidate, output activations; zero beyond a window's length."""
    cell: NDArray[Any]
    """(n, T, H): the cell state after reading step t."""
    hidden: NDArray[Any]
    """(n, T, H): the hidden state after reading step t."""
