"""Every way in which the estimators use the kernels: run as a script, prints what else has to be compiled for it.

Prints, as JSON, how often something was compiled, and which entry points were called with types that `warm_up` had not
used. Usage: ``python every_use.py float32``.
"""

import json
import pathlib
import sys
import tempfile

import joblib
import numpy as np
import pandas as pd

import tsl
from tsl.kernels.cache import on_compilation
from tsl.kernels.compile import ENTRY_POINTS
from tsl.network import warm_up

TEXT = "to be or not to be " * 30
random = np.random.default_rng(0)
X, y = random.normal(size=(40, 5, 3)), random.normal(size=(40, 2))
labels = y[:, 0] > 0


def use_window_estimators(dtype):
    def fitted(X=X, y=y, weights=None, **parameters):
        model = tsl.LSTMRegressor(**({"hidden_size": 4, "max_iter": 1, "dtype": dtype} | parameters))
        model.fit(X, y, weights)
        model.predict(X)
        model.gates(X)
        return model

    fitted(hidden_size=(4, 3), bidirectional=True, early_stopping=True, dropout=0.2, recurrent_dropout=0.2)
    fitted(y=y[:, 0], weights=np.arange(40.0))
    fitted([random.normal(size=(k % 5 + 1, 3)) for k in range(40)], weights=np.arange(40))
    for loss in ("absolute_error", "huber", "quantile"):
        fitted(loss=loss)
    for solver in ("adamw", "rmsprop", "sgd"):
        fitted(solver=solver, clip_norm=1, clip_value=0.5, alpha=0, dropout=0, recurrent_dropout=0)
    fitted(n_threads=2, batch_size=8, learning_rate="plateau", max_time=9)
    for scaling in ("standard", None):
        for array in arrays(dtype):
            fitted(array, np.asfortranarray(y.astype(dtype)), scaling=scaling).predict(array[::-2])
    model = fitted().partial_fit(X, y)
    model.score(X, y)
    model = saved_and_mapped(model)
    model.predict(X)
    model.gates(X)
    model.partial_fit(X, y)
    model = tsl.LSTMClassifier(hidden_size=5, max_iter=1, early_stopping=True, dtype=dtype)
    model.fit(X, labels, np.ones(40), X_val=X, y_val=labels).predict_proba(X)
    tsl.LSTMClassifier(hidden_size=5, max_iter=1, dtype=dtype).fit(X, np.array(list("abcd") * 10)).score(X, ["a"] * 40)
    tsl.LSTMClassifier(dtype=dtype).partial_fit(X, labels, classes=[False, True]).predict(X)


def arrays(dtype):
    """X in forms that Numba has types of their own for."""
    values = X.astype(dtype)
    read_only = values.copy()
    read_only.flags.writeable = False
    unaligned = np.zeros(values.nbytes + 1, np.uint8)[1:].view(dtype).reshape(values.shape)
    unaligned[:] = values
    with tempfile.TemporaryDirectory() as folder:
        np.save(pathlib.Path(folder, "x.npy"), values)
        mapped = np.load(pathlib.Path(folder, "x.npy"), mmap_mode="r")
    overlapping = np.lib.stride_tricks.sliding_window_view(values.reshape(-1, 3)[:44], 5, axis=0).swapaxes(1, 2)
    gaps = random.normal(size=(40, 5, 6)).astype(dtype)[:, :, ::2]
    other_kinds = [values.astype(kind) for kind in ("int64", "uint8", "float16", ">f4", "float32", "float64")]
    return [read_only, unaligned, mapped, overlapping, gaps, np.asfortranarray(values), *other_kinds]


def saved_and_mapped(model):
    """The model as a process finds it that joblib gives large arrays to: all of them read-only."""
    with tempfile.TemporaryDirectory() as folder:
        joblib.dump(model, pathlib.Path(folder, "model"))
        return joblib.load(pathlib.Path(folder, "model"), mmap_mode="r")


def use_char_models():
    for kind in (
        {},
        {"tokens": "byte"},
        {"encoding": "onehot", "unknown": "grow", "weight_dropout": 0.2},
        {"encoding": "scalar", "window": 5},
        {"windowed": True, "window": 5},
        {"hidden_size": (4, 3), "recurrent_dropout": 0.3, "dropout": 0.2, "n_threads": 2},
        {"max_time": 0.05},
        {"early_stopping": True},
        {"early_stopping": True, "windowed": True, "window": 4},
    ):
        model = tsl.LSTMCharModel(**({"hidden_size": 4, "max_iter": 1} | kind)).fit([TEXT, TEXT[:40]])
        for form in (model, saved_and_mapped(model)):
            form.generate(length=2)
            form.generate(length=2, top_k=3, top_p=0.9, min_p=0.1, repetition_penalty=1.2, forbid="b", n_samples=3)
            _, state = form.generate(length=9, stop="o", random_state=0, return_state=True)
            list(form.stream("to be", 3, state=state, temperature=0))
            if form.tokens == "char":
                form.generate(length=2, beam_width=3)
            form.predict(["t", "or not"])
            form.score(TEXT)
            form.surprisal("to be")
            form.gates("to be")
            if not form.early_stopping:
                form.partial_fit(TEXT + "z" * (form.unknown == "grow"))
    contexts = tsl.LSTMCharModel(hidden_size=4, max_iter=1).fit(["to b", "or no"], ["e", "t"])
    contexts.score(["to b"], ["e"])
    labelled = tsl.LSTMCharModel(hidden_size=4, max_iter=1).fit([TEXT, TEXT], labels=["a", "b"])
    for form in (labelled, saved_and_mapped(labelled)):
        form.generate("to", 3, label="b", n_samples=2)
        form.predict(["t", "or not"], labels=["b", "a"])
        form.score(TEXT, labels="a", adapt=True)
        form.partial_fit(TEXT, labels="b")


def use_forecasters():
    times = pd.date_range("2024-01-01", periods=80, freq="D")
    frame = pd.DataFrame({name: np.random.default_rng(0).normal(size=80) for name in ("y", "past", "ahead")}, times)
    for kind in (
        {},
        {"window": "auto", "max_iter": "auto", "season": 7},
        {"loss": "quantile", "quantiles": [0.1, 0.5, 0.9], "embedding_size": None, "linear": False},
        {"intervals": "dropout", "missing": "mask", "calendar": None, "n_threads": 2},
        {"strategy": "recursive", "past": [], "differences": 7, "season": 7, "hidden_size": (4, 3)},
    ):
        settings = {
            "window": 14,
            "season": 1,
            "hidden_size": 4,
            "embedding_size": 4,
            "max_iter": 2,
            "future": ["ahead"],
        }
        model = tsl.LSTMForecaster(2, **(settings | kind)).fit(frame, target="y")
        for form in (model, saved_and_mapped(model)):
            form.predict(level=80, future=form.make_future_frame().fillna(0.0))
            form.backtest(n_windows=2)


def signatures():
    """The types that each entry point has met."""
    return {function.__name__: set(map(str, function.signatures)) for function in ENTRY_POINTS}


def main(dtype):
    compiled = []
    with on_compilation(lambda: compiled.append(True)):
        warm_up(dtype)
        warmed = signatures()
        use_window_estimators(dtype)
        if dtype == "float32":  # character models have no other precision
            use_char_models()
            use_forecasters()
    new = {name: sorted(found - warmed[name]) for name, found in signatures().items() if found - warmed[name]}
    idle = [name for name, found in warmed.items() if not found]
    sys.stdout.write(json.dumps({"compiled": len(compiled), "new": new, "not warmed up": idle}))


if __name__ == "__main__":
    main(sys.argv[1])
