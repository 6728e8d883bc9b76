"""Weights and random numbers for generation, the same for all peers."""

from __future__ import annotations

from typing import Any

import numpy as np

GREEDY = "greedy"


def random_weights(hidden: int, vocabulary: int) -> dict[str, np.ndarray]:
    """Return weights of an untrained network, which generates text as fast as a trained one.

    Gates are in the order input, forget, candidate, output; inputs are one-hot, so `w_in` (V, 4H) is a table of rows.
    """
    rng, limit = np.random.default_rng(0), hidden**-0.5

    def uniform(*shape: int) -> np.ndarray:
        return rng.uniform(-limit, limit, shape).astype(np.float32)

    return {
        "w_in": uniform(vocabulary, 4 * hidden),
        "w_rec": uniform(hidden, 4 * hidden),
        "bias": uniform(4 * hidden),
        "w_out": uniform(hidden, vocabulary),
        "b_out": uniform(vocabulary),
    }


def noise(job: dict[str, Any]) -> np.ndarray:
    """Return noise (length, V) to add to the logits before taking the largest; drawn anew in each call, as for a text.

    Adding Gumbel noise is equivalent to sampling at temperature 1, and the cheapest way to do it in a framework: one
    draw for the whole text, and no cumulative sum.
    """
    shape = (job["length"], job["vocabulary"])
    if job["choice"] == GREEDY:
        return np.zeros(shape, np.float32)
    return -np.log(np.random.default_rng().standard_exponential(shape, np.float32) + np.float32(1e-30))
