"""The command ``tsl demo``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from rich.console import Console
from rich.text import Text

from tsl import LSTMCharModel, LSTMForecaster
from tsl.cli.files import write_bytes
from tsl.cli.output import notes_in_one_line, write_figure
from tsl.cli.terminal_plot import terminal_plot
from tsl.datasets import load_co2, load_glucose, load_macbeth
from tsl.metrics import evaluate
from tsl.network import warm_up
from tsl.plotting import plot_backtest

# Set so that a fit takes seconds: "auto", the default, compares several windows first, and is no better here.
CO2_SETTINGS: dict[str, Any] = {
    "horizon": 52,
    "window": 104,
    "season": 52,
    "differences": 52,
    "missing": "mask",
    "hidden_size": 32,
    "max_iter": 150,
}
GLUCOSE_SETTINGS: dict[str, Any] = {
    "horizon": 6,
    "window": 24,
    "season": 1,
    "missing": "mask",
    "hidden_size": 32,
    "max_iter": 200,
}
GLUCOSE_WINDOWS = 1900  # every half hour of the last forty days
GLUCOSE_SHOWN = 24  # windows in the picture: half a day

TEXT_SECONDS = 15.0
REPORT_SECONDS = 4.0
WRITTEN = 400
FILES = CO2_PICTURE, GLUCOSE_PICTURE, TEXT = "carbon_dioxide.png", "glucose.png", "macbeth.txt"

PLOT_WIDTH, PLOT_HEIGHT = 70, 12  # characters
STYLES = {"actual": "default", "forecast": "bold cyan"}
NEXT = "Next: tsl forecast --help forecasts a CSV file of your own; README.md has the same in Python."


def run_demo(out: Path, seed: int, *, force: bool = False) -> None:
    """Run all parts of the demo, and write two figures and a text to the folder `out`."""
    for file in FILES:
        if (out / file).exists() and not force:
            raise ValueError(f"{out / file} already exists: name another folder with --out, or overwrite with --force")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"the folder {out} cannot be created ({error.strerror}): name another one with --out") from None
    console = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    # A single console prints above its own progress line.
    progress = console if console.is_terminal else Console(stderr=True)
    with notes_in_one_line(until_interrupt=True):
        with progress.status("Compiling: the first time only, it takes about ten seconds"):
            warm_up("float32")
        began = time.perf_counter()
        forecast_co2(out, seed, console, progress)
        forecast_glucose(out, seed, console, progress)
        write_like_macbeth(out, seed, console, progress)
    files = [str(out / name) for name in FILES]
    console.print(f"\nDone in {time.perf_counter() - began:.0f} s. Look at {', '.join(files[:-1])} and {files[-1]}.")
    console.print(NEXT)


# --- forecasts ------------------------------------------------------------------------------------------------------


def forecast_co2(out: Path, seed: int, console: Console, progress: Console) -> None:
    """Forecast carbon dioxide a year ahead, eight times."""
    forecaster = LSTMForecaster(**CO2_SETTINGS, random_state=seed)
    console.print("Carbon dioxide in the air, weekly, a year ahead: 1994 to 2001, learned from 1958 to 1993.")
    show_code(
        console,
        "co2 = load_co2()",
        f"forecaster = {one_line(forecaster)}.fit(co2[:'1993'])",
        "backtest = forecaster.backtest(co2['1994':], n_windows=8, level=[80, 95])",
    )
    co2 = load_co2()
    with training(forecaster, progress):
        forecaster.fit(co2[:"1993"])
        backtest = forecaster.backtest(co2["1994":], n_windows=8, level=[80, 95])
    show_errors(console, backtest, "ppm")
    show_plot(console, co2, backtest[backtest["cutoff"] == backtest["cutoff"].max()], n_history=104)
    draw(out / CO2_PICTURE, backtest, 8, "Carbon dioxide, each year forecast at the end of the one before", "ppm")


def forecast_glucose(out: Path, seed: int, console: Console, progress: Console) -> None:
    """Forecast a glucose sensor half an hour ahead, for forty days."""
    forecaster = LSTMForecaster(**GLUCOSE_SETTINGS, random_state=seed)
    console.print("\nA glucose sensor, half an hour ahead from two hours: the last forty of its two hundred days.")
    show_code(
        console,
        "readings = load_glucose().resample('5min').mean()",
        f"forecaster = {one_line(forecaster)}.fit(readings[:'2010-08'], target='glucose')",
        f"backtest = forecaster.backtest(readings['2010-09':], n_windows={GLUCOSE_WINDOWS}, level=80)",
    )
    readings = load_glucose().resample("5min").mean()
    with training(forecaster, progress):
        forecaster.fit(readings[:"2010-08"], target="glucose")
        backtest = forecaster.backtest(readings["2010-09":], n_windows=GLUCOSE_WINDOWS, level=80)
    show_errors(console, backtest, "mg/dL")
    title = "Glucose, forecast every half hour (an example, not a medical device)"
    draw(out / GLUCOSE_PICTURE, backtest, GLUCOSE_SHOWN, title, "mg/dL")


def one_line(estimator: Any) -> str:
    """Return the Python expression of an estimator in one line."""
    return " ".join(repr(estimator).split()).replace("( ", "(")


def show_code(console: Console, *lines: str) -> None:
    """Print the Python code of the next step."""
    for line in lines:
        console.print(f"  >>> {line}", style="green")


@contextmanager
def training(forecaster: LSTMForecaster, progress: Console) -> Iterator[None]:
    """Show the progress of a forecaster while it is fitted and evaluated."""
    with progress.status("Training") as status:

        def tell(epoch: int, history: object, network: object) -> None:
            status.update(f"Training: {50 * epoch} steps")

        forecaster.set_params(callbacks=[tell])
        yield


def show_errors(console: Console, backtest: pd.DataFrame, unit: str) -> None:
    """Print the errors of a backtest, and the coverage of its intervals."""
    scores = evaluate(backtest, ["mae", "coverage"]).set_index("model")
    naive = scores.loc["Naive", "mae"]
    console.print(f"  Mean absolute error, {unit}:")
    for model, name in [("y_pred", "LSTM"), ("Naive", "Naive, the last value"), ("SeasonalNaive", "SeasonalNaive")]:
        error = scores.loc[model, "mae"]
        if model == "SeasonalNaive" and error == naive:  # there is no season
            continue
        against = "" if model == "Naive" else f"  ({error / naive - 1:+.0%})"
        console.print(f"    {name:22}{error:6.2f}{against}")
    for column in scores.filter(regex="coverage"):
        level = column.removeprefix("coverage-")
        console.print(f"  Inside the {level} % interval: {scores.loc['y_pred', column]:.0%}")


def show_plot(console: Console, history: pd.Series, forecast: pd.DataFrame, n_history: int) -> None:
    """Draw a forecast and the values before and after it, if the terminal has the necessary characters."""
    if not console.is_terminal or not console.encoding.startswith("utf"):
        return
    forecast = forecast.set_index("date")
    shown = history[: forecast.index[-1]].iloc[-n_history - len(forecast) :]
    on = forecast.reindex(shown.index)
    bounds = (on["y_pred-lo-95"].to_numpy(), on["y_pred-hi-95"].to_numpy())
    lines = {STYLES["actual"]: shown.interpolate().to_numpy(), STYLES["forecast"]: on["y_pred"].to_numpy()}
    width = min(PLOT_WIDTH, console.width - 10)
    console.print(terminal_plot(lines, bounds, width=width, height=PLOT_HEIGHT), end="")
    parts = [("  ── actual", STYLES["actual"]), ("   ── forecast", STYLES["forecast"]), ("   ░ 95 % interval", "dim")]
    console.print(Text.assemble(f"  {shown.index[0]:%Y-%m} to {shown.index[-1]:%Y-%m}", *parts))


def draw(path: Path, backtest: pd.DataFrame, n_cutoffs: int, title: str, unit: str) -> None:
    """Write a picture of a backtest."""
    figure = Figure(figsize=(10, 4.5), layout="constrained", dpi=120)
    ax = plot_backtest(backtest, n_cutoffs=n_cutoffs, ylabel=unit, ax=figure.subplots())
    ax.set_title(title)
    write_figure(figure, path)


# --- Macbeth --------------------------------------------------------------------------------------------------------


def write_like_macbeth(out: Path, seed: int, console: Console, progress: Console) -> None:
    """Train on nine tenths of Macbeth, score the last tenth, and generate text."""
    text = load_macbeth()
    cut = len(text) * 9 // 10
    console.print(
        f"\nMacbeth: {cut:,} characters to learn in {TEXT_SECONDS:.0f} s, the last {len(text) - cut:,} to evaluate."
    )
    show_code(
        console,
        "text = load_macbeth()",
        f"model = LSTMCharModel(max_time={TEXT_SECONDS}, random_state={seed}).fit(text[:{cut}])",
        f"written = model.generate('MACBETH.\\n', {WRITTEN}, temperature=0.6, random_state={seed})",
    )
    with progress.status("Reading Macbeth") as status:
        report = _Report(text[cut:], console, status.update)
        model = LSTMCharModel(max_time=TEXT_SECONDS, random_state=seed, callbacks=[report])
        report.model = model
        model.fit(text[:cut])
    report.show()
    written = model.generate("MACBETH.\n", WRITTEN, temperature=0.6, random_state=seed)
    console.print(f"\nIt writes:\n\n{written}")
    write_bytes(out / TEXT, f"{written}\n".encode())


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
        self._tell(f"Reading Macbeth, after epoch {epoch}")
        if time.perf_counter() - self._reported >= REPORT_SECONDS:
            self.show()

    def show(self) -> None:
        """Score the current model, unless that was done already."""
        if self._shown == self._epoch:
            return
        self._shown = self._epoch
        bits = self.model.bits_per_char(self._held_out)
        seconds = time.perf_counter() - self._began
        self._console.print(f"  {seconds:4.0f} s  epoch {self._epoch:3}  {bits:.3f} bits per character, held out")
        self._reported = time.perf_counter()
