"""The windows of a backtest: how many, and the cutoffs of each series."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsl._warnings import calls_within_tsl
from tsl.forecasting.evaluation.new_series import NewSeries
from tsl.forecasting.panel.missing import last_readings
from tsl.forecasting.panel.panel import Panel, ranges
from tsl.forecasting.protocol import PanelModel

_NAMED = 5  # most series named in a warning


class TooShortWarning(UserWarning):
    """Warning that series are too short for all windows of a backtest and have fewer, or are left out."""


@dataclass(frozen=True)
class Plan:
    """The windows of a backtest: consecutive ones for each series."""

    horizon: int
    n_windows: int
    step: int
    gap: int
    refit: int
    """Number of windows after which the model is refitted; 0 for never."""
    sliding: bool
    cold_start: bool = False
    """Whether series are forecast from their first reading on, if enough others are known by then."""

    @classmethod
    def of(
        cls, horizon: int, n_windows: Any, step: Any, gap: Any, refit: Any, window: Any, cold_start: Any = False
    ) -> Plan:
        """Check the arguments of `Forecaster.backtest` and return the plan."""
        step = horizon if step is None else step
        for name, value, least in (("n_windows", n_windows, 1), ("step", step, 1), ("gap", gap, 0)):
            if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
                raise ValueError(f"{name} must be a whole number from {least} up, got {value!r}")
        if not isinstance(refit, (bool, np.bool_, Integral)) or refit < 0:
            raise ValueError(f"refit must be True, False or a whole number of windows, got {refit!r}")
        if window not in ("expanding", "sliding"):
            raise ValueError(f"window must be 'expanding' or 'sliding', got {window!r}")
        if not isinstance(cold_start, (bool, np.bool_)):
            raise ValueError(f"cold_start must be True or False, got {cold_start!r}")
        sliding = window == "sliding"
        return cls(horizon, int(n_windows), int(step), int(gap), int(refit), sliding, bool(cold_start))

    @property
    def n_ahead(self) -> int:
        """Steps from a cutoff to the last one forecast."""
        return self.gap + self.horizon

    @property
    def needs(self) -> str:
        """The parameters that windows need rows for, for messages."""
        return f"horizon={self.horizon}" + (f" and gap={self.gap}" if self.gap else "")

    def too_short(self, longest: int) -> ValueError:
        """Return the error if no series has a window; the longest has so many rows."""
        return ValueError(f"a backtest with {self.needs} needs rows to forecast and one before, got {longest} at most")

    def cutoffs(self, panel: Panel, lowest: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the cutoff of each window (n_series, n_windows), -1 for a missing window.

        Windows are counted from the end of each series. Each has its cutoff at `lowest` (n_series,) or later, after
        more than a horizon of rows from the first reading on; the last window may have fewer.
        """
        found, begin = self._cutoffs_from_end(panel), first_readings(panel)
        is_window = found >= np.maximum(lowest, begin + self.horizon + 1)[:, None]
        is_window[:, -1] = found[:, -1] >= np.maximum(lowest, begin + 1)
        return np.where(is_window, found, -1)

    def with_cold_starts(
        self, cutoffs: NDArray[np.int64], new: NewSeries, lowest: NDArray[np.int64], earliest: int
    ) -> NDArray[np.int64]:
        """Return `cutoffs` (n_series, n_windows) with the missing ones that can be forecast from other series.

        These are at the first reading of their series or later, and not at a time before `earliest`.
        """
        panel = new.panel
        found = self._cutoffs_from_end(panel)
        is_window = found >= np.maximum(lowest, first_readings(panel))[:, None]
        at = np.where(is_window, found, panel.offsets[:-1, None])
        is_window &= (new.stamps[at] >= earliest) & new.can_forecast(at)
        return np.where((cutoffs >= 0) | is_window, found, -1)

    def _cutoffs_from_end(self, panel: Panel) -> NDArray[np.int64]:
        """Return the cutoffs of all windows (n_series, n_windows), counted from the end of each series."""
        return panel.ends[:, None] - (self.n_ahead + self.step * np.arange(self.n_windows)[::-1])

    def fitted_rows(self, cutoffs: NDArray[np.int64], number: int, panel: Panel) -> NDArray[np.int64]:
        """Return the rows to fit on before forecasting window `number`, for the series that have windows."""
        behind = (self.n_windows - 1 - number) * self.step
        stops = np.where(cutoffs[:, -1] >= 0, panel.ends - self.n_ahead - behind, panel.offsets[:-1])
        starts = panel.offsets[:-1]
        stops = np.where(stops > first_readings(panel), stops, starts)
        if self.sliding:
            n_rows = first_cutoffs(cutoffs) - starts  # a series that has just begun grows to as many rows
            starts = np.maximum(starts, stops - (n_rows.max() if self.cold_start else n_rows))
        return ranges(starts, np.maximum(stops, starts))


def with_cutoffs(
    plan: Plan, panel: Panel, lowest: NDArray[np.int64], model: PanelModel, new: NewSeries | None = None
) -> tuple[Plan, NDArray[np.int64]]:
    """Return the plan with as many windows as possible, and their cutoffs as from `Plan.cutoffs`.

    With `new`, series that have just begun also have windows; if a model is refitted before the first window of the
    others, they have windows only from that time on.

    Raises
    ------
    ValueError
        If no series has a window.
    """
    n_windows, most = plan.n_windows, int(panel.lengths.max()) // plan.step + 1
    plan = replace(plan, n_windows=min(n_windows, most))
    table = plan.cutoffs(panel, lowest)
    if new is not None:
        usual = table[table >= 0]
        is_refitted = len(usual) and (plan.refit or model.was_fitted(panel, usual).any())
        earliest = new.stamps[usual].min() if is_refitted else np.iinfo(np.int64).min
        table = plan.with_cold_starts(table, new, lowest, int(earliest))
    check_cutoffs(table, panel, plan, n_windows)
    return plan, table


def check_cutoffs(cutoffs: NDArray[np.int64], panel: Panel, plan: Plan, n_windows: int) -> None:
    """Warn of series that are left out, or have fewer than `n_windows`.

    Raises
    ------
    ValueError
        If no series has a window.
    """
    counts = (cutoffs >= 0).sum(axis=1)
    if not counts.any():
        raise plan.too_short(int(panel.lengths.max()))
    notes = []
    for what, which in (
        ("are left out, too short for a window", counts == 0),
        (f"have fewer than n_windows={n_windows}", (counts > 0) & (counts < n_windows)),
    ):
        if which.any():
            names = ", ".join(map(repr, panel.ids[which][:_NAMED])) + (", ..." if which.sum() > _NAMED else "")
            notes.append(f"{which.sum()} series {what}: {names}")
    if notes:
        warnings.warn(f"with {plan.needs}, " + "; ".join(notes), TooShortWarning, stacklevel=calls_within_tsl())


def first_readings(panel: Panel) -> NDArray[np.int64]:
    """Return the row of the first reading of each series (n_series,), or its end if there is none."""
    read = last_readings(panel.values, panel.offsets) >= 0  # from the first reading on
    return panel.ends - np.add.reduceat(read, panel.offsets[:-1], dtype=np.int64)


def first_cutoffs(cutoffs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the earliest cutoff of each series (n_series,), -1 for none."""
    first = np.argmax(cutoffs >= 0, axis=1)
    return cutoffs[np.arange(len(cutoffs)), first]
