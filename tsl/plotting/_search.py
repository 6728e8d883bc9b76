"""Plots of a parameter search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tsl.plotting._axes import COLOURS, FAINT, HEIGHT, WIDTH, add_legend, light, new_axes, whole_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_search(search: Any, *, ax: Axes | None = None) -> Axes:
    """Plot the mean error of each candidate of a search, over the windows that it has forecast.

    Lines end where a candidate was dropped. The best one and the forecaster's own parameters are coloured.

    Parameters
    ----------
    search : tsl.model_selection.HalvingSearch
        A fitted search.
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
        If `search` is not a `HalvingSearch`, or not fitted.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from tsl.baselines import SeasonalNaive
    >>> from tsl.model_selection import HalvingSearch
    >>> from tsl.plotting import plot_search
    >>> hours = pd.date_range("2024-01-01", periods=480, freq="h")
    >>> load = pd.Series(10 + np.sin(np.arange(480) / 4), hours, name="load")
    >>> search = HalvingSearch(SeasonalNaive(12, season=7), {"season": [6, 12, 24]}, random_state=0).fit(load)
    >>> plot_search(search).get_ylabel()
    'mean absolute scaled error'
    """
    errors = getattr(search, "errors_", None)
    if errors is None:
        raise ValueError(f"search must be a fitted HalvingSearch, got a {type(search).__name__}")
    ax = new_axes(WIDTH, HEIGHT) if ax is None else ax
    light(ax)
    best = search.results_["params"].index(search.best_params_)
    windows = np.arange(1, errors.shape[1] + 1)
    for candidate in sorted(range(len(errors)), key=lambda k: (k == best, k == 0)):  # the coloured ones on top
        mean = np.cumsum(errors[candidate]) / windows
        colour, label = FAINT, None
        if candidate == 0:
            colour, label = COLOURS[1], "as given"
        if candidate == best:
            colour, label = COLOURS[0], "best" if best else "best, as given"
        ax.plot(windows, np.where(np.isfinite(mean), mean, np.nan), "o-", color=colour, label=label, markersize=4)
    whole_ticks(ax)
    ax.set_xlabel("windows, from the last one back")
    ax.set_ylabel("mean absolute scaled error")
    add_legend(ax)
    return ax
