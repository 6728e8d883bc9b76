"""The LSTM behind the forecaster interface."""

import copy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from lstm_forecasters import SMALL, TIMES, fitted_forecaster, make_frame
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from tsl import LSTMForecaster
from tsl.forecasting import ShortSeriesWarning
from tsl.forecasting.model.trained import N_DRAWS
from tsl.forecasting.model.windows import SeriesWindows
from tsl.network import Network


@pytest.fixture(scope="module")
def fitted():
    return fitted_forecaster()


# --- forecasts --------------------------------------------------------------------------------------------------


def test_forecasts_follow_the_wave(fitted):
    longer = make_frame().index[-1] + pd.Timedelta(days=1)
    forecast = fitted.predict()
    assert forecast.index[0] == longer
    wave = np.sin(2 * np.pi * np.arange(240, 246) / 12)
    assert_allclose(forecast["a"], 20 + 3 * wave, atol=0.5)  # five times the noise
    assert_allclose(forecast["c"], 100 + 10 * wave, atol=1.0)


def test_same_seed_same_forecast_on_any_number_of_threads(fitted):
    again = LSTMForecaster(6, **SMALL, n_threads=1).fit(make_frame())
    pd.testing.assert_frame_equal(again.predict(), fitted.predict())
    other = LSTMForecaster(6, **{**SMALL, "random_state": 1}).fit(make_frame())
    assert not np.array_equal(other.predict(), fitted.predict())


def test_forecasts_go_along_with_the_unit_and_the_zero():
    frame = make_frame()
    plain, moved = (LSTMForecaster(6, **SMALL).fit(each).predict() for each in (frame, -1000 + 0.01 * frame))
    assert_allclose(moved, -1000 + 0.01 * plain, rtol=0, atol=0.01 * 0.05)  # windows are relative, but float32


@pytest.mark.parametrize(
    "change",
    [
        {"window": 36}, {"season": 6}, {"segment": 6}, {"hidden_size": (8, 4)}, {"n_layers": 2},
        {"embedding_size": None}, {"dropout": 0.6}, {"linear": False, "max_iter": 100}, {"scaling": "level"},
        {"scaling": None},
        {"differences": 12}, {"target_transform": "log"}, {"target_transform": "sqrt"}, {"target_transform": "box-cox"},
        {"loss": "squared_error"},
        {"loss": "huber"}, {"loss": "quantile", "quantiles": [0.3, 0.6, 0.9]}, {"strategy": "recursive"},
        {"n_models": 2}, {"calendar": ["dayofweek"]}, {"solver": "adamw", "alpha": 1.0}, {"solver": "rmsprop"},
        {"alpha": 0.1}, {"learning_rate_init": 1e-2}, {"batch_size": 64}, {"max_iter": 10}, {"max_iter": 0},
        {"clip_norm": 0.01},
    ],
    ids=str,
)  # fmt: skip
def test_every_option_changes_the_forecast_and_none_spoils_it(fitted, change):
    forecast = LSTMForecaster(6, **{**SMALL, **change}).fit(make_frame()).predict()
    assert not np.array_equal(forecast, fitted.predict())
    wave = np.sin(2 * np.pi * np.arange(240, 246) / 12)
    assert_allclose(forecast["a"], 20 + 3 * wave, atol=3.0)  # no worse than knowing the level alone


def test_what_is_given_is_not_chosen(fitted):
    assert fitted.windowing_.window == 24
    assert fitted.windowing_.lag == 0
    assert (fitted.season_, fitted.n_steps_) == (12, 30)


@pytest.mark.parametrize("scaling", ["auto", "level"])
def test_calibration_keeps_what_was_chosen(scaling):
    model = LSTMForecaster(6, hidden_size=8, scaling=scaling, max_iter=50, random_state=0).fit(make_frame())
    twin = model._clone_with_choices().fit(make_frame())
    assert (twin.windowing_, twin.season_, twin.n_steps_) == (model.windowing_, model.season_, model.n_steps_)


def test_several_models_are_averaged():
    model = LSTMForecaster(6, **{**SMALL, "n_models": 3}).fit(make_frame())
    total = 0.0
    shares = np.array([member.weight for member in model.members_]) if model._shares is None else model._shares.known
    for network, member, share in zip(model.networks_, model.members_, shares.T, strict=True):
        alone = copy.copy(model)
        alone.networks_, alone.members_, alone._shares = [network], [replace(member, weight=1.0)], None
        total = total + share * alone.predict()
    assert [member.kind for member in model.members_[:4]] == ["lstm"] * 3 + ["seasonal mean"]
    assert_allclose(model.predict(), total, rtol=1e-6)


# --- horizons ---------------------------------------------------------------------------------------------------


def test_a_longer_horizon_rolls_on(fitted):
    longer = fitted.predict(20)
    pd.testing.assert_frame_equal(longer.iloc[:6], fitted.predict(), check_freq=False)
    wave = np.sin(2 * np.pi * np.arange(240, 260) / 12)
    assert_allclose(longer["c"], 100 + 10 * wave, atol=2.0)


def test_rolling_on_is_forecasting_from_the_forecast(fitted):
    continued = pd.concat([make_frame(), fitted.predict()])
    pd.testing.assert_frame_equal(
        fitted.predict(12).iloc[6:], fitted.predict(6, data=continued), check_freq=False, rtol=1e-4
    )


# --- quantiles and intervals ------------------------------------------------------------------------------------


def test_trained_quantiles_do_not_cross_and_are_interpolated():
    model = LSTMForecaster(6, **SMALL, loss="quantile", quantiles=[0.1, 0.5, 0.9]).fit(make_frame()["a"])
    frame = model.predict(level=80, quantiles=[0.3])
    assert (frame["y_pred-lo-80"] <= frame["y_pred-q0.3"]).all()
    assert (frame["y_pred-q0.3"] <= frame["y_pred"]).all()
    assert (frame["y_pred"] <= frame["y_pred-hi-80"]).all()
    assert_allclose(frame["y_pred-q0.3"], (frame["y_pred-lo-80"] + frame["y_pred"]) / 2, rtol=1e-9)
    with pytest.raises(ValueError, match=r"between those that were trained, 0.1 and 0.9, got 0.0"):
        model.predict(level=95)


def test_calibrated_intervals_hold_the_truth_as_often_as_they_say():
    frame = make_frame(240)
    backtest = LSTMForecaster(6, **SMALL).fit(frame).backtest(n_windows=8, level=80)
    inside = (backtest["y_pred-lo-80"] <= backtest["y"]) & (backtest["y"] <= backtest["y_pred-hi-80"])
    assert 0.65 < inside.mean() < 0.95  # of 144


def test_intervals_by_dropout():
    model = LSTMForecaster(6, **SMALL, intervals="dropout").fit(make_frame()["a"])
    frame = model.predict(level=[50, 90])
    assert (frame["y_pred-hi-90"] > frame["y_pred-lo-90"]).all()
    width = [(frame[f"y_pred-hi-{level}"] - frame[f"y_pred-lo-{level}"]).mean() for level in (50, 90)]
    assert width[0] < width[1]
    pd.testing.assert_frame_equal(model.predict(level=[50, 90]), frame)


def counted(monkeypatch, owner, name):
    """The calls of a method, a growing list."""
    calls, original = [], getattr(owner, name)

    def call(self, *args, **options):
        calls.append(args)
        return original(self, *args, **options)

    monkeypatch.setattr(owner, name, call)
    return calls


def test_the_network_runs_once_for_points_and_trained_quantiles(monkeypatch):
    model = LSTMForecaster(6, **SMALL, loss="quantile", quantiles=[0.1, 0.5, 0.9]).fit(make_frame())
    runs = counted(monkeypatch, Network, "forward")
    model.predict(level=80)
    assert len(runs) == 1
    model.predict(12, level=80)  # two horizons, one after the other
    assert len(runs) == 3


def test_all_draws_of_dropout_share_their_windows(monkeypatch):
    model = LSTMForecaster(6, **SMALL, intervals="dropout").fit(make_frame())
    runs = counted(monkeypatch, Network, "forward")
    builds = [counted(monkeypatch, SeriesWindows, name) for name in ("__init__", "sequences")]
    model.predict(level=80)
    assert len(runs) == 1 + N_DRAWS
    assert [len(calls) for calls in builds] == [1, 1]


# --- covariates, weights, missing values ------------------------------------------------------------------------


def offers():
    rng = np.random.default_rng(0)
    offer = rng.integers(2, size=240).astype(float)
    sales = 20 + 10 * offer + 0.1 * rng.normal(size=240)
    return pd.DataFrame({"sales": sales, "offer": offer, "rain": rng.normal(size=240)}, TIMES)


def test_covariates_known_ahead_are_used():
    frame = offers()
    model = LSTMForecaster(6, **SMALL, past=[], future=["offer"]).fit(frame[["sales", "offer"]], target="sales")
    future = model.make_future_frame()
    future["offer"] = [0.0, 1.0, 1.0, 0.0, 1.0, 0.0]
    assert_allclose(model.predict(future=future)["y_pred"], 20 + 10 * future["offer"], atol=1.5)


def test_past_covariates_are_used():
    frame = offers()
    frame["sales"] = np.concatenate([[20.0], 20 + 10 * frame["offer"].to_numpy()[:-1]])  # a day after
    errors = []
    for past in ([], ["offer"]):
        model = LSTMForecaster(1, **{**SMALL, "max_iter": 300}, past=past).fit(frame, target="sales")
        backtest = model.backtest(n_windows=20)
        errors.append((backtest["sales"] - backtest["y_pred"]).abs().mean())
    assert errors[1] < 0.3 * errors[0]


def test_past_covariates_forbid_rolling_on():
    model = LSTMForecaster(6, **SMALL).fit(offers(), target="sales")
    with pytest.raises(ValueError, match="horizon must be at most 6, as trained, where past covariates are used"):
        model.predict(7)


def long_frame():
    frame = make_frame().rename_axis("ds").reset_index().melt("ds", var_name="unique_id", value_name="y")
    return frame.assign(size=frame["unique_id"].map({"a": 1.0, "b": 0.0, "c": 2.0}))


def test_static_covariates_are_read():
    plain = LSTMForecaster(6, **SMALL).fit(long_frame().drop(columns="size"))
    told = LSTMForecaster(6, **SMALL).fit(long_frame(), static=["size"])
    assert not np.array_equal(plain.predict()["y_pred"], told.predict()["y_pred"])


def test_rows_without_weight_are_not_learned_from():
    frame = long_frame().drop(columns="size")
    weights = (frame["unique_id"] == "a").to_numpy(float)
    spoilt = frame.copy()
    spoilt.loc[weights == 0, "y"] = np.random.default_rng(0).normal(size=int((weights == 0).sum()))
    one, other = (LSTMForecaster(6, **SMALL).fit(each, sample_weight=weights).predict() for each in (frame, spoilt))
    assert_array_equal(one.query("unique_id == 'a'")["y_pred"], other.query("unique_id == 'a'")["y_pred"])


@pytest.mark.parametrize("missing", ["interpolate", "ffill", "mask"])
def test_missing_values(missing):
    frame = make_frame()["a"]
    frame.iloc[::7] = np.nan
    forecast = LSTMForecaster(6, **SMALL, missing=missing).fit(frame).predict()
    wave = np.sin(2 * np.pi * np.arange(240, 246) / 12)
    assert_allclose(forecast, 20 + 3 * wave, atol=1.5)


# --- newer rows, other series, backtests ------------------------------------------------------------------------


def test_update_is_what_data_says(fitted):
    newer = make_frame(240, seed=1).set_axis(TIMES + pd.Timedelta(days=240))
    model = copy.deepcopy(fitted)
    expected = model.predict(data=newer)
    pd.testing.assert_frame_equal(model.update(newer).predict(), expected)
    assert not np.array_equal(expected, fitted.predict())


def test_a_backtest_does_not_see_what_follows():
    frame = make_frame()
    changed = frame.copy()
    changed.iloc[-6:] = 1e3
    model = LSTMForecaster(6, **SMALL)
    plain, other = (clone(model).fit(each).backtest(n_windows=2, level=80) for each in (frame, changed))
    columns = ["y_pred", "y_pred-lo-80", "y_pred-hi-80", "Naive"]
    pd.testing.assert_frame_equal(plain[columns], other[columns])


def test_other_series_are_forecast_without_fitting(fitted):
    new = pd.Series(1e3 + 50 * np.sin(2 * np.pi * np.arange(240) / 12), TIMES)
    frame = pd.DataFrame({"new": new})
    wave = np.sin(2 * np.pi * np.arange(240, 246) / 12)
    assert_allclose(fitted.predict(data=frame)["new"], 1e3 + 50 * wave, atol=10.0)


def test_short_series():
    frame = long_frame().drop(columns="size")
    short = frame[(frame["unique_id"] != "b") | (frame["ds"] < TIMES[20])]
    for how in ("pad", "skip"):
        model = LSTMForecaster(6, **SMALL, short=how)
        if how == "skip":
            with pytest.warns(ShortSeriesWarning, match=r"1 series are shorter than the 30 rows .*'b'"):
                model.fit(short)
        else:
            model.fit(short)
        assert len(model.predict()) == 18
    with pytest.raises(ValueError, match="short='skip' leaves them out"):
        LSTMForecaster(6, **SMALL, short="error").fit(short)
    with pytest.raises(ValueError, match="horizon=6 leaves nothing to learn from: the longest series has 5 rows"):
        LSTMForecaster(6, **SMALL).fit(make_frame(5))


def test_a_constant_series_stays_what_it_is():
    forecast = LSTMForecaster(6, **SMALL).fit(pd.Series(5.0, TIMES)).predict(level=80)
    assert_allclose(forecast, 5.0, rtol=1e-12)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"hidden_size": ()}, "hidden_size must be an int from 1 up, or a tuple of them"),
        ({"quantiles": [0.1]}, "quantiles and loss='quantile' go together"),
        ({"loss": "quantile"}, "quantiles and loss='quantile' go together"),
        ({"loss": "quantile", "quantiles": [0.9, 0.1]}, "quantiles must be numbers between 0 and 1 in ascending order"),
        ({"intervals": "dropout", "dropout": 0.0}, "intervals='dropout' needs dropout above 0"),
        ({"window": 0}, "'window' parameter"),
        ({"scaling": "no"}, "'scaling' parameter"),
        ({"short": "drop"}, "'short' parameter"),
    ],
)
def test_wrong_parameters_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        LSTMForecaster(6, **{**SMALL, **wrong}).fit(make_frame())
