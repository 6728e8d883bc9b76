"""Column names of results and of the data they are derived from."""

import numpy as np
import pandas as pd
import polars
import pytest
from forecasting_models import Told
from hypothesis import given, settings
from hypothesis import strategies as st

from tsl.baselines import Naive
from tsl.forecasting.frames.intervals import IntervalRequest
from tsl.metrics import evaluate

N = 8
DAYS = pd.date_range("2024-01-01", periods=N)
OWN = ["y_pred", "y_pred-lo-80", "y_pred-q0.5", "path-0", "cutoff", "residual", "Naive", "SeasonalNaive"]
NAMES = st.sampled_from([*OWN, "unique_id", "ds", "y", "sold", "day", "shop"])


def long(id_col="shop", time_col="day", target="sold"):
    parts = [
        pd.DataFrame({id_col: s, time_col: DAYS, target: 100.0 * k + np.arange(N) ** 2}) for k, s in enumerate("ab")
    ]
    return pd.concat(parts, ignore_index=True)


def wide(frame):
    return frame.pivot(index="day", columns="shop", values="sold").rename_axis(columns=None)


def fitted(form, id_name, time_name, target):
    """A forecaster of two series or one whose columns have these names, or None where `fit` refuses one of them."""
    frame, roles = long(), {}
    if form.startswith("long"):
        frame = frame.set_axis([id_name, time_name, target], axis=1)
        roles = {"id_col": id_name, "target": target}
    elif form.startswith("single"):
        frame = frame[frame["shop"] == "a"].drop(columns="shop").set_axis([time_name, target], axis=1)
        roles = {"target": target}
    elif form.startswith("wide"):
        frame = wide(frame).set_axis([id_name, target], axis=1).rename_axis(time_name).reset_index()
    else:
        frame = wide(frame)["a"].rename(target).rename_axis(time_name)
    if form.endswith("column"):
        roles["time_col"] = time_name
    elif form != "series":
        frame = frame.set_index(time_name)
    try:
        return Naive(horizon=2, season=1).fit(frame, **roles)
    except ValueError as error:
        if "is a column of results, too: rename" not in str(error):
            raise
        return None


def long_results(model):
    return [model.predict_insample(), model.residuals(), model.backtest(n_windows=2, level=80, quantiles=0.5)]


FORMS = ["long, column", "long, index", "single, column", "single, index", "wide, column", "wide, index", "series"]


@pytest.mark.parametrize("form", FORMS)
def test_results_hold_the_same_whatever_columns_are_called(form):
    expected = long_results(fitted(form, "shop", "day", "sold"))

    @given(names=st.lists(NAMES, min_size=3, max_size=3, unique=True))
    @settings(max_examples=12, deadline=None)
    def check(names):
        model = fitted(form, *names)
        if model is None:
            return
        for frame in (model.predict(level=80, quantiles=0.5), model.simulate(2), model.make_future_frame()):
            assert frame.columns.is_unique
        for found, wanted in zip(long_results(model), expected):
            assert found.columns.is_unique
            n_names = wanted.columns.get_loc("y_pred")  # id, perhaps cutoff, time and truth
            assert found.columns[n_names:].tolist() == wanted.columns[n_names:].tolist()
            first = 0 if form.startswith("long") else 1  # else the id is the name of a column
            for k in range(first, found.shape[1]):
                assert found.iloc[:, k].tolist() == wanted.iloc[:, k].tolist()
        id_name, time_name, target = names
        assert found.columns[0] == (id_name if form.startswith("long") else "unique_id")
        assert found.columns[2] in ([time_name] if form.endswith("column") else [time_name, "ds"])
        assert found.columns[3] in ("y", target)
        assert evaluate(found, ["mae"])["model"].tolist() == ["y_pred", "Naive", "SeasonalNaive"]
        assert evaluate(found, ["mae"])["mae"].min() > 0

    check()


@pytest.mark.parametrize(
    ("names", "truth"),
    [
        ({"target": "residual"}, "y"),
        ({"target": "SeasonalNaive"}, "y"),
        ({"target": "y_pred-lo-90"}, "y"),
        ({"target": "ds"}, "ds"),
        ({"id_col": "y"}, "sold"),
        ({"time_col": "y"}, "sold"),
    ],
)
def test_the_truth_keeps_its_name_or_is_y(names, truth):
    roles = {"id_col": "shop", "time_col": "day", "target": "sold", **names}
    model = Naive(horizon=2).fit(long(**roles), **roles)
    assert model.backtest(n_windows=1).columns[:4].tolist() == [roles["id_col"], "cutoff", roles["time_col"], truth]
    assert model.residuals().columns.tolist() == [roles["id_col"], roles["time_col"], truth, "y_pred", "residual"]


@pytest.mark.parametrize("name", [*OWN, "path-12", "y_pred-hi-99.5"])
@pytest.mark.parametrize("role", ["id_col", "time_col"])
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_ids_and_times_named_as_a_column_of_results_are_refused(role, name, library):
    roles = {"id_col": "shop", "time_col": "day", "target": "sold", role: name}
    frame = long(**roles)
    data = frame if library == "pandas" else polars.DataFrame({name: frame[name].to_list() for name in frame})
    with pytest.raises(ValueError, match=f"{role} must not be '{name}', which is a column of results, too"):
        Naive(horizon=2).fit(data, **roles)


def test_what_has_no_name_left_is_refused():
    with pytest.raises(ValueError, match="id_col must not be 'y', which is a column of results, too"):
        Naive().fit(long(id_col="y", target="residual"), id_col="y", time_col="day", target="residual")
    with pytest.raises(ValueError, match="id_col must not be 'ds'"):
        Naive().fit(long(id_col="ds").set_index("day").rename_axis(None), id_col="ds", target="sold")
    with pytest.raises(ValueError, match="time_col must not be 'unique_id'"):
        Naive().fit(wide(long()).rename_axis("unique_id").reset_index(), time_col="unique_id")
    with pytest.raises(ValueError, match="data must have no series 'y_pred', which is a column of results, too"):
        Naive().fit(wide(long()).rename(columns={"a": "y_pred"}))
    frame = long().assign(ds=1.0).set_index("day").rename_axis(None)
    with pytest.raises(ValueError, match="future must not hold 'ds', which is a column of results, too"):
        Told(future=["ds"]).fit(frame, id_col="shop", target="sold")


def test_a_model_from_an_older_file_does_not_overwrite_a_column():
    model = Naive(horizon=2).fit(long(), id_col="shop", time_col="day", target="sold")
    object.__setattr__(model.schema_.roles, "id_col", "Naive")
    with pytest.raises(ValueError, match="a result cannot have two columns 'Naive'"):
        model.backtest(n_windows=1)


@given(
    st.lists(st.floats(1e-6, 1 - 1e-6), max_size=6),
    st.lists(st.floats(1, 99.99999), max_size=6),
)
def test_each_level_and_quantile_has_a_column_that_says_which(quantiles, levels):
    asked = IntervalRequest.of(levels, quantiles)
    assert len(set(asked.columns)) == len(asked.columns) == len(asked.quantiles)
    for column, quantile in zip(asked.columns, asked.quantiles):
        kind, _, number = column.removeprefix("y_pred-").rpartition("-")
        if column.startswith("y_pred-q"):
            assert float(column.removeprefix("y_pred-q")) == quantile
        else:
            half = float(number) / 200
            assert abs(quantile - (0.5 - half if kind == "lo" else 0.5 + half)) <= 1e-12
        assert "e" not in column.removeprefix("y_pred")
    assert IntervalRequest.of([80, 99.5], [0.1, 3 * 0.1]).columns == (
        "y_pred-lo-80",
        "y_pred-hi-80",
        "y_pred-lo-99.5",
        "y_pred-hi-99.5",
        "y_pred-q0.1",
        "y_pred-q0.3",
    )


# --- evaluate ---


BACKTEST = pd.DataFrame(
    {"shop": list("aabb"), "cutoff": 1, "day": [2, 3, 2, 3], "sold": [1.0, 2, 3, 4], "y_pred": [2.0, 2, 3, 7]}
)


@pytest.mark.parametrize("name", ["model", "mae", "coverage-80"])
def test_groups_named_as_a_column_of_the_result_are_refused(name):
    frame = BACKTEST.assign(**{"y_pred-lo-80": 0.0, "y_pred-hi-80": 9.0}).rename(columns={"shop": name})
    with pytest.raises(ValueError, match=f"by must not name a column called '{name}', which the result also has"):
        evaluate(frame, ["mae", "coverage"], by="series")
    assert evaluate(frame, ["mae"])["mae"].tolist() == [1.0]  # where it is no column of the result it may be called so


@pytest.mark.parametrize("name", ["size", "_series", "_key_0", "rmse", "smape", "absolute", "squared"])
def test_names_that_evaluate_uses_inside_are_free(name):
    history = pd.DataFrame({name: list("aabb"), "day": [0, 1, 0, 1], "sold": [1.0, 2, 2, 4]})
    frame = BACKTEST.rename(columns={"shop": name})
    found = evaluate(frame, ["mae", "mase"], by="series", history=history)
    assert found.columns.tolist() == [name, "model", "mae", "mase"]
    assert found[name].tolist() == ["a", "b"]
    assert found["mae"].tolist() == [0.5, 1.5]
    assert found["mase"].tolist() == [0.5, 0.75]


def test_evaluate_refuses_a_group_that_is_there_twice():
    frame = BACKTEST.rename(columns={"shop": "step"})
    with pytest.raises(ValueError, match="by must name each column of the result once, got 'step' several times"):
        evaluate(frame, ["mae"], by=["series", "step"])
    with pytest.raises(ValueError, match="frame must have each column once, got 'y_pred' several times"):
        evaluate(pd.concat([BACKTEST, BACKTEST[["y_pred"]]], axis=1), ["mae"])


def test_a_truth_named_as_a_bound_is_no_bound():
    frame = BACKTEST.rename(columns={"sold": "y_pred-lo-90"})
    with pytest.raises(ValueError, match="frame must have columns of quantiles or intervals for 'pinball', got none"):
        evaluate(frame, ["pinball"])
