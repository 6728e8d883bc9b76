"""The series that a forecaster keeps: those of `fit`, and newer rows."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl._tables.columns import written
from tsl.forecasting.panel.missing import check_missing, last_readings
from tsl.forecasting.panel.panel import Panel, after, entries, joined, places_of, ranges
from tsl.forecasting.times.stamps import stamps_of, times_of

NEVER = np.iinfo(np.int64).min  # a stamp before all others
FEWEST_OTHERS = 5  # known series that a forecast of a series without readings needs
MOST_READINGS = 2  # of a series that is forecast from others: from three, networks can tell level and scale


class SeriesStore:
    """Series stored as panels that continue each other; they are concatenated when read, not when added.

    Parameters
    ----------
    panel : Panel
        The rows of `fit`, with their missing values.
    missing : str
        As in `tsl.forecasting.panel.missing.fill`.
    """

    _recent: list[Panel] | None = None
    """Tails of the first panels, and the panels added since; None until `tails` is called."""

    _seen: pd.Index | None = None
    """Timestamps of wide frames after the earliest end of a series, kept by `see`."""

    def __init__(self, panel: Panel, missing: str) -> None:
        self._pieces = [panel]
        self._missing = missing
        self.ids = self.fitted_ids = panel.ids
        self.fitted_until = stamps_of(panel.times)[panel.ends - 1]  # (n_series,)
        self.last = self.fitted_until.copy()

    def fitted(self) -> None:
        """Mark all rows as fitted."""
        self.fitted_ids, self.fitted_until = self.ids, self.last.copy()

    def fitted_before(self, other: SeriesStore) -> None:
        """Mark the rows that are fitted in `other` as fitted here too; its other series are appended."""
        more = other.fitted_ids.difference(self.fitted_ids, sort=False)
        at = other.fitted_ids.get_indexer(self.fitted_ids)
        until = np.where(at >= 0, other.fitted_until[at], self.fitted_until)
        later = other.fitted_until[other.fitted_ids.get_indexer(more)]
        self.fitted_ids = self.fitted_ids.append(more)
        self.fitted_until = np.concatenate([np.maximum(self.fitted_until, until), later])

    def copy(self) -> SeriesStore:
        """Return a copy to which rows may be added; both share the existing rows."""
        other = copy.copy(self)
        other._pieces, other.last = list(self._pieces), self.last.copy()
        other._recent = None if self._recent is None else list(self._recent)
        return other

    def panel(self) -> Panel:
        """Return all rows, including missing values."""
        if len(self._pieces) > 1:
            self._pieces = [joined(self._pieces)]
        return self._pieces[0]

    def tails(self, n_rows: int | None) -> Panel:
        """Return the last `n_rows` of all series, or more if a column has no value there; None returns all rows."""
        if n_rows is None:
            return self.panel()
        if self._recent is None:
            self._recent = [_tails(self.panel(), n_rows)]
        elif len(self._recent) > 1:
            self._recent = [_tails(joined(self._recent), n_rows)]
        return self._recent[0]

    def add(self, panel: Panel, n_rows: int | None) -> None:
        """Add rows that follow the known ones, or other series.

        Raises
        ------
        ValueError
            If rows are not newer than the known ones of their series, or values are missing that must not be.
        """
        last = stamps_of(panel.times)[panel.ends - 1]
        at = self.ids.get_indexer(panel.ids)
        first = stamps_of(panel.times)[panel.offsets[:-1]]
        old = first <= self.last_of(at)
        if old.any():
            k = int(old.argmax())
            raise ValueError(
                f"data must have rows after those that are known, got {panel.times[panel.offsets[k]]} of series "
                f"{written(panel.ids[k])}, which is known up to {times_of(self.last[at[[k]]], panel.times.dtype)[0]}"
            )
        if _has_missing(panel):  # otherwise the earlier rows do not matter
            self.before(panel, n_rows)
        self._pieces.append(panel)
        if self._recent is not None:
            self._recent.append(panel)
        is_new = at < 0
        self.last[at[~is_new]] = last[~is_new]
        if is_new.any():
            self.ids = self.ids.append(panel.ids[is_new])
            self.last = np.concatenate([self.last, last[is_new]])

    def before(self, panel: Panel, n_rows: int | None, *, may_be_empty: bool = False) -> Panel:
        """Return `panel` with the tails of the known series that it continues before it.

        A series that begins at or before its last known row is not a continuation and is not changed. Series without
        readings `may_be_empty` if enough others are known.

        Raises
        ------
        ValueError
            If values are missing that must not be, or a series has no values.
        """
        whole = self._joined(panel, lambda: self.tails(n_rows))
        is_empty = whole.n_readings == 0
        if may_be_empty and is_empty.any() and len(self.ids) >= FEWEST_OTHERS:
            check_missing(whole.of_series(np.flatnonzero(~is_empty)), self._missing)
        else:
            check_missing(whole, self._missing)
        return whole

    def whole_before(self, panel: Panel) -> Panel:
        """Return `panel` with all known rows of the series that it continues before it."""
        return self._joined(panel, self.panel)

    def knows(self, given: Panel) -> NDArray[np.bool_]:
        """Return which rows of `given` are not after the last known one of their series, (N,).

        Raises
        ------
        ValueError
            If one of them is not known, or has changed.
        """
        at = self.ids.get_indexer(given.ids)
        old = stamps_of(given.times) <= np.repeat(self.last_of(at), given.lengths)
        if old.any():
            rows, known = np.flatnonzero(old), self.panel()
            found = _places(known, given, rows)
            for name in ("values", "past", "future"):
                before, now = getattr(known, name)[np.maximum(found, 0)], getattr(given, name)[rows]
                same = (before == now) | (np.isnan(before) & np.isnan(now))
                wrong = np.flatnonzero((found < 0) | ~same.reshape(len(rows), -1).all(axis=1))
                if len(wrong):
                    row = rows[wrong[0]]
                    raise ValueError(
                        "data must have rows after those that are known, or the same again, got another one at "
                        f"{given.times[row]} of series {given.series_at(row)}: to learn from rows that have changed, "
                        "call fit again"
                    )
        return old

    def last_of(self, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return (n,) the last known stamp of series by their place among the known ones, which is -1 for others."""
        return np.append(self.last, NEVER)[at]

    def follows(self, panel: Panel) -> NDArray[np.bool_]:
        """Return whether each series is known and continues after its last known row, (n_series,)."""
        return self._continued(panel) >= 0

    def _continued(self, panel: Panel) -> NDArray[np.int64]:
        """Return the index of the known series that each continues after its last known row, or -1, (n_series,)."""
        at = places_of(panel.ids, self.ids)
        return np.where(stamps_of(panel.times)[panel.offsets[:-1]] > self.last_of(at), at, -1)

    def see(self, times: pd.Index) -> None:
        """Keep the timestamps of a wide frame, whose columns are series.

        A panel has the rows of such a series only from its first value to its last; the timestamps without values
        between two frames are known only from the frames.
        """
        seen = self._stamps_with(times)
        self._seen = seen[stamps_of(seen) > self.last.min()]

    def left_out(self, given: Panel, times: pd.Index) -> Panel | None:
        """Return rows without values for the timestamps between the known and the given rows of each series.

        `times` are the timestamps of the frame that the given rows come from. Return None if there are no such rows.
        """
        at = self.ids.get_indexer(given.ids)
        first, seen = stamps_of(given.times)[given.offsets[:-1]], self._stamps_with(times)
        start = np.searchsorted(stamps_of(seen), self.last_of(at), side="right")
        stop = np.where(at >= 0, np.searchsorted(stamps_of(seen), first), start)
        rows = ranges(start, np.maximum(start, stop))
        if not len(rows):
            return None
        nothing = np.full(len(rows), np.nan)
        return replace(
            given,
            offsets=np.concatenate([[0], np.cumsum(np.maximum(stop - start, 0))]),
            times=seen[rows],
            values=nothing,
            past=np.repeat(nothing[:, None], given.past.shape[1], axis=1),
            future=np.repeat(nothing[:, None], given.future.shape[1], axis=1),
            weights=None,
        )

    def _stamps_with(self, times: pd.Index) -> pd.Index:
        """Return the kept timestamps and these, distinct and sorted."""
        return (times if self._seen is None else self._seen.append(times)).unique().sort_values()

    def stamps_from_last(self, panel: Panel) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the stamps of `panel`, preceded by the last known one of each continued series, and their offsets."""
        at = self._continued(panel)
        follows = at >= 0
        offsets = np.concatenate([[0], np.cumsum(panel.lengths + follows)])
        stamps, is_last = np.empty(offsets[-1], np.int64), np.zeros(offsets[-1], bool)
        is_last[offsets[:-1][follows]] = True
        stamps[is_last], stamps[~is_last] = self.last[at[follows]], stamps_of(panel.times)
        return stamps, offsets

    def was_fitted(self, panel: Panel, cutoffs: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return whether the row ``cutoffs[i]`` of the panel, the first to forecast, was in the training set, (n,)."""
        at = self.fitted_ids.get_indexer(panel.ids)[panel.series_of(cutoffs)]
        return stamps_of(panel.times)[cutoffs] <= np.append(self.fitted_until, NEVER)[at]

    def _joined(self, panel: Panel, known: Callable[[], Panel]) -> Panel:
        """Return `panel` with rows of the known series that it continues before it."""
        follows = self.follows(panel)
        if not follows.any():
            return panel
        before = known()
        at = np.sort(places_of(entries(panel.ids, np.flatnonzero(follows)), before.ids))
        return after(before if len(at) == before.n_series else before.of_series(at), panel)


def _places(known: Panel, given: Panel, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the row of `known` with the series and time of each of these rows of `given` (n,); -1 for none."""
    stamps, wanted = stamps_of(known.times), stamps_of(given.times)[rows]
    distinct = np.unique(stamps)
    keys = np.repeat(np.arange(known.n_series), known.lengths) * len(distinct) + np.searchsorted(distinct, stamps)
    at = np.searchsorted(distinct, wanted)
    series = known.ids.get_indexer(given.ids)[given.series_of(rows)]
    own = series * len(distinct) + at
    found = np.minimum(np.searchsorted(keys, own), len(keys) - 1)
    there = (at < len(distinct)) & (distinct[np.minimum(at, len(distinct) - 1)] == wanted) & (keys[found] == own)
    return np.where(there, found, -1)


def _tails(panel: Panel, n_rows: int) -> Panel:
    """Return the last `n_rows` of each series, or more, from the last value of a column that has none there."""
    starts = panel.ends - n_rows
    for column in (panel.values, *panel.past.T, *panel.future.T):
        last = last_readings(column, panel.offsets)[panel.ends - 1]
        starts = np.where(last >= panel.offsets[:-1], np.minimum(starts, last), starts)
    return panel.select(ranges(np.maximum(starts, panel.offsets[:-1]), panel.ends))


@dataclass(frozen=True)
class NewRows:
    """The times from which the rows of each series count as new."""

    ids: pd.Index
    """(n_series,)"""
    stamps: NDArray[np.int64]
    """(n_series,)"""

    @classmethod
    def of(cls, panel: Panel) -> NewRows:
        """Return the first times of the series of `panel`."""
        return cls(panel.ids, stamps_of(panel.times)[panel.offsets[:-1]])

    def mask(self, panel: Panel) -> NDArray[np.bool_]:
        """Return which rows of `panel` are new, (N,); none for a series that is not included."""
        at = self.ids.get_indexer(panel.ids)
        since = np.where(at >= 0, self.stamps[at], np.iinfo(np.int64).max)
        return stamps_of(panel.times) >= np.repeat(since, panel.lengths)

    def first_rows(self, panel: Panel) -> NDArray[np.int64]:
        """Return the first new row of each series of `panel` (n_series,), or its end if there is none."""
        return panel.ends - np.add.reduceat(self.mask(panel), panel.offsets[:-1], dtype=np.int64)


def _has_missing(panel: Panel) -> bool:
    return bool(np.isnan(panel.values).any() or np.isnan(panel.past).any() or np.isnan(panel.future).any())


def with_steps_ahead(panel: Panel, times: pd.Index, future: NDArray[np.float64]) -> Panel:
    """Return `panel` with `horizon` more rows of each series, whose values are unknown.

    `times` (n_series * horizon,) are their timestamps, and `future` (n_series, horizon, F) their known covariates.
    """
    n_series, horizon, _ = future.shape
    order = None  # one series is in order
    if n_series > 1:
        series = np.repeat(np.arange(n_series), panel.lengths), np.repeat(np.arange(n_series), horizon)
        order = np.argsort(np.concatenate(series), kind="stable")
    nothing = np.full((len(times), 1 + panel.past.shape[1]), np.nan)

    def longer(block: NDArray[np.float64], ahead: NDArray[np.float64]) -> NDArray[np.float64]:
        both = np.concatenate([block, ahead])
        return both if order is None else both[order]

    longer_times = panel.times.append(times)
    return replace(
        panel,
        offsets=panel.offsets + horizon * np.arange(n_series + 1),
        times=longer_times if order is None else longer_times[order],
        values=longer(panel.values, nothing[:, 0]),
        past=longer(panel.past, nothing[:, 1:]),
        future=longer(panel.future, future.reshape(len(times), future.shape[2])),
        weights=None,
    )
