"""Characters per second from one stream."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.measure import Result, fastest, ratio
from benchmarks.peers.stream import GREEDY

SUMMARY = "characters per second from one stream with carried state, against peers that step"
HIDDEN = (64, 128, 256, 512)
CHOICES = ("temperature 1", GREEDY)
VOCABULARY = 65
LENGTH = 2000
GOAL = (64, 300_000.0)  # units, characters per second
WINDOW, PREDICT_LENGTH = 50, 10  # characters for `predict` of Keras, which generates about ten per second


def run(bench: Bench) -> None:
    """Run all sizes, with sampling and greedily."""
    cases = {f"{hidden} units, {choice}": (hidden, choice) for choice in CHOICES for hidden in HIDDEN}
    header = ["characters/s", "tsl", "spread", "GFLOP/s", "limit", *map(bench.label, bench.options.peers)]
    measured, goal = [], []
    for name, (hidden, choice) in bench.cases(cases).items():
        rates = _measure(bench, name, hidden, choice)
        if "tsl" not in rates:
            continue
        measured.append((name, hidden, rates))
        if hidden == GOAL[0]:
            goal.append(f"{name}: {1 / rates['tsl'].median:,.0f}")
    rows = [_row(bench, *case) for case in measured]  # after the limit has been measured several times
    title = f"One stream, vocabulary {VOCABULARY}, one layer, one-hot input"
    bench.table(title, [*header, "fastest peer", "ratio"], rows)
    bench.say("limit: of the multiply-adds that one core can do, as measured in this run. Spread: half the distance of")
    bench.say(f"the quartiles. Keras reads {WINDOW} characters anew for each one, with `predict` in a loop.")
    if goal:
        bench.say(f"Goal at {GOAL[0]} units: {GOAL[1]:,.0f} characters/s. Reached: {'; '.join(goal)}.")


def _measure(bench: Bench, name: str, hidden: int, choice: str) -> dict[str, Result]:
    """Return the seconds per character of each rival."""
    job = {
        "task": "generate.stream",
        "hidden": hidden,
        "vocabulary": VOCABULARY,
        "choice": choice,
        "length": 50 if bench.options.quick else LENGTH,
        "window": WINDOW,
        "predict_length": 2 if bench.options.quick else PREDICT_LENGTH,
    }
    results = bench.compare(name, job, budget=6.0)
    bench.records[-1]["characters_per_second"] = {rival: 1 / result.median for rival, result in results.items()}
    return results


def _row(bench: Bench, name: str, hidden: int, results: dict[str, Result]) -> list[str]:
    own = results["tsl"]
    low, high = own.quartiles
    gflops = 2e-9 * hidden * (4 * hidden + VOCABULARY) / own.median  # a one-hot input needs no product
    share = bench.share(name, "tsl", gflops, 1)
    rates = [f"{1 / results[peer].median:,.0f}" if peer in results else "-" for peer in bench.options.peers]
    best = fastest(results)
    against = ["-", "-"]
    if best is not None:
        against = [f"{bench.label(best)}: {results[best].candidate}", f"{ratio(results[best], own):.2f}"]
    spread = f"{(high - low) / 2 / own.median:.0%}"
    return [name, f"{1 / own.median:,.0f}", spread, f"{gflops:.1f}", share, *rates, *against]
