"""Columns and indexes read as timestamps."""

import numpy as np
import pandas as pd
import pytest

from tsl.forecasting.times.stamps import read_times


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (["2024-01-01", "2024-01-02"], pd.DatetimeIndex(["2024-01-01", "2024-01-02"])),
        ([1.0, 2.0], pd.Index([1, 2])),
        (pd.Series([1, 2], dtype="Int64"), pd.Index([1, 2])),
        (pd.Series(["2024-01", "2024-02"], dtype="period[M]"), pd.period_range("2024-01", periods=2, freq="M")),
        (pd.Series(pd.date_range("2024-01-01", periods=2), dtype=object), pd.date_range("2024-01-01", periods=2)),
        (pd.Series(pd.date_range("2024-01-01", periods=2).date), pd.date_range("2024-01-01", periods=2)),
    ],
)
def test_times_come_as_strings_objects_and_whole_numbers(values, wanted):
    assert list(read_times(values, "the index")) == list(wanted)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            ["2024-01-01", "soon"],
            "the index must hold dates, all in the same format and with a year, got 'soon': use pd.to_datetime",
        ),
        (["2024-01-01", None], "the index must hold a time in every row, got a missing one in row 1"),
        ([1.5, 2.0], "the index must hold whole numbers or datetimes, got 1.5"),
        ([1.0, np.nan], "the index must hold whole numbers or datetimes, got nan"),
        ([True, False], "the index must hold datetimes, periods or integers, got boolean"),
        (["2024-01-01T00:00+01:00", "2024-07-01T00:00+02:00"], "mixed time zones: use pd.to_datetime"),
        ([pd.Timestamp("2024-01-01", tz="UTC"), pd.Timestamp("2024-01-01", tz="Asia/Tokyo")], "mixed time zones"),
        ([pd.Timestamp("2024-01-01", tz="UTC"), pd.Timestamp("2024-01-01")], "mixed time zones"),
    ],
)
def test_what_is_no_time_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        read_times(values, "the index")
