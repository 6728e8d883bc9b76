"""Plots of the loss by epoch, and of residuals."""

import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from plotting_frames import DAYS, WAVE, entries, line, long

from tsl.plotting import plot_history, plot_residuals
from tsl.training.history import History

plt = pytest.importorskip("matplotlib.pyplot")


def test_residuals_show_what_is_left_to_learn():
    _, spread, correlation = plot_residuals(pd.Series(WAVE, DAYS), n_lags=6)
    segments = correlation.collections[0].get_segments()
    centred = WAVE - WAVE.mean()
    assert_allclose(segments[2][1], [3, centred[3:] @ centred[:-3] / (centred @ centred)])
    assert len(segments) == 6
    assert entries(correlation) == ["95 % if independent"]
    assert spread.get_legend().get_texts()[0].get_text() == f"mean {WAVE.mean():.3g}"
    _, given = plt.subplots(1, 3)
    assert_array_equal(plot_residuals(pd.DataFrame({"residual": WAVE}).where(WAVE[:, None] < 0.9), axes=given), given)


def test_residuals_of_a_forecaster_are_those_of_the_series_that_is_asked_for():
    table = long(pd.DataFrame({"y": WAVE, "y_pred": 0.0, "residual": WAVE}, DAYS))
    course = plot_residuals(table, series="a")[0]
    assert_allclose(course.get_lines()[0].get_ydata(), 10.0 + WAVE)
    alone = pd.DataFrame({"residual": WAVE}, DAYS)[::-1].reset_index()
    assert_allclose(plot_residuals(alone)[0].get_lines()[0].get_xydata(), course.get_lines()[0].get_xydata() - [0, 10])
    assert_allclose(plot_residuals(table)[0].get_lines()[0].get_ydata(), WAVE)


def test_residuals_may_be_an_array_of_any_library():
    arrow = pytest.importorskip("pyarrow", reason="an optional form of arrays")
    polars = pytest.importorskip("polars", reason="an optional form of arrays")
    table = pd.DataFrame({"day": DAYS, "residual": WAVE})
    for given in (WAVE, WAVE.tolist(), arrow.chunked_array([WAVE]), polars.Series(WAVE), polars.from_pandas(table)):
        assert_allclose(plot_residuals(given)[0].get_lines()[0].get_ydata(), WAVE)


def test_loss_by_epoch():
    history = History()
    for loss in (3.0, 2.0, 1.0):
        history.add_epoch(loss=loss, learning_rate=0.1, grad_norm=1.0, seconds=0.1, n_steps=5)
    ax = plot_history(history)
    assert_allclose(line(ax, "training").get_ydata(), [3.0, 2.0, 1.0])
    assert len(ax.get_lines()) == 1  # nothing was validated
    history.val_loss, history.best_iter = [3.0, 2.5, 2.7], 2
    ax = plot_history(history)
    assert_allclose(line(ax, "validation").get_ydata(), [3.0, 2.5, 2.7])
    assert line(ax, "best epoch").get_xdata()[0] == 2
    assert (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) == ("Loss by epoch", "epoch", "loss")
    ax.figure.canvas.draw()
    assert all(float(tick).is_integer() for tick in ax.get_xticks())
