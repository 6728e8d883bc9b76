"""Axes to draw into."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TRUTH = "black"


def new_axes(width: float, height: float, *layout: int, **options: Any) -> Any:
    """Return the axes of a new figure of this size in inches: one, or an array for a `layout` of rows and columns."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError('plotting needs matplotlib: pip install "tsl-lstm[plot]"') from error
    return plt.subplots(*layout, figsize=(width, height), layout="constrained", **options)[1]


def slanted_dates(ax: Axes) -> None:
    """Rotate the labels of the x axis, so that timestamps do not overlap."""
    ax.tick_params(axis="x", rotation=30)
