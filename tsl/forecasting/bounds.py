"""Bounds of the target, to which forecasts are clipped."""

from __future__ import annotations

from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.panel.panel import Panel


class Bounds(NamedTuple):
    """The smallest and the largest value that the target can have."""

    low: float = -np.inf
    high: float = np.inf

    @classmethod
    def of(cls, given: Any) -> Bounds:
        """Read the parameter `bounds`: None for no bounds, or a pair with None for an open end.

        Raises
        ------
        ValueError
            If it is anything else.
        """
        if given is None:
            return cls()
        ends = [(-np.inf, np.inf)[k % 2] if one is None else one for k, one in enumerate(given)]
        if len(ends) == 2 and all(isinstance(one, Real) and not isinstance(one, bool) for one in ends):
            found = cls(*map(float, ends))
            if found.low < found.high:
                return found
        raise ValueError(f"bounds must be two ascending numbers, or None for an open end, got {given!r}")

    def check(self, panel: Panel) -> None:
        """Check that all values of the target are within the bounds.

        Raises
        ------
        ValueError
            If a value is not.
        """
        wrong = np.flatnonzero((panel.values < self.low) | (panel.values > self.high))
        if len(wrong):
            row = wrong[0]
            raise ValueError(
                f"bounds must hold all values, got {panel.values[row]:g} in series {panel.series_at(row)} at "
                f"{panel.times[row]}, beyond {self.low:g} to {self.high:g}"
            )

    def clip(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Clip values to the bounds; quantiles remain quantiles."""
        return values if self == Bounds() else np.clip(values, self.low, self.high)
