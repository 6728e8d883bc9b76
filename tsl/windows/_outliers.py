"""Single numbers that cannot be right, among many that can."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WITHIN = 0.99  # share of the numbers that tell how far others may lie
FAR = 30.0  # times as far
FEWEST = 8  # numbers other than the median, from which on one can be told to be wrong
SUSPECT = 9.0  # standard deviations: where one of very many is far by the above, it is further than this from the mean


class OutlierWarning(UserWarning):
    """A few numbers lie far beyond all others of their kind."""


def outliers(numbers: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the places of numbers that lie more than `FAR` times as far from the median as `WITHIN` of the others."""
    apart = np.abs(numbers - np.median(numbers))
    differing = apart[apart > 0]
    if differing.size < FEWEST:
        return np.zeros(0, np.intp)
    beyond = max(1, int(differing.size * (1 - WITHIN)))
    reach = np.partition(differing, -1 - beyond)[-1 - beyond]
    return np.flatnonzero(apart > FAR * reach)
