"""The forward pass of the whole network for a range of rows of one batch.

T steps, B rows in the batch; one thread handles the rows `batch.first..batch.last`. Nothing here depends on other rows.
"""

from tsl.kernels.compile import Subroutine, entry_point, kernel
from tsl.kernels.layout import Batch, copy, cube, fill, matrix, row
from tsl.kernels.lstm import lstm_forward, time_of
from tsl.kernels.primitives import by_reference, call
from tsl.kernels.products import ONE, WIDTH, ZERO, dense_forward
from tsl.kernels.random import drop, splitmix64
from tsl.kernels.target import LANES
from tsl.kernels.threads import Member, barrier_wait, partition
from tsl.kernels.views import (
    cells_of,
    embedded_of,
    embeds_steps,
    head_of,
    hidden_of,
    inputs_of,
    layer_sizes,
    mask_of,
    n_layers,
    n_states,
    n_units,
    raw_inputs_of,
    recurrent_of,
    states_of,
    weights_of,
)

# --- windows and states -----------------------------------------------------------------------------------------


@kernel
def longest_window(data, windows):
    """Return the number of steps of the longest window."""
    longest = 0
    for window in windows:
        longest = max(longest, data.lengths[window])
    return longest


@kernel
def load_windows(layout, work, data, batch):
    """Read windows into the first layer's inputs, and their lengths."""
    x = raw_inputs_of(layout, work, batch)
    for b in range(batch.first, batch.last):
        window = batch.windows[b]
        start, length = data.starts[window], data.lengths[window]
        work.lengths[b] = length
        if data.bounds.size:
            load_framed(layout, data, window, b, length, x)
            continue
        load_condition(layout, work, data, window, b)
        for t in range(batch.n_steps):
            if layout.one_hot:
                work.codes[t, b] = data.codes[start + t] if t < length else -1
            elif t < length:
                for c in range(x.shape[2]):
                    x[t, b, c] = data.rows[start + t, c]
            else:
                fill(row(x, (t, b, 0), x.shape[2]), 0.0)


@kernel
def load_condition(layout, work, data, index, b):
    """Set the additional code that row b reads at every step."""
    if layout.one_hot:
        work.codes[work.codes.shape[0] - 1, b] = data.conditions[index] if data.conditions.size else -1


@kernel
def load_framed(layout, data, window, b, length, x):
    """Read a window into row b of x (T, B, segment * channels + S), relative to its shifts and scales.

    Values that are missing (NaN), before the first bound, beyond the last, or beyond the second and not known ahead
    read as 0.
    """
    n_channels, bounds = data.rows.shape[1], row(data.bounds, (window, 0), 3)
    zero = x.dtype.type(0.0)
    for t in range(x.shape[0]):
        fill(row(x, (t, b, 0), x.shape[2]), 0.0)
        if t >= length:
            continue
        for r in range(layout.segment):
            index, column = data.starts[window] + t * layout.segment + r, r * n_channels
            if not bounds[0] <= index < bounds[2]:
                continue
            for c in range(n_channels - layout.n_known if index >= bounds[1] else 0, n_channels):
                value = (data.rows[index, c] - data.shifts[window, c]) * data.scales[window, c]
                x[t, b, column + c] = value if value == value else zero
        for k in range(data.statics.shape[1]):
            x[t, b, layout.segment * n_channels + k] = data.statics[window, k]


@kernel
def load_states(layout, work, data, batch):
    """Set initial states from `data.initial`, or to zero."""
    for lstm in range(layout.lstms.size):
        n_hidden, column = layout.lstms[lstm].n_hidden, layout.lstms[lstm].state
        hidden, cells = hidden_of(layout, work, lstm, batch), cells_of(layout, work, lstm, batch)
        for b in range(batch.first, batch.last):
            window = batch.windows[b]
            fill(row(hidden, (0, b, 0), hidden.shape[2]), 0.0)
            fill(row(cells, (0, b, 0), cells.shape[2]), 0.0)
            if data.initial.size and not (data.reset.size and data.reset[window]):
                index = b if data.carry else window
                copy(row(data.initial, (0, index, column), n_hidden), row(hidden, (0, b, 0), n_hidden))
                copy(row(data.initial, (1, index, column), n_hidden), row(cells, (0, b, 0), n_hidden))


@kernel
def save_states(layout, work, batch, final, start):
    """Copy final states into `final` (2, ·, states), the states of row b to index `start` + b."""
    for lstm in range(layout.lstms.size):
        n_hidden, column = layout.lstms[lstm].n_hidden, layout.lstms[lstm].state
        hidden, cells = hidden_of(layout, work, lstm, batch), cells_of(layout, work, lstm, batch)
        last_hidden, last_cells = batch.n_steps % hidden.shape[0], batch.n_steps % cells.shape[0]
        for b in range(batch.first, batch.last):
            copy(row(hidden, (last_hidden, b, 0), n_hidden), row(final, (0, start + b, column), n_hidden))
            copy(row(cells, (last_cells, b, 0), n_hidden), row(final, (1, start + b, column), n_hidden))


@kernel
def draw_masks(layout, work, dropout, batch):
    """Draw recurrent dropout masks, and multiply the initial states by them."""
    for lstm in range(layout.lstms.size):
        mask, hidden = mask_of(layout, work, lstm, dropout, batch), hidden_of(layout, work, lstm, batch)
        recurrent, units = recurrent_of(layout, work, lstm, batch), mask.shape[1]
        for b in range(batch.first, batch.last):
            fill(row(mask, (b, 0), units), 1.0)
            drop(row(mask, (b, 0), units), splitmix64(batch.key, 2 * lstm + 1), b * units, dropout.recurrent)
            for u in range(units):
                recurrent[0, b, u] = hidden[0, b, u] * mask[b, u]


# --- layers and head --------------------------------------------------------------------------------------------


@kernel
def shares_units(batch, member):
    """Return whether threads share the units of each layer, with a barrier at each step, because rows are too few.

    With enough rows, threads that never wait are as fast or faster, even if the weights exceed their caches.
    """
    return batch.n_rows < member.n_threads


@Subroutine
def forward_pass(layout, packed, work, dropout, batch, member):
    """Compute the outputs of one thread's rows, from the inputs and initial states in the workspace.

    All threads of a team call this together, each with its own rows. Return False if the team was aborted.
    """
    shared = shares_units(batch, member)
    first, last = (ZERO, batch.n_rows) if shared else (batch.first, batch.last)
    rows = by_reference(Batch(batch.windows, batch.n_steps, batch.n_rows, first, last, batch.key))
    thread, n_threads = (member.thread, member.n_threads) if shared else (ZERO, ONE)
    sharing = by_reference(Member(member.barrier, thread, n_threads))
    if embeds_steps(layout):
        embed(layout, packed, work, batch)
    for layer in range(n_layers(layout)):
        if not barrier_wait(sharing):  # inputs and states written by other threads are read
            return False
        for direction in range(layout.n_directions):
            if not layer_forward(layout, packed, work, dropout, layer, direction, rows, sharing):
                return False
        if layer + 1 < n_layers(layout):
            x = inputs_of(layout, work, layer + 1, batch)
            copy_hidden(layout, work, layer, x, batch)
            drop_steps(x, x.shape[2], splitmix64(batch.key, 2 * layer), dropout.outputs, batch)
    head_forward(layout, packed, work, dropout, batch)
    return True


@kernel
def layer_forward(layout, packed, work, dropout, layer, direction, batch, member):
    """Run a layer in one direction; return False if the team was aborted."""
    lstm, one_hot = layer * layout.n_directions + direction, layout.one_hot and layer == 0
    first_block, last_block = partition(n_units(layout, lstm) // LANES, member)
    return lstm_forward(
        inputs_of(layout, work, layer, batch),
        work.codes,
        one_hot,
        weights_of(layout, packed, lstm, one_hot),
        states_of(layout, work, lstm, dropout, batch),
        work.lengths,
        direction == 1,
        batch,
        first_block,
        last_block,
        member,
    )


@kernel
def embed(layout, packed, work, batch):
    """Set the inputs of the first LSTM layer to the positive part of the sums of the initial dense layer."""
    n_rows, first, last = batch.n_rows, batch.first, batch.last
    raw = raw_inputs_of(layout, work, batch)
    sums, x = embedded_of(layout, work, batch.n_steps * n_rows), inputs_of(layout, work, 0, batch)
    weights = cube(packed, layout.packed_w_embedding, sums.shape[1] // WIDTH, layout.n_raw, WIDTH)
    bias = row(packed, layout.packed_b_embedding, sums.shape[1])
    inputs, zero = matrix(raw, (0, 0, 0), batch.n_steps * n_rows, layout.n_raw), x.dtype.type(0.0)
    for t in range(batch.n_steps):
        start = t * n_rows
        dense_forward(inputs, weights, bias, sums, start + first, start + last)
        for b in range(first, last):
            for u in range(x.shape[2]):
                value = sums[start + b, u]
                x[t, b, u] = zero if value < zero else value


@kernel
def copy_hidden(layout, work, layer, out, batch):
    """Copy the hidden states of a layer, by time, into `out` (T, B, D*H)."""
    n_hidden = layer_sizes(layout, layer).n_hidden
    for direction in range(layout.n_directions):
        hidden = hidden_of(layout, work, layer * layout.n_directions + direction, batch)
        for s in range(batch.n_steps):
            t = time_of(s, batch.n_steps, direction == 1)
            for b in range(batch.first, batch.last):
                for u in range(n_hidden):
                    out[t, b, direction * n_hidden + u] = hidden[s + 1, b, u]


@kernel
def drop_steps(x, n, key, rate, batch):
    """Apply dropout to the first n of (T, B, ·) features in place, drawn anew for every step."""
    if rate > 0.0:
        for t in range(x.shape[0]):
            for b in range(batch.first, batch.last):
                drop(row(x, (t, b, 0), n), key, (t * x.shape[1] + b) * n, rate)


@kernel
def head_forward(layout, packed, work, dropout, batch):
    """Run the dense head on the last layer's states."""
    features, _, outputs = head_of(layout, work, batch)
    first, last, top = batch.first, batch.last, n_layers(layout) - 1
    n_steps_read = features.shape[0] // batch.n_rows
    by_step = cube(work.numbers, work.features, n_steps_read, batch.n_rows, features.shape[1])
    if layout.every_step:
        copy_hidden(layout, work, top, by_step, batch)
    else:
        copy_last_hidden(layout, work, top, features, batch)
        if layout.n_skipped:
            skip_layers(layout, raw_inputs_of(layout, work, batch), features, batch)
    drop_steps(by_step, n_states(layout), splitmix64(batch.key, 2 * n_layers(layout)), dropout.outputs, batch)
    weights = cube(packed, layout.packed_w_out, outputs.shape[1] // WIDTH, features.shape[1], WIDTH)
    bias = row(packed, layout.packed_b_out, outputs.shape[1])
    for t in range(n_steps_read):
        start = t * batch.n_rows
        dense_forward(features, weights, bias, outputs, start + first, start + last)


@kernel
def copy_last_hidden(layout, work, layer, out, batch):
    """Copy the hidden states of a layer after the last step into `out` (B, D*H + ·)."""
    n_hidden = layer_sizes(layout, layer).n_hidden
    for direction in range(layout.n_directions):
        hidden = hidden_of(layout, work, layer * layout.n_directions + direction, batch)
        after = batch.n_steps % hidden.shape[0]
        for b in range(batch.first, batch.last):
            for u in range(n_hidden):
                out[b, direction * n_hidden + u] = hidden[after, b, u]


@kernel
def skip_layers(layout, x, features, batch):
    """Copy the inputs of all steps, without the static ones, into the features after the hidden units."""
    n, column = layout.n_skipped // x.shape[0], n_states(layout)
    for b in range(batch.first, batch.last):
        for t in range(x.shape[0]):
            for c in range(n):
                features[b, column + t * n + c] = x[t, b, c]


# --- the entry point --------------------------------------------------------------------------------------------


@entry_point(slow=True)
def run_windows(forward_at, layout, packed, work, data, dropout, first, last, outputs, final, member):
    """Run windows first..last forward, as many at once as the workspace holds.

    outputs (n, steps, padded K) and `final` (2, n, states), or (0, 0, 0) for none, are indexed by window number. Of
    `dropout`, only the rate of the outputs is used; masks are drawn anew for each group of windows run at once.

    A team of threads calls this for the same windows in the same workspace; a single thread passes itself as one of 1.
    """
    layout, work, data, dropout = by_reference(layout), by_reference(work), by_reference(data), by_reference(dropout)
    member = by_reference(member)
    for start in range(first, last, work.lengths.size):
        windows = row(work.windows, 0, min(last - start, work.lengths.size))
        for b in range(windows.size):  # in each thread of a team; all write the same values
            windows[b] = start + b
        begin, end = partition(windows.size, member)
        key = splitmix64(dropout.seed, start)
        batch = by_reference(Batch(windows, longest_window(data, windows), windows.size, begin, end, key))
        load_windows(layout, work, data, batch)
        load_states(layout, work, data, batch)
        if not call(forward_at, layout, packed, work, dropout, batch, member):
            return
        _, _, rows = head_of(layout, work, batch)
        for b in range(begin, end):
            for t in range(rows.shape[0] // windows.size):
                if t < work.lengths[b]:
                    for k in range(rows.shape[1]):
                        outputs[start + b, t, k] = rows[t * windows.size + b, k]
        if final.size:
            save_states(layout, work, batch, final, start)
        if not barrier_wait(member):  # the next windows overwrite these
            return
