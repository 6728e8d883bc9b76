"""The history to which scaled errors are relative."""

import numpy as np
import pytest
from metrics_frames import ALONE, BEFORE, FRAME, HISTORY, SEASON
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal

from tsl.baselines import Naive
from tsl.metrics import evaluate


def test_history_after_a_cutoff_does_not_count():
    later = HISTORY.assign(y=HISTORY["y"].where(HISTORY["ds"] <= FRAME["cutoff"].max(), 1e9))
    expected = evaluate(FRAME, ["mase"], history=HISTORY, season=SEASON)
    assert_frame_equal(evaluate(FRAME, ["mase"], history=later, season=SEASON), expected)


@pytest.mark.parametrize("wide", [True, False])
def test_history_may_be_wide_or_one_series(wide):
    if wide:
        frame, history = FRAME, HISTORY.pivot(index="ds", columns="unique_id", values="y")
    else:
        frame = FRAME[FRAME["unique_id"] == "a"]
        history = HISTORY[HISTORY["unique_id"] == "a"].set_index("ds")["y"]
    expected = evaluate(frame, ["mase"], history=HISTORY, season=SEASON)
    assert_frame_equal(evaluate(frame, ["mase"], history=history, season=SEASON), expected)
    if not wide:
        assert_frame_equal(evaluate(frame, ["mase"], history=history.to_frame(), season=SEASON), expected)


@pytest.mark.parametrize(
    "history",
    [
        BEFORE,
        BEFORE.iloc[::-1],
        BEFORE.to_frame("y"),
        BEFORE.rename_axis("ds").reset_index(name="y"),
        BEFORE.iloc[::-1].rename_axis("ds").reset_index(name="y"),
        BEFORE.astype(int).rename_axis("ds").reset_index(name="y").astype({"y": object}),
    ],
    ids=["Series", "in another order", "frame", "frame with times", "its rows in another order", "numbers as objects"],
)
def test_history_of_one_series_needs_no_name(history):
    found = evaluate(ALONE, ["mase", "rmsse"], history=history)
    assert_allclose(found["mase"], 3 / 4 / (7 / 3))
    assert_allclose(found["rmsse"], np.sqrt(5 / 4 / (21 / 3)))
    with pytest.raises(ValueError, match=r"^history has no two values season=4 rows apart before the first"):
        evaluate(ALONE, ["mase"], history=history, season=4)


def test_a_history_that_never_changes_has_no_scale():
    found = evaluate(ALONE, ["mase", "rmsse"], history=0 * BEFORE)
    assert np.isinf(found[["mase", "rmsse"]].to_numpy()).all()


def test_series_may_be_called_like_the_truth():
    names = {"a": "y", "b": "z"}
    frame, history = (part.replace({"unique_id": names}) for part in (FRAME, HISTORY))
    wide = history.pivot(index="ds", columns="unique_id", values="y")
    expected = evaluate(frame, ["mase"], history=history, season=SEASON)
    assert_frame_equal(evaluate(frame, ["mase"], history=wide, season=SEASON), expected)
    assert_frame_equal(evaluate(frame, ["mase"], history=wide.reset_index(), season=SEASON), expected)


@pytest.mark.parametrize("form", ["long", "wide", "one"])
def test_rows_of_the_forecast_do_not_count_for_the_scale_without_a_cutoff(form):
    frame = FRAME[FRAME["cutoff"] == FRAME["cutoff"].max()].drop(columns="cutoff")
    is_before = HISTORY["ds"] < frame["ds"].min()
    before, history = HISTORY[is_before], HISTORY.assign(y=HISTORY["y"].where(is_before, HISTORY["y"] ** 2 + 1e6))
    if form == "wide":
        history, before = (part.pivot(index="ds", columns="unique_id", values="y") for part in (history, before))
    if form == "one":
        parts = (frame, history, before)
        frame, history, before = (part[part["unique_id"] == "a"].drop(columns="unique_id") for part in parts)
    expected = evaluate(frame, ["mase", "rmsse"], history=before)
    assert_frame_equal(evaluate(frame, ["mase", "rmsse"], history=history), expected)


@pytest.mark.parametrize("target", ["residual", "Naive", "sold"])
@pytest.mark.parametrize("index", [False, True])
def test_the_history_may_be_what_was_fitted_whatever_its_columns_are_called(target, index):
    roles = {"id_col": "shop", "target": target} | ({} if index else {"time_col": "day"})
    history = HISTORY.set_axis(["shop", "day", target], axis=1)
    history = history.set_index("day").rename_axis(None) if index else history
    frame = Naive(3, season=SEASON).fit(history, **roles).backtest(n_windows=2)
    plain = Naive(3, season=SEASON).fit(HISTORY).backtest(n_windows=2)
    expected = evaluate(plain, ["mase"], history=HISTORY, season=SEASON)
    assert_frame_equal(evaluate(frame, ["mase"], history=history, season=SEASON), expected)
    if target != "sold":
        with pytest.raises(ValueError, match="history must have the column 'y' of frame, got "):
            evaluate(frame, ["mase"], history=history.assign(promo=1.0), season=SEASON)


def test_a_history_of_other_times_is_refused():
    with pytest.raises(
        ValueError, match="history must have times that can be compared with those of frame, got int64 and"
    ):
        evaluate(ALONE, ["mase"], history=BEFORE.reset_index(drop=True))
