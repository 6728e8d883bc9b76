"""The service of the how-to, run in this process: what it answers, and what it refuses."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from small_models import HOURS, forecaster

import tsl
from tsl import LSTMRegressor

pytest.importorskip("fastapi", reason="extra 'clients'")
testclient = pytest.importorskip("fastapi.testclient", reason="extra 'clients'")

APP = Path(__file__).parents[2] / "examples/serving/app.py"
JSON = {"Content-Type": "application/json"}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 6, 2))


def served(model, folder):
    """Return a client of the service of `model`."""
    tsl.save(model, folder / "model.tsl")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODEL", str(folder / "model.tsl"))
        spec = importlib.util.spec_from_file_location("served_app", APP)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return testclient.TestClient(module.app)


@pytest.fixture(scope="module")
def regressor():
    return LSTMRegressor(hidden_size=4, max_iter=2, random_state=0).fit(X, X[:, -1, 0])


@pytest.fixture(scope="module")
def hours():
    """A forecaster of four hours, not calibrated yet."""
    return forecaster().fit(pd.DataFrame({"ds": HOURS, "y": RNG.normal(size=72)}))


@pytest.fixture(scope="module")
def windows_service(regressor, tmp_path_factory):
    return served(regressor, tmp_path_factory.mktemp("regressor"))


@pytest.fixture(scope="module")
def series_service(hours, tmp_path_factory):
    return served(hours, tmp_path_factory.mktemp("forecaster"))


def series(**changes):
    newer = HOURS[:30] + pd.Timedelta(hours=72)
    return {"ds": newer.astype(str).tolist(), "y": np.arange(30.0).tolist()} | changes


def test_windows_are_predicted(regressor, windows_service):
    answer = windows_service.post("/predict", json={"X": X[:3].tolist()})
    assert answer.status_code == 200
    assert_array_equal(answer.json()["y"], regressor.predict(X[:3]))
    assert windows_service.get("/health").json() == "ready"
    assert windows_service.post("/forecast", json=series()).status_code == 404


def test_rows_are_forecast_with_intervals(hours, series_service):
    answer = series_service.post("/forecast", json=series(horizon=3, level=[80]))
    assert answer.status_code == 200
    rows = pd.DataFrame(series()).assign(ds=lambda frame: pd.to_datetime(frame["ds"]))
    found, wanted = pd.DataFrame(answer.json()), hours.predict(3, level=[80], data=rows)
    pd.testing.assert_frame_equal(found.assign(ds=pd.to_datetime(found["ds"])), wanted, check_dtype=False)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"X": [[[1.0, 2.0, 3.0]]]}, "X has 3 channels"),  # what the model says
        ({"X": [[[1.0, 2.0]], [[1.0, 2.0], [3.0, 4.0]]]}, "inhomogeneous"),  # what NumPy says
        ({"X": [[["a", 2.0]]]}, "valid number"),  # and the rest is what pydantic says
        ({"X": [[[float("nan"), 2.0]]]}, "finite number"),
        ({"X": []}, "at least 1 item"),
        ({"Y": [[[1.0, 2.0]]]}, "Field required"),
    ],
)
def test_wrong_windows_are_422(body, message, windows_service):
    answer = windows_service.post("/predict", content=json.dumps(body), headers=JSON)  # which lets NaN pass
    assert answer.status_code == 422
    assert message in str(answer.json()["detail"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y": [1.0]}, "same length"),
        ({"y": [None] * 30}, "missing"),
        ({"horizon": 5}, "less than or equal to 4"),
        ({"level": [100]}, "less than 100"),
        ({"ds": ["yesterday"] * 30}, "valid datetime"),
    ],
)
def test_wrong_rows_are_422(changes, message, series_service):
    answer = series_service.post("/forecast", json=series(**changes))
    assert answer.status_code == 422
    assert message in str(answer.json()["detail"])


def test_the_answer_is_not_longer_for_more_errors(windows_service):
    assert len(windows_service.post("/predict", json={"X": [[["a"] * 99] * 2] * 2}).json()["detail"]) == 1


@pytest.mark.parametrize("in_parts", [False, True])
def test_a_body_that_is_too_large_is_413(in_parts, windows_service):
    content = b" " * 1_100_000
    parts = (content[k : k + 100_000] for k in range(0, len(content), 100_000))  # whose length no header says
    answer = windows_service.post("/predict", content=parts if in_parts else content, headers=JSON)
    assert answer.status_code == 413
