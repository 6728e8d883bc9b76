"""Keras, on the backend that KERAS_BACKEND names."""

from __future__ import annotations

import keras
import numpy as np

from benchmarks.peers import Candidate
from benchmarks.problem import one_hot, problem, windows

if keras.backend.backend() == "tensorflow":
    import tensorflow

    def _set_threads(n_threads):
        tensorflow.config.threading.set_intra_op_parallelism_threads(n_threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(n_threads)

else:

    def _set_threads(n_threads):
        """Do nothing: XLA reads the number from the environment."""


def train(job, n_threads):
    """A training step, by `fit` over all batches and by `train_on_batch`."""
    _set_threads(n_threads)
    inputs, targets = _arrays(job)
    rows, wanted = (array.reshape(-1, *array.shape[2:]) for array in (inputs, targets))

    def fit(name, **compiled):
        model = _model(job, **compiled)

        def once():
            model.fit(rows, wanted, batch_size=job["batch"], shuffle=False, verbose=0)

        return Candidate(name, once, len(inputs))

    def by_batch(name, **compiled):
        model = _model(job, **compiled)

        def once():
            for some, some_wanted in zip(inputs, targets):
                model.train_on_batch(some, some_wanted)

        return Candidate(name, once, len(inputs))

    return _forms(fit, "fit") + [by_batch("train_on_batch", jit_compile=True)]


def epoch(job, n_threads):
    """An epoch of `fit`."""
    _set_threads(n_threads)
    inputs, targets = windows(job)

    def fit(name, **compiled):
        model = _model(job, **compiled)

        def once():
            model.fit(inputs, targets, batch_size=job["batch"], epochs=1, verbose=0)

        return Candidate(name, once)

    return _forms(fit, "fit")


def forward(job, n_threads):
    """Outputs of a batch of windows."""
    _set_threads(n_threads)
    inputs = _arrays(job)[0][0]

    def by_batch(name, **compiled):
        model = _model(job, **compiled)
        return Candidate(name, lambda: model.predict_on_batch(inputs))

    candidates = [by_batch("predict_on_batch, XLA", jit_compile=True)]
    if keras.backend.backend() == "tensorflow":
        candidates.append(by_batch("predict_on_batch", jit_compile=False))
        candidates.append(_as_function(job, inputs))
    return candidates


predict = forward


def _forms(make, name):
    """The forms compiled by XLA, with several steps per call, and without XLA if the backend supports that."""
    forms = [make(f"{name}, XLA, 16 steps a call", jit_compile=True, at_once=16)]
    if keras.backend.backend() == "tensorflow":
        forms.append(make(f"{name}, graph", jit_compile=False))
    return forms


def _as_function(job, inputs):
    model = _model(job, jit_compile=False)
    call = tensorflow.function(lambda inputs: model(inputs, training=False), jit_compile=True)
    tensor = tensorflow.constant(inputs)
    return Candidate("model(x) in a function, XLA", lambda: call(tensor).numpy())


def _model(job, jit_compile, at_once=1):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((job["steps"], job["inputs"]))])
    for k in range(job["layers"]):
        model.add(keras.layers.LSTM(job["hidden"], return_sequences=k < job["layers"] - 1))
        if job["dropout"]:
            model.add(keras.layers.Dropout(job["dropout"]))
    model.add(keras.layers.Dense(job["outputs"]))
    loss = "mean_squared_error"
    if job["loss"] == "log_loss":
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    adam = keras.optimizers.Adam(1e-3)
    model.compile(optimizer=adam, loss=loss, jit_compile=jit_compile, steps_per_execution=at_once)
    return model


def _arrays(job):
    inputs, targets = problem(job)
    if job["one_hot"]:
        inputs = one_hot(inputs, job["inputs"])
    return np.ascontiguousarray(inputs), targets
