"""Time axes and long frames shared by the tests of timestamps."""

import numpy as np
import pandas as pd
import pytest

from tsl.forecasting.times.axis import IrregularTimesWarning, TimeAxis
from tsl.forecasting.times.stamps import read_times

HOLIDAYS = ["2024-12-25", "2024-12-26", "2025-01-01"]
OFFICE = pd.bdate_range("2024-01-01", "2024-10-04")  # ends on a Friday
KIOSK = pd.date_range("2024-01-01", "2024-10-04")


def learn(index, freq=None, offsets=None):
    times = read_times(index, "the index")
    offsets = np.array([0, len(times)]) if offsets is None else offsets
    return TimeAxis.learn(pd.RangeIndex(len(offsets) - 1), times, offsets, freq)


def learn_irregular(index, **options):
    with pytest.warns(IrregularTimesWarning) as caught:
        axis = learn(index, **options)
    assert len(caught) == 1
    return axis


def after(axis, index, horizon, offsets=None):
    """The stamps that follow each series, of which all rows are known, and the last alone: these are the same."""
    times = read_times(index, "the index")
    offsets = np.array([0, len(times)]) if offsets is None else offsets
    ids = pd.RangeIndex(len(offsets) - 1)
    ahead = axis.future(ids, times, offsets, horizon)
    last = times[offsets[1:] - 1]
    assert list(axis.future(ids, last, np.arange(len(offsets)), horizon)) == list(ahead)
    return ahead


def numbers(n):
    return np.arange(float(n)) % 7


def long_of(**stamps):
    """A long frame of series with these stamps."""
    parts = [pd.DataFrame({"unique_id": name, "ds": times, "y": numbers(len(times))}) for name, times in stamps.items()]
    return pd.concat(parts, ignore_index=True)


def stamps_of(result, name):
    return result.loc[result["unique_id"] == name, "ds"].tolist()
