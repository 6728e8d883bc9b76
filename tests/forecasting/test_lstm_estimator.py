"""`LSTMForecaster` as an estimator: copies, searches, pipelines, names of parameters and callbacks."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from lstm_forecasters import SMALL, TIMES, fitted_forecaster, make_frame
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from tsl import LSTMForecaster
from tsl.baselines import Naive, SeasonalNaive
from tsl.model_selection import PanelTimeSeriesSplit
from tsl.training import Callback


@pytest.fixture(scope="module")
def fitted():
    return fitted_forecaster()


def test_copies_forecast_the_same(fitted):
    for other in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):
        pd.testing.assert_frame_equal(other.predict(level=80), fitted.predict(level=80))
    assert clone(fitted).get_params() == fitted.get_params()


def test_grid_search_over_time():
    search = GridSearchCV(
        LSTMForecaster(6, **SMALL), {"max_iter": [0, 30]}, cv=PanelTimeSeriesSplit(n_splits=2, horizon=6)
    ).fit(make_frame())
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_params_["max_iter"] in (0, 30)


def test_pipelines_and_searches_give_no_targets():
    frame = make_frame()
    model = LSTMForecaster(6, **SMALL)
    pipeline = make_pipeline("passthrough", clone(model)).fit(frame)
    wanted = model.fit(frame, None)
    pd.testing.assert_frame_equal(pipeline[-1].predict(), wanted.predict())
    newer = make_frame(252)[-12:]
    assert pipeline.score(newer) == wanted.score(newer) == wanted.score(newer, None)
    for method in (model.fit, model.score, Naive(6).fit):
        with pytest.raises(
            TypeError, match="y must be None, because the target is a column of the data .*, got a Series"
        ):
            method(frame, frame["a"])


def test_a_forecaster_is_no_transformer():
    assert not hasattr(LSTMForecaster(), "transform")
    with pytest.warns(FutureWarning, match="transform= of LSTMForecaster is target_transform= now"):
        old = LSTMForecaster(6, transform="log", hidden_size=8)
    assert old.get_params() == LSTMForecaster(6, target_transform="log", hidden_size=8).get_params()
    with pytest.warns(FutureWarning, match="is target_transform= now"):
        model = clone(old).set_params(transform="box-cox")
    assert (model.target_transform, clone(model).target_transform) == ("box-cox", "box-cox")
    with pytest.raises(TypeError, match="unexpected keyword argument 'transfrom'"):
        LSTMForecaster(6, transfrom="log")


def test_a_frame_in_place_of_a_horizon_is_not_printed(fitted):
    frame = make_frame()
    for wrong in (frame, frame["a"], frame.to_numpy(), [1, 2]):
        for method in (fitted.predict, fitted.simulate, fitted.make_future_frame):
            message = f"must be a whole number from 1 up, got a {type(wrong).__name__}"
            with pytest.raises(ValueError, match=message) as caught:
                method(wrong)
            assert "\n" not in str(caught.value)
            assert (": series to forecast from are given as data=" in str(caught.value)) == (method != fitted.simulate)
    with pytest.raises(ValueError, match=r"horizon must be a whole number from 1 up, got 2.5$"):
        fitted.predict(2.5)


@pytest.mark.parametrize("order", [["ds", "y"], ["y", "ds"], ["x", "y", "ds"]])
def test_stamps_and_target_of_one_series_need_not_be_named(order):
    frame = pd.DataFrame({"ds": TIMES, "y": make_frame()["a"].to_numpy(), "x": make_frame()["b"].to_numpy()})[order]
    for model in (LSTMForecaster(6, **SMALL), SeasonalNaive(6, season=12)):
        found, named = clone(model).fit(frame), model.fit(frame, time_col="ds", target="y")
        pd.testing.assert_frame_equal(found.predict(), named.predict())
        assert list(found.predict().columns) == ["ds", "y_pred"]
        assert found.schema_.roles == named.schema_.roles


def test_stamps_in_the_index_come_first():
    frame = make_frame()[["a", "b"]].set_axis(["ds", "y"], axis=1)
    assert list(SeasonalNaive(6, season=12).fit(frame).predict().columns) == ["ds", "y"]


def test_callbacks_are_called_for_the_networks_of_fit_alone():
    seen = []

    class Recorder(Callback):
        def on_epoch_begin(self, epoch, history, network):
            seen.append(("begin", epoch, history.n_iter))

        def on_epoch_end(self, epoch, history, network):
            seen.append(("end", epoch, history.n_iter))

    parameters = {**SMALL, "max_iter": 120, "window": "auto", "n_models": 2}
    model = LSTMForecaster(6, callbacks=[Recorder()], **parameters).fit(make_frame())
    one = [(when, epoch, epoch - (when == "begin")) for epoch in (1, 2, 3) for when in ("begin", "end")]
    assert seen == one + one
    wanted = LSTMForecaster(6, **parameters).fit(make_frame())
    pd.testing.assert_frame_equal(model.predict(level=80), wanted.predict(level=80))
    model.backtest(n_windows=1)
    assert seen == one + one


def test_a_callback_ends_the_training_or_the_fit():
    parameters = {**SMALL, "max_iter": 500}
    model = LSTMForecaster(6, callbacks=[lambda epoch, *_: epoch == 2], **parameters).fit(make_frame())
    assert (model.history_[0].n_iter, model.history_[0].stopped_by) == (2, "callback")

    class PrunedError(Exception):
        pass

    def prune(epoch, history, network):
        raise PrunedError(f"{history.loss[-1]:.1f}")

    with pytest.raises(PrunedError):
        LSTMForecaster(6, callbacks=[prune], **parameters).fit(make_frame())
    with pytest.raises(TypeError, match="callbacks has 3"):
        LSTMForecaster(6, callbacks=[3], **SMALL).fit(make_frame())
    with pytest.raises(ValueError, match="'callbacks' parameter"):
        LSTMForecaster(6, callbacks=3, **SMALL).fit(make_frame())


class Tasks:
    """A callback as scikit-learn wants it, which ends the training after so many epochs."""

    def __init__(self, stop_after=None):
        self.begun, self.ended, self.stop_after = [], [], stop_after

    def setup(self, estimator, context):
        self.begun.append("setup")

    def teardown(self, estimator, context):
        self.ended.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.begun.append((context.task_name, context.max_subtasks))

    def on_fit_task_end(self, estimator, context, *, X=None, fitted_estimator=None):
        self.ended.append(context.task_name)
        assert isinstance(X, pd.DataFrame)
        assert fitted_estimator is None
        return self.ended.count("epoch") == self.stop_after


@pytest.mark.skipif(not hasattr(LSTMForecaster, "set_callbacks"), reason="scikit-learn before 1.9 has no callbacks")
def test_epochs_are_tasks_for_callbacks_of_scikit_learn():
    tasks = Tasks()
    model = LSTMForecaster(6, **{**SMALL, "max_iter": 120, "n_models": 2}).set_callbacks(tasks).fit(make_frame())
    assert tasks.begun == ["setup", ("fit", 6), *[("epoch", 0)] * 6]
    assert tasks.ended == [*["epoch"] * 6, "fit", "teardown"]
    model.predict(level=80)  # fits a copy
    assert len(tasks.ended) == 8
    stopped = LSTMForecaster(6, **{**SMALL, "max_iter": 500}).set_callbacks(Tasks(2)).fit(make_frame())
    assert stopped.history_[0].n_iter == 2


def test_many_short_series():
    rng = np.random.default_rng(0)
    n = 20_000
    frame = pd.DataFrame(
        {"unique_id": np.repeat(np.arange(n), 20), "ds": np.tile(np.arange(20), n), "y": rng.normal(size=20 * n)}
    )
    model = LSTMForecaster(4, **{**SMALL, "window": 8, "season": 1}).fit(frame)
    assert len(model.predict(level=80)) == 4 * n
