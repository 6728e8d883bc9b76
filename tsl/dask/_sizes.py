"""Sizes of the values on workers, so that Dask moves them to disk before memory runs out."""

from __future__ import annotations

import sys
from typing import Any

from tsl.dask._extra import sizeof
from tsl.forecasting.frames.schema import Schema
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.store import SeriesStore


def register_sizes() -> None:
    """Register the sizes of types that contain arrays: by itself, Dask knows only tuples, arrays and frames."""
    for kind in (Panel, SeriesStore, Schema):
        sizeof.register(kind, _size_of)


def _size_of(value: Any) -> int:
    """Return the size in bytes of a value and its attributes."""
    return sys.getsizeof(value) + sum(sizeof(one) for one in vars(value).values())
