"""Choices made by trials on held-out data."""

import numpy as np
import pytest
from forecasting_windows import make_config, make_panel
from numpy.testing import assert_allclose

from tsl.forecasting.model.candidates import (
    WindowingChoices,
    cycle_of,
    leaves_its_range,
    longest_window,
    seasonal_lags,
    segment_of,
    window_sizes,
)
from tsl.forecasting.model.search import (
    LEAST_WEIGHT,
    MOST_NETWORKS,
    MOST_STEPS,
    STEPS_OF_ALL,
    choose,
    choose_training,
    choose_transform,
    choose_windowings,
)
from tsl.forecasting.model.shares import TEMPERATURE
from tsl.forecasting.model.windows import Windowing
from tsl.forecasting.panel.panel import Panel
from tsl.forecasting.panel.power import NO_TRANSFORM
from tsl.training import TrialProgress

PLAN = Windowing(12, 4, 6, level=4)


class Table:
    """Errors that are known beforehand, and what was asked for; there is time for `n_trials`."""

    def __init__(self, error, n_trials=100):
        self.error, self.n_trials = error, n_trials
        self.seen, self.chosen, self.progress = [], [], TrialProgress(0)
        self.transform = NO_TRANSFORM

    def use(self, transform):
        self.transform = transform

    def errors(self, stage, windowing, config):
        if (stage, windowing, config) not in self.seen:
            self.seen.append((stage, windowing, config))
        return np.array([self.error(windowing, config), 1.0])

    def fits(self, stage, windowing, config):
        return len(self.seen) < self.n_trials or (stage, windowing, config) in self.seen

    def run_at_once(self, stage, candidates):
        """Run none of them: each is run when its errors are asked for."""

    def affordable_steps(self, stage, windowings, config):
        return config.n_steps

    def lowest(self, windowing):
        return np.min([self.errors(*one) for one in self.seen if one[1] == windowing], axis=0)

    def choose(self, windowing, config):
        self.chosen.append((windowing, config))


class TransformTable(Table):
    """Errors by the kind of the transform."""

    def __init__(self, errors, n_trials=100):
        super().__init__(lambda windowing, config: errors[self.transform.kind], n_trials)

    def errors(self, stage, windowing, config):
        self.seen.append((stage, windowing, config))
        return np.array([self.error(windowing, config), 1.0])

    def fits(self, stage, windowing, config):
        return len(self.seen) < self.n_trials


@pytest.mark.parametrize(
    ("errors", "n_trials", "expected"),
    [
        ({None: 2.0, "log": 1.0}, 100, "log"),
        ({None: 1.0, "log": 2.0}, 100, None),
        ({None: 1.0, "log": 1.0}, 100, None),
        ({None: 1.0, "log": 0.97}, 100, None),  # with the same percentage errors, 1.5 % better
        ({None: 1.0, "log": 0.95}, 100, "log"),
        ({None: np.inf, "log": np.inf}, 100, None),  # series that are too short to try anything
        ({None: 2.0, "log": 1.0}, 1, None),  # no time to try the logarithm
        ({}, 0, None),
    ],
)
def test_the_transform_with_the_lower_errors_is_chosen(errors, n_trials, expected):
    panel = waves()
    panel.values[:] += 2.0
    table = TransformTable(errors, n_trials)
    config = make_config(hidden_size=(128,), embedding_size=128, n_steps=1500)
    chosen = choose_transform(table, panel, WindowingChoices(PLAN, None, None, None, False), config, 12)
    assert chosen is table.transform
    assert (chosen.kind, chosen.low) == (expected, panel.values.min() if expected else None)
    assert len(table.chosen) == min(n_trials, 1)
    for stage, windowing, small in table.seen:
        assert (stage, windowing.lag) == ("transform", 0)
        assert (small.hidden_size, small.embedding_size, small.n_steps) == ((64,), 64, 300)


@pytest.mark.parametrize(("lowest", "expected", "n_tried"), [(0.0, "sqrt", 2), (-0.1, None, 0)])
def test_the_square_root_is_tried_if_the_lowest_value_is_0(lowest, expected, n_tried):
    panel = waves()
    panel.values[:] += lowest - panel.values.min()
    table = TransformTable({None: 2.0, "sqrt": 1.0})
    chosen = choose_transform(table, panel, WindowingChoices(PLAN, None, None, None, False), make_config(), 12)
    assert (chosen.kind, table.transform, len(table.seen)) == (expected, chosen, n_tried)


def waves():
    """A series that keeps to its range."""
    panel = make_panel((400,), n_future=0)
    panel.values[:] = np.sin(2 * np.pi * np.arange(400) / 12)
    return panel


@pytest.mark.parametrize(
    ("window", "season", "expected"),
    [(48, 24, 24), (24, 24, 12), (336, 168, 42), (10, 7, 1), (14, 7, 7), (80, 1, 10), (1000, 1, 48), (3, 1, 1)],
)
def test_a_segment_is_a_season_or_a_part_of_it_and_at_most_half_of_the_window(window, season, expected):
    assert segment_of(window, season) == expected


def test_windows_are_seasons_and_leave_rows_to_learn_from():
    assert window_sizes(24, 24, 300) == [24, 48, 96, 168, 300]
    assert window_sizes(1, 2, 1000) == [4, 8, 16, 28, 56, 84]
    assert longest_window(make_panel((100, 100, 100)), 20) == 48
    assert longest_window(make_panel((5, 5)), 20) == 1


def test_lags_are_the_fewest_seasons_and_those_after_which_series_repeat_best():
    steps = np.arange(400)
    values = np.sin(2 * np.pi * steps / 6) + 5 * np.sin(2 * np.pi * steps / 24) + 0.01 * steps
    panel = Panel(**{**vars(make_panel((400,))), "values": values})
    assert seasonal_lags(panel, 6, 6, 200) == [6, 24]  # 6 is the season, but all comes back after 24
    assert seasonal_lags(panel, 6, 30, 200) == [30, 48]
    assert seasonal_lags(panel, 1, 6, 200) == seasonal_lags(panel, 6, 30, 50) == []


def test_a_cycle_is_several_seasons_after_which_some_series_clearly_repeat_better():
    steps, noise = np.arange(400), np.random.default_rng(0).normal(0, 0.3, (12, 400))
    daily = np.sin(2 * np.pi * steps / 6) + noise
    weekly = daily + 3 * np.sin(2 * np.pi * steps / 30)
    lengths = (400,) * 12

    def cycle(*series):
        panel = Panel(**{**vars(make_panel(lengths, n_future=0)), "values": np.concatenate(series)})
        return cycle_of(panel, 6, 300)

    assert cycle(*daily) == 6
    assert cycle(*daily[:1], *weekly[1:]) == 30
    assert cycle(*daily[:10], *weekly[10:]) == 30  # a sixth of the series
    assert cycle(*daily[:11], *weekly[11:]) == 6  # fewer than a tenth
    assert cycle_of(make_panel((400,), n_future=0), 200, 300) == 200  # too long to repeat


def test_the_windowing_with_the_lowest_errors_is_chosen():
    panel = waves()
    trial = Table(lambda windowing, config: 1 + abs(windowing.window - 48) + 10 * (windowing.spread is not None))
    choices = WindowingChoices(Windowing(1, 1, 6, level=1), None, 0, None, standardised=True)
    best, *others = choose_windowings(trial, panel, choices, make_config(hidden_size=(128,), n_steps=3000), [12])
    found = best.windowing
    assert (found.window, found.segment, found.level, found.spread) == (48, 12, 0, None)
    scores = [best.score, *(one.score for one in others)]
    assert scores == sorted(scores)
    assert scores[0] == 1.0
    assert len(scores) == len(trial.seen) == 7
    assert {(config.hidden_size, config.n_steps) for _, _, config in trial.seen} == {((64,), 300)}


def test_what_is_given_needs_no_trial():
    choices = WindowingChoices(Windowing(1, 1, 6, level=1), 24, 12, 5, standardised=False)
    trial = Table(lambda *_: pytest.fail("a trial"))
    (one,) = choose_windowings(trial, make_panel((400,)), choices, make_config(), [12])
    found = one.windowing
    assert (found.window, found.segment, found.lag) == (20, 5, 12)  # whole segments


@pytest.mark.parametrize(
    ("best", "expected", "tried"), [(0, 0, [0, 50, 150]), (50, 50, [0, 50, 150, 500]), (1500, MOST_STEPS, None)]
)
def test_steps_are_tried_until_twice_in_a_row_no_better(best, expected, tried):
    trial = Table(lambda _, config: 1 + abs(config.n_steps - best) + config.penalty)
    found = choose_training(trial, PLAN, make_config(n_steps=3000), steps=True)
    assert (found.n_steps, found.penalty) == (expected, 0.01)
    steps = dict.fromkeys(config.n_steps for _, _, config in trial.seen)
    assert tried is None or list(steps) == tried
    assert choose_training(trial, PLAN, make_config(penalty=None, n_steps=7), steps=False).n_steps == 7


@pytest.mark.parametrize(("n_trials", "window"), [(0, 84), (1, 84), (2, 84), (3, 84), (4, 24), (5, 48)])
def test_windowings_for_which_there_is_no_time_are_left_out(n_trials, window):
    # the windows are 12, 24, 48, 84, 168 and 234, and the first two trials compare the scaling for the middle one
    trial = Table(lambda windowing, config: 1 + abs(windowing.window - 48), n_trials)
    choices = WindowingChoices(Windowing(1, 1, 6, level=1), None, 0, None, standardised=True)
    found = choose_windowings(trial, waves(), choices, make_config(n_steps=3000), [12])
    assert (found[0].windowing.window, len(trial.seen)) == (window, n_trials if n_trials != 1 else 1)


@pytest.mark.parametrize(
    ("n_trials", "best", "expected"),
    # after 3 trials of the penalty, one of which is that of no step
    [(3, 0, MOST_STEPS), (4, 0, 0), (4, 50, MOST_STEPS), (5, 50, 50), (5, 150, MOST_STEPS), (6, 500, MOST_STEPS)],
)
def test_the_longest_trainings_for_which_there_is_no_time_are_left_out(n_trials, best, expected):
    class Known(Table):  # no step is known by another name
        def errors(self, stage, windowing, config):
            return super().errors("penalty" if config.n_steps == 0 else stage, windowing, config)

    trial = Known(lambda _, config: 1 + abs(config.n_steps - best) + config.penalty, n_trials)
    found = choose_training(trial, PLAN, make_config(n_steps=3000), steps=True)
    assert (found.n_steps, len(trial.seen)) == (expected, n_trials)


# --- members ----------------------------------------------------------------------------------------------------


def chosen(error, n_models="auto", simple=True, n_steps=3000, **given):
    """What is chosen with these errors, and the trial."""
    trial, start = Table(error), Windowing(1, 1, 6, level=1)
    fields = {"window": None, "lag": 0, "segment": None, "standardised": True} | given
    found = choose(
        trial, waves(), make_config(n_steps=n_steps), [12], choices=WindowingChoices(start, **fields),
        n_models=n_models, steps=n_steps == 3000, simple=simple,
    )  # fmt: skip
    return found, trial


def far_off(windowing, config):
    """The errors of the window of 48 are the lowest; standardised windows are 10 % worse, simple forecasts far off."""
    worse = 0.0 if config.kind == "lstm" else 9.0
    return 1.0 + abs(windowing.window - 48) / 100 + 0.2 * (windowing.spread is None) + worse


def test_networks_are_unlike_and_weighted_by_their_errors():
    found, trial = chosen(far_off)
    windowings = [member.windowing for member in found.members]
    assert [(one.window, one.spread) for one in windowings] == [(48, 0), (84, None), (24, 0)]  # each kind, then sizes
    assert len(windowings) == MOST_NETWORKS
    scores = (1.0 + np.array([0.0, 0.56, 0.24])) / 2 + 0.5  # of two errors one is the same everywhere
    weights = np.exp((1.0 - scores) / TEMPERATURE)
    assert_allclose([member.weight for member in found.members], weights / weights.sum())
    assert {windowing for windowing, _ in trial.chosen} >= set(windowings)
    assert {member.kind for member in found.members} == {"lstm"}


def test_networks_that_are_far_worse_are_left_out():
    found, _ = chosen(lambda windowing, config: far_off(windowing, config) + 5.0 * (windowing.window != 48))
    assert [(member.windowing.window, member.weight) for member in found.members] == [(48, 1.0)]
    assert -2 * TEMPERATURE * np.log(LEAST_WEIGHT) < 5.0


@pytest.mark.parametrize("kind", ["naive", "seasonal naive", "seasonal mean"])
def test_simple_forecasts_that_are_as_good_are_members(kind):
    def error(windowing, config):
        return 1.0 if config.kind == kind else far_off(windowing, config)

    found, _ = chosen(error)
    kinds = [member.kind for member in found.members]
    assert kinds == ["lstm"] * MOST_NETWORKS + [kind]
    assert found.members[-1].weight == pytest.approx(0.5)  # as much as all networks together
    assert sum(member.weight for member in found.members) == pytest.approx(1.0)
    plan = found.members[-1].windowing
    if kind == "seasonal mean":  # the waves repeat after any number of seasons
        assert (plan.window, plan.level % 12, plan.lag, plan.spread) == (3 * plan.level, 0, 0, 0)
    else:
        assert (plan.window, plan.level, plan.lag, plan.spread) == (48, 12, 0, 0)
    assert {member.kind for member in chosen(error, simple=False)[0].members} == {"lstm"}


def test_a_number_of_networks_is_kept_and_has_the_windowings_in_turn():
    found, _ = chosen(
        lambda windowing, config: 1.0 if config.kind == "naive" else far_off(windowing, config), n_models=5
    )
    assert [member.kind for member in found.members] == ["lstm"] * 5 + ["naive"]
    assert [member.windowing.window for member in found.members[:5]] == [48, 84, 24, 48, 84]
    assert found.members[0].weight == found.members[3].weight > found.members[2].weight
    assert [member.windowing.window for member in chosen(far_off, n_models=1)[0].members] == [48]
    given, _ = chosen(far_off, n_models=2, n_steps=7, window=24, segment=4, standardised=False)
    assert [member.weight for member in given.members] == [0.5, 0.5]


def test_where_nothing_is_to_choose_there_is_one_network():
    found, trial = chosen(far_off, n_steps=7, window=24, segment=4, standardised=False)
    assert [(member.kind, member.weight) for member in found.members] == [("lstm", 1.0)]
    assert {stage for stage, *_ in trial.seen} == {"penalty"}


def test_several_networks_share_the_most_steps():
    def more_is_better(windowing, config):
        return far_off(windowing, config) + 1.0 / (1 + config.n_steps)

    assert chosen(more_is_better, n_models=1)[0].n_steps == MOST_STEPS
    assert chosen(more_is_better)[0].n_steps == STEPS_OF_ALL // MOST_NETWORKS
    assert chosen(more_is_better, n_steps=200)[0].n_steps == 200


def test_of_several_seasons_the_one_that_helps_is_chosen():
    panel, choices = make_panel((400,), n_future=0), WindowingChoices(Windowing(1, 1, 6, level=1), None, 0, None, False)
    for best in (1, 12):
        trial = Table(lambda windowing, _, best=best: 1.0 + (windowing.level != best))
        found = choose_windowings(trial, panel, choices, make_config(n_steps=300), [1, 12])
        assert found[0].among.season == found[0].windowing.level == best
        assert {one.among.season for one in found} == {1, 12}


@pytest.mark.parametrize(
    ("values", "leaves"),
    [
        (np.sin(np.arange(600.0)), False), (0.01 * np.arange(600.0) + np.sin(np.arange(600.0)), True),
        (np.random.default_rng(0).normal(size=600), False), (np.random.default_rng(0).normal(size=600).cumsum(), True),
        (np.full(600, 2.0), False), (np.full(600, np.nan), False),
    ],
)  # fmt: skip
def test_series_that_drift_leave_their_range(values, leaves):
    panel = Panel(**{**vars(make_panel((600,))), "values": values})
    assert leaves_its_range(panel) == leaves
