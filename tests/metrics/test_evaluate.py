"""Metrics of a backtest, by group."""

import numpy as np
import pandas as pd
import pytest
from metrics_frames import ALONE, FRAME, HISTORY, MODELS, SEASON
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal

from tsl import metrics
from tsl.metrics import evaluate


def test_groups_are_means_over_series_of_the_metrics_of_arrays():
    found = evaluate(FRAME, ["rmse"], by="cutoff", models=["y_pred"])
    for _, row in found.iterrows():
        window = FRAME[FRAME["cutoff"] == row["cutoff"]]
        each = [metrics.rmse(part["y"], part["y_pred"]) for _, part in window.groupby("unique_id")]
        assert_allclose(row["rmse"], np.mean(each), rtol=1e-12)


def test_other_columns_group_too():
    stores = FRAME.assign(store=np.where(FRAME["unique_id"] == "a", "north", "south"))
    found = evaluate(stores, ["mae"], by="store")
    assert found["store"].tolist() == ["north", "south"] * 2
    assert found["model"].tolist() == ["y_pred"] * 2 + ["SeasonalNaive"] * 2


def test_default_metrics_are_those_that_the_frame_and_history_allow():
    assert list(evaluate(FRAME[["unique_id", "cutoff", "ds", "y", "y_pred"]])) == [
        "model",
        "mae",
        "rmse",
        "smape",
        "wmape",
    ]
    everything = evaluate(FRAME, history=HISTORY, season=SEASON)
    intervals = ["coverage-80", "coverage-95", "interval_width-80", "interval_width-95"]
    assert list(everything) == ["model", "mae", "rmse", "smape", "wmape", "mase", "rmsse", *intervals]
    assert len(everything) == len(MODELS)


def test_owa_is_relative_to_the_reference_in_each_group():
    found = evaluate(FRAME, ["owa", "smape", "mase"], by="cutoff", history=HISTORY, season=SEASON)
    reference, model = found[found["model"] == "SeasonalNaive"], found[found["model"] == "y_pred"]
    assert_allclose(reference["owa"], 1.0)
    for (_, row), (_, base) in zip(model.iterrows(), reference.iterrows()):
        expected = metrics.owa(row["smape"], row["mase"], reference_smape=base["smape"], reference_mase=base["mase"])
        assert_allclose(row["owa"], expected)
    overall = evaluate(FRAME, ["owa"], history=HISTORY, season=SEASON, reference="y_pred")
    assert_allclose(overall["owa"][0], 1.0)


def test_metrics_of_one_series_by_hand():
    found = evaluate(ALONE, ["mae", "mape", "smape", "wmape", "coverage", "interval_width", "crps"])
    low, high = np.array([0, 2, -1, 0]), np.array([-2, 0, -2, -2])  # the truth less the bounds of 5 % and 95 %
    pinball = [np.maximum(q * error, (q - 1) * error).mean() for q, error in ((0.05, low), (0.95, high))]
    expected = {
        "mae": 3 / 4,
        "mape": (1 / 2 + 0 / 1 + 2 / 3) / 3,
        "smape": (1 / 5 + 0 + 0 / 2 + 2 / 4) / 4,
        "wmape": 3 / 6,
        "coverage-90": 3 / 4,  # on the lower bound twice, on the upper bound once
        "interval_width-90": (2 + 2 + 1 + 2) / 4,
        "crps": 2 * np.mean(pinball),
    }
    assert list(found) == ["model", *expected]
    assert_allclose(found.drop(columns="model").to_numpy()[0], list(expected.values()))
    assert_allclose(evaluate(ALONE, ["mae"], by="step")["mae"], [1, 0, 0, 2])
    assert evaluate(ALONE.assign(y=0.0), "wmape")["wmape"].isna().all()  # errors over a sum of 0


def test_series_that_are_categories_count_where_they_are():
    kind = pd.CategoricalDtype(["nobody", "b", "a"])
    frame, history = FRAME.astype({"unique_id": kind}), HISTORY.astype({"unique_id": kind})
    found = evaluate(frame, ["mae", "mase"], by="series", history=history)
    assert found["unique_id"].tolist() == ["b", "a"] * 2  # in the order of the categories
    expected = evaluate(FRAME, ["mae", "mase"], by="series", history=HISTORY)
    assert_allclose(found["mase"].sort_values(), expected["mase"].sort_values())


def test_rows_without_truth_do_not_count_but_keep_their_step():
    gaps = FRAME.assign(y=FRAME["y"].where(FRAME.groupby(["unique_id", "cutoff"]).cumcount() != 0))
    found = evaluate(gaps, ["mae"], by="step", models=["y_pred"])
    full = evaluate(FRAME, ["mae"], by="step", models=["y_pred"])
    assert_frame_equal(found, full.iloc[1:].reset_index(drop=True))


def test_polars_in_polars_out():
    polars = pytest.importorskip("polars", reason="an optional form of frames")
    found = evaluate(polars.DataFrame(FRAME.to_dict("list")), ["mae"], by="series")
    assert isinstance(found, polars.DataFrame)
    assert_allclose(found["mae"].to_numpy(), evaluate(FRAME, ["mae"], by="series")["mae"])


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        (FRAME, {"metrics": ["mea"]}, "metrics must be among mae, rmse, .*, got 'mea'"),
        (FRAME, {"metrics": ["mase"]}, "history must be given for 'mase'"),
        (FRAME, {"by": "week"}, "by must be 'series', 'cutoff', 'step' or a column of frame, got 'week'"),
        (FRAME, {"models": ["LSTM"]}, r"models must be columns of frame, .*, got 'LSTM'"),
        (FRAME, {"target": "sales"}, r"target must be a column of frame, .*, got 'sales'"),
        (FRAME[["unique_id", "ds", "y"]], {}, "frame must have a column of forecasts"),
        (FRAME[["unique_id", "y", "y_pred"]], {}, "time_col must be given: frame has neither"),
        (
            FRAME[["unique_id", "ds", "y", "y_pred"]],
            {"metrics": ["coverage"]},
            "columns like 'y_pred-lo-90' for 'coverage'",
        ),
        (
            FRAME[["unique_id", "ds", "y", "y_pred"]],
            {"metrics": ["crps"]},
            "columns of quantiles or intervals for 'crps'",
        ),
        (FRAME.assign(y_pred=np.nan), {}, "finite forecasts, got 24 in 'y_pred' that are not"),
        (FRAME.assign(y=np.nan), {}, "must have a truth in column 'y', got none"),
        (FRAME, {"metrics": ["mase"], "history": HISTORY[:40]}, "must have all series of frame, got none named 'b'"),
        (
            FRAME,
            {"metrics": ["mase"], "history": HISTORY, "season": 25},
            "history of 'b' has no two values season=25 rows apart up to 2024-01-02 03:00:00",
        ),
        (FRAME, {"metrics": ["mase"], "history": HISTORY, "season": 0}, "season must be at least 1, got 0"),
        (FRAME, {"metrics": ["owa"], "history": HISTORY, "reference": "Naive"}, "reference must be one of the models"),
    ],
)
def test_bad_frames_are_named(frame, options, message):
    with pytest.raises(ValueError, match=message):
        evaluate(frame, **options)


def test_no_frame_is_a_type_error():
    with pytest.raises(TypeError, match="frame must be a Series or DataFrame of pandas or polars, got a dict"):
        evaluate({})
