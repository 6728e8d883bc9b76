"""Metrics of arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def mae(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Mean absolute error, in the units of the series.

    Parameters
    ----------
    y_true, y_pred : array-like of the same shape
        What came, and what was forecast.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the shapes differ, there is nothing in them, or something is not finite. So it is for all metrics here.

    Examples
    --------
    >>> mae([1.0, 2.0, 4.0], [1.0, 3.0, 2.0])
    1.0
    """
    true, pred = _checked(y_true=y_true, y_pred=y_pred)
    return float(np.mean(np.abs(true - pred)))


def rmse(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Root of the mean squared error, in the units of the series.

    Parameters
    ----------
    y_true, y_pred : array-like of the same shape
        What came, and what was forecast.

    Returns
    -------
    float

    Examples
    --------
    >>> rmse([1.0, 2.0, 4.0, 5.0], [1.0, 3.0, 2.0, 7.0])
    1.5
    """
    true, pred = _checked(y_true=y_true, y_pred=y_pred)
    return float(np.sqrt(np.mean((true - pred) ** 2)))


def mape(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Mean absolute error as a share of the truth; values that are 0 are left out.

    Parameters
    ----------
    y_true, y_pred : array-like of the same shape
        What came, and what was forecast.

    Returns
    -------
    float
        0.1 is 10 %; NaN if all of `y_true` is 0.

    Examples
    --------
    >>> mape([100.0, 0.0, 50.0], [110.0, 5.0, 40.0])
    0.15000000000000002
    """
    true, pred = _checked(y_true=y_true, y_pred=y_pred)
    counted = true != 0.0
    if not counted.any():
        return float("nan")
    return float(np.mean(np.abs((true - pred)[counted] / true[counted])))


def smape(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Symmetric mean absolute percentage error, as a share between 0 and 1: the mean of ``|y - f| / (|y| + |f|)``.

    Parameters
    ----------
    y_true, y_pred : array-like of the same shape
        What came, and what was forecast. Where both are 0 the error is 0.

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
    true, pred = _checked(y_true=y_true, y_pred=y_pred)
    size = np.abs(true) + np.abs(pred)
    return float(np.mean(np.abs(true - pred) / np.where(size == 0.0, 1.0, size)))


def wmape(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Sum of absolute errors over the sum of absolute values: a percentage that small values do not blow up.

    Parameters
    ----------
    y_true, y_pred : array-like of the same shape
        What came, and what was forecast.

    Returns
    -------
    float
        0.1 is 10 %; NaN if all of `y_true` is 0.

    Examples
    --------
    >>> wmape([100.0, 0.0, 50.0], [110.0, 5.0, 50.0])
    0.1
    """
    true, pred = _checked(y_true=y_true, y_pred=y_pred)
    size = float(np.sum(np.abs(true)))
    return float(np.sum(np.abs(true - pred))) / size if size else float("nan")


def mase(y_true: ArrayLike, y_pred: ArrayLike, y_train: ArrayLike, *, season: int = 1) -> float:
    """Mean absolute error, over that of the seasonal naive forecast one step ahead within the history.

    Parameters
    ----------
    y_true, y_pred : array-like of the same shape
        What came, and what was forecast, for one series.
    y_train : array-like of shape (n,)
        The history of that series before the forecast; NaN is a missing value, and leaves out its differences.
    season : int, default=1
        Rows between the values whose differences are the scale.

    Returns
    -------
    float
        Below 1 is better than the naive forecast was in the history; infinite if the history repeats itself exactly.

    References
    ----------
    Hyndman & Koehler, *Another look at measures of forecast accuracy*, International Journal of Forecasting 22 (2006).

    Examples
    --------
    >>> mase([5.0, 7.0], [5.0, 6.0], [1.0, 3.0, 2.0, 4.0], season=2)
    0.5
    """
    return _over(mae(y_true, y_pred), absolute_scale(_history(y_train, season), season))


def rmsse(y_true: ArrayLike, y_pred: ArrayLike, y_train: ArrayLike, *, season: int = 1) -> float:
    """Root of the mean squared error, over that of the seasonal naive forecast one step ahead within the history.

    Parameters
    ----------
    y_true, y_pred : array-like of the same shape
        What came, and what was forecast, for one series.
    y_train : array-like of shape (n,)
        The history of that series before the forecast; NaN is a missing value, and leaves out its differences.
    season : int, default=1
        Rows between the values whose differences are the scale.

    Returns
    -------
    float

    Examples
    --------
    >>> rmsse([5.0, 7.0], [5.0, 5.0], [1.0, 3.0, 2.0, 4.0], season=2)
    1.4142135623730951
    """
    return _over(rmse(y_true, y_pred), squared_scale(_history(y_train, season), season) ** 0.5)


def owa(smape: float, mase: float, *, reference_smape: float, reference_mase: float) -> float:
    """Overall weighted average of the M4 competition: the mean of sMAPE and MASE, each over that of a reference.

    Parameters
    ----------
    smape, mase : float
        Averages of a method over all series.
    reference_smape, reference_mase : float
        Those of the reference, in the same units; in the competition a seasonally adjusted naive forecast.

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


def pinball(y_true: ArrayLike, y_pred: ArrayLike, quantile: float) -> float:
    """Pinball loss of a forecast of one quantile: at its least for the true quantile.

    Parameters
    ----------
    y_true, y_pred : array-like of the same shape
        What came, and the forecast of the quantile.
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
    true, pred = _checked(y_true=y_true, y_pred=y_pred)
    return float(np.mean(pinball_losses(true - pred, quantile)))


def crps(y_true: ArrayLike, y_pred: ArrayLike, quantiles: ArrayLike) -> float:
    """Continuous ranked probability score from quantiles: twice the mean of their pinball losses.

    Parameters
    ----------
    y_true : array-like of shape (...)
        What came.
    y_pred : array-like of shape (..., n_quantiles)
        The forecasts of the quantiles.
    quantiles : array-like of shape (n_quantiles,)
        Which ones, each between 0 and 1. The score is exact in the limit of many evenly spaced ones.

    Returns
    -------
    float
        In the units of the series; for a single quantile of 0.5 the mean absolute error.

    Examples
    --------
    >>> crps([10.0], [[8.0, 10.0, 12.0]], [0.25, 0.5, 0.75])
    0.6666666666666666
    """
    levels = _quantiles(quantiles)
    true, pred = np.asarray(y_true, dtype=float), np.asarray(y_pred, dtype=float)
    if pred.shape != (*true.shape, len(levels)):
        raise ValueError(f"y_pred must have the shape {(*true.shape, len(levels))}, got {pred.shape}")
    true, pred = _checked(y_true=np.broadcast_to(true[..., None], pred.shape), y_pred=pred)
    return 2.0 * float(np.mean(pinball_losses(true - pred, levels)))


def coverage(y_true: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> float:
    """Share of values within their intervals, bounds included.

    Parameters
    ----------
    y_true, lower, upper : array-like of the same shape
        What came, and the bounds.

    Returns
    -------
    float
        Between 0 and 1.

    Examples
    --------
    >>> coverage([1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.0, 0.0], [3.0, 3.0, 3.0, 3.0])
    0.75
    """
    true, low, high = _checked(y_true=y_true, lower=lower, upper=upper)
    return float(np.mean((low <= true) & (true <= high)))


def interval_width(lower: ArrayLike, upper: ArrayLike) -> float:
    """Mean width of intervals, in the units of the series.

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
    low, high = _checked(lower=lower, upper=upper)
    return float(np.mean(high - low))


def absolute_scale(history: NDArray[np.float64], season: int) -> float:
    """Mean absolute seasonal difference of a history (n,); differences with NaN do not count."""
    return float(np.nanmean(np.abs(history[season:] - history[:-season])))


def squared_scale(history: NDArray[np.float64], season: int) -> float:
    """Mean squared seasonal difference of a history (n,); differences with NaN do not count."""
    return float(np.nanmean((history[season:] - history[:-season]) ** 2))


def pinball_losses(error: NDArray[np.float64], quantile: float | NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(quantile * error, (quantile - 1.0) * error)


def _over(error: float, scale: float) -> float:
    """Their ratio; for a scale of 0 infinite, or NaN if the error is 0 as well."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.float64(error) / np.float64(scale))


def _history(y_train: ArrayLike, season: int) -> NDArray[np.float64]:
    if season < 1:
        raise ValueError(f"season must be at least 1, got {season}")
    history = np.asarray(y_train, dtype=float)
    if history.ndim != 1:
        raise ValueError(f"y_train must be one series of shape (n,), got shape {history.shape}")
    if not np.isfinite(history[season:] - history[:-season]).any():
        raise ValueError(f"y_train must have two values that are season={season} rows apart, got {len(history)} rows")
    return history


def _quantiles(quantiles: ArrayLike) -> NDArray[np.float64]:
    levels = np.asarray(quantiles, dtype=float)
    if levels.ndim != 1 or not len(levels) or not ((levels > 0.0) & (levels < 1.0)).all():
        raise ValueError(f"quantiles must be between 0 and 1, got {quantiles!r}")
    return levels


def _checked(**arrays: ArrayLike) -> list[NDArray[np.float64]]:
    """Arrays of numbers of the same shape."""
    checked = {name: np.asarray(array, dtype=float) for name, array in arrays.items()}
    first = next(iter(checked))
    for name, array in checked.items():
        if array.shape != checked[first].shape:
            raise ValueError(f"{name} must have the shape of {first}, {checked[first].shape}, got {array.shape}")
        if not array.size:
            raise ValueError(f"{name} must have at least one value, got none")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} must be finite, got {np.sum(~np.isfinite(array))} values that are not")
    return list(checked.values())
