"""The forecaster on a cluster of threads: bit for bit the same as on one machine."""

import warnings

import numpy as np
import pandas as pd
import pytest
from dask_frames import QUICK, assert_same, cut, in_order, weights_of
from numpy.testing import assert_array_equal
from replica_frames import GIVEN, long_frame

import tsl
from tsl import LSTMForecaster
from tsl._outliers import OutlierWarning
from tsl.forecasting import TooShortWarning
from tsl.training import TrainingInterruptedWarning

pytest.importorskip("distributed")
from tsl.dask import DaskLSTMForecaster


@pytest.fixture(scope="module")
def local():
    return LSTMForecaster(6, **GIVEN).fit(long_frame())


@pytest.fixture(scope="module")
def fitted(client):
    return DaskLSTMForecaster(6, client=client, **GIVEN).fit(cut(long_frame()))


# --- the same as on one machine -----------------------------------------------------------------------------------


def test_forecasts_are_those_of_one_machine(fitted, local):
    assert_array_equal(weights_of(fitted.model_), weights_of(local))
    assert fitted.model_.history_[0].loss == local.history_[0].loss
    assert_same(fitted.predict(), local.predict())
    assert_same(fitted.predict(8, level=80, quantiles=[0.3]), local.predict(8, level=80, quantiles=[0.3]))


def test_forecasts_of_other_rows_are_those_of_one_machine(fitted, local):
    newer = long_frame(9).groupby("unique_id").tail(30)  # of two series that are new
    newer = newer.assign(ds=newer["ds"] + pd.Timedelta(days=30))
    assert_same(fitted.predict(data=cut(newer, 50)), local.predict(data=newer))


def test_evaluation_is_that_of_one_machine(fitted, local):
    assert_same(fitted.backtest(n_windows=2, step=3), local.backtest(n_windows=2, step=3))
    assert fitted.score() == pytest.approx(local.score(), rel=1e-12)  # but for the order of a sum


@pytest.mark.parametrize("kind", ["int64", "category"])
def test_ids_of_any_type(client, kind):
    frame = long_frame()
    numbers = frame["unique_id"].str[1:].astype(int)
    frame["unique_id"] = (numbers if kind == "int64" else frame["unique_id"]).astype(kind)
    model = DaskLSTMForecaster(6, client=client, **QUICK).fit(frame)  # a frame of pandas is scattered
    assert_same(model.predict(), LSTMForecaster(6, **QUICK).fit(frame).predict())


def test_covariates_weights_and_one_long_series(client):
    rng = np.random.default_rng(0)
    long = long_frame(1).assign(unique_id="long")
    long = pd.concat([long, *(long.assign(ds=long["ds"] - pd.Timedelta(days=100 * k)) for k in (1, 2, 3))])
    frame = pd.concat([long_frame(), long], ignore_index=True)
    frame["price"], frame["weight"] = rng.normal(size=len(frame)), rng.uniform(size=len(frame))
    frame["kind"] = frame["unique_id"].map(lambda name: "odd" if name[-1] in "135" else "even")
    options = {**QUICK, "future": ["price"], "past": []}
    roles = {"static": ["kind"], "sample_weight": "weight"}
    model = DaskLSTMForecaster(6, client=client, **options).fit(cut(frame), **roles)
    local = LSTMForecaster(6, **options).fit(frame, **roles)
    future = local.make_future_frame().assign(price=1.0)
    assert_same(model.predict(future=cut(future, 20)), local.predict(future=future))


def test_backtests_with_intervals_refits_and_later_rows_are_those_of_one_machine(client):
    frame = long_frame()
    older, newer = frame[frame["ds"] < "2024-03-31"], frame[frame["ds"] >= "2024-03-31"]
    model = DaskLSTMForecaster(6, client=client, **QUICK).fit(cut(older))
    local = LSTMForecaster(6, **QUICK).fit(older)

    def compare(*data, **options):
        found = model.backtest(*map(cut, data), window="sliding", **options)
        assert_same(found, local.backtest(*data, window="sliding", **options), rtol=1e-12)  # but for the order of a sum

    before = list(warnings.filters)
    compare(n_windows=2, refit=1, level=80)
    compare(newer, n_windows=2, step=3, quantiles=[0.3])
    with pytest.warns(TooShortWarning, match="series have fewer than n_windows=2"):
        model.backtest(cut(newer), n_windows=2)
    assert list(warnings.filters) == before  # threads of workers record warnings, and share these


# --- afterwards ---------------------------------------------------------------------------------------------------


def test_later_rows_and_back_to_one_machine(client, tmp_path):
    frame = long_frame()
    first, second = frame[frame["ds"] < "2024-03-31"], frame[frame["ds"] >= "2024-03-31"]
    model = DaskLSTMForecaster(6, client=client, **QUICK).fit(cut(first))
    local = LSTMForecaster(6, **QUICK).fit(first).update(second)
    assert_same(model.update(cut(second, 20)).predict(level=80), local.predict(level=80))
    with pytest.raises(ValueError, match="data must have rows after those that are known"):
        model.update(cut(second, 20))
    tsl.save(model.to_local(), tmp_path / "model.tsl")
    again = tsl.load(tmp_path / "model.tsl")
    for ask in (lambda model: model.predict(level=80), lambda model: model.backtest(n_windows=1)):
        pd.testing.assert_frame_equal(ask(again), in_order(ask(local)), check_exact=True, check_dtype=False)


def test_ctrl_c_and_a_checkpoint(client, local, tmp_path):
    def stop_with(error):
        def stop(epoch, history, network):
            if epoch == 2:
                raise error

        return [stop]

    def fit(callbacks, **where):
        return DaskLSTMForecaster(6, client=client, callbacks=callbacks, **GIVEN).fit(cut(long_frame()), **where)

    with pytest.warns(TrainingInterruptedWarning):
        model = fit(stop_with(KeyboardInterrupt))
    assert model.model_.history_[0].loss == local.history_[0].loss[:2]
    assert np.isfinite(model.predict()["y_pred"].compute()).all()
    where = {"checkpoint": tmp_path / "fit.tsl", "checkpoint_every": 0}
    with pytest.raises(OSError, match="power"):
        fit(stop_with(OSError("power")), **where)
    seen = []
    model = fit([lambda epoch, history, network: seen.append(epoch)], **where)
    assert seen == [2, 3]  # the state is kept before an epoch
    assert_array_equal(weights_of(model.model_), weights_of(local))


def test_series_that_are_too_short_are_named(client):
    frame = long_frame()
    short = frame[(frame["unique_id"] != "s3") | (frame["ds"] > "2024-04-03")]
    model = DaskLSTMForecaster(6, client=client, **QUICK).fit(short)
    with pytest.warns(TooShortWarning, match="1 series are left out, too short for a window: 's3'"):
        found = model.backtest(n_windows=1).compute()
    assert set(found["unique_id"]) == set(frame["unique_id"]) - {"s3"}


def test_new_series_are_forecast_from_others(client):
    frame = long_frame(30)  # enough others, in no replica alone
    young = long_frame(1).tail(1).assign(unique_id="young")
    options = {**QUICK, "bounds": (0, 1e3)}
    model = DaskLSTMForecaster(6, client=client, **options).fit(cut(frame, 700))
    local = LSTMForecaster(6, **options).fit(frame)
    assert_same(model.predict(data=young, quantiles=[0.5]), local.predict(data=young, quantiles=[0.5]))
    wrong = frame.assign(y=frame["y"].where(frame.index != 333, -1.0))
    with pytest.raises(ValueError, match="in series 's3'"):
        DaskLSTMForecaster(6, client=client, **options).fit(wrong)


def test_a_reading_that_cannot_be_right_is_named(client):
    frame = long_frame()
    frame.loc[333, "y"] = 1e9
    with pytest.warns(OutlierWarning, match="'s3'"):
        model = DaskLSTMForecaster(6, client=client, **QUICK).fit(frame)
    with pytest.warns(OutlierWarning, match="'s3'"):
        local = LSTMForecaster(6, **QUICK).fit(frame)
    assert_same(model.predict(), local.predict())


def test_values_that_a_chosen_transform_is_not_defined_for_are_named(client, monkeypatch):
    monkeypatch.setattr("tsl.forecasting.model.replicas.SAMPLE_SERIES", 4)
    monkeypatch.setattr("tsl.dask._series.SAMPLE_SERIES", 4)
    monkeypatch.setattr("tsl.forecasting.model.search.TRANSFORM_MARGIN", -np.inf)  # any transform is better than none
    options, frame = {**QUICK, "target_transform": "auto"}, long_frame()
    sample = LSTMForecaster(6, **options).fit(frame).calibrate()._calibrations[6].ids
    other = next(name for name in frame["unique_id"].unique() if name not in sample)
    frame.loc[frame.index[frame["unique_id"] == other][50], "y"] = 0.0
    match = f"^the target has 1 values .*'log', .* first 0 at 2024-02-20 00:00:00 in series '{other}'"
    with pytest.warns(OutlierWarning, match=match) as caught:
        model = DaskLSTMForecaster(6, client=client, **options).fit(cut(frame))
    with pytest.warns(OutlierWarning, match=match):
        local = LSTMForecaster(6, **options).fit(frame)
    assert len(caught) == 1
    assert_array_equal(weights_of(model.model_), weights_of(local))
    assert model.model_.transform_.low > 0
    later = frame.groupby("unique_id").tail(2).assign(ds=lambda rows: rows["ds"] + pd.Timedelta("2D"))
    later.loc[later.index[-1], "y"] = -1.0
    with pytest.warns(OutlierWarning, match="^the target has 1 values .* first -1 at 2024-04-11 00:00:00 in series"):
        model.update(cut(later))
