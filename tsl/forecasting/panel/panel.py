"""The panel: many series of any length, concatenated in flat arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl._tables.columns import written

LARGEST = 1e60
"""Largest number allowed in data: the sum of squares of such numbers is still finite, even after Box-Cox."""


@dataclass(frozen=True, eq=False)
class Panel:
    """Series in flat arrays: series `k` has the rows ``offsets[k]`` to ``offsets[k + 1]`` of each array.

    Rows of a series are in time order, without duplicates; NaN in `values` or `past` is a missing value.
    """

    ids: pd.Index
    """The distinct names of the series, (n_series,)."""
    offsets: NDArray[np.int64]
    """(n_series + 1,)"""
    times: pd.Index
    """A DatetimeIndex, PeriodIndex or integers, (N,)."""
    values: NDArray[np.float64]
    """The target, (N,)."""
    past: NDArray[np.float64]
    """Covariates that are known up to the cutoff, like the target, (N, P)."""
    future: NDArray[np.float64]
    """Covariates that are known ahead, (N, F)."""
    static: NDArray[np.float64]
    """Static covariates, (n_series, S)."""
    weights: NDArray[np.float64] | None = None
    """The weights of rows in training, (N,)."""

    @property
    def n_series(self) -> int:
        """Return the number of series."""
        return len(self.offsets) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Return the number of rows of each series, (n_series,)."""
        return self.offsets[1:] - self.offsets[:-1]  # np.diff takes five times as long for a few series

    @property
    def ends(self) -> NDArray[np.int64]:
        """Return the row after the last of each series (n_series,): the cutoff of a forecast from all rows."""
        return self.offsets[1:]

    def series_of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of the series that each row belongs to."""
        return self.offsets.searchsorted(rows, side="right") - 1

    @property
    def n_readings(self) -> NDArray[np.int64]:
        """Return the number of known values of the target, (n_series,)."""
        return np.bincount(self.series_of(np.flatnonzero(np.isfinite(self.values))), minlength=self.n_series)

    def series_at(self, row: int) -> str:
        """Return the id of the series that a row belongs to, as written in Python, for messages."""
        return written(self.ids[self.series_of(np.array([row]))[0]])

    def select(self, rows: NDArray[np.int64], series: NDArray[np.int64] | None = None) -> Panel:
        """Return the panel of these rows, in ascending order, and of these series (default: those with rows)."""
        counts = np.bincount(self.series_of(rows), minlength=self.n_series)
        series = np.flatnonzero(counts) if series is None else series
        return replace(
            self,
            ids=entries(self.ids, series),
            offsets=np.concatenate([[0], np.cumsum(counts[series])]),
            times=entries(self.times, rows),
            values=self.values[rows],
            past=self.past[rows],
            future=self.future[rows],
            static=self.static[series],
            weights=None if self.weights is None else self.weights[rows],
        )

    def of_series(self, series: NDArray[np.int64]) -> Panel:
        """Return the panel of these series with all their rows, in this order."""
        return self.select(ranges(self.offsets[series], self.offsets[series + 1]), series)

    def before(self, cutoffs: NDArray[np.int64]) -> Panel:
        """Return the rows before `cutoffs` (n_series,), without series that have no such rows."""
        return self.select(ranges(self.offsets[:-1], np.maximum(cutoffs, self.offsets[:-1])))


def ranges(starts: NDArray[np.int64], stops: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the concatenated ranges ``starts[k] : stops[k]``.

    Examples
    --------
    >>> ranges(np.array([0, 7]), np.array([3, 9]))
    array([0, 1, 2, 7, 8])
    """
    counts = stops - starts
    before = np.cumsum(counts) - counts
    return np.arange(counts.sum()) + np.repeat(starts - before, counts)


def entries(index: pd.Index, places: NDArray[np.int64]) -> pd.Index:
    """Return ``index[places]``; the index itself if these are all places in order, because copies take time."""
    if len(places) == len(index) and (places == np.arange(len(index))).all():
        return index
    return index.take(places)


def places_of(ids: pd.Index, among: pd.Index) -> NDArray[np.int64]:
    """Return the position of each of `ids` among others (n,), or -1."""
    # If they are the same, as in most calls, a comparison takes a quarter of the time of a lookup. To `equals`, but not
    # to a lookup, True of another dtype is 1.
    same = ids.dtype == among.dtype and ids.equals(among)
    return np.arange(len(ids)) if same else among.get_indexer(ids)


def values_after(panel: Panel, cutoffs: NDArray[np.int64], horizon: int) -> NDArray[np.float64]:
    """Return the values that follow each cutoff, (n, horizon); NaN after the end of a series."""
    rows = cutoffs[:, None] + np.arange(horizon)
    inside = rows < panel.ends[panel.series_of(cutoffs - 1)][:, None]
    return np.where(inside, panel.values[np.where(inside, rows, 0)], np.nan)


def joined(panels: list[Panel]) -> Panel:
    """Concatenate panels; a series that is in several of them continues from one to the next."""
    ids = panels[0].ids
    for panel in panels[1:]:
        new = panel.ids.difference(ids, sort=False)
        ids = ids.append(new) if len(new) else ids  # pandas 2 warns about empty ids of another dtype
    numbers = np.concatenate([np.repeat(ids.get_indexer(panel.ids), panel.lengths) for panel in panels])
    order = np.argsort(numbers, kind="stable")
    static = np.zeros((len(ids), panels[0].static.shape[1]))
    for panel in panels:
        static[ids.get_indexer(panel.ids)] = panel.static

    def rows(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(panel, name) for panel in panels])[order]

    weighted = any(panel.weights is not None for panel in panels)
    times = panels[0].times.append([panel.times for panel in panels[1:]])
    return Panel(
        ids=ids,
        offsets=np.concatenate([[0], np.cumsum(np.bincount(numbers, minlength=len(ids)))]),
        times=times[order],
        values=rows("values"),
        past=rows("past"),
        future=rows("future"),
        static=static,
        weights=_joined_weights(panels)[order] if weighted else None,
    )


def after(head: Panel, panel: Panel) -> Panel:
    """Return `panel` with the rows of `head` before those of the same series."""
    if head.n_series == panel.n_series == 1:  # the general code would take a fifth of the time of a forecast
        return _appended(head, panel)
    nothing = panel.select(np.zeros(0, np.int64), np.arange(panel.n_series))  # keeps the order of the series
    return replace(joined([nothing, head, panel]), static=panel.static)


def _appended(head: Panel, panel: Panel) -> Panel:
    """Return the rows of `panel` after those of `head`, both of the same single series."""
    blocks = {
        name: np.concatenate([getattr(head, name), getattr(panel, name)]) for name in ("values", "past", "future")
    }
    weighted = head.weights is not None or panel.weights is not None
    return replace(
        panel,
        offsets=np.array([0, len(blocks["values"])]),
        times=head.times.append(panel.times),
        weights=_joined_weights([head, panel]) if weighted else None,
        **blocks,
    )


def _joined_weights(panels: list[Panel]) -> NDArray[np.float64]:
    """Return the weights of all rows; 1 for a panel without weights."""
    return np.concatenate([np.ones(len(p.values)) if p.weights is None else p.weights for p in panels])
