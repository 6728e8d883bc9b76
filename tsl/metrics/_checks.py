"""Checks of the arrays passed to metrics."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def as_floats(**arrays: ArrayLike) -> list[NDArray[np.float64]]:
    """Check that arrays have the same shape and finite values, and return them as float64.

    Raises
    ------
    ValueError
        If the shapes differ, an array is empty, or a value is not finite.
    """
    checked = {name: np.asarray(array, dtype=float) for name, array in arrays.items()}
    first = next(iter(checked))
    for name, array in checked.items():
        if array.shape != checked[first].shape:
            raise ValueError(f"{name} must have the shape of {first}, {checked[first].shape}, got {array.shape}")
        if not array.size:
            raise ValueError(f"{name} must have at least one value, got none")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} must be finite, got {np.sum(~np.isfinite(array))} values that are not")
    return list(checked.values())
