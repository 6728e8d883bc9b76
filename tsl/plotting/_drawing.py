"""Parts of forecast plots: markers, and prediction intervals shaded by level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tsl._tables.columns import bound_name, interval_levels
from tsl.plotting._axes import lighter

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LIGHTEST, DARKEST = 0.18, 0.45  # shares of the colour for the widest and the narrowest interval
TRANSPARENT = 0.2


def draw_intervals(
    ax: Axes, when: Any, table: pd.DataFrame, model: str, colour: str, *, labelled: bool = True, solid: bool = True
) -> list[str]:
    """Shade the prediction intervals of a model, the widest lightest; return their labels, narrowest first.

    Solid shades look the same in the legend and in the plot. Those of several models overlap and should be transparent.
    """
    levels = sorted(interval_levels(table.columns, model), key=float, reverse=True)
    shares = np.linspace(LIGHTEST, DARKEST, len(levels)) if len(levels) > 1 else [(LIGHTEST + DARKEST) / 2]
    labels = [f"{level} % interval" for level in levels]
    for level, share, label in zip(levels, shares, labels):
        low, high = (table[bound_name(model, side, level)].to_numpy(float) for side in ("lo", "hi"))
        look: dict[str, Any] = {"color": lighter(colour, share)} if solid else {"color": colour, "alpha": TRANSPARENT}
        if len(table) == 1:  # an area without width would be invisible
            look["linewidth"] = 6
        ax.fill_between(when, low, high, label=label if labelled else None, **({"linewidth": 0} | look))
    return labels[::-1]


def marker(n_rows: int) -> dict[str, Any]:
    """Return the options of a marker for a line of one point, which would otherwise be invisible."""
    return {"marker": "o", "markersize": 4} if n_rows == 1 else {}
