"""The roles of columns, from the arguments of `fit` and column names."""

import pandas as pd
import pytest
from forecasting_frames import days, long_frame, series_of, wide_frame, write_two

from tsl.forecasting.frames.schema import Schema


def test_a_long_frame_with_the_usual_names_needs_no_arguments():
    schema, panel = Schema.learn(long_frame())
    assert series_of(panel) == {"b": [1, 2, 3, 4], "a": [10, 20, 30]}
    assert list(panel.times[:2]) == list(days(2))
    assert (panel.past.shape, panel.future.shape, panel.static.shape) == ((7, 0), (7, 0), (2, 0))
    wanted = pd.DataFrame(
        {"unique_id": list("bbaa"), "ds": [*days(2, "2024-01-05"), *days(2, "2024-01-06")], "y_pred": [0.0, 1, 2, 3]}
    )
    pd.testing.assert_frame_equal(write_two(schema, panel), wanted)


def test_a_long_frame_with_names_of_its_own():
    frame = long_frame().rename(columns={"unique_id": "shop", "ds": "day", "y": "sold"})
    schema, panel = Schema.learn(frame, id_col="shop", time_col="day", target="sold")
    assert series_of(panel) == {"b": [1, 2, 3, 4], "a": [10, 20, 30]}
    written = write_two(schema, panel, ["y_pred", "y_pred-lo-90"])
    assert list(written.columns) == ["shop", "day", "y_pred", "y_pred-lo-90"]
    assert written["y_pred-lo-90"].tolist() == [10, 11, 12, 13]


def test_past_says_which_columns_count():
    frame = wide_frame().assign(w=0.0, v="text")
    schema, panel = Schema.learn(frame, target="x", past=["z"], future=["w"])
    assert (schema.past.names, schema.future.names) == (["z"], ["w"])
    assert (panel.past.shape, panel.future.shape) == ((4, 1), (4, 1))


BAD_FRAMES = [
    ({"target": "sold"}, "target must name columns of data, got 'sold'; they are"),
    ({"id_col": "shop"}, "id_col must name columns of data, got 'shop'"),
    ({"time_col": "when"}, "time_col must name columns of data, got 'when'"),
    ({"past": ["rain"]}, "past must name columns of data, got 'rain'"),
    ({"future": "weather"}, "future must be a list of column names, got the string 'weather'"),
    ({"past": ["visits"], "future": ["visits"]}, "a column must have one role, got 'visits' in two of them"),
    ({"past": ["y"]}, "a column must have one role, got 'y' in two of them"),
    ({"target": "weather"}, "target 'weather' of data must hold numbers, got .* such as 'sun'"),
    (
        {"past": ["ds"], "id_col": "unique_id", "time_col": "visits", "target": "y"},
        "datetime64.*is it the time_col",
    ),
    ({"sample_weight": "heavy"}, "sample_weight must name columns of data, got 'heavy'"),
    ({"sample_weight": [1.0, 2.0]}, "sample_weight must hold a number for each of the 7 rows, got 2"),
    ({"sample_weight": [1.0] * 6 + [-1.0]}, "sample_weight must not be negative or missing, got -1.0"),
    ({"id_col": "unique_id", "target": "y"}, "time_col must name a column of data, got None"),
    ({"id_col": "unique_id", "time_col": "ds"}, "target must name a column of data, got None"),
]


@pytest.mark.parametrize(("options", "message"), BAD_FRAMES)
def test_arguments_that_do_not_fit_the_frame_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        Schema.learn(long_frame(), **options)


@pytest.mark.parametrize("argument", ["target", "id_col", "time_col", "past", "future"])
def test_a_series_has_no_columns_to_name(argument):
    value = ["x"] if argument in ("past", "future") else "x"
    with pytest.raises(ValueError, match=f"{argument} must be left out if data is a Series, got"):
        Schema.learn(pd.Series([1.0, 2]), **{argument: value})
