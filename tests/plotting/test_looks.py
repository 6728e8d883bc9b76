"""Readability of forecast plots: ticks, shading, colours, legends, and a grid of many series."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from plotting_frames import DAYS, WAVE, entries, line, long

from tsl.baselines import Naive
from tsl.plotting import plot_backtest, plot_error_by_step, plot_forecast, plot_forecasts
from tsl.plotting._axes import COLOURS

plt = pytest.importorskip("matplotlib.pyplot")
colors = pytest.importorskip("matplotlib.colors")
dates = pytest.importorskip("matplotlib.dates")

MANY = pd.DataFrame({f"shop {k}": 10 * k + WAVE for k in range(5)}, DAYS)
AHEAD = Naive(horizon=10, season=1).fit(MANY[:90]).predict(level=[80, 95])


def backtest(n_cutoffs, **columns):
    """As many cutoffs, each with two steps."""
    cutoffs = np.repeat(np.arange(n_cutoffs), 2)
    days = DAYS[cutoffs + np.tile([1, 2], n_cutoffs)]
    return pd.DataFrame({"cutoff": DAYS[cutoffs], "day": days, "sold": 1.0, "y_pred": 1.5, **columns})


@pytest.mark.parametrize(
    "times",
    [
        *[pd.date_range("2024-01-01", periods=60, freq=freq) for freq in ("min", "h", "D", "MS", "YS")],
        pd.date_range("2024-01-01", periods=60, freq="h", tz="Asia/Tokyo"),
        pd.period_range("2024-01", periods=60, freq="M"),
    ],
    ids=lambda times: str(times.freqstr),
)
def test_dates_have_few_ticks_that_do_not_repeat_what_they_share(times):
    ax = plot_forecast(pd.Series(WAVE[:50], times[:50], name="y"), pd.Series(1.0, times[50:]))
    ax.figure.canvas.draw()
    assert isinstance(ax.xaxis.get_major_formatter(), dates.ConciseDateFormatter)
    shown = [tick for tick in ax.get_xticklabels() if tick.get_text()]
    assert 3 <= len(shown) <= 9  # the locator's steps are those of calendars
    assert max(len(tick.get_text()) for tick in shown) <= len("2024-Jan")
    boxes = sorted((tick.get_window_extent() for tick in shown), key=lambda box: box.x0)
    assert all(one.x1 < other.x0 for one, other in pairwise(boxes))


def test_ticks_of_a_time_zone_are_those_of_its_clocks():
    times = pd.date_range("2024-01-01 12:00", periods=48, freq="h", tz="Asia/Tokyo")
    ax = plot_forecast(pd.Series(WAVE[:40], times[:40], name="y"), pd.Series(1.0, times[40:]))
    ax.figure.canvas.draw()
    midnight = pd.Timestamp("2024-01-02", tz="Asia/Tokyo")
    assert ax.convert_xunits(midnight) in ax.get_xticks()


def test_times_that_are_no_dates_are_named():
    history = pd.Series(WAVE[:90], pd.RangeIndex(90), name="y")
    assert plot_forecast(history, pd.Series(1.0, pd.RangeIndex(90, 95, name="week"))).get_xlabel() == "week"
    assert plot_forecast(history, pd.Series(1.0, pd.RangeIndex(90, 95))).get_xlabel() == "time"
    assert plot_forecast(MANY[:90], AHEAD).get_xlabel() == ""


def test_narrow_intervals_are_darker_and_the_legend_has_the_same_shades():
    ax = plot_forecast(MANY[:90], AHEAD)
    assert entries(ax) == ["actual", "forecast", "80 % interval", "95 % interval"]
    shades = {shade.get_label(): shade.get_facecolor()[0] for shade in ax.collections}
    narrow, wide = shades["80 % interval"], shades["95 % interval"]
    assert narrow[3] == wide[3] == 1.0
    assert colors.rgb_to_hsv(narrow[:3])[1] > 2 * colors.rgb_to_hsv(wide[:3])[1] > 0.1
    handles = dict(zip(entries(ax), ax.get_legend().legend_handles))
    for label, shade in shades.items():
        assert_allclose(handles[label].get_facecolor(), shade)


def test_an_interval_of_one_step_is_seen():
    ax = plot_forecast(MANY[:90], AHEAD[:1])
    assert all(shade.get_linewidth()[0] > 1 for shade in ax.collections)
    assert line(ax, "forecast").get_marker() == "o"


def test_colours_differ_in_lightness_or_are_far_apart_for_the_colour_blind():
    # protanopia and deuteranopia, Vienot et al. 1999: linear RGB to that of a person who lacks one kind of cones
    lacking = [
        [[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]],
        [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]],
    ]
    linear = np.array([colors.to_rgb(colour) for colour in COLOURS]) ** 2.2
    for matrix in [np.eye(3), *map(np.array, lacking)]:
        seen = np.clip(linear @ matrix.T, 0, 1) ** (1 / 2.2)
        distances = np.linalg.norm(seen[:, None] - seen[None], axis=-1) + np.eye(len(COLOURS))
        assert distances.min() > 0.12  # red and green of equal lightness are nearer than 0.05


def test_models_have_the_colours_in_turn():
    frame = backtest(3, Naive=0.5, **{"y_pred-lo-80": 1.0, "y_pred-hi-80": 2.0})
    ax = plot_backtest(frame, models=["y_pred", "Naive"])
    assert [line(ax, name).get_color() for name in ("forecast", "Naive")] == list(COLOURS[:2])
    assert entries(ax) == ["actual", "forecast", "Naive", "cutoff"]
    assert {shade.get_alpha() for shade in ax.collections} == {0.2}  # other models are seen through them
    scores = pd.DataFrame({"step": [1, 2] * 2, "model": ["y_pred"] * 2 + ["Naive"] * 2, "mae": 1.0})
    by_step = plot_error_by_step(scores)
    assert [drawn.get_color() for drawn in by_step.get_lines()] == list(COLOURS[:2])


def test_a_long_backtest_shows_its_last_cutoffs():
    ax = plot_backtest(backtest(30))
    assert ax.get_title() == "Backtest of sold: last 10 of 30 cutoffs"
    assert len(line(ax, "actual").get_xdata()) == 10 + 1
    assert plot_backtest(backtest(30), n_cutoffs=30).get_title() == "Backtest of sold: 30 cutoffs"
    one = plot_backtest(backtest(1), ylabel="pieces")
    assert (one.get_title(), one.get_ylabel()) == ("Backtest of sold: 1 cutoff", "pieces")
    with pytest.raises(ValueError, match="n_cutoffs must be at least 1, got 0"):
        plot_backtest(backtest(3), n_cutoffs=0)
    with pytest.raises(ValueError, match="models must be at most 6, which colours can tell apart, got 7"):
        plot_backtest(backtest(3), models=["y_pred"] * 7)


def test_history_may_be_left_out_or_be_longer_than_the_data():
    assert len(line(plot_forecast(MANY[:90], AHEAD, n_history=0), "actual").get_xdata()) == 0
    assert len(line(plot_forecast(MANY[:90], AHEAD, n_history=500), "actual").get_xdata()) == 90
    assert line(plot_forecast(MANY[:90], AHEAD, n_history=1), "actual").get_marker() == "o"  # seen without a line, too
    with pytest.raises(ValueError, match="n_history must be at least 0, got -1"):
        plot_forecast(MANY[:90], AHEAD, n_history=-1)


def test_legends_hide_nothing_in_a_figure_of_its_own():
    ax = plot_forecast(MANY[:90], AHEAD, ylabel="°C")
    ax.figure.canvas.draw()
    legend = ax.get_legend().get_window_extent()
    assert legend.x0 >= ax.get_window_extent().x1
    assert legend.x1 <= ax.figure.bbox.x1 + 1
    assert ax.get_ylabel() == "°C"
    given = plot_forecast(MANY[:90], AHEAD, ax=plt.figure().add_subplot())
    given.figure.canvas.draw()
    assert given.get_legend().get_window_extent().x1 <= given.get_window_extent().x1


# --- grid -------------------------------------------------------------------------------------------------------------


def test_many_series_are_a_grid_with_one_legend():
    axes = plot_forecasts(MANY[:90], AHEAD, actual=MANY, n_history=20)
    assert [ax.get_title() for ax in axes] == list(MANY)
    for k, ax in enumerate(axes):
        assert_allclose(line(ax, "actual").get_ydata(), 10 * k + WAVE[70:90])
        assert_allclose(line(ax, "actual afterwards").get_ydata(), 10 * k + WAVE[90:])
        assert ax.get_legend() is None
        assert (ax.get_ylabel() == "") == (k % 3 > 0)
    figure = axes[0].figure
    assert figure.axes == list(axes)  # no empty one is left
    (legend,) = figure.legends
    found = [text.get_text() for text in legend.get_texts()]
    assert found == ["actual", "actual afterwards", "forecast", "80 % interval", "95 % interval"]
    assert figure.get_suptitle() == "Forecasts of 5 series"
    assert figure.get_size_inches()[0] <= 10.0  # the width of a notebook
    figure.canvas.draw()


def test_a_grid_shows_some_of_many_or_those_that_are_named():
    axes = plot_forecasts(MANY[:90], AHEAD, max_series=2)
    assert [ax.get_title() for ax in axes] == ["shop 0", "shop 1"]
    assert axes[0].figure.get_suptitle() == "Forecasts of 2 of 5 series"
    axes = plot_forecasts(MANY[:90], AHEAD, series=["shop 4", "shop 2"], n_columns=1)
    assert [ax.get_title() for ax in axes] == ["shop 4", "shop 2"]
    assert axes[1].get_window_extent().y1 < axes[0].get_window_extent().y0


@pytest.mark.parametrize(
    ("history", "forecast", "titles"),
    [
        (long(MANY[:90][["shop 1"]].set_axis(["y"], axis=1)), None, ["b", "a"]),
        (MANY[:90], None, list(MANY)),
        (MANY["shop 1"][:90].rename("sold"), None, ["Forecast of sold"]),
        (MANY[:90].set_axis([("p", k) for k in range(5)], axis=1), None, [f"('p', {k})" for k in range(5)]),
    ],
)
@pytest.mark.parametrize("level", [None, 80])
def test_a_grid_of_any_form(history, forecast, titles, level):
    options = {"id_col": "shop", "time_col": "day", "target": "y"} if "shop" in history else {}
    forecast = Naive(horizon=10, season=1).fit(history, **options).predict(level=level)
    assert [ax.get_title() for ax in plot_forecasts(history, forecast)] == titles


def test_a_grid_in_given_axes_has_its_legend_in_the_first():
    _, given = plt.subplots(2, 3)
    axes = plot_forecasts(MANY[:90], AHEAD, axes=given)
    assert list(axes) == list(given.ravel()[:5])
    assert [ax.get_legend() is not None for ax in axes] == [True] + [False] * 4
    for options, message in [
        ({"axes": given[0]}, "axes must be at least 5, one per series, got 3"),
        ({"max_series": 0}, "max_series must be at least 1, got 0"),
        ({"n_columns": 0}, "n_columns must be at least 1, got 0"),
        ({"series": []}, "series must name at least one series, got none"),
        ({"series": ["shop 9"]}, "series must be one of 'shop 0', .*, got 'shop 9'"),
    ]:
        with pytest.raises(ValueError, match=message):
            plot_forecasts(MANY[:90], AHEAD, **options)
