"""The whole network forward, for a range of rows of one batch.

T steps, B rows in the batch; rows `first..last` are one thread's. Nothing here depends on other rows.
"""

from tsl.kernels.compile import Subroutine, kernel
from tsl.kernels.layout import copy, cube, fill, matrix, row
from tsl.kernels.lstm import lstm_forward, time_of
from tsl.kernels.products import WIDTH, ZERO, dense_forward
from tsl.kernels.random import drop, hashed
from tsl.kernels.target import LANES
from tsl.kernels.threads import meet, share
from tsl.kernels.views import (
    cells_of,
    embedded_of,
    embeds_steps,
    gates_of,
    head_of,
    hidden_of,
    inputs_of,
    layer_sizes,
    mask_of,
    n_layers,
    n_states,
    n_units,
    packed_bias,
    packed_codes,
    packed_w_in,
    packed_w_rec,
    raw_inputs_of,
)


@kernel
def load_windows(layout, work, data, windows, n_steps, first, last):
    """Read the windows numbered windows[first:last] into the first layer's inputs, and their lengths."""
    batch = windows.size
    x = raw_inputs_of(layout, work, 0 if layout.one_hot else n_steps, batch)
    for b in range(first, last):
        start, length = data.starts[windows[b]], data.lengths[windows[b]]
        work.lengths[b] = length
        if data.bounds.size:
            load_framed(layout, data, windows[b], b, length, x)
            continue
        for t in range(n_steps):
            if layout.one_hot:
                work.codes[t, b] = data.codes[start + t] if t < length else -1
            elif t < length:
                for c in range(x.shape[2]):
                    x[t, b, c] = data.rows[start + t, c]
            else:
                fill(row(x, (t, b, 0), x.shape[2]), 0.0)


@kernel
def load_framed(layout, data, window, b, length, x):
    """Read a window into row b of x (T, B, segment * channels + S), relative to its shifts and scales.

    What is missing (NaN), before the first bound, beyond the last, or beyond the second and not known ahead reads as 0.
    """
    n_channels, bounds = data.rows.shape[1], row(data.bounds, (window, 0), 3)
    zero = x.dtype.type(0.0)
    for t in range(x.shape[0]):
        fill(row(x, (t, b, 0), x.shape[2]), 0.0)
        if t >= length:
            continue
        for r in range(layout.segment):
            place, column = data.starts[window] + t * layout.segment + r, r * n_channels
            if not bounds[0] <= place < bounds[2]:
                continue
            for c in range(n_channels - layout.n_known if place >= bounds[1] else 0, n_channels):
                value = (data.rows[place, c] - data.shifts[window, c]) * data.scales[window, c]
                x[t, b, column + c] = value if value == value else zero
        for k in range(data.statics.shape[1]):
            x[t, b, layout.segment * n_channels + k] = data.statics[window, k]


@kernel
def load_states(layout, work, data, windows, n_steps, first, last):
    """Initial states of rows first..last: `data.initial`, or zero."""
    batch = windows.size
    for cell in range(layout.cells.size):
        n_hidden, column = layout.cells[cell].n_hidden, layout.cells[cell].state
        hidden = hidden_of(layout, work, cell, work.cells[cell].hidden, n_steps, batch)
        cells = cells_of(layout, work, cell, n_steps, batch)
        for b in range(first, last):
            fill(row(hidden, (0, b, 0), hidden.shape[2]), 0.0)
            fill(row(cells, (0, b, 0), cells.shape[2]), 0.0)
            if data.initial.size and not (data.fresh.size and data.fresh[windows[b]]):
                place = b if data.carry else windows[b]
                copy(row(data.initial, (0, place, column), n_hidden), row(hidden, (0, b, 0), n_hidden))
                copy(row(data.initial, (1, place, column), n_hidden), row(cells, (0, b, 0), n_hidden))


@kernel
def save_states(layout, work, n_steps, batch, first, last, final, start):
    """Final states of rows first..last into `final` (2, ·, states), row b at `start` + b."""
    for cell in range(layout.cells.size):
        n_hidden, column = layout.cells[cell].n_hidden, layout.cells[cell].state
        hidden = hidden_of(layout, work, cell, work.cells[cell].hidden, n_steps, batch)
        cells = cells_of(layout, work, cell, n_steps, batch)
        for b in range(first, last):
            last_hidden, last_cells = n_steps % hidden.shape[0], n_steps % cells.shape[0]
            copy(row(hidden, (last_hidden, b, 0), n_hidden), row(final, (0, start + b, column), n_hidden))
            copy(row(cells, (last_cells, b, 0), n_hidden), row(final, (1, start + b, column), n_hidden))


@kernel
def draw_masks(layout, work, dropout, key, n_steps, batch, first, last):
    """Recurrent dropout masks of rows first..last, and the masked initial states."""
    for cell in range(layout.cells.size):
        mask = mask_of(layout, work, cell, batch, dropout)
        hidden = hidden_of(layout, work, cell, work.cells[cell].hidden, n_steps, batch)
        recurrent = hidden_of(layout, work, cell, work.cells[cell].recurrent, n_steps, batch)
        for b in range(first, last):
            fill(row(mask, (b, 0), mask.shape[1]), 1.0)
            drop(row(mask, (b, 0), mask.shape[1]), hashed(key, 2 * cell + 1), b * mask.shape[1], dropout.recurrent)
            for u in range(mask.shape[1]):
                recurrent[0, b, u] = hidden[0, b, u] * mask[b, u]


@kernel
def shares_units(batch, n_threads):
    """Whether threads share the units of each layer, and meet at each step, because there are not rows enough.

    With rows enough, threads that never meet are as fast or faster, also where the weights exceed their caches.
    """
    return batch < n_threads


@Subroutine
def forward_pass(layout, packed, work, dropout, key, n_steps, batch, first, last, barrier, thread, n_threads):
    """Outputs of rows first..last, from the inputs and initial states in the workspace.

    All threads of a team call this together, each with its own rows. False if the barrier was called off.
    """
    shared = shares_units(batch, n_threads)
    first_row, last_row, n_sharing = (ZERO, batch, n_threads) if shared else (first, last, 1)
    if embeds_steps(layout):
        embed(layout, packed, work, n_steps, batch, first, last)
    for layer in range(n_layers(layout)):
        if not meet(barrier, n_sharing):  # the inputs and states of others are read
            return False
        one_hot = layout.one_hot and layer == 0
        x = inputs_of(layout, work, layer, 0 if one_hot else n_steps, batch)
        for direction in range(layout.n_directions):
            cell = layer * layout.n_directions + direction
            blocks = n_units(layout, cell) // LANES
            first_block, last_block = share(blocks, thread, n_threads) if shared else (ZERO, blocks)
            if not lstm_forward(
                n_steps,
                x,
                work.codes,
                one_hot,
                packed_codes(layout, packed, cell) if one_hot else packed_w_in(layout, packed, cell),
                packed_w_rec(layout, packed, cell),
                packed_bias(layout, packed, cell),
                work.lengths,
                direction == 1,
                gates_of(layout, work, cell, n_steps, batch),
                cells_of(layout, work, cell, n_steps, batch),
                hidden_of(layout, work, cell, work.cells[cell].hidden, n_steps, batch),
                hidden_of(layout, work, cell, work.cells[cell].recurrent, n_steps, batch),
                mask_of(layout, work, cell, batch, dropout),
                first_row,
                last_row,
                first_block,
                last_block,
                barrier,
                n_sharing,
            ):
                return False
        if layer + 1 < n_layers(layout):
            emit_every_step(layout, work, layer, inputs_of(layout, work, layer + 1, n_steps, batch), first, last)
            x = inputs_of(layout, work, layer + 1, n_steps, batch)
            drop_steps(x, x.shape[2], hashed(key, 2 * layer), dropout.outputs, first, last)
    head_forward(layout, packed, work, dropout, key, n_steps, batch, first, last)
    return True


@kernel
def embed(layout, packed, work, n_steps, batch, first, last):
    """The inputs of the first layer: what is positive of the sums of the dense layer in front."""
    raw = raw_inputs_of(layout, work, n_steps, batch)
    sums, x = embedded_of(layout, work, n_steps * batch), inputs_of(layout, work, 0, n_steps, batch)
    weights = cube(packed, layout.packed_w_embedding, sums.shape[1] // WIDTH, layout.n_raw, WIDTH)
    bias = row(packed, layout.packed_b_embedding, sums.shape[1])
    zero = x.dtype.type(0.0)
    for t in range(n_steps):
        start = t * batch
        dense_forward(
            matrix(raw, (0, 0, 0), n_steps * batch, layout.n_raw), weights, bias, sums, start + first, start + last
        )
        for b in range(first, last):
            for u in range(x.shape[2]):
                value = sums[start + b, u]
                x[t, b, u] = zero if value < zero else value


@kernel
def emit_every_step(layout, work, layer, out, first, last):
    """Hidden states of a layer by time into `out` (T, B, D*H)."""
    n_steps, batch, n_hidden = out.shape[0], out.shape[1], layer_sizes(layout, layer).n_hidden
    for direction in range(layout.n_directions):
        cell = layer * layout.n_directions + direction
        hidden = hidden_of(layout, work, cell, work.cells[cell].hidden, n_steps, batch)
        for s in range(n_steps):
            t = time_of(s, n_steps, direction == 1)
            for b in range(first, last):
                for u in range(n_hidden):
                    out[t, b, direction * n_hidden + u] = hidden[s + 1, b, u]


@kernel
def drop_steps(x, n, key, rate, first, last):
    """Dropout of the first n of (T, B, ·) features in place, anew for every step."""
    if rate > 0.0:
        for t in range(x.shape[0]):
            for b in range(first, last):
                drop(row(x, (t, b, 0), n), key, (t * x.shape[1] + b) * n, rate)


@kernel
def head_forward(layout, packed, work, dropout, key, n_steps, batch, first, last):
    """The dense head on the last layer's states."""
    features, _, outputs = head_of(layout, work, n_steps, batch)
    n_hidden, n_steps_read = layer_sizes(layout, n_layers(layout) - 1).n_hidden, features.shape[0] // batch
    by_step = cube(work.numbers, work.features, n_steps_read, batch, features.shape[1])
    if layout.every_step:
        emit_every_step(layout, work, n_layers(layout) - 1, by_step, first, last)
    else:
        for direction in range(layout.n_directions):
            cell = layout.cells.size - layout.n_directions + direction
            hidden = hidden_of(layout, work, cell, work.cells[cell].hidden, n_steps, batch)
            after = n_steps % hidden.shape[0]
            for b in range(first, last):
                for u in range(n_hidden):
                    features[b, direction * n_hidden + u] = hidden[after, b, u]
        if layout.n_skipped:
            skip_layers(layout, raw_inputs_of(layout, work, n_steps, batch), features, first, last)
    drop_steps(by_step, n_states(layout), hashed(key, 2 * n_layers(layout)), dropout.outputs, first, last)
    blocks = outputs.shape[1] // WIDTH
    weights = cube(packed, layout.packed_w_out, blocks, features.shape[1], WIDTH)
    bias = row(packed, layout.packed_b_out, outputs.shape[1])
    for t in range(n_steps_read):
        dense_forward(features, weights, bias, outputs, t * batch + first, t * batch + last)


@kernel
def skip_layers(layout, x, features, first, last):
    """Inputs of all steps, without the static ones, into the features behind the hidden units."""
    n, column = layout.n_skipped // x.shape[0], n_states(layout)
    for b in range(first, last):
        for t in range(x.shape[0]):
            for c in range(n):
                features[b, column + t * n + c] = x[t, b, c]
