"""The forecaster with replicas, in one process."""

import numpy as np
import pandas as pd
import pytest
from lstm_forecasters import SMALL, make_frame
from replica_frames import GIVEN, long_frame

import tsl
from tsl import LSTMForecaster
from tsl.forecasting.model import replicas, rounds
from tsl.training import TrainingDivergedWarning, TrainingInterruptedWarning


@pytest.fixture(scope="module")
def fitted():
    return LSTMForecaster(6, **GIVEN).fit(long_frame())


def forecast(model):
    return model.predict(level=80).sort_values(["unique_id", "ds"], ignore_index=True)


def test_one_replica_is_the_plain_fit():
    frame = make_frame()
    plain = LSTMForecaster(6, **SMALL).fit(frame)
    assert np.array_equal(
        LSTMForecaster(6, **SMALL, n_replicas=1).fit(frame).networks_[0].params, plain.networks_[0].params
    )


def test_forecasts_follow_the_wave(fitted):
    found = fitted.predict()
    wave = np.sin(2 * np.pi * np.arange(100, 106) / 12)
    for k in range(7):
        own = found.loc[found["unique_id"] == f"s{k}", "y_pred"]
        assert np.abs(own / (k + 1) - 5 - wave).max() < 0.5  # five times the noise
    assert fitted.history_[0].n_steps == [50, 50, 20]
    assert fitted.history_[0].stopped_by == "max_iter"


def test_neither_the_order_of_the_series_nor_threads_matter(fitted):
    turned = long_frame().sort_values(["unique_id", "ds"], ascending=False)
    again = LSTMForecaster(6, **GIVEN, n_threads=1).fit(turned)
    pd.testing.assert_frame_equal(forecast(again), forecast(fitted), check_exact=True)


def test_the_number_of_replicas_is_part_of_the_model(fitted):
    other = LSTMForecaster(6, **{**GIVEN, "n_replicas": 4}).fit(long_frame())
    assert not np.array_equal(other.networks_[0].params, fitted.networks_[0].params)
    many = LSTMForecaster(6, **{**GIVEN, "n_replicas": 40}).fit(long_frame())  # most have no series
    assert many.history_[0].loss[-1] < many.history_[0].loss[0]


def test_it_is_saved_with_the_number_of_replicas(fitted, tmp_path):
    tsl.save(fitted, tmp_path / "model.tsl")
    again = tsl.load(tmp_path / "model.tsl")
    assert again.n_replicas == 3
    pd.testing.assert_frame_equal(forecast(again), forecast(fitted), check_exact=True)


def test_intervals_are_calibrated_on_the_sample(monkeypatch):
    monkeypatch.setattr(replicas, "SAMPLE_SERIES", 4)
    model = LSTMForecaster(6, **GIVEN).fit(long_frame()).calibrate()
    (calibration,) = model._calibrations.values()
    assert len(calibration.ids) == 4
    assert len(forecast(model)) == 7 * 6


def test_a_killed_fit_is_resumed_with_the_same_bits(fitted, monkeypatch, tmp_path):
    calls, local_steps = [], replicas.local_steps

    def killed(*arguments):
        calls.append(arguments)
        if len(calls) == 65:  # in the third epoch; a round of five steps is three calls, and an epoch has ten
            raise MemoryError
        return local_steps(*arguments)

    def fit():
        return LSTMForecaster(6, **GIVEN).fit(long_frame(), checkpoint=tmp_path / "fit.tsl", checkpoint_every=0)

    monkeypatch.setattr(replicas, "local_steps", killed)
    with pytest.raises(MemoryError):
        fit()
    again = fit()
    assert len(calls) == 65 + 12  # only the 20 steps of the third epoch were left
    assert np.array_equal(again.networks_[0].params, fitted.networks_[0].params)
    assert again.history_[0].n_steps == [50, 50, 20]
    assert np.array_equal(fit().networks_[0].params, fitted.networks_[0].params)
    assert len(calls) == 65 + 12  # nothing was left


def test_ctrl_c_keeps_the_epochs_before(fitted, monkeypatch):
    local_steps = replicas.local_steps

    def interrupted(start, *others):
        if start.number == 23:  # the last one
            raise KeyboardInterrupt
        return local_steps(start, *others)

    monkeypatch.setattr(replicas, "local_steps", interrupted)
    with pytest.warns(TrainingInterruptedWarning, match="interrupted in epoch 3"):
        model = LSTMForecaster(6, **GIVEN).fit(long_frame())
    assert model.history_[0].stopped_by == "interrupt"
    assert model.history_[0].loss == fitted.history_[0].loss[:2]
    assert np.isfinite(model.predict()["y_pred"]).all()


def test_weights_that_are_not_finite_are_not_taken(fitted, monkeypatch):
    local_steps = replicas.local_steps

    def diverging(start, *others):
        change = local_steps(start, *others)
        return change._replace(losses=change.losses * np.nan) if start.number == 12 else change

    monkeypatch.setattr(replicas, "local_steps", diverging)
    with pytest.warns(TrainingDivergedWarning, match="not finite in epoch 2"):
        model = LSTMForecaster(6, **GIVEN).fit(long_frame())
    assert model.history_[0].stopped_by == "divergence"
    assert model.history_[0].loss == fitted.history_[0].loss[:1]


@pytest.mark.parametrize("at_once", [1, 4, 10])
def test_the_number_of_rounds_drawn_at_once_makes_no_difference(monkeypatch, at_once):
    def fit():
        numbers.clear()
        return LSTMForecaster(6, **GIVEN, batch_size=48).fit(long_frame())

    def counted(data, drawing, replica, first, counts):
        assert (counts == 5 * 16).all()
        numbers.append((replica, first, len(counts)))
        return draw(data, drawing, replica, first, counts)

    draw, numbers = rounds.draw, []
    monkeypatch.setattr(rounds, "draw", counted)
    together = fit()
    assert numbers == [(0, 0, 24), (1, 0, 24), (2, 0, 24)]
    plan, network = together.windowing_, together.networks_[0]
    n_numbers = plan.window * network.architecture.n_inputs + plan.horizon
    monkeypatch.setattr(rounds, "DRAWN_BYTES", at_once * 5 * 48 * n_numbers * 4)
    assert np.array_equal(fit().networks_[0].params, network.params)
    assert numbers == [(k, first, min(at_once, 24 - first)) for first in range(0, 24, at_once) for k in range(3)]


@pytest.mark.parametrize(("n_at_once", "most_added"), [(2, 8), (3, 8), (5, 8), (3, 2)])
def test_groups_make_no_difference(fitted, monkeypatch, n_at_once, most_added):
    monkeypatch.setattr(rounds.Here, "n_at_once", n_at_once)
    monkeypatch.setattr(rounds, "SUMMED", most_added)
    again = LSTMForecaster(6, **GIVEN).fit(long_frame())
    assert np.array_equal(again.networks_[0].params, fitted.networks_[0].params)


def test_callbacks_are_called_after_each_epoch():
    seen = []

    def stop(epoch, history, network):
        seen.append((epoch, history.n_iter))
        return epoch == 2

    model = LSTMForecaster(6, **GIVEN, callbacks=[stop]).fit(long_frame())
    assert seen == [(1, 1), (2, 2)]
    assert model.history_[0].stopped_by == "callback"


def test_the_clock_has_no_say():
    with pytest.raises(ValueError, match="max_time must be None with n_replicas above 1, got 5"):
        LSTMForecaster(6, **GIVEN, max_time=5).fit(long_frame())
    with pytest.raises(ValueError, match="n_replicas"):
        LSTMForecaster(6, **{**GIVEN, "n_replicas": 0}).fit(long_frame())
