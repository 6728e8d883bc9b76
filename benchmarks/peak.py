"""Peak memory of a process."""

from __future__ import annotations

import contextlib
import gc
import pathlib
import resource
import sys
import time
from collections.abc import Callable

STATUS = pathlib.Path("/proc/self/status")


def growth(work: Callable[[], object]) -> dict[str, float]:
    """Return the MB by which peak memory during `work` exceeded memory just before, and the seconds.

    If the system has no peak that can be reset, it is the peak of the process so far: too much rather than too little.
    """
    gc.collect()
    with contextlib.suppress(OSError):
        pathlib.Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # resets the peak
    before, start = now_bytes(), time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    return {"before_mb": before / 1e6, "over_mb": (peak_bytes() - before) / 1e6, "seconds": seconds}


def peak_bytes() -> int:
    """Return the peak resident memory."""
    if STATUS.exists():
        return _status("VmHWM")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def now_bytes() -> int:
    """Return the resident memory, or the peak if the system does not tell."""
    return _status("VmRSS") if STATUS.exists() else peak_bytes()


def _status(field: str) -> int:
    lines = STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))
