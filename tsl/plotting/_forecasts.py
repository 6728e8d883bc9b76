"""Plots of forecasts with observed values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from tsl._tables import to_pandas
from tsl._tables.columns import CUTOFF, POINT
from tsl.plotting._axes import (
    COLOURS,
    FAINT,
    HEIGHT,
    TRUTH,
    WIDTH,
    add_legend,
    label_times,
    light,
    new_axes,
    whole_ticks,
)
from tsl.plotting._drawing import draw_intervals, marker
from tsl.plotting._series import matplotlib_times, one_backtest, one_forecast, one_history

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST_SHOWN = 50
MOST_CUTOFFS = 10
FORECAST = "forecast"
METRICS = {"mae": "mean absolute error", "rmse": "root mean squared error", "mase": "MASE", "smape": "sMAPE"}


def plot_forecast(
    history: Any,
    forecast: Any,
    *,
    actual: Any = None,
    series: Any = None,
    target: str | None = None,
    time_col: str | None = None,
    n_history: int | None = None,
    ylabel: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Plot a forecast with its prediction intervals, following its history.

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
        The column of the history that was forecast. Default: ``y``, or the only column.
    time_col : str, optional
        The column of timestamps of a history without a time index. Default: the time column of the forecast.
    n_history : int, optional
        Number of rows of the history to show. Default: three times as many as the forecast has, at least 50.
    ylabel : str, optional
        Label of the y axis, such as a unit. Default: the name of the target.
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
        If `series` or `target` does not exist, if `target` is missing but needed, or if `n_history` is negative.

    See Also
    --------
    plot_forecasts : Plot the forecasts of several series in a grid.

    Examples
    --------
    >>> import pandas as pd
    >>> from tsl.plotting import plot_forecast
    >>> history = pd.Series(range(60), pd.date_range("2024-01-01", periods=60), name="sales")
    >>> days = pd.date_range("2024-03-01", periods=2)
    >>> forecast = pd.DataFrame({"y_pred": [60, 61], "y_pred-lo-90": [58, 58], "y_pred-hi-90": [62, 64]}, days)
    >>> ax = plot_forecast(history, forecast)
    >>> ax.get_title()
    'Forecast of sales'
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['actual', 'forecast', '90 % interval']
    """
    if n_history is not None and n_history < 0:
        raise ValueError(f"n_history must be at least 0, got {n_history}")
    name, table = one_forecast(forecast, series)
    own = ax is None
    ax = new_axes(WIDTH, HEIGHT) if ax is None else ax
    what, dated = None, isinstance(table.index, pd.DatetimeIndex)
    if history is not None:
        past = one_history(history, name, forecast, target, time_col, dated=dated)
        n_shown = max(FEWEST_SHOWN, 3 * len(table)) if n_history is None else n_history
        shown, what = past.iloc[max(len(past) - n_shown, 0) :], past.name
        values = shown.to_numpy()
        ax.plot(matplotlib_times(shown.index), values, color=TRUTH, linewidth=1.2, label="actual", **marker(len(shown)))
    if actual is not None:
        observed = one_history(actual, name, forecast, target, time_col, dated=dated)
        observed = observed[observed.index.isin(table.index)]
        look: dict[str, Any] = {"color": TRUTH, "linewidth": 1.2, "linestyle": "--"} | marker(len(observed))
        ax.plot(matplotlib_times(observed.index), observed.to_numpy(), label="actual afterwards", **look)
    when = matplotlib_times(table.index)
    levels = draw_intervals(ax, when, table, POINT, COLOURS[0])
    ax.plot(when, table[POINT].to_numpy(), color=COLOURS[0], label=FORECAST, **marker(len(table)))
    names = dict.fromkeys(str(one) for one in (what, name) if one is not None)
    ax.set_title(f"Forecast of {', '.join(names)}" if names else "Forecast")
    ax.set_ylabel("" if what is None and ylabel is None else str(what) if ylabel is None else ylabel)
    light(ax)
    label_times(ax, table.index)
    add_legend(ax, [FORECAST, *levels], outside=own)
    return ax


def plot_backtest(
    frame: Any,
    *,
    series: Any = None,
    models: Sequence[str] = (POINT,),
    n_cutoffs: int | None = None,
    ylabel: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Plot the forecasts of a backtest, each starting at its cutoff, over the observed values.

    Parameters
    ----------
    frame : DataFrame
        The result of `backtest`.
    series : object, optional
        The series to show, if there are several. Default: the first one.
    models : sequence of str, default=("y_pred",)
        Forecast columns to show, with their intervals; up to 6.
    n_cutoffs : int, optional
        Show this many of the last cutoffs. Default: up to 10.
    ylabel : str, optional
        Label of the y axis, such as a unit. Default: the name of the target.
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
        If a series or model does not exist, `frame` is not a backtest, there are more than 6 models, or `n_cutoffs` is
        below 1.

    Examples
    --------
    >>> import pandas as pd
    >>> from tsl.plotting import plot_backtest
    >>> frame = pd.DataFrame({"cutoff": [3, 3, 5, 5], "time": [4, 5, 6, 7], "y": 1.0, "y_pred": 1.1, "Naive": 0.9})
    >>> ax = plot_backtest(frame, models=["y_pred", "Naive"])
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['actual', 'forecast', 'Naive', 'cutoff']
    """
    name, table, (_, time, truth) = one_backtest(frame, series)
    for model in models:
        if model not in table:
            raise ValueError(f"models must be columns of frame, {list(table.columns)}, got {model!r}")
    if len(models) > len(COLOURS):
        raise ValueError(f"models must be at most {len(COLOURS)}, which colours can tell apart, got {len(models)}")
    if n_cutoffs is not None and n_cutoffs < 1:
        raise ValueError(f"n_cutoffs must be at least 1, got {n_cutoffs}")
    cutoffs = table[CUTOFF].drop_duplicates().sort_values()
    shown = cutoffs.iloc[-(MOST_CUTOFFS if n_cutoffs is None else n_cutoffs) :]
    table = table[table[CUTOFF].isin(shown)]
    own = ax is None
    ax = new_axes(WIDTH, HEIGHT) if ax is None else ax
    actual = table.drop_duplicates(time).set_index(time)[truth].sort_index()
    times = matplotlib_times(actual.index)
    ax.plot(times, actual.to_numpy(), color=TRUTH, linewidth=1.2, label="actual", **marker(len(actual)))
    labels: dict[str, None] = {}
    for model, colour in zip(models, COLOURS):
        labels |= dict.fromkeys(_draw_windows(ax, table, time, model, colour, alone=len(models) == 1))
    for k, when in enumerate(matplotlib_times(pd.Index(shown))):
        ax.axvline(when, color=FAINT, linestyle=":", linewidth=1, label="cutoff" if k == 0 else None)
    of = f" of {len(cutoffs)}" if len(shown) < len(cutoffs) else ""
    what = ", ".join(dict.fromkeys(str(one) for one in (truth, name) if one is not None))
    ax.set_title(
        f"Backtest of {what}: {f'last {len(shown)}' if of else len(shown)}{of} cutoff{'s' * (len(cutoffs) > 1)}"
    )
    ax.set_ylabel(str(truth) if ylabel is None else ylabel)
    light(ax)
    label_times(ax, actual.index)
    add_legend(ax, [*labels, "cutoff"], outside=own)
    return ax


def _draw_windows(ax: Axes, table: pd.DataFrame, time: Any, model: str, colour: str, *, alone: bool) -> list[str]:
    """Draw the forecasts of a model from each cutoff; return the labels for the legend."""
    name = FORECAST if model == POINT else str(model)
    levels: list[str] = []
    for k, (_, window) in enumerate(table.groupby(CUTOFF)):
        window = window.sort_values(time)
        when = matplotlib_times(pd.Index(window[time]))
        found = draw_intervals(ax, when, window, model, colour, labelled=k == 0 and alone, solid=alone)
        levels = found if alone else []
        look = {"color": colour} | marker(len(window))
        ax.plot(when, window[model].to_numpy(), label=name if k == 0 else None, **look)
    return [name, *levels]


def plot_error_by_step(scores: Any, metric: str | None = None, *, ax: Axes | None = None) -> Axes:
    """Plot the error by steps ahead.

    Parameters
    ----------
    scores : DataFrame
        The result of `tsl.metrics.evaluate` for a backtest with ``by="step"``.
    metric : str, optional
        The column to show. Default: the first of ``mae``, ``rmse``, ``mase`` and ``smape`` that exists.
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
        If the column, or the column ``step``, does not exist.

    Examples
    --------
    >>> import pandas as pd
    >>> from tsl.metrics import evaluate
    >>> from tsl.plotting import plot_error_by_step
    >>> frame = pd.DataFrame({"cutoff": 3, "time": [4, 5], "y": 1.0, "y_pred": [1.1, 1.3], "Naive": [1.5, 1.7]})
    >>> plot_error_by_step(evaluate(frame, by="step")).get_ylabel()
    'mean absolute error'
    """
    table, _ = to_pandas(scores, "scores")
    if "step" not in table or "model" not in table:
        raise ValueError(f'scores must be of evaluate(frame, by="step"), got the columns {list(table.columns)}')
    metric = next((name for name in METRICS if name in table), None) if metric is None else metric
    if metric is None or metric not in table:
        raise ValueError(f"metric must be a column of scores, {list(table.columns)}, got {metric!r}")
    own = ax is None
    ax = new_axes(WIDTH, HEIGHT) if ax is None else ax
    ax.set_prop_cycle(color=COLOURS)
    for model, part in table.groupby("model", sort=False):
        label = FORECAST if model == POINT else str(model)
        ax.plot(part["step"].to_numpy(), part[metric].to_numpy(), label=label, **marker(len(part)))
    ax.set(title="Error by steps ahead", xlabel="steps ahead", ylabel=METRICS.get(metric, metric))
    ax.set_ylim(bottom=0.0)
    light(ax)
    whole_ticks(ax)
    add_legend(ax, outside=own)
    return ax
