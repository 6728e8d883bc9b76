"""Time-based cross-validation."""

from __future__ import annotations

import numbers
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl._dates import as_dates
from tsl._tables import library_of, to_pandas
from tsl._tables.columns import data_keys

WINDOWS = ("expanding", "sliding")
ALIGNMENTS = ("time", "end")


class PanelTimeSeriesSplit:
    """Cross-validation that trains on the rows up to a cutoff and tests on the next `horizon` timestamps.

    It splits by timestamp as `sklearn.model_selection.TimeSeriesSplit` does by row: all series of a frame have the same
    cutoff, so that no series is seen after the cutoff of another one.

    Parameters
    ----------
    n_splits : int, default=5
        Number of cutoffs. The last fold tests on the last timestamps of the data.
    horizon : int, default=1
        Number of timestamps to test on.
    step : int, optional
        Timestamps between cutoffs. Default: `horizon`, so that the test sets do not overlap.
    gap : int, default=0
        Timestamps between the cutoff and the test set.
    window : {"expanding", "sliding"}, default="expanding"
        Whether each fold trains on all rows up to its cutoff, or on as many timestamps as the first fold.
    align : {"time", "end"}, default="time"
        Whether a cutoff is a timestamp, the same for all series, or a number of rows before the end of each series, for
        series whose times are not comparable, such as row numbers.
    id_col, time_col : str, optional
        Columns of the series and of the timestamps. Default: ``unique_id`` and ``ds`` in a frame that has them, ``ds``
        alone if the index holds no times, otherwise the index, with one row per timestamp.

    Examples
    --------
    >>> import pandas as pd
    >>> from tsl.model_selection import PanelTimeSeriesSplit
    >>> days = pd.date_range("2024-01-01", periods=4)
    >>> frame = pd.concat([pd.DataFrame({"unique_id": name, "ds": days, "y": 1.0}) for name in "ab"])
    >>> for train, test in PanelTimeSeriesSplit(n_splits=2).split(frame):
    ...     print(train, test)
    [0 1 4 5] [2 6]
    [0 1 2 4 5 6] [3 7]
    """

    def __init__(
        self,
        n_splits: int = 5,
        horizon: int = 1,
        *,
        step: int | None = None,
        gap: int = 0,
        window: Literal["expanding", "sliding"] = "expanding",
        align: Literal["time", "end"] = "time",
        id_col: str | None = None,
        time_col: str | None = None,
    ) -> None:
        self.n_splits = n_splits
        self.horizon = horizon
        self.step = step
        self.gap = gap
        self.window = window
        self.align = align
        self.id_col = id_col
        self.time_col = time_col

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in vars(self).items() if value is not None)
        return f"{type(self).__name__}({given})"

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return `n_splits`.

        Parameters
        ----------
        X, y, groups : object
            Not used.

        Returns
        -------
        int
        """
        return self.n_splits

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Yield the row numbers of training and test set of each fold, from the earliest cutoff to the latest.

        Parameters
        ----------
        X : DataFrame, Series or array
            Rows in any order; an array has one row per timestamp.
        y, groups : object
            Not used.

        Yields
        ------
        train, test : ndarray of int
            In ascending order. A series without rows on one side of a cutoff is in only one of the sets.

        Raises
        ------
        ValueError
            If a parameter is out of range, a column is missing, or there are too few timestamps for all folds.
        """
        self._check()
        series, times = self._series_and_times(X)
        if self.align == "time":
            ranks = np.unique(times, return_inverse=True)[1]
        else:
            ranks = _ranks_from_end(series, times)
        n_stamps = int(ranks.max()) + 1 if len(ranks) else 0
        step = self.horizon if self.step is None else self.step
        first = n_stamps - self.horizon - self.gap - (self.n_splits - 1) * step
        if first < 1:
            raise ValueError(
                f"n_splits={self.n_splits}, horizon={self.horizon}, gap={self.gap} and step={step} need "
                f"{n_stamps - first + 1} timestamps, got {n_stamps}"
            )
        for cutoff in range(first, first + self.n_splits * step, step):
            begin = cutoff - first if self.window == "sliding" else 0
            tested = cutoff + self.gap
            train = np.flatnonzero((ranks >= begin) & (ranks < cutoff))
            yield train, np.flatnonzero((ranks >= tested) & (ranks < tested + self.horizon))

    def _check(self) -> None:
        least = {"n_splits": 1, "horizon": 1, "gap": 0, "step": 1}
        for name, low in least.items():
            value = getattr(self, name)
            if value is None and name == "step":
                continue
            if not isinstance(value, numbers.Integral) or value < low:
                raise ValueError(f"{name} must be a whole number from {low} up, got {value!r}")
        for name, allowed in (("window", WINDOWS), ("align", ALIGNMENTS)):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {allowed}, got {getattr(self, name)!r}")

    def _series_and_times(self, X: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the number of the series of each row, and the rank of its timestamp."""
        if library_of(X) is not None:
            X, _ = to_pandas(X, "X")
        id_col, time_col = self.id_col, self.time_col
        columns = list(X.columns) if isinstance(X, pd.DataFrame) else []
        if id_col is None and time_col is None and isinstance(X, pd.DataFrame):
            id_col, time_col, _ = data_keys(X)
        for name, column in (("id_col", id_col), ("time_col", time_col)):
            if column is not None and column not in columns:
                raise ValueError(f"{name} must be a column of X, {columns}, got {column!r}")
        if time_col is not None:
            stamps = pd.Index(X[time_col])
        else:
            stamps = X.index if isinstance(X, (pd.DataFrame, pd.Series)) else pd.RangeIndex(len(X))
        stamps = as_dates(stamps, "the stamps of X")
        if stamps.hasnans:
            raise ValueError(f"X must have a timestamp in every row, got {int(stamps.isna().sum())} without")
        series = np.zeros(len(X), np.int64) if id_col is None else pd.factorize(pd.Index(X[id_col]))[0]
        return series, pd.factorize(stamps, sort=True)[0]


def _ranks_from_end(series: NDArray[np.int64], times: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rank of each row, counted such that the last rows of all series share the highest rank."""
    order = np.lexsort((times, series))
    ends = np.cumsum(np.bincount(series))
    ranks = np.empty(len(series), np.int64)
    ranks[order] = np.arange(len(series)) - ends[series[order]]
    return ranks - ranks.min() if len(ranks) else ranks
