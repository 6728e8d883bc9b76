"""Plots of the loss by epoch, and of residuals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl.plotting._axes import COLOURS, FAINT, HEIGHT, WIDTH, add_legend, label_times, light, new_axes, whole_ticks
from tsl.plotting._series import matplotlib_times, one_residual

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_LAGS = 48


def plot_history(history: Any, *, ax: Axes | None = None) -> Axes:
    """Plot the loss by epoch.

    Parameters
    ----------
    history : tsl.training.History
        The attribute ``history_`` of a fitted estimator.
    ax : matplotlib.axes.Axes, optional
        The axes to draw into. Default: those of a new figure.

    Returns
    -------
    ax : matplotlib.axes.Axes

    Raises
    ------
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from tsl import LSTMRegressor
    >>> from tsl.plotting import plot_history
    >>> from tsl.windows import make_windows
    >>> X, y = make_windows(np.sin(np.arange(200) / 3), window=20)
    >>> model = LSTMRegressor(hidden_size=8, max_iter=5, early_stopping=True, random_state=0).fit(X, y)
    >>> ax = plot_history(model.history_)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['training', 'validation', 'best epoch']
    """
    ax = new_axes(WIDTH, HEIGHT) if ax is None else ax
    epochs = np.arange(1, len(history.loss) + 1)
    marker = "o" if len(epochs) == 1 else ""
    ax.plot(epochs, history.loss, color=COLOURS[0], label="training", marker=marker)
    if np.isfinite(history.val_loss).any():
        ax.plot(epochs, history.val_loss, color=COLOURS[1], label="validation", marker=marker)
        ax.axvline(history.best_iter, color=FAINT, linestyle=":", label="best epoch")
    ax.set(title="Loss by epoch", xlabel="epoch", ylabel="loss")
    light(ax)
    whole_ticks(ax)
    add_legend(ax)
    return ax


def plot_residuals(residuals: Any, *, series: Any = None, n_lags: int | None = None, axes: Any = None) -> NDArray[Any]:
    """Plot residuals over time, their distribution, and their autocorrelation.

    Parameters
    ----------
    residuals : DataFrame, Series or array-like of shape (n,)
        The result of a forecaster's `residuals`, or observed values minus forecasts of one series in time order; NaN is
        left out.
    series : object, optional
        The series to show, if there are several. Default: the first one.
    n_lags : int, optional
        Number of lags of the autocorrelation. Default: 48, or a quarter of the rows if that is less.
    axes : sequence of 3 matplotlib.axes.Axes, optional
        The axes to draw into. Default: those of a new figure.

    Returns
    -------
    axes : ndarray of 3 matplotlib.axes.Axes

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If there are fewer than 4 residuals, or if the column of residuals or `series` does not exist.

    Notes
    -----
    The dotted lines are at ``±1.96 / sqrt(n)``: 95 % of the autocorrelations of independent residuals lie between them.
    If more than 5 % lie outside, the model has left structure in the residuals.

    Examples
    --------
    >>> import numpy as np
    >>> from tsl.plotting import plot_residuals
    >>> axes = plot_residuals(np.random.default_rng(0).normal(size=100), n_lags=10)
    >>> [ax.get_title() for ax in axes]
    ['Residuals', 'Their spread', 'Autocorrelation']
    """
    column = _one_column(residuals, series).dropna()
    if len(column) < 4:
        raise ValueError(f"residuals must be at least 4, got {len(column)}")
    values = column.to_numpy(float)
    if axes is None:
        axes = new_axes(10.0, 3.0, 1, 3, width_ratios=[2, 1, 1.5])
    course, spread, correlation = axes
    course.plot(matplotlib_times(column.index), values, color=COLOURS[0], linewidth=1)
    course.axhline(0.0, color=FAINT, linewidth=1)
    course.set(title="Residuals", ylabel="actual - forecast")
    label_times(course, column.index)
    spread.hist(values, bins="auto", orientation="horizontal", color=COLOURS[0])
    spread.axhline(values.mean(), color="black", linestyle="--", linewidth=1, label=f"mean {values.mean():.3g}")
    spread.set(title="Their spread", xlabel="number of residuals")
    add_legend(spread)
    n_lags = min(MOST_LAGS, len(values) // 4) if n_lags is None else n_lags
    _draw_autocorrelation(correlation, _autocorrelation(values, n_lags), 1.96 / np.sqrt(len(values)))
    for ax in axes:
        light(ax)
    return np.asarray(axes)


def _draw_autocorrelation(ax: Axes, found: NDArray[np.float64], limit: float) -> None:
    ax.vlines(np.arange(1, len(found) + 1), 0.0, found, color=COLOURS[0])
    for k, height in enumerate((-limit, limit)):
        ax.axhline(height, color=FAINT, linestyle=":", linewidth=1, label="95 % if independent" if k else None)
    ax.axhline(0.0, color=FAINT, linewidth=1)
    ax.set(title="Autocorrelation", xlabel="lag", ylabel="correlation")
    whole_ticks(ax)
    add_legend(ax)


def _one_column(residuals: Any, series: Any) -> pd.Series:
    if isinstance(residuals, pd.Series) or hasattr(residuals, "columns"):  # a frame of any library
        return one_residual(residuals, series)
    values = np.asarray(residuals, dtype=float)
    if values.ndim != 1:
        raise ValueError(f"residuals must be one series of shape (n,), got shape {values.shape}")
    return pd.Series(values)


def _autocorrelation(values: NDArray[np.float64], n_lags: int) -> NDArray[np.float64]:
    """Return the autocorrelation from lag 1 on, (n_lags,); 0 for constant residuals."""
    centred = values - values.mean()
    size = centred @ centred or 1.0
    return np.array([centred[lag:] @ centred[:-lag] / size for lag in range(1, min(n_lags, len(values) - 1) + 1)])
