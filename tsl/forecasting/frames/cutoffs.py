"""What is known at cutoffs, as a panel with one series per cutoff that contains nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.frames.schema import Schema
from tsl.forecasting.panel.missing import fill, last_readings
from tsl.forecasting.panel.panel import Panel, entries, ranges
from tsl.forecasting.panel.scale import changes

ROWS_AT_ONCE = 2**20  # rows of windows that are copied together

Cutoffs = NDArray[np.int64]


def known_in_parts(
    panel: Panel,
    cutoffs: Cutoffs,
    schema: Schema,
    missing: str,
    *,
    context: int,
    n_known: Cutoffs,
    n_ahead: int,
    repeats: Sequence[int] = (),
) -> Iterator[tuple[Panel, Cutoffs]]:
    """Yield the results of `known_at`, for limited numbers of cutoffs at a time, to save memory."""
    at_once = max(1, ROWS_AT_ONCE // (context + n_ahead))
    for start in range(0, len(cutoffs), at_once):
        part = slice(start, start + at_once)
        yield known_at(
            panel,
            cutoffs[part],
            schema,
            missing,
            context=context,
            n_known=n_known[part],
            n_ahead=n_ahead,
            repeats=repeats,
        )


def known_at(
    panel: Panel,
    cutoffs: Cutoffs,
    schema: Schema,
    missing: str,
    *,
    context: int,
    n_known: Cutoffs,
    n_ahead: int,
    repeats: Sequence[int] = (),
) -> tuple[Panel, Cutoffs]:
    """Return a series for each cutoff with what is known there, and the position of the cutoff in each.

    A forecast depends only on this result: backtests get the same rows that `predict` would get.

    Parameters
    ----------
    panel : Panel
        A panel with missing readings still missing.
    cutoffs : ndarray of shape (n,)
        The row of the panel at which each forecast begins; all rows of its series before it are known.
    schema : Schema
        The source of the calendar features of the rows ahead.
    missing : str
        As in `tsl.forecasting.panel.missing.fill`. Readings are filled from the rows of the window, with what was known
        at the cutoff; a column without readings there keeps the last reading before the window.
    context : int
        Number of rows before each cutoff.
    n_known : ndarray of shape (n,)
        Number of rows after each cutoff whose covariates are known ahead, as far as the series reaches.
    n_ahead : int
        Number of rows after each cutoff in the result, at least `n_known`. Only the calendar of the others is known.
    repeats : sequence of int
        For each covariate, the number of rows after which it repeats itself: unknown rows take the value that many rows
        earlier. They are NaN for 0, and for covariates without a number.
    """
    series = panel.series_of(cutoffs - 1)
    starts = np.maximum(cutoffs - context, panel.offsets[series])
    stops = np.minimum(cutoffs + n_known, panel.offsets[series + 1])
    offsets = np.concatenate([[0], np.cumsum(stops - starts)])
    own_cutoffs = offsets[:-1] + cutoffs - starts
    rows = ranges(starts, stops)
    is_ahead = np.zeros(len(rows), bool)
    is_ahead[ranges(own_cutoffs, offsets[1:])] = True
    known = replace(
        panel,
        ids=entries(panel.ids, series),
        offsets=offsets,
        times=entries(panel.times, rows),
        values=np.where(is_ahead, np.nan, panel.values[rows]),
        past=np.where(is_ahead[:, None], np.nan, panel.past[rows]),
        future=panel.future[rows],
        static=panel.static[series],
        weights=None,
    )
    _carry_in(known, panel, starts)
    known = fill(known, missing)
    known.values[is_ahead], known.past[is_ahead] = np.nan, np.nan
    lacking = n_ahead - (stops - cutoffs)
    if not lacking.any():
        return known, own_cutoffs
    known = _with_calendar(known, lacking, schema)
    _repeat(known, lacking, repeats)
    return known, own_cutoffs + np.cumsum(lacking) - lacking


def with_covariates_of(
    known: Panel, cutoffs: Cutoffs, donors: Panel, donor_cutoffs: Cutoffs, past: Sequence[int], future: Sequence[int]
) -> Panel:
    """Return `known` with these columns replaced by those of the windows `donors`, aligned at the cutoffs.

    Both are results of `known_at` for the same number of cutoffs. If the window of a donor begins later, its first row
    is used for the earlier ones.
    """
    rows = np.arange(len(known.values)) + np.repeat(donor_cutoffs - cutoffs, known.lengths)
    rows = np.maximum(rows, np.repeat(donors.offsets[:-1], known.lengths))
    exchanged = replace(known, past=known.past.copy(), future=known.future.copy())
    exchanged.past[:, past] = donors.past[rows][:, past]
    exchanged.future[:, future] = donors.future[rows][:, future]
    return exchanged


def _carry_in(known: Panel, panel: Panel, starts: Cutoffs) -> None:
    """Start each window that has no reading in a column with the last reading before the window."""
    begins, is_long = known.offsets[:-1], known.lengths > 0
    for column, source in (
        (known.values, panel.values),
        *zip(known.past.T, panel.past.T),
        *zip(known.future.T, panel.future.T),
    ):
        if not np.isnan(column[begins]).any():
            continue
        empty = is_long & (np.add.reduceat(~np.isnan(column), begins, dtype=np.int64) == 0)
        last = last_readings(source, panel.offsets)[starts]
        empty &= last >= 0
        column[begins[empty]] = source[last[empty]]


def _with_calendar(known: Panel, lacking: NDArray[np.int64], schema: Schema) -> Panel:
    """Append `lacking` (n_series,) rows to each series, of which only the calendar is known."""
    n_more, offsets = int(lacking.max()), known.offsets
    later = schema.future_times(known, n_more)
    later = later[ranges(n_more * np.arange(len(lacking)), n_more * np.arange(len(lacking)) + lacking)]
    longer = offsets + np.concatenate([[0], np.cumsum(lacking)])
    at = np.ones(longer[-1], bool)
    at[ranges(longer[1:] - lacking, longer[1:])] = False
    order = np.empty(len(at), np.int64)
    order[at], order[~at] = np.arange(offsets[-1]), offsets[-1] + np.arange(len(later))
    nothing = np.full((len(later), 1), np.nan)

    def extended(block: NDArray[np.float64], ahead: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.concatenate([block, ahead])[order]

    return replace(
        known,
        offsets=longer,
        times=known.times.append(later)[order],
        values=extended(known.values, nothing[:, 0]),
        past=extended(known.past, np.repeat(nothing, known.past.shape[1], axis=1)),
        future=extended(known.future, schema.calendar_ahead(later)),
    )


def _repeat(known: Panel, lacking: NDArray[np.int64], repeats: Sequence[int]) -> None:
    """Fill the last `lacking` (n_series,) rows of each series with earlier values of the covariates."""
    for step in range(int(lacking.max())):
        rows = (known.ends - lacking + step)[step < lacking]
        starts = known.offsets[:-1][step < lacking]
        for column, lag in zip(known.future.T, repeats):
            if lag:
                is_there = rows - lag >= starts
                column[rows[is_there]] = column[rows[is_there] - lag]


def best_repeats(panel: Panel, n_covariates: int, season: int, horizon: int) -> tuple[int, ...]:
    """Return the number of rows after which each covariate known ahead repeats itself best, or 0 if its mean is closer.

    The number is 1, which repeats the last value, or a season, whichever has the lower squared error half a horizon
    ahead.
    """
    ahead = max(1, horizon // 2)
    found = []
    for column in panel.future.T[:n_covariates]:
        errors = {0: np.nanvar(column)} if not np.isnan(column).all() else {}
        for lag in dict.fromkeys((1, season)):
            change = changes(column, panel.offsets, -(-ahead // lag) * lag)
            if not np.isnan(change).all():
                errors[lag] = np.nanmean(np.square(change))
        found.append(min(errors, key=errors.__getitem__, default=0))
    return tuple(found)
