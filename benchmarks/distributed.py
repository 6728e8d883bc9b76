"""Replicas: their cost in accuracy, what a round transfers, and two worker processes compared with one process."""

from __future__ import annotations

import os
import pathlib
import pickle
import tempfile
import time
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.bench import Bench
from benchmarks.forecast_tasks import m4_hourly
from tsl import LSTMForecaster
from tsl.forecasting.model import rounds
from tsl.forecasting.model.replicas import LOCAL_STEPS, SUMMED, deal, sample_of

SUMMARY = (
    "accuracy by number of replicas, a round by its parts, scaling by simulation, two workers beside one process, "
    "memory of workers that the panel does not fit into"
)
NUMBERS = (1, 2, 4, 8, 16, 32)
MOST_LOST = 0.01  # of OWA, at 8 replicas
WORKERS = (1, 2, 4, 8, 16, 64, 256, 1000)
NETWORKS = {"1 Gbit/s": 125e6, "10 Gbit/s": 1250e6}
LATENCY = 1e-3  # seconds of a task on the scheduler and of a message, as Dask's documentation has it
PANEL = {"n_series": 100_000, "n_steps": 200}
N_FILES = 16
LIMITS: dict[str, Any] = {"n_series": 200_000, "n_files": 64, "n_replicas": 64, "memory_limit": "1500MiB"}
QUICK = {"n_series": 40, "n_steps": 100}
ONE_NETWORK: dict[str, Any] = {
    "season": 24, "window": 168, "differences": None, "scaling": "window", "hidden_size": 64, "n_models": 1,
    "max_iter": 400,
}  # fmt: skip


def run(bench: Bench) -> None:
    """Run each part."""
    parts = {"accuracy": _accuracy, "round": _round, "two workers": _two_workers, "memory": _memory}
    for part in bench.cases(parts).values():
        part(bench)


# --- accuracy -----------------------------------------------------------------------------------------------------


def _accuracy(bench: Bench) -> None:
    """Forecast the test part of M4 Hourly after the same number of steps, each with a batch shared by all replicas."""
    if bench.options.data is None:
        bench.say("accuracy is left out: --data DIR names the folder of M4's files")
        return
    task = m4_hourly(pathlib.Path(bench.options.data), n_series=5 if bench.options.quick else None)
    given = ONE_NETWORK | ({"max_iter": 100} if bench.options.quick else {})
    frame, means = task.frame(task.fit_stops), {}
    rows = []
    for n_replicas in NUMBERS[: 2 if bench.options.quick else None]:
        scores = []
        for seed in range(1 if bench.options.quick else bench.options.seeds):
            model = LSTMForecaster(task.horizon, n_replicas=n_replicas, random_state=seed, **given)
            found = model.set_params(n_threads=bench.options.n_threads).fit(frame).predict()
            points = found.sort_values(["unique_id", "ds"])["y_pred"].to_numpy().reshape(-1, task.horizon)
            scores.append(task.score(task, points))
        means[n_replicas] = {name: float(np.mean([one[name] for one in scores])) for name in scores[0]}
        bench.record(f"{n_replicas} replicas", scores=scores)
        rows.append([str(n_replicas), *(f"{value:.3f}" for value in means[n_replicas].values())])
        bench.say(f"{n_replicas} replicas: {means[n_replicas]}")
    title = f"M4 Hourly, one network of {given['hidden_size']} units, {given['max_iter']} steps, {len(scores)} seeds"
    bench.table(title, ["replicas", *means[1]], rows)
    if 8 in means:
        lost = means[8]["OWA"] - means[1]["OWA"]
        bench.say(f"8 replicas lose {lost:.3f} of OWA: at most {MOST_LOST} is wanted, {_kept(lost <= MOST_LOST)}")


# --- a round ------------------------------------------------------------------------------------------------------


def _panel(bench: Bench) -> pd.DataFrame:
    return series_frame(**(QUICK if bench.options.quick else PANEL))


def series_frame(n_series: int, n_steps: int, first: int = 0) -> pd.DataFrame:
    """Return hourly series with a daily cycle and their own level and noise; `first` is the number of the first one."""
    rng = np.random.default_rng(first)
    waves = np.sin(2 * np.pi * (np.arange(n_steps) + rng.integers(24, size=(n_series, 1))) / 24)
    values = rng.lognormal(3.0, 1.0, (n_series, 1)) * (5 + waves + 0.2 * rng.normal(size=waves.shape))
    times = pd.date_range("2024-01-01", periods=n_steps, freq="h")
    ids = np.repeat([f"series {first + k}" for k in range(n_series)], n_steps)
    return pd.DataFrame({"unique_id": ids, "ds": np.tile(times, n_series), "y": values.ravel()})


def _forecaster(bench: Bench) -> dict[str, Any]:
    steps = 50 if bench.options.quick else 400
    return {"horizon": 24, **ONE_NETWORK, "window": 48, "max_iter": steps, "n_replicas": 8, "random_state": 0}


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
    model, timed = LSTMForecaster(**_forecaster(bench), n_threads=1), Timed()
    schema, panel = model._read_training(_panel(bench))
    replicas = rounds.Replicas(deal(panel, model.n_replicas), model.missing, 0, timed)
    model._fit_sample(schema, sample_of(panel), replicas)
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
    from distributed import Client, LocalCluster

    from tsl.dask import DaskLSTMForecaster

    frame, given, rows = _panel(bench), _forecaster(bench), []
    model = LSTMForecaster(**given, n_threads=2)
    model.fit(frame.head(20 * 200))
    alone = _timed(model, frame, lambda found: found)
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        for k in range(N_FILES):
            part = slice(len(frame) * k // N_FILES, len(frame) * (k + 1) // N_FILES)
            frame[part].to_parquet(pathlib.Path(folder) / f"{k}.parquet")
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


# --- memory -------------------------------------------------------------------------------------------------------


def _memory(bench: Bench) -> None:
    """Fit and forecast a panel larger than the memory of two workers together; report their peak memory."""
    import dask.dataframe as dd
    from distributed import Client, LocalCluster

    from tsl.dask import DaskLSTMForecaster

    n_steps = QUICK["n_steps"] if bench.options.quick else PANEL["n_steps"]
    size = LIMITS | ({"n_series": QUICK["n_series"], "n_files": 4, "n_replicas": 4} if bench.options.quick else {})
    given = _forecaster(bench) | {"n_replicas": size["n_replicas"], "max_iter": 100}
    options = {"threads_per_worker": 1, "memory_limit": size["memory_limit"], "dashboard_address": ":0"}
    options["env"] = {"ARROW_DEFAULT_MEMORY_POOL": "system"}  # its own keeps what is free
    with tempfile.TemporaryDirectory() as folder, LocalCluster(n_workers=2, **options) as cluster:
        n_bytes, each = 0, size["n_series"] // size["n_files"]
        for k in range(size["n_files"]):
            frame = series_frame(each, n_steps, first=k * each)
            frame["unique_id"] = "country 1, region 1, store 0001, department 01, article " + frame["unique_id"]
            n_bytes += int(frame.memory_usage(deep=True).sum())
            frame.to_parquet(pathlib.Path(folder) / f"{k}.parquet")
        with Client(cluster) as client:
            model = DaskLSTMForecaster(**given, client=client)
            model.fit(frame.head(20 * n_steps))  # imports and compiles
            before, pids, rows = client.run(_memory_of), client.run(os.getpid), []
            for name, call in {
                "fit": lambda: model.fit(dd.read_parquet(folder)),
                "predict": lambda: model.predict().to_parquet(pathlib.Path(folder) / "forecasts"),
            }.items():
                client.run(_forget_peak)
                began = time.perf_counter()
                call()
                seconds, peaks = time.perf_counter() - began, client.run(_memory_of, "VmHWM")
                rows.append([name, f"{seconds:.0f}", *(f"{peaks[one]:.0f}" for one in sorted(peaks))])
            sizes = [len(pickle.dumps(one)) for one in client.gather(model._parts[:1])]
            same = pids == client.run(os.getpid)
    bench.record("memory", panel=n_bytes, before=before, rows=rows, replica=sizes[0], none_died=same)
    title = (
        f"{size['n_series']:,} series, {n_bytes / 2**20:,.0f} MiB as frames, {size['n_replicas']} replicas of "
        f"{sizes[0] / 2**20:.0f} MiB; two workers of at most {size['memory_limit']}, "
        f"{max(before.values()):.0f} MiB before"
    )
    bench.table(title, ["", "s", "worker 1: MiB at most", "worker 2: MiB at most"], rows)
    bench.say("No worker died." if same else "Workers DIED.")


def _memory_of(field: str = "VmRSS") -> float:
    """Return the resident memory of this process in MiB; "VmHWM" is its peak."""
    line = next(one for one in pathlib.Path("/proc/self/status").read_text().splitlines() if one.startswith(field))
    return int(line.split()[1]) / 2**10


def _forget_peak() -> None:
    pathlib.Path("/proc/self/clear_refs").write_text("5")


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
