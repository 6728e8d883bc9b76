"""How many threads to use."""

from __future__ import annotations

import os

import joblib
from joblib.parallel import get_active_backend


def resolve_threads(n_threads: int | None) -> int:
    """Turn `n_threads` into a number.

    None is all cores that this process may use (affinity and container limits count), or ``NUMBA_NUM_THREADS`` where
    that is less: joblib sets it in its worker processes, by `inner_max_num_threads` or to an equal share. Without
    it, a joblib worker (a thread, or a process of the "multiprocessing" backend) takes one, as its siblings take the
    other cores.
    """
    if n_threads is not None:
        return n_threads
    limit = os.environ.get("NUMBA_NUM_THREADS", "")
    if limit.isdigit():
        return max(1, min(int(limit), joblib.cpu_count()))
    backend, _ = get_active_backend()
    return 1 if backend.nesting_level else joblib.cpu_count()
