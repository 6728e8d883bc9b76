"""Generation of codes: they are chosen one after the other, and each is read before the next is chosen."""

import math
from typing import Any, NamedTuple

import numpy as np

from tsl.kernels.activations import exp
from tsl.kernels.compile import entry_point, kernel
from tsl.kernels.forward import load_condition, load_states, save_states
from tsl.kernels.layout import Batch, row
from tsl.kernels.primitives import address, by_reference, call, filled, load, store
from tsl.kernels.products import ONE, ZERO
from tsl.kernels.target import LANES
from tsl.kernels.threads import partition
from tsl.kernels.views import head_of

NEVER = 1e-36  # a smaller weight counts as 0: the exponential stops at about 1e-38
COLDEST = 1e-30  # lower temperatures would be 0 in float32


class ChoicePlan(NamedTuple):
    """Options for the choice of a code."""

    temperature: float
    top_k: int  # only this many of the likeliest codes are allowed; the number of codes for no limit
    top_p: float  # of these, only the smallest set of likeliest codes with this share of their probability
    min_p: float  # only codes with at least this share of the probability of the likeliest
    penalty: float  # factor for the log-probabilities of recent codes
    forbidden: Any  # (K,) codes that are never chosen


class Streams(NamedTuple):
    """Streams of codes that are generated in parallel."""

    scores: Any  # (B, padded K) scores of the first code; replaced by those after the last one
    recent: Any  # (B, R) the last codes, -1 for none; updated
    order: Any  # (threads, K) scratch
    draws: Any  # (n, B) uniform in [0, 1)
    codes: Any  # (n, B) the codes chosen


@entry_point
def choose_codes(choice, streams):
    """Choose one code for each of the streams; their scores are overwritten."""
    choice, streams = by_reference(choice), by_reference(streams)
    order, n_streams = row(streams.order, (0, 0), streams.order.shape[1]), streams.codes.shape[1]
    draws, codes = row(streams.draws, (0, 0), n_streams), row(streams.codes, (0, 0), n_streams)
    choose_rows(streams.scores, choice, streams.recent, order, draws, codes, 0, n_streams)


@kernel
def choose_rows(scores, choice, recent, order, draws, codes, first, last):
    """Choose a code for each of the rows first..last of `scores` (n, padded K); write them to `codes` (n,).

    Codes are drawn with the probabilities that result from their scores, which are logarithms, divided by the
    temperature; at temperature 0, the code with the highest score is chosen. The scores are overwritten, `recent`
    (n, R) is updated, `order` (K,) is scratch, `draws` (n,) are from [0, 1).
    """
    for b in range(first, last):
        latest = row(recent, (b, 0), recent.shape[1])
        codes[b] = _choose(row(scores, (b, 0), scores.shape[1]), choice, latest, order, draws[b])
        for k in range(latest.size - 1):
            latest[k] = latest[k + 1]
        latest[latest.size - 1] = codes[b]


@kernel
def _choose(weights, choice, recent, order, draw):
    """Choose one code by its scores, which are replaced by weights."""
    forbidden = choice.forbidden
    if choice.penalty != 1.0:
        _penalise(weights, forbidden.size, choice.penalty, recent)
    best = _likeliest(weights, forbidden)
    if choice.temperature == 0.0:
        return best
    scale = filled(load(address(weights, 0)), 1.0 / max(choice.temperature, COLDEST))
    highest = filled(scale, weights[best])
    for k in range(0, weights.size, LANES):
        store(address(weights, k), exp((load(address(weights, k)) - highest) * scale))
    total = 0.0
    for k in range(forbidden.size):
        if forbidden[k] or weights[k] < NEVER:
            weights[k] = 0.0
        total += weights[k]
    if choice.top_k < forbidden.size or choice.top_p < 1.0 or choice.min_p > 0.0:
        return _draw_likely(weights, choice, order, total, draw)
    reached = 0.0
    for k in range(forbidden.size):
        reached += weights[k]
        if reached > draw * total:
            return k
    return best


@kernel
def _likeliest(weights, forbidden):
    """Return the likeliest code that is not forbidden."""
    best = -1
    for k in range(forbidden.size):
        if not forbidden[k] and (best < 0 or weights[k] > weights[best]):
            best = k
    return best


@kernel
def _penalise(weights, n, penalty, recent):
    """Turn scores into log-probabilities, and multiply those of recent codes by the penalty, each once."""
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
    """Draw among the likeliest codes; ties go to the code with the lower number.

    They are taken one by one from a heap, which is cheap if few are needed.
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
        # they are now at the end, the likeliest one last
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
    """Return the weight of the likeliest code."""
    return weights[order[order.size - 1]] if taken else weights[order[0]]


@kernel
def _before(weights, a, b):
    """Return whether code a comes before code b."""
    return weights[a] > weights[b] or (weights[a] == weights[b] and a < b)


@kernel
def _sift(order, weights, k, n):
    """Sift the code at index k of a heap of size n down to where it belongs."""
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
    """Take the likeliest code from a heap of size n, and put it behind the others."""
    order[0], order[n - 1] = order[n - 1], order[0]
    _sift(order, weights, 0, n - 1)
    return order[n - 1]


@entry_point(slow=True)
def write_codes(forward_at, layout, packed, work, data, dropout, choice, streams, member):
    """Choose `streams.codes`, and read each before the next is chosen.

    `data.initial` holds the initial states and receives the final ones; of the other data, only the conditions are
    read. A team of threads calls this together.
    """
    layout, work, data, dropout = by_reference(layout), by_reference(work), by_reference(data), by_reference(dropout)
    choice, streams, member = by_reference(choice), by_reference(streams), by_reference(member)
    codes, scores, n_streams = streams.codes, streams.scores, streams.codes.shape[1]
    first, last = partition(n_streams, member)
    order = row(streams.order, (member.thread, 0), streams.order.shape[1])
    batch = by_reference(Batch(row(work.windows, ZERO, n_streams), ONE, n_streams, first, last, np.uint64(0)))
    for b in range(first, last):
        load_condition(layout, work, data, b, b)
    for step in range(codes.shape[0]):
        chosen, draws = row(codes, (step, 0), n_streams), row(streams.draws, (step, 0), n_streams)
        choose_rows(scores, choice, streams.recent, order, draws, chosen, first, last)
        for b in range(first, last):
            work.codes[0, b] = chosen[b]
            work.lengths[b] = 1
        load_states(layout, work, data, batch)
        if not call(forward_at, layout, packed, work, dropout, batch, member):
            return
        save_states(layout, work, batch, data.initial, ZERO)
        _, _, outputs = head_of(layout, work, batch)
        for b in range(first, last):
            for k in range(scores.shape[1]):
                scores[b, k] = outputs[b, k]
