"""The suite that measures the coverage of intervals after several ends of the training data."""

import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from benchmarks.__main__ import main
from benchmarks.coverage import LEAST_KNOWN, earlier_splits
from benchmarks.forecast_tasks import last_windows, sunspots


def test_windows_move_back_by_what_is_evaluated():
    task = sunspots()
    splits = earlier_splits(task)
    assert [int(split.fit_stops[0]) for split in splits] == [221, 162, 103]  # of 280 years, at least 98
    for split, back in zip(splits, (0, 59, 118), strict=True):
        assert_array_equal(split.ends, task.ends - back)
        assert_array_equal(split.truth, task.at(task.ends - back))
        assert len(split.frame(split.fit_stops)) == 221 - back
    assert splits[-1].fit_stops[0] >= LEAST_KNOWN * len(task.values)


def test_windows_with_timestamps_move_back_too():
    series = pd.Series(np.arange(100.0), pd.date_range("2024-01-01", periods=100, freq="D"))
    splits = earlier_splits(last_windows("days", series, 5, 4, season=7, windows=(14,)))
    assert [int(split.fit_stops[0]) for split in splits] == [80, 60, 40]
    frame = splits[-1].frame(splits[-1].ends[-1:] + 5)
    assert (frame["ds"].iloc[-1], frame["y"].iloc[-1]) == (series.index[59], 59.0)


def test_the_suite_counts_windows_of_all_splits(tmp_path, capsys):
    path = tmp_path / "found.json"
    assert main(["coverage", "--quick", "--only", "sunspots", "--json", str(path)]) == 0
    (found,) = json.loads(path.read_text(encoding="utf-8"))["results"]
    assert found["fit_stops"] == [221, 162]
    assert found["coverage 80"] * 118 / 100 == pytest.approx(round(found["coverage 80"] * 118 / 100))
    assert 0 < found["standard error 95"] < found["standard error 80"] < 10
    assert "sunspots, one step" in capsys.readouterr().out
