"""What a forecaster keeps of the series that it was fitted on, and of newer rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl.forecasting.missing import fill
from tsl.forecasting.panel import Panel, joined, ranges
from tsl.forecasting.stamps import stamps_of, times_of


class History:
    """Panels that go on from one to the next; what is added costs nothing until it is read.

    Parameters
    ----------
    panel : Panel
        The rows of `fit`, missing readings and all.
    filled : Panel
        The same without missing readings, as `missing` wants it.
    missing : str
        As for `tsl.forecasting.missing.fill`.
    """

    def __init__(self, panel: Panel, filled: Panel, missing: str) -> None:
        self._pieces = [panel]
        self._filled = [filled]
        self._missing = missing
        self._is_cut = False  # whether `_filled` has but the tails
        self.ids = self.fitted_ids = panel.ids
        self.fitted_until = stamps_of(panel.times)[panel.ends - 1]  # (n_series,)
        self.last = self.fitted_until.copy()

    def panel(self) -> Panel:
        """All rows, as they came."""
        if len(self._pieces) > 1:
            self._pieces = [joined(self._pieces)]
        return self._pieces[0]

    def tails(self, n_rows: int) -> Panel:
        """The last rows of all series, missing readings dealt with: so many, and those behind the last reading."""
        if len(self._filled) > 1:
            self._filled = [_tails(joined(self._filled), n_rows)]
        elif not self._is_cut:
            self._filled = [_tails(self._filled[0], n_rows)]
        self._is_cut = True
        return self._filled[0]

    def add(self, panel: Panel, n_rows: int) -> None:
        """Rows that follow, or other series.

        Raises
        ------
        ValueError
            Of rows that are not newer than what is known of their series.
        """
        last = stamps_of(panel.times)[panel.ends - 1]
        at = self.ids.get_indexer(panel.ids)
        first = stamps_of(panel.times)[panel.offsets[:-1]]
        old = (at >= 0) & (first <= self.last[at])
        if old.any():
            k = int(old.argmax())
            raise ValueError(
                f"data must have rows after those that are known, got {panel.times[panel.offsets[k]]} of series "
                f"{panel.ids[k]!r}, which is known up to {times_of(self.last[at[[k]]], panel.times.dtype)[0]}"
            )
        filled = self._fill_after(panel, n_rows)
        self._pieces.append(panel)
        self._filled.append(filled)
        is_new = at < 0
        self.last[at[~is_new]] = last[~is_new]
        if is_new.any():
            self.ids = self.ids.append(panel.ids[is_new])
            self.last = np.concatenate([self.last, last[is_new]])

    def before(self, panel: Panel, n_rows: int) -> Panel:
        """`panel` with the tails of known series before it, where it goes on from them, without missing readings.

        A series that begins at or before the last row that is known of it stands by itself.
        """
        return self._joined(self._fill_after(panel, n_rows), lambda: self.tails(n_rows))

    def whole_before(self, panel: Panel) -> Panel:
        """The same with all that is known, and with readings missing still."""
        return self._joined(panel, self.panel)

    def follows(self, panel: Panel) -> NDArray[np.bool_]:
        """(n_series,) whether a series is known, and goes on from what is known."""
        at = self.ids.get_indexer(panel.ids)
        return (at >= 0) & (stamps_of(panel.times)[panel.offsets[:-1]] > self.last[at])

    def times_from_last(self, panel: Panel) -> tuple[pd.Index, NDArray[np.int64]]:
        """Times of `panel`, before those of a series that goes on the last one known of it, and offsets."""
        follows = self.follows(panel)
        last = self.last[self.ids.get_indexer(panel.ids[follows])]
        stamps = np.insert(stamps_of(panel.times), panel.offsets[:-1][follows], last)
        return times_of(stamps, panel.times.dtype), np.concatenate([[0], np.cumsum(panel.lengths + follows)])

    def was_fitted(self, panel: Panel, ends: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(n,) whether the row ``ends[i]`` of the panel, the first to forecast, was there when the model was fitted."""
        at = self.fitted_ids.get_indexer(panel.ids)[panel.series_of(ends - 1)]
        return (at >= 0) & (stamps_of(panel.times)[ends] <= self.fitted_until[at])

    def _fill_after(self, panel: Panel, n_rows: int) -> Panel:
        """`panel` without missing readings; what comes before it counts."""
        if not _has_missing(panel):
            return fill(panel, self._missing)
        longer = self._joined(panel, lambda: self.tails(n_rows))
        n_before = longer.lengths - panel.lengths
        rows = ranges(longer.offsets[:-1] + n_before, longer.ends)
        return fill(longer, self._missing).select(rows, np.arange(panel.n_series))

    def _joined(self, panel: Panel, known: Callable[[], Panel]) -> Panel:
        """`panel` with rows of known series before it, where it goes on from them."""
        follows = self.follows(panel)
        if not follows.any():
            return panel
        before = known()
        at = np.sort(before.ids.get_indexer(panel.ids[follows]))
        head = before.select(ranges(before.offsets[at], before.offsets[at + 1]), at)
        nothing = panel.select(np.zeros(0, np.int64), np.arange(panel.n_series))  # keeps the order of the series
        return replace(joined([nothing, head, panel]), static=panel.static)


def _tails(panel: Panel, n_rows: int) -> Panel:
    """The last `n_rows` rows of each series and, where no reading is in the last of them, those from one on."""
    found = np.flatnonzero(~np.isnan(panel.values))
    last = found[np.maximum(np.searchsorted(found, panel.ends) - 1, 0)] if len(found) else panel.ends - 1
    starts = np.maximum(np.minimum(last + 1, panel.ends) - n_rows, panel.offsets[:-1])
    return panel.select(ranges(starts, panel.ends))


def _has_missing(panel: Panel) -> bool:
    return bool(np.isnan(panel.values).any() or np.isnan(panel.past).any() or np.isnan(panel.future).any())


def with_steps_ahead(panel: Panel, times: pd.Index, future: NDArray[np.float64]) -> Panel:
    """`panel` with rows after each series whose values are unknown: stamps (n_series * horizon,) and `future`.

    `future` (n_series, horizon, F) is what is known ahead of them.
    """
    n_series, horizon, _ = future.shape
    offsets = panel.offsets + horizon * np.arange(n_series + 1)
    known = np.ones(offsets[-1], bool)
    known[ranges(offsets[1:] - horizon, offsets[1:])] = False

    def longer(block: NDArray[np.float64], ahead: NDArray[np.float64] | float) -> NDArray[np.float64]:
        out = np.empty((len(known), *block.shape[1:]))
        out[known], out[~known] = block, ahead
        return out

    order = np.empty(len(known), np.int64)
    order[known], order[~known] = np.arange(len(panel.values)), len(panel.values) + np.arange(len(times))
    return replace(
        panel,
        offsets=offsets,
        times=panel.times.append(times)[order],
        values=longer(panel.values, np.nan),
        past=longer(panel.past, np.nan),
        future=longer(panel.future, future.reshape(len(times), future.shape[2])),
        weights=None,
    )
