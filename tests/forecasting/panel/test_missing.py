"""Missing readings: refused with their place, filled within their series only, or left."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal

from tsl.forecasting.panel.missing import check_missing, fill
from tsl.forecasting.panel.panel import Panel

NAN = np.nan


def make_panel(*series, past=None, future=None):
    values = np.concatenate([np.asarray(one, dtype=float) for one in series])
    n = len(values)
    return Panel(
        ids=pd.Index([f"s{k}" for k in range(len(series))]),
        offsets=np.concatenate([[0], np.cumsum([len(one) for one in series])]),
        times=pd.Index(np.concatenate([np.arange(len(one)) for one in series])),
        values=values,
        past=np.empty((n, 0)) if past is None else np.asarray(past, dtype=float),
        future=np.empty((n, 0)) if future is None else np.asarray(future, dtype=float),
        static=np.empty((len(series), 0)),
    )


HOLES = [[NAN, 1, NAN, NAN, 4, NAN], [10, NAN, 20], [NAN, 7]]


@pytest.mark.parametrize(
    ("how", "wanted"),
    [
        ("interpolate", [1, 1, 2, 3, 4, 4, 10, 15, 20, 7, 7]),
        ("ffill", [1, 1, 1, 1, 4, 4, 10, 10, 20, 7, 7]),
        ("mask", np.concatenate(HOLES)),
    ],
)
def test_holes_are_filled_from_their_own_series(how, wanted):
    panel = make_panel(*HOLES)
    assert_allclose(fill(panel, how).values, wanted)
    assert_array_equal(panel.values, np.concatenate(HOLES))  # what was given is left as it was


@pytest.mark.parametrize("how", ["interpolate", "ffill"])
def test_covariates_are_filled_each_by_itself(how):
    block = [[1, NAN], [NAN, 5], [3, NAN]]
    filled = fill(make_panel([1, 2, 3], past=block, future=block), how)
    assert_allclose(filled.past, [[1, 5], [2 if how == "interpolate" else 1, 5], [3, 5]])
    assert_allclose(filled.future, filled.past)


def test_what_is_complete_is_not_copied():
    panel = make_panel([1, 2, 3])
    assert fill(panel, "interpolate").values.base is panel.values


@given(
    values=hnp.arrays(np.float64, st.integers(2, 30), elements=st.floats(-5, 5) | st.just(NAN)),
    how=st.sampled_from(["interpolate", "ffill"]),
)
def test_filling_agrees_with_pandas(values, how):
    values[0] = 1.0  # no series may be empty
    series = pd.Series(values)
    wanted = series.interpolate() if how == "interpolate" else series.ffill()
    assert_allclose(fill(make_panel([9, NAN, 8], values, [NAN, 9]), how).values[3:-2], wanted, atol=1e-12)


def test_missing_readings_are_refused_with_their_place():
    with pytest.raises(ValueError, match="the target must have no missing values .*'error', got 6, the first"):
        check_missing(make_panel(*HOLES), "error")
    with pytest.raises(ValueError, match=r"the first at 1 in series 's1'.*'ffill' or 'mask'"):
        check_missing(make_panel([1, 2], [1, NAN]), "error")
    with pytest.raises(ValueError, match=r"a past covariate must have no missing values.*2 in series 's0'"):
        check_missing(make_panel([1, 2, 3], past=[[1], [2], [NAN]]), "error")


@pytest.mark.parametrize("how", ["error", "interpolate", "ffill", "mask"])
def test_a_series_without_readings_is_named(how):
    with pytest.raises(ValueError, match=r"the target must have readings in every series, got none in \['s1'\]"):
        check_missing(make_panel([1, 2], [NAN, NAN], [3]), how)


@pytest.mark.parametrize("how", ["error", "interpolate", "ffill", "mask"])
@pytest.mark.parametrize("infinite", [np.inf, -np.inf])
def test_infinite_numbers_are_refused(how, infinite):
    with pytest.raises(ValueError, match=f"the target must be finite, got {infinite} at 1 in series 's0'"):
        check_missing(make_panel([1, infinite]), how)
    with pytest.raises(ValueError, match=f"a future covariate must be finite, got {infinite} at 0 in series 's0'"):
        check_missing(make_panel([1, 2], future=[[infinite], [1]]), how)


def test_an_empty_covariate_may_be_masked_but_not_filled():
    panel = make_panel([1, 2], past=[[NAN], [NAN]])
    check_missing(panel, "mask")
    with pytest.raises(ValueError, match="a past covariate must have readings in every series"):
        check_missing(panel, "ffill")


def test_another_way_is_refused():
    with pytest.raises(ValueError, match="missing must be one of .*'interpolate'.*, got 'zero'"):
        check_missing(make_panel([1]), "zero")
