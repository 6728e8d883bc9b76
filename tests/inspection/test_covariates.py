"""What a forecaster relies on, for series made from known covariates."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError

from tsl import LSTMForecaster, LSTMRegressor
from tsl.baselines import Naive
from tsl.inspection import covariate_importance
from tsl.metrics import evaluate

DAYS = pd.date_range("2024-01-01", periods=240)
KNOWN = DAYS[180]
ROLES = {"id_col": "shop", "time_col": "day", "target": "sold", "static": ["kind"]}
SMALL = {
    "horizon": 5, "window": 10, "season": 7, "segment": 5, "differences": None, "scaling": None, "hidden_size": 16,
    "embedding_size": 16, "linear": False, "dropout": 0.0, "learning_rate_init": 0.01, "max_iter": 1000,
    "target_transform": None, "random_state": 0,
}  # fmt: skip


def make_shop(k):
    """An offer raises the sales of one kind of shop and lowers those of the other; Sundays are strong."""
    rng = np.random.default_rng(k)
    offer, kind = rng.random(len(DAYS)) < 0.4, ("food", "shoes")[k % 2]
    sold = 20 + (3 if k % 2 else -3) * offer + 4 * (DAYS.day_of_week == 6) + 0.3 * rng.normal(size=len(DAYS))
    noise = {"visits": rng.normal(size=len(DAYS)), "weather": rng.choice(["dry", "snow", "wet"], len(DAYS))}
    return pd.DataFrame({"shop": f"shop {k}", "day": DAYS, "kind": kind, "offer": offer, "sold": sold, **noise})


SALES = pd.concat([make_shop(k) for k in range(4)], ignore_index=True)
BEFORE, LATER = SALES[SALES["day"] < KNOWN], SALES[SALES["day"] >= KNOWN]


@pytest.fixture(scope="module")
def forecaster():
    roles = {"past": ["visits"], "future": ["offer", "weather"], "calendar": ["dayofweek"]}
    return LSTMForecaster(**SMALL, **roles).fit(BEFORE, **ROLES)


@pytest.fixture(scope="module")
def result(forecaster):
    return covariate_importance(forecaster, LATER, random_state=0)


def test_what_the_target_was_made_of_matters_and_noise_does_not(result):
    assert result.covariates.tolist() == ["visits", "offer", "weather", "kind", "dayofweek"]
    assert result.roles.tolist() == ["past", "future", "future", "static", "calendar"]
    rise = dict(zip(result.covariates, result.importances_mean / result.baseline))
    assert min(rise["offer"], rise["kind"], rise["dayofweek"]) > 1.0  # the error is at least twice as large
    assert max(abs(rise["visits"]), abs(rise["weather"])) < 0.15
    assert result.importances.shape == (5, 5)
    assert_allclose(result.importances_std, result.importances.std(axis=1))


def test_the_baseline_is_the_error_of_a_backtest(forecaster, result):
    backtest = forecaster.backtest(LATER, n_windows=10, step=5)  # 5 and a season of 7 have no divisor in common
    table = evaluate(backtest, ["mae", "mase"], models=["y_pred"], history=SALES[["shop", "day", "sold"]], season=7)
    assert_allclose(result.baseline, table["mae"][0])
    assert result.metric == "mae"
    scaled = covariate_importance(forecaster, LATER, metric="mase", n_repeats=1, random_state=0)
    assert_allclose(scaled.baseline, table["mase"][0])


def test_roles_are_exchanged_as_a_whole(forecaster, result):
    whole = covariate_importance(forecaster, LATER, by="role", random_state=0)
    assert whole.covariates.tolist() == whole.roles.tolist() == ["past", "future", "static", "calendar"]
    assert_array_equal(whole.importances[[0, 2, 3]], result.importances[[0, 3, 4]])  # of one column each
    assert whole.importances_mean[1] > 1.0


def test_it_repeats_and_changes_nothing(forecaster, result):
    ahead = LATER[LATER["day"] < DAYS[185]][["shop", "day", "offer", "weather"]]
    data, before = LATER.copy(), forecaster.predict(future=ahead)
    again = covariate_importance(forecaster, data, random_state=0)
    assert_array_equal(again.importances, result.importances)
    pd.testing.assert_frame_equal(data, LATER)
    pd.testing.assert_frame_equal(forecaster.predict(future=ahead), before)
    other = covariate_importance(forecaster, data, random_state=1)
    assert (other.importances[1] != result.importances[1]).all()


def test_calendar_that_is_the_same_at_all_cutoffs_is_not_seen(forecaster):
    weekly = covariate_importance(forecaster, LATER, n_windows=5, step=7, random_state=0)
    assert_array_equal(weekly.importances[4], 0.0)
    assert weekly.importances_mean[1] > 1.0


def test_known_rows_are_forecast_by_a_copy_that_has_not_seen_them():
    alone = SALES[SALES["shop"] == "shop 1"].set_index("day")[["sold", "offer"]]
    small = {**SMALL, "season": 1, "max_iter": 20}
    model = LSTMForecaster(**small, future=["offer"], calendar=None).fit(alone, target="sold")
    found = covariate_importance(model, n_windows=6, n_repeats=2, random_state=0)
    backtest = model.backtest(n_windows=6)
    assert_allclose(found.baseline, evaluate(backtest, ["mae"], models=["y_pred"])["mae"][0])
    assert found.covariates.tolist() == ["offer"]
    with pytest.raises(ValueError, match="n_windows must leave at least 2 windows, .*, got 1"):
        covariate_importance(model, n_windows=1)


def test_static_covariates_need_two_series(forecaster):
    with pytest.raises(ValueError, match="data must have at least 2 series, .* static covariates .*, got 1"):
        covariate_importance(forecaster, LATER[LATER["shop"] == "shop 1"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "series"}, "by must be one of 'column', 'role', got 'series'"),
        ({"metric": "crps"}, "metric must be one of 'mae', .*, got 'crps'"),
        ({"n_repeats": 0}, "n_repeats must be at least 1, got 0"),
        ({"n_windows": 0}, "n_windows must be a whole number from 1 up, got 0"),
        ({"step": 0}, "step must be a whole number from 1 up, got 0"),
    ],
)
def test_bad_options_are_refused(forecaster, options, message):
    with pytest.raises(ValueError, match=message):
        covariate_importance(forecaster, LATER, **options)


def test_what_has_no_covariates_is_refused():
    with pytest.raises(ValueError, match="forecaster must have covariates or features of the calendar, got none"):
        covariate_importance(Naive(5).fit(pd.Series(np.arange(30.0), DAYS[:30])))
    with pytest.raises(TypeError, match="forecaster must be a forecaster of tsl, got LSTMRegressor"):
        covariate_importance(LSTMRegressor())
    with pytest.raises(NotFittedError):
        covariate_importance(LSTMForecaster())
