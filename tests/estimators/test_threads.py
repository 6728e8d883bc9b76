"""The number of threads used."""

import joblib
import pytest
from joblib.parallel import get_active_backend

from tsl._estimator import resolve_threads


def test_threads_default_to_the_cores_or_what_the_environment_allows(monkeypatch):
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    assert resolve_threads(None) == joblib.cpu_count()
    assert resolve_threads(3) == 3
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    assert resolve_threads(None) == 1


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_workers_of_joblib_do_not_take_the_cores_of_their_siblings(monkeypatch, backend):
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    with joblib.parallel_config(backend, n_jobs=joblib.cpu_count()):
        _, n_jobs = get_active_backend()
        threads = joblib.Parallel()(joblib.delayed(resolve_threads)(None) for _ in range(n_jobs))
    assert threads == [1] * n_jobs
