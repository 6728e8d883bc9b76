"""One rival at work: ``python -m benchmarks.worker RIVAL THREADS``, started by `benchmarks.pool`."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import pathlib
import sys
from collections.abc import Callable
from typing import Any

from benchmarks.measure import timed
from benchmarks.peers import PEERS, Candidate

BRIEF = 0.2  # seconds of one call above which the time to wake up does not matter


def main() -> None:
    """Answer requests until the pipe is closed."""
    rival, n_threads = sys.argv[1], int(sys.argv[2])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # output of libraries must not mix with the answers
    if hasattr(os, "sched_setaffinity"):  # so that thread pools see the same number of cores
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:n_threads])
    rival = Rival(rival, n_threads)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(rival, request.pop("do"))(**request)
        except Exception as error:  # an error of one peer must not end the run of the others
            answer = {"error": _in_short(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


class Rival:
    """The requests that a worker knows."""

    def __init__(self, name: str, n_threads: int) -> None:
        self.name, self.n_threads = name, n_threads
        self.compiled: list[Candidate] = []
        self.tried: dict[str, float | str] = {}
        self.chosen: Candidate | None = None
        self.brief = True

    def hello(self) -> dict[str, Any]:
        """Import the rival; return the versions of its packages."""
        importlib.import_module(f"benchmarks.peers.{PEERS[self.name].module}")
        return {"versions": {name: importlib.metadata.version(name) for name in PEERS[self.name].packages}}

    def compile(self, job: dict[str, Any]) -> dict[str, Any]:
        """Run every way of doing `job` once; other rivals may do the same at the same time."""
        self.chosen, self.compiled, self.tried = None, [], {}
        for candidate in self._task(job["task"])(job, self.n_threads):
            try:
                candidate.once()
            except Exception as error:  # if one way fails, others may work
                self.tried[candidate.name] = _in_short(error)
            else:
                self.compiled.append(candidate)
        if not self.compiled:
            raise RuntimeError(f"no way of doing it works: {self.tried}")
        return {}

    def choose(self) -> dict[str, Any]:
        """Keep the fastest of the compiled ways."""
        best = float("inf")
        for candidate in self.compiled:
            seconds = _warm_seconds(candidate)
            self.tried[candidate.name] = round(1e3 * seconds, 4)
            if seconds < best:
                self.chosen, best = candidate, seconds
        self.compiled = []
        self.brief = best * self.chosen.units < BRIEF
        return {"candidate": self.chosen.name, "seconds": best * self.chosen.units, "candidates": self.tried}

    def run(self, n: int) -> dict[str, list[float]]:
        """Return seconds per unit of `n` repetitions."""
        once, units = self.chosen.once, self.chosen.units
        if self.brief:
            once()  # wakes threads, fills caches
        return {"seconds": [timed(once) / units for _ in range(n)]}

    def _task(self, task: str) -> Callable[[dict[str, Any], int], list[Candidate]]:
        suite, _, name = task.rpartition(".")
        module = PEERS[self.name].module + (f"_{suite}" if suite else "")
        path = pathlib.Path(__file__).parent / "peers" / f"{module}.py"
        function = getattr(importlib.import_module(f"benchmarks.peers.{module}"), name, None) if path.exists() else None
        if function is None:
            raise LookupError(f"it has no task {task!r}")
        return function


def _in_short(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def _warm_seconds(candidate: Candidate) -> float:
    """Return the median of the seconds per unit."""
    seconds: list[float] = []
    while sum(seconds) < 0.3 and len(seconds) < 50:
        seconds.append(timed(candidate.once))
    return sorted(seconds)[len(seconds) // 2] / candidate.units


if __name__ == "__main__":
    main()
