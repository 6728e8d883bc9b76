"""Coverage of the intervals of single series, after several ends of the training data.

One split has too few independent windows to judge intervals by: eight years of carbon dioxide, one stretch of the sea.
Here the forecaster is also fitted to shorter parts of each series, and evaluated on as many rows after each.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.accuracy import blocks_of_windows, inside, own_forecasts, own_models, standard_error
from benchmarks.bench import Bench
from benchmarks.forecast_tasks import Task, project_tasks
from benchmarks.yardsticks import LEVELS

SUMMARY = "coverage of intervals after several ends of the training data"
LEAST_KNOWN = 0.35  # share of the rows of a task that each fit has at least


def run(bench: Bench) -> None:
    """Run all tasks of one series, and print a table of them."""
    rows = []
    for name, task in bench.cases(project_tasks(quick=bench.options.quick)).items():
        splits = earlier_splits(task)[: 2 if bench.options.quick else None]
        found = coverage_of(bench, splits)
        rows.append([name, str(len(splits)), *(f"{number:.1f}" for number in found.values())])
        bench.record(name, fit_stops=[int(split.fit_stops[0]) for split in splits], **found)
    names = [name for level in LEVELS for name in (f"cover {level} %", "std. error")]
    bench.table("LSTMForecaster, defaults", ["", "fits", *names], rows)


def earlier_splits(task: Task) -> list[Task]:
    """Return the task, and the same with all windows moved back by as many rows as it is evaluated on, and so on."""
    total, stop = len(task.values), int(task.fit_stops[0])
    span, splits = total - stop, []
    for back in range(0, stop - int(LEAST_KNOWN * total) + 1, span):
        splits.append(
            replace(
                task,
                values=task.values[: total - back],
                offsets=np.array([0, total - back]),
                fit_stops=task.fit_stops - back,
                ends=task.ends - back,
                times=None if task.times is None else task.times[: total - back],
            )
        )
    return splits


def coverage_of(bench: Bench, splits: list[Task]) -> dict[str, float]:
    """Return coverage and its standard error in percent for each level, over the windows of all splits and seeds."""
    covered: dict[int, list[np.ndarray]] = {level: [] for level in LEVELS}
    blocks, n_blocks = [], 0
    for task in splits:
        own = blocks_of_windows(task)
        for _, model in own_models(bench, task, {}):
            forecasts, _ = own_forecasts(task, model)
            for level, parts in covered.items():
                parts.append(inside(task, forecasts, level))
            blocks.append(own + n_blocks)  # seeds forecast the same windows
        n_blocks += own.max() + 1
        bench.say(
            f"{task.name}: {100 * covered[LEVELS[0]][-1].mean():.1f} % in {LEVELS[0]} % after row {task.fit_stops[0]}"
        )
    found = {}
    for level, parts in covered.items():
        together = np.concatenate(parts)
        found[f"coverage {level}"] = float(100.0 * together.mean())
        found[f"standard error {level}"] = float(100.0 * standard_error(together, np.concatenate(blocks)))
    return found
