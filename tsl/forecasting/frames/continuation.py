"""Reading of later rows as a continuation of the rows that a forecaster knows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl._labels import check_new_labels
from tsl.forecasting.frames.encoder import Unknown
from tsl.forecasting.frames.schema import Schema
from tsl.forecasting.panel.missing import check_missing
from tsl.forecasting.panel.panel import Panel, after, entries, places_of, ranges
from tsl.forecasting.panel.store import SeriesStore, with_steps_ahead
from tsl.forecasting.times.frequency import Freq
from tsl.forecasting.times.stamps import stamps_of

LONGEST_GAP = 500  # most steps between the known rows and those to score; chosen by judgement, not measured


class StepsAhead(NamedTuple):
    """The steps to forecast after the end of each series."""

    known: Panel
    """The known rows of each series that the forecast depends on."""
    panel: Panel
    """The same with rows ahead, of which only covariates are known."""
    cutoffs: NDArray[np.int64]
    """The first row ahead of each series in `panel`, (n_series,)."""
    times: pd.Index
    """The timestamps of the steps, (n_series * horizon,)."""
    n_known: NDArray[np.int64]
    """The number of rows ahead with known covariates, (n_series,)."""

    @classmethod
    def of(cls, schema: Schema, known: Panel, horizon: int, n_ahead: int, future: Any, unknown: Unknown) -> StepsAhead:
        """Return `horizon` steps after the `known` rows, with covariates of up to `n_ahead` from the frame `future`."""
        times = schema.future_times(known, n_ahead)
        covariates, n_known = schema.read_future(known, horizon, future, n_ahead=n_ahead, times=times, unknown=unknown)
        panel = with_steps_ahead(known, times, covariates)
        forecast = (np.arange(known.n_series)[:, None] * n_ahead + np.arange(horizon)).ravel()
        return cls(known, panel, panel.ends - n_ahead, entries(times, forecast), n_known)


class ScoredRows(NamedTuple):
    """Rows on which forecasts are scored."""

    panel: Panel
    """All known and given rows, with missing readings still missing."""
    cutoffs: NDArray[np.int64]
    """The row after the last known one of each series (n_series,); its end if nothing of it is scored."""
    skipped: NDArray[np.int64]
    """Number of rows after it that are not scored, as they were inserted to bridge a gap, (n_series,)."""
    missing: str
    """How to fill missing readings."""


@dataclass(frozen=True)
class Continuation:
    """The rows that a forecaster knows, and how to read those that follow.

    Parameters
    ----------
    schema : Schema
    store : SeriesStore
    freq : str, int, offset, Timedelta or None
        The parameter of the forecaster: unless it is None, gaps in the timestamps are intended.
    unknown : {"error", "ignore"}
        What to do with a category that `fit` has not seen.
    missing : str
        As in `tsl.forecasting.panel.missing.fill`.
    """

    schema: Schema
    store: SeriesStore
    freq: Freq
    unknown: Unknown
    missing: str

    def newer(self, data: Any, *, skip_empty: bool = False) -> Panel:
        """Return the rows of a frame that may continue the known ones, with rows that its form left out in between."""
        return self._with_left_out(self._read(data, skip_empty=skip_empty), data)

    def with_known(self, data: Any) -> tuple[Panel, Panel | None]:
        """Return the rows of a frame, some of which may be known, and the unknown ones as from `newer`, if any.

        Raises
        ------
        ValueError
            If known rows have changed.
        """
        given = self._read(data, skip_empty=True)
        rows = np.flatnonzero(~self.store.knows(given))
        return given, self._with_left_out(given.select(rows), data) if len(rows) else None

    def _with_left_out(self, newer: Panel, data: Any) -> Panel:
        """Return `newer`, which comes from the frame `data`, with the rows that its form left out before them."""
        times = self.schema.shared_times(data)
        left_out = None if times is None else self.store.left_out(newer, times)
        if left_out is not None:
            newer = after(replace(left_out, future=self.schema.calendar_ahead(left_out.times)), newer)
        self._check_steps(newer)
        return newer

    def known(self, data: Any, n_rows: int | None, *, may_be_empty: bool = False) -> Panel:
        """Return the last `n_rows` rows of all series, or `data` with the rows before it; None means all rows."""
        if data is None:
            return self.store.tails(n_rows)
        return self.store.before(self.newer(data), n_rows, may_be_empty=may_be_empty)

    def ahead(self, known: Panel, horizon: int, n_ahead: int, future: Any) -> StepsAhead:
        """Return `horizon` steps after the `known` rows; see `StepsAhead.of`."""
        return StepsAhead.of(self.schema, known, horizon, n_ahead, future, self.unknown)

    def whole(self, data: Any) -> tuple[Panel, NDArray[np.int64]]:
        """Return all rows with `data` after them, and the first row of each series (n_series,) that may be forecast."""
        if data is None:
            panel = self.store.panel()
            return panel, panel.offsets[:-1]
        given = self.newer(data, skip_empty=True)
        panel = self.store.whole_before(given)
        check_missing(panel, self.missing)
        return panel, panel.ends - given.lengths

    def scored(self, data: Any, horizon: int) -> ScoredRows:
        """Return the rows of a frame to score: those after the known ones, or the last ones of a new series.

        If the given rows do not begin with the next timestamp, as after the gap of a splitter, the rows between are
        inserted without readings.

        Raises
        ------
        ValueError
            If there are no rows to score.
        """
        given, store, missing = self._read(data, skip_empty=True), self.store, self.missing
        if missing == "error":
            check_missing(given, missing)
        at = store.ids.get_indexer(given.ids)
        newer = stamps_of(given.times) > np.repeat(store.last_of(at), given.lengths)
        n_newer = np.add.reduceat(newer, given.offsets[:-1], dtype=np.int64)
        n_newer = np.where(at < 0, np.minimum(n_newer, horizon), n_newer)
        skipped, lacking = np.zeros(given.n_series, np.int64), self._lacking(given)
        if lacking is not None:
            skipped[given.ids.get_indexer(lacking.ids)] = lacking.lengths
            given = after(lacking, given)
        self._check_steps(given)
        panel = store.whole_before(given)
        cutoffs = panel.ends - n_newer - skipped
        is_scored = (n_newer > 0) & (cutoffs > panel.offsets[:-1])
        if not is_scored.any():
            raise ValueError("data must have rows after those that are known, with others before them, got none")
        skipped = np.where(is_scored, skipped, 0)
        if skipped.any() and missing == "error":  # the inserted rows have no readings
            missing = "interpolate"
        check_missing(panel, missing)
        return ScoredRows(panel, np.where(is_scored, cutoffs, panel.ends), skipped, missing)

    def _read(self, data: Any, *, skip_empty: bool = False) -> Panel:
        """Read a frame of later rows or other series, in the form of the fitted data, as a panel."""
        panel, known = self.schema.read(data, skip_empty=skip_empty, unknown=self.unknown), self.store.ids
        new = np.flatnonzero(places_of(panel.ids, known) < 0)
        if len(new):
            check_new_labels(panel.ids[new], known, "data")
        return panel

    def _check_steps(self, panel: Panel) -> None:
        """Check that the times of later rows continue the known ones at the frequency that `fit` learned."""
        stamps, offsets = self.store.stamps_from_last(panel)
        self.schema.axis.check(panel.ids, stamps, offsets, self.freq)

    def _lacking(self, given: Panel) -> Panel | None:
        """Return rows for the timestamps between the known and the given ones of each series; None if none."""
        series = np.flatnonzero(self.store.follows(given))
        if not len(series):
            return None
        whole = self.store.panel()
        at = np.sort(whole.ids.get_indexer(given.ids[series]))
        known = whole.select(ranges(whole.offsets[at], whole.offsets[at + 1]), at)
        first = stamps_of(given.times)[given.offsets[:-1]][given.ids.get_indexer(known.ids)][:, None]
        if (stamps_of(self.schema.future_times(known, 1)) == first[:, 0]).all():
            return None
        times = self.schema.future_times(known, LONGEST_GAP)
        ahead = stamps_of(times).reshape(known.n_series, LONGEST_GAP)
        counts = np.where((ahead == first).any(axis=1), (ahead < first).sum(axis=1), 0)
        if not counts.any():
            return None
        used = np.flatnonzero(counts)
        rows = ranges(used * LONGEST_GAP, used * LONGEST_GAP + counts[used])
        return replace(
            known,
            ids=known.ids[used],
            offsets=np.concatenate([[0], np.cumsum(counts[used])]),
            times=times[rows],
            values=np.full(len(rows), np.nan),
            past=np.full((len(rows), known.past.shape[1]), np.nan),
            future=self.schema.calendar_ahead(times[rows]),
            static=known.static[used],
            weights=None,
        )
