"""Scaled errors on rows that a model has not seen."""

import numpy as np
import pandas as pd
import pytest
from forecasting_models import HOURS, Told, line, long_frame, make_panel, promo_frame

from tsl.baselines import Drift, Naive
from tsl.forecasting.evaluation.backtest import backtest, in_sample
from tsl.forecasting.evaluation.plan import Plan
from tsl.forecasting.evaluation.score import scaled_error, without_last_horizon
from tsl.forecasting.protocol import Forecasts


def test_score_is_minus_the_scaled_error_of_what_came_after():
    model = Naive(2, season=1).fit(line(10))  # errors are in units of 1
    assert model.score(line(2, start=10)) == -1.5
    assert model.score(line(12)) == -1.5  # what is known may come along
    assert model.score(line(3, start=10)) == pytest.approx(-(1 + 2 + 1) / 3)  # a second window, from the truth
    assert model.score(line(1, start=10)) == -1.0
    assert model.score() == -1.5


def test_score_of_series_that_are_not_known_forecasts_their_end():
    model = Naive(2, season=1).fit(long_frame([30]))
    given = pd.DataFrame({"unique_id": "z", "ds": HOURS[:6], "y": [0.0, 1, 0, 1, 4, 5]})
    assert model.score(given) == -(3 + 4) / 2


def test_score_leaves_out_series_that_never_changed():
    data = pd.DataFrame({"a": np.arange(20.0), "b": 1.0}, HOURS[:20])
    model = Naive(2, season=1).fit(data.iloc[:18])
    assert model.score(data.iloc[18:]) == -1.5
    with pytest.raises(ValueError, match="a series that changes"):
        Naive(2, season=1).fit(data[["b"]]).score()


def test_score_counts_the_steps_of_a_gap():
    model = Drift(2, season=1).fit(line(10))
    assert model.score(line(2, start=13)) == 0.0  # a line goes on as it is
    assert Told().fit(promo_frame(), target="y").score(promo_frame(20).iloc[12:14]) == pytest.approx(-(108 + 117) / 2)


def test_score_needs_newer_rows():
    model = Naive(2, season=1).fit(line(10))
    with pytest.raises(ValueError, match="rows after those that are known"):
        model.score(line(8))
    with pytest.raises(ValueError, match="score needs a series longer than horizon=20, got 10"):
        Naive(20, season=1).fit(line(10)).score()


class Constant:
    """A model of panels alone: the mean of what it was fitted to, whatever came before."""

    season, season_hints, n_covariates = 1, (), 0

    def __init__(self, panel, horizon):
        self._panel, self.horizon, self._kept = panel, horizon, {}

    def panel(self):
        return self._panel

    calibration_panel = panel

    def forecast(self, panel, cutoffs, horizon, quantiles=(), *, missing=None):
        points = np.full((len(cutoffs), horizon), self._panel.values.mean())
        return Forecasts(points, None if quantiles else np.empty((*points.shape, 0)))

    def bounded(self, forecasts):
        return forecasts

    def naive_scale(self, panel):
        return np.full(panel.n_series, 2.0)

    def was_fitted(self, panel, rows):
        return rows < len(self._panel.values)

    def refit(self, panel, *, keep_choices=False):
        return Constant(panel, self.horizon)

    def kept(self, horizon, make):
        return self._kept.setdefault(horizon, make())


def test_evaluation_needs_a_panel_model_and_no_frames():
    panel = make_panel([0.0, 2.0] * 20)
    model = Constant(panel, 4)
    assert scaled_error(*without_last_horizon(model)) == 0.5  # changes by 2, off by 1
    _, rows, points = in_sample(model)
    assert (rows.tolist(), set(points)) == (list(range(4, 40)), {1.0})
    plan = Plan.of(4, 2, None, 0, False, "expanding")
    found = backtest(model, panel, panel.offsets[:-1], plan, [0.1, 0.9])
    assert found.cutoffs.tolist() == [32, 36]
    assert found.rows.tolist() == [[32, 33, 34, 35], [36, 37, 38, 39]]
    assert set(found.points.ravel()) == {1.0}
    assert found.quantiles.tolist() == [[[0.0, 2.0]] * 4] * 2  # every error is 1 or -1
