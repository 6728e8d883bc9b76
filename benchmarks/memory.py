"""Memory of training on a long series, in excess of the series itself."""

from __future__ import annotations

import statistics
from typing import Any

from benchmarks.bench import Bench
from benchmarks.fresh import FreshError, call

SUMMARY = "peak memory over the data for a million-step series with windows of 168"
GOAL = 150.0  # MB
JOB = {"rows": 1_000_000, "window": 168, "hidden": 32, "batch": 64, "seconds": 3.0, "steps": 100}
QUICK = {"rows": 3_000, "window": 24, "hidden": 4, "batch": 64, "seconds": 0.2, "steps": 3}
FITS = ("tsl_memory:fit", "tsl_memory:fit_pipeline")
CASES = {
    "tsl, fit on make_windows": ("tsl", "tsl_memory:fit"),
    "tsl, fit of a pipeline with SlidingWindow": ("tsl", "tsl_memory:fit_pipeline"),
    "tsl, predict all windows": ("tsl", "tsl_memory:predict"),
    "keras-tf, fit on materialised windows": ("keras-tf", "keras_memory:fit"),
    "keras-tf, fit on timeseries_dataset_from_array": ("keras-tf", "keras_memory:fit_stream"),
    "keras-tf, predict materialised windows": ("keras-tf", "keras_memory:predict"),
    "keras-jax, fit on materialised windows": ("keras-jax", "keras_memory:fit"),
}


def run(bench: Bench) -> None:
    """Run each case in fresh processes, so that the peak is that of `fit` or `predict` only."""
    job: dict[str, Any] = QUICK if bench.options.quick else JOB
    data = 4e-6 * job["rows"]
    rows, over_goal = [], []
    for name, (rival, function) in bench.cases(CASES).items():
        if rival not in bench.rivals:
            continue
        try:
            runs = [_measure(bench, rival, function, job) for _ in range(1 if bench.options.quick else 2)]
        except FreshError as error:
            bench.say(f"{name} is left out: {error}")
            continue
        bench.record(name, job=job, runs=runs)
        over = max(run["over_mb"] for run in runs)
        seconds = statistics.median(run["seconds"] for run in runs)
        rows.append([name, f"{over:.0f}", f"{over / data:.1f}", f"{runs[0]['before_mb']:.0f}", f"{seconds:.1f}"])
        if function in FITS and over > GOAL:
            over_goal.append(f"{name} by {over - GOAL:.0f} MB")
    windows_mb = data * job["window"]
    header = ["MB", "over the data", "times the series", "process before", "seconds"]
    title = f"Peak memory: {job['rows']:,} steps, one channel of float32 ({data:.0f} MB), windows of {job['window']}"
    bench.table(f"{title} ({windows_mb:,.0f} MB if materialised)", header, rows)
    bench.say(f"The series is in memory before; fits end after {job['seconds']:.0f} s or {job['steps']} steps.")
    reached = f"Missed: {'; '.join(over_goal)}." if over_goal else "Kept."
    bench.say(f"Goal for training in tsl: {GOAL:.0f} MB. {reached}")


def _measure(bench: Bench, rival: str, function: str, job: dict[str, Any]) -> dict[str, float]:
    return call(f"benchmarks.peers.{function}", job, rival=rival, n_threads=bench.options.n_threads)
