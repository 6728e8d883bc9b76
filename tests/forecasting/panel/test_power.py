"""Logarithm, square root and Box-Cox transform."""

import numpy as np
import pytest
from forecasting_models import make_panel
from numpy.testing import assert_allclose

from tsl.forecasting.panel.power import PowerTransform

RNG = np.random.default_rng(0)
SERIES = [10.0 * k + 3.0 * RNG.normal(size=n).cumsum() for k, n in enumerate((60, 45, 31))]


@pytest.mark.parametrize("kind", [None, "log", "sqrt", "box-cox"])
def test_transforms_are_undone(kind):
    panel = make_panel(*(np.exp(0.1 * values) for values in SERIES))
    transform = PowerTransform.learn(kind, panel)
    assert_allclose(transform.undo(transform.apply(panel).values), panel.values, rtol=1e-9)
    if kind == "box-cox":
        assert transform.exponent == pytest.approx(0.0, abs=0.5)  # the logarithm is what makes these normal


def test_transform_names_what_is_not_positive():
    with pytest.raises(ValueError, match=r"target_transform='log' needs values above 0, got -?\d.* in series 0"):
        PowerTransform.learn("log", make_panel(*SERIES))


def test_the_square_root_takes_zeros_but_nothing_negative():
    transform = PowerTransform.learn("sqrt", make_panel([0.0, 1.0, 4.0]))
    found = transform.apply(make_panel([0.0, 9.0]))
    assert_allclose(found.values, [-2.0, 4.0])  # 2 (sqrt(values) - 1)
    assert_allclose(transform.undo(np.array([-3.0, -2.0, 4.0])), [0.0, 0.0, 9.0])  # nothing transforms to -3
    with pytest.raises(ValueError, match=r"target_transform='sqrt' needs values of at least 0, got -1 in series 0"):
        transform.apply(make_panel([0.0, -1.0]))
    with pytest.raises(ValueError, match=r"'box-cox' needs values above 0, got 0 in series 0"):
        PowerTransform.learn("box-cox", make_panel([0.0, 1.0]))
