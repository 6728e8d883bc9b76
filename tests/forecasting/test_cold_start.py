"""Forecasts of series with almost no readings."""

import numpy as np
import pandas as pd
import pytest
from forecasting_models import make_panel
from lstm_forecasters import SMALL
from numpy.testing import assert_allclose

import tsl
from tsl import LSTMForecaster
from tsl.baselines import SeasonalNaive
from tsl.forecasting import TooShortWarning
from tsl.forecasting.model.cold_start import ColdStart, Regression, _table
from tsl.forecasting.panel.store import MOST_READINGS

DAYS = pd.date_range("2024-01-01", periods=140)
LEVELS = {"x": 10.0, "y": 20.0, "z": 40.0}


def weekly(times):
    return 1 + 0.3 * np.sin(2 * np.pi * times / 7)


def shops(n=24, noise=0.02, seed=0):
    """Shops of three kinds, whose level goes by the kind, with one week in common and offers that double it."""
    rng = np.random.default_rng(seed)
    parts = []
    for k in range(n):
        kind, length = "xyz"[k % 3], 140 - 2 * k
        times, offer = np.arange(140)[-length:], rng.random(length) < 0.2
        y = LEVELS[kind] * weekly(times) * np.where(offer, 2.0, 1.0) * np.exp(noise * rng.normal(size=length))
        parts.append(
            pd.DataFrame({"unique_id": f"s{k}", "ds": DAYS[-length:], "y": y, "kind": kind, "offer": offer * 1})
        )
    return pd.concat(parts, ignore_index=True)


FRAME = shops()
KEYS = {"id_col": "unique_id", "time_col": "ds", "target": "y"}


def new_shop(kind, readings=()):
    times = DAYS[-max(len(readings), 1) :]
    return pd.DataFrame({"unique_id": "new", "ds": times, "y": [*readings] or [np.nan], "kind": kind, "offer": 0})


@pytest.fixture(scope="module")
def model():
    return SeasonalNaive(7, season=7).fit(FRAME[["unique_id", "ds", "y", "kind"]], **KEYS, static=["kind"])


AHEAD = weekly(140 + np.arange(7))


@pytest.mark.parametrize("kind", LEVELS)
def test_a_series_without_readings_is_forecast_by_its_kind_and_the_week(kind, model):
    offers = 1.15  # the geometric mean of what a fifth of the days with offers does
    forecast = model.predict(data=new_shop(kind))
    assert_allclose(forecast["y_pred"], LEVELS[kind] * offers * AHEAD, rtol=0.12)
    assert forecast["ds"].tolist() == list(pd.date_range(DAYS[-1] + pd.Timedelta(days=1), periods=7))


def test_readings_move_the_forecast(model):
    forecasts = {}
    for readings in ((), (50.0,), (50.0, 55.0)):
        forecast = model.predict(data=new_shop("y", readings), level=80)
        forecasts[len(readings)] = forecast["y_pred"].mean()
        assert (forecast["y_pred-lo-80"] < forecast["y_pred"]).all()
        assert (forecast["y_pred"] < forecast["y_pred-hi-80"]).all()
    assert 0 < forecasts[0] < forecasts[1] < forecasts[2]


def test_covariates_known_ahead_count():
    model = LSTMForecaster(7, **{**SMALL, "season": 7, "max_iter": 0}, future=["offer"])
    model.fit(FRAME, **KEYS, static=["kind"])
    given = new_shop("y")
    future = model.make_future_frame(data=given)
    both = [model.predict(data=given, future=future.assign(offer=offer))["y_pred"] for offer in (0, 1)]
    assert_allclose(both[1] / both[0], 2.0, rtol=0.1)
    assert_allclose(both[0], 20 * AHEAD, rtol=0.1)


def test_new_series_beside_known_ones(model):
    several = pd.concat([new_shop("z"), FRAME[FRAME["unique_id"] == "s3"].assign(unique_id="copy")])[
        ["unique_id", "ds", "y", "kind"]
    ]
    forecast = model.predict(data=several, level=80).set_index("unique_id")
    alone = model.predict(data=several[several["unique_id"] == "copy"], level=80).set_index("unique_id")
    pd.testing.assert_frame_equal(forecast.loc[["copy"]], alone)
    pd.testing.assert_series_equal(
        forecast.loc["new", "y_pred"].reset_index(drop=True), model.predict(data=new_shop("z"))["y_pred"]
    )


def test_update_and_data_give_the_same(model, tmp_path):
    given = new_shop("x", (12.0, 11.0))[["unique_id", "ds", "y", "kind"]]
    tsl.save(model, tmp_path / "model.tsl")
    updated = tsl.load(tmp_path / "model.tsl").update(given)
    wanted = model.predict(data=given, level=90)
    found = updated.predict(level=90)
    pd.testing.assert_frame_equal(found[found["unique_id"] == "new"].reset_index(drop=True), wanted)


PLAIN = FRAME[["unique_id", "ds", "y", "kind"]]


@pytest.mark.parametrize("refit", [False, True])
@pytest.mark.parametrize("n_readings", [0, 1, 2, 4])
def test_a_backtest_forecasts_a_new_series_as_predict_did_at_the_cutoff(n_readings, refit):
    new = PLAIN[PLAIN["unique_id"] == "s1"].tail(7 + n_readings).assign(unique_id="new")
    everything = SeasonalNaive(7, season=7).fit(pd.concat([PLAIN, new]), **KEYS, static=["kind"])
    frame = everything.backtest(n_windows=1, level=80, refit=refit, cold_start=True)
    found = frame[frame["unique_id"] == "new"]
    cutoff = DAYS[-8]
    assert (found["cutoff"] == cutoff).all()
    before = SeasonalNaive(7, season=7).fit(PLAIN[PLAIN["ds"] <= cutoff], **KEYS, static=["kind"])
    begin = new[:1].assign(ds=cutoff, y=np.nan)
    wanted = before.predict(data=new[:n_readings] if n_readings else begin, level=80)
    columns = ["ds", "y_pred", "y_pred-lo-80", "y_pred-hi-80"][: 2 if n_readings == 4 else 4]
    pd.testing.assert_frame_equal(found[columns].reset_index(drop=True), wanted[columns])
    assert found["Naive"].isna().all() == found["SeasonalNaive"].isna().all() == (n_readings == 0)


def test_a_backtest_leaves_new_series_out_unless_it_is_told_and_others_are_known():
    new = PLAIN[PLAIN["unique_id"] == "s1"].tail(7).assign(unique_id="new")
    few = pd.concat([PLAIN[PLAIN["unique_id"] < "s12"], new])  # s0, s1, s10, s11
    for frame, cold_start in ((few, True), (pd.concat([PLAIN, new]), False)):
        model = SeasonalNaive(7, season=7).fit(frame, **KEYS, static=["kind"])
        with pytest.warns(TooShortWarning, match="1 series are left out, too short for a window: 'new'"):
            found = model.backtest(n_windows=1, cold_start=cold_start)
        assert "new" not in set(found["unique_id"])
    with pytest.raises(ValueError, match="cold_start must be True or False, got 'yes'"):
        model.backtest(cold_start="yes")


def test_a_backtest_needs_rows_to_fit_on():
    parts = [pd.DataFrame({"unique_id": f"s{k}", "ds": DAYS[k : k + 7], "y": np.arange(7.0) + k}) for k in range(9)]
    model = SeasonalNaive(7, season=1).fit(pd.concat(parts))
    with pytest.warns(TooShortWarning), pytest.raises(ValueError, match="needs rows before its first windows"):
        model.backtest(n_windows=1, cold_start=True)


def test_series_that_began_together_keep_their_windows(model):
    even = PLAIN[PLAIN["ds"] > DAYS[100]]  # 39 rows each: there is room for 4 windows after more than a horizon
    model = SeasonalNaive(7, season=7).fit(even, **KEYS, static=["kind"])
    with pytest.warns(TooShortWarning):
        frames = [model.backtest(n_windows=6, cold_start=cold_start) for cold_start in (False, True)]
    pd.testing.assert_frame_equal(*frames)


@pytest.mark.parametrize("readings", [(), (50.0, 55.0)])
def test_sample_paths_of_new_series(model, readings):
    both = pd.concat([new_shop("y", readings), FRAME[FRAME["unique_id"] == "s3"].assign(unique_id="copy")])
    both = both[["unique_id", "ds", "y", "kind"]]
    paths = model.simulate(400, data=both, random_state=0).set_index("unique_id").filter(like="path").loc["new"]
    forecast = model.predict(data=both, level=80).set_index("unique_id").loc["new"]
    assert_allclose(paths.median(axis=1), forecast["y_pred"], rtol=0.15)  # errors are not quite symmetric
    inside = paths.ge(forecast["y_pred-lo-80"], axis=0) & paths.le(forecast["y_pred-hi-80"], axis=0)
    assert inside.to_numpy().mean() == pytest.approx(0.8, abs=0.08)  # of windows with errors that are much alike


def test_what_others_tell_is_learned_once_until_rows_are_added(monkeypatch):
    model, calls = SeasonalNaive(7, season=7).fit(PLAIN, **KEYS, static=["kind"]), []
    learn = ColdStart.learn
    monkeypatch.setattr(ColdStart, "learn", lambda *known: calls.append(known) or learn(*known))
    given = new_shop("x")[PLAIN.columns]
    first, again = (model.predict(data=given) for _ in range(2))
    model.predict(3, data=given)
    assert [horizon for _, horizon, _ in calls] == [7, 3]
    pd.testing.assert_frame_equal(first, again)
    later = PLAIN[PLAIN["ds"] == DAYS[-1]].assign(ds=DAYS[-1] + pd.Timedelta(days=1))
    model.update(later).predict(data=given)
    assert len(calls) == 3
    assert calls[-1][0].lengths.sum() == len(PLAIN) + len(later)


def test_three_readings_are_enough_for_the_model(model):
    given = new_shop("x", (12.0, 11.0, 13.0))
    assert set(model.predict(data=given)["y_pred"]) == {12.0, 11.0, 13.0}  # the naive forecast: these values again


def test_a_series_without_readings_needs_others():
    few = FRAME[FRAME["unique_id"].isin(["s0", "s1", "s2", "s3"])]
    model = SeasonalNaive(7, season=7).fit(few[["unique_id", "ds", "y"]], **KEYS)
    with pytest.raises(ValueError, match="readings in every series, got none in \\['new'\\]"):
        model.predict(data=new_shop("x"))
    assert model.predict(data=new_shop("x", (12.0,)))["y_pred"].tolist() == [12.0] * 7
    many = pd.concat([few, *(new_shop("x", (1.0,)).assign(unique_id=f"short{k}") for k in range(3))])
    model = SeasonalNaive(7, season=7).fit(many[["unique_id", "ds", "y"]], **KEYS)
    with pytest.raises(ValueError, match="needs 5 known series of more than 2 readings to be forecast from, got 4"):
        model.predict(data=new_shop("x"))


def test_intervals_cover_series_that_were_left_out():
    frame = shops(60, noise=0.3, seed=1)
    inside = []
    for k in range(0, 60, 4):
        known, own = frame[frame["unique_id"] != f"s{k}"], frame[frame["unique_id"] == f"s{k}"]
        model = SeasonalNaive(7, season=7).fit(known[["unique_id", "ds", "y", "kind"]], **KEYS, static=["kind"])
        begin = own.iloc[:1].assign(y=np.nan)
        forecast = model.predict(data=begin, level=80)
        truth = own["y"].to_numpy()[1:8]
        inside.append(((forecast["y_pred-lo-80"] <= truth) & (truth <= forecast["y_pred-hi-80"])).mean())
    # the errors of a series are all but independent here: 105 of them have a standard deviation of 4 %
    assert np.mean(inside) == pytest.approx(0.8, abs=0.1)


def test_the_effect_of_age():
    """Series of unlike levels that double over their first days: the effect is that of age, not of the levels."""
    n_series, length = 30, 40
    age, rng = np.arange(length), np.random.default_rng(0)
    ramp = 5 * np.exp(-age / 4)
    values = 100 * rng.normal(size=(n_series, 1)) - ramp + 0 * age
    starts = 1 + np.arange(n_series)
    places = starts[:, None] + age
    panel = make_panel(*values)
    _, rows = _table(panel, np.arange(200))
    rows = rows._replace(places=places, ages=np.broadcast_to(age.astype(float), places.shape))
    regression = Regression.fit(rows, values, 4, 4, True)
    expected = regression.predict(rows)[0]
    assert_allclose(expected - expected[-1], -ramp + ramp[-1], atol=0.35)  # less the shrinkage of one in 31 series


def test_a_reading_is_worth_what_it_was_in_others():
    rng = np.random.default_rng(0)
    panel = make_panel(*(3 * rng.normal() + rng.normal(size=50) for _ in range(200)))
    found = ColdStart.learn(panel, 4, 1)
    assert not found.is_log
    assert found.shrinkage == pytest.approx(1 / 9, rel=0.25)  # the variance within over that between
    assert found.errors.shape[1] == MOST_READINGS + 4
    # after two readings: the variance of a reading, and what is left of the level, 1 / (1 / 9 + 2)
    (_, quantiles) = found.forecast(make_panel([1.0, 2.0]), np.array([1]), 1, [0.9])
    assert quantiles.shape == (1, 1, 1)
    points, quantiles = found.forecast(make_panel([1.0, 2.0, 0.0]), np.array([2]), 1, [0.9])
    level = 3 / (2 + 1 / 9)
    assert points[0, 0] == pytest.approx(level, abs=0.2)
    assert quantiles[0, 0, 0] - points[0, 0] == pytest.approx(1.28 * np.sqrt(1 + 1 / (2 + 1 / 9)), rel=0.1)
