"""The number of threads to use."""

from __future__ import annotations

import functools
import os
import sys

import joblib
from joblib.parallel import get_active_backend


def resolve_threads(n_threads: int | None) -> int:
    """Return the number of threads to use.

    None means all cores that this process may use (affinity and container limits count), or ``NUMBA_NUM_THREADS`` if
    that is less: joblib sets it in its worker processes, to `inner_max_num_threads` or to an equal share. Where it is
    not set, a joblib worker (a thread, or a process of the "multiprocessing" backend) uses one thread, as the other
    workers use the other cores, and so does a task of a Dask worker, which runs as many tasks as it has threads.
    """
    if n_threads is not None:
        return n_threads
    limit = os.environ.get("NUMBA_NUM_THREADS", "")
    if limit.isdigit():
        return max(1, min(int(limit), _usable_cores()))
    backend, _ = get_active_backend()
    return 1 if backend.nesting_level or _in_dask_task() else _usable_cores()


def _in_dask_task() -> bool:
    """Return whether this thread runs a task of a Dask worker."""
    distributed = sys.modules.get("distributed")  # which a worker has imported
    try:
        return distributed is not None and distributed.get_worker() is not None
    except ValueError:
        return False


def _usable_cores() -> int:
    affinity = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else ()
    return _counted_cores(frozenset(affinity))


@functools.cache
def _counted_cores(affinity: frozenset[int]) -> int:
    """Return joblib's count of cores, cached by affinity, as joblib reads the control group's files on each call."""
    return joblib.cpu_count()
