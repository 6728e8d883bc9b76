"""Training windows of a panel, and how they are drawn."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from tsl._warnings import calls_within_tsl
from tsl.forecasting.panel.panel import Panel, ranges

NEWER_SHARE = 0.5
_NAMED = 5  # most series named in a warning


class ShortSeriesWarning(UserWarning):
    """Warning that series shorter than a window and the horizon were left out of training."""


def without_short(panel: Panel, needed: int, short: str) -> Panel:
    """Return the panel without the series of fewer than `needed` rows.

    Parameters
    ----------
    panel : Panel
    needed : int
        Number of rows of a window and the horizon.
    short : {"pad", "skip", "error"}
        "pad" keeps them.

    Raises
    ------
    ValueError
        If there are short series and `short` is "error", or if no series would be left.

    Warns
    -----
    ShortSeriesWarning
        If series are left out.
    """
    is_short = panel.lengths < needed
    if short == "pad" or not is_short.any():
        return panel
    names = ", ".join(map(repr, panel.ids[is_short][:_NAMED])) + (", ..." if is_short.sum() > _NAMED else "")
    what = f"{is_short.sum()} series are shorter than the {needed} rows of a window and the horizon: {names}"
    if short == "error" or is_short.all():
        raise ValueError(
            f"{what}; short='pad' fills them up" + (", short='skip' leaves them out" * (not is_short.all()))
        )
    warnings.warn(f"{what}; they are left out of training", ShortSeriesWarning, stacklevel=calls_within_tsl())
    return panel.select(np.flatnonzero(~np.repeat(is_short, panel.lengths)))


def training_cutoffs(panel: Panel, window: int, horizon: int) -> NDArray[np.int64]:
    """Return the cutoffs of all training windows: each has `horizon` rows of its series after it and some before it.

    A series that is long enough gives only whole windows; a shorter one also padded windows, from half of its history
    on.
    """
    history = panel.lengths - horizon
    first = np.minimum(window, np.maximum((history + 1) // 2, 1))
    usable = history >= 1
    starts, stops = panel.offsets[:-1] + first, panel.ends - horizon + 1
    return ranges(starts[usable], stops[usable])


def spread(numbers: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Return `n` of the numbers at equal distances, or all of them if there are no more."""
    return numbers[np.unique(np.linspace(0, len(numbers) - 1, n).astype(np.int64))]


class WindowSampler:
    """Sampler of windows that gives each series the same weight, whatever its length, or weights its rows.

    Parameters
    ----------
    panel : Panel
    cutoffs : ndarray of shape (n,)
        Cutoffs of the windows to draw from.
    horizon : int
    newer : ndarray of shape (n_series,), optional
        The first new row of each series, or its end if there is none. Windows that reach into new rows are then drawn
        with probability `NEWER_SHARE`, and other windows otherwise, so that what was learned from them is not
        forgotten.
    """

    def __init__(
        self, panel: Panel, cutoffs: NDArray[np.int64], horizon: int, newer: NDArray[np.int64] | None = None
    ) -> None:
        weights = np.isfinite(panel.values).astype(np.float64)
        if panel.weights is not None:
            weights *= panel.weights
        sums = np.concatenate([[0.0], np.cumsum(weights)])
        share = (sums[cutoffs + horizon] - sums[cutoffs]) / horizon
        series = panel.series_of(cutoffs)
        per_series = np.bincount(series, minlength=panel.n_series)
        share /= per_series[series]
        if newer is not None:
            share = _with_emphasis(share, cutoffs + horizon > newer[series])
        self.cutoffs = cutoffs
        self._cumulated = np.cumsum(share)

    @property
    def total(self) -> float:
        """The total weight of all windows: 0 if there is nothing to learn from."""
        return float(self._cumulated[-1]) if len(self._cumulated) else 0.0

    def draw(self, n: int, random_state: np.random.RandomState) -> NDArray[np.int64]:
        """Return the cutoffs of `n` windows, drawn with replacement."""
        drawn = np.searchsorted(self._cumulated, random_state.random_sample(n) * self.total, side="right")
        return self.cutoffs[np.minimum(drawn, len(self.cutoffs) - 1)]


def _with_emphasis(share: NDArray[np.float64], is_new: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return weights of windows (n,) such that new ones make up `NEWER_SHARE`; all 0 if none is new."""
    new, old = share[is_new].sum(), share[~is_new].sum()
    if not new:
        return np.zeros_like(share)
    return np.where(is_new, NEWER_SHARE * share / new, (1 - NEWER_SHARE) * share / old if old else 0.0)
