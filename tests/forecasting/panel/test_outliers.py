"""A single wrong reading in the training data is named, and does not determine what is learned."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal

from tsl import LSTMForecaster
from tsl.baselines import Naive
from tsl.forecasting.panel.outliers import _clipped, without_outliers
from tsl.windows import OutlierWarning

HOURS = pd.date_range("2024-01-01", periods=600, freq="h")
GLITCH = 4294967295.0
OFFSETS = np.array([0, 60, 100])


def wave(n, seed=0):
    return 10 + 5 * np.sin(2 * np.pi * np.arange(n) / 12) + 0.1 * np.random.default_rng(seed).normal(size=n)


def lstm(**changes):
    given = {
        "horizon": 6, "window": 24, "season": "auto", "segment": 6, "hidden_size": 4, "embedding_size": 4,
        "max_iter": 30, "differences": None, "scaling": "window", "calendar": None, "random_state": 0, "n_threads": 1,
        "target_transform": None,
    }  # fmt: skip
    return LSTMForecaster(**{**given, **changes})


# --- which readings they are ------------------------------------------------------------------------------------


@given(
    hnp.arrays(np.float64, 100, elements=st.floats(-5, 5) | st.just(np.nan)),
    st.integers(0, 99),
    st.sampled_from([-1e15, -GLITCH, GLITCH, 1e30]),
)
def test_one_reading_among_others_is_clipped(values, row, glitch):
    rng = np.random.default_rng(0)
    values = values + rng.normal(size=100)  # so that they differ
    broken = values.copy()
    broken[row] = glitch
    found = _clipped(broken, OFFSETS)
    series = slice(*OFFSETS[[0, 1]]) if row < 60 else slice(*OFFSETS[[1, 2]])
    if np.isfinite(np.delete(values[series], row - series.start)).sum() >= 8:
        assert np.nanmin(values) - 25 < found[row] < np.nanmax(values) + 25  # about as far as the others reach
    assert_array_equal(np.delete(found, row), np.delete(broken, row))


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).normal(size=1000),
        np.random.default_rng(0).lognormal(size=1000),
        np.random.default_rng(0).normal(size=1000).cumsum(),
        np.random.default_rng(0).poisson(0.05, size=1000),  # sales of what is seldom sold
        np.exp(0.1 * np.arange(300)),  # growth
        np.arange(300) >= 150,  # a step
        np.arange(300) == 77,  # one event among nothing: there are no others to tell it by
        np.zeros(300),
        np.full(300, np.nan),
        [1.0, 2.0, 900.0],
    ],
)
def test_readings_that_may_be_right_are_left(values):
    values = np.asarray(values, float)
    assert_array_equal(_clipped(values, np.array([0, len(values)])), values)


def test_units_and_neighbours_make_no_difference():
    values = wave(100)
    values[7] = GLITCH
    whole = np.concatenate([1e12 * wave(60, 1), 3 + 1e-6 * values, np.full(5, np.nan), [7.0]])
    found = _clipped(whole, np.array([0, 60, 160, 165, 166]))
    assert_array_equal(found[60:160], _clipped(3 + 1e-6 * values, np.array([0, 100])))
    assert found[67] < 4
    assert_array_equal(np.delete(found, 67), np.delete(whole, 67))


# --- what is learned --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scaling", ["window", "level", None])
@pytest.mark.parametrize("row", [5, 250, 380])
def test_a_glitch_leaves_forecasts_as_they_were(scaling, row):
    clean = pd.Series(wave(400), HOURS[:400])
    broken = clean.copy()
    broken.iloc[row] = GLITCH
    expected = lstm(scaling=scaling, freq="h").fit(clean)  # gaps are meant
    with pytest.warns(OutlierWarning, match=f"the target has 1 readings .*, the first 4.29497e\\+09 at {HOURS[row]}"):
        model = lstm(scaling=scaling, freq="h").fit(broken)
    assert model.season_ == expected.season_ == 24  # a multiple of the 12 hours, which the calendar suggests
    data = clean.set_axis(HOURS[:400] + pd.Timedelta(days=400))
    # the truth swings by 5; the windows with the glitch in them are learned from as well, drawn in
    assert_allclose(model.predict(data=data), expected.predict(data=data), atol=1.0)


def test_a_glitch_in_a_covariate_leaves_it_readable():
    rng = np.random.default_rng(0)
    promo = (rng.random(400) < 0.5) * rng.uniform(1, 2, 400)
    data = pd.DataFrame({"y": 10 + 5 * promo + 0.1 * rng.normal(size=400), "promo": promo, "rain": promo}, HOURS[:400])
    broken = data.copy()
    broken.iloc[9, 1:] = -GLITCH
    frames = []
    for table in (data, broken):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model = lstm(season=1, future=["promo"], past=["rain"], max_iter=100).fit(table[:394], target="y")
        frames.append(model.predict(future=data[["promo"]][394:])["y_pred"])
    assert [str(w.message)[:20] for w in caught] == ["a past covariate has", "a future covariate h"]
    assert_allclose(frames[1], frames[0], atol=1.0)  # of 10, which the covariate makes


@pytest.mark.parametrize("row", [5, 395])
def test_a_glitch_leaves_intervals_as_wide_as_they_were(row):
    clean = pd.Series(np.random.default_rng(0).normal(size=500), HOURS[:500])
    broken = clean.copy()
    broken.iloc[row] = GLITCH
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OutlierWarning)
        widths = [np.ptp(Naive(3).fit(one).predict(level=80).iloc[0, 1:]) for one in (clean, broken)]
    assert widths[1] == pytest.approx(widths[0], rel=0.25)


@pytest.mark.parametrize("share", [0.02, 0.1])
def test_many_glitches_leave_the_windows_between_them_to_learn_from(share):
    clean = pd.Series(wave(400), HOURS[:400])
    broken = clean.copy()
    broken.iloc[np.random.default_rng(0).choice(340, int(share * 400), replace=False)] = GLITCH
    forecasts = [lstm(season=12).fit(one).predict() for one in (clean, broken)]
    assert_allclose(forecasts[1], forecasts[0], atol=2.0)  # of a swing of 5; a flat line is 5 off


def test_copies_say_nothing_again():
    broken = pd.Series(wave(200), HOURS[:200])
    broken.iloc[5] = GLITCH
    with pytest.warns(OutlierWarning) as caught:
        model = Naive(3).fit(broken)
    assert len(caught) == 1
    model.predict(level=80)  # warnings are errors
    model.backtest(refit=True)
    model.score()


@settings(max_examples=20)
@given(st.integers(0, 3), st.integers(0, 3))
def test_a_panel_without_outliers_is_as_it_was(n_past, n_future):
    from forecasting_models import make_panel

    panel = make_panel(wave(60), wave(40, 1))
    rng = np.random.default_rng(0)
    vars(panel).update(past=rng.normal(size=(100, n_past)), future=rng.normal(size=(100, n_future)))
    found = without_outliers(panel, n_future, warn=True)
    for name in ("values", "past", "future"):
        assert_array_equal(getattr(found, name), getattr(panel, name))
