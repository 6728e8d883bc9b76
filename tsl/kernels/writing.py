"""Writing: codes are chosen one after the other, each being read before the next is chosen."""

import numpy as np

from tsl.kernels.activations import exp
from tsl.kernels.compile import entry_point, kernel
from tsl.kernels.layout import row
from tsl.kernels.model import forward, head_of, load_states, save_states
from tsl.kernels.products import ONE, ZERO
from tsl.kernels.target import LANES
from tsl.kernels.threads import share
from tsl.kernels.vector import address, filled, load, store

NEVER = 1e-36  # a weight below it counts as 0: the exponential stops at about 1e-38
COLDEST = 1e-30  # lower temperatures would be 0 in float32


@entry_point
def choose_codes(scores, barred, temperature, draws, codes):
    """Choose a code for each row of `scores` (n, padded K), which are used up, into `codes` (n,).

    A code comes with the probability that its score, a logarithm, divided by `temperature` gives it; at 0 it is the
    one with the highest score. `barred` (K,) codes never come. `draws` (n,) are uniform in [0, 1).
    """
    for b in range(codes.size):
        codes[b] = _choose(row(scores, (b, 0), scores.shape[1]), barred, temperature, draws[b])


@kernel
def _choose(weights, barred, temperature, draw):
    best = -1
    for k in range(barred.size):
        if not barred[k] and (best < 0 or weights[k] > weights[best]):
            best = k
    if temperature == 0.0:
        return best
    scale = filled(load(address(weights, 0)), 1.0 / max(temperature, COLDEST))
    highest = filled(scale, weights[best])
    for k in range(0, weights.size, LANES):
        store(address(weights, k), exp((load(address(weights, k)) - highest) * scale))
    total = 0.0
    for k in range(barred.size):
        if barred[k] or weights[k] < NEVER:
            weights[k] = 0.0
        total += weights[k]
    reached = 0.0
    for k in range(barred.size):
        reached += weights[k]
        if reached > draw * total:
            return k
    return best


@entry_point
def write_codes(layout, packed, work, data, dropout, barred, temperature, draws, scores, codes):
    """Choose `codes` (n, B) for B streams by `draws` (n, B), and read each.

    `scores` (B, padded K) are what the network gave before, and become what it gives after the last code.
    `data.initial` holds the states, and takes the final ones; the other data is not read.
    """
    batch, n_steps = codes.shape[1], ONE
    first, last = share(batch, thread=0, n_threads=1)
    windows = row(work.windows, ZERO, batch)
    for step in range(codes.shape[0]):
        choose_codes(scores, barred, temperature, draws[step], codes[step])
        for b in range(batch):
            work.codes[0, b] = codes[step, b]
            work.lengths[b] = 1
        load_states(layout, work, data, windows, n_steps, first, last)
        forward(layout, packed, work, dropout, np.uint64(0), n_steps, batch, first, last)
        save_states(layout, work, n_steps, batch, first, last, data.initial, ZERO)
        _, _, outputs = head_of(layout, work, n_steps, batch)
        for b in range(batch):
            for k in range(scores.shape[1]):
                scores[b, k] = outputs[b, k]
