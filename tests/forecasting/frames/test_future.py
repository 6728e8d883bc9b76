"""Covariates known ahead: the frame to fill in, and how it is read afterwards."""

import pandas as pd
import pytest
from forecasting_frames import NAN, long_frame, wide_frame
from numpy.testing import assert_array_equal

from tsl.forecasting.frames.schema import Schema


def filled_future(schema, panel):
    return schema.future_frame(panel, 2).assign(promo=[1, 2, 3, 4], weather=["sun", "rain", "sun", "snow"])


def learn_future():
    schema, panel = Schema.learn(long_frame(), future=["promo", "weather"])
    return schema, panel, filled_future(schema, panel)


def test_the_future_frame_lacks_only_what_is_known_ahead():
    schema, panel, _ = learn_future()
    frame = schema.future_frame(panel, 2)
    assert list(frame.columns) == ["unique_id", "ds", "promo", "weather"]
    assert frame["unique_id"].tolist() == list("bbaa")
    assert frame["promo"].isna().all()
    frame.loc[0, "weather"] = "sun"  # a category may be written into it


def test_the_future_is_read_in_the_order_of_the_series():
    schema, panel, future = learn_future()
    for rows in ([0, 1, 2, 3], [3, 1, 0, 2]):
        ahead, n_known = schema.read_future(panel, 2, future.iloc[rows])
        assert n_known.tolist() == [2, 2]
        assert_array_equal(ahead[..., 0], [[1, 2], [3, 4]])
        assert_array_equal(ahead[1], [[3, 0, 0, 1], [4, 0, 1, 0]])


def test_the_future_of_a_wide_frame_goes_by_its_index():
    schema, panel = Schema.learn(wide_frame(), target="x", future=["z"])
    frame = schema.future_frame(panel, 2)
    assert (frame.index.name, list(frame.columns)) == ("day", ["z"])
    assert_array_equal(schema.read_future(panel, 2, frame.assign(z=[9, 10]))[0][0, :, 0], [9, 10])
    schema, panel = Schema.learn(wide_frame().reset_index(), target="x", future=["z"], time_col="day")
    assert list(schema.future_frame(panel, 2).columns) == ["day", "z"]


BAD_FUTURES = [
    (lambda f: f.iloc[1:], "future must have the rows of make_future_frame, got 1 missing: b at 2024-01-05"),
    (lambda f: f.iloc[:0], "got 4 missing: b at 2024-01-05 00:00:00, b at 2024-01-06 00:00:00, a at .*, ...$"),
    (lambda f: f.assign(ds=f["ds"] + pd.Timedelta(days=1)), "got 2 missing: .* and 2 surplus: b at 2024-01-07"),
    (lambda f: pd.concat([f, f.iloc[[2]]]), "future must have each row once, got several of a at 2024-01-06"),
    (lambda f: f.replace({"unique_id": {"a": "c"}}), r"got 2 surplus rows of \['c'\]"),
    (lambda f: f.drop(columns="promo"), r"future must have the columns .*, got it without \['promo'\]"),
    (lambda f: f.drop(columns="unique_id"), r"got it without \['unique_id'\]"),
    (lambda f: f.assign(y=0.0, extra=1), r"got it with surplus \['y', 'extra'\]"),
    (lambda f: f.assign(promo=[1, NAN, 1, 1]), "got 1 rows with some: 'promo' at 2024-01-06"),
    (lambda f: f.assign(weather=["sun", "sun", None, "sun"]), "no missing values, got 1 rows .* at 2024-01-06"),
    (lambda f: f.assign(ds=f["ds"].dt.tz_localize("UTC")), "column 'ds' of future must hold times of type"),
    (lambda f: None, r"future must hold the columns \['promo', 'weather'\] ahead of time, got None"),
]


@pytest.mark.parametrize(("spoil", "message"), BAD_FUTURES)
def test_a_future_with_holes_or_more_than_is_needed_is_named(spoil, message):
    schema, panel, future = learn_future()
    with pytest.raises(ValueError, match=message):
        schema.read_future(panel, 2, spoil(future))


def test_a_future_nobody_asked_for_is_refused():
    schema, panel = Schema.learn(long_frame())
    with pytest.raises(ValueError, match="future must be None if fit had no covariates .*, got a DataFrame"):
        schema.read_future(panel, 2, long_frame())
    assert schema.read_future(panel, 2, None)[0].shape == (2, 2, 0)


def test_a_future_that_is_no_frame_is_refused():
    schema, panel, _ = learn_future()
    with pytest.raises(TypeError, match="future must be a Series or DataFrame of pandas or polars, got a dict"):
        schema.read_future(panel, 2, {"promo": [1]})
    with pytest.raises(TypeError, match="future must be a DataFrame.*got a Series"):
        schema.read_future(panel, 2, pd.Series([1]))
