"""``LSTMRegressor(loss="poisson")``."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from regressor_problem import small

import tsl


def counts(n=300, seed=0):
    """Windows of one number, and counts whose mean is e to the power of twice that number."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (n, 1, 1))
    return X, rng.poisson(50 * np.exp(2 * X[:, 0, 0]))


def test_predictions_are_means():
    X, y = counts()
    model = small(loss="poisson", max_iter=60, learning_rate_init=0.03).fit(X, y)
    assert_allclose(model.target_scaling_.scale, y.mean())
    assert model.score(X, y) > 0.95
    assert (model.predict(10 * X) > 0).all()
    # at the least loss the mean of predictions is that of y: the slope by the bias is the mean of their difference
    assert model.predict(X).mean() == pytest.approx(y.mean(), rel=0.03)
    raw = small(loss="poisson", max_iter=5, scaling=None).fit(X, y / 50)
    assert raw.target_scaling_.scale.tolist() == [1]
    assert (raw.predict(X) > 0).all()


def test_several_targets_and_weights():
    X, y = counts(60)
    both = small(loss="poisson", max_iter=2).fit(X, np.stack([y, 0 * y], axis=1), np.arange(60))
    assert both.target_scaling_.scale.tolist() == [pytest.approx(np.average(y, weights=np.arange(60))), 1]
    assert both.predict(X).shape == (60, 2)


def test_numbers_below_zero_are_refused():
    X, y = counts(20)
    with pytest.raises(ValueError, match="y must be from 0 up with loss='poisson', got -1"):
        small(loss="poisson").fit(X, y - y.min() - 1)


def test_files_and_onnx(tmp_path):
    X, y = counts(60)
    model = small(loss="poisson", max_iter=2).fit(X, y)
    tsl.save(model, tmp_path / "model.tsl")
    assert_allclose(tsl.load(tmp_path / "model.tsl").predict(X), model.predict(X), rtol=0)
    pytest.importorskip("onnx", reason="extra 'onnx'")
    runtime = pytest.importorskip("onnxruntime", reason="extra 'test'")
    from tsl.interop import to_onnx

    exported = to_onnx(model).SerializeToString()
    session = runtime.InferenceSession(exported, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"X": X})
    assert_allclose(found, model.predict(X), rtol=1e-4)
