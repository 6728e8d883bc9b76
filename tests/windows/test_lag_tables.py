"""Tables of lags from other packages: the order of time, and a scale for each column."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from regressor_problem import small

import tsl
from tsl import LSTMClassifier, LSTMRegressor
from tsl.windows import SlidingWindow, WindowLayoutWarning
from tsl.windows._lags import channel_names, lag_columns

N_STEPS = 5
RNG = np.random.default_rng(0)
SERIES = RNG.normal(size=(60, 2)).cumsum(axis=0)
WINDOWS = np.stack([SERIES[i : i + N_STEPS] for i in range(len(SERIES) - N_STEPS)])  # (n, T, 2), the oldest first
Y = SERIES[N_STEPS:, 0]
EXTRA = RNG.normal(size=len(Y))
NEWEST_FIRST = WINDOWS[:, ::-1, 0]

# What a column is called that is so many rows before the one to be predicted.
NAMES = {
    "skforecast": lambda channel, lag: f"lag_{lag}" if channel == "y" else f"{channel}_lag_{lag}",
    "mlforecast": lambda channel, lag: f"lag{lag}" if channel == "y" else f"{channel}_lag{lag}",
    "Darts": lambda channel, lag: f"{channel}_target_lag-{lag}",
    "sktime": lambda channel, lag: f"lag_{lag}__{channel}",
    "series_to_supervised": lambda channel, lag: f"{channel}(t-{lag})",
    "offsets": lambda channel, lag: f"{channel}_t-{lag}",
    "statsmodels": lambda channel, lag: f"{channel}.L{lag}",
    "statsmodels, in front": lambda channel, lag: f"L{lag}.{channel}",
    "feature-engine": lambda channel, lag: f"{channel}_lag_{lag}h",
    "by hand": lambda channel, lag: f"{channel} shift({lag})",
}


def lag_table(name, channels="yx", lags=range(1, N_STEPS + 1)):
    """Newest first, channel after channel, then a covariate."""
    columns = {name(channel, lag): WINDOWS[:, -lag, number] for number, channel in enumerate(channels) for lag in lags}
    return pd.DataFrame({**columns, "holiday": EXTRA})


def with_constant(windows):
    return np.concatenate([windows, np.broadcast_to(EXTRA[:, None, None], (*windows.shape[:2], 1))], axis=2)


# --- names ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_names_of_any_package_put_columns_in_order(name, data):
    channels = data.draw(st.lists(st.sampled_from(["y", "x", "OT", "a b", "q1"]), min_size=1, max_size=3, unique=True))
    lags = data.draw(st.lists(st.integers(1, 400), min_size=2, max_size=6, unique=True))
    columns = [(channel, lag) for channel in channels for lag in lags] + [("month", None), ("flag1", None)]
    columns = data.draw(st.permutations(columns))
    found = lag_columns([channel if lag is None else name(channel, lag) for channel, lag in columns])
    order = list(dict.fromkeys(channel for channel, _ in columns))
    steps = sorted(lags, reverse=True)
    wanted = [[columns.index((c, lag if c in channels else None)) for c in order] for lag in steps]
    assert_array_equal(found, wanted)


@pytest.mark.parametrize(("package", "name"), NAMES.items(), ids=NAMES)
def test_channels_are_named_without_their_lags(package, name):
    own = {"skforecast": "lag", "mlforecast": "lag", "Darts": "y_target", "feature-engine": "y_h"}.get(package, "y")
    names = [name(channel, lag) for lag in (1, 2) for channel in "yx"] + ["month"]
    assert channel_names(names) == [own, own.replace("y", "x").replace("lag", "x"), "month"]


def test_channels_with_other_lags_have_the_nearest_one():
    names = ["y_target_lag-3", "y_target_lag-2", "y_target_lag-1", "f_futcov_lag0", "f_futcov_lag1", "g_futcov_lag1"]
    assert_array_equal(lag_columns(names), [[0, 3, 5], [1, 3, 5], [2, 3, 5], [2, 3, 5], [2, 4, 5]])
    # what is not far back is far back by its oldest lag, and a lag alone is no step of its own
    assert_array_equal(
        lag_columns(["lag1", "lag2", "lag24", "rolling_mean_lag48_window_size7"]), [[2, 3], [1, 3], [0, 3]]
    )


def test_the_present_is_lag_0():
    assert_array_equal(lag_columns(["y(t)", "y(t-1)", "x(t)", "t"]), [[1, 2, 3], [0, 2, 3]])
    assert_array_equal(lag_columns(["y_t+1", "y_t", "y_t-1"]), [[2], [1], [0]])


@pytest.mark.parametrize(
    "names", [["a", "b"], ["flag1", "flag2"], ["t"], ["weight", "y_t"], ["1", "2"], ["T-shirt", "L2"]]
)
def test_other_names_are_no_lags(names):
    assert lag_columns(names) is None or names[1] == "L2"


def test_a_lag_twice_is_named():
    with pytest.raises(ValueError, match="one column for each lag, got 'lag_1' and 'lag_01'"):
        small().fit(pd.DataFrame(WINDOWS[:, :2, 0], columns=["lag_1", "lag_01"]), Y)


# --- estimators -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_frame_of_lags_is_read_as_its_windows(name):
    table, windows = lag_table(name), with_constant(WINDOWS)
    model, wanted = small().fit(table, Y), small().fit(windows, Y)
    assert_array_equal(model.predict(table), wanted.predict(windows))
    assert (model.n_timesteps_in_, model.n_channels_in_, model.n_features_in_) == (N_STEPS, 3, 2 * N_STEPS + 1)
    assert_array_equal(model.predict(windows), wanted.predict(windows))
    with pytest.warns(UserWarning, match="X does not have valid feature names"):  # as skforecast calls it
        assert_array_equal(model.predict(table.to_numpy()), wanted.predict(windows))
    shuffled = table[table.columns[::-1]]
    other = small().fit(shuffled, Y)
    assert_allclose(other.input_scaling_.mean, model.input_scaling_.mean[[2, 1, 0]], rtol=1e-12)


def test_classifiers_and_frames_of_other_libraries_and_names_for_an_array():
    polars = pytest.importorskip("polars", reason="extra 'test'")
    table, windows = lag_table(NAMES["mlforecast"]), with_constant(WINDOWS)
    wanted = small().fit(windows, Y).predict(windows)
    frame = polars.DataFrame({name: table[name].to_numpy() for name in table})
    assert_array_equal(small().fit(frame, Y).predict(frame), wanted)
    for names in (list(table), tuple(table), table.columns, table.columns.to_numpy()):
        assert_array_equal(small(layout=names).fit(table.to_numpy(), Y).predict(table.to_numpy()), wanted)
    labels = Y > 0
    classifier = LSTMClassifier(hidden_size=4, max_iter=3, random_state=0)
    wanted = classifier.fit(windows, labels).predict_proba(windows)
    assert_array_equal(classifier.fit(table, labels).predict_proba(table), wanted)


def test_flat_windows_of_ours_know_their_channels():
    windowing = SlidingWindow(N_STEPS, output="flat").set_output(transform="pandas")
    flat = windowing.fit_transform(pd.DataFrame(SERIES, columns=["a", "b"]))
    assert small().fit(flat, SERIES[:, 0]).n_channels_in_ == 2


@pytest.mark.parametrize("n_channels", [1, 2])
def test_orders_of_time_and_of_axes(n_channels):
    windows = WINDOWS[:, :, :n_channels]
    wanted = small().fit(windows, Y).predict(windows)
    n = len(windows)
    turned, backwards = windows.swapaxes(1, 2), windows[:, ::-1]
    for X, parameters in [
        (backwards, {"time_order": "newest_first"}),
        (backwards.reshape(n, -1), {"time_order": "newest_first", "n_channels": n_channels}),
        (turned, {"layout": "channel_time"}),
        (turned.reshape(n, -1), {"layout": "channel_time", "n_channels": n_channels}),
        (turned[:, :, ::-1], {"layout": "channel_time", "time_order": "newest_first"}),
        (
            turned[:, :, ::-1].reshape(n, -1),
            {"layout": "channel_time", "time_order": "newest_first", "n_channels": n_channels},
        ),
    ]:
        assert_array_equal(small(**parameters).fit(X, Y).predict(X), wanted)
    ragged, longer = [*windows[:-1], windows[-1, 1:]], small().fit([*windows[:-1], windows[-1, 1:]], Y)
    mirrored = [window.T[:, ::-1] for window in ragged]
    model = small(layout="channel_time", time_order="newest_first").fit(mirrored, Y)
    assert_array_equal(model.predict(mirrored), longer.predict(ragged))


def test_positions_count_where_the_order_is_given():
    table = lag_table(NAMES["skforecast"]).drop(columns="holiday").iloc[:, :N_STEPS]
    wanted = small(n_channels=1).fit(WINDOWS[:, :, 0], Y).predict(WINDOWS[:, :, 0])
    assert_array_equal(small(time_order="newest_first").fit(table, Y).predict(table), wanted)
    backwards = small(time_order="oldest_first").fit(table, Y)
    assert backwards.columns_ is None
    assert not np.array_equal(backwards.predict(table), wanted)


def test_what_contradicts_itself_is_refused():
    table = lag_table(NAMES["skforecast"])
    with pytest.raises(
        ValueError, match="n_channels=1 does not agree with the names of X, which are 3 channels of 5 steps"
    ):
        small(n_channels=1).fit(table, Y)
    with pytest.raises(ValueError, match="layout must name each of the 11 columns of X, got 2 names"):
        small(layout=["lag_1", "lag_2"]).fit(table.to_numpy(), Y)
    with pytest.raises(ValueError, match="layout must have names of lags such as 'lag_1'"):
        small(layout=list("abcde")).fit(WINDOWS[:, :, 0], Y)
    with pytest.raises(ValueError, match="The 'time_order' parameter"):
        small(time_order="backwards").fit(table, Y)
    with pytest.raises(ValueError, match="The 'layout' parameter"):
        small(layout="channels").fit(table, Y)


def test_what_names_told_is_saved(tmp_path):
    table = lag_table(NAMES["Darts"])
    for parameters, X in [({}, table), ({"layout": list(table)}, table.to_numpy()), ({}, wide_apart()[0])]:
        model = small(**parameters).fit(X, Y)
        tsl.save(model, tmp_path / "model.tsl")
        assert_array_equal(tsl.load(tmp_path / "model.tsl").predict(X), model.predict(X))


def test_training_goes_on_in_the_same_order():
    table, windows = lag_table(NAMES["mlforecast"]), with_constant(WINDOWS)
    model, wanted = small().partial_fit(table, Y), small().partial_fit(windows, Y)
    model.partial_fit(table, Y)
    assert_array_equal(model.predict(table), wanted.partial_fit(windows, Y).predict(windows))


# --- warnings -------------------------------------------------------------------------------------------------------


def standardised(table):
    return (table - table.mean(axis=0)) / table.std(axis=0)


@pytest.mark.parametrize(
    ("X", "parameters", "message"),
    [
        (NEWEST_FIRST, {}, "the newest step is the first: give time_order="),
        (standardised(NEWEST_FIRST), {}, "the newest step is the first: give time_order="),
        (np.column_stack([NEWEST_FIRST, EXTRA]), {}, "some columns are lags, the newest first, and others are not"),
        (WINDOWS[:, ::-1], {}, "the newest step is the first: give time_order="),
        (WINDOWS[:, ::-1].reshape(len(Y), -1), {"n_channels": 2}, "the newest step is the first: give time_order="),
        (WINDOWS.reshape(len(Y), -1), {}, "each step has 2 channels side by side: give n_channels=2"),
        (
            WINDOWS.swapaxes(1, 2).reshape(len(Y), -1),
            {},
            "2 windows one after the other: give n_channels=2 and layout='channel_time'",
        ),
        (WINDOWS[:, None, :, 0], {}, "windows of 1 step of 5 channels. If time is its last axis"),
        (RNG.normal(size=(len(Y), 2, 20)), {}, "windows of 2 steps of 20 channels. If time is its last axis"),
    ],
)
def test_what_looks_wrong_is_warned_of(X, parameters, message):
    with pytest.warns(WindowLayoutWarning, match=message) as caught:
        small(**parameters).fit(X, Y)
    assert caught[0].filename == __file__
    silent = {"layout": "time_channel"} if "last axis" in message else {"time_order": "oldest_first"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small(**parameters, **silent).fit(X, Y)


@pytest.mark.parametrize(
    "X",
    [
        WINDOWS,
        WINDOWS[:, :, 0],
        WINDOWS[::3, :, 0],
        NEWEST_FIRST[RNG.permutation(len(Y))],  # nothing to tell it by
        np.column_stack([WINDOWS[:, :, 0], EXTRA]),
        np.zeros((len(Y), 4)),
        np.tile(np.arange(len(Y))[:, None], (1, 3)),
        RNG.integers(0, 2, size=(len(Y), 6)),
        (RNG.random((len(Y), 6)) < 0.03).astype(float),
        RNG.normal(size=(len(Y), 1, 3)),
        RNG.normal(size=(len(Y), 4, 30)),
        NEWEST_FIRST[:5],
    ],
)
def test_what_looks_right_is_not_warned_of(X):
    small().fit(X, Y[: len(X)])


# --- scales ---------------------------------------------------------------------------------------------------------


def wide_apart():
    """A table whose columns have nothing to do with each other, and the same standardised."""
    level, spread = np.array([0.0, 1e5, -3.0, 1e-6]), np.array([1.0, 1e3, 40.0, 1e-7])
    standard = np.random.default_rng(3).normal(size=(len(Y), 4))
    standard = (standard - standard.mean(axis=0)) / standard.std(axis=0)
    return standard * spread + level, standard


@pytest.mark.parametrize("Estimator", [LSTMRegressor, LSTMClassifier])
def test_columns_that_are_no_steps_have_their_own_scales(Estimator):
    table, standard = wide_apart()
    target = Y if Estimator is LSTMRegressor else Y > 0
    names = ["predict", "predict_proba"][Estimator is LSTMClassifier]
    results = [
        getattr(Estimator(hidden_size=4, max_iter=3, random_state=0, dtype="float64").fit(X, target), names)(X)
        for X in (table, standard, pd.DataFrame(table, columns=list("abcd")))
    ]
    assert_allclose(results[0], results[1], rtol=1e-7)
    assert_array_equal(results[2], results[0])


@settings(max_examples=15, deadline=None)
@given(
    level=st.sampled_from([-1e9, -1e5, 0.0, 1e3, 1e7]),
    spread=st.sampled_from([1e-9, 1e-3, 1.0, 1e4]),
    seed=st.integers(0, 99),
)
def test_a_covariate_of_any_size_leaves_the_lags_as_they_are(level, spread, seed):
    covariate = level + spread * np.random.default_rng(seed).normal(size=len(Y))
    lags = WINDOWS[:, :, 0]
    model = small(max_iter=1).fit(np.column_stack([lags, covariate]), Y)
    scale = model.input_scaling_.scale.ravel()
    assert scale[0] < 3 * lags[:, 0].std()  # 1e5 times that with one scale for all


def test_steps_of_one_channel_have_one_scale():
    windows = WINDOWS[:, :, 0]
    for X, parameters in [
        (windows, {}),
        (windows[RNG.permutation(len(Y))], {}),
        (windows[:15] * [1, 1, 1, 1, 1e6], {}),  # so few deviations say nothing
        (wide_apart()[0], {"n_channels": 1}),
        (wide_apart()[0][:, :, None], {}),
        (np.linspace(0, 1e6, 60)[np.arange(25)[:, None] + np.arange(30)], {}),  # a trend, in the order of time
    ]:
        assert small(**parameters).fit(X, np.arange(len(X))).input_scaling_.mean.shape == (1,)


def test_columns_with_scales_of_their_own_cannot_be_more_or_fewer():
    table, _ = wide_apart()
    model = small().fit(table, Y)
    assert_array_equal(model.predict(table[:, :, None]), model.predict(table))
    with pytest.raises(ValueError, match="X must have the 4 columns of fit, each of which has its own scale"):
        model.predict(np.ones((3, 5, 1)))


def test_scales_are_learned_from_the_training_part():
    table, _ = wide_apart()
    held_out = table.copy()
    held_out[-3:] *= 100
    parameters = {"early_stopping": True, "validation_fraction": 0.1}
    first, second = (small(**parameters).fit(X, Y) for X in (table, held_out))
    assert_array_equal(first.input_scaling_.mean, second.input_scaling_.mean)
    weights = np.where(np.arange(len(Y)) < 50, 1.0, 0.0)
    assert_allclose(small().fit(table, Y, weights).input_scaling_.mean[:, 0], table[:50].mean(axis=0))


@pytest.mark.parametrize(("level", "spread", "n_scales"), [(4.0, 1.0, 1), (6.0, 1.0, 4), (0.0, 4.0, 1), (0.0, 6.0, 4)])
def test_scales_are_apart_from_five_times_on(level, spread, n_scales):
    _, table = wide_apart()
    table[:, 2] = level + spread * table[:, 2]
    assert small(max_iter=1).fit(table, Y).input_scaling_.mean.size == n_scales
