"""Small uses of every kernel: run as ``python tests/small_uses.py FILE``, which writes the results to the file.

Small enough for the interpreter to run them in seconds under ``NUMBA_DISABLE_JIT=1``; the results then equal those of
compiled kernels up to rounding.
"""

import sys

import numpy as np
import pandas as pd

from tsl import LSTMCharModel, LSTMClassifier, LSTMForecaster, LSTMRegressor
from tsl.kernels.activations import exp
from tsl.kernels.compile import entry_point
from tsl.kernels.primitives import address, load, store
from tsl.kernels.target import GATE_TILES, LANES
from tsl.kernels.threads import ABORTED, ARRIVED, Member, barrier_wait, new_barrier
from tsl.network import Architecture, Choice, Dropout, Loss, Network, Sequences, Targets, choose

TEXT = "to be, or not to be: that is the question. " * 3
RNG = np.random.RandomState(0)
X = RNG.normal(size=(2 * GATE_TILES[0] + 3, 4, 2))  # tiles of every height
Y = X[:, -1, 0]


def of_regressors():
    for settings in (
        {"bidirectional": True, "hidden_size": (20, 2)},
        {"dropout": 0.3, "recurrent_dropout": 0.2, "clip_value": 0.1, "alpha": 0.01},
        {"dtype": "float64", "solver": "adamw", "loss": "huber", "bidirectional": True, "recurrent_dropout": 0.5},
        {"solver": "sgd", "loss": "absolute_error", "clip_norm": 1e-3},
        {"solver": "sgd", "nesterovs_momentum": False, "batch_size": 1},
        {"solver": "rmsprop", "loss": "quantile", "quantiles": [0.1, 0.9]},
    ):
        model = LSTMRegressor(**{"hidden_size": 3, "max_iter": 2, "random_state": 0, **settings})
        weights = np.arange(len(Y)) if "loss" in settings else None
        yield model.fit(X, Y, weights).predict(X)
        yield model.gates(X[:2])[0].cell
    many = LSTMRegressor(hidden_size=3, max_iter=1, random_state=0).fit(X, np.tile(Y[:, None], 9 * LANES))
    yield many.predict(X[:1])
    ragged = [x[: 1 + k % 4] for k, x in enumerate(X)]
    yield LSTMRegressor(hidden_size=3, max_iter=1, early_stopping=True, random_state=0).fit(ragged, Y).predict(ragged)


def of_classifiers():
    for labels in (Y > 0, np.digitize(Y, [-0.5, 0.5])):
        model = LSTMClassifier(hidden_size=3, max_iter=2, early_stopping=True, random_state=0).fit(X, labels)
        yield model.predict_proba(X)


def of_texts():
    for settings in (
        {},
        {"encoding": "onehot", "hidden_size": (3, 2)},
        {"encoding": "scalar", "window": 5},
        {"weight_dropout": 0.3, "dropout": 0.1, "recurrent_dropout": 0.1, "early_stopping": True},
        {"windowed": True, "window": 4},
    ):
        model = LSTMCharModel(**{"hidden_size": 4, "embedding_size": 3, "max_iter": 1, "random_state": 0, **settings})
        yield model.fit([TEXT, TEXT[:20]]).surprisal(TEXT[:40])
        options = {"top_k": 5, "top_p": 0.9, "min_p": 0.01, "repetition_penalty": 1.1, "forbid": "q", "n_samples": 2}
        for written in (model.generate("to", 9, temperature=0), *model.generate("b", 9, random_state=0, **options)):
            yield np.array([ord(character) for character in written])
        yield np.array([ord(character) for character in model.generate("", 5, temperature=5.0, random_state=0)])
    model = LSTMCharModel(hidden_size=4, max_iter=1, random_state=0).fit([TEXT, TEXT], labels=["a", "b"])
    yield model.surprisal(TEXT[:40], label="b", adapt=True)
    yield np.array([ord(character) for character in model.generate("to", 9, label="a", temperature=0)])


def of_choices():
    scores = RNG.normal(size=(3, 12))
    draws = np.array([0.1, 0.5, 0.999])
    for choice in (Choice(), Choice(temperature=0.0), Choice(top_p=0.5), Choice(min_p=0.2), Choice(top_k=1)):
        yield choose(np.log(np.exp(scores) / np.exp(scores).sum(1, keepdims=True)), draws, choice)


def of_forecasters():
    series = pd.Series(10 + np.sin(np.arange(60) / 4) + 0.1 * RNG.normal(size=60))
    series[[20, 21, 40]] = np.nan
    frame = pd.DataFrame({"y": series, "ahead": RNG.normal(size=60), "past": RNG.normal(size=60)})
    shape = {"horizon": 3, "window": 6, "season": 1, "hidden_size": 3, "max_iter": 3, "batch_size": 4}
    shape |= {"target_transform": None}
    for settings in (
        {"embedding_size": 4, "segment": 3, "missing": "mask"},
        {"embedding_size": None, "linear": False, "missing": "ffill", "loss": "quantile", "quantiles": [0.2, 0.5]},
        {"embedding_size": 4, "missing": "interpolate", "loss": "huber", "intervals": "dropout", "differences": 2},
    ):
        model = LSTMForecaster(**shape, future=["ahead"], random_state=0, **settings).fit(frame, target="y")
        yield model.predict(future=model.make_future_frame().fillna(0.5)).to_numpy()


def of_networks():
    network = Network(Architecture(2, (3,), 2, every_step=True), random_state=RNG)
    rows = np.ascontiguousarray(X[:3].reshape(-1, 2), np.float32)
    sequences = Sequences(rows, np.array([0, 4, 8]), np.array([4, 2, 3]))
    outputs, (hidden, cell) = network.forward_states(sequences)
    yield from (outputs, *hidden, *cell, network.states(sequences)[0].gates)
    targets = Targets(rows, np.array([1, 5, 9]), np.float32([0.1, 0.2, 0.3]), np.float32([1.0, 2.0, 3.0]))
    for dropout in (Dropout(), Dropout(0.2, 0.2, 0.2, seed=3)):
        found = network.gradient(sequences, targets, None, Loss(), initial=(hidden, cell), dropout=dropout)
        yield from (np.array(found.loss), found.params, found.inputs, *found.hidden, *found.cell)
    yield np.array(network.evaluate(sequences, targets, np.float32([1, 0, 2]), Loss("quantile", quantiles=(0.3, 0.3))))
    counts = np.float32(RNG.poisson(2.0, size=(12, 2)))
    counts[5] = np.nan
    shifts = np.float32([0.1, 60.0, -60.0])  # where means are clamped, a large weight would hide the rest
    targets = Targets(counts, np.array([1, 5, 9]), shifts, np.float32([1.0, 1e-18, 1e-3]))
    for name in ("poisson", "negative_binomial"):
        found = network.gradient(sequences, targets, None, Loss(name))
        yield from (np.array(found.loss), found.params)


def of_the_rest():
    for dtype in (np.float32, np.float64):
        x = np.linspace(-800, 800, 64).astype(dtype)
        yield np.log1p(exponential(x, np.empty_like(x)))
    barrier = new_barrier()
    barrier[ARRIVED] = 1
    yield np.array([waiting(Member(barrier, 0, 2))])  # the last of two to come
    barrier[ABORTED] = 1
    yield np.array([waiting(Member(barrier, 0, 2))])  # the other one never comes


@entry_point
def exponential(x, out):
    for k in range(0, x.size, LANES):
        store(address(out, k), exp(load(address(x, k))))
    return out


@entry_point
def waiting(member):
    return barrier_wait(member)


def numbers():
    """All that comes out."""
    uses = (of_regressors, of_classifiers, of_texts, of_choices, of_forecasters, of_networks, of_the_rest)
    return np.concatenate([np.ravel(part).astype(np.float64) for use in uses for part in use()])


if __name__ == "__main__":
    np.save(sys.argv[1], numbers())
