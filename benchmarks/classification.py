"""Accuracy of `LSTMClassifier` on series of the UCR and UEA archives, with the methods to beat."""

from __future__ import annotations

import importlib
import importlib.metadata
import time
import warnings
from typing import Any

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from benchmarks.bench import Bench
from benchmarks.classification_tasks import Task, archive_tasks, resampled
from tsl import LSTMClassifier

SUMMARY = "accuracy on the test parts of archived data sets, with nearest neighbour, ROCKET and published figures"
OWN, NEIGHBOUR, ROCKET, GOAL = "LSTMClassifier", "nearest neighbour", "ROCKET, aeon", "InceptionTime"
QUICK = {"max_iter": 2, "hidden_size": 4}

Runs = list[dict[str, float]]


def run(bench: Bench) -> None:
    """Run one data set after the other, then compare with the targets."""
    quick = bench.options.quick
    tasks = {name: task.quick() if quick else task for name, task in archive_tasks().items()}
    _compile(bench.options.n_threads)
    found = {name: _run_task(bench, task) for name, task in bench.cases(tasks).items()}
    if not found:
        return
    rows = [_verdict(name, *_targets(tasks[name], methods)) for name, methods in found.items()]
    if len(rows) > 1:
        targets = np.array([_targets(tasks[name], methods) for name, methods in found.items()])
        rows.append(_verdict("mean of all", *targets.mean(axis=0)))
    bench.table("What was to be reached, by the mean over seeds", ["", "is", "must", "goal", "verdict"], rows)


def _compile(n_threads: int) -> None:
    """Compile the kernels before time is measured."""
    LSTMClassifier(**QUICK, n_threads=n_threads).fit(np.eye(8), np.arange(8) % 2)


def _run_task(bench: Bench, task: Task) -> dict[str, Runs]:
    """Run all methods on one data set and print a table of them."""
    methods = {NEIGHBOUR: [nearest_neighbour(task)]}
    if not bench.options.quick:
        bench.machine["versions"]["aeon"] = importlib.metadata.version("aeon")
        methods[ROCKET] = [rocket(task, seed, bench.options.n_threads) for seed in range(bench.options.seeds)]
    methods[OWN] = own_runs(bench, task)
    rows = [_row(method, runs) for method, runs in methods.items()]
    rows += [[method, f"{accuracy:.3f}", "", "published"] for method, accuracy in task.published.items()]
    bench.table(task.in_words(), ["", "accuracy", "of seeds", "seconds to fit"], rows)
    bench.record(task.name, methods=methods, published=task.published)
    return methods


def own_runs(bench: Bench, task: Task) -> Runs:
    """Return the accuracy of a classifier with default parameters, for each seed."""
    runs = []
    for seed in range(1 if bench.options.quick else bench.options.seeds):
        model = LSTMClassifier(random_state=seed, n_threads=bench.options.n_threads)
        model.set_params(**(QUICK if bench.options.quick else {}))
        runs.append(_measured(model, task, task.X_train, task.X_test) | {"seed": seed})
    return runs


def nearest_neighbour(task: Task) -> dict[str, float]:
    """Return the accuracy of predicting the class of the training series at the smallest Euclidean distance.

    Series of different lengths are resampled to the length of the longest training series.
    """
    X_train, X_test = (X.reshape(len(X), -1) for X in _equally_long(task))
    return _measured(KNeighborsClassifier(1, algorithm="brute"), task, X_train, X_test)


def rocket(task: Task, seed: int, n_threads: int) -> dict[str, float]:
    """Return the accuracy of aeon's ROCKET with default parameters; series are resampled as above."""
    classifier = importlib.import_module("aeon.classification.convolution_based").RocketClassifier
    X_train, X_test = (X.transpose(0, 2, 1) for X in _equally_long(task))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its dependencies
        classifier(n_kernels=100).fit(X_train[:, :, :12], task.y_train)  # compiled before time is measured
        return _measured(classifier(random_state=seed, n_jobs=n_threads), task, X_train, X_test)


def _equally_long(task: Task) -> list[np.ndarray]:
    n_steps = int(task.lengths.max())
    return [resampled(X, n_steps) for X in (task.X_train, task.X_test)]


def _measured(model: Any, task: Task, X_train: Any, X_test: Any) -> dict[str, float]:
    start = time.perf_counter()
    model.fit(X_train, task.y_train)
    seconds = time.perf_counter() - start
    return {"accuracy": float(np.mean(model.predict(X_test) == task.y_test)), "fit_seconds": seconds}


def _targets(task: Task, methods: dict[str, Runs]) -> tuple[float, float, float]:
    """Return what is reached, what must be reached, and the goal."""
    return _mean(methods[OWN]), _mean(methods[NEIGHBOUR]), task.published[GOAL]


def _mean(runs: Runs) -> float:
    return float(np.mean([one["accuracy"] for one in runs]))


def _row(method: str, runs: Runs) -> list[str]:
    values = [one["accuracy"] for one in runs]
    spread = f"{min(values):.3f}-{max(values):.3f}" if len(values) > 1 else ""
    seconds = np.median([one["fit_seconds"] for one in runs])  # other work on the machine delays some of them
    return [method, f"{_mean(runs):.3f}", spread, f"{seconds:.2f}"]


def _verdict(name: str, value: float, must: float, goal: float) -> list[str]:
    word = "goal reached" if value >= goal else "reached" if value >= must else "MISSED"
    return [name, *(f"{number:.3f}" for number in (value, must, goal)), word]
