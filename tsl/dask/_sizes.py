"""How much memory the values of workers take, so that Dask moves them to disk before there is too little."""

from __future__ import annotations

import sys
from typing import Any

from tsl.dask._extra import sizeof
from tsl.forecasting.frames.schema import Schema
from tsl.forecasting.model.sampling import WindowSampler
from tsl.forecasting.model.windows import SeriesWindows
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.store import SeriesStore


def register_sizes() -> None:
    """Tell Dask the sizes of what holds arrays: it takes those of tuples, arrays and frames alone for itself."""
    for kind in (Panel, SeriesStore, Schema, SeriesWindows, WindowSampler):
        sizeof.register(kind, _size_of)


def _size_of(value: Any) -> int:
    """Return the bytes of a value and of its attributes."""
    return sys.getsizeof(value) + sum(sizeof(one) for one in vars(value).values())
