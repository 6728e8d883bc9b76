"""Tasks for the accuracy of forecasts: series, the end of training, and which windows count and how.

All rows of all series are in one array. A window is given by the row at which its forecast starts; the rows of its
series before that one are known. Nothing is trained on rows from `fit_stops` on.
"""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsl.datasets import load_co2, load_glucose, load_sea_surface_temperature, load_sunspots
from tsl.metrics import mae, mase, owa, rmse, smape

M4_NAIVE2 = {"reference_smape": 18.383, "reference_mase": 2.395}  # the competition's, for its hourly series
M4_HORIZON, M4_SEASON = 48, 24
ETT_FIT, ETT_CHOOSE, ETT_END, ETT_HORIZON = 8640, 11520, 14400, 96  # hours: the split used for all published figures
SUNSPOT_VARIANCE = 1535.0  # what the literature divides mean squared errors by
SUNSPOT_YEARS = (1700, 1921, 1956, 1980)
TEST_SHARE = 0.2


@dataclass(frozen=True)
class Task:
    """One data set, its split and its score."""

    name: str
    values: NDArray[np.float64]
    """(N,) all series, one after the other."""
    offsets: NDArray[np.int64]
    """(n_series + 1,) start of each series, and the end."""
    fit_stops: NDArray[np.int64]
    """(n_series,) end of the rows to train on."""
    choose_stops: NDArray[np.int64]
    """(n_series,) end of the rows to train on while settings are chosen."""
    choose_ends: NDArray[np.int64]
    """Windows to choose settings on, and to calibrate the intervals of yardsticks."""
    ends: NDArray[np.int64]
    """(n,) windows to evaluate, series by series."""
    horizon: int
    season: int
    score: Callable[[Task, NDArray[np.float64]], dict[str, float]]
    """From forecasts (n, horizon) to named numbers."""
    scored: slice = field(default_factory=lambda: slice(None))
    """Steps of the horizon to evaluate."""
    windows: tuple[int, ...] = (336,)
    """Window lengths of the linear map, one of which is chosen on `choose_ends`."""
    scaled: bool = False
    """Whether each window has its own scale."""
    settings: dict[str, object] = field(default_factory=dict)
    """Parameters of the forecaster besides the horizon."""
    published: dict[str, dict[str, float]] = field(default_factory=dict)
    """Published figures of other methods."""
    times: pd.DatetimeIndex | None = None
    """(N,) timestamps, if the series has any."""

    @property
    def truth(self) -> NDArray[np.float64]:
        """(n, horizon)"""
        return self.at(self.ends)

    def at(self, ends: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the true values, (n, horizon)."""
        return np.lib.stride_tricks.sliding_window_view(self.values, self.horizon)[ends]

    def series_of(self, ends: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of the series of each window."""
        return np.searchsorted(self.offsets, ends - 1, side="right") - 1

    def sizes(self) -> NDArray[np.float64]:
        """Return the mean absolute seasonal difference of each training series, (n_series,); 1 without scaling."""
        if not self.scaled:
            return np.ones(len(self.fit_stops))
        parts = [self.values[a:b] for a, b in zip(self.offsets, self.fit_stops)]
        return np.array([np.mean(np.abs(part[self.season :] - part[: -self.season])) for part in parts])

    def frame(self, stops: NDArray[np.int64]) -> pd.DataFrame:
        """Return a long frame of each series up to its stop; without timestamps, the row number is the time."""
        lengths = stops - self.offsets[:-1]
        rows = np.concatenate([np.arange(a, b) for a, b in zip(self.offsets, stops)])
        ids = np.repeat(np.arange(len(stops)), lengths)
        times = rows - self.offsets[ids] if self.times is None else self.times[rows]
        return pd.DataFrame({"unique_id": ids, "ds": times, "y": self.values[rows]})


def project_tasks(*, quick: bool = False) -> dict[str, Task]:
    """Return the tasks whose data come with the package."""
    sea, glucose = load_sea_surface_temperature(), load_glucose()["glucose"].to_numpy(float)
    hours, weeks = sea.resample("h").mean().interpolate(), load_co2().interpolate()
    sea = sea.to_numpy(float)
    if quick:
        sea, glucose, hours, weeks = sea[-2000:], glucose[-2000:], hours[-2000:], weeks[-1200:]
    # the sensors' timestamps have gaps and repeats: as in the published persistence figures, a row is a step here
    tasks = [
        sunspots(),
        sensor("sea surface temperature, 48 ahead", sea, 48, season=48, windows=(48, 96, 336), known=0.332),
        sensor("glucose, 6 ahead", glucose, 6, season=288, windows=(12, 24, 72), known=29.6),
        last_windows("sea surface temperature by the hour, a day ahead", hours, 24, 60, season=24, windows=(48, 168)),
        last_windows("carbon dioxide by the week, a year ahead", weeks, 52, 8, season=52, windows=(104, 260)),
    ]
    return {task.name: task for task in tasks}


def public_tasks(folder: pathlib.Path, *, quick: bool = False) -> dict[str, Task]:
    """Return the tasks whose files are in `folder`: ``m4-hourly-train.csv``, ``m4-hourly-test.csv``, ``ETTh1.csv``."""
    tasks = [m4_hourly(folder, n_series=5 if quick else None), etth1(folder, n_windows=8 if quick else None)]
    return {task.name: task for task in tasks}


def m4_hourly(folder: pathlib.Path, n_series: int | None = None) -> Task:
    """Return 414 series of 700 or 960 hours, with 48 more to forecast."""
    parts = []
    for name in ("m4-hourly-train.csv", "m4-hourly-test.csv"):
        table = pd.read_csv(_file(folder, name), index_col=0, nrows=n_series)
        parts.append([row[np.isfinite(row)] for row in table.to_numpy(float)])
    series = [np.concatenate(pair) for pair in zip(*parts, strict=True)]
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in series])])
    ends = offsets[1:] - M4_HORIZON
    return Task(
        "M4 Hourly",
        np.concatenate(series),
        offsets,
        fit_stops=ends,
        choose_stops=ends - M4_HORIZON,
        choose_ends=ends - M4_HORIZON,
        ends=ends,
        horizon=M4_HORIZON,
        season=M4_SEASON,
        score=_m4_score,
        windows=(168, 336, 504),
        scaled=True,
        settings={"season": M4_SEASON},
        published={
            "seasonal naive, published": {"sMAPE": 13.912, "MASE": 1.193, "OWA": 0.627},
            "ES-RNN, winner of M4": {"sMAPE": 9.328, "MASE": 0.893, "OWA": 0.440},
            "best entry of M4": {"sMAPE": 8.913, "MASE": 0.801, "OWA": 0.410},
        },
    )


def etth1(folder: pathlib.Path, n_windows: int | None = None) -> Task:
    """Return seven columns of an electricity transformer, standardised with mean and deviation of the first year."""
    table = pd.read_csv(_file(folder, "ETTh1.csv"), index_col=0).to_numpy(float)[:ETT_END]
    table = (table - table[:ETT_FIT].mean(axis=0)) / table[:ETT_FIT].std(axis=0)
    starts = np.arange(table.shape[1]) * ETT_END

    def windows(begin: int, end: int) -> NDArray[np.int64]:
        within = np.arange(begin, end - ETT_HORIZON + 1)[-n_windows if n_windows else None :]
        return (starts[:, None] + within).ravel()

    return Task(
        "ETTh1, 96 ahead",
        table.T.ravel(),
        np.append(starts, table.size),
        fit_stops=starts + ETT_FIT,
        choose_stops=starts + ETT_FIT,
        choose_ends=windows(ETT_FIT, ETT_CHOOSE),
        ends=windows(ETT_CHOOSE, ETT_END),
        horizon=ETT_HORIZON,
        season=24,
        score=_squares_and_absolutes,
        windows=(336, 504),
        published={
            "repeat the last, published": {"MSE": 1.295, "MAE": 0.713},
            # on all test windows, from the table of xPatch (arXiv:2412.17323) that does not drop incomplete batches
            "DLinear": {"MSE": 0.379, "MAE": 0.403},
            "PatchTST": {"MSE": 0.377, "MAE": 0.397},
            "xPatch": {"MSE": 0.363, "MAE": 0.390},
            "PDF": {"MSE": 0.360, "MAE": 0.391},
        },
    )


def sunspots() -> Task:
    """Return yearly numbers, one year ahead; trained on 1700 to 1920."""
    values = load_sunspots(as_frame=False)
    first, test, _, stop = SUNSPOT_YEARS
    known, end = test - first, stop - first
    choose = int(known * (1 - TEST_SHARE))
    return Task(
        "sunspots, one step",
        values[:end],
        np.array([0, end]),
        fit_stops=np.array([known]),
        choose_stops=np.array([choose]),
        choose_ends=np.arange(choose, known),
        ends=np.arange(known, end),
        horizon=1,
        season=11,
        score=_sunspot_score,
        windows=(12,),
        published={
            "AR(12), published": {"1921-55": 0.126, "1956-79": 0.358},
            "network of Weigend et al.": {"1921-55": 0.086, "1956-79": 0.35},
        },
    )


def sensor(
    name: str, values: NDArray[np.float64], horizon: int, *, season: int, windows: tuple[int, ...], known: float
) -> Task:
    """Return a task that evaluates only the last step, on the last fifth of the rows.

    `known` is the published error of persistence.
    """
    fitted = int((1 - TEST_SHARE) * len(values))
    choose = int((1 - TEST_SHARE) * fitted)
    return Task(
        name,
        values,
        np.array([0, len(values)]),
        fit_stops=np.array([fitted]),
        choose_stops=np.array([choose]),
        choose_ends=np.arange(choose, fitted - horizon + 1),
        ends=np.arange(fitted, len(values) - horizon + 1),
        horizon=horizon,
        season=season,
        score=lambda task, forecasts: {"RMSE": rmse(task.truth[:, -1], forecasts[:, -1])},
        scored=slice(horizon - 1, horizon),
        windows=windows,
        published={"persistence, published": {"RMSE": known}},
    )


def last_windows(
    name: str, series: pd.Series, horizon: int, n_windows: int, *, season: int, windows: tuple[int, ...]
) -> Task:
    """Return a task of the last windows, without overlap, of one series with timestamps; all steps count."""
    stop = len(series) - n_windows * horizon
    choose = stop - n_windows * horizon
    return Task(
        name,
        series.to_numpy(float),
        np.array([0, len(series)]),
        fit_stops=np.array([stop]),
        choose_stops=np.array([choose]),
        choose_ends=np.arange(choose, stop - horizon + 1),
        ends=np.arange(stop, len(series) - horizon + 1, horizon),
        horizon=horizon,
        season=season,
        score=lambda task, forecasts: {"MAE": mae(task.truth, forecasts)},
        windows=windows,
        times=series.index,
    )


def _m4_score(task: Task, forecasts: NDArray[np.float64]) -> dict[str, float]:
    truth, histories = task.truth, [task.values[a:b] for a, b in zip(task.offsets, task.fit_stops)]
    of_smape = 200.0 * np.mean([smape(*pair) for pair in zip(truth, forecasts)])
    of_mase = np.mean([mase(*trio, season=task.season) for trio in zip(truth, forecasts, histories)])
    return {"sMAPE": of_smape, "MASE": of_mase, "OWA": owa(of_smape, of_mase, **M4_NAIVE2)}


def _squares_and_absolutes(task: Task, forecasts: NDArray[np.float64]) -> dict[str, float]:
    return {"MSE": rmse(task.truth, forecasts) ** 2, "MAE": mae(task.truth, forecasts)}


def _sunspot_score(task: Task, forecasts: NDArray[np.float64]) -> dict[str, float]:
    _, test, middle, stop = SUNSPOT_YEARS
    first = slice(middle - test)
    squares = (task.truth - forecasts)[:, 0] ** 2 / SUNSPOT_VARIANCE
    names = f"{test}-{middle - 1 - 1900}", f"{middle}-{stop - 1 - 1900}"
    return dict(zip(names, (float(squares[first].mean()), float(squares[first.stop :].mean()))))


def _file(folder: pathlib.Path, name: str) -> pathlib.Path:
    path = folder / name
    if not path.is_file():
        raise FileNotFoundError(f"--data must be a folder with {name}, got {folder}")
    return path
