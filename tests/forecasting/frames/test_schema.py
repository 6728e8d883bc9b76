"""Frames of every form in, panels out, and results in the form that came in."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from forecasting_frames import NAN, days, long_frame, series_of, wide_frame, write_two
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from tsl.forecasting.frames.schema import Schema

# --- forms ---


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


def test_columns_begin_and_end_at_their_own_times():
    frame = pd.DataFrame({"x": [NAN, 2, NAN, 4, 5], "z": [6.0, 7, 8, 9, NAN]}, index=days(5))
    schema, panel = Schema.learn(frame)
    assert panel.offsets.tolist() == [0, 4, 8]
    assert_array_equal(panel.values, [2, NAN, 4, 5, 6, 7, 8, 9])
    written = write_two(schema, panel)
    assert written.index.tolist() == list(days(3, "2024-01-05"))
    assert_array_equal(written, [[NAN, 2], [0, 3], [1, NAN]])


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


def test_past_says_which_columns_count():
    frame = wide_frame().assign(w=0.0, v="text")
    schema, panel = Schema.learn(frame, target="x", past=["z"], future=["w"])
    assert (schema.past.names, schema.future.names) == (["z"], ["w"])
    assert (panel.past.shape, panel.future.shape) == ((4, 1), (4, 1))


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


# --- order ---


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000))
def test_the_order_of_rows_does_not_matter(seed):
    frame = long_frame()
    order = np.random.default_rng(seed).permutation(len(frame))
    options = {"past": ["visits"], "future": ["weather"], "static": ["city"], "sample_weight": "visits"}
    _, sorted_panel = Schema.learn(frame, **options)
    _, panel = Schema.learn(frame.iloc[order], **options)
    assert series_of(panel) == series_of(sorted_panel)
    back = np.concatenate([np.flatnonzero(np.repeat(panel.ids, panel.lengths) == key) for key in sorted_panel.ids])
    for name in ("past", "future", "weights", "times"):
        assert_array_equal(getattr(panel, name)[back], getattr(sorted_panel, name))
    assert_array_equal(panel.static[panel.ids.get_indexer(sorted_panel.ids)], sorted_panel.static)


def test_a_wide_frame_is_sorted_before_its_ends_are_found():
    frame = pd.DataFrame({"x": [NAN, 2, 3], "z": [4.0, NAN, 6]}, index=days(3))
    _, panel = Schema.learn(frame.iloc[[1, 0, 2]])
    assert_array_equal(panel.values, [2, 3, 4, NAN, 6])
    assert list(panel.times[:2]) == list(days(2, "2024-01-02"))


@pytest.mark.parametrize("shuffle", [False, True])
def test_two_rows_of_one_time_are_refused(shuffle):
    frame = pd.concat([long_frame(), long_frame().iloc[[5]]])
    frame = frame.sample(frac=1, random_state=0) if shuffle else frame
    with pytest.raises(ValueError, match="one row for each time .* 1 too many: series 'a' has several at 2024-01-04"):
        Schema.learn(frame)
    with pytest.raises(ValueError, match="1 too many: series 'y' has several at 2024-01-02"):
        Schema.learn(pd.Series([1.0, 2, 3], index=days(3)[[0, 1, 1]]))


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


def test_the_panel_does_not_share_memory_with_the_frame():
    series = pd.Series([1.0, 2, 3], index=days(3))
    _, panel = Schema.learn(series)
    series.iloc[0] = 99.0
    assert panel.values[0] == 1.0
    assert panel.values.flags.writeable  # compiled code is compiled anew for arrays that are not


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


@pytest.mark.parametrize("argument", ["target", "id_col", "time_col", "past", "future"])
def test_a_series_has_no_columns_to_name(argument):
    value = ["x"] if argument in ("past", "future") else "x"
    with pytest.raises(ValueError, match=f"{argument} must be left out where data is a Series, got"):
        Schema.learn(pd.Series([1.0, 2]), **{argument: value})


def test_too_many_categories_are_refused():
    frame = pd.DataFrame({"x": np.arange(101.0), "note": [f"note {k}" for k in range(101)]}, index=days(101))
    with pytest.raises(ValueError, match="column 'note' of past must hold at most 100 different categories, got 101"):
        Schema.learn(frame, target="x")
