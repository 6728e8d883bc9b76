"""The commands: each is a few calls of the layers below."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import time
import warnings
from pathlib import Path
from typing import Annotated

import typer

import tsl

app = typer.Typer(
    help="A compiled LSTM for series and texts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

PACKAGES = ("numpy", "numba", "llvmlite", "pandas", "scikit-learn", "safetensors", "matplotlib")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tsl {tsl.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the picture and the text.")] = Path("tsl-demo"),
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Another one gives another model.")] = 0,
) -> None:
    """Forecast the temperature of the sea, and write like Macbeth, in two minutes."""
    from tsl.cli.demo import run_demo

    run_demo(out, seed)


File = Annotated[Path, typer.Argument(help="Rows of one series or of many: .csv, .csv.gz or .parquet.")]
Time = Annotated[str | None, typer.Option(help="Column of times. Default: the only one.")]
Target = Annotated[str | None, typer.Option(help="Column to forecast. Default: the only one of numbers.")]
Id = Annotated[
    str | None, typer.Option("--id", help="Column of series. Default: the only one of text, if times repeat.")
]
Horizon = Annotated[int, typer.Option(min=1, help="How many steps to forecast.")]
Level = Annotated[list[float] | None, typer.Option(help="Also intervals of so many percent; may be repeated.")]
Past = Annotated[list[str] | None, typer.Option(help="Column to learn from besides; may be repeated.")]
Season = Annotated[int | None, typer.Option(min=1, help="Steps after which the series repeats. Default: found.")]
Models = Annotated[int, typer.Option("--n-models", min=1, help="Average so many models: better, and slower.")]
Model = Annotated[str, typer.Option(help="lstm, naive, seasonal-naive, drift or window-average.")]
Missing = Annotated[str, typer.Option(help="What to do with missing values: error, interpolate, ffill or mask.")]
Freq = Annotated[str | None, typer.Option(help="Frequency of the times, as pandas writes it. Default: found.")]
MaxTime = Annotated[float | None, typer.Option(min=0, help="Seconds after which the training of a model ends.")]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Another one gives another model.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")]
Out = Annotated[Path | None, typer.Option(help="File to write to: .csv, .csv.gz or .parquet.")]
Plot = Annotated[Path | None, typer.Option(help="Picture of the first series to write: .png, .svg or .pdf.")]


@app.command()
def forecast(
    file: File,
    horizon: Horizon,
    time: Time = None,
    target: Target = None,
    id_col: Id = None,
    level: Level = None,
    future: Annotated[Path | None, typer.Option(help="File of the columns that are known ahead.")] = None,
    past: Past = None,
    season: Season = None,
    n_models: Models = 1,
    model: Model = "lstm",
    missing: Missing = "error",
    freq: Freq = None,
    max_time: MaxTime = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    out: Out = None,
    plot: Plot = None,
) -> None:
    """Forecast the series of a file, to another file or to stdout."""
    from tsl.cli.forecast import Choices, Source, run_forecast

    source = Source(file, time, target, id_col, tuple(past or ()), future)
    choices = Choices(horizon, model, season, n_models, missing, freq, max_time, seed, quiet)
    run_forecast(source, choices, level or [], out, plot)


@app.command()
def backtest(
    file: File,
    horizon: Horizon,
    time: Time = None,
    target: Target = None,
    id_col: Id = None,
    level: Level = None,
    windows: Annotated[int, typer.Option(min=1, help="How many times to forecast.")] = 5,
    step: Annotated[int | None, typer.Option(min=1, help="Steps between forecasts. Default: the horizon.")] = None,
    gap: Annotated[int, typer.Option(min=0, help="Steps between what is known and what is forecast.")] = 0,
    refit: Annotated[bool, typer.Option("--refit", help="Learn anew before each forecast.")] = False,
    by: Annotated[str | None, typer.Option(help="A row for each series, cutoff or step.")] = None,
    past: Past = None,
    season: Season = None,
    n_models: Models = 1,
    model: Model = "lstm",
    missing: Missing = "error",
    freq: Freq = None,
    max_time: MaxTime = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    out: Out = None,
    plot: Plot = None,
) -> None:
    """Forecast what is known already, and say how good that is beside the baselines."""
    from tsl.cli.forecast import Choices, Source, run_backtest

    source = Source(file, time, target, id_col, tuple(past or ()), None)
    choices = Choices(horizon, model, season, n_models, missing, freq, max_time, seed, quiet)
    options = {"n_windows": windows, "step": step, "gap": gap, "refit": refit, "level": level or None}
    run_backtest(source, choices, options, by, out, plot)


@app.command()
def info() -> None:
    """Show versions, what the kernels are compiled for, and where machine code is kept."""
    from tsl._estimator.threads import resolve_threads
    from tsl.kernels.cache import writable_folder
    from tsl.kernels.target import LANES, ROW_TILES

    rows = [("tsl", tsl.__version__), ("python", platform.python_version())]
    for package in PACKAGES:
        try:
            rows.append((package, importlib.metadata.version(package)))
        except importlib.metadata.PackageNotFoundError:
            rows.append((package, "not installed"))
    rows += [
        ("cores", f"{os.cpu_count()}, threads by default: {resolve_threads(None)}"),
        ("kernels", f"{LANES} float32 a vector, tiles of {', '.join(map(str, ROW_TILES))} rows"),
        ("machine code", writable_folder() or "not kept: no folder can be written, see NUMBA_CACHE_DIR"),
    ]
    for name, value in rows:
        typer.echo(f"{name:14}{value}")


@app.command()
def warmup(
    float64: Annotated[bool, typer.Option("--float64", help="Also compile for double precision.")] = False,
) -> None:
    """Compile everything now, for instance while a container image is built; fails where it cannot be kept."""
    from tsl.kernels.cache import KernelCacheWarning, on_compilation
    from tsl.network import warm_up

    for dtype in ("float32", "float64") if float64 else ("float32",):
        compiled: list[bool] = []
        began = time.perf_counter()
        with warnings.catch_warnings(), on_compilation(lambda compiled=compiled: compiled.append(True)):
            warnings.simplefilter("error", KernelCacheWarning)
            try:
                warm_up(dtype)
            except KernelCacheWarning as hint:
                raise OSError(str(hint)) from None
        typer.echo(f"{dtype}: {'compiled' if compiled else 'loaded'} in {time.perf_counter() - began:.1f} s")
