"""Requests for prediction intervals and quantiles, and their columns in results."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl._tables.columns import POINT


@dataclass(frozen=True)
class IntervalRequest:
    """Quantiles to forecast, and the names of their columns."""

    columns: tuple[str, ...]
    quantiles: tuple[float, ...]

    @classmethod
    def of(cls, level: Any, quantiles: Any) -> IntervalRequest:
        """Read `level`, percentages of at least 1, and `quantiles` between 0 and 1: each one number, several or None.

        Examples
        --------
        >>> IntervalRequest.of(80, None)
        IntervalRequest(columns=('y_pred-lo-80', 'y_pred-hi-80'), quantiles=(0.1, 0.9))
        """
        names, found = [], []
        for one in _numbers(level, "level", "percentages from 1 to below 100, such as 80", 1, 100):
            half = round(one / 200, 12)
            names += [f"{POINT}-{side}-{_written(one)}" for side in ("lo", "hi")]
            found += [round(0.5 - half, 12), round(0.5 + half, 12)]
        for one in _numbers(quantiles, "quantiles", "numbers between 0 and 1, both excluded", 1e-12, 1):
            names.append(f"{POINT}-q{_written(one)}")
            found.append(one)
        return cls(tuple(names), tuple(found))

    def named(self, block: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the flattened columns of a block (n, horizon, n_quantiles), made non-decreasing over the quantiles."""
        if not self.columns:
            return {}
        order = np.argsort(self.quantiles, kind="stable")
        ascending = np.empty_like(block)
        ascending[:, :, order] = np.maximum.accumulate(block[:, :, order], axis=2)
        return {name: ascending[:, :, k].ravel() for k, name in enumerate(self.columns)}


def _numbers(given: Any, name: str, allowed: str, least: float, below: float) -> list[float]:
    """Return distinct numbers from `least` to below `below`, rounded to 12 places so that 0.3 equals 3 * 0.1."""
    if given is None:
        return []
    several = [given] if isinstance(given, Real) else list(given)
    for one in several:
        if not isinstance(one, Real) or isinstance(one, bool) or not least <= round(float(one), 12) < below:
            raise ValueError(f"{name} must be {allowed}, got {given!r}")
    return list(dict.fromkeys(round(float(one), 12) for one in several))


def _written(number: float) -> str:
    """Return a number as text for a column name: unambiguous, and without an exponent."""
    return np.format_float_positional(number, trim="-")
