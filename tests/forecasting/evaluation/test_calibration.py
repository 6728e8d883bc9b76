"""The second fit, on which intervals are based: what it is fitted to, and that it is done only once."""

import copy
import os
import signal
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from forecasting_models import HOURS, Trained, long_frame, make_panel
from sklearn.exceptions import NotFittedError

import tsl
from tsl.baselines import Naive, SeasonalNaive
from tsl.forecasting.evaluation.calibration import calibration_windows
from tsl.forecasting.locks import lock_of


@pytest.mark.parametrize("horizon", [1, 5, 24])
def test_calibration_windows_lie_after_the_fitted_rows_and_inside_their_series(horizon):
    panel = make_panel(*[np.zeros(n) for n in (1, 3, 20, 100, 1000)])
    stops, cutoffs = calibration_windows(panel, horizon)
    series = panel.series_of(cutoffs - 1)
    assert (cutoffs >= stops[series]).all()
    assert (cutoffs + horizon <= panel.ends[series]).all()
    assert (stops > panel.offsets[:-1]).all()
    assert len(np.unique(cutoffs)) == len(cutoffs)
    assert (np.bincount(series, minlength=5) > 0).tolist() == [False, horizon == 1, horizon <= 18, True, True]


def test_calibration_windows_are_bounded():
    panel = make_panel(*[np.zeros(20)] * 40_000)
    assert len(calibration_windows(panel, 5)[1]) <= 10_000


def test_calibration_windows_are_not_trained_on():
    data = long_frame([300, 200, 130])
    forecast = Trained(12).fit(data).predict(level=95)
    assert (forecast["y_pred-hi-95"] - forecast["y_pred"]).max() < 100  # an error of 1000 for a row that was known


class CountedFits(Naive):
    """Notes each fit, which takes a while."""

    fits = ()

    def _fit_panel(self, panel):
        type(self).fits = (*self.fits, len(panel.values))
        time.sleep(0.05)


def answers(model, n_threads=8):
    together = threading.Barrier(n_threads)

    def ask(_):
        together.wait()
        return model.predict(level=80)

    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(ask, range(n_threads)))


def test_threads_that_ask_at_once_make_one_fit():
    CountedFits.fits = ()
    model = CountedFits(4, season=24).fit(long_frame([200]))
    first, *others = answers(model)
    assert len(CountedFits.fits) == 2
    for other in others:
        pd.testing.assert_frame_equal(other, first)
    # another object has a lock of its own, and copies begin without one
    assert len(answers(copy.deepcopy(CountedFits(4, season=24).fit(long_frame([200]))))) == 8
    assert len(CountedFits.fits) == 4


def test_an_error_leaves_no_lock_behind():
    model = Naive(4, season=1).fit(pd.Series([1.0, 2.0], HOURS[:2]))
    for _ in range(2):
        with pytest.raises(ValueError, match="at least 3 rows"):
            model.predict(level=80)


def test_calibrating_beforehand_leaves_no_fit_to_requests(tmp_path):
    CountedFits.fits = ()
    model = CountedFits(4, season=24).fit(long_frame([200])).calibrate()
    assert len(CountedFits.fits) == 2
    model.predict(level=[50, 80])
    model.predict(2, quantiles=0.9)
    model.simulate(3, random_state=0)
    assert len(CountedFits.fits) == 2
    model.predict(9, level=80)
    model.calibrate(9)
    assert len(CountedFits.fits) == 3
    saved = SeasonalNaive(4, season=24).fit(long_frame([200])).calibrate()
    tsl.save(saved, tmp_path / "model.tsl")
    assert tsl.load(tmp_path / "model.tsl")._calibrations.keys() == {4}
    with pytest.raises(ValueError, match="horizon must be a whole number from 1 up, got 0"):
        model.calibrate(0)
    with pytest.raises(NotFittedError):
        Naive().calibrate()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_a_lock_that_another_thread_holds_does_not_stop_a_child():
    model = Naive(4, season=24).fit(long_frame([200]))
    with lock_of(model), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks in a process with threads
        child = os.fork()
        if not child:
            signal.alarm(20)  # rather than hang
            try:
                model.predict(level=80)
                os._exit(0)
            finally:
                os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
