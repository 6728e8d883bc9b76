"""Outliers that are probably errors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# All chosen by judgement, not measured.
WITHIN = 0.99  # share of the numbers whose distance from the median is taken as normal
FAR = 30.0  # a number this many times as far is an outlier
FEWEST = 8  # numbers other than the median that are required
SUSPECT = 9.0  # an outlier among very many numbers is more standard deviations from the mean than this


class OutlierWarning(UserWarning):
    """Warning that a few values lie far from all others, or outside the domain of the chosen transform of a target."""


def outliers(numbers: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the indices of numbers more than `FAR` times as far from the median as `WITHIN` of the others."""
    apart = np.abs(numbers - np.median(numbers))
    differing = apart[apart > 0]
    if differing.size < FEWEST:
        return np.zeros(0, np.intp)
    beyond = max(1, int(differing.size * (1 - WITHIN)))
    reach = np.partition(differing, -1 - beyond)[-1 - beyond]
    return np.flatnonzero(apart > FAR * reach)
