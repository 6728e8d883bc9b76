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
