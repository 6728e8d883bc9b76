"""Logarithm, square root and Box-Cox transform of the target."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import boxcox, inv_boxcox

from tsl.forecasting.panel.domain import Outside, floored, is_outside
from tsl.forecasting.panel.panel import LARGEST, Panel

TransformKind = Literal["log", "sqrt", "box-cox"] | None
EXPONENTS = (-1.0, 2.0)  # bounds of the search; chosen by judgement, not measured
FIXED: dict[TransformKind, float] = {"log": 0.0, "sqrt": 0.5}
KINDS: dict[float, TransformKind] = {exponent: kind for kind, exponent in FIXED.items()}


@dataclass(frozen=True)
class PowerTransform:
    """``(values**exponent - 1) / exponent``, the logarithm for an exponent of 0 (Box & Cox 1964)."""

    exponent: float | None
    """None for no transform."""
    low: float | None = None
    """The smallest value of the training set, if the transform was chosen: values outside the domain are then replaced,
    see `floored`. None to refuse them."""

    @property
    def kind(self) -> TransformKind:
        """The corresponding value of the parameter `target_transform` of `LSTMForecaster`."""
        if self.exponent is None:
            return None
        return KINDS.get(self.exponent, "box-cox")

    @classmethod
    def learn(cls, kind: TransformKind, panel: Panel) -> PowerTransform:
        """Return the transform called "log", "sqrt" or "box-cox", with one exponent for all series; None for none.

        Raises
        ------
        ValueError
            If a value is not positive, or negative for "sqrt".
        """
        if kind is None:
            return cls(None)
        _check_domain(panel, kind)
        if kind in FIXED:
            return cls(FIXED[kind])
        found = ~np.isnan(panel.values)
        values, series = panel.values[found], panel.series_of(np.flatnonzero(found))
        count = np.bincount(series)
        logs = np.log(values).sum()

        def negative_log_likelihood(exponent: float) -> float:
            """Score an exponent, with normal values around the mean of each series."""
            changed = boxcox(values, exponent)
            mean = np.bincount(series, changed) / np.maximum(count, 1)
            square = np.bincount(series, (changed - mean[series]) ** 2) / np.maximum(count, 1)
            varied = square > 0
            return float(0.5 * (count[varied] * np.log(square[varied])).sum() - (exponent - 1) * logs)

        return cls(float(minimize_scalar(negative_log_likelihood, bounds=EXPONENTS, method="bounded").x))

    @classmethod
    def candidates(cls, panel: Panel) -> list[PowerTransform]:
        """Return the transforms that "auto" tries: none, and the logarithm or, if there are zeros, the square root."""
        low = float(np.nanmin(panel.values))
        if low < 0:
            return [NO_TRANSFORM]
        return [NO_TRANSFORM, cls(FIXED["log" if low > 0 else "sqrt"], low)]

    def again(self, panel: Panel) -> PowerTransform:
        """Return the transform for a refit to `panel`: as it was chosen, or learned like this one."""
        return PowerTransform.learn(self.kind, panel) if self.low is None else self

    def apply(self, panel: Panel, *, warn: bool = True) -> Panel:
        """Return the panel with its values transformed; `warn` says whether to warn about replaced values."""
        kind = self.kind
        if self.exponent is None or kind is None:
            return panel
        if self.low is None:
            _check_domain(panel, kind)
        else:
            panel = floored(panel, kind, self.low, warn=warn)
        return replace(panel, values=boxcox(panel.values, self.exponent))

    def replaced(self, panel: Panel) -> Outside | None:
        """Return the values that `apply` replaces; None if there are none."""
        kind = self.kind
        if self.low is None or kind is None:
            return None
        rows = np.flatnonzero(is_outside(panel.values, kind))
        return Outside.of(panel, rows, kind) if len(rows) else None

    def undo(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values on the original scale, none beyond `LARGEST`.

        Numbers outside the range of the transform are moved to the nearest one inside.
        """
        if self.exponent is None:
            return values
        if self.exponent > 0:
            values = np.maximum(values, -1.0 / self.exponent)
        elif self.exponent < 0:
            values = np.minimum(values, (1 - 1e-6) * -1.0 / self.exponent)
        return inv_boxcox(np.minimum(values, boxcox(LARGEST, self.exponent)), self.exponent)


NO_TRANSFORM = PowerTransform(None)


def _check_domain(panel: Panel, kind: TransformKind) -> None:
    wrong = np.flatnonzero(is_outside(panel.values, kind))
    if len(wrong):
        row, allowed = wrong[0], "of at least 0" if kind == "sqrt" else "above 0"
        raise ValueError(
            f"target_transform={kind!r} needs values {allowed}, got {panel.values[row]:g} in series "
            f"{panel.series_at(row)} at {panel.times[row]}"
        )
