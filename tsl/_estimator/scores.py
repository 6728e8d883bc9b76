"""Scores of predicted numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import d2_pinball_score, r2_score


def regression_score(
    y: NDArray[np.float64], predicted: NDArray[np.float64], levels: tuple[float, ...], sample_weight: Any
) -> float:
    """Return R², or for quantiles the mean D² over `levels`, which are the last axis of `predicted`."""
    # Scores have no unit, but squares may overflow or underflow in some; scaling by a power of 2 loses no digits.
    exponent = np.frexp(np.abs(y).max(axis=0))[1]
    y = np.ldexp(y, -exponent)
    predicted = np.ldexp(predicted, -exponent[..., None] if len(levels) > 1 else -exponent)
    if not levels:
        return float(r2_score(y, predicted, sample_weight=sample_weight))
    by_level = [predicted[..., q] for q in range(len(levels))] if len(levels) > 1 else [predicted]
    scores = [
        d2_pinball_score(y, values, sample_weight=sample_weight, alpha=level) for level, values in zip(levels, by_level)
    ]
    return float(np.mean(scores))
