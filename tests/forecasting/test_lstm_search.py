"""What `fit` chooses for "auto" parameters, the table of its trials, and the total time."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from lstm_forecasters import SMALL, make_frame
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

import tsl
from tsl import LSTMForecaster
from tsl.baselines import Naive
from tsl.interop import OnnxForecaster, to_onnx


@pytest.fixture(scope="module")
def searched():
    return LSTMForecaster(6, hidden_size=8, n_models=2, random_state=0).fit(make_frame())


def test_everything_is_chosen_where_nothing_is_given(searched):
    assert searched.season_ == 12
    assert searched.windowing_.window % searched.windowing_.segment == 0
    assert searched.n_steps_ in (0, 50, 150, 500, 3000)
    wave = np.sin(2 * np.pi * np.arange(240, 246) / 12)
    assert_allclose(searched.predict()["a"], 20 + 3 * wave, atol=0.5)


def same_trials(one, other, but=()):
    assert list(one) == list(other)
    for name in set(one) - set(but):
        assert_array_equal(one[name], other[name])


def test_the_trials_of_a_search_are_a_table(searched):
    trials = pd.DataFrame(searched.search_results_)
    assert trials["stage"].drop_duplicates().to_list() == ["transform", "windowing", "penalty", "steps", "simple"]
    assert np.isfinite(trials[["mase", "smape", "seconds"]]).all(axis=None)
    chosen = trials[trials["chosen"]].set_index("stage")
    windowings = [member.windowing for member in searched.members_ if member.kind == "lstm"]
    assert len(windowings) == 2
    expected = {(one.window, one.segment, one.lag, one.scaling or "none") for one in windowings}
    columns = chosen.loc[["transform", "windowing"], ["window", "segment", "differences", "scaling"]]
    first, *others = columns.fillna({"differences": 0, "scaling": "none"}).itertuples(index=False, name=None)
    assert expected - {first} == set(others)  # the trial of the chosen transform is also one of a windowing
    of_penalties = trials[trials["stage"] == "penalty"]
    assert sorted(of_penalties["penalty"]) == [0.01, 0.1, 1.0]
    tried = [0, *trials.loc[trials["stage"] == "steps", "n_steps"]]
    assert tried == [0, 50, 150, 500, 1500][: len(tried)]
    assert searched.n_steps_ in (0, 3000) or searched.n_steps_ == chosen.loc["steps", "n_steps"]


def test_the_trials_are_copied_and_saved_with_the_model(searched, tmp_path):
    path = tmp_path / "model.tsl"
    tsl.save(searched, path)
    for other in (tsl.load(path), pickle.loads(pickle.dumps(searched)), copy.deepcopy(searched)):
        same_trials(other.search_results_, searched.search_results_)
    assert not hasattr(clone(searched), "search_results_")


def random_walks():
    """Random walks, which nothing forecasts better than their last value."""
    return 0.0 * make_frame() + np.random.default_rng(1).normal(0, 3, (240, 3)).cumsum(axis=0)


@pytest.fixture(scope="module")
def unlike():
    parameters = {**SMALL, "window": "auto", "differences": "auto", "max_iter": 5}
    return LSTMForecaster(6, **parameters).fit(random_walks())


def alone(model, k):
    """The model with one of its members alone."""
    one = copy.copy(model)
    one.networks_, one.members_, one._shares = [model.networks_[k]], [replace(model.members_[k], weight=1.0)], None
    return one


def test_the_forecast_is_the_weighted_mean_of_unlike_members(unlike):
    windowings = [member.windowing for member in unlike.members_ if member.kind == "lstm"]
    assert len(set(windowings)) == len(windowings) == 3
    assert unlike.windowing_ == windowings[0]
    forecasts = [alone(unlike, k).predict() for k in range(len(unlike.members_))]
    shares = unlike._shares.of(unlike._history.fitted_ids)  # by series
    assert_allclose(shares.sum(axis=1), 1.0)
    assert_allclose(unlike.predict(), sum(share * one for share, one in zip(shares.T, forecasts)), rtol=1e-6)
    kinds = [member.kind for member in unlike.members_]
    assert_allclose(forecasts[kinds.index("naive")], Naive(6).fit(random_walks()).predict(), rtol=1e-5)
    chosen = pd.DataFrame(unlike.search_results_).query("chosen and stage == 'simple'")
    assert chosen["kind"].to_list() == [kind for kind in kinds if kind != "lstm"]


def test_a_refit_for_intervals_has_the_same_members(unlike):
    twin = unlike._clone_with_choices().fit(random_walks())
    assert twin.members_ == unlike.members_
    assert not hasattr(twin, "search_results_")  # nothing is tried


def test_unlike_members_are_saved_and_converted(unlike, tmp_path):
    tsl.save(unlike, tmp_path / "model.tsl")
    loaded = tsl.load(tmp_path / "model.tsl")
    assert loaded.members_ == unlike.members_
    assert_array_equal(loaded.predict(), unlike.predict())
    converted = OnnxForecaster(to_onnx(unlike))
    for n_rows in (240, 20, 3):  # shorter than some of the windows, and than all
        known = random_walks().iloc[-n_rows:]
        assert_allclose(converted.predict(8, data=known), unlike.predict(8, data=known), rtol=1e-4)


@pytest.fixture(scope="module")
def mixed():
    """A panel of waves, of which nothing but a network knows the amplitude, and of random walks."""
    rng, steps = np.random.default_rng(3), np.arange(240)
    waves = 20 + np.exp(0.004 * steps) * np.sin(2 * np.pi * (steps + rng.integers(12, size=(6, 1))) / 12)
    walks = 20 + rng.normal(0, 1, (6, 240)).cumsum(axis=1)
    names = [f"wave{k}" for k in range(6)] + [f"walk{k}" for k in range(6)]
    return pd.DataFrame(np.concatenate([waves, walks]).T, pd.date_range("2024-01-01", periods=240, freq="D"), names)


@pytest.fixture(scope="module")
def by_series(mixed):
    parameters = {**SMALL, "window": "auto", "differences": "auto", "max_iter": 100}
    return LSTMForecaster(6, **parameters).fit(mixed)


def test_simple_forecasts_have_weight_where_they_are_good(by_series, mixed):
    weights = by_series.series_weights_
    assert list(weights.index) == list(mixed)
    assert list(weights.columns) == [f"{member.kind} {k}" for k, member in enumerate(by_series.members_)]
    assert_allclose(weights.sum(axis=1), 1.0)
    of_naive = weights.filter(regex="^naive").iloc[:, 0]
    assert of_naive[:6].max() < 0.001 < 0.01 < of_naive[6:].min()
    assert of_naive[6:].mean() > 0.1


def test_the_naive_forecast_has_weight_in_a_panel_of_random_walks(unlike):
    at = [member.kind for member in unlike.members_].index("naive")
    assert unlike.members_[at].weight > 0.3  # as with one series
    assert unlike.series_weights_.iloc[:, at].min() > 0.3


def test_new_series_have_the_weights_of_all_together(by_series, mixed):
    shares = by_series._shares
    new = mixed[["walk0"]].rename(columns={"walk0": "new"})
    forecasts = np.array([alone(by_series, k).predict(data=new)["new"] for k in range(len(by_series.members_))])
    assert_allclose(by_series.predict(data=new)["new"], shares.others @ forecasts, rtol=1e-5)
    assert_allclose(shares.others, [member.weight for member in by_series.members_], atol=1e-12)
    known = by_series.predict(data=mixed[["walk0"]])["walk0"]
    assert np.abs(known - by_series.predict(data=new)["new"]).max() > 1e-3


def test_weights_by_series_are_kept_saved_and_converted(by_series, mixed, tmp_path):
    twin = by_series._clone_with_choices().fit(mixed)
    assert_array_equal(twin._shares.known, by_series._shares.known)
    tsl.save(by_series, tmp_path / "model.tsl")
    loaded = tsl.load(tmp_path / "model.tsl")
    pd.testing.assert_frame_equal(loaded.series_weights_, by_series.series_weights_)
    assert_array_equal(loaded.predict(level=80), by_series.predict(level=80))
    converted = OnnxForecaster(to_onnx(by_series))
    for data in (mixed, mixed[["walk1", "wave2"]].rename(columns={"wave2": "new"})):
        assert_allclose(converted.predict(8, data=data), by_series.predict(8, data=data), rtol=1e-4)


def test_one_series_has_no_weights_of_its_own(mixed):
    model = LSTMForecaster(6, **{**SMALL, "window": "auto", "max_iter": 5}).fit(mixed["walk0"])
    assert model.series_weights_ is None
    assert "naive" in {member.kind for member in model.members_}


def test_nothing_is_tried_where_everything_is_given():
    model = LSTMForecaster(6, **{**SMALL, "scaling": "level", "linear": False}).fit(make_frame())
    assert len(pd.DataFrame(model.search_results_)) == 0
    assert "n_steps" in model.search_results_


class KilledError(Exception):
    """Ends a fit."""


def kill(epoch, *_):
    if epoch == 3:
        raise KilledError


@pytest.fixture
def ticking(monkeypatch):
    """Seconds on the clock, which goes on by some each time that it is read."""
    clock = {"now": 0.0, "tick": 0.01}

    def read():
        clock["now"] += clock["tick"]
        return clock["now"]

    monkeypatch.setattr("tsl.training.clock.perf_counter", read)
    return clock


def test_all_of_a_fit_is_done_in_time(ticking):
    model = LSTMForecaster(6, hidden_size=4, n_models=2, max_time=2.0, random_state=0).set_params(max_iter=10**6)
    began = ticking["now"]
    model.fit(make_frame())
    assert 1.9 < ticking["now"] - began < 2.3  # some readings follow the last step, and some are of compiling
    assert [history.stopped_by for history in model.history_] == ["time", "time"]
    assert 0.1 < model.search_results_["seconds"].sum() < 1.0
    seconds = [sum(history.seconds) for history in model.history_]
    assert min(seconds) > 0.5 * max(seconds)


FEW_TRIALS = {**SMALL, "differences": "auto", "max_iter": 150}


@pytest.fixture(scope="module")
def little_searched():
    return LSTMForecaster(6, **FEW_TRIALS).fit(make_frame())


def test_a_resumed_fit_decides_what_it_decided_by_the_clock(ticking, tmp_path):
    def fit(**changes):
        model = LSTMForecaster(6, **FEW_TRIALS, max_time=2.0, **changes)
        return model.fit(make_frame(), checkpoint=tmp_path / "fit.tsl", checkpoint_every=0)

    ticking["tick"] = 0.003
    with pytest.raises(KilledError):
        fit(callbacks=[kill])
    ticking["tick"] = 0.05  # so slow that fewer trials would be made
    first, again = fit(), fit()
    same_trials(first.search_results_, again.search_results_)
    assert_array_equal(first.predict(), again.predict())
    other = LSTMForecaster(6, **FEW_TRIALS, max_time=2.0).fit(make_frame())
    assert len(other.search_results_["stage"]) < len(first.search_results_["stage"])


def test_a_resumed_fit_has_the_same_trials(little_searched, tmp_path):
    where = {"checkpoint": tmp_path / "fit.tsl", "checkpoint_every": 0}
    with pytest.raises(KilledError):
        LSTMForecaster(6, **FEW_TRIALS, callbacks=[kill]).fit(make_frame(), **where)
    resumed = LSTMForecaster(6, **FEW_TRIALS).fit(make_frame(), **where)
    same_trials(resumed.search_results_, little_searched.search_results_, but=["seconds"])
    assert_array_equal(resumed.predict(), little_searched.predict())


def test_time_that_suffices_changes_nothing(little_searched):
    model = LSTMForecaster(6, **FEW_TRIALS, max_time=1e6).fit(make_frame())
    same_trials(model.search_results_, little_searched.search_results_, but=["seconds"])
    assert_array_equal(model.predict(), little_searched.predict())


def test_training_ends_in_time():
    model = LSTMForecaster(6, **{**SMALL, "max_iter": 10**6, "max_time": 0.2}).fit(make_frame())
    assert model.history_[0].stopped_by == "time"
