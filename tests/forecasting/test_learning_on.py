"""`partial_fit` and ``warm_start=True``: continued training of networks."""

import copy

import numpy as np
import pandas as pd
import pytest
from forecasting_models import make_panel
from lstm_forecasters import SMALL, make_frame
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import tsl
from tsl import LSTMForecaster
from tsl.forecasting.evaluation.conformal import MEMORY, Calibration
from tsl.forecasting.model.sampling import WindowSampler, training_cutoffs
from tsl.forecasting.panel.store import NewRows, SeriesStore
from tsl.model_selection import PanelTimeSeriesSplit

FRAME = make_frame(264)
KNOWN, NEWER = FRAME[:240], FRAME[240:]


def forecaster(**parameters):
    return LSTMForecaster(6, **{**SMALL, **parameters})


@pytest.fixture(scope="module")
def fitted():
    return forecaster().fit(KNOWN)


@pytest.fixture
def model(fitted):
    return copy.deepcopy(fitted)


def weights(model):
    return np.concatenate([network.params for network in model.networks_])


def steps(model):
    """The numbers of training steps of each LSTM."""
    return [history.n_steps for history, member in zip(model.history_, model.members_) if member.kind == "lstm"]


# --- rows -----------------------------------------------------------------------------------------------------------


def test_new_rows_are_known_and_learned_from(fitted, model):
    updated = copy.deepcopy(fitted).update(NEWER)
    model.partial_fit(NEWER)
    pd.testing.assert_index_equal(model.predict().index, updated.predict().index)
    assert 0 < np.abs(weights(model) - weights(fitted)).max() < 0.1  # a small rate: no weight goes far
    assert steps(model) == [[30, 50]]  # 30 steps of fit, 50 more
    assert max(model.history_[0].learning_rate) <= 0.1 * model.learning_rate_init
    for name in ("season_", "n_steps_", "windowing_", "members_"):
        assert getattr(model, name) == getattr(fitted, name)


def test_the_first_call_is_a_fit(fitted):
    assert_array_equal(weights(forecaster().partial_fit(KNOWN)), weights(fitted))


def test_known_rows_may_come_again(fitted, model):
    model.partial_fit(KNOWN).partial_fit(KNOWN)
    assert model.history_[0].n_iter == 3
    assert len(model._history.panel().values) == len(fitted._history.panel().values)
    both = copy.deepcopy(fitted).partial_fit(FRAME[230:])
    assert both.predict().index[0] == FRAME.index[-1] + pd.Timedelta(days=1)


def test_rows_that_have_changed_are_refused(fitted, model):
    changed = FRAME[230:].copy()
    changed.iloc[3, 1] += 1
    with pytest.raises(ValueError, match="the same again, got another one at 2024-08-21 00:00:00 of series 'b'"):
        model.partial_fit(changed)
    with pytest.raises(ValueError, match="the same again, got another one at 2023-12-31"):
        model.partial_fit(KNOWN[:1].set_axis(KNOWN.index[:1] - pd.Timedelta(days=1)))
    assert_array_equal(weights(model), weights(fitted))


def test_new_series_are_learned_from(model):
    frame = KNOWN.assign(d=3 * KNOWN["a"])[["d"]]
    model.partial_fit(frame)
    assert list(model.predict().columns) == ["a", "b", "c", "d"]
    assert len(model._usual) == 4
    few = copy.deepcopy(model)
    few.partial_fit(KNOWN[["a"]][-4:].set_axis(["e"], axis=1))  # no window of it is complete yet
    assert_array_equal(weights(few), weights(model))
    assert "e" in few.predict()


def test_static_covariates_of_new_series():
    long = KNOWN[["a", "b"]].reset_index().melt("index", var_name="unique_id", value_name="y")
    long = long.rename(columns={"index": "ds"})
    table = pd.DataFrame({"kind": ["x", "z"]}, ["a", "b"])
    model = forecaster().fit(long, static=table)
    other = long[long["unique_id"] == "a"].assign(unique_id="c")
    with pytest.raises(ValueError, match="static must have a row for every series"):
        model.partial_fit(other)
    model.partial_fit(other, static=pd.DataFrame({"kind": ["z"]}, ["c"]))
    assert set(model.predict(data=other.assign(ds=other["ds"] + pd.Timedelta(days=240)))["unique_id"]) == {"c"}
    assert set(model.predict()["unique_id"]) == {"a", "b", "c"}
    with pytest.raises(ValueError, match="target must be that of the first fit, 'y', got 'ds'"):
        model.partial_fit(other, target="ds")


def test_parameters_that_networks_are_built_by_must_stay(model):
    model.set_params(hidden_size=16)
    with pytest.raises(ValueError, match="hidden_size must stay as it was in fit, 8, .* got 16"):
        model.partial_fit(NEWER)
    with pytest.raises(ValueError, match="hidden_size must stay"):
        model.set_params(warm_start=True).fit(FRAME)
    model.set_params(hidden_size=8, learning_rate_init=1e-2).partial_fit(NEWER)


def test_linear_maps_are_fitted_anew():
    changed = FRAME.copy()
    changed.iloc[120:] = 20 + 5 * np.sin(2 * np.pi * np.arange(144) / 7)[:, None]  # another season than before
    linear, wanted = (forecaster(max_iter=0, n_models=1).fit(rows) for rows in (changed[:120], changed))
    before = copy.deepcopy(linear).update(changed[120:])
    assert np.abs(before.predict() - wanted.predict()).to_numpy().max() > 5
    # both maps are fitted to 10,000 windows, drawn anew
    assert_allclose(linear.partial_fit(changed[120:]).predict(), wanted.predict(), atol=0.2)


def test_half_of_the_windows_reach_into_new_rows():
    panel = make_panel(np.arange(100.0), np.arange(50.0))
    cutoffs = training_cutoffs(panel, 10, 5)
    newer = NewRows(pd.RangeIndex(1), np.array([97])).first_rows(panel)
    assert newer.tolist() == [97, 150]
    drawn = WindowSampler(panel, cutoffs, 5, newer).draw(10_000, np.random.RandomState(0))
    is_new = (drawn + 5 > 97) & (drawn < 100)
    assert set(drawn[is_new]) == {93, 94, 95}  # the last rows of their forecasts are 97, 98 and 99
    assert is_new.mean() == pytest.approx(0.5, abs=0.02)  # four standard deviations
    assert (drawn[~is_new] > 100).mean() == pytest.approx(0.5, abs=0.03)  # the series count the same
    assert WindowSampler(panel, cutoffs, 5, panel.ends).total == 0


# --- warm start -----------------------------------------------------------------------------------------------------


def test_a_warm_start_goes_on_with_the_networks(fitted, model):
    model.set_params(warm_start=True, max_iter=100).fit(FRAME)
    assert steps(model) == [[30, 50, 50]]
    assert model.n_steps_ == 30
    assert model.predict().index[0] == FRAME.index[-1] + pd.Timedelta(days=1)
    assert 0 < np.abs(weights(model) - weights(fitted)).max() < 0.1
    other = copy.deepcopy(model).fit(FRAME[["b"]][-60:])
    assert list(other.predict()) == ["b"]
    panel = make_panel(np.zeros(3))  # of rows that an earlier fit has seen a backtest must not be made
    assert other._history.was_fitted(fitted._history.panel(), np.array([300, 700])).all()
    assert not other._history.was_fitted(panel, np.array([1])).any()
    assert len(other._usual) == len(other._history.fitted_ids) == 3
    cold = clone(model).fit(FRAME)
    assert cold.history_[0].n_iter == 2


def test_the_same_calls_give_the_same_networks(fitted):
    first, again = (copy.deepcopy(fitted).partial_fit(NEWER[:12]).partial_fit(NEWER[12:]) for _ in range(2))
    assert_array_equal(weights(first), weights(again))
    other = copy.deepcopy(fitted).set_params(random_state=None).partial_fit(NEWER)
    assert not np.array_equal(weights(other), weights(copy.deepcopy(fitted).partial_fit(NEWER)))


def test_a_warm_start_resumes_from_its_checkpoint(fitted, tmp_path):
    warm = copy.deepcopy(fitted).set_params(warm_start=True, max_iter=100)
    wanted = copy.deepcopy(warm).fit(FRAME)

    def stop(epoch, history, network):
        if epoch == 2:
            raise KeyError

    cut = copy.deepcopy(warm).set_params(callbacks=[stop])
    with pytest.raises(KeyError):
        cut.fit(FRAME, checkpoint=tmp_path / "fit.tsl", checkpoint_every=0)
    assert_array_equal(weights(cut), weights(warm))  # networks are changed when all is done
    resumed = warm.fit(FRAME, checkpoint=tmp_path / "fit.tsl")
    assert_array_equal(weights(resumed), weights(wanted))


# --- intervals, copies and files ------------------------------------------------------------------------------------


def test_a_calibration_is_renewed_by_errors_of_new_rows(model):
    model.calibrate()
    (before,) = model._calibrations.values()
    first = model.predict(level=80)
    errors = NEWER["c"].to_numpy()[:6] - model.predict()["c"].to_numpy()
    model.partial_fit(NEWER)
    (after,) = model._calibrations.values()
    assert after.scores.shape == before.scores.shape
    # windows begin every (6 // 4 =) 1 step, from 5 before the new rows to 6 before their end: 24 of each of 3 series
    new = after.scores[-72:]
    scale = model._usual[2] * before.factors[2]
    assert_allclose(new[48 + 5], errors / scale, rtol=1e-4, atol=1e-6)
    kept = after.scores[:-72]
    assert len({tuple(row) for row in kept} - {tuple(row) for row in before.scores}) == 0
    assert not first.equals(model.predict(level=80))
    untouched = copy.deepcopy(model)
    untouched.partial_fit(KNOWN)
    assert_array_equal(next(iter(untouched._calibrations.values())).scores, after.scores)


def test_the_size_of_residuals_follows_recent_windows():
    store = Calibration(np.full((100, 2), 1.0), pd.Index(["a"]), np.array([3.0]), 2.0)
    # two windows of the series that do not overlap, of mean size 6 in units of the scale 0.5, beside MEMORY - 2 of 3
    errors, cutoffs, offsets = np.full((2, 2), 3.0), np.array([10, 12]), np.array([0, 14, 20])
    renewed = store.renewed(errors, cutoffs, pd.Index(["a", "new"]), offsets, np.array([0.5, 1.0]))
    assert_allclose(renewed.factors, [(2 * 6 + (MEMORY - 2) * 3) / MEMORY, 2.0])
    assert_array_equal(renewed.scores[-2:], [[2.0, 2.0]] * 2)  # 6 / 3
    assert renewed.scores.shape == (100, 2)
    assert renewed.common == 2.0


def test_files_copies_and_searches(model, tmp_path):
    model.calibrate().partial_fit(NEWER[:12])
    tsl.save(model, tmp_path / "model.tsl")
    loaded = tsl.load(tmp_path / "model.tsl")
    for other in (loaded, copy.deepcopy(model)):
        pd.testing.assert_frame_equal(other.predict(level=80), model.predict(level=80))
        other.partial_fit(NEWER[12:])
    wanted = copy.deepcopy(model).partial_fit(NEWER[12:])
    pd.testing.assert_frame_equal(loaded.predict(level=80), wanted.predict(level=80))
    search = GridSearchCV(
        forecaster(warm_start=True), {"max_iter": [0, 30]}, cv=PanelTimeSeriesSplit(n_splits=1, horizon=6)
    ).fit(KNOWN)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize("version", ["format_1", "format_2"])
def test_models_in_files_of_earlier_versions_learn_on(version, request):
    loaded = tsl.load(request.path.parents[1] / version / "forecaster.tsl")
    before, newer = weights(loaded), loaded.predict()
    loaded.partial_fit(newer)
    assert loaded.predict().index[0] > newer.index[-1]
    assert np.abs(weights(loaded) - before).max() > 0


def test_backtests_refit_where_rows_were_learned_from(fitted, model):
    rows = copy.deepcopy(fitted).update(NEWER)._history.panel()
    assert not fitted._history.was_fitted(rows, np.array([250])).any()
    model.partial_fit(NEWER)
    assert model._history.was_fitted(rows, np.array([250])).all()


def test_rows_are_matched_by_series_and_time():
    store = SeriesStore(make_panel([1, 2, 3], [4, 5]), "error")
    assert store.knows(make_panel([1, 2, 3, 9])).tolist() == [True, True, True, False]
    with pytest.raises(ValueError, match="another one at 1 of series"):
        store.knows(make_panel([1, 7]))
