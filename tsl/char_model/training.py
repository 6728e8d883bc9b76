"""Training of `LSTMCharModel`: the samples of an epoch, and how many epochs there is time for."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from tsl._estimator import resolve_threads
from tsl.char_model import defaults
from tsl.char_model.encoding import network_inputs
from tsl.char_model.parameters import CharParameters
from tsl.char_model.samples import Contexts, Documents, Streams
from tsl.char_model.settings import new_dropout, new_optimizer, new_schedule
from tsl.network import Architecture, Loss, Network
from tsl.training import Samples, TrainingSettings, compile_kernels

LOG_LOSS = Loss("log_loss")


class TrainingPlan(NamedTuple):
    """Training samples and settings."""

    samples: Samples | Streams
    settings: TrainingSettings
    steps_per_epoch: int


def plan_training(
    parameters: CharParameters,
    architecture: Architecture,
    examples: Documents | Contexts,
    random_state: np.random.RandomState,
) -> TrainingPlan:
    """Return the samples and settings for training on these examples, with "auto" resolved."""
    windowed = examples.window > 0
    batch_size = defaults.auto_batch_size(windowed) if parameters.batch_size == "auto" else int(parameters.batch_size)
    samples: Samples | Streams
    if windowed:
        samples = examples.samples(lambda codes: network_inputs(architecture, codes))
        n_windows = samples.sequences.starts.size
        batch_size = min(batch_size, n_windows)
        steps_per_epoch = -(-n_windows // batch_size)
    else:
        samples = Streams(examples.texts, batch_size, int(parameters.sequence_length), random_state, examples.labels)
        batch_size, steps_per_epoch = samples.n_streams, samples.n_chunks
    max_iter = defaults.auto_max_iter(steps_per_epoch) if parameters.max_iter == "auto" else int(parameters.max_iter)
    settings = TrainingSettings(
        max_iter=max_iter,
        batch_size=batch_size,
        shuffle=windowed,
        carry_states=not windowed,
        schedule=new_schedule(parameters, architecture),
        tol=parameters.tol,
        n_iter_no_change=parameters.n_iter_no_change,
        early_stopping=parameters.early_stopping,
        max_time=parameters.max_time,
    )
    return TrainingPlan(samples, settings, steps_per_epoch)


def plan_within_time(
    parameters: CharParameters, network: Network, plan: TrainingPlan, max_time: float
) -> tuple[float, TrainingSettings]:
    """Return how many epochs fit in `max_time`, and settings for the time that is left after measuring."""
    compile_kernels(network.dtype, int(parameters.verbose))
    step = _trial_steps(parameters, network, plan)
    start = perf_counter()
    epochs = max_time / (_seconds_per_step(step, at_least=min(0.1, max_time / 20)) * plan.steps_per_epoch)
    settings = plan.settings
    if parameters.max_iter == "auto":  # time ends the training, even if other load slowed the measurement
        settings = replace(settings, max_iter=math.ceil(20 * epochs))
    left = max(0.0, max_time - (perf_counter() - start))
    return min(epochs, settings.max_iter), replace(settings, max_time=left)


def _trial_steps(parameters: CharParameters, network: Network, plan: TrainingPlan) -> Callable[[int], Any]:
    """Return a function that takes training steps on a copy of the network."""
    network, n_threads = copy.deepcopy(network), resolve_threads(parameters.n_threads)
    samples = plan.samples() if callable(plan.samples) else plan.samples
    state, optimizer = network.new_optimizer_state(), new_optimizer(parameters)
    dropout = new_dropout(parameters, math.inf, network.architecture, seed=0)

    def step(n: int) -> None:
        batches, rates = np.tile(np.arange(plan.settings.batch_size), (n, 1)), np.zeros(n)
        network.train_steps(*samples, batches, rates, LOG_LOSS, optimizer, state, dropout=dropout, n_threads=n_threads)

    return step


def _seconds_per_step(step: Callable[[int], Any], *, at_least: float) -> float:
    """Return the time of one step, averaged over enough steps to take `at_least` this many seconds."""
    n, seconds = 1, 0.0
    while seconds < at_least:
        n *= 3
        start = perf_counter()
        step(n)
        seconds = perf_counter() - start
    return seconds / n
