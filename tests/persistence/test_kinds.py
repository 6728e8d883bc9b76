"""Estimators of every kind in files, pickles and copies: what is restored is what was there."""

import copy
import io
import json
import os
import pathlib
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from persistence_kinds import HOURS, KINDS, LABELS, LOAD, LONG, SMALL, TABLE, TEXT, X, Y
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    OrdinalEncoder,
    StandardScaler,
)

import tsl
from tsl import LSTMRegressor
from tsl.baselines import Naive
from tsl.persistence import FORMAT_VERSION
from tsl.windows import SlidingWindow

FOLDER = pathlib.Path(__file__).parents[1]


@pytest.fixture(params=KINDS)
def kind(request):
    fit, ask = KINDS[request.param]
    return fit(), ask


def same(first, second):
    """Whether two answers are the same, bit for bit, and of the same form."""
    if isinstance(first, (pd.DataFrame, pd.Series)):
        (pd.testing.assert_frame_equal if first.ndim == 2 else pd.testing.assert_series_equal)(
            first, second, check_exact=True
        )
    else:
        assert_array_equal(first, second)
        assert first.dtype == second.dtype


def test_what_is_loaded_is_what_was_saved(kind, tmp_path):
    model, ask = kind
    path = tmp_path / "model.tsl"
    tsl.save(model, path)
    expected = ask(model)
    loaded = tsl.load(path)
    assert type(loaded) is type(model)
    same(expected, ask(loaded))
    clone(loaded)
    again = tmp_path / "again.tsl"
    tsl.save(loaded, again)
    same(expected, ask(tsl.load(again)))


def through_joblib(model):
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    return joblib.load(file)


@pytest.mark.parametrize("way", [lambda m: pickle.loads(pickle.dumps(m)), copy.deepcopy, through_joblib])
def test_pickles_and_copies_are_the_same(kind, way):
    model, ask = kind
    same(ask(way(model)), ask(model))


@pytest.mark.parametrize("name", ["regressor", "labels", "text"])
def test_a_loaded_model_goes_on_training(name, tmp_path):
    fit, ask = KINDS[name]
    more = {"regressor": (X, Y), "labels": (X, LABELS), "text": (TEXT,)}[name]
    model = fit()
    tsl.save(model, tmp_path / "model.tsl")
    loaded = tsl.load(tmp_path / "model.tsl")
    for one in (model, loaded):
        one.partial_fit(*more)
        one.set_params(warm_start=True, max_iter=1).fit(*more)
    same(ask(model), ask(loaded))


@pytest.mark.parametrize("name", ["forecaster", "naive"])
def test_a_loaded_forecaster_takes_newer_rows(name, tmp_path):
    model = KINDS[name][0]()
    tsl.save(model, tmp_path / "model.tsl")
    loaded = tsl.load(tmp_path / "model.tsl")
    later = pd.Series(11.0, LOAD.index[-1] + pd.to_timedelta([1, 2], "h"), name="load")
    for one in (model, loaded):
        one.update(later)
    same(model.predict(), loaded.predict())
    same(model.backtest(n_windows=2), loaded.backtest(n_windows=2))


STEPS = ["h", "B", "MS", "QE-FEB", "W-WED", "bh", pd.offsets.CustomBusinessDay(2, weekmask="Sun Mon Tue Wed")]


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_windows_know_which_rows_follow(step, tmp_path):
    times = pd.date_range("2024-03-01", periods=60, freq=step)
    table = TABLE.set_axis(times)
    model = SlidingWindow(4).fit(table[:40])
    tsl.save(model, tmp_path / "model.tsl")
    loaded = tsl.load(tmp_path / "model.tsl")
    same(model.transform(table[40:]), loaded.transform(table[40:]))
    assert not np.array_equal(loaded.transform(table[40:]), loaded.transform(table[40:].reset_index(drop=True)))


TIMES = [pd.period_range("2024-01", periods=120, freq="M"), pd.RangeIndex(5, 605, 5), HOURS.as_unit("s")]


@pytest.mark.parametrize("times", TIMES, ids=lambda times: str(times.dtype))
def test_times_of_all_kinds_come_back(times, tmp_path):
    model = Naive(3).fit(LOAD.set_axis(times))
    tsl.save(model, tmp_path / "model.tsl")
    same(model.predict(), tsl.load(tmp_path / "model.tsl").predict())


@pytest.mark.parametrize("names", ["string", "str", "object", "category", "string[pyarrow]", "arrow"])
def test_names_of_series_keep_their_type(names, tmp_path):
    if "arrow" in names:
        pytest.importorskip("pyarrow", reason="an optional package")
    ids = LONG["unique_id"]
    frame = LONG[["ds", "y"]].assign(
        unique_id=ids.convert_dtypes(dtype_backend="pyarrow") if names == "arrow" else ids.astype(names)
    )
    model = Naive(3).fit(frame)
    tsl.save(model, tmp_path / "model.tsl")
    same(model.predict(), tsl.load(tmp_path / "model.tsl").predict())


def test_a_folder_for_pickles_stays_behind(tmp_path):
    model = Pipeline([("scale", StandardScaler()), ("model", LSTMRegressor(**SMALL))], memory=str(tmp_path / "cache"))
    tsl.save(model.fit(TABLE, TABLE["a"]), tmp_path / "model.tsl")
    assert tsl.load(tmp_path / "model.tsl").memory is None


def test_polars_stay_polars(tmp_path):
    polars = pytest.importorskip("polars", reason="an optional package")
    frame = polars.DataFrame({"time": list(LOAD.index.tz_convert(None)), "load": LOAD.to_numpy()})
    model = Naive(3).fit(frame, target="load")
    tsl.save(model, tmp_path / "model.tsl")
    assert tsl.load(tmp_path / "model.tsl").predict().equals(model.predict())


def test_arrays_that_are_shared_are_stored_once(tmp_path):
    model = Naive(3).fit(pd.Series(np.arange(100_000.0)))
    tsl.save(model, tmp_path / "model.tsl")
    # times and values, of which the history has the tails besides, in 8 bytes each
    assert (tmp_path / "model.tsl").stat().st_size < 2 * 800_000 + 50_000


def test_a_category_encoded_with_odd_values_comes_back(tmp_path):
    frame = pd.DataFrame({"k": ["a", None, "b", "a"], "n": [1, 2, 1, 2]})
    model = OrdinalEncoder(dtype=np.float32).fit(frame)
    tsl.save(model, tmp_path / "model.tsl")
    same(model.transform(frame), tsl.load(tmp_path / "model.tsl").transform(frame))
    assert tsl.load(tmp_path / "model.tsl").dtype is np.float32


def test_files_that_were_tampered_with_do_no_harm():
    command = [sys.executable, "-X", "faulthandler", FOLDER / "fuzz_persistence.py", "--n", "500"]
    where = {"PYTHONPATH": str(pathlib.Path(tsl.__file__).parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=os.environ | where)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["files"] == 500
    assert found["refused"] > 350  # most changes do harm to what a file says
    assert found["more memory, MB"] < 256  # of which a file has 0.05; the rest is that of calls of predict


FORMATS = sorted(FOLDER.glob("format_*/*.tsl"))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.InconsistentVersionWarning")  # of other versions, truly
@pytest.mark.parametrize("path", FORMATS, ids=lambda path: f"{path.parent.name} {path.stem}")
def test_files_of_every_format_are_read(path):
    """Written by ``save_of_each_kind``, with what they answered then; never written anew once a version is out."""
    model, answered = tsl.load(path), np.load(path.with_suffix(".npy"))
    # another processor, or another release of what predicts, rounds elsewhere
    np.testing.assert_allclose(numbers(KINDS[path.stem.replace("_", " ")][1](model)), answered, rtol=1e-4, atol=1e-5)


def test_there_is_a_file_of_every_format():
    assert {path.parent.name for path in FORMATS} == {f"format_{k + 1}" for k in range(FORMAT_VERSION)}


def numbers(answer):
    """The numbers of an answer."""
    return np.asarray(answer.select_dtypes("number") if isinstance(answer, pd.DataFrame) else answer, np.float64)


def save_of_each_kind(folder):
    """Files of the current format, and what their models answer."""
    for name in ("regressor", "labels", "text", "forecaster", "many series", "naive", "pipeline"):
        fit, ask = KINDS[name]
        model = fit()
        path = folder / f"{name.replace(' ', '_')}.tsl"
        tsl.save(model, path)
        np.save(path.with_suffix(".npy"), numbers(ask(model)))
