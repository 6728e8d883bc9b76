"""Values that the logarithm or the square root is not defined for: replaced, and named in one warning."""

import warnings

import numpy as np
import pytest
from forecasting_models import make_panel
from numpy.testing import assert_array_equal

from tsl.forecasting.panel.domain import Outside, floored, one_warning, report
from tsl.forecasting.panel.power import NO_TRANSFORM, PowerTransform
from tsl.windows import OutlierWarning

PANEL = make_panel([0.0, 3.0, 2.0, -1.0], [np.nan, 0.0], [5.0, np.nan])


@pytest.mark.parametrize(
    ("kind", "expected"), [("log", [2, 3, 2, 2, np.nan, 0.5, 5, np.nan]), ("sqrt", [0, 3, 2, 0, np.nan, 0, 5, np.nan])]
)
def test_values_become_the_smallest_of_their_series_inside_the_domain(kind, expected):
    assert_array_equal(floored(PANEL, kind, 0.5, warn=False).values, expected)
    assert PANEL.values[0] == 0.0


def test_a_series_without_a_value_inside_the_domain_takes_the_smallest_of_the_training_set():
    negative = make_panel([-2.0, -1.0], [4.0, -3.0])
    assert_array_equal(floored(negative, "sqrt", 0.25, warn=False).values, [0.25, 0.25, 4.0, 4.0])


def test_a_panel_inside_the_domain_is_not_copied():
    panel = make_panel([1.0, np.nan], [2.0])
    assert floored(panel, "log", 0.5) is panel


def test_a_series_without_rows_is_left_alone():
    panel = make_panel([0.0, 2.0], [1.0]).select(np.array([0, 1]), np.array([0, 1]))
    assert_array_equal(floored(panel, "log", 0.5, warn=False).values, [2.0, 2.0])


def test_a_chosen_transform_replaces_what_a_given_one_refuses():
    chosen = PowerTransform(0.0, low=0.5)
    with pytest.warns(OutlierWarning, match="the target has 3 values outside the domain of target_transform='log'"):
        assert_array_equal(chosen.apply(PANEL).values[:2], np.log([2.0, 3.0]))
    with pytest.raises(ValueError, match="target_transform='log' needs values above 0, got 0 in series 0"):
        PowerTransform(0.0).apply(PANEL)
    assert chosen.again(PANEL) is chosen
    with pytest.raises(ValueError, match="needs values above 0"):
        PowerTransform(0.0).again(PANEL)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([3.0, np.nan, 2.0], PowerTransform(0.0, 2.0)), ([3.0, 0.0], PowerTransform(0.5, 0.0)), ([3.0, 0.0, -1.0], None)],
)
def test_the_smallest_value_decides_which_transform_is_tried(values, expected):
    assert PowerTransform.candidates(make_panel([9.0], values)) == [NO_TRANSFORM, *([expected] if expected else [])]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("log", "2 values .*'log', which fit chose, the first 0 at 1 in series 1: the smallest known value above 0 .*"),
        ("sqrt", "2 values .*'sqrt', which fit chose, the first 0 at 1 in series 1: .* of at least 0 .*=None$"),
    ],
)
def test_one_warning_names_the_first_of_all_values_once(kind, text):
    @one_warning
    def inner():
        report(Outside.of(PANEL, np.array([5, 3]), kind))

    @one_warning
    def outer():
        inner()
        report(Outside.of(PANEL, np.array([5]), kind))  # the same again

    with pytest.warns(OutlierWarning, match=text) as caught:
        outer()
    assert len(caught) == 1


def test_nothing_is_left_for_the_next_call_if_one_fails():
    @one_warning
    def failing():
        report(Outside.of(PANEL, np.array([0]), "log"))
        raise KeyError

    with pytest.raises(KeyError):
        failing()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one_warning(lambda: report(None))()
