import doctest
import pickle
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

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


def naive_rows(series, window, stride, pad="edge"):
    """The window of each row, looked up step by step."""
    windows = np.empty((len(series), window, series.shape[1]))
    for row in range(len(series)):
        for step in range(window):
            source = row - (window - 1 - step) * stride
            windows[row, step] = series[source] if source >= 0 else (series[0] if pad == "edge" else pad)
    return windows


def naive_pairs(series, y, window, horizon, stride, gap):
    """Every window and target that fits, tried one start after the other."""
    windows, targets = [], []
    for start in range(0, len(series), stride):
        first_target = start + window + gap
        if first_target + horizon <= len(series):
            windows.append(series[start : start + window])
            targets.append(y[first_target : first_target + horizon])
    return np.array(windows), np.array(targets)


def numbered(n_rows, n_channels=1):
    """Rows that tell where they are from: 0, 1, 2, ... in the first channel, then 1000, 1001, ..."""
    return np.arange(n_rows, dtype=float)[:, None] + 1000.0 * np.arange(n_channels)


def frame(n_rows, index=None, n_channels=2):
    return pd.DataFrame(numbered(n_rows, n_channels), columns=["a", "b", "c"][:n_channels], index=index)


def base_array(view):
    """The array that owns the memory of a view."""
    while view.base is not None:
        view = view.base
    return view


# SlidingWindow


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


# History


def stamps(kind):
    dates = {
        "hours": pd.date_range("2024-03-30", periods=30, freq="h", tz="Europe/Berlin"),
        # The clock changes on the last fitted day, 31 March: only the next step is of 23 hours.
        "days over a clock change": pd.date_range("2024-03-12", periods=30, freq="D", tz="Europe/Berlin"),
        "months": pd.date_range("2024-01-01", periods=30, freq="MS"),
        "business days": pd.bdate_range("2024-01-01", periods=30),
        "periods": pd.period_range("2024-01", periods=30, freq="M"),
        "time since the start": pd.timedelta_range(0, periods=30, freq="15min"),
        "range": pd.RangeIndex(5, 65, 2),
        "integers": pd.Index(np.arange(100, 130)),
    }
    return dates[kind]


KINDS = ["hours", "days over a clock change", "months", "business days", "periods"]
KINDS += ["time since the start", "range", "integers"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("with_freq", [True, False])
def test_history_is_found_by_the_index(kind, with_freq):
    series = frame(30, stamps(kind))
    if isinstance(series.index, pd.DatetimeIndex) and not with_freq:
        series.index = pd.DatetimeIndex(list(series.index))
        assert series.index.freq is None
    whole = SlidingWindow(5).fit_transform(series)
    transformer = SlidingWindow(5).fit(series[:20])
    assert_array_equal(transformer.transform(series[20:]), whole[20:])
    assert_array_equal(transformer.transform(series[20:21]), whole[20:21])
    padded = SlidingWindow(5).fit_transform(series[21:])
    assert_array_equal(transformer.transform(series[21:]), padded)  # one row is missing between


def test_trading_days_go_on_after_a_weekend_and_a_holiday():
    days = pd.bdate_range("2024-03-01", "2024-04-30").drop(pd.Timestamp("2024-03-29"))
    series = frame(len(days), days)
    transformer = SlidingWindow(5).fit(series[:"2024-04-19"])  # a Friday; Good Friday made a step of four days
    whole = SlidingWindow(5).fit_transform(series)
    assert_array_equal(transformer.transform(series["2024-04-22":]), whole[days >= "2024-04-22"])
    later = series["2024-04-24":]  # five days on: more than any step seen
    assert_array_equal(transformer.transform(later), SlidingWindow(5).fit_transform(later))


def test_a_time_that_occurs_twice_does_not_end_the_series():
    minutes = pd.DatetimeIndex(["2024-01-01 00:00", "2024-01-01 00:01", "2024-01-01 00:01", "2024-01-01 00:02"])
    transformer = SlidingWindow(3).fit(frame(4, minutes))
    after, same = (frame(1, pd.DatetimeIndex([f"2024-01-01 00:0{minute}"])) for minute in (3, 2))
    assert_array_equal(transformer.transform(after)[0, :, 0], [2, 3, 0])
    assert_array_equal(transformer.transform(same)[0, :, 0], [0, 0, 0])


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(lambda series: series[:10], id="the fitted block itself"),
        pytest.param(lambda series: series[5:15], id="overlapping"),
        pytest.param(lambda series: series, id="everything"),
        pytest.param(lambda series: series[10:].set_axis(range(10, 20)), id="another kind of index"),
        pytest.param(lambda series: series[10:].tz_localize("UTC"), id="another time zone"),
        pytest.param(lambda series: series[10:].set_axis(list("abcdefghij")), id="no times"),
    ],
)
def test_other_blocks_are_padded(block):
    series = frame(20, pd.date_range("2024-01-01", periods=20, freq="h"))
    X = block(series)
    assert_array_equal(SlidingWindow(4).fit(series[:10]).transform(X), SlidingWindow(4).fit_transform(X))


def test_blocks_without_a_known_step_are_padded():
    for index in [pd.Index([0]), pd.Index([3, 2, 1]), pd.Index([1, 3, 2]), pd.Index([4, 4]), pd.RangeIndex(3, 0, -1)]:
        transformer = SlidingWindow(3).fit(frame(len(index), index))
        for start in [index[-1] + 1, index[-1] - 1]:
            block = frame(4, pd.RangeIndex(start, start + 4))
            assert_array_equal(transformer.transform(block), naive_rows(block.to_numpy(), 3, 1))


def test_arrays_have_no_history():
    series = numbered(20)
    transformer = SlidingWindow(4).fit(series[:10])
    assert_array_equal(transformer.transform(series[10:]), naive_rows(series[10:], 4, 1))


def test_transform_changes_nothing():
    series = frame(20)
    transformer = SlidingWindow(4).fit(series[:10])
    first = transformer.transform(series[10:])
    assert_array_equal(transformer.transform(series[10:]), first)
    assert_array_equal(pickle.loads(pickle.dumps(transformer)).transform(series[10:]), first)


def test_a_window_changed_after_fit_needs_another_fit():
    series = frame(20)
    transformer = SlidingWindow(4).fit(series[:10]).set_params(window=6)
    with pytest.raises(ValueError, match=r"window=6 and stride=1 need 5 rows of history, but fit kept 3"):
        transformer.transform(series[10:])


# Pipelines


def test_folds_see_the_rows_before_them():
    """Each fold predicts as if lags had been made from the whole series: no padding at its start."""
    rng = np.random.default_rng(0)
    series = pd.DataFrame({"a": rng.normal(size=120).cumsum()}, index=pd.date_range("2024", periods=120, freq="h"))
    target = series["a"].shift(-1).ffill()
    lags = pd.concat([series["a"].shift(lag).bfill() for lag in (2, 1, 0)], axis=1)
    folds = TimeSeriesSplit(4)
    pipeline = make_pipeline(SlidingWindow(3, output="flat"), Ridge())
    scores = cross_val_score(pipeline, series, target, cv=folds)
    by_hand = cross_val_score(Ridge(), lags.set_axis(list("xyz"), axis=1), target, cv=folds)
    np.testing.assert_allclose(scores, by_hand, rtol=1e-9)


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


# Groups


def panel():
    """Two series whose rows alternate for a while; b is the longer one."""
    names = list("abababbbba")
    return pd.DataFrame({"id": names, "x": numbered(10)[:, 0], "z": numbered(10, 2)[:, 1]})


def expected_panel(table, window, stride=1):
    expected = np.empty((len(table), window, 2))
    for name in table["id"].unique():
        rows = np.flatnonzero(table["id"] == name)
        expected[rows] = naive_rows(table[["x", "z"]].to_numpy()[rows], window, stride)
    return expected


@pytest.mark.parametrize("groups", ["id", 0, -3])
@pytest.mark.parametrize("stride", [1, 2])
def test_windows_stay_within_a_series(groups, stride):
    transformer = SlidingWindow(3, stride, groups=groups)
    windows = transformer.fit_transform(panel())
    assert_array_equal(windows, expected_panel(panel(), 3, stride))
    assert transformer.n_features_in_ == 3
    assert list(transformer.feature_names_in_) == ["id", "x", "z"]
    flat = transformer.set_params(output="flat").fit_transform(panel())
    assert_array_equal(flat, windows.reshape(10, 6))


@given(names=st.lists(st.integers(0, 3), min_size=1, max_size=25), window=st.integers(1, 6))
def test_each_series_is_windowed_as_if_it_were_alone(names, window):
    labels = np.array(names, float)
    X = np.column_stack([numbered(len(names)), labels])
    windows = SlidingWindow(window, groups=1).fit_transform(X)
    for label in set(names):
        assert_array_equal(windows[labels == label], naive_rows(X[labels == label, :1], window, 1))


def test_groups_of_an_array_with_names_in_it():
    X = panel().to_numpy()  # dtype object
    assert_array_equal(SlidingWindow(3, groups=0).fit_transform(X), expected_panel(panel(), 3))
    assert_array_equal(SlidingWindow(3, groups=0).fit_transform(X.tolist()), expected_panel(panel(), 3))


def test_the_column_of_groups_has_no_window():
    transformer = SlidingWindow(2, output="flat", groups="id").set_output(transform="pandas")
    table = transformer.fit_transform(panel())
    assert list(table.columns) == ["x_lag1", "z_lag1", "x_lag0", "z_lag0"]


def test_a_single_group_is_still_a_view():
    table = panel().assign(id="a")
    windows = SlidingWindow(4, groups="id").fit_transform(table)
    assert base_array(windows).size == (10 + 3) * 2
    assert_array_equal(windows, expected_panel(table, 4))


@pytest.mark.parametrize("by_level", [True, False])
def test_each_series_has_its_own_history(by_level):
    days = pd.date_range("2024-01-01", periods=12, freq="D")
    long = pd.DataFrame(
        {"x": np.arange(24.0), "id": np.repeat(["a", "b"], 12), "day": np.tile(days, 2)},
    )
    if by_level:
        long = long.set_index(["id", "day"])
        day = long.index.get_level_values("day")
    else:
        long = long.set_index("day")
        day = long.index
    transformer = SlidingWindow(4, groups="id")
    whole = transformer.fit_transform(long)
    cut = day < days[8]
    transformer.fit(long[cut])
    assert_array_equal(transformer.transform(long[~cut]), whole[~cut])


def test_a_new_series_is_padded_beside_one_that_goes_on():
    old = pd.DataFrame({"x": [1.0, 2, 3], "id": ["a"] * 3}, index=pd.RangeIndex(3))
    new = pd.DataFrame({"x": [4.0, 9.0], "id": ["a", "b"]}, index=[3, 3])
    windows = SlidingWindow(3, groups="id").fit(old).transform(new)
    assert_array_equal(windows[:, :, 0], [[2, 3, 4], [9, 9, 9]])


def test_an_index_that_is_only_names():
    table = panel().set_index("id")
    assert_array_equal(SlidingWindow(3, groups="id").fit_transform(table), expected_panel(panel(), 3))


@pytest.mark.parametrize(
    ("X", "groups", "error", "message"),
    [
        (panel(), "city", ValueError, r"groups='city' must name a column of X or a level of its index"),
        (numbered(4, 2), "id", ValueError, "groups='id' is a name, and X has no names"),
        (numbered(4, 2), 2, ValueError, "groups=2 must be the position of one of the 2 columns of X"),
        (numbered(4, 1), 0, ValueError, "X must have a column beside that of groups"),
        (
            numbered(4, 2),
            True,
            TypeError,
            "groups must be the name or the position of a column, or None, got True",
        ),
        (numbered(4, 2), 1.0, TypeError, "groups must be the name or the position"),
        (
            panel().replace({"id": {"a": None}}),
            "id",
            ValueError,
            "groups must name the series of every row, .* row 0",
        ),
        (panel()[["id", "x", "id"]], "id", ValueError, "groups='id' must name one column of X, got several"),
        (panel().assign(z="n"), "id", ValueError, r"X must hold numbers, got column 'z' of dtype"),
    ],
)
def test_wrong_groups(X, groups, error, message):
    with pytest.raises(error, match=message):
        SlidingWindow(2, groups=groups).fit(X)


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


def test_times_that_go_back_are_refused():
    days = pd.date_range("2024-01-01", periods=4, freq="D")
    with pytest.raises(ValueError, match=r"goes from 2024-01-04 00:00:00 back to 2024-01-03 00:00:00.*sort_index"):
        SlidingWindow(2).fit(frame(4, days[::-1]))
    with pytest.raises(ValueError, match=r"back to 2024-01-01 00:00:00: .*groups= if X holds several series"):
        SlidingWindow(2).fit(frame(8, days.append(days)))
    with pytest.raises(ValueError, match="X must be in time order"):
        SlidingWindow(2).fit(frame(4, days)).transform(frame(4, days[[1, 0, 2, 3]]))
    with pytest.raises(ValueError, match="got NaT"):
        SlidingWindow(2).fit(frame(2, pd.DatetimeIndex(["2024-01-01", None])))


# make_windows


@settings(max_examples=200)
@given(
    n_rows=st.integers(1, 40),
    window=st.integers(1, 8),
    horizon=st.integers(1, 5),
    stride=st.integers(1, 6),
    gap=st.integers(0, 4),
    n_channels=st.integers(1, 2),
)
def test_pairs_are_those_of_a_plain_loop(n_rows, window, horizon, stride, gap, n_channels):
    series, y = numbered(n_rows, n_channels), -numbered(n_rows)[:, 0]
    options = {"window": window, "horizon": horizon, "stride": stride, "gap": gap}
    if n_rows < window + gap + horizon:
        with pytest.raises(ValueError, match=f"need {window + gap + horizon} rows, X has {n_rows}"):
            make_windows(series, y, **options)
        return
    windows, targets = make_windows(series, y, **options)
    expected_windows, expected_targets = naive_pairs(series, y, **options)
    assert len(windows) == (n_rows - window - gap - horizon) // stride + 1
    assert_array_equal(windows, expected_windows)
    assert_array_equal(targets, expected_targets[:, 0] if horizon == 1 else expected_targets)
    assert np.shares_memory(windows, series)
    assert np.shares_memory(targets, y)
    assert not windows.flags.writeable
    assert not targets.flags.writeable


@pytest.mark.parametrize(
    ("X", "y", "horizon", "shape"),
    [
        (np.zeros(9), None, 1, (6,)),
        (np.zeros(9), None, 2, (5, 2)),
        (np.zeros((9, 1)), None, 1, (6, 1)),
        (np.zeros((9, 2)), None, 2, (5, 2, 2)),
        (np.zeros((9, 2)), np.zeros(9), 1, (6,)),
        (np.zeros((9, 2)), np.zeros(9), 2, (5, 2)),
        (np.zeros(9), np.zeros((9, 3)), 1, (6, 3)),
        (pd.Series(np.zeros(9)), pd.DataFrame(np.zeros((9, 3))), 2, (5, 2, 3)),
        (pd.DataFrame(np.zeros((9, 2))), pd.Series(list("abcabcabc")), 1, (6,)),
        ([0] * 9, ["a"] * 9, 2, (5, 2)),
    ],
)
def test_shapes(X, y, horizon, shape):
    windows, targets = make_windows(X, y, window=3, horizon=horizon)
    assert windows.shape == (shape[0], 3, np.shape(X)[1] if np.ndim(X) == 2 else 1)
    assert targets.shape == shape


def test_the_series_itself_is_the_default_target():
    series = numbered(12, 2)
    for ours, theirs in zip(make_windows(series, window=4, gap=1), make_windows(series, series, window=4, gap=1)):
        assert_array_equal(ours, theirs)


def test_neither_windows_nor_targets_cross_groups():
    names = np.array(list("babaabbac"))  # c has one row: too short for a window
    series, y = numbered(9), np.arange(9) * 10
    windows, targets = make_windows(series, y, window=2, groups=names)
    rows = windows[:, :, 0].astype(int)
    assert_array_equal(rows, [[0, 2], [2, 5], [1, 3], [3, 4]])  # b is met first, in rows 0, 2, 5, 6; a in 1, 3, 4, 7
    assert_array_equal(targets, [50, 60, 40, 70])
    same = make_windows(series, y, window=2, groups=pd.Series(names, dtype="category"))
    assert_array_equal(same[0], windows)


@given(
    names=st.lists(st.sampled_from("abc"), min_size=1, max_size=30),
    horizon=st.integers(1, 3),
    stride=st.integers(1, 3),
)
def test_groups_are_windowed_one_by_one(names, horizon, stride):
    labels, series = np.array(names), numbered(len(names))
    options = {"window": 2, "horizon": horizon, "stride": stride, "gap": 1}
    expected = [naive_pairs(series[labels == name], series[labels == name], **options) for name in dict.fromkeys(names)]
    expected = [pair for pair in expected if len(pair[0])]
    if not expected:
        with pytest.raises(ValueError, match=f"need {3 + horizon} rows, the longest series has"):
            make_windows(series, groups=names, **options)
        return
    windows, targets = make_windows(series, groups=names, **options)
    assert_array_equal(windows, np.concatenate([pair[0] for pair in expected]))
    by_hand = np.concatenate([pair[1] for pair in expected])
    assert_array_equal(targets, by_hand[:, 0] if horizon == 1 else by_hand)


def test_one_group_is_still_a_view():
    series = numbered(10)
    assert np.shares_memory(make_windows(series, window=3, groups=["a"] * 10)[0], series)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"X": []}, ValueError, "window=3, gap=0 and horizon=1 need 4 rows, X has 0"),
        ({"X": [], "groups": []}, ValueError, "need 4 rows, the longest series has 0"),
        ({"X": np.zeros((9, 0))}, ValueError, "Found array with 0 feature"),
        ({"X": 3.0}, ValueError, r"X must have shape \(n_rows,\) or \(n_rows, n_channels\), got \(\)"),
        ({"X": np.zeros((9, 2, 2))}, ValueError, r"X must have shape .*, got \(9, 2, 2\)"),
        ({"X": [[1.0], [2.0, 3.0]]}, ValueError, "inhomogeneous"),
        ({"X": np.zeros(9, complex)}, ValueError, "Complex data not supported"),
        ({"X": list("abcdefghi")}, ValueError, "X must hold numbers, got text"),
        ({"X": [0.0, np.inf] * 5}, ValueError, "Input X contains infinity"),
        ({"y": np.zeros(8)}, ValueError, "y must have one row for each of the 9 rows of X, got 8"),
        ({"y": np.zeros((9, 1, 1))}, ValueError, r"y must have shape .*, got \(9, 1, 1\)"),
        ({"y": 1.0}, ValueError, r"y must have shape .*, got \(\)"),
        ({"y": np.zeros(9, complex)}, ValueError, "y must hold real numbers or labels, got dtype complex128"),
        ({"groups": ["a"] * 8}, ValueError, r"groups must have shape \(9,\), .* got \(8,\)"),
        ({"groups": "id"}, ValueError, r"groups must have shape \(9,\), .* got \(\)"),
        ({"groups": [None] + ["a"] * 8}, ValueError, "groups must name the series of every row"),
        ({"window": 0}, ValueError, "window must be at least 1, got 0"),
        ({"window": 2.5}, TypeError, "window must be an integer of at least 1, got 2.5"),
        ({"window": True}, TypeError, "window must be an integer of at least 1, got True"),
        ({"window": 9}, ValueError, "window=9, gap=0 and horizon=1 need 10 rows, X has 9"),
        ({"horizon": 0}, ValueError, "horizon must be at least 1, got 0"),
        ({"stride": 0}, ValueError, "stride must be at least 1, got 0"),
        ({"gap": -1}, ValueError, "gap must be at least 0, got -1"),
    ],
)
def test_wrong_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        make_windows(**{"X": np.zeros(9), "window": 3, **arguments})


def test_the_guide_runs_as_printed():
    guide = Path(__file__).parents[2] / "docs" / "how-to" / "windows.rst"
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    results = doctest.testfile(str(guide), module_relative=False, optionflags=flags)
    assert results.attempted > 0
    assert results.failed == 0


@pytest.mark.parametrize("n", range(3, 12))
def test_days_follow_each_other_where_clocks_change_at_midnight(n):
    hours = pd.date_range("2024-04-20", "2024-05-02 23:00", freq="h", tz="Africa/Cairo")
    days = pd.DataFrame({"v": np.arange(float(len(hours)))}, hours).resample("D").first()  # the 26th begins at 01:00
    windowing = SlidingWindow(window=2).fit(days[:n])
    assert_array_equal(windowing.transform(days[n:])[0, :, 0], days["v"].to_numpy()[n - 1 : n + 1])
    assert_array_equal(windowing.transform(days[n + 1 :])[0, :, 0], days["v"].iloc[[n + 1, n + 1]])
