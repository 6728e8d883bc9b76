"""Training of a linear model in plain NumPy, which can be made to fail."""

from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np

from tsl.network import Loss, Optimizer, OptimizerState, Sequences, Targets
from tsl.training import Samples, Schedule, TrainingSettings, train


class LinearNetwork:
    """Least squares by gradient descent with momentum, where `tsl.network.Network` has an LSTM.

    `before_step` is called with the number of steps taken so far, before each step.
    """

    architecture = SimpleNamespace(every_step=False)

    def __init__(self, n_inputs=2, before_step=lambda step: None):
        self.params = np.zeros(n_inputs)
        self.before_step = before_step
        self.calls = []
        self.evaluations = []

    @contextmanager
    def editing(self):
        yield self.params

    def new_optimizer_state(self):
        return OptimizerState(np.zeros_like(self.params), np.zeros(0))

    def residuals(self, sequences, targets, windows):
        inputs = sequences.rows[sequences.starts[windows]]
        return inputs, inputs @ self.params - targets.rows[targets.starts[windows], 0]

    def evaluate(self, sequences, targets, weights, loss, *, n_threads):
        self.evaluations.append(loss)
        _, errors = self.residuals(sequences, targets, slice(None))
        return np.average(errors**2, weights=weights)

    def train_steps(
        self,
        sequences,
        targets,
        weights,
        batches,
        learning_rates,
        loss,
        optimizer,
        state,
        *,
        dropout,
        memory,
        n_threads,
    ):
        self.calls.append((batches.copy(), learning_rates.copy(), dropout, n_threads))
        losses, norms = np.empty(len(batches)), np.empty(len(batches))
        for k, (batch, rate) in enumerate(zip(batches, learning_rates)):
            self.before_step(state.step)
            windows = batch[batch >= 0]
            share = np.ones(windows.size) if weights is None else weights[windows]
            inputs, errors = self.residuals(sequences, targets, windows)
            gradient = 2 * np.average(inputs * errors[:, None], axis=0, weights=share)
            losses[k] = np.average(errors**2, weights=share)
            norms[k] = np.linalg.norm(gradient)
            if np.isfinite(losses[k]) and np.isfinite(norms[k]):
                state.mean[:] = 0.5 * state.mean + gradient
                self.params -= rate * state.mean
            state.step += 1
        return losses, norms


def make_samples(n=20, seed=0, weights=None, noise=0.1):
    """Noisy y = x0 - 2 x1."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(n, 2))
    outputs = inputs @ [[1.0], [-2.0]] + noise * rng.normal(size=(n, 1))
    starts = np.arange(n)
    return Samples(Sequences(inputs, starts, np.ones(n, np.int64)), Targets(outputs, starts), weights)


SAMPLES = make_samples()
VALIDATION = make_samples(10, seed=1)
# Stopped by the rise of the validation loss: its data follow another law, which the way to the training data passes.
OTHER_LAW = SAMPLES._replace(targets=Targets(0.5 * SAMPLES.targets.rows, SAMPLES.targets.starts))


def run(network=None, samples=SAMPLES, *, seed=0, schedule=None, callbacks=(), **options):
    """Train on 20 windows in batches of 6, so 4 steps an epoch; anything of the settings can be given by name."""
    network = network or LinearNetwork()
    arguments = {
        name: options.pop(name)
        for name in ("validation", "state", "history", "verbose", "dropout", "n_threads")
        if name in options
    }
    settings = {"max_iter": 5, "batch_size": 6, "n_iter_no_change": None, **options}
    history = train(
        network,
        samples,
        loss=Loss(),
        optimizer=Optimizer(),
        settings=TrainingSettings(schedule=schedule or Schedule(init=0.05), **settings),
        random_state=np.random.RandomState(seed),
        callbacks=callbacks,
        **arguments,
    )
    return network, history


def interrupt_at(step):
    """Ctrl-C before step number `step`, once."""

    def before_step(taken):
        if taken == step:
            raise KeyboardInterrupt

    return before_step
