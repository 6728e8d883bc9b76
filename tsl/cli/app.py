"""The commands: each is a few calls of the layers below."""

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
TimeFormat = Annotated[
    str | None, typer.Option(help="How times are written, such as %d.%m.%Y. Default: found, if there is one way.")
]
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
Freq = Annotated[
    str | None,
    typer.Option(help="Frequency of the times, as pandas writes it, or the step of whole numbers. Default: found."),
]
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
    time_format: TimeFormat = None,
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
    from tsl.cli.forecast import Choices, Source, read_freq, run_backtest

    source = Source(file, time, target, id_col, tuple(past or ()), None, time_format)
    choices = Choices(horizon, model, season, n_models, missing, read_freq(freq), max_time, seed, quiet)
    options = {"n_windows": windows, "step": step, "gap": gap, "refit": refit, "level": level or None}
    run_backtest(source, choices, options, by, out, plot)


text_app = typer.Typer(help="Learn to write like a text, write, and say how well another text is predicted.")
app.add_typer(text_app, name="text", no_args_is_help=True)

ModelFile = Annotated[Path, typer.Argument(metavar="MODEL", help="What tsl text train has written.")]
IgnoreUnknown = Annotated[
    bool, typer.Option("--ignore-unknown", help="Leave out characters that the model does not know.")
]


@text_app.command("train")
def text_train(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Texts in UTF-8; - is standard input.")],
    out: Annotated[Path | None, typer.Option(help="File for the model. Default: named after the first text.")] = None,
    minutes: Annotated[float, typer.Option(min=0.001, help="How long to train.")] = 1.0,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the text instead: the result is then always the same.")
    ] = None,
    hidden_size: Annotated[
        list[int] | None, typer.Option(min=1, help="Units; may be repeated, for more layers. Default: by the time.")
    ] = None,
    lowercase: Annotated[bool, typer.Option("--lowercase", help="Lower the case of all text.")] = False,
    tokens: Annotated[str, typer.Option(help="What is predicted: char or byte.")] = "char",
    unknown: Annotated[
        str | None, typer.Option(help="What becomes of new characters: error, ignore, replace or grow.")
    ] = None,
    validation: Annotated[
        float, typer.Option(min=0, max=0.9, help="Share of the text, from its end, to judge by; 0: none.")
    ] = 0.1,
    seed: Seed = 0,
    start_from: Annotated[Path | None, typer.Option(help="Model to go on with.")] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="File from which the same command goes on after it was killed.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Any other parameter of LSTMCharModel.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Learn to write like a text, and keep the model in a file."""
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
    prompt: Annotated[str, typer.Option(help="What to go on from; - reads it from standard input.")] = "",
    length: Annotated[int, typer.Option(min=0, help="Characters to write.")] = 400,
    temperature: Annotated[float | None, typer.Option(min=0, help="0: the likeliest; 1: as expected. [0.7]")] = None,
    top_k: Annotated[int | None, typer.Option(min=1, help="Choose among so many of the likeliest.")] = None,
    top_p: Annotated[float | None, typer.Option(min=0, max=1, help="Among the likeliest that make up so much.")] = None,
    min_p: Annotated[
        float | None, typer.Option(min=0, max=1, help="Among those at least so likely as the best.")
    ] = None,
    repetition_penalty: Annotated[float | None, typer.Option(min=0, help="Above 1: what came is less likely.")] = None,
    beam_width: Annotated[int | None, typer.Option(min=1, help="Search for a likely text instead of drawing.")] = None,
    stop: Annotated[list[str] | None, typer.Option(help="End before this; may be repeated.")] = None,
    forbid: Annotated[str | None, typer.Option(help="Characters that must not come.")] = None,
    samples: Annotated[int, typer.Option(min=1, help="How many texts to write.")] = 1,
    seed: Annotated[int | None, typer.Option(min=0, max=2**32 - 1, help="Gives the same text each time.")] = None,
    echo: Annotated[bool, typer.Option("--echo", help="Write the prompt first.")] = False,
    ignore_unknown: IgnoreUnknown = False,
) -> None:
    """Write on after a prompt, to stdout."""
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
    file: Annotated[Path, typer.Argument(help="A text in UTF-8; - is standard input.")],
    ignore_unknown: IgnoreUnknown = False,
) -> None:
    """Say how well a text is predicted."""
    from tsl.cli.text import run_score

    run_score(model, file, ignore_unknown=ignore_unknown)


@app.command()
def info() -> None:
    """Show versions, what the kernels are compiled for, and where machine code is kept."""
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
