"""Standardisation of inputs and targets, in which weights are equivalent to repetition."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tsl._estimator.checks import all_finite
from tsl._estimator.data import TrainingData
from tsl._outliers import FAR, SUSPECT, WITHIN, OutlierWarning, outliers
from tsl._warnings import calls_within_tsl
from tsl.network import Sequences

LARGEST = 1e300  # so that predictions far from the mean stay finite
# Columns whose means are further apart than this many standard deviations, or whose standard deviations differ by more
# than this factor, are not taken as steps of one channel; chosen by judgement, not measured.
APART = 5
MANY_ROWS = 10_000  # with fewer, the search for outliers takes no time
FEW_ROWS = 20  # with fewer, standard deviations differ by chance


class Scaling(NamedTuple):
    """A linear transformation of each column: ``(x - mean) / scale``."""

    mean: NDArray[np.float64]
    """(C,); (T, 1) if each column of a table has its own."""
    scale: NDArray[np.float64]
    """Of the same shape; 1 for a constant column."""

    def apply(self, rows: NDArray[Any], dtype: Any, name: str) -> NDArray[Any]:
        """Return scaled `rows` (N, C) as `dtype`; `name` appears in the error if they are too large for it."""
        with np.errstate(over="ignore"):
            scaled = ((rows - self.mean) / self.scale).astype(dtype, order="C", copy=False)
        if not all_finite(scaled):
            row, column = np.argwhere(~np.isfinite(scaled))[0]
            raise ValueError(
                f"{name} must have values that {np.dtype(dtype)} holds as (value - mean) / scale, got "
                f"{rows[row, column]:g} with mean {self.mean[column]:g} and scale {self.scale[column]:g} of the "
                "training data"
            )
        return scaled

    def undo(self, scaled: NDArray[Any]) -> NDArray[np.float64]:
        """Return `scaled` (..., C) in the units of the data."""
        return scaled.astype(np.float64) * self.scale + self.mean


def no_scaling(n_columns: int) -> Scaling:
    """Return a scaling that leaves `n_columns` columns unchanged."""
    return Scaling(np.zeros(n_columns), np.ones(n_columns))


def standard_scaling(rows: NDArray[Any], counts: NDArray[np.float64], reference: int, name: str) -> Scaling:
    """Return the scaling of rows (N, C), weighted by `counts` (N,), to mean 0 and standard deviation 1.

    `reference` is the index of a row with a weight above 0; its values are subtracted first, so that a constant column
    gives exactly 0.
    """
    origin, total = rows[reference].astype(np.float64), counts.sum()
    with np.errstate(over="ignore"):
        shifted = rows - origin
    shifted[counts == 0] = 0.0
    largest = np.maximum(shifted.max(axis=0), -shifted.min(axis=0))
    if max(largest.max(), np.abs(origin).max()) > LARGEST:
        raise ValueError(f"{name} has values too large to be standardised: scale them, or use scaling=None")
    # Squares must neither overflow nor underflow; scaling by a power of 2 loses no digits.
    exponent = np.frexp(largest)[1]
    np.ldexp(shifted, -exponent, out=shifted)
    shift = np.einsum("n,nc->c", counts, shifted) / total
    shifted -= shift
    scale = np.ldexp(np.sqrt(np.einsum("n,nc,nc->c", counts, shifted, shifted) / total), exponent)
    mean = origin + np.ldexp(shift, exponent)
    furthest = np.ldexp(np.maximum(shifted.max(axis=0), -shifted.min(axis=0)), exponent)
    for column in np.flatnonzero((furthest > SUSPECT * scale) | (len(rows) < MANY_ROWS)):
        _warn_of_outliers(rows[counts > 0, column].astype(np.float64), name)
    # A standard deviation of the size of rounding errors counts as 0.
    constant = scale <= 10 * np.finfo(np.float64).eps * np.abs(mean)
    return Scaling(mean, np.where(constant, 1.0, scale))


def _warn_of_outliers(column: NDArray[np.float64], name: str) -> None:
    """Warn of outliers that dominate the scale of a column."""
    indices = outliers(column)
    if len(indices):
        warnings.warn(
            f"{name} has {len(indices)} values more than {FAR:g} times as far from the median of their column as "
            f"{WITHIN:.0%} of the others, the first {column[indices[0]]:g}: they are used for training unchanged, and "
            "the scale that they set leaves little of the others",
            OutlierWarning,
            stacklevel=calls_within_tsl(),
        )


def are_steps(by_column: Scaling, n_rows: int) -> bool:
    """Return whether the means and deviations of a table's columns are similar enough for steps of one channel."""
    mean, scale = by_column
    alike = np.ptp(mean) <= APART * scale.max() and scale.max() <= APART * scale.min()
    return bool(alike or n_rows < FEW_ROWS)


def coverage(sequences: Sequences, weights: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """Return the number of windows that contain each row, or the sum of their weights, (N,)."""
    n_rows = len(sequences.rows)
    begin = np.bincount(sequences.starts, weights, n_rows + 1)
    end = np.bincount(sequences.starts + sequences.lengths, weights, n_rows + 1)
    return np.maximum(np.cumsum(begin - end)[:-1], 0.0)  # rounding may give less than 0 outside all windows


def input_scaling(training: TrainingData, *, may_be_columns: bool) -> Scaling:
    """Return the standardisation of each channel of the training set.

    With `may_be_columns`, each column of a table gets its own if the columns differ too much to be steps of one
    channel.
    """
    rows, starts, *_ = training.windows
    if may_be_columns:
        counts = np.ones(len(starts)) if training.weights is None else training.weights
        by_column = standard_scaling(_table(training.windows), counts, 0, "X")
        if not are_steps(by_column, len(starts)):
            return Scaling(by_column.mean[:, None], by_column.scale[:, None])
    return standard_scaling(rows, coverage(training.windows, training.weights), starts[0], "X")


def scaled_windows(windows: Sequences, scaling: Scaling, dtype: Any) -> Sequences:
    """Return the windows with scaled rows, as `dtype`."""
    if scaling.mean.ndim == 1:
        return windows._replace(rows=scaling.apply(windows.rows, dtype, "X"))
    n_columns = len(scaling.mean)
    if not (windows.lengths == n_columns).all():
        raise ValueError(f"X must have the {n_columns} columns of fit, each of which has its own scale")
    by_column = Scaling(scaling.mean[:, 0], scaling.scale[:, 0])
    table = by_column.apply(_table(windows), dtype, "X")
    return Sequences(table.reshape(-1, 1), np.arange(len(table)) * n_columns, windows.lengths)


def _table(windows: Sequences) -> NDArray[Any]:
    """Return windows of one channel and equal length as a table (n, T), one column per step."""
    return windows.rows[windows.starts[:, None] + np.arange(windows.lengths[0]), 0]
