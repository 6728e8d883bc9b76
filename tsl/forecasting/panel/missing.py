"""Missing values of a panel: checked, imputed, or left to the model."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from tsl.forecasting.panel.panel import Panel

Missing = Literal["error", "interpolate", "ffill", "mask"]
WAYS = get_args(Missing)


def check_missing(panel: Panel, how: str) -> None:
    """Check that a panel has only missing values that `fill` can handle.

    Parameters
    ----------
    panel : Panel
        NaN in `values`, `past` or `future` is a missing value.
    how : {"error", "interpolate", "ffill", "mask"}
        As in `fill`.

    Raises
    ------
    ValueError
        If `how` is invalid, if values are missing and `how` is "error", if a series has no value at all, or if a number
        is infinite.
    """
    if how not in WAYS:
        raise ValueError(f"missing must be one of {list(WAYS)}, got {how!r}")
    _check(panel, panel.values[:, None], how, "the target", whole=True)
    _check(panel, panel.past, how, "a past covariate", whole=how != "mask")
    _check(panel, panel.future, how, "a future covariate", whole=how != "mask")


def fill(panel: Panel, how: str) -> Panel:
    """Return the panel with its missing values imputed.

    Parameters
    ----------
    panel : Panel
        Checked by `check_missing`.
    how : {"error", "interpolate", "ffill", "mask"}
        "interpolate" is linear in steps between the values before and after, "ffill" repeats the value before; at the
        ends of a series both repeat the nearest value. "mask" leaves NaN; a column without any value in a series
        remains NaN.
    """
    if how not in ("interpolate", "ffill"):
        return panel
    return replace(
        panel,
        values=filled(panel.values[:, None], panel, how)[:, 0],
        past=filled(panel.past, panel, how),
        future=filled(panel.future, panel, how),
    )


def filled(block: NDArray[np.float64], panel: Panel, how: str) -> NDArray[np.float64]:
    """Return the columns of `block` (N, n) imputed as by `fill`; the same array if nothing is missing."""
    if not np.isnan(block).any():
        return block
    filled = block.copy()
    first = np.repeat(panel.offsets[:-1], panel.lengths)
    end = np.repeat(panel.ends, panel.lengths)
    rows = np.arange(len(block))
    for column in filled.T:
        found = ~np.isnan(column)
        before = np.maximum.accumulate(np.where(found, rows, -1))
        after = np.minimum.accumulate(np.where(found, rows, len(rows))[::-1])[::-1]
        before, after = np.where(before < first, after, before), np.where(after >= end, before, after)
        gap = np.flatnonzero(~found & (before >= first) & (before < end))
        low, high = before[gap], after[gap]
        if how == "ffill":
            column[gap] = column[low]
        else:
            share = (gap - low) / np.maximum(high - low, 1)
            column[gap] = column[low] + share * (column[high] - column[low])
    return filled


def last_readings(column: NDArray[np.float64], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the row of the last value up to each row of its series, (N,); -1 if there is none."""
    rows = np.arange(len(column))
    last = np.maximum.accumulate(np.where(np.isnan(column), -1, rows))
    return np.where(last >= np.repeat(offsets[:-1], np.diff(offsets)), last, -1)


def _check(panel: Panel, block: NDArray[np.float64], how: str, what: str, *, whole: bool) -> None:
    """Check that the columns of `block` (N, n) can be imputed; `whole` requires a value in every series."""
    if np.isfinite(block).all():
        return
    if np.isinf(block).any():
        row = int(np.isinf(block).any(axis=1).argmax())
        raise ValueError(f"{what} must be finite, got {block[row][np.isinf(block[row])][0]} at {_place(panel, row)}")
    missing = np.isnan(block)
    if whole:
        there = np.add.reduceat(~missing, panel.offsets[:-1], axis=0, dtype=np.int64)
        empty = (there == 0).any(axis=1)
        if empty.any():
            raise ValueError(f"{what} must have readings in every series, got none in {list(panel.ids[empty][:5])}")
    if how == "error":
        rows = np.flatnonzero(missing.any(axis=1))
        raise ValueError(
            f"{what} must have no missing values while missing='error', got {len(rows)}, the first at "
            f"{_place(panel, rows[0])}: use missing='interpolate', 'ffill' or 'mask'"
        )


def _place(panel: Panel, row: int) -> str:
    """Return the time and the series of a row, for error messages."""
    return f"{panel.times[row]} in series {panel.series_at(row)}"
