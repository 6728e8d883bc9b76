"""The forms of X: all of them give the same model, and views of a series are read in place."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.lib.stride_tricks import as_strided
from numpy.testing import assert_allclose, assert_array_equal
from regressor_problem import problem, small

from tsl._estimator.inputs import find_series
from tsl.windows import SlidingWindow, make_windows

SERIES = np.random.default_rng(0).normal(size=(50, 3))


def taken_apart(sequences):
    """The windows, one by one."""
    return [sequences.rows[start : start + n] for start, n in zip(sequences.starts, sequences.lengths)]


# --- forms of X -----------------------------------------------------------------------------------------------


def frame(X):
    return pd.DataFrame(X.reshape(len(X), -1)).rename(columns=str)


def object_array(X):
    sequences = np.empty(len(X), dtype=object)
    sequences[:] = list(X)
    return sequences


FORMS = {
    "flat": lambda X: X.reshape(len(X), -1),
    "nested lists": lambda X: X.tolist(),
    "list of arrays": list,
    "tuple of frames": lambda X: tuple(map(pd.DataFrame, X)),
    "array of arrays": object_array,
    "series of arrays": lambda X: pd.Series(list(X)),
    "DataFrame": frame,
    "objects": lambda X: X.astype(object),
    "Fortran order": np.asfortranarray,
    "float32 values": lambda X: X.astype(np.float32).astype(np.longdouble),
}


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_of_X_give_the_same_model(form):
    X, y = problem()
    X = X.astype(np.float32).astype(np.float64)
    expected = small(n_channels=2).fit(X, y)
    model = small(n_channels=2).fit(FORMS[form](X), y)
    assert_array_equal(model.predict(FORMS[form](X)), expected.predict(X))
    assert (model.n_timesteps_in_, model.n_channels_in_, model.n_features_in_) == (6, 2, 12)


def test_two_dimensions_without_channels_are_one_channel():
    X, y = problem(n_channels=1)
    model = small().fit(X[:, :, 0], y)
    assert (model.n_timesteps_in_, model.n_channels_in_) == (6, 1)
    assert_array_equal(model.predict(X[:, :, 0]), model.predict(X))


@pytest.mark.parametrize("kind", [np.int8, np.uint16, bool, np.float16])
def test_any_real_type_is_taken(kind):
    X, y = problem()
    X = (3 * X).astype(kind)
    assert_array_equal(small().fit(X, y).predict(X), small().fit(X.astype(np.float64), y).predict(X))


def test_sequences_of_different_lengths_are_each_read_alone():
    X, y = problem()
    lengths = np.arange(len(X)) % 6 + 1
    ragged = [window[:length] for window, length in zip(X, lengths)]
    model = small().fit(ragged, y)
    assert (model.n_timesteps_in_, model.n_channels_in_) == (None, 2)
    assert not hasattr(model, "n_features_in_")
    alone = [model.predict(window[None])[0] for window in ragged]
    assert_array_equal(model.predict(ragged), alone)


def test_flat_sequences_of_different_lengths():
    ragged = [np.arange(6.0), np.arange(4.0), np.arange(2.0)]
    model = small(n_channels=2).fit(ragged, [1, 2, 3])
    assert_array_equal(model.predict(ragged), model.predict([window.reshape(-1, 2) for window in ragged]))


def test_other_lengths_are_read_where_there_is_an_axis_for_time():
    X, y = problem()
    model = small().fit(X, y)
    assert model.predict(X[:, :3]).shape == (30,)
    with pytest.raises(ValueError, match="X has 6 features, but LSTMRegressor is expecting 12"):
        model.predict(X.reshape(30, 12)[:, :6])


def test_names_of_columns_are_kept_and_compared():
    X, y = problem()
    model = small(n_channels=2).fit(frame(X), y)
    assert_array_equal(model.feature_names_in_, [str(k) for k in range(12)])
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame(X).iloc[:, ::-1])
    model.fit(X, y)
    assert not hasattr(model, "feature_names_in_")


# --- windows of a series --------------------------------------------------------------------------------------


@given(
    n=st.integers(1, 8), n_steps=st.integers(1, 5), n_channels=st.integers(1, 3),
    window_stride=st.integers(-3, 9), step_stride=st.integers(-2, 9), transposed=st.booleans(),
)  # fmt: skip
def test_series_holds_the_windows_whatever_their_strides(
    n, n_steps, n_channels, window_stride, step_stride, transposed
):
    memory = np.arange(400.0).reshape(2, -1).T if transposed else np.arange(400.0)[:, None]
    row = memory.strides[0] * (1 if transposed else n_channels)
    channel = memory.strides[1] if transposed and n_channels == 2 else memory.strides[0]
    begin = 60 * n_channels  # steps may go back
    windows = as_strided(memory[begin:], (n, n_steps, n_channels), (window_stride * row, step_stride * row, channel))
    sequences = find_series(windows)
    assert_array_equal(taken_apart(sequences), windows)
    assert len(sequences.rows) < n * n_steps + max(step_stride, 1)  # steps apart: padded to a whole number of them


@given(
    n=st.integers(1, 6), n_steps=st.integers(1, 5), window_stride=st.integers(0, 9), step_stride=st.integers(1, 9)
)  # fmt: skip
def test_what_is_between_the_windows_is_not_read(n, n_steps, window_stride, step_stride):
    memory = np.full(100, np.nan)
    windows = as_strided(memory, (n, n_steps, 1), (8 * window_stride, 8 * step_stride, 8))
    windows[:] = 1.0
    assert np.isfinite(find_series(windows).rows).all()


VIEWS = {
    "make_windows": make_windows(SERIES, window=8)[0],
    "every third window": make_windows(SERIES, window=8, stride=3)[0],
    "SlidingWindow": SlidingWindow(8).fit_transform(SERIES),
    "series in Fortran order": make_windows(np.asfortranarray(SERIES), window=8)[0],
    "flat": SlidingWindow(8, output="flat").fit_transform(SERIES).reshape(50, 8, 3),
    "one window": np.broadcast_to(SERIES[:8], (20, 8, 3)),
}


@pytest.mark.parametrize("name", VIEWS)
def test_views_of_a_series_are_not_copied(name):
    sequences = find_series(VIEWS[name])
    assert np.shares_memory(sequences.rows, VIEWS[name])
    assert len(sequences.rows) <= len(SERIES) + 7  # the series with its padding


def test_steps_apart_cost_a_series_and_no_windows():
    windows = SlidingWindow(8, stride=4).fit_transform(SERIES)
    sequences = find_series(windows)
    assert len(sequences.rows) == 80  # 50 rows and 28 of padding, in 4 parts of 20
    assert_array_equal(taken_apart(sequences), windows)


@pytest.mark.parametrize("flat", [False, True])
def test_memory_is_that_of_the_series(flat):
    series = np.random.default_rng(0).normal(size=200_000)
    windowing = SlidingWindow(168, output="flat" if flat else "3d")
    X = windowing.fit_transform(series[:, None])
    model = small(max_time=1e-3).fit(X[:200], series[:200])  # compile, and load what is loaded late
    tracemalloc.start()
    try:
        model.fit(X, series)
        model.predict(X)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # A number a window for each of: series in float64 and float32, starts, lengths, weights, targets, the order of
    # an epoch, outputs. Windows in float32 would be 134 MB.
    assert peak < 20 * 8 * len(series)


def test_windows_as_view_or_copy_give_the_same_model_up_to_rounding():
    X, y = make_windows(SERIES[:, 0], window=8)
    view, copy = (small(dtype="float64").fit(windows, y) for windows in (X, X.copy()))
    assert_allclose(view.input_scaling_.mean, copy.input_scaling_.mean, rtol=1e-12)
    assert_allclose(view.predict(X), copy.predict(X), rtol=1e-9)
