"""Prediction: batches of six shapes, one window, and one series."""

from __future__ import annotations

from benchmarks.measure import best_first, fastest, milliseconds, ratio, spread
from benchmarks.problem import lstm_flops, lstm_job
from benchmarks.train import SHAPES, TINY

SUMMARY = "batches at six shapes, and the latency of one window and of one series"

MANY = 512  # windows in the larger batch
ALONE = (32, 64, 128, 300)  # hidden units, for one window of 48 steps and 8 channels, and 24 outputs
GOAL_SERIES = 2e-3  # seconds of a forecast of one series
GOAL_OVERHEAD = 0.15e-3  # seconds of `predict` in excess of the kernel


def run(bench):
    """Run batches, then single windows."""
    compared = []
    for name, job in bench.cases(_batch_jobs(bench.options.quick)).items():
        compared.append((name, job, bench.compare(name, job, budget=6.0, flops=lstm_flops(job))))
    rows = [row for shape in compared for row in _rows(bench, *shape)]
    if rows:
        header = ["steps, batch, inputs, hidden, layers, outputs", "rival", "ms", "quartiles", "x tsl"]
        bench.table("Prediction of a batch", [*header, "GFLOP/s", "of limit", "form"], rows)
        bench.say("GFLOP/s: 2 * 4H * (inputs + H) a layer, window and step, one-hot inputs as 0.")
    _alone(bench)
    _one_series(bench)


def _batch_jobs(quick):
    """Return each shape with its own batch and with a large one."""
    jobs = {}
    for name, (sizes, more) in (TINY if quick else SHAPES).items():
        steps, batch, *rest = sizes
        for size in (batch, MANY):
            jobs[f"{name}, {size} windows"] = lstm_job("forward", steps, size, *rest, **{**more, "batches": 1})
    return jobs


def _rows(bench, name, job, results):
    """Return the rows of the table for one shape and batch."""
    n_threads, flops = bench.options.n_threads, lstm_flops(job)
    own, rows = results.get("tsl"), []
    sizes = ", ".join(str(job[key]) for key in ("steps", "batch", "inputs", "hidden", "layers", "outputs"))
    for rival, result in best_first(results):
        rate = flops / result.median / 1e9
        times = f"{ratio(result, own):.2f}" if own else "-"
        speed = [f"{rate:.0f}", bench.share(name, rival, rate, n_threads), result.candidate]
        shape = f"{name.partition(',')[0]}: {sizes}"
        rows.append([shape, bench.label(rival), milliseconds(result.median), spread(result), times, *speed])
    return rows


def _alone(bench):
    """Run one window through an estimator and the peers, and measure what the estimator adds to the network."""
    rows, overheads = [], []
    hidden_sizes = (8,) if bench.options.quick else ALONE
    for name, hidden in bench.cases({f"one window, h{hidden}": hidden for hidden in hidden_sizes}).items():
        job = lstm_job("predict", 48, 1, 8, hidden, 1, 24, batches=1)
        results = bench.compare(name, job, budget=5.0)
        bare, exported = (
            bench.compare(f"{name}, {what}", job | {"task": task}, rivals=("tsl",), budget=1.0).get("tsl")
            for what, task in (("bare", "forward"), ("exported", "exported"))
        )
        own, best = results.get("tsl"), fastest(results)
        if own is None or bare is None:
            continue
        overheads.append(own.median - bare.median)
        peers = [milliseconds(results[peer].median) if peer in results else "-" for peer in bench.options.peers]
        gain = f"{ratio(results[best], own):.2f}" if best else "-"
        rows.append(
            [f"{hidden} units", milliseconds(own.median), spread(own), milliseconds(bare.median)]
            + [milliseconds(overheads[-1]), milliseconds(exported.median) if exported else "-"]
            + [*peers, bench.label(best) if best else "-", gain]
        )
    if rows:
        header = ["1 window, 48 x 8, 24 outputs; ms", "predict", "quartiles", "forward", "difference", "exported"]
        peers = map(bench.label, bench.options.peers)
        bench.table("Latency of one window", [*header, *peers, "fastest peer", "ratio"], rows)
        bench.say(
            "predict is LSTMRegressor's, forward the network's alone, exported the same model by to_onnx. "
            f"Goal for the difference: at most {milliseconds(GOAL_OVERHEAD)} ms; "
            f"the largest is {milliseconds(max(overheads))} ms."
        )


def _one_series(bench):
    """Forecast one hourly series by a forecaster whose three networks have different windows, as `fit` chooses them."""
    rows, medians = [], []
    steps, hidden = (100, 8) if bench.options.quick else (1500, 128)
    kinds = {"after the known rows": 0, "after 24 newer rows": 24}
    for name, newer in bench.cases({f"one series, {kind}": n for kind, n in kinds.items()}).items():
        job = {"task": "forecast", "steps": steps, "hidden": hidden, "newer": newer}
        results = bench.compare(name, job, rivals=("tsl",), budget=5.0)
        if "tsl" in results:
            own = results["tsl"]
            medians.append(own.median)
            rows.append([name, milliseconds(own.median), spread(own)])
    if rows:
        bench.table("Forecast of one series", ["24 hours ahead, 3 networks; ms", "predict", "quartiles"], rows)
        bench.say(f"Goal: at most {milliseconds(GOAL_SERIES)} ms; the largest is {milliseconds(max(medians))} ms.")
