"""Windows of a panel as the network reads them: each relative to its own level and scale, without copies.

Each value of a window is taken relative to the window's *level*, the mean of its last values, in units of its
*scale*, and the forecast is transformed back by both (Kim et al. 2022 use mean and deviation). With a `lag`, the
forecast is the change from the value that many steps earlier, and such changes are an additional input.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.model.counts import Counts
from tsl.forecasting.panel.missing import last_readings
from tsl.forecasting.panel.outliers import median_and_reach
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.scale import changes
from tsl.network import LARGEST_LOG_MEAN, LARGEST_LOG_SIZE, Framing, Sequences, Targets
from tsl.training import Samples

SMALLEST_SCALE = 0.05  # lower bound of a scale from changes, relative to the window's deviation
ROUNDING = 1e-14  # relative to a window's level: a window with a scale no larger than this is constant
SINGLE_ROUNDING = 1e-5  # relative to the unit of stored rows: smaller scales are lost in single precision
MOST_SCALES = 1e15  # distance of a row from a window; its square is still finite in single precision
NUMBERS_AT_ONCE = 2**16  # values of windows that are processed together, as many as fit in a core's cache


@dataclass(frozen=True)
class Windowing:
    """How windows are made and scaled.

    Parameters
    ----------
    window : int
        Number of steps that the network reads, a multiple of `segment`.
    segment : int
        Number of steps that the LSTM reads at a time.
    horizon : int
        Number of steps that the network forecasts at once.
    lag : int
        The forecast is relative to the value this many steps earlier, at least `horizon`; 0 means relative to the
        level.
    level : int
        The level is the mean of this many last values of the window; 0 means no level.
    spread : int or None
        The scale of a window: its standard deviation (0); its mean absolute change over this many steps; or no scale of
        its own (None).
    masked : bool
        Whether a channel indicates which values are missing.
    n_future : int
        Number of channels known ahead. If there are any, the network continues to read them over the horizon.
    counts : {"poisson", "negative_binomial"} or None
        Distribution of counts whose parameters the network outputs: for each step the logarithm of the mean, relative
        to the mean of the window, and for the negative binomial also that of its size.
    """

    window: int
    segment: int
    horizon: int
    lag: int = 0
    level: int = 1
    spread: int | None = 0
    masked: bool = False
    n_future: int = 0
    counts: Counts | None = None

    @property
    def n_steps(self) -> int:
        """Number of LSTM steps."""
        ahead = -(-self.horizon // self.segment) if self.n_future else 0
        return self.window // self.segment + ahead

    @property
    def kind(self) -> tuple[bool, int | None, int]:
        """What windowings that differ only in size have in common."""
        return self.level > 0, self.spread, self.lag

    @property
    def scaling(self) -> str | None:
        """The corresponding value of the parameter `scaling` of `LSTMForecaster`."""
        if self.spread is not None:
            return "window"
        return "level" if self.level else None

    @property
    def context(self) -> int:
        """Number of rows before its cutoff that a forecast depends on."""
        return self.window + max(self.lag, self.spread or 0)


class ColumnStats(NamedTuple):
    """Mean and standard deviation (2, C) of all columns of the training panel, for standardisation."""

    values: NDArray[np.float64]
    past: NDArray[np.float64]
    future: NDArray[np.float64]
    static: NDArray[np.float64]

    @classmethod
    def learn(cls, panel: Panel) -> ColumnStats:
        """Return the statistics of a panel over values that are not missing, without rows of weight 0."""
        columns = [panel.values[:, None], panel.past, panel.future]
        if panel.weights is not None and (panel.weights > 0).any():
            columns = [rows[panel.weights > 0] for rows in columns]
        return cls(*(_mean_and_deviation(rows) for rows in (*columns, panel.static)))


class SeriesWindows:
    """The windows of a panel, by their cutoffs.

    Parameters
    ----------
    panel : Panel
    windowing : Windowing
    scaling : ColumnStats
        Statistics to standardise covariates with, and values if windows have no scale of their own.
    cutoffs : ndarray of shape (n_series,), optional
        Where the forecast of each series begins, if each series has only one window. Its rows are then stored relative
        to that window, so that the network's input depends on nothing else. Otherwise rows belong to many windows, and
        are stored relative to the median and a typical distance from it, to keep precision.
    """

    def __init__(
        self, panel: Panel, windowing: Windowing, scaling: ColumnStats, cutoffs: NDArray[np.int64] | None = None
    ) -> None:
        self.panel, self.windowing = panel, windowing
        self._center, self._unit = (float(number) for number in scaling.values[:, 0])
        n_rows, padded = windowing.context, np.concatenate([np.full(windowing.context, np.nan), panel.values])
        # (N + 1, context) the values before each row, as a view: sliding_window_view takes ten times as long
        self._contexts = np.ndarray((len(padded) - n_rows + 1, n_rows), padded.dtype, padded, 0, 2 * padded.strides)
        self._cutoffs = cutoffs
        if cutoffs is not None:
            self._level, self._scale = self._measured(cutoffs)
            self._centers, self._units = self._level, _or_size(self._scale, self._level)
        elif windowing.spread is None:
            self._centers, self._units = np.full((2, panel.n_series), scaling.values)
        else:
            self._centers, self._units = _by_series(panel)
        self._rows = self._channels(scaling)
        if windowing.counts is None:
            self._target_rows = np.ascontiguousarray(self._rows[:, 1 if windowing.lag else 0, None])
        else:
            self._target_rows = _single_precision(panel.values[:, None])
        self._static = _standardised(panel.static, scaling.static).astype(np.float32)

    @property
    def n_channels(self) -> int:
        """Number of channels of a row."""
        return self._rows.shape[1]

    @property
    def n_static(self) -> int:
        """Number of static values of a series."""
        return self._static.shape[1]

    def _by_row(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        return numbers if len(numbers) == 1 else np.repeat(numbers, self.panel.lengths)

    def _channels(self, scaling: ColumnStats) -> NDArray[np.float32]:
        """Return value, change, missing indicator, past covariates and covariates known ahead, (N, C)."""
        values = (self.panel.values - self._by_row(self._centers)) / self._by_row(self._units)
        if self._cutoffs is not None and self.windowing.spread is not None:  # rows before a window may be far off
            values = np.minimum(np.maximum(values, -MOST_SCALES), MOST_SCALES)
        columns = [values[:, None]]
        if self.windowing.lag:
            columns.append(changes(values, self.panel.offsets, self.windowing.lag)[:, None])
        if self.windowing.masked:
            columns.append(np.isnan(values)[:, None])
        columns += [_standardised(self.panel.past, scaling.past), _standardised(self.panel.future, scaling.future)]
        return _single_precision(np.concatenate(columns, axis=1))

    # --- windows --------------------------------------------------------------------------------------------

    def levels_and_scales(self, cutoffs: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return level and scale of the windows at `cutoffs`, (n,) each; a constant window has scale 0."""
        series = self.panel.series_of(cutoffs - 1)
        if self._cutoffs is not None:
            return self._level[series], self._scale[series]
        level, scale = self._measured(cutoffs)
        return level, np.where(scale > SINGLE_ROUNDING * self._units[series], scale, 0.0)

    def _measured(self, cutoffs: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return level and scale of the windows, (n,) each, computed only from each window's values."""
        plan, n = self.windowing, max(1, NUMBERS_AT_ONCE // self.windowing.context)
        level, scale = np.full(len(cutoffs), self._center), np.full(len(cutoffs), self._unit)
        if plan.level == 0 and plan.spread is None:
            return level, scale
        for start in range(0, len(cutoffs), n):
            part = slice(start, start + n)
            rows = self._context(cutoffs[part])
            window = rows[:, -plan.window :]
            mean, deviation = _mean_and_deviation_of_rows(window)
            if plan.level:
                level[part] = self._level_of(cutoffs[part], window, mean)
            if plan.spread is not None:
                scale[part] = _window_scale(rows, plan, mean, deviation)
        return level, scale

    def _context(self, cutoffs: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the values before `cutoffs`, (n, context); NaN before the beginning of a series."""
        n_rows = self.windowing.context
        rows = self._contexts[cutoffs]
        lacking = n_rows - (cutoffs - self.panel.offsets[self.panel.series_of(cutoffs - 1)])
        if (lacking > 0).any():
            rows[np.arange(n_rows) < lacking[:, None]] = np.nan
        return rows

    def _level_of(
        self, cutoffs: NDArray[np.int64], window: NDArray[np.float64], mean: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the mean of the last values of each window (n,), else of all of them, else the last reading before."""
        level = _mean_of_rows(window[:, -self.windowing.level :])
        level = np.where(np.isnan(level), mean, level)
        empty = np.isnan(level)
        if empty.any():
            last = last_readings(self.panel.values, self.panel.offsets)[cutoffs - 1]
            level[empty] = np.where(last >= 0, self.panel.values[last], self._center)[empty]
        return level

    def sequences(self, cutoffs: NDArray[np.int64]) -> Sequences:
        """Return the windows at `cutoffs`, in the network's form."""
        plan, series = self.windowing, self.panel.series_of(cutoffs - 1)
        level, scale = self.levels_and_scales(cutoffs)
        shifts, scales = np.zeros((2, len(cutoffs), self.n_channels), np.float32)
        scales[:] = 1.0
        shifts[:, 0] = (level - self._centers[series]) / self._units[series]  # in the units of the rows
        scales[:, : 2 if plan.lag else 1] = _inverse(scale / self._units[series])[:, None]
        # the last segment may reach beyond the horizon, where nothing is known in `predict` and must not be in training
        stops = np.minimum(cutoffs + plan.horizon, self.panel.offsets[series + 1])
        bounds = np.empty((len(cutoffs), 3), np.int64)
        bounds[:, 0], bounds[:, 1], bounds[:, 2] = self.panel.offsets[series], cutoffs, stops
        lengths = np.full(len(cutoffs), plan.n_steps)
        return Sequences(
            self._rows, cutoffs - plan.window, lengths, Framing(shifts, scales, bounds, self._static[series])
        )

    def samples(self, cutoffs: NDArray[np.int64]) -> Samples:
        """Return the windows at `cutoffs` with the values that follow as targets; all of them lie within the series."""
        sequences = self.sequences(cutoffs)
        framing = sequences.framing
        assert framing is not None
        if self.windowing.counts is not None:
            log_means = self._log_means(cutoffs)
            return Samples(sequences, Targets(self._target_rows, cutoffs, *self._count_frames(log_means)))
        shifts = np.zeros(len(cutoffs), np.float32) if self.windowing.lag else framing.shifts[:, 0].copy()
        return Samples(sequences, Targets(self._target_rows, cutoffs, shifts, framing.scales[:, 0].copy()))

    def restored(self, outputs: NDArray[Any], cutoffs: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return outputs (n, horizon, ·) of the network for the windows at `cutoffs`, in the units of the panel.

        For counts they are the mean, and for a negative binomial also the inverse of its size.
        """
        if self.windowing.counts is not None:
            log_means = outputs[:, :, :1] + self._log_means(cutoffs)[:, None, None]
            log_sizes = np.clip(outputs[:, :, 1:], -LARGEST_LOG_SIZE, LARGEST_LOG_SIZE)
            return np.exp(np.concatenate([np.minimum(log_means, LARGEST_LOG_MEAN), -log_sizes], axis=2))
        plan, series = self.windowing, self.panel.series_of(cutoffs - 1)
        level, scale = self.levels_and_scales(cutoffs)
        base = np.repeat(level[:, None], plan.horizon, axis=1)
        if plan.lag:
            rows = cutoffs[:, None] - plan.lag + np.arange(plan.horizon)
            known = rows >= self.panel.offsets[series, None]
            before = np.where(known, self.panel.values[np.maximum(rows, 0)], np.nan)
            base = np.where(np.isnan(before), base, before)
        return base[:, :, None] + scale[:, None, None] * outputs

    def _log_means(self, cutoffs: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the logarithm of the mean of each window (n,), with a count of 1 added, since the mean may be 0."""
        found = np.empty(len(cutoffs))
        n = max(1, NUMBERS_AT_ONCE // self.windowing.context)
        for start in range(0, len(cutoffs), n):
            window = self._context(cutoffs[start : start + n])[:, -self.windowing.window :]
            n_known = np.isfinite(window).sum(axis=1)
            found[start : start + n] = np.log((np.nansum(window, axis=1) + 1.0) / (n_known + 1.0))
        return found

    def _count_frames(self, log_means: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the offsets of the log means and the weights of the losses, (n,) each.

        A Poisson loss is proportional to the mean of a window: dividing by it gives all windows the same weight.
        """
        weights = np.ones(len(log_means))
        if self.windowing.counts == "poisson":
            weights = np.minimum(np.exp(-log_means), 1.0)
        return log_means.astype(np.float32), weights.astype(np.float32)

    def design_matrix(self, cutoffs: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the windows' values (n, window, 1 or 2 with changes) and covariates ahead (n, horizon, F).

        These inputs of a linear map are copies of what the network reads.
        """
        plan, sequences = self.windowing, self.sequences(cutoffs)
        framing = sequences.framing
        assert framing is not None

        def read(start: NDArray[np.int64], n: int, channels: slice, stop: NDArray[np.int64]) -> NDArray[np.float64]:
            places = start[:, None] + np.arange(n)
            inside = (places >= framing.bounds[:, :1]) & (places < stop[:, None])
            found = self._rows[np.clip(places, 0, len(self._rows) - 1), channels]
            numbers = (found - framing.shifts[:, None, channels]) * framing.scales[:, None, channels]
            return np.where(inside[:, :, None], np.nan_to_num(numbers), 0.0).astype(np.float64)

        ahead = slice(self.n_channels - plan.n_future, None)
        values = read(sequences.starts, plan.window, slice(2 if plan.lag else 1), cutoffs)
        return values, read(cutoffs, plan.horizon if plan.n_future else 0, ahead, framing.bounds[:, 2])

    def targets(self, cutoffs: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the targets of the network, (n, horizon); NaN if missing."""
        wanted = self.samples(cutoffs).targets
        assert wanted.shifts is not None
        assert wanted.scales is not None
        values = self._target_rows[cutoffs[:, None] + np.arange(self.windowing.horizon), 0]
        return (values - wanted.shifts[:, None]).astype(np.float64) * wanted.scales[:, None]


def _window_scale(
    rows: NDArray[np.float64], plan: Windowing, mean: NDArray[np.float64], deviation: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the scale (n,) of windows with the rows before them (n, context); 0 for rounding errors or if unknown."""
    scale = deviation
    if plan.spread:
        rows = rows[:, -plan.window - plan.spread :]
        change = _mean_of_rows(np.abs(rows[:, plan.spread :] - rows[:, : -plan.spread]))
        scale = np.where(np.isnan(change), deviation, np.maximum(change, SMALLEST_SCALE * deviation))
    return np.where(scale > ROUNDING * np.abs(mean), scale, 0.0)


def _mean_and_deviation_of_rows(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and standard deviation (n,) of each row, ignoring NaN; NaN for a row without values."""
    mean = _mean_of_rows(rows)
    return mean, np.sqrt(_mean_of_rows(np.square(rows - mean[:, None])))


def _mean_of_rows(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean (n,) of each row, ignoring NaN; NaN for a row without values."""
    total = np.add.reduce(rows, axis=1)  # the bits of rows.mean(axis=1), in half the time for a single row
    if not np.isnan(total).any():
        return total / rows.shape[1]
    missing = np.isnan(rows)
    count = rows.shape[1] - missing.sum(axis=1).astype(np.float64)
    count[count == 0] = np.nan
    return np.where(missing, 0.0, rows).sum(axis=1) / count


def _by_series(panel: Panel) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the median of each series and a typical distance from it (n_series,); if that is 0, its size or 1."""
    centers, units = median_and_reach(panel.values, panel.offsets, 0.5, 1)
    return centers, _or_size(np.where(np.isfinite(units), units, 0.0), centers)


def _mean_and_deviation(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return mean and deviation (2, C), ignoring NaN; the deviation of a constant column is its size or 1."""
    found = ~np.isnan(rows)
    count = np.maximum(found.sum(axis=0), 1)
    mean = np.where(found, rows, 0.0).sum(axis=0) / count
    deviation = np.sqrt((np.where(found, rows - mean, 0.0) ** 2).sum(axis=0) / count)
    return np.stack([mean, _or_size(deviation, mean)])


def _or_size(deviation: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each deviation, or if it is a rounding error the size of the mean, at least 1."""
    size = np.abs(mean)
    return np.where(deviation > 1e-12 * size, deviation, np.maximum(size, 1.0))


def _standardised(rows: NDArray[np.float64], scaling: NDArray[np.float64]) -> NDArray[np.float64]:
    return (rows - scaling[0]) / scaling[1]


def _single_precision(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return standardised rows (N, C) in single precision, as the network reads them."""
    with np.errstate(over="ignore"):
        single = np.ascontiguousarray(rows, np.float32)
    if np.isinf(single).any():
        largest = np.nanmax(np.abs(rows))
        raise ValueError(f"data must be about as large as in fit, got a number {largest:g} times its scale")
    return single


def _inverse(scale: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the inverse of each scale, 0 for 0: a constant window and its targets are read as zeros."""
    return np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)
