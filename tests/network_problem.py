"""Random networks with windows, targets and weights, and the results of the NumPy reference."""

from typing import Any, NamedTuple

import numpy as np
import reference
from numpy.testing import assert_allclose

from tsl.network import Architecture, Loss, Network, Sequences, Targets

PRECISIONS = [np.float32, np.float64]

LOSSES = {
    "squared_error": Loss("squared_error"),
    "absolute_error": Loss("absolute_error"),
    "huber": Loss("huber", delta=0.7),
    "quantile": Loss("quantile", quantiles=(0.1, 0.5, 0.8)),
    "log_loss": Loss("log_loss"),
    "poisson": Loss("poisson"),
    "negative_binomial": Loss("negative_binomial"),
}


def share_small_work(monkeypatch):
    """Let threads share also what is too small to be worth it."""
    for limit in ("FLOPS_TO_MEET", "FLOPS_TO_START", "FLOPS_TO_MEET_AT_A_STEP"):
        monkeypatch.setattr(f"tsl.network.team.{limit}", 1.0)


class Problem(NamedTuple):
    """A network with a batch of windows; `x` (B, T, C) float64 holds the windows as the twin wants them."""

    network: Network
    sequences: Sequences
    targets: Targets
    weights: Any
    initial: Any
    x: Any


def make_problem(
    dtype=np.float64, *, n_inputs=3, hidden_sizes=(5,), n_outputs=2, bidirectional=False, one_hot=False,
    every_step=False, batch=5, n_steps=6, ragged=True, loss="squared_error", seed=0,
):  # fmt: skip
    """Overlapping windows of random numbers, with initial states and weights (a zero among them)."""
    rng = np.random.default_rng(seed)
    if loss in ("quantile", "log_loss"):
        n_outputs = 6  # of 2 targets with 3 quantiles each, or 6 classes
    if loss == "negative_binomial":
        n_outputs = 4  # of 2 targets
    architecture = Architecture(n_inputs, hidden_sizes, n_outputs, bidirectional, one_hot, every_step)
    network = Network(architecture, dtype=dtype, random_state=np.random.RandomState(seed))
    with network.editing() as params:
        params += rng.normal(scale=0.2, size=params.size).astype(dtype)  # biases too

    n_rows = n_steps + 3 * batch
    codes = rng.integers(n_inputs, size=n_rows).astype(np.int32)
    rows = codes if one_hot else rng.normal(size=(n_rows, n_inputs)).astype(dtype)
    starts = rng.integers(n_rows - n_steps + 1, size=batch)
    lengths = rng.integers(1, n_steps + 1, size=batch) if ragged else np.full(batch, n_steps)
    lengths[rng.integers(batch)] = n_steps
    numbers = np.eye(n_inputs)[codes] if one_hot else rows.astype(np.float64)
    x = np.zeros((batch, n_steps, n_inputs))
    for b in range(batch):
        x[b, : lengths[b]] = numbers[starts[b] : starts[b] + lengths[b]]

    target_rows = rng.normal(size=(n_rows, 2 if loss in ("quantile", "negative_binomial") else n_outputs)).astype(dtype)
    if loss == "log_loss":
        target_rows = rng.integers(n_outputs, size=n_rows)
    if loss in ("poisson", "negative_binomial"):
        target_rows = rng.poisson(2.0, size=target_rows.shape).astype(dtype)
    target_starts = rng.integers(n_rows - n_steps + 1, size=batch)
    weights = rng.random(batch).astype(dtype) + dtype(0.5)
    if batch > 2:
        weights[1] = 0
    sizes = [size for size in hidden_sizes for _ in range(1 + bidirectional)]
    initial = tuple([rng.normal(size=(batch, size)).astype(dtype) for size in sizes] for _ in range(2))
    sequences, targets = Sequences(rows, starts, lengths), Targets(target_rows, target_starts)
    return Problem(network, sequences, targets, weights, initial, x)


def some_windows(problem, which):
    """The windows numbered `which`, with their initial states."""
    sequences = problem.sequences._replace(
        starts=problem.sequences.starts[which], lengths=problem.sequences.lengths[which]
    )
    return sequences, tuple([state[which] for state in states] for states in problem.initial)


def assert_close(actual, expected, dtype, message=""):
    """Equal but for rounding: to 100 units in the last place of the largest entry.

    Sums over some 40 units and 10 steps, and functions good to a few units each, add up to about 20.
    """
    expected = np.asarray(expected)
    scale = abs(expected).max(initial=0)
    assert np.asarray(actual).dtype == dtype, message
    assert_allclose(actual, expected, rtol=0, atol=100 * np.finfo(dtype).eps * scale, err_msg=message)


def draw_shapes(n_shapes):
    """Shapes around the edges of tiles: each hidden size with each batch size once, the rest by lot."""
    rng = np.random.default_rng(0)
    sizes = [1, 3, 16, 17, 33, 40]
    for batch in (1, 2, 5, 7, 13):
        for size in sizes:
            above = rng.choice(sizes, size=rng.integers(3)).tolist()
            yield {
                "hidden_sizes": (size, *above),
                "batch": batch,
                "n_inputs": int(rng.choice([1, 3, 20])),
                "n_outputs": int(rng.choice([1, 4, 19])),
                "n_steps": int(rng.choice([1, 2, 6, 9])),
                **{name: bool(rng.integers(2)) for name in ("bidirectional", "one_hot", "every_step", "ragged")},
            }


SHAPES = list(draw_shapes(30))


def shape_name(shape):
    return "-".join(f"{name}={value}" for name, value in shape.items())


# --- the twin, in float64 ---------------------------------------------------------------------------------


def double(arrays):
    return [array.astype(np.float64) for array in arrays]


def twin_forward(problem, params=None, **masks):
    """Outputs and tape of the twin for `params` (flat, default the network's) and the same windows."""
    network, architecture = problem.network, problem.network.architecture
    flat = (network.params if params is None else params).astype(np.float64)
    return reference.model_forward(
        network.named(flat),
        problem.x,
        hidden_sizes=architecture.hidden_sizes,
        bidirectional=architecture.bidirectional,
        lengths=problem.sequences.lengths,
        initial=problem.initial and tuple(double(states) for states in problem.initial),
        every_step=architecture.every_step,
        **masks,
    )


def twin_loss(problem, loss, outputs):
    """Loss of a batch, and its gradient by the outputs: 0 for steps beyond a window's length."""
    name, targets, weights = loss.name, problem.targets, problem.weights
    options = {"huber": {"delta": loss.delta}, "quantile": {"quantiles": loss.quantiles}}.get(name, {})
    batch = len(outputs)
    weights = np.ones(batch) if weights is None else weights.astype(np.float64)
    if outputs.ndim == 3:
        read = np.arange(outputs.shape[1]) < problem.sequences.lengths[:, None]
        places = (targets.starts[:, None] + np.arange(outputs.shape[1]))[read]
        weights = np.repeat(weights, problem.sequences.lengths)
    else:
        read, places = np.ones(batch, bool), targets.starts
    values = targets.rows[places]
    if name != "log_loss":
        values = values.astype(np.float64)
    d_outputs = np.zeros_like(outputs)
    value, d_outputs[read] = getattr(reference, name)(outputs[read], values, weights, **options)
    return value, d_outputs


def twin_gradient(problem, loss, params=None, **masks):
    """Loss of a batch, and the twin's gradients by name."""
    outputs, tape = twin_forward(problem, params, **masks)
    value, d_outputs = twin_loss(problem, loss, outputs)
    return value, reference.model_backward(tape, d_outputs)


def twin_flat_gradient(problem, loss, params=None):
    """Loss, and the gradient of the parameters laid out as `Network.params`."""
    value, grads = twin_gradient(problem, loss, params)
    flat = np.zeros(problem.network.params.size)
    for name, view in problem.network.named(flat).items():
        view[:] = grads[name]
    return value, flat
