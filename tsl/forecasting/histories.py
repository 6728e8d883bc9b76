"""What comes after a history: newer rows, and the rows that are to be forecast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl.forecasting.panel import Panel, joined, ranges


def with_horizon(panel: Panel, times: pd.Index, known_ahead: NDArray[np.float64]) -> tuple[Panel, NDArray[np.int64]]:
    """The panel with rows to be forecast at the end of each series, and where these begin.

    Parameters
    ----------
    panel : Panel
    times : Index of n_series * horizon
        Their stamps, series by series.
    known_ahead : ndarray of shape (n_series, horizon, F)
    """
    n_series, horizon, _ = known_ahead.shape
    order = np.argsort(
        np.concatenate([np.repeat(np.arange(n_series), panel.lengths), np.repeat(np.arange(n_series), horizon)]),
        kind="stable",
    )
    n_ahead = n_series * horizon
    unknown = np.full((n_ahead, panel.past.shape[1]), np.nan)
    offsets = panel.offsets + horizon * np.arange(n_series + 1)
    extended = replace(
        panel,
        offsets=offsets,
        times=panel.times.append(times)[order],
        values=np.concatenate([panel.values, np.full(n_ahead, np.nan)])[order],
        past=np.concatenate([panel.past, unknown])[order],
        future=np.concatenate([panel.future, known_ahead.reshape(n_ahead, -1)])[order],
        weights=None,
    )
    return extended, offsets[1:] - horizon


def continued(known: Panel, newer: Panel, name: str, *, strict: bool) -> Panel:
    """The series of `newer`, each after what is known of it.

    Parameters
    ----------
    known, newer : Panel
    name : str
        What errors call `newer`.
    strict : bool
        Whether series that begin before the end of what is known are an error; otherwise they stand for themselves.
    """
    numbers = known.ids.get_indexer(newer.ids)
    firsts, lasts = newer.times.take(newer.offsets[:-1]), known.times.take(known.ends - 1)
    is_known = numbers >= 0
    overlaps = np.zeros(newer.n_series, bool)
    overlaps[is_known] = np.asarray(firsts[is_known] <= lasts.take(numbers[is_known]))
    if strict and overlaps.any():
        at = int(overlaps.argmax())
        raise ValueError(
            f"{name} must come after what is known already, got {firsts[at]} in series {newer.ids[at]!r}, which is "
            f"known up to {lasts[numbers[at]]}"
        )
    going_on = np.sort(numbers[is_known & ~overlaps])
    if not len(going_on):
        return newer
    rows = ranges(known.offsets[going_on], known.ends[going_on])
    whole = joined([known.select(rows), newer])
    return in_order(whole, newer.ids)


def in_order(panel: Panel, ids: pd.Index) -> Panel:
    """The series `ids` of a panel, in that order."""
    numbers = panel.ids.get_indexer(ids)
    if (numbers == np.arange(panel.n_series)).all() and len(numbers) == panel.n_series:
        return panel
    rows = ranges(panel.offsets[numbers], panel.ends[numbers])
    lengths = panel.lengths[numbers]
    return Panel(
        ids=ids,
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        times=panel.times[rows],
        values=panel.values[rows],
        past=panel.past[rows],
        future=panel.future[rows],
        static=panel.static[numbers],
        weights=None if panel.weights is None else panel.weights[rows],
    )
