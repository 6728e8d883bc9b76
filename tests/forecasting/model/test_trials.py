"""Trials on held-out data, and their time limit."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from forecasting_windows import make_config, make_panel
from numpy.testing import assert_allclose, assert_array_equal

from tsl.forecasting.model import trials
from tsl.forecasting.model.candidates import WindowingChoices
from tsl.forecasting.model.fit_time import FitTime
from tsl.forecasting.model.rounds import Here
from tsl.forecasting.model.search import choose_training, choose_transform, choose_windowings
from tsl.forecasting.model.trials import SHARES, HoldoutTrial, TrialCosts
from tsl.forecasting.model.windows import Windowing
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.power import PowerTransform
from tsl.training import History

PLAN = Windowing(12, 4, 6, level=4)
LONG = Windowing(24, 4, 6, level=4)


def test_a_trial_is_made_once_and_forecasts_held_out_rows():
    panel = make_panel((200, 200), n_future=0)
    trial, config = HoldoutTrial(panel, 1, 0), make_config()
    errors = trial.errors("penalty", PLAN, config)
    assert trial.errors("steps", PLAN, config) is errors
    changed = Panel(**{**vars(panel), "values": panel.values.copy()})
    changed.values[[*range(180, 200), *range(380, 400)]] += 1000.0
    assert (HoldoutTrial(changed, 1, 0).errors("penalty", PLAN, config) > errors).all()
    short = HoldoutTrial(make_panel((8,), n_future=0), 1, 0)
    assert_allclose(short.errors("penalty", PLAN, config), np.inf)
    assert short.table()["mase"].tolist() == [np.inf]


def test_errors_by_series_are_those_of_a_trial_of_the_series():
    panel, config = make_panel((200, 200), n_future=0), make_config(n_steps=0)
    trial = HoldoutTrial(panel, 1, 0)
    by_series, pooled = trial.by_series("penalty", PLAN, config), trial.errors("penalty", PLAN, config)
    assert_allclose(by_series.mean(axis=0), pooled)  # as many windows each
    changed = replace(panel, values=panel.values.copy())
    changed.values[380:] += 1000.0
    other = HoldoutTrial(changed, 1, 0).by_series("penalty", PLAN, config)
    assert_allclose(other[0], by_series[0], rtol=1e-6)
    assert (other[1] > by_series[1]).all()


def test_the_network_that_is_best_with_a_windowing_is_the_reference():
    trial = HoldoutTrial(make_panel((200, 200), n_future=0), 1, 0)
    configs = [make_config(n_steps=0, penalty=penalty) for penalty in (1000.0, 0.1, 10.0)]
    errors = [trial.errors("penalty", PLAN, config) for config in configs]
    assert (errors[1] < errors[0]).all()
    assert (errors[1] < errors[2]).all()
    assert_array_equal(trial.lowest_by_series(PLAN), trial.by_series("penalty", PLAN, configs[1]))


def test_simple_forecasts_count_with_their_errors_on_earlier_windows_if_these_are_larger():
    panel, config = make_panel((200, 200), n_future=0), make_config().of_kind("naive")
    quiet = replace(panel, values=panel.values.copy())
    quiet.values[350:] = quiet.values[350]  # the held-out end of the second series, and more, is constant
    trial = HoldoutTrial(quiet, 1, 0)
    by_series = trial.by_series("simple", PLAN, config)
    assert trial.errors("simple", PLAN, config)[0] < by_series[:, 0].mean()
    assert by_series[1, 0] > 0.1


@pytest.mark.parametrize(("length", "expected"), [(100, 1.0), (120, 1.0), (180, 1.5)])
def test_windows_that_overlap_are_not_independent(length, expected):
    panel = make_panel((length,) * 100, n_future=0)  # a tenth is held out, at least a horizon
    n_windows = HoldoutTrial(panel, 1, 0).n_windows(Windowing(12, 4, 12, level=4))
    assert_allclose(n_windows, expected)


def test_errors_with_a_transform_are_in_the_units_of_the_target():
    panel = make_panel((200, 200), n_future=0)
    positive = replace(panel, values=np.exp(panel.values / 100.0))
    larger = replace(positive, values=1000.0 * positive.values)
    log = PowerTransform.learn("log", positive)
    config = make_config()
    errors = HoldoutTrial(positive, 1, 0, transform=log).errors("penalty", PLAN, config)
    # logarithms of larger numbers are larger, so that their percentage errors would be smaller
    assert_allclose(HoldoutTrial(larger, 1, 0, transform=log).errors("penalty", PLAN, config), errors, rtol=1e-4)


def test_trials_that_run_elsewhere_have_the_same_results():
    names = []

    class Elsewhere(Here):
        n_threads = 1

        def submit(self, function, *args, replica=None, name):
            names.append(name)
            return pickle.loads(pickle.dumps(function(*pickle.loads(pickle.dumps(args)))))

    panel = make_panel((200, 200), n_future=0)
    candidates = [(PLAN, make_config(penalty=penalty)) for penalty in (0.1, 10.0, 0.1)]
    here, there = HoldoutTrial(panel, 1, 0), HoldoutTrial(panel, 1, 0, runner=Elsewhere())
    for trial in (here, there):
        trial.run_at_once("penalty", candidates)
    assert names == ["send sample", "try penalty", "try penalty"]
    found, expected = ([trial.errors("penalty", *one) for one in candidates] for trial in (there, here))
    assert_array_equal(found, expected)
    assert len(names) == 3
    assert there.table()["penalty"] == here.table()["penalty"] == [0.1, 10.0]


@pytest.mark.parametrize(
    # of one series of 200 rows a third, of three a quarter: 50 windows of 3 rows; of many a tenth
    ("n_series", "held_out"), [(1, 70), (3, 50), (20, 20)]
)  # fmt: skip
def test_so_much_is_held_out_that_the_windows_tell_something(n_series, held_out):
    trial = HoldoutTrial(make_panel((200,) * n_series, n_future=0), 1, 0)
    fitted, checked = trial._split(Windowing(12, 4, 3, level=4))
    drawn = fitted.draw(10_000, np.random.RandomState(0))
    assert drawn[drawn <= 200].max() + 3 == checked[0] == 200 - held_out


def test_the_table_has_a_row_for_each_trial(clock):
    trial = HoldoutTrial(make_panel((200,), n_future=0), 1, 0)
    assert {len(column) for column in trial.table().values()} == {0}
    lagged = Windowing(24, 12, 6, lag=12, level=0, spread=None)
    for stage, windowing, config in [
        ("windowing", lagged, make_config(n_steps=3, penalty=None)), ("penalty", PLAN, make_config()),
    ]:  # fmt: skip
        errors = trial.errors(stage, windowing, config)
    trial.choose(PLAN, make_config())
    table = {name: list(column) for name, column in trial.table().items()}
    assert (table.pop("mase")[1], table.pop("smape")[1]) == tuple(errors)
    assert table == {
        "stage": ["windowing", "penalty"], "kind": ["lstm", "lstm"], "window": [24, 12], "segment": [12, 4],
        "differences": [12, None], "scaling": [None, "window"], "target_transform": [None, None],
        "penalty": [None, 0.1], "n_steps": [3, 0], "seconds": [0.0, 0.0], "chosen": [False, True],
    }  # fmt: skip


def test_costs_go_with_the_window_and_the_steps():
    costs, config = TrialCosts(), make_config(n_steps=10)
    assert costs.seconds(PLAN, config) == 0.0  # nothing is known
    costs.learn(PLAN, config, fixed=1.2, training=2.4, n_steps=10)
    assert costs.seconds(PLAN, config) == pytest.approx(3.6)
    assert costs.seconds(LONG, make_config(n_steps=20)) == pytest.approx(2.4 + 9.6)
    larger = make_config(n_steps=20, hidden_size=(8,))
    assert costs.seconds(PLAN, larger) == pytest.approx(1.2 + 4.8)  # at least
    costs.learn(PLAN, larger, fixed=1.2, training=20.0, n_steps=20)
    assert costs.seconds(PLAN, larger) == pytest.approx(21.2)


@pytest.mark.parametrize(
    # 3.6 s for the linear maps, and 0.72 s for a step with both
    ("seconds", "expected"), [(1000.0, 300), (3.6 + 300 * 0.72 + 0.01, 300), (3.6 + 299 * 0.72, 250), (1.0, 50)]
)  # fmt: skip
def test_as_many_steps_as_there_is_time_for(seconds, expected):
    costs = TrialCosts()
    costs.learn(PLAN, make_config(n_steps=10), fixed=1.2, training=2.4, n_steps=10)
    assert costs.affordable_steps([PLAN, LONG], make_config(n_steps=300), seconds) == expected


@pytest.fixture
def slow(monkeypatch, clock):
    """A millisecond for each step of the window in each training step, of which none is really taken."""

    def train(network, windows, sampler, config, random_state, checkpoint, max_time=None):
        seconds = 1e-3 * config.n_steps * windows.windowing.window
        assert max_time is None or seconds <= max_time
        clock[0] += seconds
        return History(n_steps=[config.n_steps], seconds=[seconds])

    monkeypatch.setattr(trials, "train_network", train)
    return clock


def searched(limit):
    """The trial of a search for everything, and what it found."""
    panel = make_panel((400,), n_future=0)
    panel.values[:] = np.sin(2 * np.pi * np.arange(400) / 12)  # keeps to its range
    trial = HoldoutTrial(panel, 12, 0, FitTime(limit))
    choices = WindowingChoices(Windowing(1, 1, 6, level=1), None, 0, None, standardised=True)
    config = make_config(n_steps=3000, penalty=None)
    windowing = choose_windowings(trial, panel, choices, config, [12])[0].windowing
    return trial.table(), windowing, choose_training(trial, windowing, config, steps=True)


def test_time_that_suffices_changes_nothing(slow):
    (limited, *found), (free, *expected) = searched(1e6), searched(None)
    assert found == expected
    for name in set(free) - {"seconds"}:
        assert_array_equal(limited[name], free[name])
    assert_allclose(free["seconds"], 1e-3 * free["n_steps"] * free["window"])


@pytest.mark.parametrize(
    ("limit", "n_steps"),
    [
        (None, [300, 300]),
        (1e6, [300, 300]),
        (300.0, [250, 250]),
        (20.0, []),
    ],  # two times 10 s of 30 s; less than 50 steps
)
def test_transforms_are_compared_after_equally_many_steps_in_time(slow, limit, n_steps):
    panel = make_panel((400,), n_future=0)
    panel = replace(panel, values=np.exp(np.sin(2 * np.pi * np.arange(400) / 12)))
    trial = HoldoutTrial(panel, 12, 0, FitTime(limit))
    choices = WindowingChoices(Windowing(1, 1, 6, level=1), 40, 0, 4, standardised=False)
    choose_transform(trial, panel, choices, make_config(n_steps=3000, penalty=None), 12)
    assert trial.table()["n_steps"].tolist() == n_steps
    assert limit is None or slow[0] <= SHARES["transform"] * limit


@pytest.mark.parametrize("limit", [150.0, 300.0])
def test_trials_of_a_comparison_have_equally_many_steps_and_end_in_time(slow, limit):
    table, *_ = searched(limit)
    of_windowings = np.array(table["stage"]) == "windowing"
    assert of_windowings.sum() == 7  # none is left out
    (n_steps,) = set(table["n_steps"][of_windowings])
    assert n_steps == limit / 3
    assert 0.5 * SHARES["windowing"] * limit <= table["seconds"][of_windowings].sum() <= SHARES["windowing"] * limit
    assert slow[0] <= SHARES["steps"] * limit
    assert table["n_steps"].max() < 1500
