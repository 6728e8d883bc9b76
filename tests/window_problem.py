"""Series whose rows identify themselves, and their windows looked up step by step."""

import numpy as np
import pandas as pd


def naive_rows(series, window, stride, pad="edge"):
    """The window of each row, looked up step by step."""
    windows = np.empty((len(series), window, series.shape[1]))
    for row in range(len(series)):
        for step in range(window):
            source = row - (window - 1 - step) * stride
            windows[row, step] = series[source] if source >= 0 else (series[0] if pad == "edge" else pad)
    return windows


def numbered(n_rows, n_channels=1):
    """Rows that tell where they are from: 0, 1, 2, ... in the first channel, then 1000, 1001, ..."""
    return np.arange(n_rows, dtype=float)[:, None] + 1000.0 * np.arange(n_channels)


def frame(n_rows, index=None, n_channels=2):
    return pd.DataFrame(numbered(n_rows, n_channels), columns=["a", "b", "c"][:n_channels], index=index)


def base_array(view):
    """The array that owns the memory of a view."""
    while view.base is not None:
        view = view.base
    return view
