"""Replicas: their cost in accuracy, what a round transfers, and two worker processes compared with one process."""

from __future__ import annotations

import pathlib
import pickle
import tempfile
import time
from typing import Any

import numpy as np

from benchmarks import distributed_accuracy, distributed_memory, distributed_peers
from benchmarks.bench import Bench
from benchmarks.distributed_tasks import forecaster_options, panel, two_workers, write_files
from tsl import LSTMForecaster
from tsl.forecasting.model import rounds
from tsl.forecasting.model.replicas import LOCAL_STEPS, SUMMED, deal, sample_of

SUMMARY = (
    "accuracy by number of replicas, a round by its parts, scaling by simulation, two workers beside one process, "
    "memory of workers that the panel does not fit into, LightGBM on the same workers"
)
WORKERS = (1, 2, 4, 8, 16, 64, 256, 1000)
NETWORKS = {"1 Gbit/s": 125e6, "10 Gbit/s": 1250e6}
LATENCY = 1e-3  # seconds of a task on the scheduler and of a message, as Dask's documentation has it


def run(bench: Bench) -> None:
    """Run each part."""
    parts = {
        "accuracy, M4 Hourly": distributed_accuracy.on_m4,
        "accuracy, local steps": distributed_accuracy.by_local_steps,
        "accuracy, simulated": distributed_accuracy.on_simulated,
        "round": _round,
        "two workers": _two_workers,
        "memory": distributed_memory.run,
    }
    for part in bench.cases(parts).values():
        part(bench)
    if rivals := bench.cases(distributed_peers.RIVALS):
        distributed_peers.compare(bench, rivals)


# --- a round ------------------------------------------------------------------------------------------------------


class Timed(rounds.Here):
    """Runs tasks in this process, and records their times and the sizes of their results."""

    n_at_once = 8  # groups of one replica

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}
        self.sizes: dict[str, int] = {}

    def submit(self, function: Any, *args: Any, replica: int | None = None, name: str) -> Any:
        """Return the result of a task."""
        began = time.perf_counter()
        result = function(*args)
        self.seconds.setdefault(function.__name__, []).append(time.perf_counter() - began)
        if function.__name__ not in self.sizes:
            self.sizes[function.__name__] = len(pickle.dumps(result))
        return result


def _round(bench: Bench) -> None:
    """Report the times and transfers of the tasks of a round, and how they would scale."""
    model, timed = LSTMForecaster(**forecaster_options(bench), n_threads=1), Timed()
    schema, series = model._read_training(panel(bench))
    replicas = rounds.Replicas(deal(series, model.n_replicas), model.missing, 0, timed)
    model._fit_sample(schema, sample_of(series), replicas)
    median = {name: float(np.median(seconds)) for name, seconds in timed.seconds.items()}
    mean = median["next_start"]
    steps = median["group_steps"] - mean
    add = mean / (model.n_replicas - 1)
    start = timed.sizes["RoundEnd"]
    change = timed.sizes["group_steps"] - start
    bench.record("round", seconds=median, bytes=timed.sizes)
    rows = [
        [
            "windows that a replica draws for all rounds",
            f"{1e3 * median['draw']:.1f}",
            f"{timed.sizes['draw'] / 1e6:.2f}",
        ],
        [f"{LOCAL_STEPS} local steps of a replica", f"{1e3 * steps:.1f}", f"{change / 1e6:.2f}"],
        [f"mean of {model.n_replicas} changes", f"{1e3 * mean:.2f}", f"{start / 1e6:.2f}"],
    ]
    n_params = model.networks_[0].params.size
    bench.table(f"Tasks of a round, one thread, {n_params:,} weights", ["task", "ms", "MB of its result"], rows)
    rows = []
    for n_workers in WORKERS:
        cells = [str(n_workers)]
        for speed in NETWORKS.values():
            strong, weak = (simulated(n, n_workers, steps, add, start, change, speed) for n in (1024, n_workers))
            one, alone = (simulated(n, 1, steps, add, start, change, speed) for n in (1024, 1))
            cells += [f"{one / strong:.0f}", f"{alone / weak:.2f}"]
        rows.append(cells)
    what = ("1,024 replicas: times faster", "a replica each: efficiency")
    header = ["workers", *(f"{one}, {name}" for name in NETWORKS for one in what)]
    bench.table("Scaling, simulated from these times: not measured on so many machines", header, rows)


def simulated(
    n_replicas: int, n_workers: int, steps: float, add: float, start: float, change: float, speed: float
) -> float:
    """Return the seconds of a round: tasks in waves, weights to all workers along a binary tree, and changes back.

    A worker has one task for all of its replicas, and another task adds the changes of up to eight others. The
    scheduler deals with one task after another.
    """
    waves = -(-n_replicas // n_workers)
    hops = int(np.ceil(np.log2(n_workers))) if n_workers > 1 else 0
    on_worker = waves * steps + (waves - 1) * add
    sent = hops * (LATENCY + start / speed)
    fan_in = min(n_workers, SUMMED)
    summed = -(-hops // int(np.log2(SUMMED))) * (LATENCY + (fan_in - 1) * (change / speed + add))
    return max(on_worker, n_workers * SUMMED / (SUMMED - 1) * LATENCY) + sent + summed


# --- two workers --------------------------------------------------------------------------------------------------


def _two_workers(bench: Bench) -> None:
    """Compare two processes with one thread each, on a cluster, with one process with two threads."""
    import dask.dataframe as dd

    from tsl.dask import DaskLSTMForecaster

    frame, given, rows = panel(bench), forecaster_options(bench), []
    model = LSTMForecaster(**given, n_threads=2)
    model.fit(frame.head(20 * 200))
    alone = _timed(model, frame, lambda found: found)
    with tempfile.TemporaryDirectory() as folder, two_workers() as client:
        write_files(frame, pathlib.Path(folder))
        own = DaskLSTMForecaster(**given, client=client, n_threads=2)
        own.fit(frame.head(20 * 200))  # imports and compiles
        both = _timed(own, dd.read_parquet(folder), lambda found: found.compute())
        same = np.array_equal(own.model_.networks_[0].params, model.networks_[0].params)
    alone["all"], both["all"] = sum(alone.values()), sum(both.values())
    for name, seconds in alone.items():
        ratio = both[name] / seconds
        rows.append([name, f"{seconds:.1f}", f"{both[name]:.1f}", f"{ratio:.2f}", _kept(ratio <= 1.3)])
    bench.record("two workers", alone=alone, cluster=both, same=same)
    n_series = frame["unique_id"].nunique()
    title = f"{n_series:,} series of {len(frame) // n_series} steps, 8 replicas"
    bench.table(title, ["", "1 process, 2 threads: s", "2 workers: s", "ratio", "at most 1.3"], rows)
    bench.say("The weights are the same bits." if same else "The weights DIFFER.")


def _timed(model: Any, frame: Any, computed: Any) -> dict[str, float]:
    """Return the seconds of each method."""
    seconds = {}
    for name, call in {
        "fit": lambda: model.fit(frame),
        "predict": lambda: computed(model.predict()),
        "backtest": lambda: computed(model.backtest(n_windows=2)),
    }.items():
        began = time.perf_counter()
        call()
        seconds[name] = time.perf_counter() - began
    return seconds


def _kept(reached: bool) -> str:
    return "reached" if reached else "MISSED"
