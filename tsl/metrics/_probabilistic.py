"""Scores of quantiles and intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tsl.metrics._checks import as_floats
from tsl.metrics._scaled import absolute_scale, checked_history, over


def pinball(y_true: ArrayLike, y_pred: ArrayLike, quantile: float) -> float:
    """Return the pinball loss of forecasts of one quantile, which is lowest for the true quantile.

    Parameters
    ----------
    y_true, y_pred : array-like of the same shape
        Observed values and forecasts of the quantile.
    quantile : float
        Between 0 and 1; at 0.5 the loss is half the mean absolute error.

    Returns
    -------
    float

    Examples
    --------
    >>> pinball([10.0, 10.0], [8.0, 11.0], 0.9)
    0.95
    """
    (quantile,) = _quantiles([quantile])
    true, pred = as_floats(y_true=y_true, y_pred=y_pred)
    return float(np.mean(pinball_losses(true - pred, quantile)))


def scaled_pinball(
    y_true: ArrayLike, y_pred: ArrayLike, quantile: float, y_train: ArrayLike, *, season: int = 1
) -> float:
    """Return the pinball loss relative to the one-step seasonal naive forecast on the training set.

    Unlike percentage errors it is defined for values of 0, so it suits intermittent demand. The M5 competition ranked
    forecasts of nine quantiles by it.

    Parameters
    ----------
    y_true, y_pred : array-like of the same shape
        Observed values and forecasts of the quantile, for one series.
    quantile : float
        Between 0 and 1; at 0.5 the loss is half of `mase`.
    y_train : array-like of shape (n,)
        The series before the forecast; differences with a missing value (NaN) are left out. The competition leaves out
        the zeros before the first sale.
    season : int, default=1
        Number of rows between the values whose differences are the scale.

    Returns
    -------
    float
        Infinite if the training set is exactly periodic.

    References
    ----------
    Makridakis et al., *The M5 uncertainty competition*, International Journal of Forecasting 38 (2022).

    Examples
    --------
    >>> scaled_pinball([0.0, 4.0], [1.0, 2.0], 0.9, [0.0, 2.0, 0.0, 2.0])
    0.475
    """
    return over(pinball(y_true, y_pred, quantile), absolute_scale(checked_history(y_train, season), season))


def crps(y_true: ArrayLike, y_pred: ArrayLike, quantiles: ArrayLike) -> float:
    """Return the continuous ranked probability score from quantiles: twice the mean of their pinball losses.

    Parameters
    ----------
    y_true : array-like of shape (...)
        Observed values.
    y_pred : array-like of shape (..., n_quantiles)
        The forecasts of the quantiles.
    quantiles : array-like of shape (n_quantiles,)
        The levels of the quantiles, between 0 and 1. The score is exact in the limit of many evenly spaced levels.

    Returns
    -------
    float
        In the units of the series; for the single quantile 0.5, the mean absolute error.

    Examples
    --------
    >>> crps([10.0], [[8.0, 10.0, 12.0]], [0.25, 0.5, 0.75])
    0.6666666666666666
    """
    levels = _quantiles(quantiles)
    true, pred = np.asarray(y_true, dtype=float), np.asarray(y_pred, dtype=float)
    if pred.shape != (*true.shape, len(levels)):
        raise ValueError(f"y_pred must have the shape {(*true.shape, len(levels))}, got {pred.shape}")
    true, pred = as_floats(y_true=np.broadcast_to(true[..., None], pred.shape), y_pred=pred)
    return 2.0 * float(np.mean(pinball_losses(true - pred, levels)))


def coverage(y_true: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> float:
    """Return the fraction of values within their prediction intervals, bounds included.

    Parameters
    ----------
    y_true, lower, upper : array-like of the same shape
        Observed values and the bounds.

    Returns
    -------
    float
        Between 0 and 1.

    Examples
    --------
    >>> coverage([1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.0, 0.0], [3.0, 3.0, 3.0, 3.0])
    0.75
    """
    true, low, high = as_floats(y_true=y_true, lower=lower, upper=upper)
    return float(np.mean((low <= true) & (true <= high)))


def interval_width(lower: ArrayLike, upper: ArrayLike) -> float:
    """Return the mean width of prediction intervals, in the units of the series.

    Parameters
    ----------
    lower, upper : array-like of the same shape
        The bounds.

    Returns
    -------
    float

    Examples
    --------
    >>> interval_width([0.0, 1.0], [2.0, 5.0])
    3.0
    """
    low, high = as_floats(lower=lower, upper=upper)
    return float(np.mean(high - low))


def pinball_losses(error: NDArray[np.float64], quantile: float | NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(quantile * error, (quantile - 1.0) * error)


def _quantiles(quantiles: ArrayLike) -> NDArray[np.float64]:
    levels = np.asarray(quantiles, dtype=float)
    if levels.ndim != 1 or not len(levels) or not ((levels > 0.0) & (levels < 1.0)).all():
        raise ValueError(f"quantiles must be between 0 and 1, got {quantiles!r}")
    return levels
