"""Metrics, by hand and beside utilsforecast."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal

from tsl import metrics
from tsl.baselines import Naive
from tsl.metrics import evaluate

SEASON = 4
LEVELS = ("80", "95")
QUANTILES = np.array([0.025, 0.1, 0.9, 0.975])  # what the bounds of the levels are
MODELS = ["y_pred", "SeasonalNaive"]


def long_history(n_rows=40):
    """Two series on very different scales, the second one shorter."""
    rng = np.random.default_rng(0)
    times = pd.date_range("2024-01-01", periods=n_rows, freq="h")
    first = pd.DataFrame({"unique_id": "a", "ds": times, "y": rng.normal(size=n_rows)})
    second = pd.DataFrame({"unique_id": "b", "ds": times[7:], "y": 1000 + 50 * rng.normal(size=n_rows - 7)})
    return pd.concat([first, second], ignore_index=True)


def backtest_frame(history, cutoffs=(27, 33), horizon=6):
    """Windows after the rows `cutoffs`, in the form of a backtest, with forecasts made up."""
    rng = np.random.default_rng(1)
    times = history.loc[history["unique_id"] == "a", "ds"].to_numpy()
    parts = []
    for cutoff in cutoffs:
        part = history[history["ds"].isin(times[cutoff + 1 : cutoff + 1 + horizon])]
        parts.append(part.assign(cutoff=times[cutoff]))
    frame = pd.concat(parts, ignore_index=True)[["unique_id", "cutoff", "ds", "y"]]
    size = np.where(frame["unique_id"] == "a", 1.0, 50.0)
    for model in MODELS:
        frame[model] = frame["y"] + size * rng.normal(size=len(frame))
        for level, width in zip(LEVELS, (0.5, 1.5)):
            frame[f"{model}-lo-{level}"] = frame[model] - size * width
            frame[f"{model}-hi-{level}"] = frame[model] + size * width
    return frame


HISTORY = long_history()
FRAME = backtest_frame(HISTORY)


# --- arrays ---------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 2), min_size=1))
def test_bounds_that_hold_for_all_errors(pairs):
    true, pred = np.array(pairs).T
    assert 0.0 <= metrics.smape(true, pred) <= 1.0 + 1e-12
    assert metrics.mae(true, pred) <= metrics.rmse(true, pred) * (1 + 1e-9) + 1e-150  # squares below that are 0
    assert_allclose(metrics.crps(true, pred[:, None], [0.5]), metrics.mae(true, pred), rtol=1e-12, atol=1e-300)
    assert metrics.coverage(pred, pred, pred) == 1.0  # bounds count as covered


def test_pinball_is_least_at_the_true_quantile():
    sample = np.random.default_rng(0).normal(size=20_000)
    losses = [metrics.pinball(sample, np.full(sample.shape, x), 0.9) for x in (0.8, 1.2816, 1.8)]  # 90 % of a normal
    assert np.argmin(losses) == 1


def test_crps_of_many_quantiles_is_that_of_the_distribution():
    levels = (np.arange(1000) + 0.5) / 1000
    uniform = levels[None]  # forecast: uniform between 0 and 1
    # integral of (F(x) - 1[x >= y])^2 is y^3/3 + (1-y)^3/3 for a uniform forecast
    for y in (0.0, 0.3, 0.5):
        assert_allclose(metrics.crps([y], uniform, levels), (y**3 + (1 - y) ** 3) / 3, atol=1e-5)


def test_mase_is_1_for_the_forecast_that_scales_it():
    rng = np.random.default_rng(0)
    history = rng.normal(size=50)
    assert_allclose(metrics.mase(history[4:], history[:-4], history, season=4), 1.0)
    assert_allclose(metrics.rmsse(history[4:], history[:-4], history, season=4), 1.0)


def test_missing_history_leaves_out_its_differences():
    assert metrics.mase([2.0], [1.0], [1.0, np.nan, 3.0, 7.0]) == 1.0 / 4.0


@pytest.mark.parametrize(
    ("y", "expected"),
    [(3.0, np.nan), (4.0, np.inf)],  # 0 / 0 and 1 / 0
)
def test_history_without_change_has_no_scale(y, expected):
    assert_allclose(metrics.mase([y], [3.0], [5.0, 5.0, 5.0]), expected)


def test_percentages_of_zeros():
    assert np.isnan(metrics.mape([0.0], [1.0]))
    assert np.isnan(metrics.wmape([0.0], [1.0]))
    assert metrics.smape([0.0, 0.0], [0.0, 2.0]) == 0.5


def test_published_figures_of_m4_hourly():
    # sMAPE and MASE of the winner and of the best entry, with the OWA that was published for them
    for smape, mase, expected in [(9.328, 0.893, 0.440), (8.913, 0.801, 0.410)]:
        assert_allclose(metrics.owa(smape, mase, reference_smape=18.383, reference_mase=2.395), expected, atol=5e-4)


def test_errors_by_hand():
    true, pred = [2.0, -4.0, 0.0, 5.0], [3.0, -2.0, 0.0, 5.0]  # errors 1, 2, 0, 0
    assert_allclose(metrics.mae(true, pred), 3 / 4)
    assert_allclose(metrics.rmse(true, pred), np.sqrt(5 / 4))
    assert_allclose(metrics.mape(true, pred), (1 / 2 + 2 / 4 + 0) / 3)  # 0 has no percentage
    assert_allclose(metrics.smape(true, pred), (1 / 5 + 2 / 6 + 0 + 0) / 4)
    assert_allclose(metrics.wmape(true, pred), 3 / 11)
    assert_allclose(metrics.rmsse([1.0], [3.0], [0.0, 1.0, 3.0]), 2 / np.sqrt(5 / 2))  # season 1 unless told


def test_intervals_by_hand():
    assert metrics.coverage([1.0, 2.0, 3.0, 4.0], [0.0, 2.5, 2.0, 4.0], [2.0, 3.0, 2.5, 4.0]) == 0.5
    assert metrics.interval_width([0.0, 2.5], [2.0, 3.0]) == 1.25


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.mae([1.0, 2.0], [1.0]), r"y_pred must have the shape of y_true, \(2,\), got \(1,\)"),
        (lambda: metrics.rmse([1.0], [np.nan]), "y_pred must be finite, got 1 values that are not"),
        (lambda: metrics.smape([], []), "y_true must have at least one value, got none"),
        (
            lambda: metrics.mase([1.0], [1.0], [1.0, 2.0], season=2),
            "two values that are season=2 rows apart, got 2 rows",
        ),
        (
            lambda: metrics.mase([1.0], [1.0], [[1.0]]),
            r"y_train must be one series of shape \(n,\), got shape \(1, 1\)",
        ),
        (lambda: metrics.mase([1.0], [1.0], [1.0, 2.0], season=0), "season must be at least 1, got 0"),
        (lambda: metrics.pinball([1.0], [1.0], 1.0), r"quantiles must be between 0 and 1, got \[1.0\]"),
        (lambda: metrics.crps([1.0], [1.0, 2.0], [0.1, 0.9]), r"y_pred must have the shape \(1, 2\), got \(2,\)"),
        (lambda: metrics.pinball([1.0], [1.0], 0.0), r"quantiles must be between 0 and 1, got \[0.0\]"),
        (lambda: metrics.crps([1.0], [[]], []), r"quantiles must be .*, got \[\]"),
        (lambda: metrics.owa(1, 1, reference_smape=0, reference_mase=1), "reference_smape must be above 0, got 0"),
        (lambda: metrics.owa(1, 1, reference_smape=1, reference_mase=-1), "reference_mase must be above 0, got -1"),
    ],
)
def test_bad_arrays_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# --- beside utilsforecast -------------------------------------------------------------------------------------------


def theirs(metric, frame=FRAME, **options):
    """(series, cutoff, model) values of utilsforecast, or of each series for a frame without cutoffs."""
    losses = pytest.importorskip("utilsforecast.losses", reason="it is only compared with")
    found = getattr(losses, metric)(frame, **options)
    keys = [name for name in ("unique_id", "cutoff") if name in found]
    long = found.melt(keys, var_name="model", value_name="value")
    return long.sort_values([*keys, "model"])["value"].to_numpy()


def ours(metric, frame=FRAME, **options):
    keys = [name for name in ("unique_id", "cutoff") if name in frame]
    by = ["series", *keys[1:]]
    found = evaluate(frame, [metric.partition("-")[0]], by=by, models=MODELS, **options)
    return found.sort_values([*keys, "model"])[metric].to_numpy()


@pytest.mark.parametrize("frame", [FRAME, FRAME.drop(columns="cutoff")], ids=["with cutoffs", "without"])
@pytest.mark.parametrize(
    ("metric", "name"), [("mae", "mae"), ("rmse", "rmse"), ("mape", "mape"), ("smape", "smape"), ("wmape", "nd")]
)
def test_errors_equal_utilsforecast(metric, name, frame):
    assert_allclose(ours(metric, frame), theirs(name, frame, models=MODELS), rtol=1e-12)


@pytest.mark.parametrize("metric", ["mase", "rmsse"])
def test_scaled_errors_equal_utilsforecast(metric):
    expected = theirs(metric, models=MODELS, seasonality=SEASON, train_df=HISTORY)
    assert_allclose(ours(metric, history=HISTORY, season=SEASON), expected, rtol=1e-12)
    shuffled = HISTORY.sample(frac=1.0, random_state=0)
    assert_allclose(ours(metric, history=shuffled, season=SEASON), expected, rtol=1e-12)


@pytest.mark.parametrize("level", LEVELS)
def test_coverage_equals_utilsforecast(level):
    assert_allclose(ours(f"coverage-{level}"), theirs("coverage", models=MODELS, level=level), rtol=1e-12)


def test_quantile_losses_equal_utilsforecast():
    columns = {m: [f"{m}-lo-95", f"{m}-lo-80", f"{m}-hi-80", f"{m}-hi-95"] for m in MODELS}
    assert_allclose(ours("pinball"), theirs("mqloss", models=columns, quantiles=QUANTILES), rtol=1e-12)
    scaled = theirs("scaled_crps", models=columns, quantiles=QUANTILES)
    size = FRAME.assign(y=FRAME["y"].abs()).groupby(["unique_id", "cutoff"])["y"].mean()
    assert_allclose(ours("crps") / np.repeat(size.to_numpy(), len(MODELS)), scaled, rtol=1e-12)


# --- evaluate -------------------------------------------------------------------------------------------------------


def test_groups_are_means_over_series_of_the_metrics_of_arrays():
    found = evaluate(FRAME, ["rmse"], by="cutoff", models=["y_pred"])
    for _, row in found.iterrows():
        window = FRAME[FRAME["cutoff"] == row["cutoff"]]
        each = [metrics.rmse(part["y"], part["y_pred"]) for _, part in window.groupby("unique_id")]
        assert_allclose(row["rmse"], np.mean(each), rtol=1e-12)


def test_steps_count_from_the_first_forecast_of_a_window_in_any_order_of_rows():
    found = evaluate(FRAME.sample(frac=1.0, random_state=0), ["mae"], by="step", models=["y_pred"])
    assert found["step"].tolist() == [1, 2, 3, 4, 5, 6]
    third = FRAME.groupby(["unique_id", "cutoff"]).nth(2)
    assert_allclose(found["mae"][2], np.mean(np.abs(third["y"] - third["y_pred"])), rtol=1e-12)


def test_other_columns_group_too():
    stores = FRAME.assign(store=np.where(FRAME["unique_id"] == "a", "north", "south"))
    found = evaluate(stores, ["mae"], by="store")
    assert found["store"].tolist() == ["north", "south"] * 2
    assert found["model"].tolist() == ["y_pred"] * 2 + ["SeasonalNaive"] * 2


def test_default_metrics_are_those_that_the_frame_and_history_allow():
    assert list(evaluate(FRAME[["unique_id", "cutoff", "ds", "y", "y_pred"]])) == [
        "model",
        "mae",
        "rmse",
        "smape",
        "wmape",
    ]
    everything = evaluate(FRAME, history=HISTORY, season=SEASON)
    intervals = ["coverage-80", "coverage-95", "interval_width-80", "interval_width-95"]
    assert list(everything) == ["model", "mae", "rmse", "smape", "wmape", "mase", "rmsse", *intervals]
    assert len(everything) == len(MODELS)


def test_owa_is_relative_to_the_reference_in_each_group():
    found = evaluate(FRAME, ["owa", "smape", "mase"], by="cutoff", history=HISTORY, season=SEASON)
    reference, model = found[found["model"] == "SeasonalNaive"], found[found["model"] == "y_pred"]
    assert_allclose(reference["owa"], 1.0)
    for (_, row), (_, base) in zip(model.iterrows(), reference.iterrows()):
        expected = metrics.owa(row["smape"], row["mase"], reference_smape=base["smape"], reference_mase=base["mase"])
        assert_allclose(row["owa"], expected)
    overall = evaluate(FRAME, ["owa"], history=HISTORY, season=SEASON, reference="y_pred")
    assert_allclose(overall["owa"][0], 1.0)


def test_history_after_a_cutoff_does_not_count():
    later = HISTORY.assign(y=HISTORY["y"].where(HISTORY["ds"] <= FRAME["cutoff"].max(), 1e9))
    expected = evaluate(FRAME, ["mase"], history=HISTORY, season=SEASON)
    assert_frame_equal(evaluate(FRAME, ["mase"], history=later, season=SEASON), expected)


@pytest.mark.parametrize("wide", [True, False])
def test_history_may_be_wide_or_one_series(wide):
    if wide:
        frame, history = FRAME, HISTORY.pivot(index="ds", columns="unique_id", values="y")
    else:
        frame = FRAME[FRAME["unique_id"] == "a"]
        history = HISTORY[HISTORY["unique_id"] == "a"].set_index("ds")["y"]
    expected = evaluate(frame, ["mase"], history=HISTORY, season=SEASON)
    assert_frame_equal(evaluate(frame, ["mase"], history=history, season=SEASON), expected)
    if not wide:
        assert_frame_equal(evaluate(frame, ["mase"], history=history.to_frame(), season=SEASON), expected)


def test_names_of_columns_are_found_by_place_or_given():
    names = {"unique_id": "shop", "ds": "day", "y": "sales"}
    renamed, history = FRAME.rename(columns=names), HISTORY.rename(columns=names)
    expected = evaluate(FRAME, ["mae", "mase"], by="series", history=HISTORY, season=SEASON)
    found = evaluate(renamed, ["mae", "mase"], by="series", history=history, season=SEASON)
    assert_frame_equal(found, expected.rename(columns=names))
    behind = renamed[["shop", "day", "cutoff", "sales", *MODELS]]
    found = evaluate(behind, ["mae", "mase"], by="series", history=history, season=SEASON)
    assert_frame_equal(found, expected.rename(columns=names))
    reordered = renamed[["sales", *MODELS, "cutoff", "day", "shop"]]
    found = evaluate(
        reordered,
        ["mae", "mase"],
        by="series",
        history=history,
        season=SEASON,
        id_col="shop",
        time_col="day",
        target="sales",
    )
    assert_frame_equal(found, expected.rename(columns=names))


# One series at one cutoff, which need no column; its errors are 1, 0, 0, 2.
ALONE = pd.DataFrame(
    {
        "ds": pd.date_range("2024-02-01", periods=4),
        "y": [2.0, 0.0, 1.0, -3.0],
        "m": [3.0, 0.0, 1.0, -1.0],
        "m-lo-90": [2.0, -2.0, 2.0, -3.0],
        "m-hi-90": [4.0, 0.0, 3.0, -1.0],
    }
)
BEFORE = pd.Series([1.0, 3.0, 2.0, 6.0], pd.date_range("2024-01-28", periods=4))  # changes by 2, 1 and 4, in all by 7


def test_metrics_of_one_series_by_hand():
    found = evaluate(ALONE, ["mae", "mape", "smape", "wmape", "coverage", "interval_width", "crps"])
    low, high = np.array([0, 2, -1, 0]), np.array([-2, 0, -2, -2])  # the truth less the bounds of 5 % and 95 %
    pinball = [np.maximum(q * error, (q - 1) * error).mean() for q, error in ((0.05, low), (0.95, high))]
    expected = {
        "mae": 3 / 4,
        "mape": (1 / 2 + 0 / 1 + 2 / 3) / 3,
        "smape": (1 / 5 + 0 + 0 / 2 + 2 / 4) / 4,
        "wmape": 3 / 6,
        "coverage-90": 3 / 4,  # on the lower bound twice, on the upper bound once
        "interval_width-90": (2 + 2 + 1 + 2) / 4,
        "crps": 2 * np.mean(pinball),
    }
    assert list(found) == ["model", *expected]
    assert_allclose(found.drop(columns="model").to_numpy()[0], list(expected.values()))
    assert_allclose(evaluate(ALONE, ["mae"], by="step")["mae"], [1, 0, 0, 2])
    assert evaluate(ALONE.assign(y=0.0), "wmape")["wmape"].isna().all()  # errors over a sum of 0


@pytest.mark.parametrize(
    "history",
    [
        BEFORE,
        BEFORE.iloc[::-1],
        BEFORE.to_frame("y"),
        BEFORE.rename_axis("ds").reset_index(name="y"),
        BEFORE.iloc[::-1].rename_axis("ds").reset_index(name="y"),
        BEFORE.astype(int).rename_axis("ds").reset_index(name="y").astype({"y": object}),
    ],
    ids=["Series", "in another order", "frame", "frame with times", "its rows in another order", "numbers as objects"],
)
def test_history_of_one_series_needs_no_name(history):
    found = evaluate(ALONE, ["mase", "rmsse"], history=history)
    assert_allclose(found["mase"], 3 / 4 / (7 / 3))
    assert_allclose(found["rmsse"], np.sqrt(5 / 4 / (21 / 3)))
    with pytest.raises(ValueError, match=r"^history has no two values season=4 rows apart before the first"):
        evaluate(ALONE, ["mase"], history=history, season=4)


def test_a_history_that_never_changes_has_no_scale():
    found = evaluate(ALONE, ["mase", "rmsse"], history=0 * BEFORE)
    assert np.isinf(found[["mase", "rmsse"]].to_numpy()).all()


def test_series_may_be_called_like_the_truth():
    names = {"a": "y", "b": "z"}
    frame, history = (part.replace({"unique_id": names}) for part in (FRAME, HISTORY))
    wide = history.pivot(index="ds", columns="unique_id", values="y")
    expected = evaluate(frame, ["mase"], history=history, season=SEASON)
    assert_frame_equal(evaluate(frame, ["mase"], history=wide, season=SEASON), expected)
    assert_frame_equal(evaluate(frame, ["mase"], history=wide.reset_index(), season=SEASON), expected)


@pytest.mark.parametrize(
    "to_object", [lambda x: x, str, Fraction, Decimal], ids=["float", "text", "fraction", "decimal"]
)
def test_forecasts_may_be_python_objects(to_object):
    numbers = pd.Series([to_object(x) for x in ALONE["m"]], dtype=object)
    frame = ALONE.assign(other=ALONE["m"], m=numbers, note=pd.Series(["a", "b", None, "c"], dtype=object))
    models = ["other"] if to_object is str else ["m", "other"]  # text is a note
    found = evaluate(frame, ["mae"])
    assert found["model"].tolist() == models
    assert found["mae"].nunique() == 1
    expected = evaluate(ALONE, ["crps"])["crps"].tolist()
    bounds = {name: pd.Series([*ALONE[name]], dtype=object) for name in ("m-lo-90", "m-hi-90")}
    assert evaluate(frame.assign(**bounds), ["crps"], models=["m"])["crps"].tolist() == expected


def test_objects_that_are_numbers_in_part_are_no_silent_loss():
    mixed = ALONE.assign(other=pd.Series([1.0, "none", 2.0, 3], dtype=object))
    with pytest.raises(
        ValueError, match="column 'other' of frame must hold numbers alone to be a forecast, got objects"
    ):
        evaluate(mixed, ["mae"])
    assert evaluate(mixed, ["mae"], models=["m"])["model"].tolist() == ["m"]
    for missing in (None, pd.NA, np.nan):
        gap = ALONE.assign(other=pd.Series([1.0, missing, 2.0, 3.0], dtype=object))
        with pytest.raises(ValueError, match="frame must have finite forecasts, got 1 in 'other'"):
            evaluate(gap, ["mae"])


@pytest.mark.parametrize("form", ["long", "wide", "one"])
def test_rows_of_the_forecast_do_not_count_for_the_scale_without_a_cutoff(form):
    frame = FRAME[FRAME["cutoff"] == FRAME["cutoff"].max()].drop(columns="cutoff")
    is_before = HISTORY["ds"] < frame["ds"].min()
    before, history = HISTORY[is_before], HISTORY.assign(y=HISTORY["y"].where(is_before, HISTORY["y"] ** 2 + 1e6))
    if form == "wide":
        history, before = (part.pivot(index="ds", columns="unique_id", values="y") for part in (history, before))
    if form == "one":
        parts = (frame, history, before)
        frame, history, before = (part[part["unique_id"] == "a"].drop(columns="unique_id") for part in parts)
    expected = evaluate(frame, ["mase", "rmsse"], history=before)
    assert_frame_equal(evaluate(frame, ["mase", "rmsse"], history=history), expected)


@pytest.mark.parametrize("target", ["residual", "Naive", "sold"])
@pytest.mark.parametrize("index", [False, True])
def test_the_history_may_be_what_was_fitted_whatever_its_columns_are_called(target, index):
    roles = {"id_col": "shop", "target": target} | ({} if index else {"time_col": "day"})
    history = HISTORY.set_axis(["shop", "day", target], axis=1)
    history = history.set_index("day").rename_axis(None) if index else history
    frame = Naive(3, season=SEASON).fit(history, **roles).backtest(n_windows=2)
    plain = Naive(3, season=SEASON).fit(HISTORY).backtest(n_windows=2)
    expected = evaluate(plain, ["mase"], history=HISTORY, season=SEASON)
    assert_frame_equal(evaluate(frame, ["mase"], history=history, season=SEASON), expected)
    if target != "sold":
        with pytest.raises(ValueError, match="history must have the column 'y' of frame, got "):
            evaluate(frame, ["mase"], history=history.assign(promo=1.0), season=SEASON)


def test_a_history_of_other_times_is_refused():
    with pytest.raises(
        ValueError, match="history must have times that can be compared with those of frame, got int64 and"
    ):
        evaluate(ALONE, ["mase"], history=BEFORE.reset_index(drop=True))


def test_truth_values_are_no_forecasts():
    assert evaluate(ALONE.assign(weekend=[True, False, False, False]))["model"].tolist() == ["m"]


def test_columns_by_place_without_series():
    first = FRAME[(FRAME["unique_id"] == "a")].drop(columns="unique_id").rename(columns={"ds": "day", "y": "sales"})
    expected = evaluate(FRAME[FRAME["unique_id"] == "a"], ["mae"], by="cutoff")
    assert_frame_equal(evaluate(first, ["mae"], by="cutoff"), expected)  # cutoff, day, sales, models
    assert_frame_equal(evaluate(first, ["rmse"]), evaluate(FRAME[FRAME["unique_id"] == "a"], ["rmse"]))  # one series
    for names in (["unique_id", "ds", "cutoff"], ["cutoff", "ds"], ["unique_id", "cutoff", "ds"]):
        with pytest.raises(ValueError, match="target must be given"):
            evaluate(FRAME[names], ["mae"])
    for names in (["unique_id", "ds", "cutoff", "y"], ["cutoff", "ds", "y"]):
        with pytest.raises(ValueError, match="must have a column of forecasts"):
            evaluate(FRAME[names], ["mae"])


def test_bounds_without_the_other_one_are_no_interval():
    one_sided = ALONE.drop(columns="m-hi-90")
    with pytest.raises(ValueError, match="columns like 'm-lo-90' for 'coverage'"):
        evaluate(one_sided, ["coverage"])
    assert "coverage-90" not in evaluate(one_sided)
    with pytest.raises(ValueError, match="columns like 'm-lo-90' for 'coverage'"):
        evaluate(ALONE.drop(columns="m-lo-90"), ["coverage"])


def test_series_that_are_categories_count_where_they_are():
    kind = pd.CategoricalDtype(["nobody", "b", "a"])
    frame, history = FRAME.astype({"unique_id": kind}), HISTORY.astype({"unique_id": kind})
    found = evaluate(frame, ["mae", "mase"], by="series", history=history)
    assert found["unique_id"].tolist() == ["b", "a"] * 2  # in the order of the categories
    expected = evaluate(FRAME, ["mae", "mase"], by="series", history=HISTORY)
    assert_allclose(found["mase"].sort_values(), expected["mase"].sort_values())


def test_rows_without_truth_do_not_count_but_keep_their_step():
    gaps = FRAME.assign(y=FRAME["y"].where(FRAME.groupby(["unique_id", "cutoff"]).cumcount() != 0))
    found = evaluate(gaps, ["mae"], by="step", models=["y_pred"])
    full = evaluate(FRAME, ["mae"], by="step", models=["y_pred"])
    assert_frame_equal(found, full.iloc[1:].reset_index(drop=True))


def test_model_without_intervals_has_no_coverage():
    found = evaluate(FRAME.drop(columns=[name for name in FRAME if name.startswith("SeasonalNaive-")]), ["coverage"])
    assert found["coverage-80"].isna().tolist() == [False, True]


def test_quantile_columns_count_for_crps_and_are_no_models():
    frame = FRAME[["unique_id", "cutoff", "ds", "y", "y_pred"]].assign(**{"y_pred-q0.5": FRAME["y_pred"]})
    found = evaluate(frame, ["mae", "crps"], by="series")
    assert found["model"].unique().tolist() == ["y_pred"]
    assert_allclose(found["crps"], found["mae"])


def test_polars_in_polars_out():
    polars = pytest.importorskip("polars", reason="an optional form of frames")
    found = evaluate(polars.DataFrame(FRAME.to_dict("list")), ["mae"], by="series")
    assert isinstance(found, polars.DataFrame)
    assert_allclose(found["mae"].to_numpy(), evaluate(FRAME, ["mae"], by="series")["mae"])


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        (FRAME, {"metrics": ["mea"]}, "metrics must be among mae, rmse, .*, got 'mea'"),
        (FRAME, {"metrics": ["mase"]}, "history must be given for 'mase'"),
        (FRAME, {"by": "week"}, "by must be 'series', 'cutoff', 'step' or a column of frame, got 'week'"),
        (FRAME, {"models": ["LSTM"]}, r"models must be columns of frame, .*, got 'LSTM'"),
        (FRAME, {"target": "sales"}, r"target must be a column of frame, .*, got 'sales'"),
        (FRAME[["unique_id", "ds", "y"]], {}, "frame must have a column of forecasts"),
        (FRAME[["unique_id", "y", "y_pred"]], {}, "time_col must be given: frame has neither"),
        (
            FRAME[["unique_id", "ds", "y", "y_pred"]],
            {"metrics": ["coverage"]},
            "columns like 'y_pred-lo-90' for 'coverage'",
        ),
        (
            FRAME[["unique_id", "ds", "y", "y_pred"]],
            {"metrics": ["crps"]},
            "columns of quantiles or intervals for 'crps'",
        ),
        (FRAME.assign(y_pred=np.nan), {}, "finite forecasts, got 24 in 'y_pred' that are not"),
        (FRAME.assign(y=np.nan), {}, "must have a truth in column 'y', got none"),
        (FRAME, {"metrics": ["mase"], "history": HISTORY[:40]}, "must have all series of frame, got none named 'b'"),
        (
            FRAME,
            {"metrics": ["mase"], "history": HISTORY, "season": 25},
            "history of 'b' has no two values season=25 rows apart up to 2024-01-02 03:00:00",
        ),
        (FRAME, {"metrics": ["mase"], "history": HISTORY, "season": 0}, "season must be at least 1, got 0"),
        (FRAME, {"metrics": ["owa"], "history": HISTORY, "reference": "Naive"}, "reference must be one of the models"),
    ],
)
def test_bad_frames_are_named(frame, options, message):
    with pytest.raises(ValueError, match=message):
        evaluate(frame, **options)


def test_no_frame_is_a_type_error():
    with pytest.raises(TypeError, match="frame must be a Series or DataFrame of pandas or polars, got a dict"):
        evaluate({})
