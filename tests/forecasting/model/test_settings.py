"""From parameters to windows and training settings."""

import pytest
from forecasting_windows import make_panel

from tsl import LSTMForecaster
from tsl.forecasting.model.search import MOST_STEPS
from tsl.forecasting.model.settings import fit_config, n_epochs, seasons_to_try, windowing_choices


@pytest.mark.parametrize(("n_rows", "expected"), [(100, 32), (1600, 100), (10**6, 256)])
def test_batches_are_smaller_where_there_is_less_to_learn_from(n_rows, expected):
    assert fit_config(LSTMForecaster(), n_rows).batch_size == expected
    assert fit_config(LSTMForecaster(batch_size=7), n_rows).batch_size == 7


def test_what_is_auto_is_left_to_trials():
    config = fit_config(LSTMForecaster(n_layers=2, hidden_size=3), 1000)
    assert (config.n_steps, config.hidden_size) == (MOST_STEPS, (3, 3))
    choices = windowing_choices(LSTMForecaster(6), 2)
    assert (choices.window, choices.lag, choices.segment, choices.standardised) == (None, None, None, True)
    assert (choices.start.horizon, choices.start.level, choices.start.n_future) == (6, 1, 2)


@pytest.mark.parametrize(
    ("changes", "lag"),
    [
        ({"differences": None}, 0),
        ({"scaling": None}, 0),
        ({"differences": 4}, 12),  # three times 4 reach over a horizon of 10
        ({"differences": 4, "strategy": "recursive"}, 4),
    ],
)
def test_differences_reach_over_the_horizon(changes, lag):
    assert windowing_choices(LSTMForecaster(10, **changes), 0).lag == lag


def test_scaling_is_that_of_windows_or_of_all_values():
    found = {scaling: windowing_choices(LSTMForecaster(scaling=scaling), 0).start for scaling in ("level", None)}
    assert (found["level"].level, found["level"].spread) == (1, None)
    assert (found[None].level, found[None].spread) == (0, None)


@pytest.mark.parametrize(
    ("changes", "season", "hints", "expected"),
    [
        ({}, 1, (168, 24), [1, 24]),  # the first of the calendar's
        ({}, 12, (24, 168), [12]),  # one was found
        ({"season": 1}, 1, (24,), [1]),  # given
        ({}, 1, (), [1]),
        ({}, 1, (52,), [1]),  # 56 rows are the longest window: too short for two of them
    ],
)
def test_the_calendar_suggests_a_season_where_none_is_found(changes, season, hints, expected):
    assert seasons_to_try(LSTMForecaster(6, **changes), make_panel((100,)), season, hints) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({}, None), ({"max_iter": 120}, None), ({"n_models": 2}, None), ({"max_iter": 120, "n_models": 2}, 6)],
)
def test_epochs_are_known_beforehand_where_nothing_is_left_to_trials(changes, expected):
    assert n_epochs(LSTMForecaster(**changes)) == expected
