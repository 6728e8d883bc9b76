"""The commands of ``tsl``: each is a few calls of the layers below."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import time
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer

import tsl

app = typer.Typer(
    help="A compiled LSTM for time series and text.",
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
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Random seed: another one gives another model.")] = 0,
) -> None:
    """Forecast the sea surface temperature, and generate text like Macbeth, in two minutes."""
    from tsl.cli.demo import run_demo

    run_demo(out, seed)


File = Annotated[Path, typer.Argument(help="Table of one series or several: .csv, .csv.gz or .parquet.")]
Time = Annotated[str | None, typer.Option(help="Column of timestamps. Default: the only one.")]
TimeFormat = Annotated[
    str | None,
    typer.Option(help="Format of the timestamps, such as %d.%m.%Y. Default: inferred, if it is unambiguous."),
]
Target = Annotated[str | None, typer.Option(help="Column to forecast. Default: the only numeric one.")]
Id = Annotated[
    str | None, typer.Option("--id", help="Column of series ids. Default: the only text column, if timestamps repeat.")
]
Horizon = Annotated[int, typer.Option(min=1, help="Number of steps to forecast.")]
Level = Annotated[
    list[float] | None, typer.Option(help="Also prediction intervals of this level in percent; may be repeated.")
]
Past = Annotated[list[str] | None, typer.Option(help="Column of a covariate known up to the cutoff; may be repeated.")]
Season = Annotated[int | None, typer.Option(min=1, help="Steps in a season. Default: inferred.")]
Models = Annotated[
    int, typer.Option("--n-models", min=1, help="Number of models to average: more accurate, and slower.")
]
Model = Annotated[str, typer.Option(help="lstm, naive, seasonal-naive, drift or window-average.")]
Missing = Annotated[str, typer.Option(help="How to treat missing values: error, interpolate, ffill or mask.")]
Freq = Annotated[
    str | None,
    typer.Option(help="Frequency as a pandas alias, or the step of integer times. Default: inferred."),
]
MaxTime = Annotated[float | None, typer.Option(min=0, help="Time limit for fitting a model, in seconds.")]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Random seed: another one gives another model.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")]
Out = Annotated[Path | None, typer.Option(help="File to write to: .csv, .csv.gz or .parquet.")]
Plot = Annotated[Path | None, typer.Option(help="Plot of the first series to write: .png, .svg or .pdf.")]


@app.command()
def forecast(
    file: File,
    horizon: Horizon,
    time: Time = None,
    time_format: TimeFormat = None,
    target: Target = None,
    id_col: Id = None,
    level: Level = None,
    future: Annotated[Path | None, typer.Option(help="Table of covariates known ahead.")] = None,
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
    """Forecast the series of a table, to a file or to stdout."""
    from tsl.cli.forecast import Choices, Source, read_freq, run_forecast

    source = Source(file, time, target, id_col, tuple(past or ()), future, time_format)
    choices = Choices(horizon, model, season, n_models, missing, read_freq(freq), max_time, seed, quiet)
    run_forecast(source, choices, level or [], out, plot)


@app.command()
def backtest(
    file: File,
    horizon: Horizon,
    time: Time = None,
    time_format: TimeFormat = None,
    target: Target = None,
    id_col: Id = None,
    level: Level = None,
    windows: Annotated[int, typer.Option(min=1, help="Number of cutoffs.")] = 5,
    step: Annotated[int | None, typer.Option(min=1, help="Steps between cutoffs. Default: the horizon.")] = None,
    gap: Annotated[int, typer.Option(min=0, help="Steps between the cutoff and the first forecast.")] = 0,
    refit: Annotated[bool, typer.Option("--refit", help="Fit again at each cutoff.")] = False,
    by: Annotated[str | None, typer.Option(help="One row for each series, cutoff or step.")] = None,
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
    """Backtest: forecast the last rows from earlier cutoffs, and print the metrics beside those of baselines."""
    from tsl.cli.forecast import Choices, Source, read_freq, run_backtest

    source = Source(file, time, target, id_col, tuple(past or ()), None, time_format)
    choices = Choices(horizon, model, season, n_models, missing, read_freq(freq), max_time, seed, quiet)
    options = {"n_windows": windows, "step": step, "gap": gap, "refit": refit, "level": level or None}
    run_backtest(source, choices, options, by, out, plot)


text_app = typer.Typer(help="Train a language model, generate text with it, and score other text.")
app.add_typer(text_app, name="text", no_args_is_help=True)

ModelFile = Annotated[Path, typer.Argument(metavar="MODEL", help="A model file of tsl text train.")]
IgnoreUnknown = Annotated[
    bool, typer.Option("--ignore-unknown", help="Leave out characters that the model does not know.")
]


@text_app.command("train")
def text_train(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Text files in UTF-8; - is standard input.")],
    out: Annotated[Path | None, typer.Option(help="File for the model. Default: named after the first text.")] = None,
    minutes: Annotated[float, typer.Option(min=0.001, help="Training time in minutes.")] = 1.0,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Number of epochs instead of a time: the result is then reproducible.")
    ] = None,
    hidden_size: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Hidden units; may be repeated, for more layers. Default: by the training time."),
    ] = None,
    lowercase: Annotated[bool, typer.Option("--lowercase", help="Convert all text to lower case.")] = False,
    tokens: Annotated[str, typer.Option(help="Tokens: char or byte.")] = "char",
    unknown: Annotated[
        str | None, typer.Option(help="How to treat new characters: error, ignore, replace or grow.")
    ] = None,
    validation: Annotated[
        float,
        typer.Option(min=0, max=0.9, help="Fraction of the text, at its end, to hold out for validation; 0: none."),
    ] = 0.1,
    seed: Seed = 0,
    start_from: Annotated[Path | None, typer.Option(help="Model to continue training.")] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Checkpoint, from which the same command resumes after it was killed.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Any other parameter of LSTMCharModel.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Train a language model on text, and save it to a file."""
    from tsl.cli.text import Budget, parse_settings, run_train

    parameters: dict[str, Any] = {"early_stopping": validation > 0, "random_state": seed}
    parameters |= {"validation_fraction": validation} if validation else {}
    parameters |= {"hidden_size": tuple(hidden_size)} if hidden_size else {}
    parameters |= {"lowercase": True} if lowercase else {}
    parameters |= {"tokens": tokens} if tokens != "char" else {}
    parameters |= {"unknown": unknown} if unknown else {}
    budget = Budget(None, epochs) if epochs else Budget(60 * minutes, None)
    run_train(files, out, start_from, checkpoint, budget, parameters | parse_settings(settings or []), quiet)


@text_app.command("generate")
def text_generate(
    model: ModelFile,
    prompt: Annotated[str, typer.Option(help="Text to continue; - reads it from standard input.")] = "",
    length: Annotated[int, typer.Option(min=0, help="Number of characters to generate.")] = 400,
    temperature: Annotated[
        float | None, typer.Option(min=0, help="0: always the most likely character; 1: as the model predicts. [0.7]")
    ] = None,
    top_k: Annotated[int | None, typer.Option(min=1, help="Sample among this many most likely characters.")] = None,
    top_p: Annotated[
        float | None, typer.Option(min=0, max=1, help="Sample among the most likely ones with this total probability.")
    ] = None,
    min_p: Annotated[
        float | None, typer.Option(min=0, max=1, help="Sample among those at least this likely relative to the best.")
    ] = None,
    repetition_penalty: Annotated[
        float | None, typer.Option(min=0, help="Above 1: characters that came before are less likely.")
    ] = None,
    beam_width: Annotated[int | None, typer.Option(min=1, help="Beam search instead of sampling.")] = None,
    stop: Annotated[list[str] | None, typer.Option(help="Stop before this text; may be repeated.")] = None,
    forbid: Annotated[str | None, typer.Option(help="Characters not to generate.")] = None,
    samples: Annotated[int, typer.Option(min=1, help="Number of texts to generate.")] = 1,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**32 - 1, help="Random seed: gives the same text each time.")
    ] = None,
    echo: Annotated[bool, typer.Option("--echo", help="Print the prompt first.")] = False,
    ignore_unknown: IgnoreUnknown = False,
) -> None:
    """Generate text after a prompt, to stdout."""
    from tsl.cli.text import run_generate

    given = {
        "temperature": 0.7 if temperature is None and beam_width is None else temperature,
        "top_k": top_k,
        "top_p": top_p,
        "min_p": min_p,
        "repetition_penalty": repetition_penalty,
        "beam_width": beam_width,
        "stop": stop or None,
        "forbid": forbid,
        "n_samples": samples if samples > 1 else None,
        "random_state": seed,
    }
    options = {"length": length} | {name: value for name, value in given.items() if value is not None}
    run_generate(model, prompt, options, echo=echo, ignore_unknown=ignore_unknown)


@text_app.command("score")
def text_score(
    model: ModelFile,
    file: Annotated[Path, typer.Argument(help="A text file in UTF-8; - is standard input.")],
    ignore_unknown: IgnoreUnknown = False,
) -> None:
    """Print how well a model predicts a text."""
    from tsl.cli.text import run_score

    run_score(model, file, ignore_unknown=ignore_unknown)


@app.command()
def info() -> None:
    """Show versions, the target of the compiled kernels, and the cache folder."""
    from tsl._estimator.threads import resolve_threads
    from tsl.kernels.cache import writable_folder
    from tsl.kernels.target import GATE_TILES, LANES

    rows = [("tsl", tsl.__version__), ("python", platform.python_version())]
    for package in PACKAGES:
        try:
            rows.append((package, importlib.metadata.version(package)))
        except importlib.metadata.PackageNotFoundError:
            rows.append((package, "not installed"))
    rows += [
        ("cores", f"{os.cpu_count()}, threads by default: {resolve_threads(None)}"),
        ("kernels", f"{LANES} float32 a vector, tiles of {', '.join(map(str, GATE_TILES))} rows"),
        ("machine code", writable_folder() or "not kept: no folder can be written, see NUMBA_CACHE_DIR"),
    ]
    for name, value in rows:
        typer.echo(f"{name:14}{value}")


@app.command()
def warmup(
    float64: Annotated[bool, typer.Option("--float64", help="Also compile for double precision.")] = False,
) -> None:
    """Compile everything now, for instance while a container image is built; fail where it cannot be cached."""
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
