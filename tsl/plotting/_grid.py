"""Plots of the forecasts of several series."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl.plotting._axes import new_axes
from tsl.plotting._forecasts import FORECAST, plot_forecast
from tsl.plotting._series import names_of

PANEL_WIDTH, PANEL_HEIGHT = 3.3, 2.2  # inches; three side by side fit a notebook


def plot_forecasts(
    history: Any,
    forecast: Any,
    *,
    actual: Any = None,
    series: Sequence[Any] | None = None,
    max_series: int = 9,
    n_columns: int = 3,
    target: str | None = None,
    time_col: str | None = None,
    n_history: int | None = None,
    ylabel: str | None = None,
    axes: Any = None,
) -> NDArray[Any]:
    """Plot the forecasts of several series in a grid with one legend.

    Parameters
    ----------
    history : Series or DataFrame
        The data that the forecaster was fitted on, in any form that it accepts; None leaves it out.
    forecast : Series or DataFrame
        The result of `predict`.
    actual : Series or DataFrame, optional
        The observed values, in the form of the history.
    series : sequence, optional
        The series to show. Default: the first `max_series`.
    max_series : int, default=9
        Number of series to show if `series` is not given.
    n_columns : int, default=3
        Number of plots side by side.
    target, time_col : str, optional
        As in `plot_forecast`.
    n_history : int, optional
        As in `plot_forecast`.
    ylabel : str, optional
        As in `plot_forecast`; shown at the left of each row.
    axes : array of matplotlib.axes.Axes, optional
        The axes to draw into, at least one per series. Default: those of a new figure.

    Returns
    -------
    axes : ndarray of matplotlib.axes.Axes
        One for each series.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If a series or `target` does not exist, there are too few `axes`, or a number is below 1.

    See Also
    --------
    plot_forecast : Plot the forecast of one series.

    Examples
    --------
    >>> import pandas as pd
    >>> from tsl.plotting import plot_forecasts
    >>> days = pd.date_range("2024-01-01", periods=62)
    >>> table = pd.DataFrame({"north": range(62), "south": range(62)}, days)
    >>> axes = plot_forecasts(table[:60], table[60:])
    >>> [ax.get_title() for ax in axes]
    ['north', 'south']
    """
    for argument, value in (("max_series", max_series), ("n_columns", n_columns)):
        if value < 1:
            raise ValueError(f"{argument} must be at least 1, got {value}")
    known = names_of(forecast)
    names = known[:max_series] if series is None else list(series)
    if not names:
        raise ValueError("series must name at least one series, got none")
    panels = _new_panels(len(names), n_columns) if axes is None else np.ravel(axes)
    if len(panels) < len(names):
        raise ValueError(f"axes must be at least {len(names)}, one per series, got {len(panels)}")
    shared: dict[str, Any] = {"target": target, "time_col": time_col, "n_history": n_history, "ylabel": ylabel}
    for k, (name, ax) in enumerate(zip(names, panels)):
        plot_forecast(history, forecast, actual=actual, series=name, ax=ax, **shared)
        ax.set_title(ax.get_title() if name is None else str(name))
        if k % n_columns:
            ax.set_ylabel("")
        if k:
            ax.get_legend().remove()
    if axes is None:
        _finish(panels, len(names), len(known))
    return panels[: len(names)]


def _new_panels(n_series: int, n_columns: int) -> NDArray[Any]:
    columns = min(n_columns, n_series)
    rows = math.ceil(n_series / columns)
    width, height = max(PANEL_WIDTH * columns, 5.0), PANEL_HEIGHT * rows + 0.6
    return np.ravel(new_axes(width, height, rows, columns, squeeze=False))


def _finish(panels: NDArray[Any], n_shown: int, n_known: int) -> None:
    """Remove empty panels, and move the legend from the first panel to the figure."""
    for ax in panels[n_shown:]:
        ax.remove()
    legend = panels[0].get_legend()
    handles, labels = legend.legend_handles, [text.get_text() for text in legend.get_texts()]
    legend.remove()
    figure = panels[0].figure
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    of = f"{n_shown} of {n_known}" if n_shown < n_known else f"{n_shown}"
    figure.suptitle(f"{FORECAST.capitalize()}s of {of} series")
