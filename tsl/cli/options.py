"""Options shared by several commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tsl.cli.choices import MISSING, MODELS, completed_from
from tsl.cli.config import use_config

# Commands that compute or write.
Config = Annotated[
    Path | None,
    typer.Option(
        callback=use_config,
        is_eager=True,
        help="TOML file with options of this command; the command line takes precedence.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite files that exist.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Random seed; another seed gives another model.")]

# Tables.
File = Annotated[
    Path, typer.Argument(help="Table of one series or several: .csv, .csv.gz or .parquet; - is standard input.")
]
Sep = Annotated[
    str | None,
    typer.Option(help="Field separator of CSV files, or tab. Default: inferred (comma, semicolon or tab)."),
]
Decimal = Annotated[
    str | None, typer.Option(help="Decimal separator of CSV files, a point or a comma. Default: inferred.")
]
Time = Annotated[str | None, typer.Option(help="Column of timestamps. Default: the only one.")]
TimeFormat = Annotated[
    str | None,
    typer.Option(help="Format of the timestamps, such as %d.%m.%Y. Default: inferred, if it is unambiguous."),
]
Target = Annotated[str | None, typer.Option(help="Column to forecast. Default: the only numeric one.")]
Id = Annotated[
    str | None, typer.Option("--id", help="Column of series ids. Default: the only text column, if timestamps repeat.")
]
Past = Annotated[list[str] | None, typer.Option(help="Column of a covariate known up to the cutoff; may be repeated.")]
Plot = Annotated[Path | None, typer.Option(help="Plot of the first series to write: .png, .svg or .pdf.")]

# Forecasters.
Horizon = Annotated[int, typer.Option(min=1, help="Number of steps to forecast.")]
Level = Annotated[
    list[float] | None, typer.Option(help="Add prediction intervals of this level, in percent; may be repeated.")
]
Season = Annotated[int | None, typer.Option(min=1, help="Steps in a season. Default: inferred.")]
Models = Annotated[
    int | None,
    typer.Option("--n-models", min=1, help="Number of networks to average. Default: a few with different windows."),
]
Model = Annotated[
    str,
    typer.Option(help="lstm, naive, seasonal-naive, drift or window-average.", autocompletion=completed_from(MODELS)),
]
Missing = Annotated[
    str,
    typer.Option(
        help="How to treat missing values: error, interpolate, ffill or mask.", autocompletion=completed_from(MISSING)
    ),
]
Freq = Annotated[
    str | None,
    typer.Option(help="Frequency as a pandas alias, or the step of integer times. Default: inferred."),
]
MaxTime = Annotated[float | None, typer.Option(min=0, help="Time limit for fitting a model, in seconds.")]


def show_help_alone(context: typer.Context) -> None:
    """Print the help of a command group that is called without a command, and exit as for a missing option."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)
