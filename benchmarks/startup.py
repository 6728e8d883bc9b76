"""Start-up: installing, importing and compiling until the first model is trained."""

from __future__ import annotations

import importlib.metadata
import pathlib
import statistics
from typing import Any

from benchmarks import installed
from benchmarks.bench import Bench
from benchmarks.fresh import FreshError, call, new_installation
from benchmarks.measure import turns
from benchmarks.peers import PEERS

SUMMARY = "import time, first fits with a cold and a warm cache, compile seconds by kernel, installed size"
BASE = "import numpy, numba, pandas, sklearn"
IMPORTS = {
    "numpy, numba, pandas, sklearn": ("tsl", BASE),
    "these and tsl": ("tsl", f"{BASE}, tsl"),
    "these and tsl's estimators": ("tsl", f"{BASE}; from tsl import LSTMCharModel, LSTMClassifier, LSTMRegressor"),
    "torch": ("torch", "import torch"),
    "jax": ("jax", "import jax"),
    "keras-tf": ("keras-tf", "import keras"),
    "keras-jax": ("keras-jax", "import keras"),
    "onnxruntime": ("onnxruntime", "import onnxruntime"),
}
ESTIMATORS = ("LSTMRegressor", "LSTMCharModel")
TURNS, PEER_TURNS = 9, 3
GOAL_IMPORT, GOAL_COLD, GOAL_WARM = 0.3, 15.0, 1.0  # seconds


def run(bench: Bench) -> None:
    """Run all parts; ``--only imports`` (or fits, kernels, size) selects one."""
    parts = {"imports": _imports, "fits": _fits, "kernels": _kernels, "size": _sizes}
    for part in bench.cases(parts).values():
        part(bench)


def _imports(bench: Bench) -> None:
    names = [name for name, (rival, _) in IMPORTS.items() if rival in bench.rivals]
    runs: dict[str, list[float]] = {name: [] for name in names}
    for name in turns(names, 1 if bench.options.quick else TURNS):
        rival, statement = IMPORTS[name]
        if name not in runs or (rival != "tsl" and len(runs[name]) == PEER_TURNS):
            continue
        try:
            took = call("benchmarks.first_use:statement", statement, rival=rival, n_threads=bench.options.n_threads)
            runs[name].append(took["seconds"])
        except FreshError as error:
            bench.say(f"{name} is left out: {error}")
            del runs[name]
    rows = []
    for name, seconds in runs.items():
        # turn by turn, because a machine can be slower for a while
        over = statistics.median(own - first for own, first in zip(seconds, runs[names[0]]))
        median = statistics.median(seconds)
        bench.record(f"import {name}", seconds=seconds, median=median, over_base=over)
        rows.append([name, *(f"{number:.2f}" for number in (median, min(seconds), max(seconds))), f"{over:+.2f}"])
    bench.table("Import in a fresh process, seconds", ["", "median", "fastest", "slowest", "over the first"], rows)
    bench.say(f"Goal: tsl at most {GOAL_IMPORT} s over what it is built on.")


def _fits(bench: Bench) -> None:
    rows = []
    for estimator in ESTIMATORS:
        with new_installation() as root:
            cold = _two_fits(bench, estimator, root)
            warm = [_two_fits(bench, estimator, root) for _ in range(1 if bench.options.quick else 3)]
        bench.record(f"first fit, {estimator}", cold=cold, warm=warm)
        rows.append([f"{estimator}, empty cache", *_fit_cells(cold)])
        rows.append([f"{estimator}, new process", *_fit_cells(sorted(warm, key=_difference)[len(warm) // 2])])
    header = ["seconds", "first fit", "processor", "compiled", "second fit", "difference"]
    bench.table("The first fit (1,000 steps of a series, or 4,200 characters; 2 epochs)", header, rows)
    bench.say(
        f"Goals: at most {GOAL_COLD:.0f} s with an empty cache; in a new process {GOAL_WARM:.0f} s over the second."
    )


def _two_fits(bench: Bench, estimator: str, root: pathlib.Path) -> dict[str, Any]:
    return call("benchmarks.first_use:two_fits", estimator, n_threads=bench.options.n_threads, root=root)


def _difference(fits: dict[str, Any]) -> float:
    return fits["first"]["seconds"] - fits["second"]["seconds"]


def _fit_cells(fits: dict[str, Any]) -> list[str]:
    first, second = fits["first"], fits["second"]
    compiled = sum(function["own_seconds"] for function in fits["compiled"])
    return [
        *(f"{number:.2f}" for number in (first["seconds"], first["cpu_seconds"], compiled)),
        f"{second['seconds']:.3f}",
        f"{_difference(fits):.2f}",
    ]


def _kernels(bench: Bench) -> None:
    """Measure what `tsl.network.warm_up` compiles, from an empty cache."""
    with new_installation() as root:
        took = call("benchmarks.first_use:warm_up", n_threads=bench.options.n_threads, root=root)
    bench.record("kernels", **took)
    entries = [function for function in took["compiled"] if function["entry"]]
    rows = [[function["name"], f"{function['seconds']:.2f}", f"{function['own_seconds']:.2f}"] for function in entries]
    rows.append(["all of warm_up", f"{took['first']['seconds']:.2f}", ""])
    bench.table("Compiling by entry point, seconds", ["", "with what it calls", "its own"], rows)
    slowest = sorted(took["compiled"], key=lambda function: -function["own_seconds"])[:12]
    rows = [[function["name"], f"{function['own_seconds']:.2f}", str(function["times"])] for function in slowest]
    bench.table("Compiling by function, the twelve slowest", ["", "seconds", "times"], rows)


def _sizes(bench: Bench) -> None:
    rows = []
    for rival in bench.rivals:
        try:
            sizes = installed.tsl_with_dependencies() if rival == "tsl" else installed.with_dependencies(_roots(rival))
        except importlib.metadata.PackageNotFoundError as error:
            bench.say(f"{rival} is left out: {error}")
            continue
        total = sum(sizes.values()) / 1e6
        largest = sorted(sizes, key=sizes.__getitem__, reverse=True)[:4]
        bench.record(f"installed, {rival}", megabytes=total, bytes=sizes)
        parts = ", ".join(f"{name} {sizes[name] / 1e6:.0f}" for name in largest)
        rows.append([rival, f"{total:.0f}", str(len(sizes)), parts])
    bench.table("Installed with all that is needed, MB", ["", "MB", "packages", "the largest"], rows)


def _roots(rival: str) -> tuple[str, ...]:
    """Return the packages that a rival needs; onnx only builds the graphs here."""
    return tuple(name for name in PEERS[rival].packages if name != "onnx")
