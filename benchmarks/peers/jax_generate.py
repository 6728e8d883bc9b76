"""JAX: the whole text in one jitted `lax.scan`."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.peers import Candidate
from benchmarks.peers.stream import GREEDY, random_weights


def stream(job: dict[str, Any], n_threads: int) -> list[Candidate]:
    """The loop with one step of the text in its body, and with four."""
    weights = {name: jnp.asarray(array) for name, array in random_weights(job["hidden"], job["vocabulary"]).items()}
    keys = iter(jax.random.split(jax.random.key(0), 100_000))

    def candidate(unroll: int) -> Candidate:
        write, name = jax.jit(lambda key: _write(weights, key, job, unroll)), f"lax.scan, unroll={unroll}"
        return Candidate(name, lambda: write(next(keys)).block_until_ready(), job["length"])

    return [candidate(unroll) for unroll in (1, 4)]


def _write(weights: dict[str, jax.Array], key: jax.Array, job: dict[str, Any], unroll: int) -> jax.Array:
    """Return codes (length,). Matrices are the left factors of products, which is faster in XLA for a single vector."""
    table = weights["w_in"] + weights["bias"]
    w_rec, w_out = weights["w_rec"].T.copy(), weights["w_out"].T.copy()
    shape = (job["length"], job["vocabulary"])
    added = None if job["choice"] == GREEDY else jax.random.gumbel(key, shape)

    def step(state: tuple[jax.Array, ...], added: jax.Array | None) -> tuple[tuple[jax.Array, ...], jax.Array]:
        hidden, cell, code = state
        enter, forget, candidate, leave = jnp.split(table[code] + w_rec @ hidden, 4)
        cell = jax.nn.sigmoid(forget) * cell + jax.nn.sigmoid(enter) * jnp.tanh(candidate)
        hidden = jax.nn.sigmoid(leave) * jnp.tanh(cell)
        logits = w_out @ hidden + weights["b_out"]
        code = jnp.argmax(logits if added is None else logits + added)
        return (hidden, cell, code), code

    zeros = jnp.zeros(job["hidden"])
    return jax.lax.scan(step, (zeros, zeros, 0), added, length=job["length"], unroll=unroll)[1]
