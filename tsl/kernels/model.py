"""The whole network for a range of rows of one batch: forward, loss, backward.

T steps, B rows in the batch; rows `first..last` are one thread's. Nothing here depends on other rows.
"""

from tsl.kernels.compile import kernel
from tsl.kernels.layout import cube, fill, matrix, rounded_up, row
from tsl.kernels.losses import loss_row, n_targets, target_frame
from tsl.kernels.lstm import add_gates_transposed, lstm_backward, lstm_forward, time_of
from tsl.kernels.products import GATE_WIDTH, ONE, WIDTH, ZERO, add_dense, dense_forward
from tsl.kernels.random import drop, hashed
from tsl.kernels.target import LANES
from tsl.kernels.threads import meet, share
from tsl.kernels.vector import address, carray

# --- views of one cell ------------------------------------------------------------------------------------------


@kernel
def n_layers(layout):
    """Layers of the network."""
    return layout.cells.size // layout.n_directions


@kernel
def layer_sizes(layout, layer):
    """The record of a layer's first cell, whose sizes are those of the layer."""
    return layout.cells[layer * layout.n_directions]


@kernel
def embeds_steps(layout):
    """Whether there is a dense layer in front; embedded codes need none, being rows of a product of two matrices."""
    return layout.n_embedded > 0 and not layout.one_hot


@kernel
def n_units(layout, cell):
    """Hidden units of a cell, padded."""
    return rounded_up(layout.cells[cell].n_hidden, LANES)


@kernel
def packed_w_in(layout, packed, cell):
    """(blocks of units, C, GATE_WIDTH)."""
    sizes = layout.cells[cell]
    return cube(packed, sizes.packed_w_in, n_units(layout, cell) // LANES, sizes.n_inputs, GATE_WIDTH)


@kernel
def packed_codes(layout, packed, cell):
    """(blocks of units, codes, GATE_WIDTH): what each code adds to the gate sums of a cell that reads codes."""
    sizes = layout.cells[cell]
    return cube(packed, sizes.packed_codes, n_units(layout, cell) // LANES, layout.n_raw, GATE_WIDTH)


@kernel
def packed_w_rec(layout, packed, cell):
    """(blocks of units, H, GATE_WIDTH)."""
    sizes = layout.cells[cell]
    return cube(packed, sizes.packed_w_rec, n_units(layout, cell) // LANES, sizes.n_hidden, GATE_WIDTH)


@kernel
def packed_bias(layout, packed, cell):
    """(blocks of units, 1, GATE_WIDTH)."""
    return cube(packed, layout.cells[cell].packed_bias, n_units(layout, cell) // LANES, 1, GATE_WIDTH)


@kernel
def packed_w_in_t(layout, packed, cell):
    """(blocks of inputs, 4 * units, WIDTH)."""
    sizes = layout.cells[cell]
    blocks = rounded_up(sizes.n_inputs, WIDTH) // WIDTH
    return cube(packed, sizes.packed_w_in_t, blocks, 4 * n_units(layout, cell), WIDTH)


@kernel
def packed_w_rec_t(layout, packed, cell):
    """(blocks of units, 4 * units, WIDTH)."""
    sizes = layout.cells[cell]
    blocks = rounded_up(sizes.n_hidden, WIDTH) // WIDTH
    return cube(packed, sizes.packed_w_rec_t, blocks, 4 * n_units(layout, cell), WIDTH)


@kernel
def gates_of(layout, work, cell, n_steps, batch):
    """(blocks of units, steps kept, B, GATE_WIDTH): what a product works on lies together, whatever the sizes."""
    blocks, steps = n_units(layout, cell) // LANES, min(n_steps, work.gate_steps)
    return carray(address(work.numbers, work.cells[cell].gates), (blocks, steps, batch, GATE_WIDTH))


@kernel
def cells_of(layout, work, cell, n_steps, batch):
    """(states kept, B, units)."""
    return cube(work.numbers, work.cells[cell].states, min(n_steps, work.gate_steps) + 1, batch, n_units(layout, cell))


@kernel
def hidden_of(layout, work, cell, start, n_steps, batch):
    """(states kept, B, units) hidden states, or the same after recurrent dropout."""
    kept = min(n_steps + 1, work.cells[cell].hidden_steps)
    return cube(work.numbers, start, kept, batch, n_units(layout, cell))


@kernel
def inputs_of(layout, work, layer, n_steps, batch):
    """(T, B, C) inputs of a layer."""
    start = work.cells[layer * layout.n_directions].inputs
    return cube(work.numbers, start, n_steps, batch, layer_sizes(layout, layer).n_inputs)


@kernel
def raw_inputs_of(layout, work, n_steps, batch):
    """(T, B, C) what the network reads: the inputs of its first layer, or of the dense layer in front of it."""
    start = work.raw if embeds_steps(layout) else work.cells[0].inputs
    return cube(work.numbers, start, n_steps, batch, layout.n_raw)


@kernel
def embedded_of(layout, work, n):
    """(n, padded units) sums of the dense layer in front, then their gradients; or gradients of embedded codes."""
    return matrix(work.numbers, work.embedded, n, rounded_up(layout.n_embedded, WIDTH))


@kernel
def d_codes_of(layout, d_packed, cell):
    """(blocks of units, 1, codes, GATE_WIDTH) gradient of `packed_codes`, as if each code were a row of one step."""
    blocks = n_units(layout, cell) // LANES
    return carray(address(d_packed, layout.cells[cell].packed_codes), (blocks, ONE, layout.n_raw, GATE_WIDTH))


@kernel
def d_inputs_of(layout, work, layer, n_steps, batch):
    """(T, B, padded C) gradient of the inputs of a layer."""
    start = work.cells[layer * layout.n_directions].d_inputs
    return cube(work.numbers, start, n_steps, batch, rounded_up(layer_sizes(layout, layer).n_inputs, WIDTH))


@kernel
def mask_of(layout, work, cell, batch, dropout):
    """(B, units) recurrent dropout mask, or (0, units) without."""
    return matrix(work.numbers, work.cells[cell].mask, batch if dropout.recurrent > 0 else 0, n_units(layout, cell))


@kernel
def n_states(layout):
    """Hidden units that the head reads."""
    return layout.n_directions * layer_sizes(layout, n_layers(layout) - 1).n_hidden


@kernel
def n_features(layout):
    """Numbers that the head reads: hidden units, then the inputs of all steps where those skip the layers."""
    return n_states(layout) + layout.n_skipped


@kernel
def head_rows(layout, n_steps, batch):
    """Rows of the head's arrays: one a row of the batch, or one a step and row, steps first."""
    return n_steps * batch if layout.every_step else batch


@kernel
def head_of(layout, work, n_steps, batch):
    """The head's features (rows, D*H + skipped), gradient of states (rows, padded D*H), outputs (rows, padded K)."""
    rows = head_rows(layout, n_steps, batch)
    return (
        matrix(work.numbers, work.features, rows, n_features(layout)),
        matrix(work.numbers, work.d_features, rows, rounded_up(n_states(layout), WIDTH)),
        matrix(work.numbers, work.outputs, rows, rounded_up(layout.n_outputs, WIDTH)),
    )


# --- forward ----------------------------------------------------------------------------------------------------


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
                for u in range(n_hidden):
                    hidden[0, b, u] = data.initial[0, place, column + u]
                    cells[0, b, u] = data.initial[1, place, column + u]


@kernel
def save_states(layout, work, n_steps, batch, first, last, final, start):
    """Final states of rows first..last into `final` (2, ·, states), row b at `start` + b."""
    for cell in range(layout.cells.size):
        n_hidden, column = layout.cells[cell].n_hidden, layout.cells[cell].state
        hidden = hidden_of(layout, work, cell, work.cells[cell].hidden, n_steps, batch)
        cells = cells_of(layout, work, cell, n_steps, batch)
        for b in range(first, last):
            for u in range(n_hidden):
                final[0, start + b, column + u] = hidden[n_steps % hidden.shape[0], b, u]
                final[1, start + b, column + u] = cells[n_steps % cells.shape[0], b, u]


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


@kernel
def forward(layout, packed, work, dropout, key, n_steps, batch, first, last, barrier, thread, n_threads):
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
def embed_backward(layout, work, n_steps, batch, first, last):
    """Gradients of the sums of the dense layer in front, from those of the first layer's inputs."""
    sums, d_x = embedded_of(layout, work, n_steps * batch), d_inputs_of(layout, work, 0, n_steps, batch)
    zero = sums.dtype.type(0.0)
    for t in range(n_steps):
        for b in range(first, last):
            for u in range(sums.shape[1]):
                sums[t * batch + b, u] = d_x[t, b, u] if sums[t * batch + b, u] > zero else zero


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


# --- backward ---------------------------------------------------------------------------------------------------


@kernel
def batch_loss(layout, work, data, windows, n_steps, loss, total_weight, first, last):
    """Losses of rows first..last, into `work.row_losses`; their outputs become gradients of the mean loss."""
    batch = windows.size
    _, _, outputs = head_of(layout, work, n_steps, batch)
    n_values = n_targets(loss, layout.n_outputs)
    for b in range(first, last):
        window = windows[b]
        weight = float(data.weights[window]) if data.weights.size else 1.0
        shift, scale = target_frame(data, window)
        total = 0.0
        for t in range(outputs.shape[0] // batch):
            scores = row(outputs, (t * batch + b, 0), outputs.shape[1])
            if t < work.lengths[b]:
                place = data.first_target[window] + t
                label = data.labels[place] if data.labels.size else 0
                values = row(data.values, (place, 0), n_values) if data.values.size else scores
                total += loss_row(loss, scores, layout.n_outputs, values, shift, scale, label, weight / total_weight)
            else:
                fill(scores, 0.0)
        work.row_losses[b] = weight * total / total_weight


@kernel
def backward(layout, packed, work, dropout, key, n_steps, batch, input_gradient, first, last):
    """Gradients of all gate sums of rows first..last, left in `work.gates`, and of the inputs where asked for."""
    head_backward(layout, packed, work, dropout, key, n_steps, batch, first, last)
    top = n_layers(layout) - 1
    _, d_features, _ = head_of(layout, work, n_steps, batch)
    for layer in range(top, -1, -1):
        if layer < top:
            d_above = d_inputs_of(layout, work, layer + 1, n_steps, batch)
        else:
            steps = n_steps if layout.every_step else 0
            d_above = cube(work.numbers, work.d_features, steps, batch, d_features.shape[1])
        for direction in range(layout.n_directions):
            cell = layer * layout.n_directions + direction
            d_hidden, d_cell = d_states_of(layout, work, cell, batch)
            for b in range(first, last):
                fill(row(d_hidden, (b, 0), d_hidden.shape[1]), 0.0)
                fill(row(d_cell, (b, 0), d_cell.shape[1]), 0.0)
            if layer == top and not layout.every_step:
                column = direction * layer_sizes(layout, layer).n_hidden
                for b in range(first, last):
                    for u in range(layer_sizes(layout, layer).n_hidden):
                        d_hidden[b, u] = d_features[b, column + u]
            lstm_backward(
                d_above,
                direction * layer_sizes(layout, layer).n_hidden,
                gates_of(layout, work, cell, n_steps, batch),
                cells_of(layout, work, cell, n_steps, batch),
                packed_w_rec_t(layout, packed, cell),
                work.lengths,
                direction == 1,
                mask_of(layout, work, cell, batch, dropout),
                d_hidden,
                d_cell,
                first,
                last,
            )
        if layer > 0 or input_gradient or embeds_steps(layout):
            inputs_backward(layout, packed, work, layer, n_steps, batch, first, last)
        if layer > 0:
            d_x = d_inputs_of(layout, work, layer, n_steps, batch)
            drop_steps(
                d_x, layer_sizes(layout, layer).n_inputs, hashed(key, 2 * (layer - 1)), dropout.outputs, first, last
            )
    if embeds_steps(layout):
        embed_backward(layout, work, n_steps, batch, first, last)


@kernel
def d_states_of(layout, work, cell, batch):
    """Gradients carried from step to step: of the hidden (B, padded H) and of the cell state (B, units)."""
    n_hidden = layout.cells[cell].n_hidden
    return (
        matrix(work.numbers, work.cells[cell].d_hidden, batch, rounded_up(n_hidden, WIDTH)),
        matrix(work.numbers, work.cells[cell].d_cell, batch, n_units(layout, cell)),
    )


@kernel
def head_backward(layout, packed, work, dropout, key, n_steps, batch, first, last):
    """Gradient of the head's features from that of its outputs."""
    _, d_features, d_outputs = head_of(layout, work, n_steps, batch)
    blocks = d_features.shape[1] // WIDTH
    weights_t = cube(packed, layout.packed_w_out_t, blocks, layout.n_outputs, WIDTH)
    steps = d_features.shape[0] // batch
    for t in range(steps):
        for b in range(first, last):
            fill(row(d_features, (t * batch + b, 0), d_features.shape[1]), 0.0)
        add_dense(d_outputs, weights_t, d_features, t * batch + first, t * batch + last)
    by_step = cube(work.numbers, work.d_features, steps, batch, d_features.shape[1])
    drop_steps(by_step, n_states(layout), hashed(key, 2 * n_layers(layout)), dropout.outputs, first, last)


@kernel
def inputs_backward(layout, packed, work, layer, n_steps, batch, first, last):
    """Gradient of a layer's inputs: the gate gradients of each direction times the transposed input weights."""
    d_x = d_inputs_of(layout, work, layer, n_steps, batch)
    for direction in range(layout.n_directions):
        cell = layer * layout.n_directions + direction
        gates = gates_of(layout, work, cell, n_steps, batch)
        weights_t = packed_w_in_t(layout, packed, cell)
        for s in range(n_steps):
            t = time_of(s, n_steps, direction == 1)
            if direction == 0:
                for b in range(first, last):
                    fill(row(d_x, (t, b, 0), d_x.shape[2]), 0.0)
            add_gates_transposed(gates, s, weights_t, matrix(d_x, (t, 0, 0), batch, d_x.shape[2]), first, last)
