"""Encoding of covariates and static columns as numbers."""

import re

import numpy as np
import pandas as pd
import pytest
from forecasting_frames import NAN, long_frame
from forecasting_models import Told
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from tsl import LSTMForecaster
from tsl.baselines import Naive
from tsl.forecasting.frames.encoder import Encoder
from tsl.forecasting.frames.schema import Schema

# --- covariates ---


def test_categories_become_a_column_a_level_and_truth_one():
    schema, panel = Schema.learn(long_frame(), past=["visits"], future=["promo", "weather"])
    assert schema.future.names == ["promo", "weather=rain", "weather=snow", "weather=sun"]
    assert schema.future.widths == [1, 3]
    assert_array_equal(panel.past[:, 0], long_frame()["visits"])
    assert_array_equal(panel.future[:4], [[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 0, 1], [1, 0, 1, 0]])


def test_a_level_that_is_new_is_no_level_where_that_is_wanted():
    schema, _ = Schema.learn(long_frame(), past=["weather"])
    later = schema.read(long_frame().assign(weather=["hail"] * 6 + ["snow"]), unknown="ignore")
    assert_array_equal(later.past, [[0, 0, 0]] * 6 + [[0, 1, 0]])


LEVELS = st.lists(
    st.one_of(st.text("ab 2", min_size=1, max_size=3), st.integers(0, 3).map(str)), min_size=1, max_size=5, unique=True
)
DTYPES = st.sampled_from([object, "str", "category"])


@given(LEVELS, DTYPES, DTYPES, st.text("abAB 23", min_size=1, max_size=3))
def test_a_category_is_known_as_it_was_written_or_refused(levels, learned_as, given_as, value):
    encoder = Encoder.learn(pd.DataFrame({"c": pd.Series(levels, dtype=learned_as)}), ["c"], "future")
    later = pd.DataFrame({"c": pd.Series([levels[0], None, value], dtype=given_as)})
    expected = [[float(name == f"c={one}") for name in encoder.names] for one in (levels[0], value)]
    expected.insert(1, [NAN] * len(levels))
    assert_array_equal(encoder.encode(later, "ignore"), expected)
    if value in levels:
        assert_array_equal(encoder.encode(later), expected)
    else:
        with pytest.raises(ValueError, match=f"column 'c' of future must hold .* got {re.escape(repr(value))};"):
            encoder.encode(later)


@pytest.mark.parametrize(
    ("levels", "same", "others"),
    [
        (pd.Categorical([0, 1, 2]), [2, 2.0], ["2", 3, "two"]),
        (pd.Categorical(["0", "1"]), ["1"], [1, True, "1 "]),
        (["half", "two"], ["two"], ["Half", "two ", " two", 2]),
    ],
)
def test_types_spaces_and_case_of_categories_count(levels, same, others):
    encoder = Encoder.learn(pd.DataFrame({"c": levels}), ["c"], "past")
    for value in same:
        assert encoder.encode(pd.DataFrame({"c": [value]})).sum() == 1
    for value in others:
        with pytest.raises(ValueError, match=f"column 'c' of past must .* got {re.escape(repr(value))};"):
            encoder.encode(pd.DataFrame({"c": [value]}))


def test_an_error_lists_the_first_of_many_categories():
    encoder = Encoder.learn(pd.DataFrame({"c": [f"c{k:02d}" for k in range(20)]}), ["c"], "past")
    with pytest.raises(ValueError, match=r"has seen, 'c00', .*'c09', \.\.\., got 'new'; unknown='ignore' encodes"):
        encoder.encode(pd.DataFrame({"c": ["new"]}))


ROLES_OF_CITY = {"past": {"past": ["city"]}, "future": {"future": ["city"]}, "static": {}}


@pytest.mark.parametrize("role", ROLES_OF_CITY)
def test_a_forecaster_refuses_a_new_category_on_every_way_in(role):
    later = long_frame()[4:].assign(unique_id="new", city="Bern")
    model = Told(**{"past": (), "future": ()} | ROLES_OF_CITY[role])
    static = ["city"] if role == "static" else None
    model.fit(long_frame(), static=static)
    ahead = model.make_future_frame().assign(city="Rome") if role == "future" else None
    calls = [
        lambda: model.update(later),
        lambda: model.make_future_frame(data=later),
        lambda: model.predict(data=later, future=ahead),
        lambda: model.simulate(1, data=later, future=ahead),
        lambda: model.backtest(later, n_windows=1),
        lambda: model.score(later),
    ]
    if role == "future":
        calls.append(lambda: model.predict(future=ahead.assign(city="Bern")))
    for call in calls:
        with pytest.raises(ValueError, match=f"column 'city' of {role} must hold .*'Oslo', 'Rome', got 'Bern'"):
            call()
    model.unknown = "ignore"
    assert len(model.make_future_frame(data=later)) == 2
    assert len(model.update(later).make_future_frame()) == 6


def test_a_network_takes_a_new_category_for_none_where_that_is_wanted():
    options = {"past": [], "future": ["city"], "horizon": 2, "window": 2, "segment": 1, "season": 1, "hidden_size": 2}
    model = LSTMForecaster(max_iter=1, unknown="ignore", random_state=0, **options).fit(long_frame())
    ahead = model.make_future_frame().assign(city="Bern")
    ignored = model.predict(future=ahead)
    assert_array_equal(ignored["y_pred"], model.predict(future=ahead.assign(city="Paris"))["y_pred"])
    model.set_params(unknown="error")
    with pytest.raises(ValueError, match="column 'city' of future must .* got 'Bern'"):
        model.predict(future=ahead)
    with pytest.raises(ValueError, match="The 'unknown' parameter of LSTMForecaster must be a str among"):
        model.set_params(unknown="drop").fit(long_frame())


def test_baselines_do_not_look_at_covariates_and_take_any():
    model = Naive(horizon=1).fit(long_frame(), static=["city"])
    later = long_frame()[4:].assign(unique_id="new", city="Bern")
    assert model.predict(data=later)["y_pred"].tolist() == [30.0]


def test_categorical_columns_keep_the_order_of_their_categories():
    weather = pd.Categorical(long_frame()["weather"], categories=["sun", "rain", "fog", "snow"])
    schema, _ = Schema.learn(long_frame().assign(weather=weather), past=["weather"])
    assert schema.past.names == ["weather=sun", "weather=rain", "weather=snow"]  # fog was never seen


def test_a_missing_covariate_is_missing_in_all_its_columns():
    frame = long_frame().assign(weather=["sun", None, "rain", *["sun"] * 4], visits=[NAN, *range(6)])
    _, panel = Schema.learn(frame, past=["weather", "visits"])
    assert_array_equal(panel.past[:3], [[0, 1, NAN], [NAN, NAN, 0], [1, 0, 1]])


def test_calendar_features_are_known_ahead():
    times = pd.date_range("2024-01-01", periods=72, freq="h")
    schema, panel = Schema.learn(pd.Series(np.zeros(72), index=times), calendar="auto")
    assert panel.future.shape == (72, 2)
    ahead = schema.read_future(panel, 24, None)[0]
    assert ahead.shape == (1, 24, 2)
    np.testing.assert_allclose(ahead[0], panel.future[:24])  # the same hours of another day
