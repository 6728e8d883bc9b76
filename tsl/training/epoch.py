"""The current epoch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl.training.batches import batch_shares


class Epoch:
    """Batches of an epoch, and the results of its steps so far."""

    def __init__(self, batches: NDArray[np.int64], rates: NDArray[np.float64], began: float) -> None:
        self.batches = batches
        self.rates = rates
        self.losses = np.empty(len(batches))
        self.norms = np.empty(len(batches))
        self.done = 0
        self.began = began

    @property
    def complete(self) -> bool:
        """Whether all steps are taken."""
        return self.done == len(self.batches)

    def record(self, losses: NDArray[np.float64], norms: NDArray[np.float64]) -> bool:
        """Record the results of the next steps, up to the first that is not finite; return whether all are."""
        start, stop = self.done, self.done + len(losses)
        self.losses[start:stop] = losses
        self.norms[start:stop] = norms
        finite = np.isfinite(losses) & np.isfinite(norms)
        all_finite = bool(finite.all())
        self.done = stop if all_finite else start + int(finite.argmin()) + 1
        return all_finite

    def mean_loss(self, window_shares: NDArray[Any] | None) -> float:
        """Return the mean over the steps taken, as if their windows were one batch."""
        shares = batch_shares(self.batches[: self.done], window_shares)
        return float(self.losses[: self.done] @ shares / shares.sum())

    def state(self) -> dict[str, Any]:
        """Return what `restore` needs, besides the batches."""
        done = slice(self.done)
        return {"rates": self.rates, "losses": self.losses[done], "norms": self.norms[done]}

    def restore(self, state: dict[str, Any]) -> None:
        """Restore from `state()`."""
        self.done = len(state["losses"])
        self.rates[:] = state["rates"]
        self.losses[: self.done] = state["losses"]
        self.norms[: self.done] = state["norms"]
