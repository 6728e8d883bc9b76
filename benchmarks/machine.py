"""The machine that the numbers are from, and the most multiply-adds that it can do."""

from __future__ import annotations

import concurrent.futures
import importlib
import importlib.metadata
import os
import pathlib
import platform
import time

import numba
import numpy as np

from tsl.kernels.target import LANES
from tsl.kernels.vector import address, tile_fma, tile_load, tile_store

ROWS = 6 if LANES == 16 else 3  # by four vectors: accumulators enough to hide the latency, and no spills
STEPS = 1000


@numba.njit(nogil=True, fastmath={"contract"})
def multiply_adds(left, right, sums, n):
    """`n * STEPS` times, a tile of `ROWS` by four vectors of products added up in registers."""
    tile = tile_load(address(sums, 0), 4 * LANES, ROWS, 4)
    for _ in range(n):
        for k in range(STEPS):
            # 16 places in turn: loads that the compiler cannot take out of the loop, always in the first cache
            place = k % 16
            tile = tile_fma(tile, address(left, place), 16, address(right, place * 4 * LANES), 4)
    tile_store(address(sums, 0), 4 * LANES, tile, 4)


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def multiply_add_limit(n_threads: int, seconds: float = 1.0) -> float:
    """GFLOP/s of independent multiply-adds in float32 on `n_threads`: the best of several tries."""

    def arrays():
        left, right = np.full(16 * ROWS, 1e-3, np.float32), np.full(64 * LANES, 1e-3, np.float32)
        return left, right, np.zeros(ROWS * 4 * LANES, np.float32)

    multiply_adds(*arrays(), 1)
    start = time.perf_counter()
    multiply_adds(*arrays(), 100)
    n = max(1, int(seconds / 10 * 100 / (time.perf_counter() - start)))
    flops = 2.0 * ROWS * 4 * LANES * STEPS * n * n_threads
    with concurrent.futures.ThreadPoolExecutor(n_threads) as pool:
        best = 0.0
        for _ in range(10):
            start = time.perf_counter()
            list(pool.map(lambda _: multiply_adds(*arrays(), n), range(n_threads)))
            best = max(best, flops / (time.perf_counter() - start) / 1e9)
    return best


def describe(n_threads: int, *, quick: bool = False) -> dict[str, object]:
    """The machine, as JSON keeps it."""
    seconds = 0.01 if quick else 1.0
    limits = {n: multiply_add_limit(n, seconds) for n in sorted({1, n_threads})}
    return {
        "processor": _processor(),
        "cores": usable_cores(),
        "instruction_set": {16: "AVX-512", 8: "AVX2"}.get(LANES, "baseline (128 bits)"),
        "system": f"{platform.system()} {platform.machine()}",
        "threads": n_threads,
        "gflops_limit": limits,
        "versions": {"python": platform.python_version(), "tsl": importlib.import_module("tsl").__version__}
        | {name: importlib.metadata.version(name) for name in ("numpy", "numba", "pandas", "scikit-learn")},
    }


def headline(machine: dict) -> str:
    """The same in a few lines."""
    limits = ", ".join(f"{limit:.0f} on {n}" for n, limit in machine["gflops_limit"].items())
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['instruction_set']}, {machine['system']}; "
        f"{machine['threads']} threads.\nMultiply-add limit in GFLOP/s, float32: {limits} threads.\n{versions}."
    )


def _processor() -> str:
    info = pathlib.Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
