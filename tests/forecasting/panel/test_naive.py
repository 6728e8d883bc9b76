"""Naive forecasts, compared with implementations in plain Python."""

import numpy as np
from forecasting_models import make_panel
from numpy.testing import assert_allclose, assert_array_equal

from tsl.forecasting.panel.naive import drift, naive, seasonal_naive, window_average


def naive_twins(values, horizon, season, window):
    """The four forecasts of one window, written out."""
    last = values[-1]
    seasonal = [values[len(values) - season + h % season] if len(values) >= season else last for h in range(horizon)]
    part = values[-window:]
    slope = (part[-1] - part[0]) / max(len(part) - 1, 1)
    return [last] * horizon, seasonal, [last + slope * (h + 1) for h in range(horizon)], [np.mean(part)] * horizon


def test_array_functions_forecast_every_window_as_it_is_written_out():
    rng = np.random.default_rng(0)
    series = [rng.normal(size=n) for n in (1, 4, 9)]
    panel = make_panel(*series)
    ends = np.arange(1, 15)
    found = (
        naive(panel, ends, 5),
        seasonal_naive(panel, ends, 5, 3),
        drift(panel, ends, 5, 3),
        window_average(panel, ends, 5, 3),
    )
    known = [values[:n] for values in series for n in range(1, len(values) + 1)]
    for window, values in enumerate(known):
        for forecasts, expected in zip(found, naive_twins(values, 5, 3, 3)):
            # the values of other series may look like seasons where a window has less than one
            if len(values) >= 3 or forecasts is not found[1]:
                assert_allclose(forecasts[window], expected, atol=1e-12)
    assert_array_equal(found[1][0], [series[0][0]] * 5)  # less than a season: its last value


def test_missing_values_stand_for_the_reading_before_them():
    panel = make_panel([1.0, 2.0, np.nan, np.nan], [np.nan, 7.0])
    assert_array_equal(naive(panel, np.array([4, 5, 6]), 1)[:, 0], [2.0, 7.0, 7.0])
