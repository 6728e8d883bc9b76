"""The options of the commands ``tsl forecast`` and ``tsl backtest``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tsl.cli.choices import GROUPS, completed_from
from tsl.cli.options import (
    Config,
    Decimal,
    File,
    Force,
    Freq,
    Horizon,
    Id,
    Json,
    Level,
    MaxTime,
    Missing,
    Model,
    Models,
    Past,
    Plot,
    Quiet,
    Season,
    Seed,
    Sep,
    Target,
    Time,
    TimeFormat,
)


def forecast(
    file: File,
    horizon: Horizon,
    time: Time = None,
    time_format: TimeFormat = None,
    target: Target = None,
    id_col: Id = None,
    sep: Sep = None,
    decimal: Decimal = None,
    level: Level = None,
    future: Annotated[Path | None, typer.Option(help="Table of covariates known ahead.")] = None,
    past: Past = None,
    season: Season = None,
    n_models: Models = None,
    model: Model = "lstm",
    missing: Missing = "error",
    freq: Freq = None,
    max_time: MaxTime = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="File for the forecasts: .csv, .csv.gz or .parquet. Default: CSV to standard output, like -."
        ),
    ] = None,
    plot: Plot = None,
    force: Force = False,
    json: Json = False,
    config: Config = None,
) -> None:
    """Forecast the series of a table, to a file or to stdout."""
    from tsl.cli.forecast import Choices, Results, Source, read_freq, run_forecast

    source = Source(file, time, target, id_col, tuple(past or ()), future, time_format, sep, decimal)
    choices = Choices(horizon, model, season, n_models, missing, read_freq(freq), max_time, seed, quiet)
    run_forecast(source, choices, level or [], Results(out, plot, force, json))


def backtest(
    file: File,
    horizon: Horizon,
    time: Time = None,
    time_format: TimeFormat = None,
    target: Target = None,
    id_col: Id = None,
    sep: Sep = None,
    decimal: Decimal = None,
    level: Level = None,
    windows: Annotated[int, typer.Option(min=1, help="Number of cutoffs.")] = 5,
    step: Annotated[int | None, typer.Option(min=1, help="Steps between cutoffs. Default: the horizon.")] = None,
    gap: Annotated[int, typer.Option(min=0, help="Steps between the cutoff and the first forecast.")] = 0,
    refit: Annotated[bool, typer.Option("--refit", help="Fit again at each cutoff.")] = False,
    by: Annotated[
        str | None,
        typer.Option(help="One row for each series, cutoff or step.", autocompletion=completed_from(GROUPS)),
    ] = None,
    past: Past = None,
    season: Season = None,
    n_models: Models = None,
    model: Model = "lstm",
    missing: Missing = "error",
    freq: Freq = None,
    max_time: MaxTime = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="File for all forecasts: .csv, .csv.gz or .parquet; - is standard output, with the metrics on stderr."
        ),
    ] = None,
    plot: Plot = None,
    force: Force = False,
    json: Json = False,
    config: Config = None,
) -> None:
    """Backtest: forecast the last rows from earlier cutoffs, and print the metrics with those of baselines."""
    from tsl.cli.forecast import Choices, Results, Source, read_freq, run_backtest

    source = Source(file, time, target, id_col, tuple(past or ()), None, time_format, sep, decimal)
    choices = Choices(horizon, model, season, n_models, missing, read_freq(freq), max_time, seed, quiet)
    options = {"n_windows": windows, "step": step, "gap": gap, "refit": refit, "level": level or None}
    run_backtest(source, choices, options, by, Results(out, plot, force, json))
