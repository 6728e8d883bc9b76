"""Training steps: forward pass, backward pass and update of the parameters.

A team of threads calls `train_stretch` together, each with its own number, with a barrier between the phases of a step:
pack, run rows, sum gradients, measure, update. With one thread, the barriers cost nothing.
"""

import math

import numpy as np

from tsl.kernels.compile import Subroutine, entry_point, kernel
from tsl.kernels.forward import draw_masks, load_states, load_windows, longest_window, save_states
from tsl.kernels.layout import Batch, fill, row
from tsl.kernels.optimisers import NONE, NORM_CHUNK, clip_by_value, square_sum, update
from tsl.kernels.packing import pack, pack_transposed
from tsl.kernels.primitives import by_reference, call
from tsl.kernels.products import ZERO
from tsl.kernels.random import drop, splitmix64
from tsl.kernels.threads import barrier_wait, partition

WEIGHTS = 2**32  # far from the other keys of a step


@entry_point(slow=True)
def train_stretch(passes, layout, training, work, data, steps, loss, optimizer, dropout, input_gradient, member):
    """Take one step per row of `steps.batches`; every thread of the team calls this with its own number.

    With the solver NONE, nothing is updated: the gradients are left in `training.grads` and in the workspace.
    """
    layout, training, work, data = by_reference(layout), by_reference(training), by_reference(work), by_reference(data)
    loss, optimizer, dropout = by_reference(loss), by_reference(optimizer), by_reference(dropout)
    steps, member = by_reference(steps), by_reference(member)
    for step in range(steps.batches.shape[0]):
        windows = row(steps.batches, (step, 0), _batch_size(steps.batches, step))
        first, last = partition(windows.size, member)
        key = splitmix64(dropout.seed, steps.first + step)
        batch = by_reference(Batch(windows, longest_window(data, windows), windows.size, first, last, key))
        if not _prepare(layout, training, work, data, batch, dropout, input_gradient, member):
            return
        if not call(passes.forward, layout, training.packed, work, dropout, batch, member):
            return
        if data.carry:
            save_states(layout, work, batch, data.initial, ZERO)
        weight = _total_weight(layout, data, windows)
        if not call(
            passes.backward, layout, training, work, data, batch, loss, weight, dropout, input_gradient, member
        ):
            return
        if member.thread == 0:
            training.losses[step] = _sum(row(work.row_losses, ZERO, windows.size))
        rate, number = steps.learning_rates[step], steps.first + step + 1
        if not call(passes.update, layout, training, data, batch, optimizer, dropout, rate, step, number, member):
            return


@kernel
def _prepare(layout, training, work, data, batch, dropout, input_gradient, member):
    """Pack the weights and load the windows of a step; return False if the team was aborted."""
    params = training.params
    if dropout.weights > 0.0:
        params = training.dropped
        start, stop = own_params(training, member)
        for k in range(start, stop):  # assigning a slice would also compile its error message
            params[k] = training.params[k]
        drop_weights(layout, params, dropout.weights, batch.key, start, stop)
        if not barrier_wait(member):
            return False
    pack(layout, params, training.packed, member)
    pack_transposed(layout, params, training.packed, input_gradient, member)
    load_windows(layout, work, data, batch)
    load_states(layout, work, data, batch)
    if dropout.recurrent > 0.0:
        draw_masks(layout, work, dropout, batch)
    return barrier_wait(member)


@Subroutine
def update_pass(layout, training, data, batch, optimizer, dropout, learning_rate, step, number, member):
    """Update the parameters after `backward_pass`, in step `step` of this call, which is step `number` overall.

    With the solver NONE, or if a gradient is not finite, they stay unchanged. Return False if the team was aborted.
    """
    start, stop = own_params(training, member)
    if dropout.weights > 0.0:
        drop_weights(layout, training.grads, dropout.weights, batch.key, start, stop)
    _clip_and_measure(training, optimizer, member)
    if not barrier_wait(member):
        return False
    norm = math.sqrt(_sum(training.partial_norms))
    if member.thread == 0:
        training.norms[step] = norm
    finite = np.isfinite(training.losses[step]) and np.isfinite(norm)
    if data.carry and not finite:  # a stream that is not finite starts again from zero
        for b in range(batch.first, batch.last):
            fill(row(data.initial, (0, b, 0), data.initial.shape[2]), 0.0)
            fill(row(data.initial, (1, b, 0), data.initial.shape[2]), 0.0)
    if optimizer.solver != NONE and finite:
        scale = optimizer.clip_norm / norm if norm > optimizer.clip_norm else 1.0
        cut = min(max(layout.n_matrix_params, start), stop)
        for a, z, alpha in ((start, cut, optimizer.alpha), (cut, stop, 0.0)):
            update(
                optimizer,
                training.params[a:z],
                training.grads[a:z],
                training.mean[a:z],
                training.mean_sq[a:z],
                number,
                learning_rate,
                scale,
                alpha,
            )
    return barrier_wait(member)


@kernel
def _clip_and_measure(training, optimizer, member):
    """Clip one thread's gradients by value, and sum the squares of each chunk."""
    first, last = partition(training.partial_norms.size, member)
    for chunk in range(first, last):
        part = training.grads[chunk * NORM_CHUNK : (chunk + 1) * NORM_CHUNK]
        if optimizer.clip_value < np.inf:
            clip_by_value(part, optimizer.clip_value)
        training.partial_norms[chunk] = square_sum(part)


@kernel
def own_params(training, member):
    """Return the range of parameters that one thread updates: whole chunks of the norm."""
    first, last = partition(training.partial_norms.size, member)
    return first * NORM_CHUNK, min(last * NORM_CHUNK, training.params.size)


@kernel
def drop_weights(layout, weights, rate, key, first, last):
    """Apply dropout to the recurrent weights among entries first..last of the parameters or of their gradient."""
    for lstm in range(layout.lstms.size):
        start, n_hidden = layout.lstms[lstm].w_rec, layout.lstms[lstm].n_hidden
        a, z = max(first, start), min(last, start + 4 * n_hidden * n_hidden)
        if a < z:
            drop(weights[a:z], splitmix64(splitmix64(key, WEIGHTS), lstm), a - start, rate)


@kernel
def _batch_size(batches, step):
    """Return the number of windows of a step: those before the first negative number."""
    for b in range(batches.shape[1]):
        if batches[step, b] < 0:
            return b
    return batches.shape[1]


@kernel
def _sum(values):
    """Return the sum, added up in order."""
    total = 0.0
    for k in range(values.size):
        total += values[k]
    return total


@kernel
def _total_weight(layout, data, windows):
    """Return the sum of the weights of all windows, counting each step if every step has a target."""
    total = 0.0
    for window in windows:
        weight = float(data.weights[window]) if data.weights.size else 1.0
        total += weight * (data.lengths[window] if layout.every_step else 1)
    return total
