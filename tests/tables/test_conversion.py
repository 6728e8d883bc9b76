"""Frames of polars and Arrow as input and output."""

import datetime as dt
import sys

import numpy as np
import pandas as pd
import pytest
from forecasting_frames import long_frame, series_of, wide_frame, write_two
from numpy.testing import assert_array_equal

from tsl.baselines import SeasonalNaive
from tsl.forecasting.frames.schema import Schema
from tsl.metrics import evaluate


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


# --- Arrow ----------------------------------------------------------------------------------------------------------


class Stream:
    """What gives its rows to Arrow and is nothing else, as a relation of DuckDB."""

    def __init__(self, table):
        self._table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self._table.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize("form", [lambda table: table, Stream], ids=["table", "stream"])
def test_arrow_comes_in_and_goes_out(form):
    pyarrow = pytest.importorskip("pyarrow", reason="extra 'test'")
    frame = long_frame()
    table = form(pyarrow.Table.from_pandas(frame, preserve_index=False))
    schema, panel = Schema.learn(table, past=["visits"], future=["weather"], static=["city"])
    _, wanted = Schema.learn(frame, past=["visits"], future=["weather"], static=["city"])
    assert series_of(panel) == series_of(wanted)
    for name in ("past", "future", "static", "times"):
        assert_array_equal(getattr(panel, name), getattr(wanted, name))
    written = write_two(schema, panel)
    assert isinstance(written, pyarrow.Table)
    assert written["unique_id"].to_pylist() == list("bbaa")
    assert written["ds"].to_pylist()[0] == dt.datetime(2024, 1, 5)
    assert written["y_pred"].to_pylist() == [0, 1, 2, 3]
    assert isinstance(schema.future_frame(panel, 2), pyarrow.Table)


def test_arrow_keeps_dates_zones_decimals_categories_and_nulls():
    pyarrow = pytest.importorskip("pyarrow", reason="extra 'test'")
    days = [dt.date(2024, 1, day) for day in (1, 2, 3)]
    columns = {
        "t": pyarrow.array(days),
        "x": pyarrow.array([1, None, 3], pyarrow.decimal128(5, 2)),
        "kind": pyarrow.array(["u", "v", "u"]).dictionary_encode(),
        "open": pyarrow.array([True, None, False]),
    }
    schema, panel = Schema.learn(pyarrow.table(columns), time_col="t", target="x", past=["kind", "open"])
    assert_array_equal(panel.values, [1, np.nan, 3])
    assert schema.past.names == ["kind=u", "kind=v", "open"]
    assert_array_equal(panel.past[:, 2], [1, np.nan, 0])
    assert write_two(schema, panel)["t"].to_pylist() == [dt.date(2024, 1, 4), dt.date(2024, 1, 5)]
    for unit in ("s", "ms", "us", "ns"):
        for zone in (None, "Europe/Paris"):
            hours = [dt.datetime(2024, 1, 1, hour) for hour in range(3)]
            times = pyarrow.array(hours, pyarrow.timestamp(unit, zone))
            schema, panel = Schema.learn(pyarrow.table({"t": times, "x": [1.0, 2, 3]}), time_col="t", target="x")
            written = write_two(schema, panel)["t"]
            assert written.type == pyarrow.timestamp("ms" if unit == "s" else unit, zone)
            assert pyarrow.compute.hour(written).to_pylist() == [hour + (zone is not None) for hour in (3, 4)]


def test_every_result_of_a_forecaster_of_arrow_is_arrow():
    pyarrow = pytest.importorskip("pyarrow", reason="extra 'test'")
    frame = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=30), "y": np.arange(30.0) % 7})
    frame = pd.concat([frame.assign(unique_id=name) for name in "ab"], ignore_index=True)
    table = pyarrow.Table.from_pandas(frame, preserve_index=False)
    wanted, model = (SeasonalNaive(3, season=7).fit(data) for data in (frame, table))
    for ask in (
        lambda m: m.predict(level=80),
        lambda m: m.predict(data=table if m is model else frame),
        lambda m: m.backtest(n_windows=2),
        lambda m: m.residuals(),
        lambda m: m.simulate(2, random_state=0),
        lambda m: evaluate(m.backtest(n_windows=2), by="series"),
    ):
        assert isinstance(ask(model), pyarrow.Table)
        pd.testing.assert_frame_equal(ask(model).to_pandas(), ask(wanted), check_dtype=False)
    assert model.score() == wanted.score()


def test_wide_arrow_results_have_flat_names():
    pyarrow = pytest.importorskip("pyarrow", reason="extra 'test'")
    table = pyarrow.table({"t": pd.date_range("2024-01-01", periods=9), "p": np.arange(9.0), "q": np.arange(9.0)})
    model = SeasonalNaive(2, season=1).fit(table, time_col="t")
    assert model.predict().column_names == ["t", "p", "q"]
    assert model.predict(quantiles=0.5).column_names == ["t", "p-y_pred", "p-y_pred-q0.5", "q-y_pred", "q-y_pred-q0.5"]


def test_what_arrow_does_not_take_for_a_table_is_named():
    pyarrow = pytest.importorskip("pyarrow", reason="extra 'test'")
    with pytest.raises(TypeError, match="data must be a table, got a ChunkedArray, which Arrow does not read as one"):
        Schema.learn(pyarrow.chunked_array([[1.0, 2.0]]))
    with pytest.raises(TypeError, match="got a list; tables of Arrow are allowed, too"):
        Schema.learn([1, 2])


def test_arrow_without_pyarrow_says_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(TypeError, match="data is a Stream, which needs pyarrow: python -m pip install pyarrow"):
        Schema.learn(Stream(None))
