"""The meaning of columns: by name, or by position in a result."""

import pandas as pd
import pytest

from tsl._tables.columns import (
    Keys,
    backtest_keys,
    bound_name,
    data_keys,
    forecast_keys,
    interval_levels,
    is_result_name,
    model_of,
    quantile_columns,
)

DAYS = pd.date_range("2024-01-01", periods=2)


@pytest.mark.parametrize(
    ("columns", "keys"),
    [
        ("shop cutoff day sold y_pred", ("shop", "day", "sold")),
        ("shop day cutoff sold y_pred", ("shop", "day", "sold")),
        ("cutoff day sold y_pred", (None, "day", "sold")),
        ("ds cutoff unique_id y m", ("ds", "unique_id", "y")),  # the data's own names, whatever they are
        ("shop cutoff day", ("shop", "day", None)),
        ("cutoff", (None, None, None)),
        ("y m ds unique_id", ("unique_id", "ds", "y")),
        ("unique_id ds y m cutoff", ("unique_id", "ds", "y")),  # no backtest puts it there
        ("ds y m", (None, "ds", "y")),
        ("day sold m", (None, None, None)),
    ],
)
def test_keys_of_a_backtest_stand_around_the_cutoff_or_have_the_usual_names(columns, keys):
    assert backtest_keys(columns.split()) == Keys(*keys)


@pytest.mark.parametrize(
    ("columns", "keys"),
    [
        ("shop day y_pred y_pred-lo-90", ("shop", "day", None)),
        ("day y_pred", (None, "day", None)),
        ("y_pred y_pred-lo-90", (None, None, None)),
        ("shop day sold y_pred residual", ("shop", "day", "sold")),
        ("shop day residual", ("shop", "day", None)),
        ("day residual", (None, "day", None)),
        ("residual", (None, None, None)),
        ("a b", (None, None, None)),
    ],
)
def test_keys_of_forecasts_stand_before_them(columns, keys):
    assert forecast_keys(columns.split()) == Keys(*keys)


@pytest.mark.parametrize(
    ("columns", "index", "keys"),
    [
        ("unique_id ds y", None, ("unique_id", "ds", "y")),
        ("unique_id ds", DAYS, ("unique_id", "ds", None)),  # ids are there: an index of times is what was left over
        ("ds y", None, (None, "ds", "y")),
        ("ds y", DAYS, (None, None, None)),
        ("ds y", DAYS.to_period("D"), (None, None, None)),
        ("unique_id y", None, (None, None, None)),
    ],
)
def test_keys_of_data_have_the_usual_names_unless_the_index_holds_the_times(columns, index, keys):
    assert data_keys(pd.DataFrame(0, pd.RangeIndex(2) if index is None else index, columns.split())) == Keys(*keys)


@pytest.mark.parametrize("name", ["y_pred", "y_pred-lo-80", "y_pred-q0.5", "path-12", "cutoff", "residual", "Naive"])
def test_names_of_results(name):
    assert is_result_name(name)
    assert not is_result_name(f"{name}s"[1:])
    assert not is_result_name((name,))


def test_intervals_have_both_bounds():
    columns = ["m", "m-lo-90", "m-hi-90", "m-hi-99.5", "m-lo-80", "m-q0.25", "m-n-lo-50", "m-n-hi-50", 0, ("m-lo-1",)]
    assert interval_levels(columns, "m") == ["90"]
    assert interval_levels(columns, "m-n") == ["50"]
    assert [bound_name("m", side, "90") for side in ("lo", "hi")] == columns[1:3]
    halves = {"m-lo-90": 0.05, "m-hi-90": 0.95, "m-hi-99.5": 0.9975, "m-lo-80": 0.1, "m-q0.25": 0.25}
    assert quantile_columns(columns, "m") == pytest.approx(halves)
    assert [model_of(name) for name in columns[:2]] == [None, "m"]
    assert model_of("m-n-q.5") == "m-n"
    assert model_of("m-q2") is None
