"""What is chosen by trials on held-out data."""

import numpy as np
import pytest
from forecasting_windows import make_config, make_panel

from tsl.forecasting.model.search import (
    MOST_STEPS,
    WindowingChoices,
    choose_training,
    choose_windowing,
    longest_window,
    seasonal_lags,
    segment_of,
    window_sizes,
)
from tsl.forecasting.model.windows import Windowing
from tsl.forecasting.panel.panel import Panel

PLAN = Windowing(12, 4, 6, level=4)


class Table:
    """Errors that are known beforehand, and what was asked for; there is time for `n_trials`."""

    def __init__(self, error, n_trials=100):
        self.error, self.n_trials = error, n_trials
        self.seen, self.chosen = [], []

    def errors(self, stage, windowing, config):
        if (stage, windowing, config) not in self.seen:
            self.seen.append((stage, windowing, config))
        return np.array([self.error(windowing, config), 1.0])

    def fits(self, stage, windowing, config):
        return len(self.seen) < self.n_trials or (stage, windowing, config) in self.seen

    def affordable_steps(self, windowings, config):
        return config.n_steps

    def choose(self, windowing, config):
        self.chosen.append((windowing, config))


@pytest.mark.parametrize(
    ("window", "season", "expected"),
    [(48, 24, 24), (24, 24, 12), (336, 168, 42), (10, 7, 1), (14, 7, 7), (80, 1, 10), (1000, 1, 48), (3, 1, 1)],
)
def test_a_segment_is_a_season_or_a_part_of_it_and_at_most_half_of_the_window(window, season, expected):
    assert segment_of(window, season) == expected


def test_windows_are_seasons_and_leave_rows_to_learn_from():
    assert window_sizes(24, 24, 300) == [48, 96, 168, 300]
    assert window_sizes(1, 2, 1000) == [8, 16, 28, 56, 84]
    assert longest_window(make_panel((100, 100, 100)), 20) == 48
    assert longest_window(make_panel((5, 5)), 20) == 1


def test_lags_are_the_fewest_seasons_and_those_after_which_series_repeat_best():
    steps = np.arange(400)
    values = np.sin(2 * np.pi * steps / 6) + 5 * np.sin(2 * np.pi * steps / 24) + 0.01 * steps
    panel = Panel(**{**vars(make_panel((400,))), "values": values})
    assert seasonal_lags(panel, 6, 6, 200) == [6, 24]  # 6 is the season, but all comes back after 24
    assert seasonal_lags(panel, 6, 30, 200) == [30, 48]
    assert seasonal_lags(panel, 1, 6, 200) == seasonal_lags(panel, 6, 30, 50) == []


def test_the_windowing_with_the_lowest_errors_is_chosen():
    panel = make_panel((400,), n_future=0)
    trial = Table(lambda windowing, config: 1 + abs(windowing.window - 48) + 10 * (windowing.spread is not None))
    choices = WindowingChoices(Windowing(1, 1, 6, level=12), None, 0, None, standardised=True)
    found = choose_windowing(trial, panel, choices, make_config(hidden_size=(128,), n_steps=3000), 12)
    assert (found.window, found.segment, found.level, found.spread) == (48, 12, 0, None)
    assert [windowing for windowing, _ in trial.chosen] == [found]
    assert {(config.hidden_size, config.n_steps) for _, _, config in trial.seen} == {((64,), 300)}


def test_what_is_given_needs_no_trial():
    choices = WindowingChoices(Windowing(1, 1, 6, level=12), 24, 12, 5, standardised=False)
    trial = Table(lambda *_: pytest.fail("a trial"))
    found = choose_windowing(trial, make_panel((400,)), choices, make_config(), 12)
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


@pytest.mark.parametrize(("n_trials", "window"), [(0, 84), (1, 84), (2, 84), (3, 24), (4, 48), (5, 48)])
def test_windowings_for_which_there_is_no_time_are_left_out(n_trials, window):
    # the windows are 24, 48, 84, 168 and 234, and the first two trials compare the scaling for the middle one
    trial = Table(lambda windowing, config: 1 + abs(windowing.window - 48), n_trials)
    choices = WindowingChoices(Windowing(1, 1, 6, level=12), None, 0, None, standardised=True)
    found = choose_windowing(trial, make_panel((400,), n_future=0), choices, make_config(n_steps=3000), 12)
    assert (found.window, len(trial.seen)) == (window, n_trials if n_trials != 1 else 1)


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
