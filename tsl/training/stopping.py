"""Early stopping: when to stop, and which weights to restore."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tsl.network import Network, OptimizerState
from tsl.training.checkpoint import put_into


class Patience:
    """Counter of consecutive epochs that did not bring the loss `tol` below its lowest value so far.

    Attributes
    ----------
    count : int
        0 right after such an improvement. A loss of NaN or infinity is never an improvement.
    """

    def __init__(self, tol: float) -> None:
        self.tol = tol
        self.lowest = math.inf
        self.count = 0

    def update(self, loss: float) -> int:
        """Record the loss of an epoch; return `count`."""
        self.count = 0 if loss < self.lowest - self.tol else self.count + 1
        if loss < self.lowest:  # false for NaN; the result of min() would depend on the order
            self.lowest = loss
        return self.count

    def state(self) -> dict[str, Any]:
        """Return what `restore` needs."""
        return {"lowest": self.lowest, "count": self.count}

    def restore(self, state: dict[str, Any]) -> None:
        """Restore from `state()`."""
        self.lowest, self.count = state["lowest"], state["count"]


class _Weights(NamedTuple):
    """Weights and moments at the end of an epoch."""

    epoch: int
    params: NDArray
    mean: NDArray
    mean_sq: NDArray
    step: int


class BestWeights:
    """The network and its optimiser at their lowest loss.

    A validation loss belongs to the weights at the end of its epoch. A training loss is measured *before* each of the
    epoch's steps, so it is only certain for the weights at the *start* of the epoch: a last step that was too large
    shows up only in the next epoch. `restore_safe` takes this into account.

    Parameters
    ----------
    network : Network
    state : OptimizerState
    validated : bool
        Whether the losses are those of validation data.
    epoch : int
        How many epochs the network has already been trained.
    """

    _KEPT = ("_best", "_safe", "_entry")

    def __init__(self, network: Network, state: OptimizerState, *, validated: bool, epoch: int) -> None:
        self._network = network
        self._state = state
        self._validated = validated
        self.loss = math.inf
        self.epoch = epoch
        self._best: _Weights | None = None
        self._safe = self._entry = self._weights(epoch)

    def update(self, loss: float, epoch: int) -> None:
        """Record the loss of epoch number `epoch`, which has just ended."""
        improved = loss < self.loss
        if self._validated and not improved:
            return  # the weights at the start of an epoch are not needed then: save the copy
        now = self._weights(epoch)
        if improved:
            self.loss, self.epoch = loss, epoch
            self._best = now
            self._safe = now if self._validated else self._entry
        self._entry = now

    def restore(self) -> int | None:
        """Restore the weights at the end of the best epoch; return its number, or None if there is none."""
        return None if self._best is None else self._restore(self._best)

    def restore_safe(self) -> int:
        """Restore the weights that the best loss was measured on, or the initial ones; return their epoch."""
        return self._restore(self._safe)

    def state(self) -> dict[str, Any]:
        """Return what `restore_state` needs; weights that are used twice are stored once."""
        kept: list[_Weights] = []
        places = {}
        for name in self._KEPT:
            weights = getattr(self, name)
            if weights is not None and not any(weights is one for one in kept):
                kept.append(weights)
            places[name] = next((k for k, one in enumerate(kept) if one is weights), None)
        return {"loss": self.loss, "epoch": self.epoch, "places": places, "kept": [one._asdict() for one in kept]}

    def restore_state(self, state: dict[str, Any]) -> None:
        """Restore from `state()`."""
        kept = []
        for stored in state["kept"]:
            weights = self._weights(stored["epoch"])
            for array, values in zip(weights[1:4], (stored["params"], stored["mean"], stored["mean_sq"]), strict=True):
                put_into(array, values)
            kept.append(weights._replace(step=stored["step"]))
        for name in self._KEPT:
            place = state["places"][name]
            setattr(self, name, None if place is None else kept[place])
        self.loss, self.epoch = state["loss"], state["epoch"]

    def _weights(self, epoch: int) -> _Weights:
        state = self._state
        return _Weights(epoch, self._network.params.copy(), state.mean.copy(), state.mean_sq.copy(), state.step)

    def _restore(self, kept: _Weights) -> int:
        with self._network.editing() as params:
            np.copyto(params, kept.params)
        np.copyto(self._state.mean, kept.mean)
        np.copyto(self._state.mean_sq, kept.mean_sq)
        self._state.step = kept.step
        return kept.epoch
