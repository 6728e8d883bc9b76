"""`SlidingWindow`: each row becomes the window that ends at it."""

from __future__ import annotations

import numbers
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from tsl._checks import check_count, is_one_of
from tsl._labels import check_new_labels
from tsl._sklearn import read_feature_names, set_output_container
from tsl._tables.numbers import refuse_other_types
from tsl.windows._arrays import (
    COLUMN_HINT,
    NUMBERS,
    group_positions,
    to_numbers,
    windows_view,
)
from tsl.windows._continuation import BlockEnd, block_end, check_time_order, follows, plain, restored
from tsl.windows._groups import split_groups


@dataclass(frozen=True)
class _Panel:
    """Rows of one or several series, with the positions of each series' rows."""

    values: NDArray[Any]
    time: pd.Index | None
    positions: dict[Hashable, Any]

    def rows_of(self, label: Hashable) -> NDArray[Any]:
        return self.values[self.positions[label]]

    def time_of(self, label: Hashable) -> pd.Index | None:
        return None if self.time is None else self.time[self.positions[label]]


@dataclass(frozen=True)
class _Tail:
    """The last rows of a fitted series, which precede the first row of a block that follows it."""

    rows: NDArray[Any]
    end: BlockEnd


def _is_flat(transformer: SlidingWindow) -> bool:
    if transformer.output != "flat":
        raise AttributeError(f"only output='flat' has columns to name, got output={transformer.output!r}")
    return True


class SlidingWindow(TransformerMixin, BaseEstimator):
    """Turn each row into the window that ends at it.

    Rows are kept: row t of the output is the window of rows up to and including t. So `y` is unchanged, nothing leaks
    from the future, and `Pipeline`, `GridSearchCV` and `TimeSeriesSplit` work as with any other step. `y` has what to
    predict at row t: for a forecast, shift it, ``y = series.shift(-horizon)``.

    Rows before the first one are padded, unless they are known: a DataFrame that starts right after the fitted one gets
    the last fitted rows as its history (see Notes).

    Parameters
    ----------
    window : int, default=24
        Time steps in a window.
    stride : int, default=1
        Rows from one step of a window to the next. Every row keeps its window, so a stride widens windows and leaves
        none out: ``window=3, stride=24`` on hourly rows holds the same hour of today, yesterday and the day before. In
        `make_windows` it is the distance between windows.
    pad : "edge" or float, default="edge"
        Padding before the first row: the first row repeated, or this number in every column. After a `StandardScaler`,
        0.0 is the mean; NaN marks the steps as missing for an estimator that accepts NaN.
    output : {"3d", "flat"}, default="3d"
        ``"3d"`` returns ``(n_rows, window, n_channels)``, for the LSTM estimators. ``"flat"`` returns
        ``(n_rows, window * n_channels)``, the oldest step first and the channels of a step side by side, for any other
        estimator.
    groups : str, int or None, default=None
        Identifies the series of each row: the name of a column of a pandas, polars or Arrow frame, or of an index
        level, or the position of a column. The column is left out of the windows. A window stays within its series. The
        rows of different series may be interleaved, but those of each series must be in time order.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen in `fit`, including that of `groups`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, if `X` had names that are all strings.

    See Also
    --------
    make_windows : Windows and the targets that follow them as two arrays, without padding.

    Notes
    -----
    *Memory.* `transform` copies the series once, with its padding; the windows are a read-only view of that copy. Only
    two cases copy windows: several groups, and ``"flat"`` with several channels and ``stride > 1``.

    *History.* From a DataFrame, `fit` keeps the last ``(window - 1) * stride`` rows of each series, and the end and the
    step of its index (dates, periods or integers). A block passed to `transform` whose index starts one step after that
    end gets these rows in place of padding. The step is the index's frequency, set or inferred; without one, any step
    between the smallest and the largest seen, so that trading days continue after a weekend. Everything else is padded:
    the fitted block itself, earlier or later blocks, and arrays, which have no index. In a pipeline, the steps before
    this one must keep the index: ``scaler.set_output(transform="pandas")``.

    *Types.* float32 and float64 are kept, other numbers become float64. NaN is passed on, infinity is refused.

    *Containers.* With ``output="flat"``, ``set_output(transform="pandas")`` returns a DataFrame; ``"3d"`` always
    returns an array, which a DataFrame cannot hold.

    Examples
    --------
    >>> import pandas as pd
    >>> from tsl.windows import SlidingWindow
    >>> hours = pd.date_range("2024-01-01", periods=6, freq="h")
    >>> readings = pd.DataFrame({"celsius": [10.0, 11, 12, 13, 14, 15]}, index=hours)
    >>> windowing = SlidingWindow(window=3, output="flat").set_output(transform="pandas")
    >>> windowing.fit_transform(readings[:4])
                         celsius_lag2  celsius_lag1  celsius_lag0
    2024-01-01 00:00:00          10.0          10.0          10.0
    2024-01-01 01:00:00          10.0          10.0          11.0
    2024-01-01 02:00:00          10.0          11.0          12.0
    2024-01-01 03:00:00          11.0          12.0          13.0

    The next block continues the fitted one:

    >>> windowing.transform(readings[4:])
                         celsius_lag2  celsius_lag1  celsius_lag0
    2024-01-01 04:00:00          12.0          13.0          14.0
    2024-01-01 05:00:00          13.0          14.0          15.0
    """

    def __init__(
        self,
        window: int = 24,
        stride: int = 1,
        pad: Literal["edge"] | float = "edge",
        output: Literal["3d", "flat"] = "3d",
        groups: str | int | None = None,
    ) -> None:
        self.window = window
        self.stride = stride
        self.pad = pad
        self.output = output
        self.groups = groups

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the columns, and the history for a block that follows.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Rows in time order.
        y : object
            Ignored.

        Returns
        -------
        self : SlidingWindow
            The fitted transformer.

        Raises
        ------
        ValueError
            If `X` is empty, is not two-dimensional, contains anything but numbers, or has a time index that goes back;
            if `groups` is not found or has a missing value; if a parameter is out of range.
        TypeError
            If a parameter has the wrong type.
        """
        self._check_parameters()
        panel = self._panel(X, reset=True)
        tails = {label: self._tail(panel.rows_of(label), panel.time_of(label)) for label in panel.positions}
        self._tails = {label: tail for label, tail in tails.items() if tail is not None}
        return self

    def transform(self, X: Any) -> NDArray[Any]:
        """Return the window that ends at each row.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Rows in time order, with the columns of `fit`.

        Returns
        -------
        windows : ndarray of shape (n_rows, window, n_channels) or (n_rows, window * n_channels)
            Read-only, as windows share memory. With ``output="flat"``, in the container chosen by `set_output`.

        Raises
        ------
        ValueError
            As in `fit`; also if a group differs from a fitted one only by its type, such as "10" for 10, or by spaces.
        """
        check_is_fitted(self)
        self._check_parameters()
        panel = self._panel(X, reset=False)
        series, starts = self._padded(panel)
        windows = windows_view(series, self.window, self.stride)
        if len(starts) > 1:
            windows = windows[_window_of_row(panel, starts)]
        return windows if self.output == "3d" else windows.reshape(len(windows), -1)

    @available_if(_is_flat)
    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Name the columns of ``output="flat"``: ``name_lag2, name_lag1, name_lag0``, with lags in rows.

        Parameters
        ----------
        input_features : array-like of str, optional
            Names of the input columns. Default: those of `fit`, or ``x0, x1, ...``.

        Returns
        -------
        names : ndarray of str objects
            One for each column, the oldest step first.
        """
        check_is_fitted(self)
        names = self._channel_names(input_features)
        lags = [step * self.stride for step in reversed(range(self.window))]
        return np.asarray([f"{name}_lag{lag}" for lag in lags for name in names], dtype=object)

    def _channel_names(self, input_features: Any = None) -> list[Any]:
        """Return the names of the input columns without that of `groups`."""
        names = list(read_feature_names(self, input_features))
        if self._groups_column is not None:
            del names[self._groups_column]
        return names

    def set_output(self, *, transform: Literal["default", "pandas", "polars"] | None = None) -> Self:
        """Choose the container that `transform` returns.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"} or None
            None changes nothing. With ``output="3d"`` the setting has no effect, so that it can be made for a whole
            pipeline.

        Returns
        -------
        self : SlidingWindow
            The transformer itself.
        """
        # The inherited method is missing whenever get_feature_names_out is, which would make a pipeline's set_output
        # fail.
        if transform is not None:
            set_output_container(self, transform)
        return self

    def __getstate__(self) -> dict[str, Any]:
        """Return the state for pickle and skops; skops supports neither None as a key nor pandas times."""
        state = super().__getstate__()
        if "_tails" in state:
            tails = [[plain(label), tail.rows, *map(plain, tail.end)] for label, tail in state["_tails"].items()]
            state = {**state, "_tails": tails}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore the state from `__getstate__`."""
        if "_tails" in state:
            tails = {
                restored(label): _Tail(rows, BlockEnd(*map(restored, end))) for label, rows, *end in state["_tails"]
            }
            state = {**state, "_tails": tails}
        super().__setstate__(state)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @property
    def _lead(self) -> int:
        """Number of rows in a window before its last one."""
        return (self.window - 1) * self.stride

    def _check_parameters(self) -> None:
        check_count("window", self.window, 1)
        check_count("stride", self.stride, 1)
        is_number = isinstance(self.pad, numbers.Real) and not isinstance(self.pad, bool)
        if np.isinf(self.pad) if is_number else not is_one_of(self.pad, ("edge",)):
            raise ValueError(f"pad must be 'edge', a finite number or NaN, got {self.pad!r}")
        if not is_one_of(self.output, ("3d", "flat")):
            raise ValueError(f"output must be '3d' or 'flat', got {self.output!r}")

    def _panel(self, X: Any, *, reset: bool) -> _Panel:
        """Check `X` and split it into numbers, times and the positions of each series."""
        if self.groups is None:
            refuse_other_types(X, "X", COLUMN_HINT)
            values = validate_data(self, X, reset=reset, **NUMBERS)
            column, time = None, X.index if isinstance(X, pd.DataFrame) else None
            positions: dict[Hashable, Any] = {None: slice(None)}
        else:
            split = split_groups(X, self.groups)
            validate_data(self, split.table, reset=reset, skip_check_array=True)
            values = to_numbers(split.channels(), estimator=self)
            column, time, positions = split.column, split.time, group_positions(split.labels)
        if reset:
            self._groups_column = column
        panel = _Panel(values, time, positions)
        if time is not None:
            for label in positions:
                check_time_order(panel.time_of(label))
        return panel

    def _tail(self, rows: NDArray[Any], time: pd.Index | None) -> _Tail | None:
        end = None if time is None else block_end(time)
        if end is None:
            return None
        known = rows[max(len(rows) - self._lead, 0) :]
        return _Tail(np.concatenate([self._padding(rows[0], self._lead - len(known)), known]), end)

    def _padding(self, first: NDArray[Any], n_rows: int) -> NDArray[Any]:
        fill = first if isinstance(self.pad, str) else self.pad
        return np.full((n_rows, len(first)), fill, dtype=first.dtype)

    def _padded(self, panel: _Panel) -> tuple[NDArray[Any], dict[Hashable, int]]:
        """Return all series in sequence, each preceded by its history or padding, and where each starts."""
        n_rows, n_channels = panel.values.shape
        series = np.empty((n_rows + self._lead * len(panel.positions), n_channels), panel.values.dtype)
        starts, start = {}, 0
        check_new_labels(panel.positions.keys() - self._tails.keys(), self._tails, "groups of X")
        for label in panel.positions:
            rows = panel.rows_of(label)
            begin, stop = start + self._lead, start + self._lead + len(rows)
            series[start:begin] = self._before(rows[0], panel.time_of(label), self._tails.get(label))
            series[begin:stop] = rows
            starts[label], start = start, stop
        return series, starts

    def _before(self, first: NDArray[Any], time: pd.Index | None, tail: _Tail | None) -> NDArray[Any]:
        """Return the rows before the first one: the history if it is known, padding otherwise."""
        if tail is None or time is None or not follows(time, tail.end):
            return self._padding(first, self._lead)
        if len(tail.rows) != self._lead:
            raise ValueError(
                f"window={self.window} and stride={self.stride} need {self._lead} rows of history, but fit "
                f"kept {len(tail.rows)}: call fit again after changing them"
            )
        return tail.rows


def _window_of_row(panel: _Panel, starts: dict[Hashable, int]) -> NDArray[np.int64]:
    """Return the index of each row's window: windows are ordered by series, rows may be in any order."""
    window_of_row = np.empty(len(panel.values), np.int64)
    for label, positions in panel.positions.items():
        window_of_row[positions] = starts[label] + np.arange(len(positions))
    return window_of_row
