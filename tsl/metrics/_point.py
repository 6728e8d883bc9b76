"""Errors of point forecasts."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tsl.metrics._checks import as_floats


def mae(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Return the mean absolute error, in the units of the series.

    Parameters
    ----------
    y_true, y_pred : array-like of the same shape
        Observed values and forecasts.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the shapes differ, the arrays are empty, or a value is not finite, as for all metrics of this module.

    Examples
    --------
    >>> mae([1.0, 2.0, 4.0], [1.0, 3.0, 2.0])
    1.0
    """
    true, pred = as_floats(y_true=y_true, y_pred=y_pred)
    return float(np.mean(np.abs(true - pred)))


def rmse(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Return the root mean squared error, in the units of the series.

    Parameters
    ----------
    y_true, y_pred : array-like of the same shape
        Observed values and forecasts.

    Returns
    -------
    float

    Examples
    --------
    >>> rmse([1.0, 2.0, 4.0, 5.0], [1.0, 3.0, 2.0, 7.0])
    1.5
    """
    true, pred = as_floats(y_true=y_true, y_pred=y_pred)
    return float(np.sqrt(np.mean((true - pred) ** 2)))


def mape(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Return the mean absolute percentage error, as a fraction; observed values of 0 are left out.

    Parameters
    ----------
    y_true, y_pred : array-like of the same shape
        Observed values and forecasts.

    Returns
    -------
    float
        0.1 means 10 %; NaN if all of `y_true` is 0.

    Examples
    --------
    >>> mape([100.0, 0.0, 50.0], [110.0, 5.0, 40.0])
    0.15000000000000002
    """
    true, pred = as_floats(y_true=y_true, y_pred=y_pred)
    counted = true != 0.0
    if not counted.any():
        return float("nan")
    return float(np.mean(np.abs((true - pred)[counted] / true[counted])))


def smape(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Return the symmetric mean absolute percentage error, the mean of ``|y - f| / (|y| + |f|)``, between 0 and 1.

    Parameters
    ----------
    y_true, y_pred : array-like of the same shape
        Observed values and forecasts. Where both are 0 the error is 0.

    Returns
    -------
    float

    Notes
    -----
    The M4 competition's figures, in percent between 0 and 200, are 200 times as large.

    Examples
    --------
    >>> smape([3.0, 0.0], [1.0, 0.0])
    0.25
    """
    true, pred = as_floats(y_true=y_true, y_pred=y_pred)
    size = np.abs(true) + np.abs(pred)
    return float(np.mean(np.abs(true - pred) / np.where(size == 0.0, 1.0, size)))


def wmape(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Return the weighted absolute percentage error: the sum of absolute errors over the sum of absolute values.

    Parameters
    ----------
    y_true, y_pred : array-like of the same shape
        Observed values and forecasts.

    Returns
    -------
    float
        0.1 means 10 %; NaN if all of `y_true` is 0.

    Examples
    --------
    >>> wmape([100.0, 0.0, 50.0], [110.0, 5.0, 50.0])
    0.1
    """
    true, pred = as_floats(y_true=y_true, y_pred=y_pred)
    size = float(np.sum(np.abs(true)))
    return float(np.sum(np.abs(true - pred))) / size if size else float("nan")
