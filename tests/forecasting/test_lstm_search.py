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
    assert trials["stage"].drop_duplicates().to_list() == ["transform", "windowing", "penalty", "steps"]
    assert np.isfinite(trials[["mase", "smape", "seconds"]]).all(axis=None)
    chosen = trials[trials["chosen"]].set_index("stage")
    windowings = [member.windowing for member in searched.members_]
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
    one.networks_, one.members_ = [model.networks_[k]], [replace(model.members_[k], weight=1.0)]
    return one


def test_the_forecast_is_the_weighted_mean_of_unlike_members(unlike):
    windowings = [member.windowing for member in unlike.members_ if member.kind == "lstm"]
    assert len(set(windowings)) == len(windowings) == 3
    assert unlike.windowing_ == windowings[0]
    forecasts = [alone(unlike, k).predict() for k in range(len(unlike.members_))]
    weights = [member.weight for member in unlike.members_]
    assert_allclose(unlike.predict(), sum(weight * one for weight, one in zip(weights, forecasts)), rtol=1e-6)
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
