"""Any valid parameters on any small valid data give a sound model.

Every run draws the same few examples. A long run draws new ones each time, 2,000 and more of each property, and takes
about half an hour::

    pytest --hypothesis-profile=long tests/test_properties.py
"""

import copy
import pickle
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from tsl import LSTMCharModel, LSTMClassifier, LSTMForecaster, LSTMRegressor
from tsl.baselines import Drift, Naive, SeasonalNaive, WindowAverage
from tsl.persistence import load, save
from tsl.text import CharVocabulary, CharWindow
from tsl.training import TrainingDivergedWarning
from tsl.windows import SlidingWindow

IS_LONG = settings().max_examples > 1000


def examples(n):
    return settings(
        max_examples=settings().max_examples // 10 if IS_LONG else n,
        derandomize=not IS_LONG,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )


def copies(model):
    """The model after everything that should leave it as it is."""
    yield pickle.loads(pickle.dumps(model))
    yield copy.deepcopy(model)
    with tempfile.TemporaryDirectory() as folder:
        save(model, Path(folder) / "model")
        yield load(Path(folder) / "model")


def fitted(model, *arguments, **options):
    """The fitted model, and whether its training diverged, which is no failure as long as what is left is sound."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", TrainingDivergedWarning)
        model.fit(*arguments, **options)
    return model, bool(caught)


# --- parameters -----------------------------------------------------------------------------------------------------


def stop_after_two(epoch, history, network):
    return epoch == 2


SHARES = st.floats(0, 0.95)
NEITHER = st.floats(0.01, 0.99)
POSITIVE = st.floats(1e-12, 1e6)
SIZES = st.integers(1, 9) | st.lists(st.integers(1, 9), min_size=1, max_size=3).map(tuple)
SEEDS = st.integers(0, 2**32 - 1)
SOLVERS = st.sampled_from(["adam", "adamw", "rmsprop", "sgd"])
RATES = st.floats(-9, 1).map(lambda power: 10.0**power)
QUANTILES = st.lists(st.floats(0.01, 0.99), min_size=1, max_size=4, unique=True).map(sorted)

NETWORK = {
    "bidirectional": st.booleans(),
    "dropout": SHARES,
    "recurrent_dropout": SHARES,
    "forget_bias": st.just("chrono") | st.floats(-100, 100),
    "solver": SOLVERS,
    "alpha": st.just("auto") | st.floats(0, 10),
    "batch_size": st.just("auto") | st.integers(1, 20),
    "learning_rate_init": RATES,
    "learning_rate": st.sampled_from(["constant", "step", "cosine", "plateau"]),
    "learning_rate_factor": NEITHER,
    "learning_rate_every": st.integers(1, 3),
    "learning_rate_patience": st.integers(1, 3),
    "learning_rate_warmup": st.floats(0, 1),
    "learning_rate_final": st.floats(0, 1),
    "max_time": st.none() | st.floats(1e-9, 1e9),
    "shuffle": st.booleans(),
    "tol": st.floats(0, 10),
    "warm_start": st.booleans(),
    "momentum": SHARES,
    "nesterovs_momentum": st.booleans(),
    "beta_1": SHARES,
    "beta_2": SHARES,
    "epsilon": POSITIVE,
    "clip_norm": st.none() | POSITIVE,
    "clip_value": st.none() | POSITIVE,
    "early_stopping": st.booleans(),
    "validation_fraction": st.floats(0.01, 0.5),
    "n_iter_no_change": st.none() | st.integers(1, 3),
    "scaling": st.sampled_from(["standard", None]),
    "n_threads": st.none() | st.integers(1, 3),
    "dtype": st.sampled_from(["float32", "float64"]),
    "callbacks": st.none() | st.just([]) | st.just([stop_after_two]),
}
REGRESSION = {
    **NETWORK,
    "loss": st.sampled_from(["squared_error", "absolute_error", "huber", "quantile"]),
    "quantiles": st.floats(0.01, 0.99) | QUANTILES,
    "huber_delta": POSITIVE,
}


def some(parameters, **always):
    """Some of the parameters, the others left as they are; networks are small and training is short."""
    always = {"hidden_size": SIZES, "max_iter": st.integers(1, 4), "random_state": SEEDS, **always}
    return st.fixed_dictionaries(always, optional=parameters)


# Numbers of any size, and many that are equal; whose quotients are within float32.
NUMBERS = (st.integers(-3, 3).map(float) | st.floats(-1e6, 1e6) | st.floats(-1e-6, 1e-6)).map(
    lambda number: number if abs(number) > 1e-30 else 0.0
)


@st.composite
def windows(draw):
    """Two windows or more, as an array (n, T, C), a flat one with its number of channels, or sequences."""
    n, n_steps, n_channels = (draw(st.integers(least, most)) for least, most in ((3, 12), (1, 6), (1, 3)))
    X = draw(hnp.arrays(np.float64, (n, n_steps, n_channels), elements=NUMBERS))
    form = draw(st.sampled_from(["array", "flat", "sequences", "series"]))
    if form == "flat":
        return X.reshape(n, -1), n_channels
    if form == "sequences":
        return [window[: draw(st.integers(1, n_steps))] for window in X], None
    if form == "series":
        return np.lib.stride_tricks.sliding_window_view(X[:, 0], 2, axis=0).swapaxes(1, 2), None
    return X, None


def weights_for(n):
    return st.none() | hnp.arrays(np.float64, n, elements=st.integers(0, 3).map(float)).filter(np.any)


# --- windows to numbers and labels ----------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::tsl.windows.OutlierWarning")
@examples(60)
@given(some(REGRESSION), windows(), st.data())
def test_any_regressor(parameters, given_windows, data):
    X, n_channels = given_windows
    shape = data.draw(st.sampled_from([(len(X),), (len(X), 1), (len(X), 2)]))
    y = data.draw(hnp.arrays(np.float64, shape, elements=NUMBERS))
    weights = None if parameters.get("early_stopping") else data.draw(weights_for(len(X)))
    model, diverged = fitted(LSTMRegressor(n_channels=n_channels, **parameters), X, y, weights)
    predicted = model.predict(X)
    quantiles = np.atleast_1d(parameters.get("quantiles", 0.5)) if parameters.get("loss") == "quantile" else [0.5]
    assert predicted.shape == shape + ((len(quantiles),) if len(quantiles) > 1 else ())
    assert np.isfinite(predicted).all()
    assert np.isfinite(model.network_.params).all()
    assert (model.history_.stopped_by == "divergence") == diverged
    for other in copies(model):
        assert_array_equal(other.predict(X), predicted)
    if model.max_time is None:
        again, _ = fitted(clone(model).set_params(n_threads=2), X, y, weights)
        assert_array_equal(again.predict(X), predicted)


@pytest.mark.filterwarnings("ignore::tsl.windows.OutlierWarning")
@examples(40)
@given(some(NETWORK), windows(), st.data())
def test_any_classifier(parameters, given_windows, data):
    X, n_channels = given_windows
    labels = data.draw(st.sampled_from([["a", "bc", "d"], [3, -1, 10], [True, False], [0.0, 1.0], ["one"]]))
    y = np.array(data.draw(st.lists(st.sampled_from(labels), min_size=len(X), max_size=len(X))))
    weights = None if parameters.get("early_stopping") else data.draw(weights_for(len(X)))
    model, diverged = fitted(LSTMClassifier(n_channels=n_channels, **parameters), X, y, weights)
    probabilities = model.predict_proba(X)
    assert probabilities.shape == (len(X), len(model.classes_))
    assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
    assert set(model.predict(X)) <= set(y)
    assert np.isfinite(model.network_.params).all()
    assert (model.history_.stopped_by == "divergence") == diverged
    for other in copies(model):
        assert_array_equal(other.predict_proba(X), probabilities)
        assert_array_equal(other.predict(X), model.predict(X))


@pytest.mark.filterwarnings("ignore::tsl.windows.OutlierWarning")
@examples(15)
@given(some({name: NETWORK[name] for name in NETWORK if name not in ("early_stopping", "max_time")}), windows())
def test_any_model_goes_on_where_its_copy_does(parameters, given_windows):
    X, n_channels = given_windows
    y = np.arange(len(X)) % 3
    model = LSTMRegressor(n_channels=n_channels, **parameters)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TrainingDivergedWarning)
        model.partial_fit(X, y)
        others = list(copies(model))
        model.partial_fit(X, y)
        for other in others:
            assert_array_equal(other.partial_fit(X, y).predict(X), model.predict(X))


# --- series ---------------------------------------------------------------------------------------------------------

FORECASTING = {
    "season": st.just("auto") | st.integers(1, 8),
    "n_layers": st.integers(1, 2),
    "dropout": SHARES,
    "linear": st.booleans(),
    "strategy": st.sampled_from(["direct", "recursive"]),
    "n_models": st.integers(1, 2),
    "short": st.sampled_from(["pad", "skip", "error"]),
    "calendar": st.sampled_from(["auto", None]),
    "solver": SOLVERS,
    "alpha": st.floats(0, 10),
    "learning_rate_init": RATES,
    "batch_size": st.just("auto") | st.integers(1, 20),
    "max_time": st.none() | st.floats(1e-9, 1e9),
    "clip_norm": st.none() | POSITIVE,
    "n_threads": st.none() | st.integers(1, 3),
}
CHOICES = {  # which take several trainings where they are left open, or larger ones: that is to be seldom
    "embedding_size": st.none() | st.integers(1, 9),
    "window": st.integers(0, 12).map(lambda n: n or "auto"),
    "segment": st.integers(0, 12).map(lambda n: n or "auto"),
    "scaling": st.sampled_from(["window", "level", None, "window", "level", None, "auto"]),
    "differences": st.integers(-3, 5).map(lambda n: "auto" if n == -3 else n if n > 0 else None),
}
LOSSES = st.sampled_from(["absolute_error", "squared_error", "huber"]).map(lambda loss: {"loss": loss}) | QUANTILES.map(
    lambda quantiles: {"loss": "quantile", "quantiles": quantiles}
)
FREQUENCIES = st.sampled_from(["h", "D", "MS", "B"])


@st.composite
def series(draw, *, missing=False):
    """One series or several, of which the shortest has 16 rows."""
    n, n_series = draw(st.integers(16, 40)), draw(st.integers(1, 3))
    values = draw(hnp.arrays(np.float64, (n, n_series), elements=NUMBERS))
    if missing:
        holes = draw(hnp.arrays(bool, (n, n_series), elements=st.booleans()))
        holes[[0, 5, -1]] = False
        values[holes] = np.nan
    times = draw(
        st.sampled_from([pd.RangeIndex(n)])
        | FREQUENCIES.map(lambda freq: pd.date_range("2024-03-20", periods=n, freq=freq))
    )
    frame = pd.DataFrame(values, times, [f"s{k}" for k in range(n_series)])
    return frame["s0"] if n_series == 1 and draw(st.booleans()) else frame


@pytest.mark.filterwarnings("ignore::tsl.training.TrainingDivergedWarning")
@pytest.mark.filterwarnings("ignore::tsl.forecasting.ShortSeriesWarning")
@pytest.mark.filterwarnings("ignore::tsl.windows.OutlierWarning")
@examples(25)
@given(some(FORECASTING, **CHOICES, max_iter=st.integers(0, 60), horizon=st.integers(1, 4)), LOSSES, st.data())
def test_any_forecaster(parameters, loss, data):
    way = data.draw(st.sampled_from(["error", "interpolate", "ffill", "mask"]))
    frame = data.draw(series(missing=way != "error"))
    transform = data.draw(st.sampled_from([None, "auto", "log", "sqrt", "box-cox"]))
    if transform is not None:
        frame = frame.abs() + 1
    model = LSTMForecaster(missing=way, target_transform=transform, **parameters, **loss).fit(frame)
    forecast = model.predict()
    assert type(forecast) is type(frame)
    assert forecast.shape == (model.horizon, *frame.shape[1:])
    assert np.isfinite(forecast.to_numpy()).all()
    assert all(np.isfinite(network.params).all() for network in model.networks_)
    for other in copies(model):
        assert other.predict().equals(forecast)
    if model.max_time is None:
        assert clone(model).set_params(n_threads=2).fit(frame).predict().equals(forecast)


@pytest.mark.filterwarnings("ignore::tsl.windows.OutlierWarning")
@examples(40)
@given(
    st.sampled_from([Naive, SeasonalNaive, Drift, WindowAverage]), st.integers(1, 5), series(missing=True), st.data()
)
def test_any_baseline(kind, horizon, frame, data):
    parameters = {"season": data.draw(st.just("auto") | st.integers(1, 8))}
    if kind in (Drift, WindowAverage):
        parameters["window"] = data.draw(st.none() | st.integers(2, 20))
    way = data.draw(st.sampled_from(["interpolate", "ffill", "mask"]))
    model = kind(horizon, missing=way, **parameters).fit(frame)
    forecast = model.predict()
    assert forecast.shape == (horizon, *frame.shape[1:])
    assert np.isfinite(forecast.to_numpy()).all()
    assert np.isfinite(model.predict(level=80).to_numpy()).all()
    for other in copies(model):
        assert other.predict().equals(forecast)


@examples(40)
@given(
    st.integers(1, 9),
    st.integers(1, 4),
    st.just("edge") | st.floats(-10, 10),
    hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=20), elements=NUMBERS),
)
def test_any_windows(window, stride, pad, X):
    transformer = SlidingWindow(window, stride=stride, pad=pad).fit(X)
    found = transformer.transform(X)
    assert found.shape == (len(X), window, X.shape[1])
    flat = SlidingWindow(window, stride=stride, pad=pad, output="flat").fit_transform(X)
    assert_array_equal(flat, found.reshape(len(X), -1))
    for t in range(len(X)):
        for lag in range(window):
            row = t - lag * stride
            wanted = X[row] if row >= 0 else X[0] if pad == "edge" else np.full(X.shape[1], pad)
            assert_array_equal(found[t, window - 1 - lag], wanted)
    for other in copies(transformer):
        assert_array_equal(other.transform(X), found)


# --- text -----------------------------------------------------------------------------------------------------------

WRITING = {
    "encoding": st.sampled_from(["embedding", "onehot", "scalar"]),
    "embedding_size": st.just("auto") | st.integers(1, 9),
    "windowed": st.booleans(),
    "window": st.integers(1, 9),
    "sequence_length": st.integers(1, 40),
    "batch_size": st.just("auto") | st.integers(1, 20),
    "dropout": st.just("auto") | SHARES,
    "recurrent_dropout": st.just("auto") | SHARES,
    "weight_dropout": st.just("auto") | SHARES,
    "solver": SOLVERS,
    "alpha": st.just("auto") | st.floats(0, 10),
    "learning_rate_init": st.just("auto") | RATES,
    "learning_rate": st.sampled_from(["constant", "step", "cosine", "plateau"]),
    "clip_norm": st.none() | POSITIVE,
    "early_stopping": st.booleans(),
    "validation_fraction": st.floats(0.01, 0.5),
    "n_iter_no_change": st.none() | st.integers(1, 3),
    "tol": st.floats(0, 10),
    "tokens": st.sampled_from(["char", "byte"]),
    "unknown": st.sampled_from(["error", "ignore", "replace", "grow"]),
    "lowercase": st.booleans(),
    "warm_start": st.booleans(),
    "n_threads": st.none() | st.integers(1, 3),
}
# Any characters, lone surrogates apart, which have no UTF-8; so many that either half has a window of 50 and one more.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=102, max_size=120) | st.text(
    "ab ", min_size=102, max_size=120
)


@pytest.mark.filterwarnings("ignore::tsl.training.TrainingDivergedWarning")
@examples(40)
@given(some(WRITING), st.lists(TEXTS, min_size=1, max_size=3))
def test_any_character_model(parameters, texts):
    text = texts[0] if len(texts) == 1 else texts
    model = LSTMCharModel(**parameters).fit(text)
    assert np.isfinite(model.network_.params).all()
    assert np.isfinite(model.score(text))
    probabilities = model.predict_proba([texts[0][:20]])
    assert probabilities.shape == (1, len(model.classes_))
    assert_allclose(probabilities.sum(), 1, rtol=1e-6)
    written = model.generate(texts[0][:5], length=8, random_state=0)
    assert isinstance(written, str)
    if model.tokens == "char":
        assert set(written) <= set(model.vocabulary_.characters_)
    for other in copies(model):
        assert other.generate(texts[0][:5], length=8, random_state=0) == written
        assert other.score(text) == model.score(text)


@examples(60)
@given(
    st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=3),
    st.sampled_from(["error", "ignore", "replace"]),
    st.integers(1, 5),
    st.integers(1, 3),
    st.sampled_from(["codes", "scalar", "text"]),
)
def test_any_text_goes_there_and_back(texts, unknown, window, stride, output):
    vocabulary = CharVocabulary(unknown).fit(texts)
    assert [vocabulary.decode(vocabulary.encode(text)) for text in texts] == texts
    for other in copies(vocabulary):
        assert_array_equal(other.encode(texts[0]), vocabulary.encode(texts[0]))
    texts = [*texts, "abcdef"]
    cut = CharWindow(window, stride=stride, output=output, unknown=unknown).fit(texts)
    wanted = [text[k : k + window] for text in texts for k in range(0, len(text) - window + 1, stride)]
    assert cut.inverse_transform(cut.transform(texts)) == wanted
    for other in copies(cut):
        assert_array_equal(other.transform(texts), cut.transform(texts))
