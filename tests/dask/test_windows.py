"""The regressor and the classifier on a cluster."""

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import tsl
from tsl._estimator import threads

da = pytest.importorskip("dask.array")
pytest.importorskip("distributed")
from tsl.dask import DaskLSTMClassifier, DaskLSTMRegressor  # noqa: E402

SMALL = {"hidden_size": 8, "max_iter": 20, "batch_size": 40, "n_replicas": 3, "random_state": 0}


@pytest.fixture(scope="module")
def problem():
    """Windows of two channels, the sum of the first as target, and its sign as label."""
    X = np.random.default_rng(0).normal(size=(400, 5, 2))
    y = X[:, :, 0].sum(axis=1)
    return X, y, np.where(y > 0, "up", "down").astype(object)


@pytest.fixture(scope="module")
def fitted(client, problem):
    X, y, _ = problem
    return DaskLSTMRegressor(client=client, **SMALL).fit(
        da.from_array(X, chunks=(70, 3, 1)), da.from_array(y, chunks=90)
    )


def test_regressor_learns_what_one_machine_learns(fitted, problem):
    X, y, _ = problem
    assert fitted.score(X, y) > 0.95
    assert fitted.model_.history_.n_steps == [50, 50, 50, 50]  # 20 epochs of 10 steps
    assert fitted.model_.n_iter_ == 4


def test_blocks_make_no_difference(client, fitted, problem):
    X, y, _ = problem
    again = DaskLSTMRegressor(client=client, **SMALL).fit(X, y)
    assert_array_equal(again.model_.network_.params, fitted.model_.network_.params)
    lazy = fitted.predict(da.from_array(X, chunks=(130, 2, 2)))
    assert lazy.shape == (400,)
    assert lazy.chunks == ((130, 130, 130, 10),)
    assert_array_equal(lazy.compute(), fitted.predict(X))


def test_regressor_comes_back_to_one_machine(fitted, problem, tmp_path):
    tsl.save(fitted.to_local(), tmp_path / "model.tsl")
    assert_array_equal(tsl.load(tmp_path / "model.tsl").predict(problem[0]), fitted.predict(problem[0]))


def test_several_outputs_and_quantiles(client, problem):
    X, y, _ = problem
    given = {**SMALL, "max_iter": 1, "loss": "quantile", "quantiles": [0.1, 0.9]}
    model = DaskLSTMRegressor(client=client, **given).fit(X[:, :, 0], np.stack([y, -y], axis=1))
    lazy = model.predict(da.from_array(X[:, :, 0], chunks=(150, 5)))
    assert lazy.shape == (400, 2, 2)
    assert_array_equal(lazy.compute(), model.predict(X[:, :, 0]))


def test_classifier_knows_the_labels_of_all_blocks(client, problem):
    X, _, labels = problem
    labels = labels.copy()
    labels[399] = "never"
    model = DaskLSTMClassifier(client=client, **SMALL).fit(da.from_array(X, chunks=(100, 5, 2)), labels)
    assert model.model_.classes_.tolist() == ["down", "never", "up"]
    assert model.score(da.from_array(X, chunks=(100, 5, 2)), labels) > 0.9
    lazy = model.predict_proba(da.from_array(X, chunks=(150, 5, 2)))
    assert lazy.shape == (400, 3)
    assert_array_equal(lazy.compute(), model.predict_proba(X))
    assert set(np.unique(model.predict(da.from_array(X, chunks=(150, 5, 2))).compute())) <= {"down", "never", "up"}


def test_a_checkpoint_is_resumed(client, fitted, problem, tmp_path):
    X, y, _ = problem
    where = {"checkpoint": tmp_path / "fit.tsl", "checkpoint_every": 0}

    def stop(epoch, history, network):
        if epoch == 3:
            raise OSError("power")

    with pytest.raises(OSError, match="power"):
        DaskLSTMRegressor(client=client, callbacks=[stop], **SMALL).fit(X, y, **where)
    seen = []
    again = DaskLSTMRegressor(client=client, callbacks=[lambda *a: seen.append(a[0])], **SMALL).fit(X, y, **where)
    assert seen == [3, 4]
    assert_array_equal(again.model_.network_.params, fitted.model_.network_.params)


def test_a_search_by_joblib_takes_one_thread_in_each_task(client, problem, monkeypatch):
    X, y, _ = problem
    monkeypatch.setattr(threads, "_usable_cores", lambda: 5)
    assert threads.resolve_threads(None) == 5
    model, grid = tsl.LSTMRegressor(hidden_size=4, max_iter=1, random_state=0), {"hidden_size": [2, 4]}
    with joblib.parallel_config("dask"):
        assert joblib.Parallel()(joblib.delayed(threads.resolve_threads)(n) for n in (None, 3)) == [1, 3]
        found = GridSearchCV(model, grid, cv=2).fit(X, y)
    expected = GridSearchCV(model.set_params(n_threads=1), grid, cv=2).fit(X, y)
    assert_array_equal(found.cv_results_["mean_test_score"], expected.cv_results_["mean_test_score"])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"early_stopping": True}, "early_stopping must be False on a cluster, got True"),
        ({"learning_rate": "plateau"}, "learning_rate must be 'cosine' on a cluster"),
        ({"hidden_size": 0}, "hidden_size"),
        ({"n_replicas": 1}, "n_replicas must be a whole number from 2 up"),
    ],
    ids=str,
)
def test_parameters_that_are_refused(problem, given, message):
    model = DaskLSTMRegressor(**{**SMALL, **given})
    assert clone(model).get_params() == model.get_params()
    with pytest.raises(ValueError, match=message):
        model.fit(*problem[:2])


def test_data_that_are_refused(client, problem):
    X, y, _ = problem
    wrong = X.copy()
    wrong[301, 2, 1] = np.nan
    model = DaskLSTMRegressor(client=client, **SMALL)
    with pytest.raises(ValueError, match="must have the same length, got 400 windows in X and 399 rows in y"):
        model.fit(X, y[:-1])
    with pytest.raises(TypeError, match="X must be an array of Dask or NumPy, got a list"):
        model.fit(X.tolist(), y)
    with pytest.raises(ValueError, match=r"X must have blocks of known length: call X.compute_chunk_sizes\(\)"):
        model.fit(da.from_array(X)[da.from_array(y) > 0], y)
    with pytest.raises(ValueError, match="sample_weight must be None on a cluster"):
        model.fit(X, y, y)
    with pytest.raises(ValueError, match="NaN"):
        model.fit(wrong, y)
    assert not hasattr(model, "model_")


def test_a_block_that_is_wrong_is_named(client, problem, monkeypatch):
    X, y, _ = problem
    wrong = X.copy()
    wrong[301, 2, 1] = np.nan
    monkeypatch.setattr("tsl.dask._windows.SAMPLE_WINDOWS", 3)  # 0, 199 and 399
    with pytest.raises(ValueError, match="in windows 266 to 399: .*NaN"):
        DaskLSTMRegressor(client=client, **SMALL).fit(wrong, y)
