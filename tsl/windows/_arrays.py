"""Input checks and window views, shared by `SlidingWindow` and `make_windows`."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from sklearn.utils import check_array

from tsl._tables.numbers import refuse_other_types

# Options of `check_array` for a series of numbers. Integers become floats here: converting them later, window by
# window, would take `window` times the memory. The next step handles or refuses NaN.
NUMBERS = {"dtype": [np.float64, np.float32], "ensure_all_finite": "allow-nan"}
COLUMN_HINT = "convert or drop it, or name it in groups= if it tells series apart"


def to_numbers(X: Any, **options: Any) -> NDArray[Any]:
    """Return `X` as an array of float64 or float32."""
    refuse_other_types(X, "X", COLUMN_HINT)
    return check_array(X, input_name="X", **NUMBERS, **options)


def group_positions(labels: Any) -> dict[Hashable, NDArray[np.intp]]:
    """Return the positions of each label's rows, in row order; labels are ordered by their first row."""
    codes, uniques = pd.factorize(labels)
    missing = np.flatnonzero(codes < 0)
    if missing.size:
        raise ValueError(f"groups must name the series of every row, got a missing value at row {missing[0]}")
    order = np.argsort(codes, kind="stable")
    stops = np.cumsum(np.bincount(codes, minlength=len(uniques)))[:-1]
    return dict(zip(uniques, np.split(order, stops)))


def windows_view(series: NDArray[Any], window: int, stride: int = 1) -> NDArray[Any]:
    """Return windows over rows of `series` (N, C), `stride` rows between steps: a read-only view (n, window, C)."""
    span = (window - 1) * stride + 1
    return sliding_window_view(series, span, axis=0)[:, :, ::stride].transpose(0, 2, 1)
