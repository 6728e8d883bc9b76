"""The entry points: pack the weights, run windows forward, take training steps; and what changes the parameters.

A team of threads calls `train_stretch` together, each with its own number, and meets at a barrier between the phases
of a step: pack, run rows, sum gradients, measure, update. With one thread the barriers cost nothing.
"""

import math

import numpy as np

from tsl.kernels.compile import Subroutine, call, entry_point, kernel
from tsl.kernels.forward import draw_masks, load_states, load_windows, save_states
from tsl.kernels.layout import cube, fill, matrix, rounded_up, row
from tsl.kernels.optimisers import NONE, NORM_CHUNK, clip_by_value, square_sum, update
from tsl.kernels.packing import pack_dense, pack_dense_transposed, pack_gates, pack_gates_transposed
from tsl.kernels.products import GATE_WIDTH, WIDTH, ZERO, add_gate_rows
from tsl.kernels.random import drop, hashed
from tsl.kernels.reference import by_reference
from tsl.kernels.target import LANES
from tsl.kernels.threads import meet, share
from tsl.kernels.vector import address
from tsl.kernels.views import (
    embeds_steps,
    head_of,
    n_features,
    n_states,
    n_units,
    packed_bias,
    packed_codes,
    packed_w_in,
    packed_w_in_t,
    packed_w_rec,
    packed_w_rec_t,
)

WEIGHTS = 2**32  # far from the numbers of the other keys of a step


@entry_point
def pack_weights(layout, params, packed, thread, n_threads):
    """`thread`'s part of the weights, as a forward pass reads them, into `packed`."""
    pack(by_reference(layout), params, packed, thread, n_threads)


@kernel
def pack(layout, params, packed, thread, n_threads):
    """The same for other kernels."""
    for cell in range(layout.cells.size):
        sizes = layout.cells[cell]
        n_gates, blocks = 4 * sizes.n_hidden, n_units(layout, cell) // LANES
        first, last = share(blocks, thread, n_threads)
        w_in = matrix(params, sizes.w_in, sizes.n_inputs, n_gates)
        pack_gates(w_in, packed_w_in(layout, packed, cell), first, last)
        w_rec = matrix(params, sizes.w_rec, sizes.n_hidden, n_gates)
        pack_gates(w_rec, packed_w_rec(layout, packed, cell), first, last)
        pack_gates(matrix(params, sizes.bias, 1, n_gates), packed_bias(layout, packed, cell), first, last)
        if layout.one_hot and layout.n_embedded and cell < layout.n_directions:
            embed_codes(layout, params, packed, cell, first, last)
    n, n_outputs = n_features(layout), layout.n_outputs
    out = cube(packed, layout.packed_w_out, rounded_up(n_outputs, WIDTH) // WIDTH, n, WIDTH)
    first, last = share(out.shape[0], thread, n_threads)
    pack_dense(matrix(params, layout.w_out, n, n_outputs), out, first, last)
    if embeds_steps(layout):
        n, n_embedded = layout.n_raw, layout.n_embedded
        out = cube(packed, layout.packed_w_embedding, rounded_up(n_embedded, WIDTH) // WIDTH, n, WIDTH)
        first, last = share(out.shape[0], thread, n_threads)
        pack_dense(matrix(params, layout.w_embedding, n, n_embedded), out, first, last)
    if thread == 0:
        for k in range(n_outputs):
            packed[layout.packed_b_out + k] = params[layout.b_out + k]
        for k in range(layout.n_embedded if embeds_steps(layout) else 0):
            packed[layout.packed_b_embedding + k] = params[layout.b_embedding + k]


@kernel
def embed_codes(layout, params, packed, cell, first, last):
    """Products of all vectors of codes and the input weights, for blocks first..last of a cell's units."""
    w_in, codes = packed_w_in(layout, packed, cell), packed_codes(layout, packed, cell)
    for block in range(first, last):
        fill(row(codes, (block, 0, 0), layout.n_raw * GATE_WIDTH), 0.0)
        add_gate_rows(
            layout.n_raw,
            address(params, layout.w_embedding),
            layout.n_embedded,
            layout.n_embedded,
            address(w_in, (block, 0, 0)),
            address(codes, (block, 0, 0)),
        )


@kernel
def drop_weights(layout, weights, rate, key, first, last):
    """Dropout of the recurrent weights among the numbers first..last of the parameters, or of their gradient."""
    for cell in range(layout.cells.size):
        start, n_hidden = layout.cells[cell].w_rec, layout.cells[cell].n_hidden
        a, z = max(first, start), min(last, start + 4 * n_hidden * n_hidden)
        if a < z:
            drop(weights[a:z], hashed(hashed(key, WEIGHTS), cell), a - start, rate)


@kernel
def pack_transposed(layout, params, packed, input_gradient, thread, n_threads):
    """`thread`'s part of the transposed weights, as a backward pass reads them, into `packed`."""
    for cell in range(layout.cells.size):
        sizes = layout.cells[cell]
        rec_t = packed_w_rec_t(layout, packed, cell)
        first, last = share(rec_t.shape[0], thread, n_threads)
        w_rec = matrix(params, sizes.w_rec, sizes.n_hidden, 4 * sizes.n_hidden)
        pack_gates_transposed(w_rec, rec_t, first, last)
        if cell >= layout.n_directions or input_gradient or layout.n_embedded > 0:
            in_t = packed_w_in_t(layout, packed, cell)
            first, last = share(in_t.shape[0], thread, n_threads)
            w_in = matrix(params, sizes.w_in, sizes.n_inputs, 4 * sizes.n_hidden)
            pack_gates_transposed(w_in, in_t, first, last)
    n = n_states(layout)
    out = cube(packed, layout.packed_w_out_t, rounded_up(n, WIDTH) // WIDTH, layout.n_outputs, WIDTH)
    first, last = share(out.shape[0], thread, n_threads)
    pack_dense_transposed(matrix(params, layout.w_out, n, layout.n_outputs), out, first, last)


@Subroutine
def update_pass(
    layout,
    training,
    data,
    optimizer,
    dropout,
    key,
    learning_rate,
    step,
    number,
    first,
    last,
    barrier,
    thread,
    n_threads,
):
    """Change the parameters after `backward_pass`, in step `step` of this stretch and `number` of all.

    With the solver NONE, or where a gradient is not finite, they stay as they are. False if the barrier was called off.
    """
    params, grads, partial_norms = training.params, training.grads, training.partial_norms
    start, stop = own_params(training, thread, n_threads)
    if dropout.weights > 0.0:
        drop_weights(layout, grads, dropout.weights, key, start, stop)
    first_chunk, last_chunk = share(partial_norms.size, thread, n_threads)
    for chunk in range(first_chunk, last_chunk):
        part = grads[chunk * NORM_CHUNK : (chunk + 1) * NORM_CHUNK]
        if optimizer.clip_value < np.inf:
            clip_by_value(part, optimizer.clip_value)
        partial_norms[chunk] = square_sum(part)
    if not meet(barrier, n_threads):
        return False
    total_loss, norm = training.losses[step], math.sqrt(_sum(partial_norms))
    if thread == 0:
        training.norms[step] = norm
    finite = np.isfinite(total_loss) and np.isfinite(norm)
    if data.carry and not finite:  # a stream that went wrong starts anew
        for b in range(first, last):
            fill(row(data.initial, (0, b, 0), data.initial.shape[2]), 0.0)
            fill(row(data.initial, (1, b, 0), data.initial.shape[2]), 0.0)
    if optimizer.solver != NONE and finite:
        scale = optimizer.clip_norm / norm if norm > optimizer.clip_norm else 1.0
        cut = min(max(layout.n_matrix_params, start), stop)
        for a, z, alpha in ((start, cut, optimizer.alpha), (cut, stop, 0.0)):
            update(
                optimizer,
                params[a:z],
                grads[a:z],
                training.mean[a:z],
                training.mean_sq[a:z],
                number,
                learning_rate,
                scale,
                alpha,
            )
    return meet(barrier, n_threads)


@kernel
def own_params(training, thread, n_threads):
    """The range of the parameters that a thread works on where each is changed by itself: whole chunks of the norm."""
    first_chunk, last_chunk = share(training.partial_norms.size, thread, n_threads)
    return first_chunk * NORM_CHUNK, min(last_chunk * NORM_CHUNK, training.params.size)


@entry_point(slow=True)
def run_windows(
    forward_at, layout, packed, work, data, dropout, first, last, outputs, final, barrier, thread, n_threads
):
    """Run windows first..last forward, as many at once as the workspace holds.

    outputs (n, steps, padded K) and `final` (2, n, states), or (0, 0, 0) for none, are written at the windows' own
    numbers. Of `dropout` the outputs' rate counts, drawn anew for as many windows as are run at once.

    A team of threads calls this for the same windows in the same workspace; a thread alone says that it is one of 1.
    """
    layout, work, data, dropout = by_reference(layout), by_reference(work), by_reference(data), by_reference(dropout)
    for start in range(first, last, work.lengths.size):
        batch = min(last - start, work.lengths.size)
        begin, end = share(batch, thread, n_threads)
        windows = row(work.windows, 0, batch)
        for b in range(batch):  # by each thread of a team, all writing the same
            windows[b] = start + b
        n_steps = _longest(data, windows)
        load_windows(layout, work, data, windows, n_steps, begin, end)
        load_states(layout, work, data, windows, n_steps, begin, end)
        key = hashed(dropout.seed, start)
        if not call(
            forward_at, layout, packed, work, dropout, key, n_steps, batch, begin, end, barrier, thread, n_threads
        ):
            return
        _, _, rows = head_of(layout, work, n_steps, batch)
        for b in range(begin, end):
            for t in range(rows.shape[0] // batch):
                if t < work.lengths[b]:
                    for k in range(rows.shape[1]):
                        outputs[start + b, t, k] = rows[t * batch + b, k]
        if final.size:
            save_states(layout, work, n_steps, batch, begin, end, final, start)
        if not meet(barrier, n_threads):  # the next windows take the place of these
            return


@entry_point(slow=True)
def train_stretch(
    forward_at,
    backward_at,
    update_at,
    layout,
    training,
    work,
    data,
    batches,
    learning_rates,
    loss,
    optimizer,
    dropout,
    first_step,
    input_gradient,
    barrier,
    thread,
    n_threads,
):
    """Take one step per row of `batches`; every thread of the team calls this with its own number.

    With the solver NONE nothing is updated: the gradients are left in `training.grads` and in the workspace.
    """
    layout, training, work, data = by_reference(layout), by_reference(training), by_reference(work), by_reference(data)
    loss, optimizer, dropout = by_reference(loss), by_reference(optimizer), by_reference(dropout)
    params, packed, dropped = training.params, training.packed, training.dropped
    for step in range(batches.shape[0]):
        windows = row(batches, (step, 0), _batch_size(batches, step))
        batch, n_steps, total_weight = windows.size, _longest(data, windows), _weight(data, windows, layout)
        first, last = share(batch, thread, n_threads)
        key = hashed(dropout.seed, first_step + step)
        if dropout.weights > 0.0:
            start, stop = own_params(training, thread, n_threads)
            for k in range(start, stop):  # assigning a slice would compile how its error is worded
                dropped[k] = params[k]
            drop_weights(layout, dropped, dropout.weights, key, start, stop)
            if not meet(barrier, n_threads):
                return
        weights = dropped if dropout.weights > 0.0 else params
        pack(layout, weights, packed, thread, n_threads)
        pack_transposed(layout, weights, packed, input_gradient, thread, n_threads)
        load_windows(layout, work, data, windows, n_steps, first, last)
        load_states(layout, work, data, windows, n_steps, first, last)
        if dropout.recurrent > 0.0:
            draw_masks(layout, work, dropout, key, n_steps, batch, first, last)
        if not meet(barrier, n_threads):
            return
        if not call(
            forward_at, layout, packed, work, dropout, key, n_steps, batch, first, last, barrier, thread, n_threads
        ):
            return
        if data.carry:
            save_states(layout, work, n_steps, batch, first, last, data.initial, ZERO)
        if not call(
            backward_at,
            layout,
            training,
            work,
            data,
            windows,
            loss,
            total_weight,
            dropout,
            key,
            n_steps,
            input_gradient,
            first,
            last,
            barrier,
            thread,
            n_threads,
        ):
            return
        if thread == 0:
            training.losses[step] = _sum(row(work.row_losses, ZERO, batch))
        rate, number = learning_rates[step], first_step + step + 1
        if not call(
            update_at,
            layout,
            training,
            data,
            optimizer,
            dropout,
            key,
            rate,
            step,
            number,
            first,
            last,
            barrier,
            thread,
            n_threads,
        ):
            return


@kernel
def _batch_size(batches, step):
    """Places in use: those before the first negative number."""
    for b in range(batches.shape[1]):
        if batches[step, b] < 0:
            return b
    return batches.shape[1]


@kernel
def _longest(data, windows):
    """Steps of the longest window."""
    longest = 0
    for window in windows:
        longest = max(longest, data.lengths[window])
    return longest


@kernel
def _sum(values):
    """The sum, in order."""
    total = 0.0
    for k in range(values.size):
        total += values[k]
    return total


@kernel
def _weight(data, windows, layout):
    """Sum of the weights of all windows, and of their steps where each has a target."""
    total = 0.0
    for window in windows:
        weight = float(data.weights[window]) if data.weights.size else 1.0
        total += weight * (data.lengths[window] if layout.every_step else 1)
    return total
