"""JAX: one jitted training step around `lax.scan`, with Adam written out."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.peers import Candidate
from benchmarks.problem import problem

# unrolling the scan by 4 took 1.2 to 2.5 times as long for all shapes
FORMS = [("input product first", True), ("input product in the scan", False)]


def train(job, n_threads):
    """A training step: input products inside the scan or before it, one step per call or all batches in one call."""
    inputs, targets = _arrays(job)
    candidates = []
    for name, hoisted in FORMS:
        step = functools.partial(_step, job=job, hoisted=hoisted)
        candidates.append(_one_by_one(job, name, jax.jit(step, donate_argnums=0), inputs, targets))
    step = functools.partial(_step, job=job, hoisted=True)
    return [*candidates, _all_at_once(job, "input product first, all batches in one call", step, inputs, targets)]


def forward(job, n_threads):
    """Outputs of a batch of windows."""
    inputs, _ = _arrays(job)
    params = _parameters(job)

    def candidate(name, hoisted):
        outputs = jax.jit(functools.partial(_outputs, job=job, hoisted=hoisted))
        return Candidate(name, lambda: np.asarray(outputs(params, inputs[0])))

    return [candidate(*form) for form in FORMS]


predict = forward


def _one_by_one(job, name, step, inputs, targets):
    state = _new_state(job)
    batches = list(zip(inputs, targets))

    def once():
        nonlocal state
        for some, wanted in batches:  # calls return immediately; the work is awaited at the end
            state, _ = step(state, (some, wanted))
        jax.block_until_ready(state)

    return Candidate(name, once, len(batches))


def _all_at_once(job, name, step, inputs, targets):
    state = _new_state(job)
    stretch = jax.jit(lambda state, batches: lax.scan(step, state, batches), donate_argnums=0)

    def once():
        nonlocal state
        state, _ = stretch(state, (inputs, targets))
        jax.block_until_ready(state)

    return Candidate(name, once, len(inputs))


def _step(state, batch, job, hoisted):
    """One step of Adam (Kingma & Ba 2015, algorithm 1)."""
    inputs, targets = batch
    params, mean, mean_sq, count = state

    def loss(params):
        outputs = _outputs(params, inputs, job, hoisted)
        if job["loss"] == "log_loss":
            picked = jnp.take_along_axis(jax.nn.log_softmax(outputs), targets[:, None], axis=1)
            return -picked.mean()
        return jnp.square(outputs - targets).mean()

    value, grads = jax.value_and_grad(loss)(params)
    count = count + 1.0
    mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, grads)
    mean_sq = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, mean_sq, grads)
    rate, root = 1e-3 / (1.0 - 0.9**count), 1.0 - 0.999**count
    params = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v / root) + 1e-8), params, mean, mean_sq)
    return (params, mean, mean_sq, count), value


def _outputs(params, inputs, job, hoisted):
    """(B, K) from (T, B, C), or from codes (T, B) by taking rows of the input weights."""
    layers, (w_out, b_out) = params
    sequence = inputs
    for k, (w_in, w_rec, bias) in enumerate(layers):
        start = (jnp.zeros((job["batch"], job["hidden"])),) * 2
        if k == 0 and job["one_hot"]:
            step = functools.partial(_cell, w_in=None, w_rec=w_rec)
            sequence = w_in[sequence] + bias
        elif hoisted:
            step = functools.partial(_cell, w_in=None, w_rec=w_rec)
            sequence = sequence @ w_in + bias
        else:
            step = functools.partial(_cell, w_in=jnp.concatenate([w_in, w_rec]), w_rec=None, bias=bias)
        (last, _), sequence = lax.scan(step, start, sequence)
    return last @ w_out + b_out


def _cell(carry, now, w_in, w_rec, bias=0.0):
    hidden, cell = carry
    if w_rec is None:
        gates = jnp.concatenate([now, hidden], axis=1) @ w_in + bias
    else:
        gates = now + hidden @ w_rec
    enter, forget, candidate, leave = jnp.split(gates, 4, axis=1)
    cell = jax.nn.sigmoid(forget) * cell + jax.nn.sigmoid(enter) * jnp.tanh(candidate)
    hidden = jax.nn.sigmoid(leave) * jnp.tanh(cell)
    return (hidden, cell), hidden


def _parameters(job):
    random = np.random.RandomState(0)

    def matrix(n_rows, n_columns):
        limit = np.sqrt(6.0 / (n_rows + n_columns))
        return jnp.asarray(random.uniform(-limit, limit, (n_rows, n_columns)).astype(np.float32))

    hidden, layers, n_inputs = job["hidden"], [], job["inputs"]
    for _ in range(job["layers"]):
        layers.append((matrix(n_inputs, 4 * hidden), matrix(hidden, 4 * hidden), jnp.zeros(4 * hidden)))
        n_inputs = hidden
    return layers, (matrix(hidden, job["outputs"]), jnp.zeros(job["outputs"]))


def _new_state(job):
    params = _parameters(job)
    return params, jax.tree.map(jnp.zeros_like, params), jax.tree.map(jnp.zeros_like, params), jnp.zeros(())


def _arrays(job):
    inputs, targets = problem(job)
    return jnp.asarray(inputs.swapaxes(1, 2)), jnp.asarray(targets)
