"""Frames of every form to panels, and results in the form of the input."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from forecasting_frames import NAN, days, long_frame, series_of, wide_frame, write_two
from numpy.testing import assert_array_equal

from tsl.forecasting.frames.schema import Schema

# --- forms ---


def test_a_long_frame_may_have_its_times_in_the_index():
    frame = long_frame().set_index("ds")
    schema, panel = Schema.learn(frame, id_col="unique_id", target="y")
    assert series_of(panel) == {"b": [1, 2, 3, 4], "a": [10, 20, 30]}
    assert list(write_two(schema, panel).columns) == ["unique_id", "ds", "y_pred"]


def test_a_frame_whose_columns_are_series():
    schema, panel = Schema.learn(wide_frame())
    assert series_of(panel) == {"x": [1, 2, 3, 4], "z": [5, 6, 7, 8]}
    index = days(2, "2024-01-05").rename("day")
    wanted = pd.DataFrame({"x": [0.0, 1], "z": [2.0, 3]}, index=index)
    pd.testing.assert_frame_equal(write_two(schema, panel), wanted, check_freq=False)
    with_interval = write_two(schema, panel, ["y_pred", "y_pred-lo-90"])
    assert with_interval.columns.tolist() == [(s, c) for s in "xz" for c in ("y_pred", "y_pred-lo-90")]
    assert with_interval[("z", "y_pred-lo-90")].tolist() == [12, 13]


def test_columns_may_share_covariates():
    schema, panel = Schema.learn(wide_frame().assign(w=[1, 2, 3, 4]), future=["w"])
    assert list(panel.ids) == ["x", "z"]
    assert_array_equal(panel.future[:, 0], [1, 2, 3, 4, 1, 2, 3, 4])
    future = schema.future_frame(panel, 2).assign(w=[8, 9])
    assert_array_equal(schema.read_future(panel, 2, future)[0][..., 0], [[8, 9], [8, 9]])


def test_a_frame_with_one_target_takes_the_other_columns_as_past_covariates():
    schema, panel = Schema.learn(wide_frame(), target="x")
    assert list(panel.ids) == ["x"]
    assert_array_equal(panel.past[:, 0], [5, 6, 7, 8])
    written = write_two(schema, panel, ["y_pred", "y_pred-hi-90"])
    assert (written.index.name, list(written.columns)) == ("day", ["y_pred", "y_pred-hi-90"])


@pytest.mark.parametrize("target", ["x", None])
def test_a_column_may_hold_the_times_of_a_wide_frame(target):
    schema, panel = Schema.learn(wide_frame().reset_index(), target=target, time_col="day")
    assert list(panel.ids) == (["x"] if target else ["x", "z"])
    written = write_two(schema, panel)
    assert list(written.columns) == (["day", "y_pred"] if target else ["day", "x", "z"])
    assert written["day"].tolist() == list(days(2, "2024-01-05"))
    assert write_two(schema, panel, ["y_pred", "q"])["day"].tolist() == list(days(2, "2024-01-05"))


@pytest.mark.parametrize("name", ["sales", None, 3])
def test_a_series_gives_a_series_of_its_name(name):
    schema, panel = Schema.learn(pd.Series([1.0, 2, 3], index=days(3).rename("day"), name=name))
    assert list(panel.ids) == ["y" if name is None else name]
    wanted = pd.Series([0.0, 1.0], index=days(2, "2024-01-04").rename("day"), name=name)
    pd.testing.assert_series_equal(write_two(schema, panel), wanted, check_freq=False)
    assert list(write_two(schema, panel, ["y_pred", "q"]).columns) == ["y_pred", "q"]


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(10),
        pd.period_range("2024-01", periods=10, freq="M"),
        pd.date_range("2024-03-30 20:00", periods=10, freq="h", tz="Europe/Paris"),
    ],
    ids=["integers", "periods", "zone"],
)
def test_times_come_out_as_they_came_in(index):
    schema, panel = Schema.learn(pd.Series(np.arange(8.0), index=index[:8]))
    written = write_two(schema, panel)
    assert written.index.dtype == index.dtype
    assert list(written.index) == list(index[8:])


def test_long_results_have_ids_whatever_the_form():
    schema, panel = Schema.learn(wide_frame(), target="x")
    written = schema.write_long(
        panel.ids.repeat(2), schema.future_times(panel, 2), {"cutoff": days(2), "x": np.zeros(2)}
    )
    assert list(written.columns) == ["unique_id", "cutoff", "day", "x"]
    schema, panel = Schema.learn(pd.Series([1.0, 2, 3]))
    assert list(schema.write_long(panel.ids, panel.times[:1], {}).columns) == ["unique_id", "ds"]


# --- later data ---


def test_later_rows_are_read_alike():
    schema, panel = Schema.learn(long_frame(), past=["visits"], future=["weather"], calendar=["dayofweek"])
    later = schema.read(long_frame().iloc[::-1])
    assert series_of(later) == series_of(panel)
    assert later.future.shape == panel.future.shape


def test_later_rows_need_no_target_where_none_is_asked_for():
    schema, _ = Schema.learn(long_frame())
    later = schema.read(long_frame().drop(columns="y"), target_needed=False)
    assert np.isnan(later.values).all()
    with pytest.raises(ValueError, match=r"data must have the columns \['y'\], as in fit"):
        schema.read(long_frame().drop(columns="y"))


def test_newer_rows_may_leave_out_columns_that_ended():
    schema, _ = Schema.learn(wide_frame())
    newer = wide_frame().assign(x=NAN)
    assert series_of(schema.read(newer, skip_empty=True)) == {"z": [5, 6, 7, 8]}
    with pytest.raises(ValueError, match=r"data must have readings in every series, got none in \['x'\]"):
        schema.read(newer)
    with pytest.raises(ValueError, match=r"got none in \['x', 'z'\]"):
        schema.read(newer.assign(z=NAN), skip_empty=True)


@pytest.mark.parametrize(
    ("learned", "later", "error", "message"),
    [
        (long_frame(), pd.Series([1.0]), TypeError, "data must be a DataFrame, as in fit, got a Series"),
        (long_frame()["y"], long_frame(), TypeError, "data must be a Series, as in fit, got a DataFrame"),
        (
            long_frame(),
            long_frame().drop(columns=["ds"]),
            ValueError,
            r"data must have the columns \['ds'\], as in fit",
        ),
        (long_frame(), long_frame().iloc[:0], ValueError, "data must have rows, got none"),
        (long_frame(), [1, 2], TypeError, "data must be a Series or DataFrame of pandas or polars, got a list"),
    ],
)
def test_later_data_of_another_form_is_refused(learned, later, error, message):
    schema, _ = Schema.learn(learned)
    with pytest.raises(error, match=message):
        schema.read(later)


def test_another_series_brings_its_name():
    schema, _ = Schema.learn(pd.Series([1.0, 2, 3], name="x"))
    assert list(schema.read(pd.Series([1.0], name="z")).ids) == ["z"]
    assert list(schema.read(pd.Series([1.0])).ids) == ["x"]


def test_a_schema_is_copied_and_pickled_without_the_data():
    frame = pd.DataFrame(
        {"x": np.arange(50_000.0), "w": np.arange(50_000)}, index=pd.date_range("2020", periods=50_000, freq="h")
    )
    schema, panel = Schema.learn(frame, target="x", future=["w"], calendar="auto")
    pickled = pickle.dumps(schema)
    assert len(pickled) < 10_000  # of 800,000 bytes of data
    for twin in (pickle.loads(pickled), copy.deepcopy(schema)):
        assert (twin.future_times(panel, 3) == schema.future_times(panel, 3)).all()
        pd.testing.assert_frame_equal(twin.future_frame(panel, 3), schema.future_frame(panel, 3))


# --- bad input ---


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pd.Series(["a", "b"], index=days(2)), "data must hold numbers, got .* such as 'a'"),
        (pd.Series([1j, 2j], index=days(2)), "data must hold numbers, got complex128"),
        (pd.Series([1.0, np.inf], index=days(2)), "data must hold finite numbers, got inf at 2024-01-02"),
        (pd.Series([], index=days(0), dtype=float), "data must have rows, got none"),
        (wide_frame().assign(z=NAN), r"data must have readings in every series, got none in \['z'\]"),
        (wide_frame().assign(z="text"), "column 'z' of data must hold numbers, got .* such as 'text'"),
        (wide_frame().assign(z=-np.inf), "column 'z' of data must hold finite numbers, got -inf at 2024-01-01"),
        (wide_frame()[[]], "data must have a column for each series, got \\[\\]"),
        (wide_frame()[["x", "x"]], "data must have each column once, got 'x' several times"),
        (
            long_frame().assign(unique_id=list("aaaa") + [None] * 3),
            "a series in every row, got none in row 4",
        ),
        (long_frame().set_index(["unique_id", "ds"])[["y"]], "got a MultiIndex: reset_index"),
    ],
)
def test_data_that_cannot_be_read_is_named(data, message):
    with pytest.raises(ValueError, match=message):
        Schema.learn(data)


def test_too_many_categories_are_refused():
    frame = pd.DataFrame({"x": np.arange(101.0), "note": [f"note {k}" for k in range(101)]}, index=days(101))
    with pytest.raises(ValueError, match="column 'note' of past must hold at most 100 different categories, got 101"):
        Schema.learn(frame, target="x")
