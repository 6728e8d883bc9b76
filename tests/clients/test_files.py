"""Models in the files of MLflow and skops, tables of DuckDB."""

import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.pipeline import make_pipeline

import tsl
from tsl.baselines import SeasonalNaive
from tsl.windows import SlidingWindow


@pytest.fixture
def fitted(glucose, lstm):
    table, later = glucose.to_frame(), glucose.shift(-1).ffill()
    return make_pipeline(SlidingWindow(12), lstm(max_iter=2)).fit(table[:600], later[:600]), table


def test_mlflow_keeps_pipelines_and_forecasters(fitted, glucose, tmp_path):
    mlflow = pytest.importorskip("mlflow", reason="extra 'clients'")
    pipeline, table = fitted
    mlflow.sklearn.save_model(pipeline, tmp_path / "pipeline", serialization_format="cloudpickle")
    again = mlflow.pyfunc.load_model(str(tmp_path / "pipeline"))
    assert_array_equal(again.predict(table[600:]), pipeline.predict(table[600:]))

    class Forecasts(mlflow.pyfunc.PythonModel):
        def load_context(self, context):
            self.model = tsl.load(context.artifacts["model"])

        def predict(self, context, model_input, params=None):
            return self.model.predict(data=model_input, level=80)

    model = SeasonalNaive(6, season=12).fit(glucose.rename("y").rename_axis("ds").reset_index())
    tsl.save(model.calibrate(), tmp_path / "model.tsl")
    artifacts = {"model": str(tmp_path / "model.tsl")}
    mlflow.pyfunc.save_model(str(tmp_path / "forecaster"), python_model=Forecasts(), artifacts=artifacts)
    served = mlflow.pyfunc.load_model(str(tmp_path / "forecaster"))
    newer = pd.DataFrame({"ds": glucose.index[-1:] + pd.Timedelta("5min"), "y": [100.0]})
    pd.testing.assert_frame_equal(served.predict(newer), model.predict(data=newer, level=80))


def test_skops_keeps_windows(fitted):
    skops = pytest.importorskip("skops.io", reason="extra 'clients'")
    pipeline, table = fitted
    for model in (pipeline, SlidingWindow(3, groups="g").fit(table.assign(g=1))):
        content = skops.dumps(model)
        types = skops.get_untrusted_types(data=content)
        assert all(name.startswith("tsl.") or name == "numpy.dtype" for name in types)
        again = skops.loads(content, trusted=types)
        if model is pipeline:
            assert_array_equal(again.predict(table[600:]), pipeline.predict(table[600:]))
        else:
            assert again._tails.keys() == model._tails.keys()


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
