"""Column names that are not plain strings: several levels, tuples, booleans, numbers, timestamps."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import tsl
from tsl import LSTMForecaster
from tsl.baselines import Naive
from tsl.metrics import evaluate

N = 12
DAYS = pd.date_range("2024-01-01", periods=N)
LABELS = st.one_of(st.sampled_from(["Close", "Open", ""]), st.integers(0, 3), st.booleans())
NAMES = {
    "two levels": pd.MultiIndex.from_tuples([("Close", "A"), ("Close", "B"), ("Open", "A")], names=["field", "ticker"]),
    "three levels": pd.MultiIndex.from_tuples([("a", 1, True), ("a", 1, False), ("b", 2, True)]),
    "tuples": pd.Index([("Close", "A"), ("Close", "B"), ("Open", "A")], tupleize_cols=False),
    "truth values": pd.Index([True, False]),
    "truth values and text": pd.Index([True, "x", False], dtype=object),
    "numbers": pd.RangeIndex(3),
    "stamps": pd.date_range("2020-01-01", periods=3),
}


def wide(columns):
    values = 10.0 * np.arange(N)[:, None] ** 1.5 + np.arange(len(columns))
    return pd.DataFrame(values, DAYS.rename("day"), columns)


def naive(frame, **roles):
    return Naive(horizon=2, season=1).fit(frame, **roles)


@pytest.mark.parametrize("form", NAMES)
def test_a_wide_frame_may_have_any_names(form, tmp_path):
    frame = wide(NAMES[form])
    model = naive(frame[:-2])
    plain = naive(frame[:-2].set_axis(list("abc")[: frame.shape[1]], axis=1))
    point = model.predict()
    assert point.columns.equals(frame.columns)
    assert point.columns.names == frame.columns.names
    for found, expected in [
        (point, plain.predict()),
        (model.predict(level=80), plain.predict(level=80)),
        (model.simulate(2, random_state=0), plain.simulate(2, random_state=0)),
    ]:
        assert np.array_equal(found, expected)
    many = model.predict(level=80).columns
    assert many.nlevels == frame.columns.nlevels + 1
    assert many.droplevel(-1).unique().tolist() == frame.columns.tolist()
    assert many.get_level_values(-1)[:3].tolist() == ["y_pred", "y_pred-lo-80", "y_pred-hi-80"]

    table = model.backtest(frame, n_windows=1)
    assert table["unique_id"].drop_duplicates().tolist() == frame.columns.tolist()
    scores = evaluate(table, ["mae", "mase"], by="series", history=frame)
    assert set(scores["unique_id"]) == set(frame.columns)
    assert scores["mae"].min() > 0

    tsl.save(model, tmp_path / "model.tsl")
    loaded = tsl.load(tmp_path / "model.tsl")
    assert_frame_equal(loaded.predict(level=80), model.predict(level=80))
    assert_frame_equal(loaded.update(frame[-2:]).predict(), naive(frame).predict())


@given(st.lists(st.tuples(LABELS, LABELS), min_size=1, max_size=4, unique_by=str))
@settings(max_examples=50)
def test_levels_are_tuples_on_the_way_in_and_levels_again_in_results(pairs):
    if len(set(pairs)) < len(pairs):  # True and 1 are the same
        return
    columns = pd.MultiIndex.from_tuples(pairs, names=["one", None])
    frame = wide(columns)
    tuples = frame.set_axis(pd.Index(pairs, tupleize_cols=False), axis=1)
    model, other = naive(frame), naive(tuples)
    assert model.predict().columns.equals(columns)
    assert model.predict(data=tuples).columns.equals(columns)
    assert other.predict(data=frame).columns.tolist() == pairs
    assert np.array_equal(model.predict(), other.predict())
    alone = naive(frame, target=pairs[0])
    assert_frame_equal(alone.backtest(n_windows=1), naive(tuples, target=pairs[0]).backtest(n_windows=1))
    assert alone.backtest(n_windows=1)["unique_id"].tolist() == pairs[:1] * 2


def test_times_in_a_column_of_several_levels():
    frame = wide(NAMES["two levels"]).reset_index()
    model = naive(frame, time_col=("day", ""))
    assert model.predict().columns.tolist() == frame.columns.tolist()
    assert model.predict(level=80).columns[:2].tolist() == [("day", "", ""), ("Close", "A", "y_pred")]
    assert model.predict()["day"].tolist() == [*pd.date_range("2024-01-13", periods=2)]
    tuples = frame.set_axis(pd.Index(frame.columns.to_numpy(), tupleize_cols=False), axis=1)
    assert naive(tuples, time_col=("day", "")).predict(level=80).columns[:2].tolist() == [
        (("day", ""), ""),
        (("Close", "A"), "y_pred"),
    ]
    with pytest.raises(ValueError, match=r"time_col must name columns of data, got 'day'; they are \[\('day', ''\),"):
        naive(frame, time_col="day")


@pytest.mark.parametrize("names", [[("id", ""), ("day", ""), ("y", "kg"), ("offer", "%")], ["id", "day", True, False]])
def test_a_long_frame_and_its_covariates_may_have_any_names(names):
    plain = pd.DataFrame({"id": np.repeat(["a", "b"], N), "day": [*DAYS, *DAYS], "y": np.arange(2.0 * N), "offer": 1.0})
    columns = pd.MultiIndex.from_tuples(names) if isinstance(names[0], tuple) else pd.Index(names, dtype=object)
    options = {"horizon": 2, "window": 3, "segment": 1, "season": 1, "hidden_size": 2, "max_iter": 1, "past": []}

    def forecast(frame, id_col, time_col, target, future):
        model = LSTMForecaster(future=[future], random_state=0, **options)
        model.fit(frame, id_col=id_col, time_col=time_col, target=target)
        ahead = model.make_future_frame().fillna(1.0)
        return model.predict(future=ahead), model.backtest(n_windows=1)

    for found, expected in zip(forecast(plain.set_axis(columns, axis=1), *names), forecast(plain, *plain.columns)):
        assert found.columns[0] == names[0]
        assert np.array_equal(found["y_pred"], expected["y_pred"])


def test_columns_without_a_name_are_refused():
    for name in (None, np.nan):
        with pytest.raises(ValueError, match="data must have a name for each of its columns, got"):
            naive(wide(pd.Index(["a", name], dtype=object)))
