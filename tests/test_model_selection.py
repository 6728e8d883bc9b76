"""Splits of a panel by time."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score

from tsl.baselines import WindowAverage
from tsl.model_selection import PanelTimeSeriesSplit


def panel(*spans, names="abcdefgh"):
    """A long frame with a series for each (first, last) day."""
    parts = [
        pd.DataFrame({"unique_id": name, "ds": pd.date_range("2024-01-01", periods=last)[first:], "y": 0.0})
        for name, (first, last) in zip(names, spans)
    ]
    return pd.concat(parts, ignore_index=True)


@given(
    lengths=st.lists(st.integers(1, 30), min_size=1, max_size=4),
    n_splits=st.integers(1, 4),
    horizon=st.integers(1, 4),
    step=st.none() | st.integers(1, 4),
    gap=st.integers(0, 3),
    window=st.sampled_from(["expanding", "sliding"]),
    align=st.sampled_from(["time", "end"]),
    seed=st.integers(0, 3),
)
def test_every_fold_trains_before_it_tests(lengths, n_splits, horizon, step, gap, window, align, seed):
    frame = panel(*[(0, 0 + n) for n in lengths]).sample(frac=1.0, random_state=seed)
    needed = 1 + gap + horizon + (n_splits - 1) * (step or horizon)
    splitter = PanelTimeSeriesSplit(n_splits, horizon, step=step, gap=gap, window=window, align=align)
    if max(lengths) < needed:
        with pytest.raises(ValueError, match=f"need {needed} timestamps, got {max(lengths)}"):
            list(splitter.split(frame))
        return
    folds = list(splitter.split(frame))
    assert len(folds) == splitter.get_n_splits(frame) == n_splits
    for train, test in folds:
        assert (np.diff(train) > 0).all()
        assert (np.diff(test) > 0).all()
        for name in frame["unique_id"].iloc[test].unique():
            own = frame["unique_id"] == name
            known, tested = (frame["ds"].iloc[rows[own.iloc[rows]]] for rows in (train, test))
            assert len(tested) <= horizon
            if len(known):
                between = frame["ds"][own & (frame["ds"] > known.max()) & (frame["ds"] < tested.min())]
                assert known.max() < tested.min()
                assert len(between) == gap
        if align == "time":
            assert frame["ds"].iloc[train].max() < frame["ds"].iloc[test].min()
    last = folds[-1][1]
    assert frame["ds"].iloc[last].max() == frame["ds"].max()
    if window == "sliding" and align == "time":
        assert len({frame["ds"].iloc[train].nunique() for train, _ in folds}) == 1


def test_one_series_is_split_as_by_scikit_learn():
    expected = list(TimeSeriesSplit(n_splits=3, test_size=2, gap=1).split(np.zeros(12)))
    for rows in (np.zeros((12, 2)), pd.Series(np.zeros(12)), pd.DataFrame({"y": np.zeros(12)})):
        for ours, theirs in zip(PanelTimeSeriesSplit(3, 2, gap=1).split(rows), expected, strict=True):
            np.testing.assert_array_equal(ours[0], theirs[0])
            np.testing.assert_array_equal(ours[1], theirs[1])


def test_as_few_rows_as_there_may_be():
    frame = panel((0, 6))
    folds = list(PanelTimeSeriesSplit().split(frame))  # five folds of one row each, and one row to begin with
    assert [train.tolist() for train, _ in folds] == [[*range(n)] for n in range(1, 6)]
    assert [test.tolist() for _, test in folds] == [[n] for n in range(1, 6)]
    with pytest.raises(ValueError, match="need 6 timestamps, got 5"):
        next(PanelTimeSeriesSplit().split(frame[:5]))
    with pytest.raises(ValueError, match="need 6 timestamps, got 0"):
        next(PanelTimeSeriesSplit().split(frame[:0]))


def test_rows_of_one_series_come_in_any_order_of_their_index():
    values = pd.Series(np.arange(6.0), pd.date_range("2024-01-01", periods=6)).iloc[[3, 1, 5, 0, 2, 4]]
    train, test = next(PanelTimeSeriesSplit(1, 2).split(values))
    assert sorted(values.iloc[train]) == [0.0, 1.0, 2.0, 3.0]
    assert sorted(values.iloc[test]) == [4.0, 5.0]


def test_a_frame_of_names_and_times_alone_is_a_panel():
    frame = panel((0, 4), (0, 4))
    assert next(PanelTimeSeriesSplit(2).split(frame[["unique_id", "ds"]]))[1].tolist() == [2, 6]


def test_times_of_one_series_may_have_the_usual_name():
    frame = panel((0, 4)).drop(columns="unique_id")[::-1]
    assert [test.tolist() for _, test in PanelTimeSeriesSplit(2).split(frame)] == [[1], [0]]
    times = pd.date_range("2024-01-01", periods=4)  # an index of times comes first
    assert [test.tolist() for _, test in PanelTimeSeriesSplit(2).split(frame.set_index(times))] == [[2], [3]]


def test_frames_of_polars_are_split_alike():
    polars = pytest.importorskip("polars", reason="an optional form of frames")
    frame = panel((0, 4), (2, 4)).sample(frac=1.0, random_state=0)
    table = polars.DataFrame(frame.to_dict("list"))
    for names in ({}, {"id_col": "unique_id", "time_col": "ds"}):
        splits = PanelTimeSeriesSplit(2, **names)
        assert [test.tolist() for _, test in splits.split(table)] == [test.tolist() for _, test in splits.split(frame)]


def test_series_that_end_early_are_tested_from_their_end_if_wished():
    frame = panel((0, 10), (0, 6))
    (_, by_time), (_, by_end) = (
        next(PanelTimeSeriesSplit(1, 2, align=align).split(frame)) for align in ("time", "end")
    )
    assert by_time.tolist() == [8, 9]  # rows 10 to 15 are the second series: it ended days before
    assert by_end.tolist() == [8, 9, 14, 15]


@pytest.mark.parametrize("time", [lambda t: t.dt.tz_localize("Europe/Berlin"), lambda t: t.dt.to_period("D")])
def test_named_columns_and_other_stamps(time):
    frame = panel((0, 5), (2, 7))
    other = frame.rename(columns={"unique_id": "shop", "ds": "day"}).assign(day=time(frame["ds"]))
    expected = list(PanelTimeSeriesSplit(2).split(frame))
    found = list(PanelTimeSeriesSplit(2, id_col="shop", time_col="day").split(other))
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours[0], theirs[0])
        np.testing.assert_array_equal(ours[1], theirs[1])


class Last(BaseEstimator):
    """Forecasts the last value of each series, and so much more."""

    def __init__(self, more=0.0):
        self.more = more

    def fit(self, data, y=None):
        self.last_ = data.sort_values("ds").groupby("unique_id")["y"].last() + self.more
        return self

    def score(self, data, y=None):
        return -float(np.mean(np.abs(data["y"] - data["unique_id"].map(self.last_))))


def test_grid_search_on_a_frame():
    frame = panel((0, 20), (5, 20))
    frame["y"] = (frame["ds"] - frame["ds"].min()).dt.days  # grows by 1 a day
    search = GridSearchCV(Last(), {"more": [0.0, 1.0, 2.0]}, cv=PanelTimeSeriesSplit(n_splits=3)).fit(frame)
    assert search.best_params_ == {"more": 1.0}
    assert search.best_score_ == 0.0
    assert cross_val_score(Last(), frame, cv=PanelTimeSeriesSplit(n_splits=2, horizon=2)).tolist() == [-1.5, -1.5]


LINE = pd.DataFrame({name: np.arange(60.0) for name in "ab"}, pd.date_range("2024-01-01", periods=60, name="ds"))
FORMS = {
    "long": LINE.melt(var_name="unique_id", value_name="y", ignore_index=False).reset_index(),
    "a column a series": LINE,
    "one series": LINE["a"],
}


@pytest.mark.parametrize("form", FORMS)
def test_grid_search_of_a_forecaster(form):
    splits = PanelTimeSeriesSplit(n_splits=3, horizon=3)
    search = GridSearchCV(WindowAverage(horizon=3, season=1), {"window": [1, 3]}, cv=splits, error_score="raise")
    search.fit(FORMS[form])
    assert search.best_params_ == {"window": 1}
    # a line that grows by 1 a step: 1, 2 and 3 too low, or 1 more, over a change of 1 from step to step
    assert_allclose(search.cv_results_["mean_test_score"], [-2.0, -3.0])
    assert_allclose(search.cv_results_["std_test_score"], 0.0, atol=1e-12)


def test_repr_names_what_was_given():
    assert repr(PanelTimeSeriesSplit(2, horizon=24)) == (
        "PanelTimeSeriesSplit(n_splits=2, horizon=24, gap=0, window='expanding', align='time')"
    )
    assert "id_col='shop', time_col='day'" in repr(PanelTimeSeriesSplit(id_col="shop", time_col="day"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_splits": 0}, "n_splits must be a whole number from 1 up, got 0"),
        ({"horizon": 1.5}, "horizon must be a whole number from 1 up, got 1.5"),
        ({"step": 0}, "step must be a whole number from 1 up, got 0"),
        ({"gap": -1}, "gap must be a whole number from 0 up, got -1"),
        ({"window": "rolling"}, r"window must be one of \('expanding', 'sliding'\), got 'rolling'"),
        ({"align": "start"}, r"align must be one of \('time', 'end'\), got 'start'"),
        ({"id_col": "shop"}, r"id_col must be a column of X, \['unique_id', 'ds', 'y'\], got 'shop'"),
        ({"time_col": "day"}, r"time_col must be a column of X, \['unique_id', 'ds', 'y'\], got 'day'"),
        ({"n_splits": 10}, "n_splits=10, horizon=1, gap=0 and step=1 need 11 timestamps, got 5"),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        next(PanelTimeSeriesSplit(**options).split(panel((0, 5))))


def test_rows_without_a_stamp_are_an_error():
    frame = panel((0, 20))
    frame.loc[3, "ds"] = pd.NaT
    with pytest.raises(ValueError, match="X must have a timestamp in every row, got 1 without"):
        next(PanelTimeSeriesSplit().split(frame))
