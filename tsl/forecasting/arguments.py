"""Checks of arguments that several methods of a forecaster have."""

from __future__ import annotations

from typing import Any

import numpy as np


def shown(value: Any) -> str:
    """Return how an error shows a value: frames and arrays, which have many lines, by their type alone."""
    text = repr(value) if value is None or np.isscalar(value) else ""
    return text if 0 < len(text) <= 80 else f"a {type(value).__name__}"


def refuse_targets_apart(y: Any) -> None:
    """Refuse targets beside the data that hold them."""
    if y is not None:
        raise TypeError(f"y must be None, as the target is a column of the data (target=), got {shown(y)}")
