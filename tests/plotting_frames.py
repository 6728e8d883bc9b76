"""Series and forecasts shared by the tests of plots."""

import numpy as np
import pandas as pd

DAYS = pd.date_range("2024-01-01", periods=100, name="day")
WAVE = np.sin(np.arange(100.0))


def long(frame, **names):
    """The same rows for the series b and a, in which the values of a are 10 larger."""
    parts = [frame.reset_index().assign(shop="b"), (frame + 10.0).reset_index().assign(shop="a")]
    table = pd.concat(parts, ignore_index=True)
    return table[["shop", "day", *[name for name in table if name not in ("shop", "day")]]]


def line(ax, label):
    (found,) = [drawn for drawn in ax.get_lines() if drawn.get_label() == label]
    return found


def entries(ax):
    """The entries of the legend."""
    return [text.get_text() for text in ax.get_legend().get_texts()]
