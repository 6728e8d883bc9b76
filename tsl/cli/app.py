"""The commands of ``tsl``: each consists of a few calls to the layers below."""

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
from tsl.cli.forecast_commands import backtest, forecast
from tsl.cli.options import Force, Json, Seed, show_help_alone
from tsl.cli.text_commands import text_app

app = typer.Typer(
    help="A compiled LSTM for time series and text.",
    pretty_exceptions_enable=False,
)

PACKAGES = ("numpy", "numba", "llvmlite", "pandas", "scikit-learn", "safetensors", "matplotlib")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tsl {tsl.__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    show_help_alone(context)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the pictures and the text.")] = Path("tsl-demo"),
    seed: Seed = 0,
    force: Force = False,
) -> None:
    """Forecast carbon dioxide and a glucose sensor, and generate text like Macbeth, in a minute."""
    from tsl.cli.demo import run_demo

    run_demo(out, seed, force=force)


app.command()(forecast)
app.command()(backtest)
app.add_typer(text_app, name="text")


@app.command()
def info(json: Json = False) -> None:
    """Show versions, the target of the compiled kernels, and the cache folder."""
    from tsl._estimator.threads import resolve_threads
    from tsl.cli.output import write_json
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
    if json:
        write_json(dict(rows))
        return
    for name, value in rows:
        typer.echo(f"{name:14}{value}")


@app.command()
def warmup(
    float64: Annotated[bool, typer.Option("--float64", help="Also compile for double precision.")] = False,
    json: Json = False,
) -> None:
    """Compile everything now, for instance while a container image is built; fail if it cannot be cached."""
    from tsl.cli.output import write_json
    from tsl.kernels.cache import KernelCacheWarning, on_compilation
    from tsl.network import warm_up

    found = {}
    for dtype in ("float32", "float64") if float64 else ("float32",):
        compiled: list[bool] = []
        began = time.perf_counter()
        with warnings.catch_warnings(), on_compilation(lambda compiled=compiled: compiled.append(True)):
            warnings.simplefilter("error", KernelCacheWarning)
            try:
                warm_up(dtype)
            except KernelCacheWarning as hint:
                raise OSError(str(hint)) from None
        seconds = time.perf_counter() - began
        found[dtype] = {"compiled": bool(compiled), "seconds": round(seconds, 3)}
        if not json:
            typer.echo(f"{dtype}: {'compiled' if compiled else 'loaded'} in {seconds:.1f} s")
    if json:
        write_json(found)
