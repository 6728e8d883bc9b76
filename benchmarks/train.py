"""Training: a step of forward pass, backward pass and Adam, and an epoch of `fit`."""

from __future__ import annotations

from benchmarks.measure import best_first, fastest, milliseconds, ratio, spread
from benchmarks.problem import lstm_flops, lstm_job

SUMMARY = "a training step of six shapes, and an epoch of fit"

# steps, batch, inputs, hidden, layers, outputs; further entries of the job
SHAPES = {
    "h32": ((24, 64, 1, 32, 1, 1), {"batches": 128}),
    "h64": ((48, 64, 8, 64, 1, 24), {"batches": 64}),
    "h128x2": ((96, 32, 7, 128, 2, 24), {"batches": 16}),
    "h300-text": ((50, 40, 60, 300, 1, 60), {"one_hot": True, "loss": "log_loss"}),
    "h300x2": ((50, 40, 1, 300, 2, 60), {"loss": "log_loss"}),
    "h512x2": ((50, 128, 65, 512, 2, 65), {"loss": "log_loss", "batches": 2}),
}
# By instruction set: how many times faster than the fastest peer tsl must be (None: no requirement), and the goal.
GOALS = {
    "AVX2": {
        "h32": (4.0, 5.0),
        "h64": (3.0, 4.0),
        "h128x2": (2.5, 2.9),
        "h300-text": (1.9, 2.2),
        "h300x2": (1.5, 1.65),
        "h512x2": (1.25, 1.45),
    },
    "AVX-512": {
        "h32": (None, 4.0),
        "h64": (None, 3.5),
        "h128x2": (None, 1.4),
        "h300-text": (None, 1.5),
        "h300x2": (None, 1.4),
        "h512x2": (None, 1.7),
    },
}
EPOCH = {"epoch": ((48, 64, 8, 64, 1, 24), {"windows": 20_000})}
TINY = {"tiny": ((5, 8, 2, 8, 1, 2), {})}
TINY_EPOCH = {"epoch": ((5, 8, 2, 8, 1, 2), {"windows": 40})}


def run(bench):
    """Run steps of all shapes, then an epoch."""
    quick = bench.options.quick
    compared = []
    for name, (sizes, more) in bench.cases(TINY if quick else SHAPES).items():
        job = lstm_job("train", *sizes, **more)
        must, goal = goals(bench.machine["instruction_set"], name)
        compared.append((name, job, bench.compare(name, job, must=must, goal=goal, flops=3 * lstm_flops(job))))
    rows = [row for shape in compared for row in _rows(bench, *shape)]
    if rows:
        header = ["steps, batch, inputs, hidden, layers, outputs", "rival", "ms", "quartiles", "x tsl", "must", "goal"]
        bench.table("A training step", [*header, "GFLOP/s", "of limit", "form"], rows)
        bench.say("GFLOP/s: 3 * 2 * 4H * (inputs + H) a layer, window and step, one-hot inputs as 0.")
    for name, (sizes, more) in bench.cases(TINY_EPOCH if quick else EPOCH).items():
        _epoch(bench, name, lstm_job("epoch", *sizes, **more))


def goals(instruction_set, name):
    """Return how many times faster than the fastest peer tsl must be, and should be, for a shape; None for no goal."""
    return GOALS.get(instruction_set, {}).get(name, (None, None))


def _rows(bench, name, job, results):
    """Return the rows of the table for one shape."""
    n_threads, flops = bench.options.n_threads, 3 * lstm_flops(job)
    aims = ["" if aim is None else f"{aim:g}" for aim in goals(bench.machine["instruction_set"], name)]
    best, own, rows = fastest(results), results.get("tsl"), []
    sizes = ", ".join(str(job[key]) for key in ("steps", "batch", "inputs", "hidden", "layers", "outputs"))
    for rival, result in best_first(results):
        rate = flops / result.median / 1e9
        times = [f"{ratio(result, own):.2f}" if own else "-", *(aims if rival == best else ["", ""])]
        speed = [f"{rate:.0f}", bench.share(name, rival, rate, n_threads), result.candidate]
        taken = [bench.label(rival), milliseconds(result.median), spread(result)]
        rows.append([f"{name}: {sizes}", *taken, *times, *speed])
    return rows


def _epoch(bench, name, job):
    results = bench.compare(name, job, budget=20.0)
    own, rows = results.get("tsl"), []
    for rival, result in best_first(results):
        times = f"{ratio(result, own):.2f}" if own else "-"
        rows.append([bench.label(rival), milliseconds(result.median), spread(result), times, result.candidate])
    title = "An epoch of fit: {windows:,} windows of {steps} x {inputs}, {hidden} units, {outputs} outputs"
    bench.table(title.format(**job), ["rival", "ms", "quartiles", "x tsl", "form"], rows)
