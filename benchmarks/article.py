"""An epoch of the character model of an article: Macbeth, two layers of 300, windows of 50 scalar codes."""

from __future__ import annotations

from benchmarks.measure import best_first, ratio
from benchmarks.problem import lstm_job

SUMMARY = "seconds per epoch of the article's model of Macbeth"

WINDOW, BATCH, VOCABULARY = 50, 40, 42  # of the lower-cased play
N_WINDOWS = 103_427 - WINDOW  # of the whole play, each with a next character
MEASURED_BATCHES = 25


def run(bench):
    """Fit on some batches and extrapolate to the whole play."""
    sizes = (WINDOW, BATCH, 1, 300, 2, VOCABULARY)
    batches = MEASURED_BATCHES
    if bench.options.quick:
        sizes, batches = (WINDOW, BATCH, 1, 8, 2, VOCABULARY), 3
    job = lstm_job("epoch", *sizes, loss="log_loss", dropout=0.2, text=True, windows=batches * BATCH)
    scale = N_WINDOWS / job["windows"]
    results = bench.compare("article", job, budget=25.0, epoch_over_measured=scale)
    own, rows = results.get("tsl"), []
    for rival, result in best_first(results):
        times = f"{ratio(result, own):.2f}" if own else "-"
        low, high = (f"{scale * quartile:.1f}" for quartile in result.quartiles)
        rows.append([bench.label(rival), f"{scale * result.median:.1f}", f"{low}-{high}", times, result.candidate])
    title = "Seconds per epoch of Macbeth: {layers} layers of {hidden}, dropout {dropout}, {steps} steps, batch {batch}"
    bench.table(title.format(**job), ["rival", "s", "quartiles", "x tsl", "form"], rows)
    bench.say(
        f"Measured: fits of {batches} batches of {BATCH} windows, with all that a fit does before and "
        f"after. An epoch is {N_WINDOWS:,} windows: the figures are {scale:.1f} times those."
    )
