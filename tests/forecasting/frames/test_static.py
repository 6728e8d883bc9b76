"""Static covariates: columns of a long frame, or a table by id."""

import pandas as pd
import pytest
from forecasting_frames import NAN, long_frame
from numpy.testing import assert_array_equal

from tsl.forecasting.frames.schema import Schema


def static_table():
    return pd.DataFrame({"size": [1.5, 2.5, 3.5], "city": ["Oslo", "Rome", "Rome"]}, index=["a", "b", "new"])


def test_static_columns_of_a_long_frame():
    schema, panel = Schema.learn(long_frame(), static=["city"])
    assert schema.static.encoder.names == ["city=Oslo", "city=Rome"]
    assert_array_equal(panel.static, [[0, 1], [1, 0]])  # "b" comes first
    known = schema.read(long_frame().drop(columns="city"))
    assert_array_equal(known.static, panel.static)


@pytest.mark.parametrize("as_column", [False, True])
def test_a_static_table_by_id(as_column):
    table = static_table().rename_axis("unique_id").reset_index() if as_column else static_table()
    schema, panel = Schema.learn(long_frame(), static=table)
    assert_array_equal(panel.static, [[2.5, 0, 1], [1.5, 1, 0]])
    assert_array_equal(
        schema.read(long_frame().replace({"unique_id": {"b": "new"}})).static, [[3.5, 0, 1], [1.5, 1, 0]]
    )


def test_a_static_series_is_a_table_of_one_column():
    schema, panel = Schema.learn(long_frame(), static=static_table()["size"])
    assert schema.static.encoder.names == ["size"]
    assert_array_equal(panel.static, [[2.5], [1.5]])


def test_new_series_bring_a_table_of_their_own():
    schema, _ = Schema.learn(long_frame(), static=static_table())
    later = long_frame().replace({"unique_id": {"b": "other"}})
    table = pd.DataFrame({"city": ["Rome", "Oslo"], "size": [9.0, 1.5]}, index=["other", "a"])
    assert_array_equal(schema.read(later, static=table).static, [[9.0, 0, 1], [1.5, 1, 0]])
    with pytest.raises(ValueError, match="column 'city' of static must hold categories .*'Rome', got 'rome'"):
        schema.read(later, static=table.replace("Rome", "rome"))
    with pytest.raises(ValueError, match=r"static must have a row for every series, got none for \['other'\]"):
        schema.read(later)
    with pytest.raises(ValueError, match=r"static must have the columns \['size', 'city'\], got none of \['city'\]"):
        schema.read(later, static=table[["size"]])


@pytest.mark.parametrize(
    ("static", "message"),
    [
        (["visits"], "static must name columns that do not change .* got 'visits', .* series 'b' at 2024-01-02"),
        (static_table().drop("a"), r"static must have a row for every series, got none for \['a'\]"),
        (static_table().replace({"size": {1.5: NAN}}), r"static must have no missing values, got some for \['a'\]"),
        (pd.concat([static_table()] * 2), "static must have one row for each series, got several for 'a'"),
        ("city", "static must be a list of column names or a table, got the string 'city'"),
        (["country"], "static must name columns of data, got 'country'"),
    ],
)
def test_static_that_does_not_fit_is_refused(static, message):
    with pytest.raises(ValueError, match=message):
        Schema.learn(long_frame(), static=static)
