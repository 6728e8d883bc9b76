"""Frames of polars in and out."""

import datetime as dt

import numpy as np
import pytest
from forecasting_frames import long_frame, series_of, wide_frame, write_two
from numpy.testing import assert_array_equal

from tsl.forecasting.frames import Schema


def as_polars(frame):
    polars = pytest.importorskip("polars", reason="frames of polars need polars")
    return polars.DataFrame({name: frame[name].to_list() for name in frame})


def test_polars_comes_in_and_goes_out():
    frame = long_frame()
    schema, panel = Schema.learn(as_polars(frame), past=["visits"], future=["weather"], static=["city"])
    _, wanted = Schema.learn(frame, past=["visits"], future=["weather"], static=["city"])
    assert series_of(panel) == series_of(wanted)
    for name in ("past", "future", "static", "times"):
        assert_array_equal(getattr(panel, name), getattr(wanted, name))
    written = write_two(schema, panel)
    assert type(written).__module__.startswith("polars")
    assert written["unique_id"].to_list() == list("bbaa")
    assert written["ds"].to_list()[0] == dt.datetime(2024, 1, 5)
    assert written["y_pred"].to_list() == [0, 1, 2, 3]


def test_the_future_of_polars_is_polars():
    polars = pytest.importorskip("polars", reason="frames of polars need polars")
    schema, panel = Schema.learn(as_polars(long_frame()), future=["weather"])
    frame = schema.future_frame(panel, 2)
    assert isinstance(frame, polars.DataFrame)
    ahead, _ = schema.read_future(panel, 2, frame.with_columns(weather=polars.Series(["sun", "rain", "sun", "snow"])))
    assert_array_equal(ahead[1], [[0, 0, 1], [0, 1, 0]])


def test_polars_keeps_dates_zones_categories_and_nulls():
    polars = pytest.importorskip("polars", reason="frames of polars need polars")
    times = polars.datetime_range(
        dt.datetime(2024, 3, 30), dt.datetime(2024, 3, 31), "1h", time_zone="Europe/Paris", eager=True
    )
    frame = polars.DataFrame({"t": times, "x": [None, *range(1, len(times))]})
    schema, panel = Schema.learn(frame, time_col="t", target="x")
    assert np.isnan(panel.values[0])
    written = write_two(schema, panel)
    assert written["t"].dtype == times.dtype
    assert written["t"].dt.hour().to_list() == [1, 3]  # 2 o'clock is skipped that night
    dates = polars.date_range(dt.date(2024, 1, 1), dt.date(2024, 1, 3), eager=True)
    kinds = polars.Series(["u", "v", "u"], dtype=polars.Categorical)
    schema, panel = Schema.learn(polars.DataFrame({"t": dates, "x": [1, 2, 3], "k": kinds}), time_col="t", target="x")
    assert schema.past.names == ["k=u", "k=v"]
    assert write_two(schema, panel)["t"].to_list() == [dt.date(2024, 1, 4), dt.date(2024, 1, 5)]


def test_wide_polars_results_have_flat_names():
    frame = as_polars(wide_frame().reset_index())
    schema, panel = Schema.learn(frame, time_col="day")
    assert write_two(schema, panel).columns == ["day", "x", "z"]
    assert write_two(schema, panel, ["y_pred", "q"]).columns == ["day", "x-y_pred", "x-q", "z-y_pred", "z-q"]


def test_a_polars_series_gives_one():
    polars = pytest.importorskip("polars", reason="frames of polars need polars")
    schema, panel = Schema.learn(polars.Series("x", [1.0, 2.0, 3.0]))
    written = write_two(schema, panel)
    assert isinstance(written, polars.Series)
    assert (written.name, written.to_list()) == ("x", [0.0, 1.0])


def test_a_lazy_frame_is_told_to_collect():
    with pytest.raises(TypeError, match="got a LazyFrame: collect"):
        Schema.learn(as_polars(long_frame()).lazy())
