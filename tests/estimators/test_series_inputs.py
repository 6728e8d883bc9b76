"""Every form of series and their times: same result as with a plain array, or a clear error."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from small_models import read_only

from tsl import LSTMForecaster
from tsl.baselines import SeasonalNaive
from tsl.forecasting import IrregularTimesWarning
from tsl.windows import SlidingWindow

polars = pytest.importorskip("polars", reason="extra 'test'")
pyarrow = pytest.importorskip("pyarrow", reason="extra 'test'")


DAYS = pd.date_range("2024-03-01", periods=48, freq="D")
VALUES = np.tile([0.0, 1, 1, 0, 1, 0], 8)


def forecaster():
    small = {"window": 12, "segment": 6, "season": 6, "differences": None, "scaling": "window", "calendar": None}
    small |= {"target_transform": None}
    return LSTMForecaster(3, **small, hidden_size=4, embedding_size=None, max_iter=3, random_state=0)


FORECASTERS = {"LSTMForecaster": forecaster, "SeasonalNaive": lambda: SeasonalNaive(3, season=6)}
FORECASTS = {name: make().fit(pd.Series(VALUES, DAYS)).predict().to_numpy() for name, make in FORECASTERS.items()}

SERIES = {
    **{kind: pd.Series(VALUES.astype(kind), DAYS) for kind in ("f2", "f4", ">f8", "i1", "u8", "?")},
    "objects": pd.Series(VALUES.astype(object), DAYS),
    "strides": pd.Series(np.repeat(VALUES, 3)[::3], DAYS),
    "read-only": pd.Series(read_only(VALUES), DAYS, copy=False),
    "sparse": pd.Series(pd.arrays.SparseArray(VALUES), DAYS),
    **{
        kind: pd.Series(VALUES, DAYS).astype(kind)
        for kind in ("Int64", "Float32", "boolean", "int64[pyarrow]", "double[pyarrow]", "bool[pyarrow]")
    },
    "Arrow decimal": pd.Series(VALUES, DAYS).astype(pd.ArrowDtype(pyarrow.decimal128(5, 2))),
    "polars": polars.Series("y", VALUES),
    "polars int": polars.Series("y", VALUES).cast(polars.Int8),
    "polars bool": polars.Series("y", VALUES).cast(polars.Boolean),
    "polars decimal": polars.Series("y", VALUES).cast(polars.Decimal(5, 2)),
}


@pytest.mark.parametrize("name", FORECASTERS)
@pytest.mark.parametrize("series", SERIES.values(), ids=SERIES)
def test_series_of_any_type_are_the_same_series(series, name):
    assert_array_equal(FORECASTERS[name]().fit(series).predict().to_numpy(), FORECASTS[name])


@pytest.mark.parametrize(
    ("series", "message"),
    [
        (pd.Series(VALUES, DAYS).astype(str), "data must hold numbers, got (str|object) such as '0.0'"),
        (pd.Series(VALUES, DAYS).astype("category"), "data must hold numbers, got category such as"),
        (pd.Series(VALUES, DAYS).astype(complex), "data must hold numbers, got complex128"),
        (pd.Series(DAYS, DAYS), "data must hold numbers, got datetime64"),
        (pd.Series([None, *VALUES[1:]], DAYS, dtype="Int64"), "the target must have no missing values"),
        (polars.Series("y", [None, *VALUES[1:]]), "the target must have no missing values"),
        (polars.Series("y", VALUES).cast(polars.String), "data must hold numbers"),
    ],
)
def test_series_that_are_no_numbers_are_named(series, message):
    for make in FORECASTERS.values():
        with pytest.raises(ValueError, match=message):
            make().fit(series)


@pytest.mark.parametrize("data", [VALUES, VALUES.tolist(), {"y": VALUES}, pyarrow.array(VALUES), None, 3])
def test_a_forecaster_needs_a_frame(data):
    with pytest.raises(TypeError, match="data must be a Series or DataFrame of pandas or polars, got"):
        forecaster().fit(data)


TIMES = {
    "days": (DAYS, pd.Timestamp("2024-04-18")),
    "seconds": (DAYS.as_unit("s"), pd.Timestamp("2024-04-18")),
    "nanoseconds": (DAYS.as_unit("ns"), pd.Timestamp("2024-04-18")),
    "a zone whose clock changes on 31 March": (
        DAYS.tz_localize("Europe/Berlin"),
        pd.Timestamp("2024-04-18", tz="Europe/Berlin"),
    ),
    "hours over the change of the clock": (
        pd.date_range("2024-03-30", periods=48, freq="h", tz="Europe/Berlin"),
        pd.Timestamp("2024-04-01 01:00", tz="Europe/Berlin"),
    ),
    "hours over the change back": (
        pd.date_range("2024-10-26", periods=48, freq="h", tz="Europe/Berlin"),
        pd.Timestamp("2024-10-27 23:00", tz="Europe/Berlin"),
    ),
    "Arrow": (pd.Index(pd.Series(DAYS).astype("timestamp[ns][pyarrow]")), pd.Timestamp("2024-04-18")),
    "strings": (DAYS.strftime("%Y-%m-%d"), pd.Timestamp("2024-04-18")),
    "dates": (pd.Index([day.date() for day in DAYS]), pd.Timestamp("2024-04-18")),
    "periods": (DAYS.to_period("D"), pd.Period("2024-04-18", "D")),
    "months": (pd.period_range("2000-01", periods=48, freq="M"), pd.Period("2004-01", "M")),
    "integers": (pd.RangeIndex(48), 48),
    "integers by five": (pd.Index(np.arange(48) * 5 - 100), 140),
    "small integers": (pd.Index(np.arange(48, dtype=np.uint8)), 48),
    "nullable integers": (pd.Index(pd.array(np.arange(48), dtype="Int64")), 48),
    "whole numbers": (pd.Index(np.arange(48.0)), 48),
    "very large integers": (pd.Index(np.arange(48) + 2**62), 2**62 + 48),
}


@pytest.mark.parametrize("name", FORECASTERS)
@pytest.mark.parametrize(("times", "following"), TIMES.values(), ids=TIMES)
def test_times_of_any_kind_go_on(times, following, name):
    forecast = FORECASTERS[name]().fit(pd.Series(VALUES, times)).predict()
    assert_array_equal(forecast.to_numpy(), FORECASTS[name])
    assert forecast.index[0] == following


@pytest.mark.parametrize("name", FORECASTERS)
@pytest.mark.parametrize("times", [entry[0] for entry in TIMES.values()], ids=TIMES)
def test_rows_in_any_order_are_put_in_order_of_time(times, name):
    shuffled = pd.Series(VALUES, times).iloc[np.random.default_rng(0).permutation(48)]
    assert_array_equal(FORECASTERS[name]().fit(shuffled).predict().to_numpy(), FORECASTS[name])


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (
            DAYS[[0, 0, *range(2, 48)]],
            "data must have one row for each time of a series, got 1 too many: .* 2024-03-01",
        ),
        (DAYS[:-1].append(pd.DatetimeIndex([pd.NaT])), "must hold a time in every row, got a missing one in row 47"),
        (pd.timedelta_range(0, periods=48, freq="D"), "must hold datetimes, periods or integers, got timedelta64"),
        (
            pd.Index([f"day {k}" for k in range(48)]),
            "must hold dates, all in the same format and with a year, got 'day 0'",
        ),
        (pd.Index(np.arange(48) > 5), "must hold datetimes, periods or integers, got boolean"),
        (pd.Index(np.arange(48) + 0.5), "must hold whole numbers or datetimes, got 0.5"),
        (pd.MultiIndex.from_product([["a"], DAYS]), "must hold datetimes, periods or integers"),
    ],
)
def test_times_that_cannot_be_read_are_named(times, message):
    for make in FORECASTERS.values():
        with pytest.raises(ValueError, match=message):
            make().fit(pd.Series(VALUES, times))


def test_gaps_are_told():
    times = DAYS[:-1].append(DAYS[-1:] + pd.Timedelta("3D"))
    with pytest.warns(IrregularTimesWarning, match="the times have gaps"):
        forecaster().fit(pd.Series(VALUES, times))


@pytest.mark.parametrize("times", [entry[0] for entry in TIMES.values()], ids=TIMES)
def test_windows_go_on_from_the_fitted_block_whatever_its_times(times):
    frame = pd.DataFrame({"x": np.arange(48.0)}, times)
    windows = SlidingWindow(3).fit(frame.iloc[:40]).transform(frame.iloc[40:])
    # Times that are known as such have a history; what only reads like one, as strings do, is padded.
    known = isinstance(times, pd.DatetimeIndex | pd.PeriodIndex) or times.dtype.kind in "iu"
    assert_array_equal(windows[0, :, 0], [38, 39, 40] if known and times.dtype != object else [40, 40, 40])


def test_windows_refuse_times_that_go_back_and_take_those_that_stand_still():
    frame = pd.DataFrame({"x": np.arange(48.0)}, DAYS)
    with pytest.raises(ValueError, match="X must be in time order"):
        SlidingWindow(3).fit(frame[::-1])
    assert_array_equal(SlidingWindow(3).fit_transform(frame.iloc[[0, 1, 1, 2]])[3, :, 0], [1, 1, 2])
