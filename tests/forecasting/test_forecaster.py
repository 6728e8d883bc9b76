import pickle

import numpy as np
import pandas as pd
import pytest
from forecasting_models import HOURS, Sure, Told, line, long_frame, promo_frame
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV

from tsl._tables import like_input
from tsl.baselines import Drift, Naive, SeasonalNaive
from tsl.forecasting import IgnoredColumnsWarning, IrregularTimesWarning
from tsl.forecasting.frames import cutoffs
from tsl.forecasting.panel import store
from tsl.model_selection import PanelTimeSeriesSplit

# --- forms ------------------------------------------------------------------------------------------------------


def test_a_series_becomes_a_series_and_with_intervals_a_frame():
    model = Naive(2, season=1).fit(line(20))
    pd.testing.assert_series_equal(
        model.predict(), pd.Series([19.0, 19.0], HOURS[20:22], name="load"), check_freq=False
    )
    assert list(model.predict(level=80)) == ["y_pred", "y_pred-lo-80", "y_pred-hi-80"]


def test_a_frame_of_series_becomes_one_and_with_intervals_has_two_levels():
    data = pd.DataFrame({"a": np.arange(20.0), "b": np.arange(20.0) ** 2}, HOURS[:20])
    model = Drift(2, season=1, window=2).fit(data)
    assert model.predict()["b"].tolist() == [361 + 37, 361 + 74]
    assert model.predict(level=80)[("a", "y_pred")].tolist() == [20.0, 21.0]


def test_a_long_frame_becomes_one():
    data = long_frame([30, 20]).rename(columns={"unique_id": "shop", "ds": "hour", "y": "sales"})
    forecast = Naive(1, season=1).fit(data, id_col="shop", time_col="hour", target="sales").predict()
    assert forecast["shop"].tolist() == ["a", "b"]
    assert forecast["hour"].tolist() == [HOURS[30], HOURS[20]]
    assert list(forecast) == ["shop", "hour", "y_pred"]


def test_polars_come_back_as_polars():
    polars = pytest.importorskip("polars", reason="polars frames need polars")
    data = long_frame([60, 50])
    model = Naive(3, season=1).fit(like_input(data, "polars"))  # polars.from_pandas would need pyarrow
    twin = Naive(3, season=1).fit(data)
    for ours, theirs in (
        (model.predict(level=80), twin.predict(level=80)),
        (model.backtest(n_windows=2), twin.backtest(n_windows=2)),
        (model.residuals(), twin.residuals()),
    ):
        assert isinstance(ours, polars.DataFrame)
        assert ours.columns == list(theirs)
        assert_allclose(ours["y_pred"].to_numpy(), theirs["y_pred"])


# --- covariates known ahead ---------------------------------------------------------------------------------------


def test_what_is_known_ahead_is_laid_out_and_read_back():
    model = Told().fit(promo_frame(), target="y")
    future = model.make_future_frame()
    assert future.index.tolist() == HOURS[8:10].tolist()
    assert list(future) == ["promo"]
    assert len(model.make_future_frame(5)) == 5
    future["promo"] = [3.0, 4.0]
    assert model.predict(future=future)["y_pred"].tolist() == [3.0, 4.0]
    with pytest.raises(ValueError, match="future must hold the columns"):
        model.predict()
    with pytest.raises(ValueError, match="1 missing"):
        model.predict(future=future.iloc[:1])


def test_backtests_and_intervals_read_what_is_known_ahead_from_the_data():
    model = Told().fit(promo_frame(20), target="y")
    assert model.backtest(n_windows=2)["y_pred"].tolist() == [160.0, 170.0, 180.0, 190.0]
    future = pd.DataFrame({"promo": [0.0, 0.0]}, HOURS[20:22])
    width = model.predict(future=future, level=80)["y_pred-hi-80"]
    assert width.iloc[0] > 100  # the forecasts were off by nine times the row: 0 would be without the covariate


# --- horizons and data ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("horizon", [0, -1, 1.5, True, "3"])
def test_horizons_are_checked(horizon):
    model = Naive(2, season=1).fit(line(20))
    for method in (model.predict, model.make_future_frame, lambda horizon: model.simulate(2, horizon)):
        with pytest.raises(ValueError, match="horizon must be a whole number from 1 up, got"):
            method(horizon)


def test_nothing_works_before_fit():
    for call in (
        Naive().predict,
        Naive().backtest,
        Naive().score,
        Naive().residuals,
        Naive().simulate,
        lambda: Naive().update(line(3)),
    ):
        with pytest.raises(NotFittedError):
            call()


def test_other_data_are_forecast_without_being_kept():
    model = SeasonalNaive(2, season=3).fit(line(20))
    newer = model.predict(data=line(1, start=20))
    assert newer.tolist() == [18.0, 19.0]  # the season has two rows of what was fitted
    assert newer.index.tolist() == HOURS[21:23].tolist()
    with pytest.warns(IrregularTimesWarning, match="the first after 2024-01-01 19:00:00"):
        assert model.predict(data=line(2, start=500)).tolist() == [19.0, 500.0]
    assert model.predict(data=line(15)).tolist() == [12.0, 13.0]  # begins where rows are known: stands by itself
    assert model.predict().tolist() == [17.0, 18.0]


def test_forecasts_come_in_the_order_of_the_data():
    data = long_frame([30, 30, 30])
    model = Naive(1, season=1).fit(data)
    given = pd.DataFrame({"unique_id": ["c", "new", "a"], "ds": HOURS[30], "y": [1.0, 2.0, 3.0]})
    assert model.predict(data=given)["unique_id"].tolist() == ["c", "new", "a"]
    assert model.predict(data=given, level=80)["y_pred"].tolist() == [1.0, 2.0, 3.0]


# --- updates ------------------------------------------------------------------------------------------------------


def test_updates_go_on_from_what_is_known():
    data = long_frame([40, 30, 20])
    stepwise = SeasonalNaive(3, season=24).fit(data[data["ds"] < HOURS[10]])
    for start in range(10, 40, 7):
        stepwise.update(data[(data["ds"] >= HOURS[start]) & (data["ds"] < HOURS[start + 7])])
    whole = SeasonalNaive(3, season=24).fit(data)
    pd.testing.assert_frame_equal(stepwise.predict(), whole.predict())
    pd.testing.assert_frame_equal(stepwise.backtest(n_windows=2), whole.backtest(n_windows=2))
    pd.testing.assert_frame_equal(stepwise.predict_insample(), whole.predict_insample())


def test_an_update_leaves_the_history_alone(monkeypatch):
    model = Naive(1, season=1).fit(line(100))
    monkeypatch.setattr(store, "joined", lambda panels: pytest.fail("all rows were looked at"))
    model.update(line(2, start=100)).update(line(3, start=102))
    monkeypatch.undo()
    assert model.predict().tolist() == [104.0]


def test_rows_that_are_known_are_no_update():
    model = Naive(1, season=1).fit(long_frame([30, 20]))
    old = pd.DataFrame({"unique_id": ["a", "b"], "ds": [HOURS[30], HOURS[19]], "y": [1.0, 2.0]})
    with pytest.raises(ValueError, match=r"got 2024-01-01 19:00:00 of series 'b'.*up to 2024-01-01 19:00:00"):
        model.update(old)
    assert model.predict()["ds"].tolist() == [HOURS[30], HOURS[20]]  # nothing was taken


def test_updates_bring_new_series():
    model = Naive(1, season=1).fit(long_frame([30]))
    model.update(pd.DataFrame({"unique_id": ["z", "z"], "ds": HOURS[:2], "y": [5.0, 6.0]}))
    model.update(pd.DataFrame({"unique_id": ["z"], "ds": HOURS[2:3], "y": [7.0]}))
    forecast = model.predict(level=80)
    assert forecast["unique_id"].tolist() == ["a", "z"]
    assert forecast["y_pred"].iloc[1] == 7.0
    assert forecast["ds"].iloc[1] == HOURS[3]


def test_updates_are_filled_from_what_came_before():
    model = Naive(1, season=1, missing="interpolate").fit(line(5))
    assert model.update(pd.Series([np.nan], HOURS[5:6])).predict().tolist() == [4.0]
    model = SeasonalNaive(3, season=3, missing="interpolate").fit(line(5))
    assert model.update(pd.Series([np.nan, 8.0], HOURS[5:7])).predict().tolist() == [4.0, 6.0, 8.0]
    with pytest.raises(ValueError, match="missing='error'"):
        Naive(1, season=1).fit(line(5)).update(pd.Series([np.nan], HOURS[5:6]))


# --- in the sample ------------------------------------------------------------------------------------------------


def test_in_sample_forecasts_are_a_horizon_at_a_time():
    model = Naive(3, season=1).fit(line(8))
    frame = model.predict_insample()
    assert list(frame) == ["unique_id", "ds", "load", "y_pred"]
    assert frame["load"].tolist() == [2, 3, 4, 5, 6, 7]
    assert frame["y_pred"].tolist() == [1, 1, 1, 4, 4, 4]
    assert model.residuals()["residual"].tolist() == [1, 2, 3, 1, 2, 3]
    with pytest.raises(ValueError, match="horizon=9 must be shorter than a series, got 8"):
        Naive(9, season=1).fit(line(8)).residuals()


def test_in_sample_forecasts_are_made_in_parts(monkeypatch):
    model = Naive(2, season=1).fit(long_frame([30, 20]))
    expected, sizes = model.residuals(), []
    forecast = Naive._points
    monkeypatch.setattr(cutoffs, "ROWS_AT_ONCE", 5 * 3)  # a row before and two ahead
    monkeypatch.setattr(
        Naive, "_points", lambda self, p, cutoffs, h: sizes.append(len(cutoffs)) or forecast(self, p, cutoffs, h)
    )
    pd.testing.assert_frame_equal(model.residuals(), expected)
    assert max(sizes) == 5


# --- searches -----------------------------------------------------------------------------------------------------


def test_grid_search_works_on_frames():
    data = long_frame([200, 150])
    for gap in (0, 3):
        search = GridSearchCV(SeasonalNaive(12), {"season": [7, 24]}, cv=PanelTimeSeriesSplit(3, 12, gap=gap)).fit(data)
        assert search.best_params_ == {"season": 24}


# --- ids of another type, columns without a role ---


@pytest.mark.parametrize(
    ("known", "later"), [([10, 11], ["10", "12"]), (["10", "x"], [10]), (["a", "b"], ["c", "a "]), ([7], ["007"])]
)
@pytest.mark.parametrize("form", ["long", "wide"])
def test_known_series_under_ids_of_another_type_are_refused(known, later, form):
    def frame(ids, first):
        long = pd.concat(
            [pd.DataFrame({"unique_id": i, "ds": HOURS[first : first + 6], "y": np.arange(6.0)}) for i in ids]
        )
        return long if form == "long" else long.pivot(index="ds", columns="unique_id", values="y")

    model = Naive(2, season=1).fit(frame(known, 0))
    data = frame(later, 6)
    for call in (
        lambda: model.update(data),
        lambda: model.predict(data=data),
        lambda: model.make_future_frame(data=data),
        lambda: model.simulate(1, data=data),
        lambda: model.backtest(data, n_windows=1),
        lambda: model.score(data),
    ):
        with pytest.raises(ValueError, match=r"data must name known series as they are known, got .* differ only"):
            call()
    assert model.update(frame(known, 6)).predict().shape == model.predict().shape
    new = frame([12], 6) if isinstance(known[0], int) else frame(["new"], 6)
    assert np.isfinite(model.predict(data=new).to_numpy()[:, -1].astype(float)).all()


def test_columns_of_a_long_frame_without_a_role_are_named_in_a_warning():
    frame = long_frame([30]).assign(promo=1.0, kind="x", weight=1.0)
    with pytest.warns(IgnoredColumnsWarning, match=r"from the columns \['promo', 'kind', 'weight'\] of data") as warned:
        Told(future=()).fit(frame)
    assert warned[0].filename == __file__
    with pytest.warns(IgnoredColumnsWarning, match=r"from the columns \['kind'\] of data"):
        Told(future=["promo"]).fit(frame, sample_weight="weight")
    Told(future=["promo"], past=[]).fit(frame)
    Told(future=["promo"]).fit(frame, static=["kind"], sample_weight="weight")
    Told(future=["promo"]).fit(promo_frame(), target="y")
    Told(future=()).fit(promo_frame())  # each column a series
    Naive(2).fit(frame)  # which learns from the target alone


# --- estimators -----------------------------------------------------------------------------------------------------


def test_quantiles_of_the_model_itself_are_preferred():
    forecast = Sure(1, season=1).fit(line(20)).predict(level=80, quantiles=0.3)
    assert forecast[["y_pred-lo-80", "y_pred-q0.3", "y_pred-hi-80"]].to_numpy().tolist() == [[20.0, 22.0, 28.0]]
    frame = Sure(1, season=1).fit(line(20)).backtest(n_windows=1, gap=1, level=80)
    assert frame["y_pred-hi-80"].tolist() == [17.0 + 9.0]


def test_copies_and_pickles_forecast_the_same():
    model = Naive(3).fit(long_frame([100, 90]))
    model.predict(level=80)
    other = pickle.loads(pickle.dumps(model))
    newer = pd.DataFrame({"unique_id": ["a"], "ds": HOURS[100:101], "y": [3.0]})
    pd.testing.assert_frame_equal(other.update(newer).predict(level=80), model.update(newer).predict(level=80))
    assert not hasattr(clone(model), "schema_")


def test_the_data_that_were_given_are_neither_changed_nor_followed():
    data = long_frame([60, 50])
    before = data.copy()
    model = Naive(3, missing="interpolate").fit(data)
    expected = model.predict(level=80)
    data["y"] = 0.0
    pd.testing.assert_frame_equal(model.predict(level=80), expected)
    assert_allclose(model.residuals()["y"].to_numpy()[-3:], before["y"].to_numpy()[-3:])
