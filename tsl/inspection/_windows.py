"""Permutation importance of the channels and steps of windows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import check_scoring
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import check_is_fitted

from tsl._checks import check_count
from tsl._estimator import WindowEstimator
from tsl._estimator.layout import as_given
from tsl.forecasting.forecaster import Forecaster
from tsl.inspection._importances import importances_bunch
from tsl.windows import SlidingWindow
from tsl.windows._lags import channel_names

By = Literal["channel", "step"] | tuple[Literal["step"], Literal["channel"]]


class _Windows(NamedTuple):
    """Windows that an estimator reads."""

    values: NDArray[Any]
    """A copy, (n, T, C), the oldest step first."""
    as_given: NDArray[Any]
    """A view of `values` in the layout that the estimator takes."""
    channels: list[Any]
    """The names of the channels, (C,)."""


def permutation_importance(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    by: By = "channel",
    segment: int = 1,
    scoring: Any = None,
    n_repeats: int = 5,
    random_state: Any = None,
    sample_weight: Any = None,
) -> Any:
    """Measure how much the score decreases when channels or steps are permuted between windows.

    This is `sklearn.inspection.permutation_importance` for windows, with the same result for windows of one step or one
    channel. A channel is permuted with all of its steps, so that its course within a window is kept but comes from
    another window.

    Parameters
    ----------
    estimator : object
        A fitted `LSTMRegressor` or `LSTMClassifier`, a pipeline that ends in one, or any other fitted estimator that
        takes arrays of shape (n, T, C). In a pipeline, the windows that its last step reads are permuted: those after
        `SlidingWindow`, not the rows before it.
    X : array-like, DataFrame or list of array-likes
        At least 2 windows of equal length, preferably held-out ones, in any form that `estimator` takes. It is not
        changed; overlapping windows are copied.
    y : array-like of shape (n,) or (n, k)
        The targets of the windows.
    by : {"channel", "step", ("step", "channel")}, default="channel"
        What is permuted at a time: a channel with all of its steps, a step with all of its channels, or a single
        channel of a single step.
    segment : int, default=1
        Number of consecutive steps that are permuted together, counted from the end of the window; the first segment
        may be shorter. Only if `by` has steps.
    scoring : str, callable, list, tuple or dict, optional
        One or several scorers, as in scikit-learn. Default: the method `score` of the estimator.
    n_repeats : int, default=5
        Number of permutations.
    random_state : int, RandomState instance or None, default=None
        Source of the permutations; an int makes the result reproducible.
    sample_weight : array-like of shape (n,), optional
        Weights of the windows in the score.

    Returns
    -------
    result : Bunch or dict of Bunch
        For several scorers, a dict by their names.

        importances_mean : ndarray of shape (C,), (n_segments,) or (n_segments, C)
            Mean decrease of the score over the permutations.
        importances_std : ndarray of the same shape
            Standard deviation over the permutations.
        importances : ndarray of the same shape and n_repeats
            The decrease for each permutation.
        channels : ndarray of shape (C,)
            If `by` has channels, their names: those of the columns that `SlidingWindow` read or, without lags, of the
            table that `fit` read; otherwise their numbers.
        steps : ndarray of shape (n_segments,)
            If `by` has steps, the distance from the last step of each segment to the end of the window, the oldest
            first; the last step of the window is 0.

    Raises
    ------
    TypeError
        If `estimator` is a forecaster; use `covariate_importance` for its covariates.
    ValueError
        If `by`, `segment` or `n_repeats` is out of range, if there are fewer than two windows, or if they differ in
        length.

    See Also
    --------
    covariate_importance : The same for the covariates of a forecaster.
    tsl.plotting.plot_importance : Plot the result.

    Notes
    -----
    The importance shows what this model relies on, not what could be predicted from a channel: of two channels with the
    same information it may use either. Steps of a series are strongly correlated: a window with a single step from
    another window is unlike any real one, and neighbouring steps can make up for it. Permute longer segments to see how
    far back the information reaches.

    References
    ----------
    .. [1] Breiman, L. (2001). Random forests. Machine Learning 45, 5-32.
    .. [2] Fisher, A., Rudin, C., & Dominici, F. (2019). All models are wrong, but many are useful: Learning a
       variable's importance by studying an entire class of prediction models simultaneously. Journal of Machine
       Learning Research 20 (177), 1-81.

    Examples
    --------
    The target is the sum of the last two steps of channel 0; channel 1 is noise:

    >>> import numpy as np
    >>> from tsl import LSTMRegressor
    >>> from tsl.inspection import permutation_importance
    >>> X = np.random.default_rng(0).normal(size=(400, 6, 2))
    >>> y = X[:, -1, 0] + X[:, -2, 0]
    >>> model = LSTMRegressor(hidden_size=8, max_iter=60, learning_rate_init=0.01, random_state=0).fit(X[:300], y[:300])
    >>> permutation_importance(model, X[300:], y[300:], random_state=0).importances_mean > 0.1
    array([ True, False])
    >>> result = permutation_importance(model, X[300:], y[300:], by="step", random_state=0)
    >>> result.steps[result.importances_mean > 0.1]
    array([1, 0])
    """
    axes = _axes(by)
    n_repeats = check_count("n_repeats", n_repeats, 1)
    model, windows = _read(estimator, X)
    n, n_steps, _ = windows.values.shape
    if n < 2:
        raise ValueError(f"X must have at least 2 windows, which are permuted, got {n}")
    blocks, names = _blocks(axes, segment, n_steps, windows.channels)
    scorer = check_scoring(model, scoring=scoring)
    options = {} if sample_weight is None else {"sample_weight": sample_weight}

    def score() -> Any:
        return scorer(model, windows.as_given, y, **options)

    whole = score()
    orders = _orders(n, n_repeats, check_random_state(random_state))
    permuted = [_permuted_scores(windows.values, block, orders, score) for block in blocks]
    shape = (*(len(one) for one in names.values()), n_repeats)
    if not isinstance(whole, dict):
        return importances_bunch(whole - np.reshape(permuted, shape), **names)
    found = {}
    for name, value in whole.items():
        of_scorer = [[scores[name] for scores in row] for row in permuted]
        found[name] = importances_bunch(value - np.reshape(of_scorer, shape), **names)
    return found


def _axes(by: Any) -> tuple[str, ...]:
    """Return `by` as a tuple of "step" and "channel"."""
    axes = (by,) if isinstance(by, str) else tuple(by) if isinstance(by, tuple | list) else ()
    if axes not in (("channel",), ("step",), ("step", "channel")):
        raise ValueError(f"by must be 'channel', 'step' or ('step', 'channel'), got {by!r}")
    return axes


def _blocks(
    axes: tuple[str, ...], segment: Any, n_steps: int, channels: list[Any]
) -> tuple[list[tuple[slice, slice]], dict[str, NDArray[Any]]]:
    """Return the steps and channels of each block to permute, grouped by step, and their names."""
    segment = check_count("segment", segment, 1)
    if segment > n_steps:
        raise ValueError(f"segment must be at most {n_steps}, the steps of a window, got {segment}")
    if "step" not in axes and segment > 1:
        raise ValueError(f"segment must be left out if by={axes[0]!r}, got {segment}")
    stops = np.arange(n_steps, 0, -segment)[::-1]
    steps = [slice(max(stop - segment, 0), stop) for stop in stops] if "step" in axes else [slice(None)]
    places = [slice(k, k + 1) for k in range(len(channels))] if "channel" in axes else [slice(None)]
    names = {"steps": n_steps - stops, "channels": np.array(channels, dtype=object)}
    return [(step, place) for step in steps for place in places], {f"{one}s": names[f"{one}s"] for one in axes}


def _orders(n: int, n_repeats: int, random_state: np.random.RandomState) -> list[NDArray[np.int64]]:
    """Return the order of the windows in each repeat: scikit-learn's permutations, applied one after the other."""
    random_state = np.random.RandomState(random_state.randint(np.iinfo(np.int32).max + 1))
    shuffled, order, orders = np.arange(n), np.arange(n), []
    for _ in range(n_repeats):
        random_state.shuffle(shuffled)
        order = order[shuffled]
        orders.append(order)
    return orders


def _permuted_scores(
    values: NDArray[Any], block: tuple[slice, slice], orders: list[NDArray[np.int64]], score: Callable[[], Any]
) -> list[Any]:
    """Return the score with a block of `values` (n, T, C) in each order; `values` is restored at the end."""
    where = (slice(None), *block)
    original, scores = values[where].copy(), []
    for order in orders:
        values[where] = original[order]
        scores.append(score())
    values[where] = original
    return scores


# --- windows ----------------------------------------------------------------------------------------------------


def _read(estimator: Any, X: Any) -> tuple[Any, _Windows]:
    """Return the estimator that reads windows, the last step of a pipeline, and its windows."""
    if isinstance(estimator, Forecaster):
        raise TypeError(
            f"estimator must take windows, got {type(estimator).__name__}: covariate_importance is for forecasters"
        )
    check_is_fitted(estimator)
    names: list[Any] | None = None
    while isinstance(estimator, Pipeline):
        if len(estimator) > 1:
            X = estimator[:-1].transform(X)
            names = estimator[-2]._channel_names() if isinstance(estimator[-2], SlidingWindow) else None
        estimator = estimator[-1]
    if isinstance(estimator, WindowEstimator):
        values = _read_by(estimator, X)
        if names is None and estimator.columns_ is not None:
            table = estimator.feature_names_in_ if isinstance(estimator.layout, str) else estimator.layout
            names = channel_names([str(name) for name in table])
        view = as_given(estimator, values)
    else:
        values = np.array(check_array(X, allow_nd=True, ensure_all_finite="allow-nan", dtype=None, input_name="X"))
        if values.ndim != 3:
            raise ValueError(
                f"X must have shape (n, T, C) for {type(estimator).__name__}, which does not say how it reads windows, "
                f"got {values.shape}"
            )
        view = values
    n_channels = values.shape[2]
    if names is None or len(names) != n_channels:  # such as for a table that is read as one channel
        names = list(range(n_channels))
    return estimator, _Windows(values, view, names)


def _read_by(estimator: WindowEstimator, X: Any) -> NDArray[Any]:
    """Return the windows that a fitted estimator reads from X, (n, T, C)."""
    sequences = estimator._read_inputs(X, reset=False)
    shortest, longest = int(sequences.lengths.min()), int(sequences.lengths.max())
    if shortest < longest:
        raise ValueError(
            f"X must have windows of equal length, between which steps are permuted, got {shortest} to {longest} steps"
        )
    return sequences.rows[sequences.starts[:, None] + np.arange(longest)]
