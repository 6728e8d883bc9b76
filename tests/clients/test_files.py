"""Models in the files of MLflow and skops, tables of DuckDB."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from persistence_kinds import KINDS, SMALL, TABLE
from sklearn.dummy import DummyRegressor
from sklearn.pipeline import make_pipeline

from tsl import LSTMClassifier, LSTMRegressor
from tsl.baselines import SeasonalNaive
from tsl.interop import mlflow_model
from tsl.persistence import SKOPS_TRUSTED_TYPES
from tsl.windows import SlidingWindow

OWN = [
    *("regressor", "quantiles", "labels", "labels as objects", "columns of a frame", "text", "vocabulary"),
    *("windows of text", "windows", "windows of groups", "forecaster", "many series", "wide", "naive"),
    *("seasonal naive", "drift", "mean", "pipeline", "scaled target", "bag"),
]
NO_INFERENCE = {
    "pip_requirements": ["tsl-lstm"]
}  # MLflow would load the model in another process to see what it imports


@pytest.fixture
def mlflow(tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow", reason="extra 'clients'")
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    return mlflow


def test_skops_asks_for_the_published_types_and_no_other():
    skops = pytest.importorskip("skops.io", reason="extra 'clients'")
    found = set()
    for name in OWN:
        fit, ask = KINDS[name]
        model = fit()
        content = skops.dumps(model)
        found |= set(skops.get_untrusted_types(data=content))
        again = skops.loads(content, trusted=SKOPS_TRUSTED_TYPES)
        assert_array_equal(np.asarray(ask(again)), np.asarray(ask(model)), err_msg=name)
    assert sorted(found) == SKOPS_TRUSTED_TYPES


@pytest.mark.parametrize("name", ["regressor", "labels", "pipeline"])
def test_mlflow_saves_estimators_in_its_default_form_with_the_published_types(name, mlflow, tmp_path):
    fit, ask = KINDS[name]
    model = fit()
    with pytest.raises(mlflow.MlflowException, match="untrusted types"):  # its rule for types that are not its own
        mlflow.sklearn.save_model(model, tmp_path / "refused", **NO_INFERENCE)
    with mlflow.start_run():
        logged = mlflow.sklearn.log_model(model, name="model", skops_trusted_types=SKOPS_TRUSTED_TYPES, **NO_INFERENCE)
    assert_array_equal(ask(mlflow.sklearn.load_model(logged.model_uri)), ask(model))


def test_mlflow_logs_the_fits_of_pipelines_by_itself(mlflow):
    mlflow.sklearn.autolog()
    try:
        with mlflow.start_run() as run:
            LSTMRegressor(**SMALL).fit(TABLE, TABLE["a"])  # MLflow follows scikit-learn's own classes alone
            assert mlflow.get_run(run.info.run_id).data.params == {}
            model = make_pipeline(SlidingWindow(4), LSTMClassifier(**SMALL)).fit(TABLE, TABLE["a"] > 0)
    finally:
        mlflow.sklearn.autolog(disable=True)
    logged = mlflow.get_run(run.info.run_id).data
    assert logged.params["lstmclassifier__hidden_size"] == "3"
    assert "training_accuracy_score" in logged.metrics
    (saved,) = mlflow.search_logged_models(output_format="list")
    assert_array_equal(mlflow.sklearn.load_model(saved.model_uri).predict(TABLE), model.predict(TABLE))


def test_a_forecaster_carries_its_file_into_mlflow(mlflow, glucose):
    model = SeasonalNaive(6, season=12).fit(glucose.rename("y").rename_axis("ds").reset_index()).calibrate()
    newer = pd.DataFrame({"ds": glucose.index[-1:] + pd.Timedelta("5min"), "y": [100.0]})
    mlflow.pyfunc.save_model("plain", python_model=mlflow_model(model), **NO_INFERENCE)
    assert mlflow.pyfunc.load_model("plain").predict(newer).equals(model.predict(data=newer))
    example = (newer, {"level": 80.0})
    mlflow.pyfunc.save_model("model", python_model=mlflow_model(model), input_example=example, **NO_INFERENCE)
    newer.to_pickle("newer.pickle")
    program = """if True:
        import mlflow, pandas, sys
        model = mlflow.pyfunc.load_model("model")
        model.predict(pandas.read_pickle("newer.pickle"), params={"level": 90.0}).to_pickle("forecast.pickle")
    """
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    pd.testing.assert_frame_equal(pd.read_pickle("forecast.pickle"), model.predict(data=newer, level=90))


def test_a_text_model_writes_in_mlflow(mlflow):
    model = KINDS["text"][0]()
    example = (["When "], {"length": 5, "temperature": 0.0})
    mlflow.pyfunc.save_model("text", python_model=mlflow_model(model), input_example=example, **NO_INFERENCE)
    written = mlflow.pyfunc.load_model("text").predict(["When ", "shall "], params={"length": 9})
    assert written == [model.generate(prompt, length=9, temperature=0) for prompt in ("When ", "shall ")]


def test_importing_the_models_for_others_imports_no_mlflow():
    program = "import sys, tsl.interop; sys.exit('mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_what_mlflow_cannot_predict_with_is_refused(mlflow):
    with pytest.raises(TypeError, match="estimator must have predict, got CharVocabulary"):
        mlflow_model(KINDS["vocabulary"][0]())
    with pytest.raises(TypeError, match="model must be an estimator that tsl can save, got DummyRegressor"):
        mlflow_model(DummyRegressor())


def test_relations_of_duckdb_are_tables(glucose):
    duckdb = pytest.importorskip("duckdb", reason="extra 'clients'")
    pyarrow = pytest.importorskip("pyarrow", reason="extra 'clients'")
    frame = glucose.rename("y").rename_axis("ds").reset_index()
    relation = duckdb.sql("select * from frame")
    model, wanted = (SeasonalNaive(6, season=12).fit(data) for data in (relation, frame))
    found = model.predict(level=80)
    assert isinstance(found, pyarrow.Table)
    pd.testing.assert_frame_equal(found.to_pandas(), wanted.predict(level=80), check_dtype=False)
    newer = duckdb.sql("select ds + to_minutes(3500) as ds, y from frame")
    assert model.update(newer).predict().num_rows == 6
