"""Writing: codes are chosen one after the other, each being read before the next is chosen."""

import math
from typing import NamedTuple

import numpy as np

from tsl.kernels.activations import exp
from tsl.kernels.compile import call, entry_point, kernel
from tsl.kernels.forward import load_states, save_states
from tsl.kernels.layout import row
from tsl.kernels.products import ONE, ZERO
from tsl.kernels.reference import by_reference
from tsl.kernels.target import LANES
from tsl.kernels.threads import share
from tsl.kernels.vector import address, filled, load, store
from tsl.kernels.views import head_of

NEVER = 1e-36  # a weight below it counts as 0: the exponential stops at about 1e-38
COLDEST = 1e-30  # lower temperatures would be 0 in float32


class ChoicePlan(NamedTuple):
    """How a code is chosen."""

    temperature: float
    top_k: int  # codes that may come, or as many as there are
    top_p: float  # of the probability of those: the fewest, likeliest ones that have so much
    min_p: float  # of the probability of the likeliest: what a code must have
    penalty: float  # what log-probabilities of recent codes are multiplied by


@entry_point
def choose_codes(scores, barred, choice, recent, order, draws, codes):
    """Choose a code for each row of `scores` (n, padded K), which are used up, into `codes` (n,).

    See `choose_rows`; `order` is (1, K).
    """
    choose_rows(scores, barred, choice, recent, row(order, (0, 0), order.shape[1]), draws, codes, 0, codes.size)


@kernel
def choose_rows(scores, barred, choice, recent, order, draws, codes, first, last):
    """Choose a code for each of the rows first..last of `scores` (n, padded K), which are used up, into `codes` (n,).

    A code comes with the probability that its score, a logarithm, divided by the temperature gives it; at 0 it is the
    one with the highest score. `barred` (K,) codes never come. `recent` (n, R) codes were the last ones, -1 standing
    for none; they are moved on. `order` (K,) is scratch, `draws` (n,) are uniform in [0, 1).
    """
    for b in range(first, last):
        latest = row(recent, (b, 0), recent.shape[1])
        codes[b] = _choose(row(scores, (b, 0), scores.shape[1]), barred, choice, latest, order, draws[b])
        for k in range(latest.size - 1):
            latest[k] = latest[k + 1]
        latest[latest.size - 1] = codes[b]


@kernel
def _choose(weights, barred, choice, recent, order, draw):
    if choice.penalty != 1.0:
        _penalise(weights, barred.size, choice.penalty, recent)
    best = _likeliest(weights, barred)
    if choice.temperature == 0.0:
        return best
    scale = filled(load(address(weights, 0)), 1.0 / max(choice.temperature, COLDEST))
    highest = filled(scale, weights[best])
    for k in range(0, weights.size, LANES):
        store(address(weights, k), exp((load(address(weights, k)) - highest) * scale))
    total = 0.0
    for k in range(barred.size):
        if barred[k] or weights[k] < NEVER:
            weights[k] = 0.0
        total += weights[k]
    if choice.top_k < barred.size or choice.top_p < 1.0 or choice.min_p > 0.0:
        return _draw_likely(weights, choice, order, total, draw)
    reached = 0.0
    for k in range(barred.size):
        reached += weights[k]
        if reached > draw * total:
            return k
    return best


@kernel
def _likeliest(weights, barred):
    best = -1
    for k in range(barred.size):
        if not barred[k] and (best < 0 or weights[k] > weights[best]):
            best = k
    return best


@kernel
def _penalise(weights, n, penalty, recent):
    """Make scores log-probabilities, and multiply those of recent codes, each once."""
    highest = weights[0]
    for k in range(n):
        highest = max(highest, weights[k])
    total = 0.0
    for k in range(n):
        total += math.exp(weights[k] - highest)
    shift = highest + math.log(total)
    for k in range(n):
        weights[k] -= shift
    for j in range(recent.size):
        seen = recent[j] < 0
        for i in range(j):
            seen = seen or recent[i] == recent[j]
        if not seen:
            weights[recent[j]] *= penalty


@kernel
def _draw_likely(weights, choice, order, total, draw):
    """Draw among the likeliest codes: of equal ones those with the lower number first.

    They are taken one by one from a heap, which costs little where few are needed.
    """
    n = order.size
    for k in range(n):
        order[k] = k
    for k in range(n // 2 - 1, -1, -1):
        _sift(order, weights, k, n)
    some = min(choice.top_k, n)
    if some < n:
        total = 0.0
        for k in range(some):
            total += weights[_take(order, weights, n - k)]
        # they lie at the end now, the likeliest one last
    wanted, least = choice.top_p * total, choice.min_p * _highest(order, weights, some < n)
    kept, mass = 0, 0.0
    while kept < some:
        code = order[n - 1 - kept] if some < n else _take(order, weights, n - kept)
        if kept > 0 and (mass >= wanted or weights[code] < least or weights[code] == 0.0):
            break
        mass += weights[code]
        kept += 1
    reached = 0.0
    for k in range(kept):
        reached += weights[order[n - 1 - k]]
        if reached > draw * mass:
            return order[n - 1 - k]
    return order[n - 1]


@kernel
def _highest(order, weights, taken):
    """The weight of the likeliest code."""
    return weights[order[order.size - 1]] if taken else weights[order[0]]


@kernel
def _before(weights, a, b):
    """Whether code a is to be taken before code b."""
    return weights[a] > weights[b] or (weights[a] == weights[b] and a < b)


@kernel
def _sift(order, weights, k, n):
    """Let the code at place k of a heap of n sink to where it belongs."""
    while True:
        child = 2 * k + 1
        if child >= n:
            return
        if child + 1 < n and _before(weights, order[child + 1], order[child]):
            child += 1
        if not _before(weights, order[child], order[k]):
            return
        order[k], order[child] = order[child], order[k]
        k = child


@kernel
def _take(order, weights, n):
    """Take the likeliest code from a heap of n: it then lies behind the others."""
    order[0], order[n - 1] = order[n - 1], order[0]
    _sift(order, weights, 0, n - 1)
    return order[n - 1]


@entry_point(slow=True)
def write_codes(
    forward_at,
    layout,
    packed,
    work,
    data,
    dropout,
    barred,
    choice,
    recent,
    order,
    draws,
    scores,
    codes,
    barrier,
    thread,
    n_threads,
):
    """Choose `codes` (n, B) for B streams by `draws` (n, B), and read each.

    `scores` (B, padded K) are what the network gave before, and become what it gives after the last code.
    `data.initial` holds the states, and takes the final ones; the other data is not read. `order` (threads, K) is
    scratch. A team of threads calls this together.
    """
    layout, work, data, dropout = by_reference(layout), by_reference(work), by_reference(data), by_reference(dropout)
    batch, n_steps = codes.shape[1], ONE
    first, last = share(batch, thread, n_threads)
    windows, own_order = row(work.windows, ZERO, batch), row(order, (thread, 0), order.shape[1])
    for step in range(codes.shape[0]):
        chosen = row(codes, (step, 0), batch)
        choose_rows(scores, barred, choice, recent, own_order, row(draws, (step, 0), batch), chosen, first, last)
        for b in range(first, last):
            work.codes[0, b] = chosen[b]
            work.lengths[b] = 1
        load_states(layout, work, data, windows, n_steps, first, last)
        if not call(
            forward_at,
            layout,
            packed,
            work,
            dropout,
            np.uint64(0),
            n_steps,
            batch,
            first,
            last,
            barrier,
            thread,
            n_threads,
        ):
            return
        save_states(layout, work, n_steps, batch, first, last, data.initial, ZERO)
        _, _, outputs = head_of(layout, work, n_steps, batch)
        for b in range(first, last):
            for k in range(scores.shape[1]):
                scores[b, k] = outputs[b, k]
