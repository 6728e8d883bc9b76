"""Training: a step of forward, backward and Adam, and an epoch of `fit`."""

from __future__ import annotations

from benchmarks.measure import fastest, milliseconds, ratio
from benchmarks.problem import lstm_flops, lstm_job

SUMMARY = "a training step at six shapes, and an epoch of fit"

# steps, batch, inputs, hidden, layers, outputs; and how many times faster than the fastest peer is the goal
SHAPES = {
    "h32": ((24, 64, 1, 32, 1, 1), {"batches": 256}, 4.0),
    "h64": ((48, 64, 8, 64, 1, 24), {"batches": 128}, 3.5),
    "h128x2": ((96, 32, 7, 128, 2, 24), {"batches": 32}, 1.4),
    "h300-text": ((50, 40, 60, 300, 1, 60), {"one_hot": True, "loss": "log_loss"}, 1.5),
    "h300x2": ((50, 40, 1, 300, 2, 60), {"loss": "log_loss"}, 1.4),
    "h512x2": ((50, 128, 65, 512, 2, 65), {"loss": "log_loss", "batches": 2}, 1.7),
}
TINY = {"tiny": ((5, 8, 2, 8, 1, 2), {}, 1.0)}


def run(bench):
    """Steps at all shapes, then an epoch."""
    limit = bench.machine["gflops_limit"][bench.options.n_threads]
    rows = []
    for name, (sizes, more, goal) in bench.cases(TINY if bench.options.quick else SHAPES).items():
        job = lstm_job("train", *sizes, **more)
        flops = 3 * lstm_flops(job)
        results = bench.compare(name, job, goal=goal, flops=flops)
        best = fastest(results)
        for rival, result in results.items():
            rate = flops / result.median / 1e9
            low, high = (milliseconds(quartile) for quartile in result.quartiles)
            times = f"{ratio(result, results['tsl']):.2f}" + (f" (goal {goal:g})" if rival == best else "")
            rows.append(
                [f"{name} {sizes}", rival, milliseconds(result.median), f"{low}-{high}", times]
                + [f"{rate:.0f}", f"{100 * rate / limit:.0f} %", result.candidate]
            )
    header = ["steps, batch, inputs, hidden, layers, outputs", "rival", "ms", "quartiles", "x tsl"]
    bench.table("A training step", header + ["GFLOP/s", "of limit", "form"], rows)
