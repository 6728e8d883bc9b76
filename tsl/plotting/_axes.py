"""New axes, and what all plots share: colours, date ticks, legends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TRUTH = "black"
# Okabe & Ito (2008), distinct for people with any colour vision; without yellow, which is faint on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
FAINT = "0.6"  # grey, for reference lines
WIDTH, HEIGHT = 8.0, 3.5  # inches; fits the column of a notebook
FEWEST_DATES, MOST_DATES = 3, 7  # number of ticks


def new_axes(width: float, height: float, *layout: int, **options: Any) -> Any:
    """Return the axes of a new figure of this size in inches: one, or an array for a `layout` of rows and columns."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError('plotting needs matplotlib: pip install "tsl-lstm[plot]"') from error
    return plt.subplots(*layout, figsize=(width, height), layout="constrained", **options)[1]


def light(ax: Axes) -> None:
    """Remove the frame at the top and the right, and draw a faint grid behind the data."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", color="0.9", linewidth=0.8)
    ax.set_axisbelow(True)


def label_times(ax: Axes, times: pd.Index) -> None:
    """Set a few concise date ticks; for other kinds of times, set the axis label instead."""
    if not isinstance(times, pd.DatetimeIndex | pd.PeriodIndex):
        ax.set_xlabel("time" if times.name is None else str(times.name))
        return
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    zone = getattr(times, "tz", None)
    locator = AutoDateLocator(tz=zone, minticks=FEWEST_DATES, maxticks=MOST_DATES)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=zone))


def whole_ticks(ax: Axes) -> None:
    """Put the ticks of the x axis at integers only."""
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def add_legend(ax: Axes, last: Sequence[str] = (), *, outside: bool = False) -> None:
    """Add a legend: to the right of the axes if `outside`, otherwise inside on translucent white.

    The entries of `last` come at its end, in this order. A figure from `new_axes` makes room for a legend outside; the
    caller's figure may not.
    """
    handles, labels = legend_entries(ax, last)
    if outside:
        ax.legend(handles, labels, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.0)
    else:
        from matplotlib import rcParams

        # with a fixed location, matplotlib does not warn about a slow search on a slow machine
        ax.legend(handles, labels, loc=rcParams["legend.loc"], edgecolor="none", framealpha=0.8)


def legend_entries(ax: Axes, last: Sequence[str] = ()) -> tuple[list[Any], list[str]]:
    """Return the handles and the labels of a legend, with those in `last` at the end."""
    handles, labels = ax.get_legend_handles_labels()
    places = {label: place for place, label in enumerate(last)}
    pairs = sorted(zip(handles, labels), key=lambda pair: places.get(pair[1], -1))
    return [handle for handle, _ in pairs], [label for _, label in pairs]


def lighter(colour: str, share: float) -> tuple[float, float, float]:
    """Mix a colour with white; `share` is that of the colour."""
    from matplotlib.colors import to_rgb

    red, green, blue = (1.0 - share * (1.0 - part) for part in to_rgb(colour))
    return red, green, blue
