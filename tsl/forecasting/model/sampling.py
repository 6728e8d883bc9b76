"""Windows of a panel to learn from, and how they are drawn."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from tsl._warnings import calls_within_tsl
from tsl.forecasting.panel.panel import Panel, ranges

_NAMED = 5  # series in a warning


class ShortSeriesWarning(UserWarning):
    """Series that are shorter than a window and the horizon were left out of training."""


def without_short(panel: Panel, needed: int, short: str) -> Panel:
    """Return the panel without the series of less than `needed` rows.

    Parameters
    ----------
    panel : Panel
    needed : int
        Rows of a window and the horizon.
    short : {"pad", "skip", "error"}
        "pad" keeps them.

    Raises
    ------
    ValueError
        If there are some and `short` is "error", or nothing would be left.

    Warns
    -----
    ShortSeriesWarning
        If some are left out.
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
    """Return the cutoffs of all windows to learn from: `horizon` rows of the series follow each, some come before.

    A series that is long enough gives whole windows alone; a shorter one also those that are filled up, from half of
    its history on.
    """
    history = panel.lengths - horizon
    first = np.minimum(window, np.maximum((history + 1) // 2, 1))
    usable = history >= 1
    starts, stops = panel.offsets[:-1] + first, panel.ends - horizon + 1
    return ranges(starts[usable], stops[usable])


class WindowSampler:
    """Draws windows so that each series counts the same, whatever its length, or as its weights say.

    Parameters
    ----------
    panel : Panel
    cutoffs : ndarray of shape (n,)
        x
    horizon : int
    """

    def __init__(self, panel: Panel, cutoffs: NDArray[np.int64], horizon: int) -> None:
        weights = np.isfinite(panel.values).astype(np.float64)
        if panel.weights is not None:
            weights *= panel.weights
        sums = np.concatenate([[0.0], np.cumsum(weights)])
        share = (sums[cutoffs + horizon] - sums[cutoffs]) / horizon
        series = panel.series_of(cutoffs)
        per_series = np.bincount(series, minlength=panel.n_series)
        self._cutoffs = cutoffs
        self._cumulated = np.cumsum(share / per_series[series])

    @property
    def total(self) -> float:
        """The weight of all windows: 0 where there is nothing to learn from."""
        return float(self._cumulated[-1]) if len(self._cumulated) else 0.0

    def draw(self, n: int, random_state: np.random.RandomState) -> NDArray[np.int64]:
        """Return the cutoffs of `n` windows, drawn with replacement."""
        drawn = np.searchsorted(self._cumulated, random_state.random_sample(n) * self.total, side="right")
        return self._cutoffs[np.minimum(drawn, len(self._cutoffs) - 1)]
