"""Plots of forecasts and backtests, for each form of data."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from plotting_frames import DAYS, WAVE, entries, line, long

from tsl.baselines import Naive
from tsl.metrics import evaluate
from tsl.plotting import plot_backtest, plot_error_by_step, plot_forecast, plot_history, plot_residuals
from tsl.training.history import History

plt = pytest.importorskip("matplotlib.pyplot")

PAST, AHEAD = DAYS[:90], DAYS[90:]


def predicted(times=AHEAD):
    """The columns of a forecast with two levels."""
    columns = {"y_pred": np.ones(len(times))}
    for level, width in [("80", 1.0), ("95", 2.0)]:
        columns |= {f"y_pred-lo-{level}": 1.0 - width, f"y_pred-hi-{level}": 1.0 + width}
    return pd.DataFrame(columns, index=times)


FORMS = {
    "series": (pd.Series(WAVE[:90], PAST, name="y"), predicted()["y_pred"], {}, 0.0),
    "series and intervals": (pd.Series(WAVE[:90], PAST, name="y"), predicted(), {}, 0.0),
    "wide, target": (pd.DataFrame({"x": 5.0, "y": WAVE[:90]}, PAST), predicted(), {}, 0.0),
    "wide, other target": (pd.DataFrame({"x": WAVE[:90], "y": 5.0}, PAST), predicted(), {"target": "x"}, 0.0),
    "wide, stamps in a column": (
        pd.DataFrame({"day": PAST, "y": WAVE[:90]}),
        predicted(),
        {"time_col": "day"},
        0.0,
    ),
    "wide, a column a series": (
        pd.DataFrame({"b": WAVE[:90], "a": 10.0 + WAVE[:90]}, PAST),
        pd.DataFrame({"b": 1.0, "a": 11.0}, AHEAD),
        {"series": "a"},
        10.0,
    ),
    "wide, pairs of columns": (
        pd.DataFrame({"b": WAVE[:90], "a": 10.0 + WAVE[:90]}, PAST),
        pd.concat({"b": predicted(), "a": predicted() + 10.0}, axis=1),
        {"series": "a"},
        10.0,
    ),
    "long": (long(pd.DataFrame({"y": WAVE[:90]}, PAST)), long(predicted()), {"series": "a"}, 10.0),
    "long, one series": (
        pd.DataFrame({"day": PAST, "sales": WAVE[:90]}),
        predicted().reset_index(),
        {},
        0.0,
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_forecast_follows_its_history_in_every_form(form):
    history, forecast, options, base = FORMS[form]
    ax = plot_forecast(history, forecast, **options)
    shown, ahead = line(ax, "actual"), line(ax, "forecast")
    assert len(shown.get_xdata()) == 50  # three times the forecast is less
    assert_allclose(shown.get_ydata(), base + WAVE[40:90])
    assert_allclose(ahead.get_ydata(), base + np.ones(10))
    assert ax.convert_xunits(shown.get_xdata()[-1]) + 1 == ax.convert_xunits(ahead.get_xdata()[0])  # the next day
    levels = [text.get_text() for text in ax.get_legend().get_texts() if "interval" in text.get_text()]
    with_intervals = any("lo-80" in str(name) for name in getattr(forecast, "columns", []))
    assert levels == (["80 % interval", "95 % interval"] if with_intervals else [])
    target = {"wide, other target": "x", "wide, a column a series": "a", "wide, pairs of columns": "a"}.get(form, "y")
    target = "sales" if form == "long, one series" else target
    assert ax.get_ylabel() == target
    assert ax.get_title() == f"Forecast of {'y, a' if form == 'long' else target}"
    ax.figure.canvas.draw()


@pytest.mark.parametrize(
    "columns",
    [
        pd.Index([False, True]),
        pd.MultiIndex.from_tuples([("Open", "A"), ("Close", "A")]),
        pd.Index([("Open", "A"), ("Close", "A")], tupleize_cols=False),
    ],
)
@pytest.mark.parametrize("level", [None, 80])
def test_series_of_any_name_can_be_shown(columns, level):
    frame = pd.DataFrame({"a": WAVE, "b": 10 + WAVE}, DAYS).set_axis(columns, axis=1)
    forecast = Naive(horizon=10, season=1).fit(frame[:90]).predict(level=level)
    for k, name in enumerate(columns):
        ax = plot_forecast(frame[:90], forecast, actual=frame, series=name)
        assert_allclose(line(ax, "actual").get_ydata(), 10 * k + WAVE[40:90])
        assert_allclose(line(ax, "actual afterwards").get_ydata(), 10 * k + WAVE[90:])
        assert_allclose(line(ax, "forecast").get_ydata(), 10 * k + WAVE[89])
        assert len(ax.collections) == (level is not None)


@pytest.mark.parametrize("level", [None, 80])
@pytest.mark.parametrize("levels", [1, 2])
@pytest.mark.parametrize("times", [DAYS, DAYS.to_period("D")])
def test_wide_frames_may_have_their_stamps_in_a_column(level, levels, times):
    columns = ["a", "b"] if levels == 1 else pd.MultiIndex.from_tuples([("p", "a"), ("p", "b")])
    frame = pd.DataFrame(np.stack([WAVE, 10 + WAVE], axis=1), times.rename("day"), columns).reset_index()
    forecast = Naive(horizon=10, season=1).fit(frame[:90], time_col=frame.columns[0]).predict(level=level)
    for k, name in ((0, None), (1, columns[1])):
        ax = plot_forecast(frame[:90], forecast, series=name)
        assert_allclose(line(ax, "actual").get_ydata(), 10 * k + WAVE[40:90])
        assert_allclose(line(ax, "forecast").get_ydata(), 10 * k + WAVE[89])
        shown, ahead = line(ax, "actual").get_xdata(), line(ax, "forecast").get_xdata()
        assert ax.convert_xunits(shown[-1]) + 1 == ax.convert_xunits(ahead[0])  # the next day


def test_intervals_are_shaded_between_their_bounds():
    ax = plot_forecast(None, predicted())
    widest, narrower = (shade.get_paths()[0].get_extents() for shade in ax.collections)
    assert (widest.y0, widest.y1, narrower.y0, narrower.y1) == (-1.0, 3.0, 0.0, 2.0)


def test_first_series_is_shown_by_default_and_what_came_beside_it():
    full = long(pd.DataFrame({"y": WAVE}, DAYS))
    ax = plot_forecast(full[full["day"] < AHEAD[0]], long(predicted()), actual=full, n_history=7)
    assert ax.get_title() == "Forecast of y, b"
    assert len(line(ax, "actual").get_xdata()) == 7
    assert_allclose(line(ax, "actual afterwards").get_ydata(), WAVE[90:])


@pytest.mark.parametrize("index", [DAYS.to_period("D"), pd.RangeIndex(100), DAYS.tz_localize("Asia/Tokyo")])
def test_any_stamps_can_be_drawn(index):
    ax = plot_forecast(pd.Series(WAVE[:90], index[:90]), predicted(index[90:]))
    ax.figure.canvas.draw()
    assert len(line(ax, "forecast").get_xdata()) == 10


def backtest_frame():
    """Two windows of two series; forecasts are off by their step."""
    parts = []
    for name in ("b", "a"):
        for cutoff in (80, 90):
            rows = slice(cutoff, cutoff + 10)
            part = {"shop": name, "cutoff": DAYS[cutoff - 1], "day": DAYS[rows], "sales": WAVE[rows]}
            errors = np.arange(1.0, 11.0)
            intervals = {"y_pred-lo-90": WAVE[rows], "y_pred-hi-90": WAVE[rows] + 11.0}
            parts.append(pd.DataFrame({**part, "y_pred": WAVE[rows] + errors, **intervals, "Naive": WAVE[rows] - 12.0}))
    return pd.concat(parts, ignore_index=True)


def test_backtest_shows_each_window_from_its_cutoff():
    frame = backtest_frame()
    ax = plot_backtest(frame, series="a")
    drawn = [np.asarray(found.get_ydata(), float) for found in ax.get_lines()]
    assert_allclose(drawn[0], WAVE[80:])
    assert_allclose(drawn[1], WAVE[80:90] + np.arange(1.0, 11.0))
    assert_allclose(drawn[2], WAVE[90:] + np.arange(1.0, 11.0))
    assert len(drawn) == 1 + 2 + 2  # the truth, the windows, the cutoffs
    assert entries(ax) == ["actual", "forecast", "90 % interval", "cutoff"]
    assert (ax.get_title(), ax.get_ylabel()) == ("Backtest of sales, a: 2 cutoffs", "sales")
    behind = frame[["shop", "day", "cutoff", *frame.columns[3:]]]
    assert len(plot_backtest(behind).get_lines()) == len(drawn)
    single = plot_backtest(frame[frame["shop"] == "a"].drop(columns="shop"), models=["Naive"])
    assert single.get_title() == "Backtest of sales: 2 cutoffs"
    assert entries(single) == ["actual", "Naive", "cutoff"]
    single.figure.canvas.draw()


def test_a_backtest_with_the_usual_names_may_have_its_columns_in_any_order():
    usual = backtest_frame().rename(columns={"shop": "unique_id", "day": "ds", "sales": "y"})
    last = usual[[*usual.columns.drop("cutoff"), "cutoff"]]
    for first, second in zip(plot_backtest(usual).get_lines(), plot_backtest(last).get_lines(), strict=True):
        assert_array_equal(first.get_xydata(), second.get_xydata())


def test_a_bound_without_the_other_one_is_no_interval():
    assert len(plot_forecast(None, predicted().drop(columns="y_pred-hi-80")).collections) == 1
    assert not plot_backtest(backtest_frame().drop(columns="y_pred-lo-90")).collections


def test_forecasts_in_sample_can_be_shown_as_forecasts():
    table = long(pd.DataFrame({"sales": WAVE, "y_pred": 1.0 + WAVE}, DAYS))
    assert_allclose(line(plot_forecast(None, table, series="a"), "forecast").get_ydata(), 11.0 + WAVE)


def test_error_by_step_has_a_line_for_each_model():
    scores = evaluate(backtest_frame(), by="step")
    ax = plot_error_by_step(scores, "mae")
    assert_allclose(line(ax, "forecast").get_ydata(), np.arange(1.0, 11.0))
    assert_array_equal(line(ax, "forecast").get_xdata(), np.arange(1, 11))
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("mean absolute error", "steps ahead")
    assert_allclose(line(ax, "Naive").get_ydata(), 12.0)
    assert ax.get_ylim()[0] == 0.0


@pytest.mark.parametrize(
    ("draw", "arguments", "options"),
    [
        (plot_forecast, (None, predicted()), {}),
        (plot_backtest, (backtest_frame(),), {}),
        (plot_error_by_step, (evaluate(backtest_frame(), by="step"),), {}),
        (plot_history, (History([1.0], [2.0], best_iter=1),), {}),
    ],
)
def test_given_axes_are_used(draw, arguments, options):
    _, axes = plt.subplots(2)
    assert draw(*arguments, ax=axes[1], **options) is axes[1]
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plot_forecast(None, long(predicted()), series="c"), "series must be one of 'b', 'a', got 'c'"),
        (
            lambda: plot_forecast(pd.DataFrame({"p": WAVE, "q": WAVE}, DAYS), predicted()),
            r"target must name one of the columns of history, \['p', 'q'\]",
        ),
        (
            lambda: plot_forecast(pd.DataFrame({"p": WAVE}, DAYS), predicted(), target="q"),
            r"target must be a column of history, \['p'\], got 'q'",
        ),
        (
            lambda: plot_forecast(pd.DataFrame({"y": WAVE, "day": DAYS}), long(predicted())),
            r"history must have the column 'shop' of forecast, got \['y', 'day'\]",
        ),
        (lambda: plot_backtest(long(predicted())), "frame must be that of a backtest"),
        (lambda: plot_backtest(backtest_frame(), models=["LSTM"]), "models must be columns of frame, .* got 'LSTM'"),
        (lambda: plot_error_by_step(evaluate(backtest_frame())), "must be of evaluate"),
        (
            lambda: plot_error_by_step(evaluate(backtest_frame(), by="step"), "mase"),
            "metric must be a column of scores",
        ),
        (lambda: plot_residuals([1.0, 2.0, np.nan]), "residuals must be at least 4, got 2"),
        (lambda: plot_residuals(np.zeros((9, 2))), r"one series of shape \(n,\), got shape \(9, 2\)"),
        (lambda: plot_residuals(predicted()), "residuals must have a column 'residual'"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_no_frame_is_a_type_error():
    with pytest.raises(TypeError, match="forecast must be a Series or DataFrame of pandas or polars, got a list"):
        plot_forecast(None, [1.0])


@pytest.mark.parametrize("form", ["%d.%m.%Y", "%Y%m%d"])
def test_a_history_written_in_text_or_numbers_is_drawn_on_dates(form):
    texts = PAST.strftime(form)
    history = pd.Series(WAVE[:90], texts.astype(np.int64) if form == "%Y%m%d" else texts, name="y")
    ax = plot_forecast(history, predicted())
    (wanted,) = plt.figure().add_subplot().plot(PAST[-50:], WAVE[40:90])
    assert_array_equal(line(ax, "actual").get_xydata(), wanted.get_xydata())
