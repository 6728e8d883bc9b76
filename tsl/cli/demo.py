"""The command ``tsl demo``."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rich.console import Console

from tsl import LSTMCharModel, LSTMRegressor
from tsl.cli.files import write_bytes
from tsl.cli.output import notes_in_one_line, write_figure
from tsl.datasets import load_macbeth, load_sea_surface_temperature
from tsl.windows import SlidingWindow

HORIZON = 48  # half hours: a day
TRAINING_SHARE = 0.8
SHOWN_DAYS = 14

# Chosen on the training set alone, by folds that train on its first 50, 60 and 70 % and are scored on the next 10 %.
WINDOW, WINDOW_STRIDE = 48, 2  # two days, hour by hour
TWO_TIDES = 50  # 24.84 hours
SEASON = 60 * 48  # 60 days, whose drift is expected to continue
DRIFT_SHARE = 0.5  # by half, as seasons change
EPOCHS = 16

TEXT_SECONDS = 45.0
LEAST_TEXT_SECONDS = 10.0
TOTAL_SECONDS = 100.0  # which leaves time of two minutes for what follows the training
REPORT_SECONDS = 5.0
WRITTEN = 400
FILES = PICTURE, TEXT = "sea_temperature.png", "macbeth.txt"


def run_demo(out: Path, seed: int, *, force: bool = False) -> None:
    """Run both parts, and write a figure and a text to the folder `out`."""
    began = time.perf_counter()
    for file in FILES:
        if (out / file).exists() and not force:
            raise ValueError(
                f"{out / file} is there already: name another folder with --out, or overwrite with --force"
            )
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"{out} cannot be made a folder ({error.strerror}): name another one with --out") from None
    console = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    # One console knows where its progress line is, and prints above it.
    progress = console if console.is_terminal else Console(stderr=True)
    with notes_in_one_line(until_interrupt=True):
        files = [
            forecast_sea(out, seed, console, progress),
            write_like_macbeth(out, seed, console, progress, deadline=began + TOTAL_SECONDS),
        ]
    console.print(f"\nDone in {time.perf_counter() - began:.0f} s. Look at {' and '.join(map(str, files))}.")


# --- the sea --------------------------------------------------------------------------------------------------------


class Forecasts(NamedTuple):
    """Forecasts a day ahead, the observed values, and the values at the cutoffs."""

    times: pd.DatetimeIndex
    predicted: NDArray[np.float64]
    actual: NDArray[np.float64]
    last_known: NDArray[np.float64]
    drifted: NDArray[np.float64]
    """The values at the cutoffs plus the seasonal drift that is expected."""


def forecast_sea(out: Path, seed: int, console: Console, progress: Console) -> Path:
    """Train on the earlier part of the series, and forecast each value of the later part a day ahead."""
    series = load_sea_surface_temperature()
    console.print(f"Sea surface temperature off Maine: {len(series):,} readings, half an hour apart.")
    with progress.status("Compiling: the first time only, it takes about half a minute") as status:
        forecasts = day_ahead_forecasts(series, seed, status.update)
    error, naive, drifted = (
        np.sqrt(np.mean((forecasts.actual - guess) ** 2))
        for guess in (forecasts.predicted, forecasts.last_known, forecasts.drifted)
    )
    console.print(f"24 hours ahead, last {1 - TRAINING_SHARE:.0%} of them, root mean square error:")
    console.print(f"  LSTM                           {error:.4f} °C  ({error / naive - 1:+.1%})")
    console.print(f"  persistence, the last reading  {naive:.4f} °C")
    console.print(f"  the same and a seasonal drift  {drifted:.4f} °C")
    path = out / PICTURE
    write_figure(draw_forecasts(forecasts), path)
    return path


def day_ahead_forecasts(series: pd.Series, seed: int, tell: Callable[[str], None]) -> Forecasts:
    """Forecast the last values, each `HORIZON` rows ahead, by a model of the rows before them.

    The network reads the values of two days and predicts the deviations of the next day, 3, 6, ... 24 hours ahead, from
    the seasonal drift. Each example is also seen with its sign changed, so that the model does not learn from a spring
    of rising temperatures that temperatures rise.
    """
    values = series.to_numpy()
    made_at = np.arange(SEASON - 1, len(values) - HORIZON)
    steps = np.arange(HORIZON // 8, HORIZON + 1, HORIZON // 8)
    level, drift = recent_level(values)[made_at, None], recent_drift(values)[made_at, None]
    expected = level + DRIFT_SHARE * drift * steps
    inputs = SlidingWindow(WINDOW, stride=WINDOW_STRIDE).fit_transform(values[:, None])[made_at, :, 0] - level
    targets = values[made_at[:, None] + steps] - expected
    first_test = int(TRAINING_SHARE * len(values))
    known = np.flatnonzero(made_at + HORIZON < first_test)[::2]  # neighbouring windows are almost equal
    model = LSTMRegressor(
        hidden_size=32,
        alpha=0.01,
        max_iter=EPOCHS,
        random_state=seed,
        callbacks=[lambda epoch, history, network: tell(f"Learning the sea: {epoch} of {EPOCHS} epochs")],
    )
    model.fit(np.concatenate([inputs[known], -inputs[known]]), np.concatenate([targets[known], -targets[known]]))
    later = np.flatnonzero(made_at + HORIZON >= first_test)
    arrival = made_at[later] + HORIZON
    predicted = expected[later, -1] + model.predict(inputs[later])[:, -1]
    last_known = values[made_at[later]]
    drifted = last_known + DRIFT_SHARE * drift[later, 0] * HORIZON
    return Forecasts(series.index[arrival], predicted, values[arrival], last_known, drifted)


def recent_level(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of the last two tides up to each row."""
    return pd.Series(values).rolling(TWO_TIDES).mean().to_numpy()


def recent_drift(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the slope per row of the least-squares line through the last `SEASON` values up to each row."""
    place = np.arange(SEASON) - (SEASON - 1) / 2
    slope = np.full(len(values), np.nan)
    slope[SEASON - 1 :] = np.correlate(values, place, "valid") / (place @ place)
    return slope


def draw_forecasts(forecasts: Forecasts) -> Figure:
    """Plot the last days, and the distribution of the errors."""
    shown = slice(-SHOWN_DAYS * HORIZON, None)
    figure = Figure(figsize=(11, 4.5), layout="constrained", dpi=120)
    course, errors = figure.subplots(1, 2, width_ratios=[3, 1])
    times = forecasts.times[shown]
    course.plot(times, forecasts.actual[shown], color="black", linewidth=1.5, label="measured")
    course.plot(times, forecasts.predicted[shown], color="tab:red", label="forecast the day before")
    course.plot(times, forecasts.last_known[shown], color="tab:gray", linestyle=":", label="persistence")
    course.set(title="Sea surface temperature, a day ahead", ylabel="°C")
    course.tick_params(axis="x", rotation=30)
    course.legend()
    bins = np.linspace(0, 1.5, 31)
    for guess, color, label in [
        (forecasts.predicted, "tab:red", "forecast"),
        (forecasts.last_known, "tab:gray", "persistence"),
    ]:
        errors.hist(np.abs(forecasts.actual - guess), bins, histtype="step", color=color, label=label)
    errors.set(title="Errors, all test days", xlabel="°C", ylabel="forecasts")
    errors.legend()
    return figure


# --- Macbeth --------------------------------------------------------------------------------------------------------


def write_like_macbeth(out: Path, seed: int, console: Console, progress: Console, *, deadline: float) -> Path:
    """Train on nine tenths of Macbeth, score the last tenth, and generate text."""
    text = load_macbeth()
    cut = len(text) * 9 // 10
    seconds = max(LEAST_TEXT_SECONDS, min(TEXT_SECONDS, deadline - time.perf_counter()))
    console.print(
        f"\nMacbeth: {cut:,} characters to learn in {seconds:.0f} s, the last {len(text) - cut:,} to judge by."
    )
    with progress.status("Reading Macbeth") as status:
        report = _Report(text[cut:], console, status.update)
        model = LSTMCharModel(max_time=seconds, random_state=seed, callbacks=[report])
        report.model = model
        model.fit(text[:cut])
    report.show()
    written = model.generate("MACBETH.\n", WRITTEN, temperature=0.6, random_state=seed)
    console.print(f"\nIt writes:\n\n{written}")
    path = out / TEXT
    write_bytes(path, f"{written}\n".encode())
    return path


class _Report:
    """Callback that prints the bits per character of a held-out text every few seconds."""

    def __init__(self, held_out: str, console: Console, tell: Callable[[str], None]) -> None:
        self.model: LSTMCharModel
        self._held_out = held_out
        self._console = console
        self._tell = tell
        self._epoch = self._shown = 0
        self._began = self._reported = time.perf_counter()

    def __call__(self, epoch: int, history: object, network: object) -> None:
        self._epoch = epoch
        self._tell(f"Reading Macbeth for the {epoch + 1}. time")
        if time.perf_counter() - self._reported >= REPORT_SECONDS:
            self.show()

    def show(self) -> None:
        """Score the model as it is now, unless that was done."""
        if self._shown == self._epoch:
            return
        self._shown = self._epoch
        bits = self.model.bits_per_char(self._held_out)
        seconds = time.perf_counter() - self._began
        self._console.print(f"  {seconds:4.0f} s  epoch {self._epoch:3}  {bits:.3f} bits per character, held out")
        self._reported = time.perf_counter()
