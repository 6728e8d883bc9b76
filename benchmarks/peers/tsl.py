"""tsl."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.peers import Candidate
from benchmarks.problem import problem, windows
from tsl import LSTMClassifier, LSTMForecaster, LSTMRegressor
from tsl.network import Architecture, Loss, Network, Optimizer, Sequences, Targets, TrainingMemory


def train(job, n_threads):
    """A training step: many per call, in memory kept between calls, as in `fit`."""
    network, inputs, targets = _network(job)
    n_batches, batch_size = inputs.shape[:2]
    sequences, wanted = _sequences(inputs), _targets(targets)
    steps = np.arange(n_batches * batch_size).reshape(n_batches, batch_size)
    rates, state = np.full(len(steps), 1e-3), network.new_optimizer_state()
    loss, options = Loss(job["loss"]), {"memory": TrainingMemory(), "n_threads": n_threads}

    def once():
        network.train_steps(sequences, wanted, None, steps, rates, loss, Optimizer(), state, **options)

    return [Candidate("Network.train_steps", once, len(steps))]


def forward(job, n_threads):
    """Outputs of a batch of windows."""
    network, inputs, _ = _network(job)
    sequences = _sequences(inputs[:1])
    return [Candidate("Network.forward", lambda: network.forward(sequences, n_threads=n_threads))]


def epoch(job, n_threads):
    """An epoch of `fit`, with its share of the work before and after: half of a fit of two epochs."""
    inputs, targets = windows(job)
    kind = LSTMClassifier if job["loss"] == "log_loss" else LSTMRegressor
    model = kind(
        hidden_size=(job["hidden"],) * job["layers"],
        dropout=job["dropout"],
        batch_size=job["batch"],
        max_iter=2,
        learning_rate="constant",
        learning_rate_init=1e-3,
        alpha=0.0,
        clip_norm=None,
        random_state=0,
        n_threads=n_threads,
    )
    return [Candidate(f"{kind.__name__}.fit", lambda: model.fit(inputs, targets), 2)]


def predict(job, n_threads):
    """Predictions of an estimator for a batch of windows."""
    model, X = _fitted(job, n_threads)
    return [Candidate("LSTMRegressor.predict", lambda: model.predict(X))]


def exported(job, n_threads):
    """The same predictions by the estimator's ONNX model: scaling and its inverse are part of the graph."""
    import onnxruntime

    from tsl.interop import to_onnx

    model, X = _fitted(job, n_threads)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = n_threads, 1
    content = to_onnx(model).SerializeToString()
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    inputs = {"X": X.astype(np.float64)}
    return [Candidate("to_onnx(LSTMRegressor)", lambda: session.run(None, inputs))]


def forecast(job, n_threads):
    """A forecast of one series by a fitted `LSTMForecaster`, from `newer` rows if there are any."""
    n_rows, n_newer = job["steps"], job["newer"]
    hours = pd.date_range("2024-01-01", periods=n_rows + n_newer, freq="h")
    noise = np.random.RandomState(0).normal(size=n_rows + n_newer)
    load = pd.Series(10 + np.sin(np.arange(n_rows + n_newer) * np.pi / 12) + 0.1 * noise, hours, name="load")
    model = LSTMForecaster(24, hidden_size=job["hidden"], n_models=3, max_iter=1, random_state=0, n_threads=n_threads)
    model.fit(load[:n_rows])
    data = load[n_rows:] if n_newer else None
    return [Candidate("LSTMForecaster.predict", lambda: model.predict(data=data))]


def _fitted(job, n_threads):
    """Return a regressor fitted to a few windows, and the windows to predict."""
    inputs, targets = problem(job | {"batches": 1})
    hidden = (job["hidden"],) * job["layers"]
    model = LSTMRegressor(hidden_size=hidden, max_iter=1, random_state=0, n_threads=n_threads)
    random = np.random.RandomState(0)
    model.fit(random.normal(size=(9, *inputs.shape[2:])), random.normal(size=(9, *targets.shape[2:])))
    return model, inputs[0]


def _network(job):
    inputs, targets = problem(job)
    architecture = Architecture(
        job["inputs"], (job["hidden"],) * job["layers"], job["outputs"], one_hot=job.get("one_hot", False)
    )
    return Network(architecture, random_state=np.random.RandomState(0)), inputs, targets


def _sequences(inputs):
    n_windows, n_steps = inputs.shape[0] * inputs.shape[1], inputs.shape[2]
    rows = inputs.reshape(n_windows * n_steps, *inputs.shape[3:])
    return Sequences(rows, np.arange(n_windows) * n_steps, np.full(n_windows, n_steps))


def _targets(targets):
    rows = targets.reshape(-1, *targets.shape[2:])
    return Targets(rows.astype(np.int64) if rows.dtype.kind in "iu" else rows, np.arange(len(rows)))
