"""When to stop, and which weights to go back to."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tsl.network import Network, OptimizerState


class Patience:
    """Count the epochs in a row that did not bring the loss `tol` below its lowest value so far.

    Attributes
    ----------
    count : int
        0 right after such an improvement. A loss that is not finite is none.
    """

    def __init__(self, tol: float) -> None:
        self.tol = tol
        self.lowest = math.inf
        self.count = 0

    def update(self, loss: float) -> int:
        """Take in the loss of an epoch; returns `count`."""
        self.count = 0 if loss < self.lowest - self.tol else self.count + 1
        if loss < self.lowest:  # false for NaN, where min() would depend on the order
            self.lowest = loss
        return self.count


class Checkpoint(NamedTuple):
    """Weights and moments at the end of an epoch."""

    epoch: int
    params: NDArray
    mean: NDArray
    mean_sq: NDArray
    step: int


class BestWeights:
    """The network and its optimiser at their lowest loss.

    A validation loss belongs to the weights at the end of its epoch. A training loss is taken *before* each of the
    epoch's steps, so only the weights at the *start* of the epoch are sure to deserve it: a last step that was too
    long shows in the next epoch. `restore_safe` knows the difference.

    Parameters
    ----------
    network : Network
    state : OptimizerState
    validated : bool
        Whether the losses are those of validation data.
    epoch : int
        How many epochs the network has been trained already.
    """

    def __init__(self, network: Network, state: OptimizerState, *, validated: bool, epoch: int) -> None:
        self._network = network
        self._state = state
        self._validated = validated
        self.loss = math.inf
        self.epoch = epoch
        self._best: Checkpoint | None = None
        self._safe = self._entry = self._checkpoint(epoch)

    def update(self, loss: float, epoch: int) -> None:
        """Take in the loss of epoch number `epoch`, which has just ended."""
        improved = loss < self.loss
        if self._validated and not improved:
            return  # the weights at the start of an epoch are not needed then: spare the copy
        now = self._checkpoint(epoch)
        if improved:
            self.loss, self.epoch = loss, epoch
            self._best = now
            self._safe = now if self._validated else self._entry
        self._entry = now

    def restore(self) -> int | None:
        """Go back to the end of the best epoch; returns its number, None (and does nothing) where there is none."""
        return None if self._best is None else self._restore(self._best)

    def restore_safe(self) -> int:
        """Go back to weights that the best loss was measured on, or to those at the start; returns their epoch."""
        return self._restore(self._safe)

    def _checkpoint(self, epoch: int) -> Checkpoint:
        state = self._state
        return Checkpoint(epoch, self._network.params.copy(), state.mean.copy(), state.mean_sq.copy(), state.step)

    def _restore(self, kept: Checkpoint) -> int:
        np.copyto(self._network.params, kept.params)
        np.copyto(self._state.mean, kept.mean)
        np.copyto(self._state.mean_sq, kept.mean_sq)
        self._state.step = kept.step
        return kept.epoch
