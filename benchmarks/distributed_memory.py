"""Peak memory of workers that a panel does not fit into."""

from __future__ import annotations

import os
import pathlib
import pickle
import tempfile
import time
from typing import Any

from benchmarks.bench import Bench
from benchmarks.distributed_tasks import PANEL, QUICK, forecaster_options, series_frame

LIMITS: dict[str, Any] = {"n_series": 200_000, "n_files": 64, "n_replicas": 64, "memory_limit": "1500MiB"}


def run(bench: Bench) -> None:
    """Fit and forecast a panel larger than the memory of two workers together; report their peak memory."""
    import dask.dataframe as dd
    from distributed import Client, LocalCluster

    from tsl.dask import DaskLSTMForecaster

    n_steps = QUICK["n_steps"] if bench.options.quick else PANEL["n_steps"]
    size = LIMITS | ({"n_series": QUICK["n_series"], "n_files": 4, "n_replicas": 4} if bench.options.quick else {})
    given = forecaster_options(bench) | {"n_replicas": size["n_replicas"], "max_iter": 100}
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
            before, pids, rows = client.run(memory_of), client.run(os.getpid), []
            for name, call in {
                "fit": lambda: model.fit(dd.read_parquet(folder)),
                "predict": lambda: model.predict().to_parquet(pathlib.Path(folder) / "forecasts"),
            }.items():
                client.run(forget_peak)
                began = time.perf_counter()
                call()
                seconds, peaks = time.perf_counter() - began, client.run(memory_of, "VmHWM")
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


def memory_of(field: str = "VmRSS") -> float:
    """Return the resident memory of this process in MiB; "VmHWM" is its peak."""
    line = next(one for one in pathlib.Path("/proc/self/status").read_text().splitlines() if one.startswith(field))
    return int(line.split()[1]) / 2**10


def forget_peak() -> None:
    pathlib.Path("/proc/self/clear_refs").write_text("5")
