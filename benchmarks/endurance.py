"""Memory after thousands of fits in one process, and time and memory of one fit as its data grows."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.bench import Bench
from benchmarks.fresh import call
from benchmarks.peak import growth, now_bytes
from benchmarks.peers.series import make_series
from benchmarks.scaling import exponent
from tsl import LSTMCharModel, LSTMClassifier, LSTMForecaster, LSTMRegressor
from tsl.windows import make_windows

SUMMARY = "memory after 10,000 fits and predictions, time and memory of a fit on 1 to 1,000 times the data"
FACTORS = (1, 10, 100, 1000)
SMALL: dict[str, Any] = {"hidden_size": 8, "max_iter": 2, "random_state": 0}
SENTENCE = "When shall we three meet again? In thunder, lightning, or in rain?\n"
FORECASTER: dict[str, Any] = {
    "horizon": 6,
    "window": 24,
    "season": 24,
    "segment": 6,
    "target_transform": None,
    "scaling": "window",
    "differences": None,
    "linear": False,
}


def run(bench: Bench) -> None:
    """Run all; ``--only repeat`` or ``grow`` selects one half, ``--only regressor`` and so on one kind of model."""
    _repeats(bench, bench.cases({f"repeat, {kind}": kind for kind in REPEATED}))
    _growths(bench, bench.cases({f"grow, {kind}": kind for kind in GROWING}))


def _repeats(bench: Bench, cases: dict[str, str]) -> None:
    n, rows, counts = 10 if bench.options.quick else 10_000, [], []
    for name, kind in cases.items():
        found = call("benchmarks.endurance:repeat", kind, n, n_threads=bench.options.n_threads)
        bench.record(name, **found)
        counts = [f"after {count:,}" for count in found["counts"]]
        rows.append([kind, *(f"{megabytes:.1f}" for megabytes in found["megabytes"]), str(found["threads"])])
    if rows:
        header = ["model", *counts, "threads"]
        bench.table("Resident memory in MB while fits and predictions repeat", header, rows)


def _growths(bench: Bench, cases: dict[str, str]) -> None:
    factors, rows = FACTORS[:2] if bench.options.quick else FACTORS, []
    first = len(factors) > 2  # the smallest fit is mostly overhead
    for name, kind in cases.items():
        runs = [call("benchmarks.endurance:grow", kind, n, n_threads=bench.options.n_threads) for n in factors]
        power = exponent(list(factors[first:]), [one["seconds"] for one in runs[first:]])
        bench.record(name, factors=factors, runs=runs, exponent=power)
        for factor, one in zip(factors, runs, strict=True):
            n_rows = factor * GROWING[kind][1]
            row = [f"{n_rows:,}", f"{one['seconds']:.3f}", f"{one['mb']:.1f}", f"{1e6 * one['mb'] / n_rows:.0f}"]
            rows.append([kind, *row, ""])
        rows[-1][-1] = f"{power:.2f}"
    if rows:
        header = ["model", "rows or characters", "seconds", "MB with the data", "bytes each", "time as a power"]
        bench.table("A fit on 1 to 1,000 times the data; the power is that from 10 times on", header, rows)


# --- in a process of its own ------------------------------------------------------------------------------------------


def repeat(kind: str, n: int) -> dict[str, Any]:
    """Return resident MB after 1/10, half and all of the fits, and the number of threads at the end."""
    cycle, counts, megabytes = REPEATED[kind](), [n // 10, n // 2, n], []
    for k in range(1, n + 1):
        cycle()
        if k in counts:
            gc.collect()
            megabytes.append(now_bytes() / 1e6)
    return {"counts": counts, "megabytes": megabytes, "threads": threading.active_count()}


def _regressors(estimator: type[LSTMRegressor | LSTMClassifier] = LSTMRegressor) -> Callable[[], object]:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((64, 10, 2)), rng.integers(0, 3, 64)
    return lambda: estimator(**SMALL, early_stopping=True).fit(X, y).predict(X)


def _classifiers() -> Callable[[], object]:
    return _regressors(LSTMClassifier)


def _char_models() -> Callable[[], object]:
    return lambda: LSTMCharModel(**SMALL).fit(SENTENCE * 10).generate("When ", 20, random_state=0)


def _forecasters() -> Callable[[], object]:
    series = pd.Series(make_series(200).astype(float), pd.date_range("2024-01-01", periods=200, freq="h"))
    return lambda: LSTMForecaster(**FORECASTER, **SMALL).fit(series).predict()


def grow(kind: str, factor: int) -> dict[str, float]:
    """Return the seconds of a fit on `factor` times the data, and the MB of data and fit, without compilation."""
    fit, n_rows = GROWING[kind]
    fit(n_rows)
    measured = growth(lambda: fit(n_rows * factor))
    return {"seconds": measured["seconds"], "mb": measured["over_mb"]}


def _fit_regressor(n_rows: int) -> None:
    LSTMRegressor(hidden_size=16, max_iter=1, random_state=0).fit(*make_windows(make_series(n_rows), window=24))


def _fit_char_model(n_chars: int) -> None:
    settings: dict[str, Any] = {"batch_size": 16, "window": 64, "max_iter": 1, "random_state": 0}
    LSTMCharModel(hidden_size=32, **settings).fit(SENTENCE * (n_chars // len(SENTENCE)))


def _fit_forecaster(n_rows: int) -> None:
    steps = pd.date_range("2024-01-01", periods=200, freq="h")
    n_series = n_rows // len(steps)
    ids, times = np.repeat(np.arange(n_series), len(steps)), np.tile(steps, n_series)
    frame = pd.DataFrame({"unique_id": ids, "ds": times, "y": make_series(len(ids)).astype(float)})
    LSTMForecaster(**FORECASTER, hidden_size=16, max_iter=50, random_state=0).fit(frame)


REPEATED = {
    "regressor": _regressors,
    "classifier": _classifiers,
    "char model": _char_models,
    "forecaster": _forecasters,
}
# A fit of a number of rows or characters, and the smallest such number.
GROWING = {
    "regressor": (_fit_regressor, 1000),
    "char model": (_fit_char_model, 5000),
    "forecaster": (_fit_forecaster, 2000),
}
