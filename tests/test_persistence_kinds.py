"""Estimators of every kind in files, pickles and copies: what comes back is what was there."""

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
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    LabelEncoder,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

import tsl
from tsl import LSTMCharModel, LSTMClassifier, LSTMForecaster, LSTMRegressor
from tsl.baselines import Drift, Naive, SeasonalNaive, WindowAverage
from tsl.persistence import FORMAT_VERSION
from tsl.text import CharVocabulary, CharWindow
from tsl.windows import SlidingWindow

FOLDER = pathlib.Path(__file__).parent
RNG = np.random.RandomState(0)
X = RNG.normal(size=(40, 5, 2))
Y = X[:, -1, 0]
TABLE = pd.DataFrame(RNG.normal(size=(60, 3)), columns=["a", "b", "c"])
LABELS = np.where(Y > 0, "up", "down")
TEXT = "When shall we three meet again? " * 20
HOURS = pd.date_range("2024-03-30", periods=120, freq="h", tz="Europe/Berlin")  # the clocks change in between
LOAD = pd.Series(10 + np.sin(np.arange(120) / 4) + 0.1 * RNG.normal(size=120), HOURS, name="load")
MONTHS = pd.period_range("2010-01", periods=60, freq="M")
LONG = pd.DataFrame(
    {
        "unique_id": np.repeat(["a", "b"], 60),
        "ds": [*MONTHS, *MONTHS],
        "y": RNG.uniform(1, 2, 120),
        "promo": RNG.normal(size=120),
        "kind": np.tile(["u", "v", "w"], 40),
        "store": np.repeat(["x", "z"], 60),
    }
)
WIDE = pd.DataFrame(RNG.uniform(1, 2, (60, 3)), columns=["p", "q", 3])
SIDES = np.where(TABLE["a"] > 0, "left", "right")
SMALL = {"hidden_size": 3, "max_iter": 2, "random_state": 0}


def future_of(model):
    return model.make_future_frame().assign(kind="u")


def forecaster(**parameters):
    return LSTMForecaster(**{"horizon": 3, "window": 8, "season": 1, "linear": True, **SMALL, **parameters})


# name -> what fits a model, and what a fitted one is asked
KINDS = {
    "regressor": (lambda: LSTMRegressor(**SMALL).fit(X, Y), lambda m: m.predict(X)),
    "several targets": (lambda: LSTMRegressor(**SMALL).fit(X, X[:, -1]), lambda m: m.predict(X)),
    "quantiles": (
        lambda: LSTMRegressor(loss="quantile", quantiles=[0.1, 0.9], dtype="float64", **SMALL).fit(X, Y),
        lambda m: m.predict(X),
    ),
    "unscaled": (lambda: LSTMRegressor(scaling=None, bidirectional=True, **SMALL).fit(X, Y), lambda m: m.predict(X)),
    "labels": (lambda: LSTMClassifier(**SMALL).fit(X, LABELS), lambda m: m.predict_proba(X)),
    "labels as objects": (lambda: LSTMClassifier(**SMALL).fit(X, LABELS.astype(object)), lambda m: m.predict(X)),
    "labels as booleans": (lambda: LSTMClassifier(**SMALL).fit(X, Y > 0), lambda m: m.predict(X)),
    "columns of a frame": (lambda: LSTMRegressor(**SMALL).fit(TABLE, TABLE["a"]), lambda m: m.predict(TABLE)),
    "text": (lambda: LSTMCharModel(**SMALL).fit(TEXT), lambda m: m.surprisal(TEXT)),
    "vocabulary": (lambda: CharVocabulary().fit(TEXT), lambda m: m.encode(TEXT)),
    "windows of text": (lambda: CharWindow(4).fit(TEXT), lambda m: m.transform(TEXT)),
    "windows": (lambda: SlidingWindow(4).fit(TABLE), lambda m: m.transform(TABLE)),
    "windows of groups": (
        lambda: SlidingWindow(4, groups="g").fit(TABLE.assign(g=np.repeat([1, 2], 30))),
        lambda m: m.transform(TABLE.assign(g=np.repeat([1, 2], 30))),
    ),
    "forecaster": (lambda: forecaster(target_transform="log").fit(LOAD), lambda m: m.predict(level=80)),
    "everything chosen": (lambda: LSTMForecaster(horizon=3, **SMALL).fit(LOAD), lambda m: m.predict()),
    "many series": (
        lambda: forecaster(past=["promo"], future=["kind"], missing="mask", n_models=2).fit(LONG, static=["store"]),
        lambda m: m.predict(future=future_of(m)),
    ),
    "wide": (lambda: forecaster(loss="quantile", quantiles=[0.1, 0.5, 0.9]).fit(WIDE), lambda m: m.predict()),
    "naive": (lambda: Naive(3).fit(LOAD), lambda m: m.predict(level=90)),
    "seasonal naive": (lambda: SeasonalNaive(3, season=12).fit(LONG[["unique_id", "ds", "y"]]), lambda m: m.predict()),
    "drift": (lambda: Drift(3).fit(WIDE), lambda m: m.predict()),
    "mean": (lambda: WindowAverage(3).fit(LOAD), lambda m: m.predict()),
    "pipeline": (
        lambda: make_pipeline(StandardScaler(), SlidingWindow(4), LSTMRegressor(**SMALL)).fit(TABLE, TABLE["a"]),
        lambda m: m.predict(TABLE),
    ),
    "scaled target": (
        lambda: TransformedTargetRegressor(LSTMRegressor(**SMALL), transformer=MinMaxScaler()).fit(TABLE, TABLE["a"]),
        lambda m: m.predict(TABLE),
    ),
    "columns": (
        lambda: make_pipeline(
            ColumnTransformer(
                [("kinds", OneHotEncoder(sparse_output=False), ["kind"]), ("rest", RobustScaler(), ["y", "promo"])]
            ),
            SlidingWindow(3, pad="edge"),
            LSTMRegressor(**SMALL),
        ).fit(LONG, LONG["y"]),
        lambda m: m.predict(LONG),
    ),
    "columns that pass": (
        lambda: make_pipeline(
            ColumnTransformer([("a", StandardScaler(), ["a"]), ("b", "drop", ["b"])], remainder="passthrough"),
            SlidingWindow(3),
            LSTMRegressor(**SMALL),
        ).fit(TABLE, TABLE["a"]),
        lambda m: m.predict(TABLE),
    ),
    "logarithm of the target": (
        lambda: TransformedTargetRegressor(LSTMRegressor(**SMALL), func=np.log1p, inverse_func=np.expm1).fit(
            TABLE, TABLE["a"].abs()
        ),
        lambda m: m.predict(TABLE),
    ),
    "voting": (
        lambda: VotingRegressor([("lstm", LSTMRegressor(**SMALL)), ("line", LinearRegression())], weights=[1, 2]).fit(
            TABLE, TABLE["a"]
        ),
        lambda m: m.predict(TABLE) + m.named_estimators_.lstm.predict(TABLE),
    ),
    "voting for labels": (
        lambda: VotingClassifier([("lstm", LSTMClassifier(**SMALL)), ("not", "drop")], voting="soft").fit(TABLE, SIDES),
        lambda m: m.predict_proba(TABLE),
    ),
    "stack": (
        lambda: StackingRegressor(
            [("lstm", make_pipeline(StandardScaler(), LSTMRegressor(**SMALL))), ("ridge", Ridge())], cv=2
        ).fit(TABLE, TABLE["a"]),
        lambda m: m.predict(TABLE),
    ),
    "stack of labels": (
        lambda: StackingClassifier([("lstm", LSTMClassifier(**SMALL))], cv=2, passthrough=True).fit(TABLE, SIDES),
        lambda m: m.predict_proba(TABLE),
    ),
    "stack of networks": (
        lambda: StackingRegressor([("lstm", LSTMRegressor(**SMALL))], final_estimator=LSTMRegressor(**SMALL), cv=2).fit(
            TABLE, TABLE["a"]
        ),
        lambda m: m.predict(TABLE),
    ),
    "bag": (
        lambda: BaggingRegressor(LSTMRegressor(**SMALL), n_estimators=2, max_features=2, random_state=0).fit(
            TABLE.to_numpy(), TABLE["a"]
        ),
        lambda m: m.predict(TABLE.to_numpy()),
    ),
    "bag of labels": (
        lambda: BaggingClassifier(LSTMClassifier(**SMALL), n_estimators=2, random_state=0).fit(TABLE.to_numpy(), SIDES),
        lambda m: m.predict_proba(TABLE.to_numpy()),
    ),
    "side by side": (
        lambda: FeatureUnion([("scaled", StandardScaler()), ("squares", FunctionTransformer(np.square))]).fit(TABLE),
        lambda m: m.transform(TABLE),
    ),
    "rare and unknown kinds": (
        lambda: OneHotEncoder(min_frequency=25, handle_unknown="infrequent_if_exist", sparse_output=False).fit(
            [["a", "x"], ["b", "y"], ["c", "y"]] * 10 + [["a", "x"]] * 20
        ),
        lambda m: m.transform([["a", "y"], ["b", "y"], ["d", "x"]]),
    ),
    "what is missing": (
        lambda: SimpleImputer(add_indicator=True).fit(TABLE.where(TABLE > -1)),
        lambda m: m.transform(TABLE.where(TABLE > -1)),
    ),
    "constants of objects": (
        lambda: SimpleImputer(strategy="constant", fill_value="?").fit(LABELS.astype(object)[:, None]),
        lambda m: m.transform(np.array([["up"], [np.nan]], object)),
    ),
    "labels as numbers": (lambda: LabelEncoder().fit(LABELS), lambda m: m.transform(LABELS)),
} | {
    f"scaler {type(scaler).__name__}": (lambda scaler=scaler: clone(scaler).fit(TABLE), lambda m: m.transform(TABLE))
    for scaler in (
        Binarizer(threshold=0.1),
        KBinsDiscretizer(3, encode="ordinal", strategy="uniform"),
        MaxAbsScaler(),
        MinMaxScaler(),
        Normalizer(),
        PolynomialFeatures(),
        PowerTransformer(),
        QuantileTransformer(n_quantiles=10),
        RobustScaler(),
        SimpleImputer(),
        StandardScaler(),
    )
}


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
