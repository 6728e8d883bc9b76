"""Importances as bars, lines and heat maps."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.utils import Bunch

from tsl.plotting import plot_importance

plt = pytest.importorskip("matplotlib.pyplot")

MEAN, STD = np.array([0.1, 2.0, -0.2]), np.array([0.1, 0.5, 0.0])
NAMES = np.array(["wind", "offer", ("a", 1)], dtype=object)
STEPS = np.array([4, 2, 0])


def bunch(mean=MEAN, **names):
    return Bunch(importances_mean=mean, importances_std=0 * mean + 0.1, importances=mean[..., None], **names)


def labels(found):
    return [label.get_text() for label in found]


def test_bars_are_in_the_order_of_their_lengths():
    result = Bunch(importances_mean=MEAN, importances_std=STD, importances=MEAN[:, None], channels=NAMES)
    ax = plot_importance(result)
    assert_allclose([bar.get_width() for bar in ax.patches], [-0.2, 0.1, 2.0])
    assert labels(ax.get_yticklabels()) == ["('a', 1)", "wind", "offer"]  # the last one is at the top
    spread = ax.collections[0].get_segments()
    assert_allclose(spread[2][:, 0], [1.5, 2.5])
    assert (ax.get_title(), ax.get_xlabel()) == ("Permutation importance of channels", "decrease of the score")


def test_bars_of_covariates_name_the_error():
    ax = plot_importance(bunch(covariates=NAMES, roles=NAMES, metric="mase", baseline=1.0))
    assert (ax.get_title(), ax.get_xlabel()) == ("Permutation importance of covariates", "increase of mase")


def test_steps_go_from_the_oldest_at_the_left_to_the_last_at_the_right():
    ax = plot_importance(bunch(steps=STEPS))
    curve = ax.get_lines()[0]
    assert_array_equal(curve.get_xdata(), STEPS)
    assert_array_equal(curve.get_ydata(), MEAN)
    assert ax.get_xlim()[0] > 4 > 0 > ax.get_xlim()[1]
    band = ax.collections[0].get_paths()[0].vertices
    assert band[:, 1].max() == pytest.approx(2.1)
    assert ax.get_xlabel() == "steps before the end of the window"
    assert ax.get_title() == "Permutation importance of steps"


def test_channels_at_steps_are_a_heat_map_that_is_white_at_zero():
    mean = np.arange(6.0).reshape(3, 2) - 1.0
    ax = plot_importance(bunch(mean, steps=STEPS, channels=NAMES[:2]))
    assert_array_equal(ax.images[0].get_array(), mean.T)
    assert ax.images[0].get_clim() == (-4.0, 4.0)
    assert labels(ax.get_xticklabels()) == ["4", "2", "0"]
    assert ax.get_title() == "Permutation importance of channels by step"
    assert labels(ax.get_yticklabels()) == ["wind", "offer"]
    many = plot_importance(bunch(np.zeros((100, 2)), steps=np.arange(100)[::-1], channels=NAMES[:2]))
    assert len(many.get_xticks()) == 12
    assert labels(many.get_xticklabels())[-1] == "0"


def test_given_axes_are_used():
    _, axes = plt.subplots(3)
    for ax, result in zip(
        axes, [bunch(steps=STEPS), bunch(channels=NAMES), bunch(np.eye(3), steps=STEPS, channels=NAMES)]
    ):
        assert plot_importance(result, ax=ax) is ax
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ({"r2": bunch(steps=STEPS)}, r"result must be .*, for one scorer, got a dict of \['r2'\]"),
        (bunch(), "result must be of a function of tsl.inspection, .*, got a Bunch of .*'importances'"),
        ([1.0], "result must be .*, got a list"),
    ],
)
def test_other_results_are_refused(result, message):
    with pytest.raises(ValueError, match=message):
        plot_importance(result)
