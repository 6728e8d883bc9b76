"""What is chosen by trials on held-out data."""

import numpy as np
import pytest
from forecasting_windows import make_config, make_panel
from numpy.testing import assert_allclose

from tsl.forecasting.model.search import (
    MOST_STEPS,
    HoldoutTrial,
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
    """Errors that are known beforehand, and what was asked for."""

    def __init__(self, error):
        self.error, self.seen = error, []

    def errors(self, windowing, config):
        self.seen.append((windowing, config))
        return np.array([self.error(windowing, config), 1.0])


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
    assert {(config.hidden_size, config.n_steps) for _, config in trial.seen} == {((64,), 300)}


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
    steps = dict.fromkeys(config.n_steps for _, config in trial.seen)
    assert tried is None or list(steps) == tried
    assert choose_training(trial, PLAN, make_config(penalty=None, n_steps=7), steps=False).n_steps == 7


def test_a_trial_is_made_once_and_forecasts_held_out_rows():
    panel = make_panel((200, 200), n_future=0)
    trial, config = HoldoutTrial(panel, 1, 0), make_config()
    errors = trial.errors(PLAN, config)
    assert trial.errors(PLAN, config) is errors
    changed = Panel(**{**vars(panel), "values": panel.values.copy()})
    changed.values[[*range(180, 200), *range(380, 400)]] += 1000.0
    assert (HoldoutTrial(changed, 1, 0).errors(PLAN, config) > errors).all()
    assert_allclose(HoldoutTrial(make_panel((8,), n_future=0), 1, 0).errors(PLAN, config), np.inf)
