"""Windows of a panel as the network reads them: relative to a level and a spread of their own, never copied.

Each value of a window is taken relative to the window's *level*, the mean of its last values, in units of its
*spread*, and the forecast is brought back by both (Kim et al. 2022 do so with mean and deviation). With a `lag` the
forecast is a change against the value that many steps before, and such changes are an input besides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.panel import Panel
from tsl.forecasting.scales import changes
from tsl.network import Framing, Sequences, Targets
from tsl.training import Samples

SMALLEST_SPREAD = 0.05  # of the deviation of a window, where its changes are smaller still
NO_SPREAD = 1e-5  # of the deviation of its series: a window that is constant but for rounding


@dataclass(frozen=True)
class Windowing:
    """How windows are cut, and what they are relative to.

    Parameters
    ----------
    window : int
        Steps that the network reads, a multiple of `segment`.
    segment : int
        Steps that the LSTM reads at once.
    horizon : int
        Steps that the network forecasts at once.
    lag : int
        The forecast is relative to the value this many steps before, at least `horizon`; 0: to the level.
    level : int
        The level is the mean of this many last values of the window; 0: there is none.
    spread : int or None
        What windows are in units of: their own standard deviation (0); their mean absolute change over this many
        steps; or nothing of their own (None).
    masked : bool
        Whether a channel says which values are missing.
    n_future : int
        Channels known ahead. If there are any the network goes on reading them over the horizon.
    """

    window: int
    segment: int
    horizon: int
    lag: int = 0
    level: int = 1
    spread: int | None = 0
    masked: bool = False
    n_future: int = 0

    @property
    def n_steps(self) -> int:
        """Steps of the LSTM."""
        ahead = -(-self.horizon // self.segment) if self.n_future else 0
        return self.window // self.segment + ahead

    @property
    def context(self) -> int:
        """Rows before its origin that a forecast depends on."""
        return self.window + max(self.lag, self.spread or 0)


class Scaling(NamedTuple):
    """Mean and deviation (2, C) of all columns of a panel, learned in training, to standardise them with."""

    values: NDArray[np.float64]
    past: NDArray[np.float64]
    future: NDArray[np.float64]
    static: NDArray[np.float64]

    @classmethod
    def learn(cls, panel: Panel) -> Scaling:
        """Those of a panel, over what is not missing."""
        columns = (panel.values[:, None], panel.past, panel.future, panel.static)
        return cls(*(_mean_and_deviation(rows) for rows in columns))


class SeriesWindows:
    """The windows of a panel, by the row at which their forecast begins.

    Parameters
    ----------
    panel : Panel
    windowing : Windowing
    scaling : Scaling
        Values are standardised with it where windows have no spread of their own; otherwise series by series, for the
        sake of precision alone.
    """

    def __init__(self, panel: Panel, windowing: Windowing, scaling: Scaling) -> None:
        self.panel, self.windowing = panel, windowing
        if windowing.spread is None:
            self._centers, self._units = np.repeat(scaling.values, panel.n_series, axis=1)
        else:
            self._centers, self._units = _by_series(panel)
        self._values = (panel.values - self._by_row(self._centers)) / self._by_row(self._units)
        self._changes = changes(self._values, panel.offsets, windowing.lag) if windowing.lag else None
        self._sums = _Sums(self._values)
        self._change_sums = (
            _Sums(np.abs(changes(self._values, panel.offsets, windowing.spread))) if windowing.spread else None
        )
        self._rows = self._channels(scaling)
        self._target_rows = np.ascontiguousarray(self._rows[:, 1 if windowing.lag else 0, None])
        self._static = _standardised(panel.static, scaling.static).astype(np.float32)

    @property
    def n_channels(self) -> int:
        """Numbers of a row."""
        return self._rows.shape[1]

    @property
    def n_static(self) -> int:
        """Numbers of a series."""
        return self._static.shape[1]

    def _by_row(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.repeat(numbers, self.panel.lengths)

    def _channels(self, scaling: Scaling) -> NDArray[np.float32]:
        """(N, C): value, change, whether it is missing, past covariates, those known ahead."""
        columns = [self._values[:, None]]
        if self._changes is not None:
            columns.append(self._changes[:, None])
        if self.windowing.masked:
            columns.append(np.isnan(self._values)[:, None])
        columns += [_standardised(self.panel.past, scaling.past), _standardised(self.panel.future, scaling.future)]
        return _single_precision(np.concatenate(columns, axis=1))

    # --- windows --------------------------------------------------------------------------------------------

    def levels_and_spreads(self, ends: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(n,) each: what windows that end before `ends` are relative to; a constant window has the spread 0."""
        plan, first = self.windowing, self.panel.offsets[self.panel.series_of(ends - 1)]
        start = np.maximum(ends - plan.window, first)
        mean, deviation = self._sums.mean_and_deviation(start, ends)
        level = np.zeros(len(ends))
        if plan.level:
            last, _ = self._sums.mean_and_deviation(np.maximum(ends - plan.level, first), ends)
            level = np.nan_to_num(np.where(np.isnan(last), mean, last))
        if plan.spread is None:
            return level, np.ones(len(ends))
        spread = deviation
        if self._change_sums is not None:
            change, _ = self._change_sums.mean_and_deviation(start, ends)
            spread = np.where(np.isnan(change), deviation, np.maximum(change, SMALLEST_SPREAD * deviation))
        return level, np.where(spread > NO_SPREAD, spread, 0.0)

    def units(self, ends: NDArray[np.int64]) -> NDArray[np.float64]:
        """(n,) deviation of the series of each window, or of all values."""
        return self._units[self.panel.series_of(ends - 1)]

    def sequences(self, ends: NDArray[np.int64]) -> Sequences:
        """The windows whose forecasts begin at rows `ends`, in the network's form."""
        return self._sequences(ends, *self.levels_and_spreads(ends))

    def samples(self, ends: NDArray[np.int64]) -> Samples:
        """The same with the values that follow as targets; all of them lie within the series."""
        level, spread = self.levels_and_spreads(ends)
        shifts = np.zeros(len(ends)) if self.windowing.lag else level
        targets = Targets(self._target_rows, ends, shifts.astype(np.float32), _inverse(spread).astype(np.float32))
        return Samples(self._sequences(ends, level, spread), targets)

    def _sequences(self, ends: NDArray[np.int64], level: NDArray[np.float64], spread: NDArray[np.float64]) -> Sequences:
        plan, series = self.windowing, self.panel.series_of(ends - 1)
        shifts, scales = np.zeros((2, len(ends), self.n_channels), np.float32)
        scales[:] = 1.0
        shifts[:, 0] = level
        scales[:, : 2 if plan.lag else 1] = _inverse(spread)[:, None]
        bounds = np.stack([self.panel.offsets[series], ends, self.panel.offsets[series + 1]], axis=1)
        lengths = np.full(len(ends), plan.n_steps)
        return Sequences(self._rows, ends - plan.window, lengths, Framing(shifts, scales, bounds, self._static[series]))

    def restored(self, outputs: NDArray[Any], ends: NDArray[np.int64]) -> NDArray[np.float64]:
        """Outputs (n, horizon, ·) of the network for the windows before `ends`, in the units of the panel."""
        plan, series = self.windowing, self.panel.series_of(ends - 1)
        level, spread = self.levels_and_spreads(ends)
        base = np.repeat(level[:, None], plan.horizon, axis=1)
        if plan.lag:
            rows = ends[:, None] - plan.lag + np.arange(plan.horizon)
            known = rows >= self.panel.offsets[series, None]
            before = np.where(known, self._values[np.maximum(rows, 0)], np.nan)
            base = np.where(np.isnan(before), base, before)
        forecasts = base[:, :, None] + spread[:, None, None] * outputs
        return forecasts * self._units[series, None, None] + self._centers[series, None, None]

    def written_out(self, ends: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Values of the windows, (n, window, 1, or 2 with changes), and what is known ahead, (n, horizon, F).

        As the network reads them, but as numbers in arrays of their own: what a linear map is fitted to.
        """
        plan, sequences = self.windowing, self.sequences(ends)
        framing = sequences.framing
        assert framing is not None

        def read(start: NDArray[np.int64], n: int, channels: slice, stop: NDArray[np.int64]) -> NDArray[np.float64]:
            places = start[:, None] + np.arange(n)
            inside = (places >= framing.bounds[:, :1]) & (places < stop[:, None])
            found = self._rows[np.clip(places, 0, len(self._rows) - 1), channels]
            numbers = (found - framing.shifts[:, None, channels]) * framing.scales[:, None, channels]
            return np.where(inside[:, :, None], np.nan_to_num(numbers), 0.0).astype(np.float64)

        ahead = slice(self.n_channels - plan.n_future, None)
        values = read(sequences.starts, plan.window, slice(2 if plan.lag else 1), ends)
        return values, read(ends, plan.horizon if plan.n_future else 0, ahead, framing.bounds[:, 2])

    def targets(self, ends: NDArray[np.int64]) -> NDArray[np.float64]:
        """(n, horizon) what the network is to give, NaN where it is missing."""
        wanted = self.samples(ends).targets
        assert wanted.shifts is not None
        assert wanted.scales is not None
        values = self._target_rows[ends[:, None] + np.arange(self.windowing.horizon), 0]
        return (values - wanted.shifts[:, None]).astype(np.float64) * wanted.scales[:, None]


class _Sums:
    """Mean and deviation of any run of rows, from sums of all rows before."""

    def __init__(self, numbers: NDArray[np.float64]) -> None:
        found = ~np.isnan(numbers)
        zeroed = np.where(found, numbers, 0.0)
        self._count, self._sum, self._square_sum = (
            np.concatenate([[0.0], np.cumsum(part)]) for part in (found, zeroed, zeroed**2)
        )

    def mean_and_deviation(
        self, start: NDArray[np.int64], stop: NDArray[np.int64]
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Of rows start..stop each, NaN where all of them are missing."""
        count = self._count[stop] - self._count[start]
        count = np.where(count > 0, count, np.nan)
        mean = (self._sum[stop] - self._sum[start]) / count
        mean_square = (self._square_sum[stop] - self._square_sum[start]) / count
        return mean, np.sqrt(np.maximum(mean_square - mean**2, 0.0))


def _by_series(panel: Panel) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n_series,) mean and deviation of each series; its size, or 1, where there is no deviation."""
    found = ~np.isnan(panel.values)
    starts = panel.offsets[:-1]
    count = np.maximum(np.add.reduceat(found.astype(np.float64), starts), 1.0)
    centers = np.add.reduceat(np.where(found, panel.values, 0.0), starts) / count
    apart = np.where(found, panel.values - np.repeat(centers, panel.lengths), 0.0)
    units = np.sqrt(np.add.reduceat(apart**2, starts) / count)
    return centers, _or_size(units, centers)


def _mean_and_deviation(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """(2, C) over the rows that are not missing; the size of a column, or 1, where it is constant."""
    found = ~np.isnan(rows)
    count = np.maximum(found.sum(axis=0), 1)
    mean = np.where(found, rows, 0.0).sum(axis=0) / count
    deviation = np.sqrt((np.where(found, rows - mean, 0.0) ** 2).sum(axis=0) / count)
    return np.stack([mean, _or_size(deviation, mean)])


def _or_size(deviation: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each deviation; where it is one of rounding, something that leaves nothing of it."""
    size = np.abs(mean)
    return np.where(deviation > 1e-12 * size, deviation, np.maximum(size, 1.0))


def _standardised(rows: NDArray[np.float64], scaling: NDArray[np.float64]) -> NDArray[np.float64]:
    return (rows - scaling[0]) / scaling[1]


def _single_precision(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    """Standardised rows (N, C) as the network reads them."""
    with np.errstate(over="ignore"):
        single = np.ascontiguousarray(rows, np.float32)
    if np.isinf(single).any():
        largest = np.nanmax(np.abs(rows))
        raise ValueError(f"data must be of the size of those in fit, got a number {largest:g} times their spread")
    return single


def _inverse(spread: NDArray[np.float64]) -> NDArray[np.float64]:
    """One over each spread, and 0 for 0: a constant window reads as zeros, and so do its targets."""
    return np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
