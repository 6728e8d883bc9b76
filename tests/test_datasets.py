"""The data sets: what is returned, that damage is noticed, and that a wheel contains the files."""

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tsl import datasets

ROOT = Path(__file__).parent.parent
SERIES_LOADERS = [datasets.load_sea_surface_temperature, datasets.load_co2, datasets.load_sunspots]


def persistence_rmse(values, steps):
    """Error of taking the value `steps` rows ago for each value."""
    return np.sqrt(np.mean((values[steps:] - values[:-steps]) ** 2))


def last_fifth(values, extra=0):
    return values[len(values) * 4 // 5 - extra :]


def test_macbeth_is_the_whole_play():
    text = datasets.load_macbeth()
    assert len(text) == 103_427  # the source's size in bytes, all ASCII
    assert len(set(text)) == 67
    assert len(set(text.lower())) == 42
    assert text.endswith("[Flourish. Exeunt.]")
    assert "\r" not in text


def test_stocks_are_long_with_one_block_of_days_per_ticker():
    stocks = datasets.load_stocks()
    assert list(stocks.columns) == ["ticker", "open", "high", "low", "close", "volume", "adj_close"]
    assert isinstance(stocks.index, pd.DatetimeIndex)
    assert stocks.index.name == "date"
    # 3,270 trading days from 2000-03-01 to 2013-03-01; GOOG and FB from their first day of trading
    rows = {"AAPL": 3270, "FB": 196, "GOOG": 2148, "IBM": 3270, "MSFT": 3270}
    assert stocks.groupby("ticker").size().to_dict() == rows
    assert all(part.index.is_monotonic_increasing for _, part in stocks.groupby("ticker"))
    assert not stocks.isna().to_numpy().any()
    assert (stocks["low"] <= stocks["high"]).all()


@pytest.mark.parametrize("ticker", ["AAPL", "FB", "GOOG", "IBM", "MSFT"])
def test_one_ticker_is_its_block_of_the_long_frame(ticker):
    one = datasets.load_stocks(ticker)
    assert one.index.is_unique
    assert one.index.is_monotonic_increasing
    assert one.index[-1] == pd.Timestamp("2013-03-01")
    stocks = datasets.load_stocks()
    pd.testing.assert_frame_equal(one, stocks[stocks["ticker"] == ticker].drop(columns="ticker"))
    assert_array_equal(datasets.load_stocks(ticker, as_frame=False), one.to_numpy(dtype=np.float64))


def test_unknown_ticker_is_named():
    with pytest.raises(ValueError, match=r"ticker must be one of AAPL, .*, got 'TSLA'"):
        datasets.load_stocks("TSLA")


def test_array_of_all_stocks_is_refused():
    with pytest.raises(ValueError, match="as_frame=False needs a ticker"):
        datasets.load_stocks(as_frame=False)


def test_sea_surface_temperature_has_utc_times_and_the_known_gaps():
    series = datasets.load_sea_surface_temperature()
    assert series.shape == (19_226,)
    assert series.name == "temperature"
    assert str(series.index.tz) == "UTC"
    steps = series.index.to_series().diff().value_counts()
    # half-hourly but for one lost reading, one lost half-day and one timestamp that occurs twice
    expected = {"0.5h": 19_222, "1h": 1, "12h": 1, "0h": 1}
    assert {pd.Timedelta(step): count for step, count in expected.items()} == steps.to_dict()
    assert not series.isna().any()


def test_glucose_has_a_number_or_nan_for_every_reading():
    frame = datasets.load_glucose()
    assert list(frame.columns) == ["isig", "glucose"]
    assert frame.shape == (52_281, 2)
    assert frame.dtypes.to_dict() == {"isig": np.dtype("float64"), "glucose": np.dtype("int64")}
    assert frame["isig"].isna().sum() == 1061  # "nil" in the file
    assert isinstance(frame.index, pd.DatetimeIndex)
    assert frame.index.is_monotonic_increasing


def test_glucose_splits_into_current_and_glucose():
    frame = datasets.load_glucose()
    X, y = datasets.load_glucose(return_X_y=True)
    pd.testing.assert_frame_equal(X, frame[["isig"]])
    pd.testing.assert_series_equal(y, frame["glucose"])
    X_array, y_array = datasets.load_glucose(return_X_y=True, as_frame=False)
    assert_array_equal(X_array, X.to_numpy())
    assert_array_equal(y_array, y.to_numpy())
    assert_array_equal(datasets.load_glucose(as_frame=False), frame.to_numpy())


def test_co2_is_weekly_with_its_missing_weeks():
    series = datasets.load_co2()
    assert series.shape == (2284,)
    assert series.index.freqstr == "W-SAT"
    assert (series.index[0], series.index[-1]) == (pd.Timestamp("1958-03-29"), pd.Timestamp("2001-12-29"))
    assert series.isna().sum() == 59


def test_sunspots_are_yearly_periods():
    series = datasets.load_sunspots()
    assert isinstance(series.index, pd.PeriodIndex)
    assert_array_equal(series.index.year, np.arange(1700, 2009))
    assert series["1957"] == 190.2  # the highest maximum of the record


@pytest.mark.parametrize("load", SERIES_LOADERS)
def test_array_holds_the_values_of_the_series(load):
    values = load(as_frame=False)
    assert type(values) is np.ndarray
    assert values.dtype == np.float64
    assert_array_equal(values, load().to_numpy())


@pytest.mark.parametrize(("ticker", "rmse"), [("AAPL", 1.0824), ("IBM", 1.7627), ("MSFT", 0.3112)])
def test_persistence_error_of_prices_is_the_known_one(ticker, rmse):
    # Computed apart from the loader: one that drops, reorders or mistakes a column changes it.
    values = datasets.load_stocks(ticker)["adj_close"].to_numpy()
    assert_allclose(persistence_rmse(last_fifth(values, extra=1), 1), rmse, atol=5e-5)  # the digits given


def test_persistence_errors_of_sensors_are_the_known_ones():
    sea = last_fifth(datasets.load_sea_surface_temperature(as_frame=False))
    glucose = last_fifth(datasets.load_glucose(as_frame=False)[:, 1])
    assert_allclose(persistence_rmse(sea, 1), 0.0442, atol=5e-5)
    assert_allclose(persistence_rmse(sea, 48), 0.332, atol=5e-4)
    assert_allclose(persistence_rmse(glucose, 6), 29.6, atol=5e-2)


def test_damaged_file_is_named_with_both_hashes(tmp_path, monkeypatch):
    damaged = b"date,co2\n19580329,316.1\n"
    (tmp_path / "co2.csv").write_bytes(damaged)
    monkeypatch.setattr(datasets, "_folder", lambda: tmp_path)
    with pytest.raises(ValueError, match=r"co2\.csv has SHA-256") as caught:
        datasets.load_co2()
    assert hashlib.sha256(damaged).hexdigest() in str(caught.value)
    assert datasets._SHA256["co2.csv"] in str(caught.value)


def test_licences_state_every_file_with_its_hash():
    stated = (ROOT / "datasets" / "LICENSES.md").read_text(encoding="utf-8")
    files = {path.name for path in (ROOT / "datasets").iterdir()} - {"LICENSES.md"}
    assert files == set(datasets._SHA256)
    for name, sha256 in datasets._SHA256.items():
        assert f"## {name}" in stated
        assert sha256 in stated


def test_wheel_carries_the_files(tmp_path):
    wheel_builder = pytest.importorskip("hatchling.builders.wheel")
    (wheel,) = wheel_builder.WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    unpacked = tmp_path / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    packaged = {path.name for path in (unpacked / "tsl" / "datasets_files").iterdir()}
    assert packaged == {*datasets._SHA256, "LICENSES.md"}
    script = (
        "from tsl import datasets; "
        "print(datasets.__file__, datasets._folder(), len(datasets.load_macbeth()), len(datasets.load_co2()))"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    module = unpacked / "tsl" / "datasets.py"
    assert run.stdout.split() == [str(module), str(module.with_name("datasets_files")), "103427", "2284"]
