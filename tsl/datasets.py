"""Small public data sets that come with the package: prices, sensors, a climate record and a play.

Each loader returns a pandas object with a time index, or an array with ``as_frame=False``. The readings are those of
the source, including gaps and repeated timestamps; the loaders' notes say where these are.
"""

import hashlib
from collections.abc import Collection
from io import BytesIO
from pathlib import Path
from typing import Literal, TypeAlias, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = [
    "load_co2",
    "load_glucose",
    "load_macbeth",
    "load_sea_surface_temperature",
    "load_stocks",
    "load_sunspots",
]

_SHA256 = {
    "CGM.csv.gz": "91fdad8325541a4487d88cb59b2fc9f6ed821c7c01eaabed0606bbb7089be8de",
    "co2.csv": "16695fa2786e53414e5a6b54767a3fdf5de99cfbc68617f69d1362d92776a92f",
    "macbeth.txt": "54e1d8055ffa2aec7e831ec43044dd646cacdfce5bf333fa81e6af9c0363c3b7",
    "sea_surface_temperature.csv.gz": "529155ac773634b0dca439781a839487640db92e2bdb597e372a2b0ba0ffbff0",
    "stocks.csv.gz": "5abadf99b2d394f920120a27de6f0df129859d71d4cfb0bf661bcc99446ab1fd",
    "sunspots.csv": "f67889b1d9002cd5227f0e0ef54e35b419cdd85a31279adef6f73fb41e5c0a9b",
}

Glucose: TypeAlias = (
    pd.DataFrame
    | NDArray[np.float64]
    | tuple[pd.DataFrame, pd.Series]
    | tuple[NDArray[np.float64], NDArray[np.float64]]
)

_TICKERS = ("AAPL", "FB", "GOOG", "IBM", "MSFT")


def load_macbeth() -> str:
    r"""Return the text of Shakespeare's *Macbeth*.

    Returns
    -------
    str
        103,427 ASCII characters with ``"\n"`` line ends, 67 of them distinct (42 after ``.lower()``).

    Notes
    -----
    The play is in the public domain; this edition is Open Shakespeare's, under CC BY 2.5.

    Examples
    --------
    >>> from tsl.datasets import load_macbeth
    >>> text = load_macbeth()
    >>> text[:31]
    'MACBETH\n\nby William Shakespeare'
    >>> len(text), len(set(text))
    (103427, 67)
    """
    return _read_checked("macbeth.txt").decode("ascii")


@overload
def load_stocks(ticker: str | None = None, *, as_frame: Literal[True] = True) -> pd.DataFrame: ...
@overload
def load_stocks(ticker: str, *, as_frame: Literal[False]) -> NDArray[np.float64]: ...
@overload
def load_stocks(ticker: str | None = None, *, as_frame: bool) -> pd.DataFrame | NDArray[np.float64]: ...
def load_stocks(ticker: str | None = None, *, as_frame: bool = True) -> pd.DataFrame | NDArray[np.float64]:
    """Return daily share prices of five companies, up to 2013-03-01.

    Parameters
    ----------
    ticker : {"AAPL", "FB", "GOOG", "IBM", "MSFT"}, optional
        The company to return. By default all five, stacked.
    as_frame : bool, default=True
        Whether to return a DataFrame. False needs a `ticker` and returns an array.

    Returns
    -------
    pandas.DataFrame or numpy.ndarray of shape (n_days, 6)
        Columns ``open, high, low, close, volume, adj_close`` in US dollars and shares over a
        ``DatetimeIndex`` named ``date``; without `ticker` a column ``ticker`` comes first and a date occurs
        once for each company (12,154 rows).

    Raises
    ------
    ValueError
        If `ticker` is unknown, or missing with ``as_frame=False``.

    Notes
    -----
    Trading days only, so the index has no frequency: 3,270 rows for AAPL, IBM and MSFT (from 2000-03-01),
    2,148 for GOOG (from 2004-08-19), 196 for FB (from 2012-05-18). Only ``adj_close`` accounts for splits and
    dividends. Daily prices are close to a random walk: compare every forecast with the last known price.

    Examples
    --------
    >>> from tsl.datasets import load_stocks
    >>> load_stocks("IBM")["close"].tail(2)
    date
    2013-02-28    200.83
    2013-03-01    202.91
    Name: close, dtype: float64
    >>> load_stocks().groupby("ticker").size().to_dict()
    {'AAPL': 3270, 'FB': 196, 'GOOG': 2148, 'IBM': 3270, 'MSFT': 3270}
    """
    if ticker is not None and ticker not in _TICKERS:
        raise ValueError(f"ticker must be one of {', '.join(_TICKERS)} or None, got {ticker!r}")
    if ticker is None and not as_frame:
        raise ValueError("as_frame=False needs a ticker: an array has no column for the company's name")
    frame = _read_csv("stocks.csv.gz", parse_dates=["Date"], index_col="Date")
    frame.columns = [name.lower().replace(" ", "_") for name in frame.columns]
    frame.index.name = "date"
    if ticker is not None:
        frame = frame.loc[frame["ticker"] == ticker].drop(columns="ticker")
    return frame if as_frame else frame.to_numpy(dtype=np.float64)


@overload
def load_sea_surface_temperature(*, as_frame: Literal[True] = True) -> pd.Series: ...
@overload
def load_sea_surface_temperature(*, as_frame: Literal[False]) -> NDArray[np.float64]: ...
@overload
def load_sea_surface_temperature(*, as_frame: bool) -> pd.Series | NDArray[np.float64]: ...
def load_sea_surface_temperature(*, as_frame: bool = True) -> pd.Series | NDArray[np.float64]:
    """Return the water temperature at a buoy off Maine, every half hour for thirteen months.

    Parameters
    ----------
    as_frame : bool, default=True
        Whether to return a Series; False returns an array.

    Returns
    -------
    pandas.Series or numpy.ndarray of shape (19226,)
        Degrees Celsius, named ``temperature``, over a ``DatetimeIndex`` in UTC named ``time``, 2016-02-15 to
        2017-03-22.

    Notes
    -----
    The readings are half an hour apart except in three places: one is missing at 2016-06-14 13:30, there are none
    between 2016-07-08 01:30 and 13:30, and 2017-03-21 16:30 occurs twice. The index therefore has no frequency. For a
    regular series use ``series.resample("30min").mean()``, which leaves 24 gaps as NaN.

    The data are from NERACOOS (station B01): free to use and redistribute, not intended for legal use, without any
    warranty; the full terms are in ``datasets/LICENSES.md``.

    Examples
    --------
    >>> from tsl.datasets import load_sea_surface_temperature
    >>> series = load_sea_surface_temperature()
    >>> len(series), str(series.index.tz)
    (19226, 'UTC')
    >>> int(series.resample("30min").mean().isna().sum())
    24
    """
    frame = _read_csv("sea_surface_temperature.csv.gz", parse_dates=[0], index_col=0)
    series = frame["temperature (celsius)"].rename("temperature").rename_axis("time")
    return _series_or_array(series, as_frame)


@overload
def load_glucose(*, return_X_y: Literal[False] = False, as_frame: Literal[True] = True) -> pd.DataFrame: ...
@overload
def load_glucose(*, return_X_y: Literal[False] = False, as_frame: Literal[False]) -> NDArray[np.float64]: ...
@overload
def load_glucose(*, return_X_y: Literal[True], as_frame: Literal[True] = True) -> tuple[pd.DataFrame, pd.Series]: ...
@overload
def load_glucose(
    *, return_X_y: Literal[True], as_frame: Literal[False]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
@overload
def load_glucose(*, return_X_y: bool = False, as_frame: bool = True) -> Glucose: ...
def load_glucose(*, return_X_y: bool = False, as_frame: bool = True) -> Glucose:
    """Return a glucose sensor's current and readings, every five minutes for half a year.

    Parameters
    ----------
    return_X_y : bool, default=False
        Whether to return the sensor's current as `X` and the glucose as `y`.
    as_frame : bool, default=True
        Whether to return pandas objects; False returns arrays of float64.

    Returns
    -------
    pandas.DataFrame or numpy.ndarray of shape (52281, 2), or a tuple (X, y) of shapes (52281, 1) and (52281,)
        Columns ``isig`` (sensor current, nA) and ``glucose`` (mg/dL) over a ``DatetimeIndex`` named ``time``,
        2010-03-24 to 2010-10-10.

    Notes
    -----
    The times are local, without a zone. 188 steps are longer than five minutes (the longest 28 hours), three
    timestamps occur twice, and on some days two readings a minute apart alternate, so the index has no
    frequency. ``isig`` is NaN in the 1,061 rows without a sensor current; ``glucose`` is never missing.

    Examples
    --------
    >>> from tsl.datasets import load_glucose
    >>> load_glucose().head(2)
                          isig  glucose
    time
    2010-03-24 09:51:00  22.59      258
    2010-03-24 09:56:00  22.52      260
    >>> X, y = load_glucose(return_X_y=True, as_frame=False)
    >>> X.shape, y.shape
    ((52281, 1), (52281,))
    """
    # The file writes a missing current as "nil", which would otherwise turn the whole column into text.
    frame = _read_csv("CGM.csv.gz", parse_dates=["datetime"], index_col="datetime", na_values=["nil"])
    frame = frame[["isig", "glucose"]].rename_axis("time")
    if return_X_y:
        return _frame_or_array(frame[["isig"]], as_frame), _series_or_array(frame["glucose"], as_frame)
    return _frame_or_array(frame, as_frame)


@overload
def load_co2(*, as_frame: Literal[True] = True) -> pd.Series: ...
@overload
def load_co2(*, as_frame: Literal[False]) -> NDArray[np.float64]: ...
@overload
def load_co2(*, as_frame: bool) -> pd.Series | NDArray[np.float64]: ...
def load_co2(*, as_frame: bool = True) -> pd.Series | NDArray[np.float64]:
    """Return the weekly carbon dioxide concentration of the air at Mauna Loa, 1958 to 2001.

    Parameters
    ----------
    as_frame : bool, default=True
        Whether to return a Series; False returns an array.

    Returns
    -------
    pandas.Series or numpy.ndarray of shape (2284,)
        Parts per million by volume, named ``co2``, over a ``DatetimeIndex`` named ``date`` with frequency
        ``W-SAT``.

    Notes
    -----
    Every week has a row, but 59 values are missing (NaN), most of them in 1958 and 1964:
    ``series.interpolate()`` fills them.

    Examples
    --------
    >>> from tsl.datasets import load_co2
    >>> series = load_co2()
    >>> series.index.freqstr, len(series), int(series.isna().sum())
    ('W-SAT', 2284, 59)
    """
    frame = _read_csv("co2.csv", dtype={"date": str})
    dates = pd.DatetimeIndex(pd.to_datetime(frame["date"], format="%Y%m%d"), freq="W-SAT", name="date")
    return _series_or_array(pd.Series(frame["co2"].to_numpy(), index=dates, name="co2"), as_frame)


@overload
def load_sunspots(*, as_frame: Literal[True] = True) -> pd.Series: ...
@overload
def load_sunspots(*, as_frame: Literal[False]) -> NDArray[np.float64]: ...
@overload
def load_sunspots(*, as_frame: bool) -> pd.Series | NDArray[np.float64]: ...
def load_sunspots(*, as_frame: bool = True) -> pd.Series | NDArray[np.float64]:
    """Return the yearly mean sunspot number, 1700 to 2008.

    Parameters
    ----------
    as_frame : bool, default=True
        Whether to return a Series; False returns an array.

    Returns
    -------
    pandas.Series or numpy.ndarray of shape (309,)
        Sunspot numbers, named ``sunspots``, over a yearly ``PeriodIndex`` named ``year``.

    Examples
    --------
    >>> from tsl.datasets import load_sunspots
    >>> series = load_sunspots()
    >>> float(series["1957"]), len(series)
    (190.2, 309)
    """
    frame = _read_csv("sunspots.csv")
    years = pd.PeriodIndex(frame["YEAR"].astype(str), freq="Y", name="year")
    series = pd.Series(frame["SUNACTIVITY"].to_numpy(), index=years, name="sunspots")
    return _series_or_array(series, as_frame)


def _folder() -> Path:
    """Return the folder of the data files: inside the package in a wheel, next to it in a clone or editable install."""
    packaged = Path(__file__).with_name("datasets_files")
    return packaged if packaged.is_dir() else Path(__file__).parent.with_name("datasets")


def _read_checked(name: str) -> bytes:
    """Return the bytes of the data file `name` after checking their SHA-256."""
    path = _folder() / name
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != _SHA256[name]:
        raise ValueError(
            f"{path} has SHA-256 {found}, expected {_SHA256[name]}: the file was changed or damaged, "
            "restore it from the source distribution or reinstall tsl-lstm"
        )
    return content


def _read_csv(name: str, **options: str | int | dict | Collection) -> pd.DataFrame:
    compression = "gzip" if name.endswith(".gz") else None
    return pd.read_csv(BytesIO(_read_checked(name)), compression=compression, **options)


def _series_or_array(series: pd.Series, as_frame: bool) -> pd.Series | NDArray[np.float64]:
    return series if as_frame else series.to_numpy(dtype=np.float64)


def _frame_or_array(frame: pd.DataFrame, as_frame: bool) -> pd.DataFrame | NDArray[np.float64]:
    return frame if as_frame else frame.to_numpy(dtype=np.float64)
