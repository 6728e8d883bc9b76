"""Fits killed at random moments and repeated: run as ``python tests/killed_fits.py KIND KILLS``.

Prints a line of JSON: how often the fit was killed, and whether its result equals that of an undisturbed fit.
"""

import hashlib
import json
import os
import pathlib
import random
import signal
import sys
import tempfile
import time

import numpy as np
import pandas as pd

from tsl import LSTMCharModel, LSTMClassifier, LSTMForecaster, LSTMRegressor
from tsl.network import warm_up

RNG = np.random.RandomState(0)
X = RNG.normal(size=(600, 12, 3))
Y = X[:, -1, 0] + 0.1 * RNG.normal(size=600)
HOURS = pd.date_range("2024-01-01", periods=300, freq="h")
LOAD = pd.Series(10 + np.sin(np.arange(300) * 2 * np.pi / 24) + 0.1 * RNG.normal(size=300), HOURS)
TEXT = "When shall we three meet again?\nIn thunder, lightning, or in rain?\n" * 60


def regressor(**checkpoint):
    settings = {"early_stopping": True, "learning_rate": "plateau", "dropout": 0.2, "max_iter": 40}
    return LSTMRegressor(hidden_size=16, random_state=0, **settings).fit(X, Y, **checkpoint)


def classifier(**checkpoint):
    model = LSTMClassifier(hidden_size=16, max_iter=40, random_state=np.random.RandomState(3))
    return model.fit(X, Y > 0, **checkpoint)


def char_model(**checkpoint):
    settings = {"early_stopping": True, "weight_dropout": 0.1, "max_iter": 15}
    return LSTMCharModel(hidden_size=32, random_state=0, **settings).fit(TEXT, **checkpoint)


def forecaster(**checkpoint):
    return LSTMForecaster(horizon=12, hidden_size=16, max_iter=20, n_models=2, random_state=0).fit(LOAD, **checkpoint)


FITS = {fit.__name__: fit for fit in (regressor, classifier, char_model, forecaster)}


def digest(model):
    """A text that differs when anything differs that training changes."""
    parts = [model.predict() if isinstance(model, LSTMForecaster) else model._optimizer_state.mean_sq]
    networks = model.networks_ if isinstance(model, LSTMForecaster) else [model.network_]
    histories = model.history_ if isinstance(model, LSTMForecaster) else [model.history_]
    parts += [network.params for network in networks]
    parts += [part for history in histories for part in (history.loss, history.val_loss, history.learning_rate)]
    if hasattr(model, "_random_state"):
        parts.append(model._random_state.get_state()[1])
    return hashlib.sha256(b"".join(np.asarray(part).tobytes() for part in parts)).hexdigest()


def in_child(work):
    """The number of a process that does `work`, and nothing else."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return child


def main(kind, n_kills):
    fit, moments, kills = FITS[kind], random.Random(kind), 0
    warm_up("float32")
    began = time.perf_counter()
    expected = digest(fit())
    seconds = time.perf_counter() - began
    with tempfile.TemporaryDirectory() as folder:
        path, found = pathlib.Path(folder, "fit.tsl"), pathlib.Path(folder, "found")

        def work():
            found.write_text(digest(fit(checkpoint=path, checkpoint_every=0)))

        while not found.exists():
            child = in_child(work)
            if kills < n_kills:
                time.sleep(moments.uniform(0.0, seconds / n_kills))
                os.kill(child, signal.SIGKILL)
            status = os.waitpid(child, 0)[1]
            kills += os.WIFSIGNALED(status)
            if not os.WIFSIGNALED(status) and status != 0:
                raise SystemExit(f"the fit ended with status {status}")
        same, left = found.read_text() == expected, sorted(file.name for file in path.parent.iterdir())
    sys.stdout.write(json.dumps({"kills": kills, "same": same, "left": left}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
