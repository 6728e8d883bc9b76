"""Windows with their targets and weights, before scaling."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tsl._estimator.checks import check_numbers
from tsl.network import Framing, Sequences
from tsl.training import Samples


class TrainingData(NamedTuple):
    """Checked windows, targets and weights of `fit`."""

    windows: Sequences
    targets: NDArray[Any]
    """(n,) or (n, k)."""
    weights: NDArray[np.float64] | None
    """(n,), all above 0, the largest 1."""

    def part(self, which: Any) -> TrainingData:
        """Return the samples with these indices."""
        weights = None if self.weights is None else self.weights[which]
        return TrainingData(self.windows.part(which), self.targets[which], weights)


def make_data(windows: Sequences, targets: NDArray[Any], sample_weight: Any, dtype: Any) -> TrainingData:
    """Check that windows, targets and weights match, and leave out windows of weight 0."""
    n = len(windows.starts)
    if len(targets) != n:
        raise ValueError(f"X and y must have the same length, got {n} windows in X and {len(targets)} rows in y")
    if sample_weight is None:
        return TrainingData(windows, targets, None)
    weights = check_numbers(sample_weight, "sample_weight")
    if weights.shape != (n,):
        raise ValueError(f"sample_weight must have shape ({n},), one weight for each window, got {weights.shape}")
    if weights.min() < 0:
        raise ValueError(f"sample_weight must not be negative, got {weights.min():g}")
    if weights.max() == 0:
        raise ValueError("sample_weight must not be zero for all windows")
    weights = weights / weights.max()
    # Leave out weights that round to 0 in the network's dtype, too: a batch of nothing else would have no mean.
    return TrainingData(windows, targets, weights).part(weights.astype(dtype) > 0)


def merged(data: TrainingData) -> TrainingData:
    """Return the distinct windows, sorted by their values; the weights of equal windows are added.

    If all windows are in one batch, repeating a window is then the same as a weight of 2, bit for bit. The order does
    not depend on the dtype of the values.
    """
    weights = np.ones(len(data.targets)) if data.weights is None else data.weights
    rows, starts, lengths = data.windows[:3]
    first: dict[bytes, int] = {}
    total: dict[bytes, float] = {}
    for i, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        key = rows[start : start + length].astype(np.float64).tobytes() + data.targets[i].tobytes()
        first.setdefault(key, i)
        total[key] = total.get(key, 0.0) + weights[i]
    keys = sorted(first)
    once = data.part([first[key] for key in keys])
    summed = np.array([total[key] for key in keys])
    return once._replace(weights=summed / summed.max())


def in_segments(windows: Sequences, segment: int) -> Sequences:
    """Return the windows for a network that reads `segment` steps at a time.

    The last segment of a window may reach beyond its end, where everything is read as 0: bounds keep the network from
    reading the rows that follow.
    """
    if segment == 1:
        return windows
    (rows, starts, lengths), n = windows[:3], len(windows.starts)
    ends = starts + lengths
    framing = Framing(
        np.zeros((n, rows.shape[1]), rows.dtype),
        np.ones((n, rows.shape[1]), rows.dtype),
        np.stack([starts, ends, ends], axis=1),
        np.zeros((n, 0), rows.dtype),
    )
    return Sequences(rows, starts, -(-lengths // segment), framing)


def cut(samples: Samples, n_first: int) -> tuple[Samples, Samples]:
    """Return the first `n_first` samples, and the rest."""

    def part(which: slice) -> Samples:
        weights = None if samples.weights is None else samples.weights[which]
        return Samples(samples.sequences.part(which), samples.targets.part(which), weights)

    return part(slice(n_first)), part(slice(n_first, None))
