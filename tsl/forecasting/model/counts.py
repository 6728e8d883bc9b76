"""Distributions of counts: what they are forecast by, and their quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.panel.panel import Panel

Counts = Literal["poisson", "negative_binomial"]
COUNTS: tuple[str, ...] = get_args(Counts)
"""The losses of counts."""


def check_counts(panel: Panel, loss: str) -> None:
    """Check that the target holds counts alone, or nothing.

    Raises
    ------
    ValueError
        If a value is negative or no whole number.
    """
    values = panel.values
    wrong = np.flatnonzero(~np.isnan(values) & ~((values >= 0) & (values == np.floor(values))))
    if len(wrong):
        row = wrong[0]
        raise ValueError(
            f"loss={loss!r} needs counts, whole numbers from 0 up, got {values[row]:g} in series "
            f"{panel.series_at(row)} at {panel.times[row]}"
        )


def count_quantiles(parameters: NDArray[np.float64], quantiles: Sequence[float]) -> NDArray[np.float64]:
    """Return quantiles (n, horizon, n_quantiles), whole numbers, of the distributions with these parameters.

    Parameters
    ----------
    parameters : ndarray of shape (n, horizon, 1 or 2)
        The mean, and the inverse of the size of a negative binomial distribution.
    quantiles : sequence of float
    """
    from scipy.stats import nbinom, poisson  # ONNX models of forecasters run without SciPy

    mean, levels = parameters[:, :, :1], np.asarray(quantiles, np.float64)
    if parameters.shape[2] == 1:
        return poisson.ppf(levels, mean)
    size = 1.0 / parameters[:, :, 1:]
    return nbinom.ppf(levels, size, size / (size + mean))
