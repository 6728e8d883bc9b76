"""Read X in any of its forms as windows of one array."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from tsl._estimator.checks import check_finite, naming
from tsl._estimator.layout import named_columns, ordered, unfolded, warn_of_axes, warn_of_order
from tsl._tables.numbers import refuse_other_types
from tsl.network import Sequences

FORMS = "(n, T, C), (n, T), (n, T * n_channels) or a list of (T_i, C)"
AS_IT_IS = {"dtype": "numeric", "ensure_all_finite": False}


class Windows(NamedTuple):
    """Windows read from X."""

    sequences: Sequences
    """Rows as they were given, in any real type."""
    n_timesteps: int | None
    """Steps in each window; None if windows may differ in length."""
    may_be_columns: bool
    """Whether the steps of the only channel may really be unrelated columns."""


def read_windows(estimator: Any, X: Any, n_channels: int | None, *, reset: bool) -> Windows:
    """Check X and find the series that its windows are slices of; a view of overlapping windows is not copied.

    Parameters
    ----------
    estimator : BaseEstimator
        Its attributes `feature_names_in_`, `n_features_in_` and `columns_` are set or checked against.
    X : array-like, DataFrame or list of array-likes
        One of the forms in `FORMS`.
    n_channels : int or None
        Channels of a step. None means one for forms without a channel axis.
    reset : bool
        Whether to set the names and number of features, or to check them.
    """
    refuse_other_types(X, "X", "convert or drop it")
    X = _as_array_or_list(X)
    is_table = not isinstance(X, list) and len(getattr(X, "shape", ())) <= 2
    with naming("X"):
        if isinstance(X, list):
            array, sequences = None, _ragged_sequences(estimator, X, n_channels)
        else:
            array = (_read_table if is_table else _read_array)(estimator, X, n_channels, reset=reset)
            sequences = find_series(array)
    rows = sequences.rows
    if rows.dtype.kind not in "biuf":
        raise ValueError(f"X must hold real numbers, got dtype {rows.dtype}")
    check_finite(rows, "X", estimator)
    if array is None:
        if reset:
            vars(estimator).pop("n_features_in_", None)  # of an earlier fit
            estimator.columns_ = None
        return Windows(sequences, None, False)
    may_be_columns = False
    if reset and estimator.columns_ is None:
        in_order = warn_of_order(estimator, array, is_table)
        is_copy = len(rows) == array.shape[0] * array.shape[1]  # windows that share rows come from one series
        may_be_columns = is_table and n_channels is None and is_copy and not in_order
    return Windows(sequences, array.shape[1], may_be_columns)


def _as_array_or_list(X: Any) -> Any:
    """Return sequences of different lengths as a list of arrays, equal ones stacked, and anything else unchanged."""
    if getattr(X, "ndim", 0) == 1 and getattr(X.dtype, "kind", "") == "O":
        X = list(X)
    if not isinstance(X, list | tuple):
        return X
    if len(X) == 0:
        raise ValueError("X is empty: at least 1 window is needed")
    if np.ndim(X[0]) == 0:
        return np.array(X, dtype=object)
    sequences = []
    for i, sequence in enumerate(X):
        try:
            refuse_other_types(sequence, f"X[{i}]")
            sequences.append(np.asarray(sequence))
        except ValueError as error:
            raise ValueError(f"X[{i}] must have shape (T, C) or (T,): {error}") from None
    if len({sequence.shape for sequence in sequences}) == 1:
        return np.stack(sequences)
    return sequences


def _ragged_sequences(estimator: Any, X: list[NDArray[Any]], n_channels: int | None) -> Sequences:
    sequences = [_with_channels(estimator, i, sequence, n_channels) for i, sequence in enumerate(X)]
    for i, sequence in enumerate(sequences):
        if len(sequence) == 0:
            raise ValueError(f"X[{i}] has no time steps: each sequence must have at least 1")
        if sequence.shape[1] != sequences[0].shape[1]:
            raise ValueError(
                f"the sequences of X must have the same channels, got {sequences[0].shape[1]} in X[0] and "
                f"{sequence.shape[1]} in X[{i}]"
            )
    lengths = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
    rows = check_array(np.concatenate(sequences), dtype="numeric", ensure_all_finite=False)
    return Sequences(rows, np.cumsum(lengths) - lengths, lengths)


def _with_channels(estimator: Any, i: int, sequence: NDArray[Any], n_channels: int | None) -> NDArray[Any]:
    """Return one sequence as (T, C)."""
    if sequence.ndim == 1 and sequence.size % (n_channels or 1) == 0:
        return unfolded(estimator, sequence, n_channels or 1)
    if sequence.ndim == 2:
        sequence = ordered(estimator, sequence)
        if n_channels in (None, sequence.shape[1]):
            return sequence
    allowed = "(T, C) or (T,)" if n_channels is None else f"(T, {n_channels}) or (T * {n_channels},)"
    raise ValueError(f"X[{i}] must have shape {allowed}, got {sequence.shape}")


def _read_table(estimator: Any, X: Any, n_channels: int | None, *, reset: bool) -> NDArray[Any]:
    """Return a table as (n, T, C), keeping its dtype; `reset` learns the step and channel of each column."""
    X = validate_data(estimator, X, reset=reset, **({"skip_check_array": True} if _is_plain(X, 2) else AS_IT_IS))
    if X.dtype.kind == "O":  # a frame's decimals
        X = X.astype(np.float64)
    if reset:
        names = getattr(estimator, "feature_names_in_", None)
        estimator.columns_ = named_columns(estimator, names, X.shape[1], n_channels)
    if estimator.columns_ is not None:
        return X[:, estimator.columns_]
    channels = 1 if n_channels is None else n_channels
    if X.shape[1] % channels:
        raise ValueError(f"X has {X.shape[1]} features, which n_channels={channels} does not divide into time steps")
    return unfolded(estimator, X, channels)


def _is_plain(X: Any, n_dimensions: int) -> bool:
    """Return whether X is an array of floats that `check_array` would neither reject nor change."""
    return type(X) is np.ndarray and X.dtype.kind == "f" and X.ndim == n_dimensions and X.size > 0


def _read_array(estimator: Any, X: Any, n_channels: int | None, *, reset: bool) -> NDArray[Any]:
    """Return a three-dimensional array as (n, T, C), keeping its dtype."""
    if not _is_plain(X, 3):
        X = check_array(X, allow_nd=True, estimator=estimator, **AS_IT_IS)
    if X.ndim != 3 or 0 in X.shape:
        raise ValueError(f"X must have shape {FORMS} with at least one step and channel, got {X.shape}")
    X = ordered(estimator, X)
    if n_channels not in (None, X.shape[2]):
        raise ValueError(f"X has {X.shape[2]} channels, but n_channels is {n_channels}")
    if reset:
        vars(estimator).pop("feature_names_in_", None)  # of an earlier fit
        estimator.columns_, estimator.n_features_in_ = None, X.shape[1] * X.shape[2]
        if n_channels is None:
            warn_of_axes(estimator, X.shape[1], X.shape[2])
    return X


def find_series(windows: NDArray[Any]) -> Sequences:
    """Return windows (n, T, C) as slices of the series that they are a view of, or of their own rows if not shared.

    Row i * a + t * b of the series is step t of window i. The steps of a window must be contiguous, so with b > 1 the
    series is reordered as 0, b, 2b, ..., 1, b + 1, ...
    """
    n, n_steps, n_channels = windows.shape
    lengths = np.full(n, n_steps, dtype=np.int64)
    a, b, row_stride = _strides_in_rows(windows)
    n_rows = (n - 1) * a + (n_steps - 1) * b + 1
    # If the series has fewer rows than all windows have steps together, each row lies in a window, unless both a and b
    # skip rows. Rows between windows must not be read.
    if row_stride == 0 or n_rows >= n * n_steps or (a > 1 and b > 1):
        starts = np.arange(n, dtype=np.int64) * n_steps
        return Sequences(windows.reshape(-1, n_channels), starts, lengths)
    series = as_strided(windows, (n_rows, n_channels), (row_stride, windows.strides[2]), writeable=False)
    starts = np.arange(n, dtype=np.int64) * a
    if b > 1:
        each = -(-n_rows // b)
        padded = np.zeros((each * b, n_channels), series.dtype)
        padded[:n_rows] = series
        series = padded.reshape(each, b, n_channels).swapaxes(0, 1).reshape(-1, n_channels)
        starts = starts % b * each + starts // b
    return Sequences(series, starts, lengths)


def _strides_in_rows(windows: NDArray[Any]) -> tuple[int, int, int]:
    """Return the strides, in rows, of windows and steps, and the bytes of a row; zeros unless both are forward."""
    n, n_steps, _ = windows.shape
    window_stride, step_stride, _ = windows.strides
    if n_steps == 1 or n == 1 or window_stride < 0 or step_stride <= 0:
        return 0, 0, 0
    row_stride = math.gcd(window_stride, step_stride)
    return window_stride // row_stride, step_stride // row_stride, row_stride
