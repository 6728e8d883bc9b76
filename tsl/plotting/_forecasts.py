"""Plots of forecasts and observed values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from tsl._tables import to_pandas
from tsl._tables.columns import CUTOFF, POINT, bound_name, interval_levels
from tsl.plotting._axes import TRUTH, new_axes, slanted_dates
from tsl.plotting._series import matplotlib_times, one_backtest, one_forecast, one_history

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST_SHOWN = 50
COLOURS = ("tab:red", "tab:blue", "tab:green", "tab:purple", "tab:orange", "tab:brown")
METRICS = ("mae", "rmse", "mase", "smape")


def plot_forecast(
    history: Any,
    forecast: Any,
    *,
    actual: Any = None,
    series: Any = None,
    target: str | None = None,
    time_col: str | None = None,
    n_history: int | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Plot a forecast with its prediction intervals after the end of its history.

    Parameters
    ----------
    history : Series or DataFrame
        The data that the forecaster was fitted on, in any form that it accepts; None leaves it out.
    forecast : Series or DataFrame
        The result of `predict`.
    actual : Series or DataFrame, optional
        The observed values, in the form of the history.
    series : object, optional
        The series to show, if there are several. Default: the first one.
    target : str, optional
        The column of the history that was forecast. Default: ``y``, or the only one.
    time_col : str, optional
        The column of timestamps of a history without a time index. Default: the one that the forecast has.
    n_history : int, optional
        Rows of the history to show. Default: three times those of the forecast, at least 50.
    ax : matplotlib.axes.Axes, optional
        The axes to draw into. Default: those of a new figure.

    Returns
    -------
    ax : matplotlib.axes.Axes

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If there is no such `series` or `target`, or `target` must be given.

    Examples
    --------
    >>> import pandas as pd
    >>> from tsl.plotting import plot_forecast
    >>> history = pd.Series(range(60), pd.date_range("2024-01-01", periods=60), name="sales")
    >>> days = pd.date_range("2024-03-01", periods=2)
    >>> forecast = pd.DataFrame({"y_pred": [60, 61], "y_pred-lo-90": [58, 58], "y_pred-hi-90": [62, 64]}, days)
    >>> ax = plot_forecast(history, forecast)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['history', '90 % interval', 'forecast']
    """
    name, table = one_forecast(forecast, series)
    ax = new_axes(10.0, 4.0) if ax is None else ax
    title, dated = name, isinstance(table.index, pd.DatetimeIndex)
    if history is not None:
        past = one_history(history, name, forecast, target, time_col, dated=dated)
        shown = past.iloc[-(max(FEWEST_SHOWN, 3 * len(table)) if n_history is None else n_history) :]
        ax.plot(matplotlib_times(shown.index), shown.to_numpy(), color=TRUTH, label="history")
        title = past.name if title is None else title
    if actual is not None:
        observed = one_history(actual, name, forecast, target, time_col, dated=dated)
        observed = observed[observed.index.isin(table.index)]
        ax.plot(matplotlib_times(observed.index), observed.to_numpy(), color=TRUTH, linestyle="--", label="actual")
    when = matplotlib_times(table.index)
    _draw_intervals(ax, when, table, POINT, COLOURS[0])
    ax.plot(when, table[POINT].to_numpy(), color=COLOURS[0], label="forecast", **_marker(len(table)))
    ax.set_title("" if title is None else str(title))
    ax.legend()
    slanted_dates(ax)
    return ax


def plot_backtest(frame: Any, *, series: Any = None, models: Sequence[str] = (POINT,), ax: Axes | None = None) -> Axes:
    """Plot the forecasts of a backtest, each from its cutoff on, over the observed values.

    Parameters
    ----------
    frame : DataFrame
        The result of `backtest`.
    series : object, optional
        The series to show, if there are several. Default: the first one.
    models : sequence of str, default=("y_pred",)
        Columns of forecasts to show, with their intervals.
    ax : matplotlib.axes.Axes, optional
        The axes to draw into. Default: those of a new figure.

    Returns
    -------
    ax : matplotlib.axes.Axes

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If there is no such series or model, or `frame` is no backtest.

    Examples
    --------
    >>> import pandas as pd
    >>> from tsl.plotting import plot_backtest
    >>> frame = pd.DataFrame({"cutoff": [3, 3, 5, 5], "time": [4, 5, 6, 7], "y": 1.0, "y_pred": 1.1, "Naive": 0.9})
    >>> ax = plot_backtest(frame, models=["y_pred", "Naive"])
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['actual', 'y_pred', 'Naive']
    """
    name, table, (_, time, truth) = one_backtest(frame, series)
    for model in models:
        if model not in table:
            raise ValueError(f"models must be columns of frame, {list(table.columns)}, got {model!r}")
    ax = new_axes(10.0, 4.0) if ax is None else ax
    actual = table.drop_duplicates(time).set_index(time)[truth].sort_index()
    ax.plot(matplotlib_times(actual.index), actual.to_numpy(), color=TRUTH, label="actual")
    for model, colour in zip(models, COLOURS):
        for k, (_, window) in enumerate(table.groupby(CUTOFF)):
            window = window.sort_values(time)
            when = matplotlib_times(pd.Index(window[time]))
            label = model if k == 0 else None
            _draw_intervals(ax, when, window, model, colour, labelled=k == 0 and len(models) == 1)
            ax.plot(when, window[model].to_numpy(), color=colour, label=label, **_marker(len(window)))
    for when in matplotlib_times(pd.Index(table[CUTOFF].unique())):
        ax.axvline(when, color="tab:gray", linestyle=":", linewidth=1)
    ax.set_title("" if name is None else str(name))
    ax.legend()
    slanted_dates(ax)
    return ax


def plot_error_by_step(scores: Any, metric: str | None = None, *, ax: Axes | None = None) -> Axes:
    """Plot the error by the number of steps ahead.

    Parameters
    ----------
    scores : DataFrame
        The result of `tsl.metrics.evaluate` for a backtest with ``by="step"``.
    metric : str, optional
        The column to show. Default: the first of ``mae``, ``rmse``, ``mase`` and ``smape`` that is there.
    ax : matplotlib.axes.Axes, optional
        The axes to draw into. Default: those of a new figure.

    Returns
    -------
    ax : matplotlib.axes.Axes

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If there is no such column, or no column ``step``.

    Examples
    --------
    >>> import pandas as pd
    >>> from tsl.metrics import evaluate
    >>> from tsl.plotting import plot_error_by_step
    >>> frame = pd.DataFrame({"cutoff": 3, "time": [4, 5], "y": 1.0, "y_pred": [1.1, 1.3], "Naive": [1.5, 1.7]})
    >>> plot_error_by_step(evaluate(frame, by="step")).get_ylabel()
    'mae'
    """
    table, _ = to_pandas(scores, "scores")
    if "step" not in table or "model" not in table:
        raise ValueError(f'scores must be of evaluate(frame, by="step"), got the columns {list(table.columns)}')
    metric = next((name for name in METRICS if name in table), None) if metric is None else metric
    if metric not in table:
        raise ValueError(f"metric must be a column of scores, {list(table.columns)}, got {metric!r}")
    ax = new_axes(7.0, 4.0) if ax is None else ax
    for model, part in table.groupby("model", sort=False):
        ax.plot(part["step"].to_numpy(), part[metric].to_numpy(), label=str(model), **_marker(len(part)))
    ax.set(xlabel="steps ahead", ylabel=metric)
    ax.set_ylim(bottom=0.0)
    ax.legend()
    return ax


def _draw_intervals(
    ax: Axes, when: pd.Index, table: pd.DataFrame, model: str, colour: str, *, labelled: bool = True
) -> None:
    """Shade the prediction intervals of a model, the widest one the lightest."""
    for level in sorted(interval_levels(table.columns, model), key=float, reverse=True):
        low, high = (table[bound_name(model, side, level)].to_numpy(float) for side in ("lo", "hi"))
        label = f"{level} % interval" if labelled else None
        ax.fill_between(when, low, high, color=colour, alpha=0.2, linewidth=0, label=label)


def _marker(n_rows: int) -> dict[str, Any]:
    """Return the options of a marker for a line of one point, which is invisible without."""
    return {"marker": "o"} if n_rows == 1 else {}
