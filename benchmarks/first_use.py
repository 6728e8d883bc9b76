"""Measurements that `benchmarks.startup` makes in fresh processes: nothing heavy is imported before timing starts."""

from __future__ import annotations

import time
from typing import Any


def statement(text: str) -> dict[str, float]:
    """Return the wall-clock and processor seconds that a statement takes."""
    return _both_clocks(lambda: exec(text, {}))


def two_fits(estimator: str) -> dict[str, Any]:
    """Return the times of the first and second `fit` in this process, and what Numba compiled in the first."""
    from numba.core.event import install_recorder

    import tsl

    arguments = _problem(estimator)
    model = getattr(tsl, estimator)(hidden_size=32, max_iter=2, random_state=0)
    with install_recorder("numba:compile") as recorder:
        first = _both_clocks(lambda: model.fit(*arguments))
    return {"first": first, "second": _both_clocks(lambda: model.fit(*arguments)), "compiled": _compiled(recorder)}


def warm_up() -> dict[str, Any]:
    """Compile every kernel."""
    from numba.core.event import install_recorder

    from tsl.network import warm_up

    with install_recorder("numba:compile") as recorder:
        seconds = _both_clocks(warm_up)
    return {"first": seconds, "compiled": _compiled(recorder)}


def _problem(estimator: str) -> tuple[Any, ...]:
    import numpy as np

    from tsl.windows import make_windows

    if estimator == "LSTMCharModel":
        return ("to be or not to be, that is the question: " * 100,)
    return make_windows(np.sin(np.arange(1000) / 8).astype(np.float32), window=24)


def _both_clocks(function: Any) -> dict[str, float]:
    wall, processor = time.perf_counter(), time.process_time()
    function()
    return {"seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - processor}


def _compiled(recorder: Any) -> list[dict[str, Any]]:
    """Return the functions that were compiled, slowest first.

    `seconds` includes the functions that were compiled for it, `own_seconds` does not; `entry` is whether Python
    called it.
    """
    functions: dict[str, dict[str, Any]] = {}
    open_events: list[list[float]] = []  # the start of each, and the seconds of those within it
    for when, event in recorder.buffer:
        if event.is_start:
            open_events.append([when, 0.0])
            continue
        began, within = open_events.pop()
        seconds = when - began
        if open_events:
            open_events[-1][1] += seconds
        name = event.data["dispatcher"].py_func.__name__
        entry = functions.setdefault(
            name, {"name": name, "seconds": 0.0, "own_seconds": 0.0, "times": 0, "entry": False}
        )
        entry["seconds"] += seconds
        entry["own_seconds"] += seconds - within
        entry["times"] += 1
        entry["entry"] |= not open_events
    return sorted(functions.values(), key=lambda function: -function["seconds"])
