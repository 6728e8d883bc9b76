"""Errors relative to those of a naive forecast."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tsl.metrics._point import mae, rmse


def mase(y_true: ArrayLike, y_pred: ArrayLike, y_train: ArrayLike, *, season: int = 1) -> float:
    """Return the mean absolute scaled error: relative to the one-step seasonal naive forecast on the training set.

    Parameters
    ----------
    y_true, y_pred : array-like of the same shape
        Observed values and forecasts, for one series.
    y_train : array-like of shape (n,)
        The series before the forecast; differences with a missing value (NaN) are left out.
    season : int, default=1
        Number of rows between the values whose differences are the scale.

    Returns
    -------
    float
        Below 1 is better than the naive forecast on the training set; infinite if the training set is exactly periodic.

    References
    ----------
    Hyndman & Koehler, *Another look at measures of forecast accuracy*, International Journal of Forecasting 22 (2006).

    Examples
    --------
    >>> mase([5.0, 7.0], [5.0, 6.0], [1.0, 3.0, 2.0, 4.0], season=2)
    0.5
    """
    return over(mae(y_true, y_pred), absolute_scale(checked_history(y_train, season), season))


def rmsse(y_true: ArrayLike, y_pred: ArrayLike, y_train: ArrayLike, *, season: int = 1) -> float:
    """Return the root mean squared scaled error: relative to the one-step seasonal naive forecast on the training set.

    Parameters
    ----------
    y_true, y_pred : array-like of the same shape
        Observed values and forecasts, for one series.
    y_train : array-like of shape (n,)
        The series before the forecast; differences with a missing value (NaN) are left out.
    season : int, default=1
        Number of rows between the values whose differences are the scale.

    Returns
    -------
    float

    Examples
    --------
    >>> rmsse([5.0, 7.0], [5.0, 5.0], [1.0, 3.0, 2.0, 4.0], season=2)
    1.4142135623730951
    """
    return over(rmse(y_true, y_pred), squared_scale(checked_history(y_train, season), season) ** 0.5)


def owa(smape: float, mase: float, *, reference_smape: float, reference_mase: float) -> float:
    """Return the overall weighted average of the M4 competition: the mean of relative sMAPE and relative MASE.

    Parameters
    ----------
    smape, mase : float
        A model's averages over all series.
    reference_smape, reference_mase : float
        The same averages of the reference, in the same units; in the competition a seasonally adjusted naive forecast.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If a reference is not above 0.

    Examples
    --------
    The seasonal naive forecast on the hourly series of the competition:

    >>> round(owa(13.912, 1.193, reference_smape=18.383, reference_mase=2.395), 3)
    0.627
    """
    for name, value in (("reference_smape", reference_smape), ("reference_mase", reference_mase)):
        if not value > 0.0:
            raise ValueError(f"{name} must be above 0, got {value}")
    return (smape / reference_smape + mase / reference_mase) / 2.0


def absolute_scale(history: NDArray[np.float64], season: int) -> float:
    """Return the mean absolute seasonal difference of a history (n,), ignoring NaN."""
    return float(np.nanmean(np.abs(history[season:] - history[:-season])))


def squared_scale(history: NDArray[np.float64], season: int) -> float:
    """Return the mean squared seasonal difference of a history (n,), ignoring NaN."""
    return float(np.nanmean((history[season:] - history[:-season]) ** 2))


def over(error: float, scale: float) -> float:
    """Return the ratio: infinite for a scale of 0, or NaN if the error is 0 as well."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.float64(error) / np.float64(scale))


def checked_history(y_train: ArrayLike, season: int) -> NDArray[np.float64]:
    """Return a history (n,) as floats, after checking that it has two known values a season apart."""
    if season < 1:
        raise ValueError(f"season must be at least 1, got {season}")
    history = np.asarray(y_train, dtype=float)
    if history.ndim != 1:
        raise ValueError(f"y_train must be one series of shape (n,), got shape {history.shape}")
    if not np.isfinite(history[season:] - history[:-season]).any():
        raise ValueError(f"y_train must have two values that are season={season} rows apart, got {len(history)} rows")
    return history
