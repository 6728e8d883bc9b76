"""Which columns of a frame are evaluated."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from metrics_frames import ALONE, FRAME, HISTORY, MODELS, SEASON
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal

from tsl.metrics import evaluate


def test_names_of_columns_are_found_by_place_or_given():
    names = {"unique_id": "shop", "ds": "day", "y": "sales"}
    renamed, history = FRAME.rename(columns=names), HISTORY.rename(columns=names)
    expected = evaluate(FRAME, ["mae", "mase"], by="series", history=HISTORY, season=SEASON)
    found = evaluate(renamed, ["mae", "mase"], by="series", history=history, season=SEASON)
    assert_frame_equal(found, expected.rename(columns=names))
    behind = renamed[["shop", "day", "cutoff", "sales", *MODELS]]
    found = evaluate(behind, ["mae", "mase"], by="series", history=history, season=SEASON)
    assert_frame_equal(found, expected.rename(columns=names))
    reordered = renamed[["sales", *MODELS, "cutoff", "day", "shop"]]
    found = evaluate(
        reordered,
        ["mae", "mase"],
        by="series",
        history=history,
        season=SEASON,
        id_col="shop",
        time_col="day",
        target="sales",
    )
    assert_frame_equal(found, expected.rename(columns=names))


def test_columns_by_place_without_series():
    first = FRAME[(FRAME["unique_id"] == "a")].drop(columns="unique_id").rename(columns={"ds": "day", "y": "sales"})
    expected = evaluate(FRAME[FRAME["unique_id"] == "a"], ["mae"], by="cutoff")
    assert_frame_equal(evaluate(first, ["mae"], by="cutoff"), expected)  # cutoff, day, sales, models
    assert_frame_equal(evaluate(first, ["rmse"]), evaluate(FRAME[FRAME["unique_id"] == "a"], ["rmse"]))  # one series
    for names in (["unique_id", "ds", "cutoff"], ["cutoff", "ds"], ["unique_id", "cutoff", "ds"]):
        with pytest.raises(ValueError, match="target must be given"):
            evaluate(FRAME[names], ["mae"])
    for names in (["unique_id", "ds", "cutoff", "y"], ["cutoff", "ds", "y"]):
        with pytest.raises(ValueError, match="must have a column of forecasts"):
            evaluate(FRAME[names], ["mae"])


@pytest.mark.parametrize(
    "to_object", [lambda x: x, str, Fraction, Decimal], ids=["float", "text", "fraction", "decimal"]
)
def test_forecasts_may_be_python_objects(to_object):
    numbers = pd.Series([to_object(x) for x in ALONE["m"]], dtype=object)
    frame = ALONE.assign(other=ALONE["m"], m=numbers, note=pd.Series(["a", "b", None, "c"], dtype=object))
    models = ["other"] if to_object is str else ["m", "other"]  # text is a note
    found = evaluate(frame, ["mae"])
    assert found["model"].tolist() == models
    assert found["mae"].nunique() == 1
    expected = evaluate(ALONE, ["crps"])["crps"].tolist()
    bounds = {name: pd.Series([*ALONE[name]], dtype=object) for name in ("m-lo-90", "m-hi-90")}
    assert evaluate(frame.assign(**bounds), ["crps"], models=["m"])["crps"].tolist() == expected


def test_objects_that_are_numbers_in_part_are_no_silent_loss():
    mixed = ALONE.assign(other=pd.Series([1.0, "none", 2.0, 3], dtype=object))
    with pytest.raises(
        ValueError, match="column 'other' of frame must hold only numbers to be a forecast, got objects"
    ):
        evaluate(mixed, ["mae"])
    assert evaluate(mixed, ["mae"], models=["m"])["model"].tolist() == ["m"]
    for missing in (None, pd.NA, np.nan):
        gap = ALONE.assign(other=pd.Series([1.0, missing, 2.0, 3.0], dtype=object))
        with pytest.raises(ValueError, match="frame must have finite forecasts, got 1 in 'other'"):
            evaluate(gap, ["mae"])


def test_truth_values_are_no_forecasts():
    assert evaluate(ALONE.assign(weekend=[True, False, False, False]))["model"].tolist() == ["m"]


def test_bounds_without_the_other_one_are_no_interval():
    one_sided = ALONE.drop(columns="m-hi-90")
    with pytest.raises(ValueError, match="columns like 'm-lo-90' for 'coverage'"):
        evaluate(one_sided, ["coverage"])
    assert "coverage-90" not in evaluate(one_sided)
    with pytest.raises(ValueError, match="columns like 'm-lo-90' for 'coverage'"):
        evaluate(ALONE.drop(columns="m-lo-90"), ["coverage"])


def test_model_without_intervals_has_no_coverage():
    found = evaluate(FRAME.drop(columns=[name for name in FRAME if name.startswith("SeasonalNaive-")]), ["coverage"])
    assert found["coverage-80"].isna().tolist() == [False, True]


def test_quantile_columns_count_for_crps_and_are_no_models():
    frame = FRAME[["unique_id", "cutoff", "ds", "y", "y_pred"]].assign(**{"y_pred-q0.5": FRAME["y_pred"]})
    found = evaluate(frame, ["mae", "crps"], by="series")
    assert found["model"].unique().tolist() == ["y_pred"]
    assert_allclose(found["crps"], found["mae"])


def test_steps_count_from_the_first_forecast_of_a_window_in_any_order_of_rows():
    found = evaluate(FRAME.sample(frac=1.0, random_state=0), ["mae"], by="step", models=["y_pred"])
    assert found["step"].tolist() == [1, 2, 3, 4, 5, 6]
    third = FRAME.groupby(["unique_id", "cutoff"]).nth(2)
    assert_allclose(found["mae"][2], np.mean(np.abs(third["y"] - third["y_pred"])), rtol=1e-12)
