"""Fits in the environments that programs run in: run as ``python tests/running_fits.py WAY ...``.

Each way compares the results of models with those in a process of their own, bit for bit, and fails if they
differ. Work is divided among threads however small it is, so that threads have a chance to go wrong.
"""

import concurrent.futures
import multiprocessing
import os
import sys
import threading

import joblib
import numpy as np
import pandas as pd
from sklearn.model_selection import GridSearchCV

from tsl import LSTMCharModel, LSTMClassifier, LSTMForecaster, LSTMRegressor
from tsl.network import team

RNG = np.random.RandomState(0)
X = RNG.normal(size=(200, 10, 3))
Y = X[:, -1, 0] + 0.1 * RNG.normal(size=200)
LOAD = pd.Series(10 + np.sin(np.arange(200) * 2 * np.pi / 24) + 0.1 * RNG.normal(size=200))
TEXT = "When shall we three meet again?\nIn thunder, lightning, or in rain?\n" * 20
SHAPE = {"hidden_size": 16, "max_iter": 4, "random_state": 0, "n_threads": 2}


def regressor(X=X):
    share_small_work()
    return LSTMRegressor(**SHAPE, early_stopping=True, recurrent_dropout=0.2).fit(X, Y)


def classifier(X=X):
    share_small_work()
    return LSTMClassifier(**SHAPE, dtype="float64").fit(X, Y > 0)


def char_model():
    share_small_work()
    return LSTMCharModel(**SHAPE, weight_dropout=0.1).fit(TEXT)


def forecaster():
    share_small_work()
    settings = {"horizon": 6, "window": 24, "season": 24, "segment": 6, "scaling": "window", "differences": None}
    settings |= {"target_transform": None}
    return LSTMForecaster(**SHAPE, **settings).fit(LOAD)


FITS = (regressor, classifier, char_model, forecaster)
FEW = (regressor, forecaster)  # of windows of arrays, and of windows of frames


def share_small_work():
    team.FLOPS_TO_MEET = team.FLOPS_TO_START = team.FLOPS_TO_MEET_AT_A_STEP = 1.0


def answer(model):
    """What it predicts, as bytes."""
    if isinstance(model, LSTMForecaster):
        return model.predict(level=80).to_numpy().tobytes()
    if isinstance(model, LSTMCharModel):
        return model.surprisal(TEXT[:300]).tobytes() + model.generate("When ", 50, random_state=0).encode()
    return (model.predict_proba(X) if isinstance(model, LSTMClassifier) else model.predict(X)).tobytes()


def fit_and_answer(fit, data=None):
    return answer(fit() if data is None else fit(data))


# --- threads ----------------------------------------------------------------------------------------------------------


def fits_in_threads():
    """All kinds of model at once, twice each."""
    alone = [fit_and_answer(fit) for fit in FITS] * 2
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert list(pool.map(fit_and_answer, FITS * 2)) == alone


def one_model_in_threads():
    """Models that answer in four threads each while others are fitted."""
    models = [fit() for fit in FITS]
    alone = [answer(model) for model in models]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        fitted = [pool.submit(fit_and_answer, fit) for fit in FITS]
        answers = [pool.submit(answer, model) for model in models * 4]
        assert [one.result() for one in answers] == alone * 4
        assert [one.result() for one in fitted] == alone


# --- processes --------------------------------------------------------------------------------------------------------


def in_fork(work):
    """What `work` returns in a forked child."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=lambda: sender.send(work()))
    child.start()
    sender.close()
    found = receiver.recv()
    child.join()
    assert child.exitcode == 0
    return found


def fork_after_fits():
    """The threads that the parent has waiting are not there in the child."""
    alone = [fit_and_answer(fit) for fit in FITS]
    assert in_fork(lambda: [fit_and_answer(fit) for fit in FITS]) == alone
    models = [fit() for fit in FITS]
    assert in_fork(lambda: [answer(model) for model in models]) == alone


def in_workers(backend):
    alone = [fit_and_answer(fit) for fit in FEW]
    found = joblib.Parallel(n_jobs=2, backend=backend)(joblib.delayed(fit_and_answer)(fit) for fit in FEW)
    assert found == alone


def mapped_and_answer(fit, data):
    assert isinstance(data, np.memmap)
    assert not data.flags.writeable
    return fit_and_answer(fit, data)


def loky():
    """Processes that joblib starts, and arrays that it maps into them, read-only, as Dask and Ray do."""
    in_workers("loky")
    work = (joblib.delayed(mapped_and_answer)(fit, X) for fit in (regressor, classifier))
    assert joblib.Parallel(n_jobs=2, max_nbytes=1)(work) == [fit_and_answer(regressor), fit_and_answer(classifier)]


def threading_backend():
    """Threads of joblib."""
    in_workers("threading")


def multiprocessing_backend():
    """Processes that joblib forks."""
    in_workers("multiprocessing")


class Counted(LSTMRegressor):
    """A regressor whose score is how many threads its process has for kernels."""

    def score(self, X, y, sample_weight=None):
        share_small_work()
        super().fit(X, y)
        self.predict(X)
        return n_threads()


def search():
    """A grid search in two processes: the same as in one, and no more threads at work than there are cores."""
    grid = {"hidden_size": [4, 8], "alpha": [0.0, 0.1]}
    model = LSTMRegressor(max_iter=3, random_state=0)
    one, two = (GridSearchCV(model, grid, cv=3, n_jobs=n_jobs).fit(X, Y).cv_results_ for n_jobs in (1, 2))
    for name in one:
        if "time" not in name:
            np.testing.assert_array_equal(one[name], two[name])
    threads = GridSearchCV(Counted(max_iter=2), {"alpha": [0.0, 0.1]}, cv=3, n_jobs=2).fit(X, Y).cv_results_
    most = max(threads[f"split{k}_test_score"].max() for k in range(3))
    assert most <= max(1, joblib.cpu_count() // 2), f"{most} threads in each of two processes"


# --- limits -----------------------------------------------------------------------------------------------------------


def one_core():
    """A process that may use one core, by affinity."""
    wanted = [fit_and_answer(fit) for fit in FITS]
    assert n_threads() == 2
    assert in_fork(lambda: [wanted == fits_on_one_core(), n_threads()]) == [True, 1]


def fits_on_one_core():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    SHAPE["n_threads"] = None
    return [fit_and_answer(fit) for fit in FITS]


def n_threads():
    """How many threads have run kernels in this process, this one among them."""
    return 1 + sum(thread.name == "tsl" for thread in threading.enumerate())


# Those of a group can follow each other in one process: a search counts the threads of workers that are new.
WAYS = {
    "threads": (fits_in_threads, one_model_in_threads, threading_backend),
    "forks": (fork_after_fits, multiprocessing_backend, one_core),
    "workers": (search, loky),
}

if __name__ == "__main__":
    by_name = {way.__name__: way for group in WAYS.values() for way in group}
    for name in sys.argv[1:]:
        sys.stderr.write(f"{name}\n")
        by_name[name]()
