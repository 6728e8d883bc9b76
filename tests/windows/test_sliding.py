"""`SlidingWindow`: each row becomes the window that ends at it."""

import doctest
import pickle
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from window_problem import base_array, frame, naive_rows, numbered

from tsl.windows import SlidingWindow, make_windows

# A row's window is made of the rows before it: take the rows away or reorder them and it is another window.
NEEDS_NEIGHBOURS = {
    "check_methods_sample_order_invariance": "a window depends on the order of the rows before it",
    "check_methods_subset_invariance": "a window depends on the rows before it",
}


@parametrize_with_checks(
    [SlidingWindow(), SlidingWindow(window=3, stride=2, pad=0.0, output="flat")],
    expected_failed_checks=lambda estimator: NEEDS_NEIGHBOURS,
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@given(
    n_rows=st.integers(1, 30),
    n_channels=st.integers(1, 3),
    window=st.integers(1, 12),
    stride=st.integers(1, 4),
    pad=st.sampled_from(["edge", 0.0, -7.5]),
)
def test_rows_become_the_windows_that_end_there(n_rows, n_channels, window, stride, pad):
    series = numbered(n_rows, n_channels)
    expected = naive_rows(series, window, stride, pad)
    transformer = SlidingWindow(window, stride, pad)
    assert_array_equal(transformer.fit_transform(series), expected)
    flat = transformer.set_params(output="flat").fit_transform(series)
    assert_array_equal(flat, expected.reshape(n_rows, window * n_channels))


@given(st.data())
def test_the_future_changes_no_earlier_row(data):
    n_rows = data.draw(st.integers(2, 25))
    changed = data.draw(st.integers(1, n_rows - 1))
    transformer = SlidingWindow(data.draw(st.integers(1, 8)), data.draw(st.integers(1, 3)))
    series = numbered(n_rows)
    other = series.copy()
    other[changed:] = -1.0
    before, after = transformer.fit_transform(series), transformer.fit_transform(other)
    assert_array_equal(before[:changed], after[:changed])
    assert (before[changed:, -1] != after[changed:, -1]).all()


@given(cut=st.integers(1, 24), window=st.integers(1, 30), stride=st.integers(1, 3))
def test_two_blocks_are_the_whole_cut_in_two(cut, window, stride):
    series = frame(25, pd.date_range("2024-01-01", periods=25, freq="h"))
    transformer = SlidingWindow(window, stride)
    whole = transformer.fit_transform(series)
    first = transformer.fit_transform(series[:cut])
    assert_array_equal(np.concatenate([first, transformer.transform(series[cut:])]), whole)


def test_nan_padding_marks_missing_steps():
    windows = SlidingWindow(3, pad=np.nan).fit_transform(numbered(4))
    assert_array_equal(np.isnan(windows[:, :, 0]).sum(axis=1), [2, 1, 0, 0])


def test_nan_passes_and_infinity_does_not():
    series = numbered(5)
    series[2] = np.nan
    assert_array_equal(SlidingWindow(2).fit_transform(series)[3, :, 0], [np.nan, 3.0])
    series[2] = np.inf
    with pytest.raises(ValueError, match="Input X contains infinity"):
        SlidingWindow(2).fit(series)


@pytest.mark.parametrize(
    ("given_type", "kept"),
    [
        ("float32", "float32"),
        ("float64", "float64"),
        ("int32", "float64"),
        ("bool", "float64"),
        ("f2", "float64"),
    ],
)
@pytest.mark.parametrize("output", ["3d", "flat"])
def test_types(given_type, kept, output):
    series = np.ones((4, 2), given_type)
    assert SlidingWindow(2, output=output).fit_transform(series).dtype == kept
    assert make_windows(series, window=2)[0].dtype == kept


# Memory


@pytest.mark.parametrize("output", ["3d", "flat"])
@pytest.mark.parametrize("as_frame", [False, True])
def test_a_million_rows_cost_one_padded_copy(output, as_frame):
    n_rows, window = 1_000_000, 168
    series = np.zeros((n_rows, 1))
    X = pd.DataFrame(series, columns=["a"], copy=False) if as_frame else series
    transformer = SlidingWindow(window, output=output).fit(X)
    tracemalloc.start()
    windows = transformer.transform(X)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert windows.size == n_rows * window
    assert base_array(windows).nbytes == (n_rows + window - 1) * 8
    assert np.shares_memory(windows[0], windows[window - 1], max_work=10)
    assert peak < 1.1 * series.nbytes  # the copy, and a tenth for whatever is small


def test_fitting_a_million_rows_keeps_their_tail_only():
    series = pd.DataFrame({"a": np.zeros(1_000_000)}, index=pd.date_range("2000-01-01", periods=1_000_000, freq="min"))
    transformer = SlidingWindow(168).fit(series)
    assert len(pickle.dumps(transformer)) < 10_000  # 167 rows of 8 bytes and the parameters


@pytest.mark.parametrize(("output", "n_channels", "stride"), [("3d", 2, 3), ("flat", 2, 1), ("flat", 1, 3)])
def test_windows_share_memory_and_are_read_only(output, n_channels, stride):
    windows = SlidingWindow(4, stride, output=output).fit_transform(numbered(20, n_channels))
    assert base_array(windows).size < 2 * 20 * n_channels  # 20 rows and at most 9 of padding
    assert not windows.flags.writeable


def test_the_input_is_not_shared():
    series = numbered(5)
    windows = SlidingWindow(1).fit_transform(series)
    series[:] = -1.0
    assert_array_equal(windows[:, 0], numbered(5))


# Names and containers


def test_names_say_channel_and_lag():
    transformer = SlidingWindow(window=3, stride=2, output="flat").fit(frame(5))
    names = ["a_lag4", "b_lag4", "a_lag2", "b_lag2", "a_lag0", "b_lag0"]
    assert list(transformer.get_feature_names_out()) == names
    assert list(transformer.feature_names_in_) == ["a", "b"]
    assert list(SlidingWindow(2, output="flat").fit(numbered(3)).get_feature_names_out()) == [
        "x0_lag1",
        "x0_lag0",
    ]
    with pytest.raises(ValueError, match="input_features is not equal to feature_names_in_"):
        transformer.get_feature_names_out(["a", "z"])


def test_pandas_output_holds_what_its_names_say():
    series = frame(6, pd.date_range("2024-01-01", periods=6, freq="D"))
    table = SlidingWindow(3, output="flat").set_output(transform="pandas").fit_transform(series)
    assert table.index.equals(series.index)
    for name in ["a", "b"]:
        for lag in range(3):
            assert_array_equal(table[f"{name}_lag{lag}"], series[name].shift(lag).bfill())


def test_three_dimensions_stay_an_array():
    pipeline = make_pipeline(StandardScaler(), SlidingWindow(3)).set_output(transform="pandas")
    windows = pipeline.fit_transform(frame(6))
    assert isinstance(windows, np.ndarray)
    assert windows.shape == (6, 3, 2)
    assert not hasattr(SlidingWindow(), "get_feature_names_out")
    with pytest.raises(AttributeError) as error:
        SlidingWindow().get_feature_names_out()
    assert "output='3d'" in str(error.value.__cause__ or error.value)


def test_the_container_survives_clone_and_a_change_of_output():
    transformer = clone(SlidingWindow(2).set_output(transform="pandas")).set_params(output="flat")
    assert isinstance(transformer.fit_transform(frame(3)), pd.DataFrame)
    assert isinstance(transformer.set_output(transform=None).transform(frame(3)), pd.DataFrame)
    assert isinstance(transformer.set_output(transform="default").transform(frame(3)), np.ndarray)


def test_grid_search_finds_the_lag_that_matters():
    rng = np.random.default_rng(1)
    series = pd.DataFrame({"a": rng.normal(size=300)})
    target = series["a"].shift(3).fillna(0.0)  # the row three back, so four steps are needed
    pipeline = make_pipeline(StandardScaler(), SlidingWindow(output="flat"), LinearRegression())
    pipeline.set_output(transform="pandas")
    search = GridSearchCV(pipeline, {"slidingwindow__window": [1, 2, 4]}, cv=TimeSeriesSplit(3))
    search.fit(series, target)
    assert search.best_params_ == {"slidingwindow__window": 4}
    assert search.best_score_ > 0.999  # the target is one of the inputs


# Bad input


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"window": 0}, ValueError, "window must be at least 1, got 0"),
        ({"window": 2.0}, TypeError, "window must be an integer of at least 1, got 2.0"),
        ({"window": True}, TypeError, "window must be an integer of at least 1, got True"),
        ({"stride": -1}, ValueError, "stride must be at least 1, got -1"),
        ({"stride": "1"}, TypeError, "stride must be an integer"),
        ({"pad": "zero"}, ValueError, "pad must be 'edge', a finite number or NaN, got 'zero'"),
        ({"pad": np.inf}, ValueError, "pad must be 'edge', a finite number or NaN, got inf"),
        ({"pad": None}, ValueError, "pad must be 'edge'"),
        ({"output": "2d"}, ValueError, "output must be '3d' or 'flat', got '2d'"),
    ],
)
def test_wrong_parameters(parameters, error, message):
    transformer = SlidingWindow(**parameters)  # checked in fit, so that set_params can go through them one by one
    with pytest.raises(error, match=message):
        transformer.fit(numbered(4))


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.empty((0, 2)), "Found array with 0 sample"),
        (np.empty((3, 0)), "Found array with 0 feature"),
        (np.arange(3.0), "Expected 2D array, got 1D array"),
        (pd.Series([1.0, 2.0]), "Expected a 2-dimensional container"),
        (np.ones((2, 2, 2)), "Found array with dim 3"),
        (np.ones((3, 1), complex), "Complex data not supported"),
        (np.array([["a"], ["b"]], object), "X must hold numbers, got text"),
        (np.array([["2024-01-01"]], "datetime64[D]"), "X must hold numbers, got dtype datetime64"),
        (pd.DataFrame({"a": [1.0], "city": ["Oslo"]}), "X must hold numbers, got column 'city' of dtype"),
        (pd.DataFrame({"when": pd.to_datetime(["2024-01-01"])}), "X must hold numbers, got column 'when'"),
    ],
)
def test_wrong_tables(X, message):
    with pytest.raises(ValueError, match=message):
        SlidingWindow(2).fit(X)


def test_one_row_is_a_window_of_itself():
    assert_array_equal(SlidingWindow(4).fit_transform([[3.0]]), np.full((1, 4, 1), 3.0))


def test_the_guide_runs_as_printed():
    guide = Path(__file__).parents[2] / "docs" / "user_guide" / "windows.rst"
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    results = doctest.testfile(str(guide), module_relative=False, optionflags=flags)
    assert results.attempted > 0
    assert results.failed == 0
