"""Distributions of counts: the losses to learn them with, and their quantiles."""

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
    """Check that the target contains only counts and missing values.

    Raises
    ------
    ValueError
        If a value is negative or not an integer.
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
    """Return the quantiles (n, horizon, n_quantiles), which are integers, of distributions with these parameters.

    Parameters
    ----------
    parameters : ndarray of shape (n, horizon, 1 or 2)
        The mean, and the reciprocal of the size of a negative binomial distribution.
    quantiles : sequence of float
    """
    from scipy.stats import nbinom, poisson  # ONNX models of forecasters run without SciPy

    mean, levels = parameters[:, :, :1], np.asarray(quantiles, np.float64)
    if parameters.shape[2] == 1:
        return poisson.ppf(levels, mean)
    size = 1.0 / parameters[:, :, 1:]
    return nbinom.ppf(levels, size, size / (size + mean))
