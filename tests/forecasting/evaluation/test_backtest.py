import warnings

import numpy as np
import pandas as pd
import pytest
from forecasting_models import HOURS, Peeking, Trained, line, long_frame, make_panel
from numpy.testing import assert_allclose, assert_array_equal

from tsl.baselines import Drift, Naive, SeasonalNaive
from tsl.forecasting.evaluation.plan import Plan, TooShortWarning
from tsl.metrics import evaluate


def test_windows_are_whole_and_end_with_the_series():
    frame = Naive(3, season=1).fit(line(20)).backtest(n_windows=2)
    assert list(frame) == ["unique_id", "cutoff", "ds", "load", "y_pred", "Naive", "SeasonalNaive"]
    assert frame["cutoff"].tolist() == [HOURS[13]] * 3 + [HOURS[16]] * 3
    assert frame["ds"].tolist() == HOURS[14:20].tolist()
    assert frame["load"].tolist() == [14, 15, 16, 17, 18, 19]
    assert frame["y_pred"].tolist() == frame["Naive"].tolist() == [13, 13, 13, 16, 16, 16]


def test_a_gap_lies_between_the_cutoff_and_the_first_forecast():
    frame = Drift(2, season=2).fit(line(20)).backtest(n_windows=2, step=1, gap=3)
    assert frame["cutoff"].tolist() == [HOURS[13], HOURS[13], HOURS[14], HOURS[14]]
    assert frame["load"].tolist() == [17, 18, 18, 19]
    assert_allclose(frame["y_pred"], frame["load"])  # a line goes on as it is: the steps are the right ones
    assert frame["SeasonalNaive"].tolist() == [13, 12, 14, 13]  # steps 4 and 5 of seasons (12, 13) and (13, 14)


def test_series_end_where_they_end():
    data = pd.concat(
        [pd.DataFrame({"unique_id": k, "ds": HOURS[:n], "y": np.arange(n)}) for k, n in (("b", 9), ("a", 30))]
    )
    frame = Naive(4, season=1).fit(data).backtest(n_windows=1)
    assert frame["unique_id"].tolist() == ["b"] * 4 + ["a"] * 4
    assert frame["y"].tolist() == [5, 6, 7, 8, 26, 27, 28, 29]


def test_series_that_are_too_short_are_named():
    data = long_frame([60, 40, 12, 9])
    model = Naive(12, season=1).fit(data)
    with pytest.warns(TooShortWarning, match=r"2 series are left out.*'c', 'd'; 1 series have fewer.*'b'"):
        frame = model.backtest(n_windows=3)
    assert frame.groupby("unique_id")["cutoff"].nunique().to_dict() == {"a": 3, "b": 2}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TooShortWarning)
        assert len(Naive(12, season=1).fit(data[data["unique_id"] > "a"]).backtest(n_windows=3)) == 2 * 12
    with pytest.raises(ValueError, match="needs rows to forecast and one before, got 12"):
        Naive(12, season=1).fit(data[data["unique_id"] > "b"]).backtest()


@pytest.mark.parametrize("refit", [False, True, 2])
@pytest.mark.parametrize("window", ["expanding", "sliding"])
def test_nothing_is_forecast_by_a_model_that_was_trained_on_it(refit, window):
    data = long_frame([120, 90])
    model = Trained(6, season=1).fit(data)
    for frame in (
        model.backtest(n_windows=4, step=3, gap=1, refit=refit, window=window, level=80),
        model.backtest(data, n_windows=4, step=3, gap=1, refit=refit, window=window),
    ):
        assert len(frame) == 2 * 4 * 6
        assert frame["y_pred"].abs().max() < 100


def test_a_model_that_has_not_seen_the_rows_is_used_as_it_is(monkeypatch):
    data = long_frame([120, 90])
    model = Naive(6, season=24).fit(data[data["ds"] < HOURS[60]])
    monkeypatch.setattr(Naive, "_fit_panel", lambda self, panel: pytest.fail("fitted anew"))
    whole = model.backtest(data, n_windows=3)
    newer = model.backtest(data[data["ds"] >= HOURS[60]], n_windows=3)
    pd.testing.assert_frame_equal(whole, newer)


def test_windows_on_newer_rows_do_not_reach_back_into_what_was_fitted():
    model = Naive(6, season=24).fit(long_frame([60]))
    newer = long_frame([80]).iloc[60:]
    with pytest.warns(TooShortWarning, match="fewer than n_windows=5"):
        frame = model.backtest(newer)
    assert frame["cutoff"].unique().tolist() == [HOURS[61], HOURS[67], HOURS[73]]


def test_more_windows_than_rows_are_as_many_as_there_are():
    with pytest.warns(TooShortWarning, match="fewer than n_windows=1000000000"):
        assert len(Naive(3, season=1).fit(line(20)).backtest(n_windows=10**9)) == 5 * 3


def count_fits(model, **options):
    lengths = []
    original = type(model)._fit_panel

    def counted(self, panel):
        lengths.append(panel.lengths.tolist())
        original(self, panel)

    type(model)._fit_panel = counted
    try:
        model.backtest(**options)
    finally:
        type(model)._fit_panel = original
    return lengths


@pytest.mark.parametrize(
    ("options", "lengths"),
    [
        ({}, [[16]]),
        ({"refit": True}, [[16], [20], [24], [28], [32]]),
        ({"refit": True, "window": "sliding"}, [[16]] * 5),
        ({"refit": 2}, [[16], [24], [32]]),
        ({"refit": 2, "gap": 1, "n_windows": 3}, [[23], [31]]),
    ],
)
def test_models_are_fitted_on_what_is_before_their_first_window(options, lengths):
    assert count_fits(SeasonalNaive(4, season=1).fit(line(36)), **options) == lengths


def test_all_windows_of_a_model_are_forecast_in_one_call():
    model = Peeking(4, season=1).fit(line(100))
    model.backtest(n_windows=10, step=2)
    assert len(Peeking.seen[1]) == 10
    model.backtest(n_windows=10, step=2, level=80)  # never asks for forecasts of nothing, which `Peeking` refuses


def test_refitting_makes_no_difference_to_a_model_that_learns_nothing():
    model = Naive(6, season=24).fit(long_frame([200, 150]))
    pd.testing.assert_frame_equal(model.backtest(refit=True), model.backtest())


def test_a_gap_in_the_readings_is_not_filled_from_behind_a_cutoff():
    data = pd.Series([0.0, np.nan, 2.0, np.nan, np.nan, np.nan, 6.0], HOURS[:7])
    frame = Naive(2, season=1, missing="interpolate").fit(data).backtest(n_windows=1)
    assert frame["y_pred"].tolist() == [2.0, 2.0]
    assert_array_equal(frame["y"], [np.nan, 6.0])  # a missing reading is no truth


def test_intervals_follow_how_large_the_errors_were_until_each_cutoff():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=1000) * np.where(np.arange(1000) < 700, 1.0, 10.0)
    data = pd.Series(noise, HOURS[:1000])
    frame = Naive(1, season=1).fit(data[:600]).backtest(data, n_windows=400, step=1, level=80)
    width = (frame["y_pred-hi-80"] - frame["y_pred-lo-80"]).to_numpy()
    assert width[200:].mean() > 5 * width[:100].mean()
    inside = (frame["y"].between(frame["y_pred-lo-80"], frame["y_pred-hi-80"])).to_numpy()
    # standard errors of 4 and 2.5 points, and what of late means takes 20 windows to be all new
    assert inside[:100].mean() == pytest.approx(0.8, abs=0.12)
    assert inside[130:].mean() == pytest.approx(0.8, abs=0.08)


def test_intervals_know_nothing_of_later_windows():
    data = pd.Series(np.random.default_rng(0).normal(size=300), HOURS[:300])
    changed = data.copy()
    changed.iloc[-10:] *= 100
    frames = [
        Naive(5, season=1).fit(one[:200]).backtest(one, n_windows=10, step=10, level=80) for one in (data, changed)
    ]
    columns = ["y_pred", "y_pred-lo-80", "y_pred-hi-80"]
    pd.testing.assert_frame_equal(frames[0][columns].iloc[:45], frames[1][columns].iloc[:45])


def test_a_backtest_can_be_evaluated():
    data = long_frame([200, 150])
    frame = SeasonalNaive(6).fit(data).backtest(level=80)
    scores = evaluate(frame, history=data, season=24).set_index("model")
    assert scores.loc["y_pred", "mase"] == scores.loc["SeasonalNaive", "mase"] < scores.loc["Naive", "mase"]
    assert 0 < scores.loc["y_pred", "coverage-80"] <= 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_windows": 0}, "n_windows must be a whole number from 1 up, got 0"),
        ({"step": 1.5}, "step must be"),
        ({"gap": -1}, "gap must be a whole number from 0 up"),
        ({"refit": -1}, "refit must be"),
        ({"refit": "yes"}, "refit must be"),
        ({"window": "rolling"}, "window must be 'expanding' or 'sliding', got 'rolling'"),
        ({"level": 0}, "level must be"),
    ],
)
def test_arguments_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        Naive(3, season=1).fit(line(40)).backtest(**options)


def test_plans_count_windows_from_the_end_of_each_series():
    panel = make_panel(np.zeros(10), np.zeros(3), np.zeros(4), np.zeros(20))
    plan = Plan.of(3, 3, None, 0, False, "expanding")
    # a window has more than a horizon of rows before it, but for the last one, which may have one
    expected = [[-1, 4, 7], [-1, -1, -1], [-1, -1, 14], [28, 31, 34]]
    assert plan.cutoffs(panel, panel.offsets[:-1]).tolist() == expected
