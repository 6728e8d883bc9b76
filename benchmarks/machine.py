"""The machine on which the numbers are measured, and its limit of multiply-adds."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import pathlib
import platform
from typing import Any

from benchmarks.isa import NATIVE, in_force
from benchmarks.limit import blas_name, measure_limits
from tsl.kernels.target import LANES


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def describe(n_threads: int, *, quick: bool = False) -> dict[str, Any]:
    """Return a description of the machine, for JSON."""
    machine = {
        "processor": _processor(),
        "cores": usable_cores(),
        "instruction_set": {16: "AVX-512", 8: "AVX2"}.get(LANES, "baseline (128 bits)"),
        "isa": in_force(),
        "not_held": {},
        "system": f"{platform.system()} {platform.machine()}",
        "threads": n_threads,
        "gflops_limit": dict.fromkeys(sorted({1, n_threads}), 0.0),
        "gflops_measured": {n: {} for n in sorted({1, n_threads})},
        "blas": blas_name(),
        "versions": {"python": platform.python_version(), "tsl": importlib.import_module("tsl").__version__}
        | {name: importlib.metadata.version(name) for name in ("numpy", "numba", "pandas", "scikit-learn")},
    }
    look_for_higher_limits(machine, 0.01 if quick else 1.0)
    return machine


def look_for_higher_limits(machine: dict[str, Any], seconds: float) -> None:
    """Measure the limit for every number of threads again, in about `seconds` each, and keep the best values.

    A busy moment makes a limit too low; nothing makes it too high.
    """
    for n_threads, best in machine["gflops_measured"].items():
        for measure, found in measure_limits(n_threads, seconds).items():
            best[measure] = max(found, best.get(measure, 0.0))
        machine["gflops_limit"][n_threads] = max(best.values())


def headline(machine: dict[str, Any]) -> str:
    """Return a description of the machine in a few lines."""
    instruction_set = machine["instruction_set"]
    shown = instruction_set if machine["isa"] == NATIVE else f"{instruction_set} (held)"
    facts = [machine["processor"], f"{machine['cores']} cores", shown, machine["system"]]
    lines = [f"{', '.join(facts)}; {machine['threads']} threads."]
    for n, measured in machine["gflops_measured"].items():
        parts = ", ".join(f"{measure} {found:.0f}" for measure, found in measured.items())
        limit = machine["gflops_limit"][n]
        threads = "1 thread" if n == 1 else f"{n} threads"
        lines.append(f"Multiply-add limit on {threads}, float32: {limit:.0f} GFLOP/s ({parts}).")
    lines.append(f"sgemm is NumPy's, from {machine['blas'] or 'an unknown library'}.")
    lines += [f"{rival} is not held to {instruction_set}: {why}." for rival, why in machine["not_held"].items()]
    lines.append(", ".join(f"{name} {version}" for name, version in machine["versions"].items()) + ".")
    return "\n".join(lines)


def _processor() -> str:
    info = pathlib.Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
