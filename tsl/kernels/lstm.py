"""One LSTM layer in one direction, forward and backward (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000).

Shapes: T steps, B rows, C inputs, H hidden units, padded to `units`, a multiple of LANES; time-major throughout.

x       (T, B, C)        inputs by time, read at t = s, or at t = T - 1 - s in the reverse direction
codes   (·, B)           instead of `x` for one-hot inputs, by time; the last row is read at every step as well;
                         negative for none
gates   (blocks, T, B, 4*LANES)  activations by block of units and step s: [input, forget, candidate, output][unit]
cells   (T+1, B, units)  cell state before each step, and after the last
hidden  (T+1, B, units)  hidden state, likewise
mask    (B, units)       recurrent dropout mask, or (0, units) for none
recurrent                `hidden` times the mask; `hidden` itself without a mask

`weights` is a packed `LSTMWeights`, `states` an `LSTMStates`, `batch` a `Batch`, `member` a `Member` of a team.

A step at or beyond a row's length leaves that row's states unchanged. Rows are independent of each other, so any
range of them can be run separately, with the same result bit for bit.
"""

from tsl.kernels.activations import sigmoid, tanh
from tsl.kernels.compile import kernel
from tsl.kernels.primitives import address, filled, fma, load, shifted, store
from tsl.kernels.products import GATE_WIDTH, WIDTH, add_gate_gradients, gate_rows
from tsl.kernels.target import LANES
from tsl.kernels.threads import barrier_wait

BLOCKS_AT_ONCE = max(1, 8192 // (4 * WIDTH * GATE_WIDTH))  # blocks of units whose weights stay in the level-1 cache
FEW_ROWS = 2  # generating one stream with 64 or 128 units: 3 to 8 % faster


@kernel
def time_of(step, n_steps, reverse):
    """Return the time whose input is read at a step."""
    return n_steps - 1 - step if reverse else step


@kernel
def lstm_forward(x, codes, one_hot, weights, states, lengths, reverse, batch, first_block, last_block, member):
    """Run the rows batch.first..batch.last through all steps; write gates, cells, hidden and recurrent.

    States are read from index 0. To save memory, `gates` may keep one step and the states two: then only what the
    next step needs is kept, with step s at index s modulo that number.

    This call computes blocks first_block..last_block of units. If these are not all, the other threads of the team
    compute the others at the same time, and the threads wait for each other at each step. Return False if the team was
    aborted.
    """
    gates, cells, hidden, recurrent, mask = states
    first, last, masked = batch.first, batch.last, mask.size > 0
    # The activations of one or two rows are chains of dependent operations; the chains of several blocks overlap.
    # With more rows they overlap anyway, and a block's sums are best used while they are in the level-1 cache.
    group_size = max(last_block - first_block, 1) if last - first <= FEW_ROWS else 1
    for s in range(batch.n_steps):
        t = time_of(s, batch.n_steps, reverse)
        g = s % gates.shape[1]
        now, after = s % cells.shape[0], (s + 1) % cells.shape[0]
        before, out = s % hidden.shape[0], (s + 1) % hidden.shape[0]
        for group in range(first_block, last_block, group_size):
            group_end = min(group + group_size, last_block)
            for block in range(group, group_end):
                _sum_gates(x, codes, one_hot, weights, recurrent, gates, t, g, before, block, first, last)
            for block in range(group, group_end):
                unit = block * LANES
                _activate(last - first, address(gates, (block, g, first, 0)))
                for b in range(first, last):
                    activations = address(gates, (block, g, b, 0))
                    cell_before, cell_after = address(cells, (now, b, unit)), address(cells, (after, b, unit))
                    hidden_after = address(hidden, (out, b, unit))
                    if t < lengths[b]:
                        _update_states(activations, cell_before, cell_after, hidden_after)
                    else:
                        store(cell_after, load(cell_before))
                        store(hidden_after, load(address(hidden, (before, b, unit))))
                    if masked:
                        store(address(recurrent, (out, b, unit)), load(hidden_after) * load(address(mask, (b, unit))))
        if not barrier_wait(member):
            return False
    return True


@kernel
def _sum_gates(x, codes, one_hot, weights, recurrent, gates, t, g, before, block, first, last):
    """Compute the gate sums of one block of units at time t from hidden states `before`; write step g of `gates`."""
    w_in, w_rec, bias = weights
    sums, start, start_row = address(gates, (block, g, first, 0)), address(bias, (block, 0, 0)), 0
    if one_hot:
        for b in range(first, last):
            code, condition = codes[t, b], codes[codes.shape[0] - 1, b]
            sums_of_row = address(gates, (block, g, b, 0))
            _add_code(code, address(w_in, (block, max(code, 0), 0)), start, sums_of_row)
            if condition >= 0:
                _add_code(condition, address(w_in, (block, condition, 0)), sums_of_row, sums_of_row)
        start, start_row = sums, GATE_WIDTH
    gate_rows(
        last - first,
        start,
        start_row,
        address(x, (t, first, 0)),
        x.shape[2],
        0 if one_hot else x.shape[2],
        address(w_in, (block, 0, 0)),
        address(recurrent, (before, first, 0)),
        recurrent.shape[2],
        w_rec.shape[1],
        address(w_rec, (block, 0, 0)),
        sums,
    )


@kernel
def _add_code(code, weights, bias, sums):
    """Add the row of a one-hot input's code to the bias; nothing for a negative code."""
    for k in range(0, GATE_WIDTH, LANES):
        total = load(shifted(bias, k))
        if code >= 0:
            total = total + load(shifted(weights, k))
        store(shifted(sums, k), total)


@kernel
def _activate(n_rows, sums):
    """Replace the gate sums of LANES units by activations, for rows that are GATE_WIDTH numbers apart.

    One gate after the other: a single loop over all gates would be a longer chain from the sums to the hidden state
    than a processor can look ahead, and would need more registers than there are.
    """
    _sigmoid_rows(n_rows, sums)
    _sigmoid_rows(n_rows, shifted(sums, LANES))
    _tanh_rows(n_rows, shifted(sums, 2 * LANES))
    _sigmoid_rows(n_rows, shifted(sums, 3 * LANES))


@kernel
def _sigmoid_rows(n_rows, sums):
    """Replace the sums of one of the three gates by their activations."""
    for r in range(n_rows):
        gate = shifted(sums, r * GATE_WIDTH)
        store(gate, sigmoid(load(gate)))


@kernel
def _tanh_rows(n_rows, sums):
    """Replace the sums of the candidate by their activations."""
    for r in range(n_rows):
        candidate = shifted(sums, r * GATE_WIDTH)
        store(candidate, tanh(load(candidate)))


@kernel
def _update_states(gates, cell_before, cell_after, hidden_after):
    """Write the states that result from the activations, for LANES units of one row."""
    forget_gate, candidate = load(shifted(gates, LANES)), load(shifted(gates, 2 * LANES))
    cell = fma(forget_gate, load(cell_before), load(gates) * candidate)
    store(cell_after, cell)
    store(hidden_after, load(shifted(gates, 3 * LANES)) * tanh(cell))


@kernel
def lstm_backward(d_above, column, w_rec_t, states, d_hidden, d_cell, lengths, reverse, batch):
    """Compute gradients for the rows batch.first..batch.last, from the last step to the first.

    d_above  (T, B, ·)    gradient of the hidden states at time t, from `column` on; or (0, ·, ·) for none
    w_rec_t               transposed recurrent weights, packed: (columns, 4 * units, WIDTH)
    states                as above; the gates are replaced by the gradients of the gate sums
    d_hidden (B, ·)       gradient of the hidden state after the last step; replaced by that of the initial one
    d_cell   (B, units)   the same for the cell state

    Lanes beyond the last hidden unit may hold any finite values: no weight connects them to a unit.
    """
    gates, cells, mask, first, last = states.gates, states.cells, states.mask, batch.first, batch.last
    n_steps = gates.shape[1]
    for s in range(n_steps - 1, -1, -1):
        t = time_of(s, n_steps, reverse)
        for b in range(first, last):
            for unit in range(0, cells.shape[2], LANES):
                d_state = address(d_hidden, (b, unit))
                d_total = load(d_state)
                if d_above.shape[0] > 0:
                    d_total = d_total + load(address(d_above, (t, b, column + unit)))
                activations = address(gates, (unit // LANES, s, b, 0))
                zero = filled(d_total, 0.0)
                if t < lengths[b]:
                    cell_before, cell_after = address(cells, (s, b, unit)), address(cells, (s + 1, b, unit))
                    _activate_backward(d_total, activations, cell_before, cell_after, address(d_cell, (b, unit)))
                    store(d_state, zero)
                else:
                    for k in range(0, GATE_WIDTH, LANES):
                        store(shifted(activations, k), zero)
                    store(d_state, d_total)
        add_gates_transposed(gates, s, w_rec_t, d_hidden, first, last)
        if mask.size > 0:
            for b in range(first, last):
                if t < lengths[b]:
                    for unit in range(mask.shape[1]):
                        d_hidden[b, unit] *= mask[b, unit]


@kernel
def add_gates_transposed(gates, step, weights_t, out, first, last):
    """Add the gate gradients of one step times the transposed weights (columns, 4 * units, WIDTH) to out (B, ·)."""
    n_blocks, gates_block = gates.shape[0], gates.shape[1] * gates.shape[2] * gates.shape[3]
    for column in range(weights_t.shape[0]):
        for block in range(0, n_blocks, BLOCKS_AT_ONCE):
            add_gate_gradients(
                last - first,
                address(gates, (block, step, first, 0)),
                gates_block,
                min(n_blocks - block, BLOCKS_AT_ONCE),
                address(weights_t, (column, block * GATE_WIDTH, 0)),
                address(out, (first, column * WIDTH)),
                out.shape[1],
            )


@kernel
def _activate_backward(d_hidden, gates, cell_before, cell_after, d_cell):
    """Replace activations by gradients of the gate sums, for LANES units of one row."""
    input_gate = load(gates)
    forget_gate = load(shifted(gates, LANES))
    candidate = load(shifted(gates, 2 * LANES))
    output_gate = load(shifted(gates, 3 * LANES))
    one = filled(input_gate, 1.0)
    tanh_cell = tanh(load(cell_after))
    d_total = fma(d_hidden * output_gate, one - tanh_cell * tanh_cell, load(d_cell))
    store(gates, d_total * candidate * input_gate * (one - input_gate))
    store(shifted(gates, LANES), d_total * load(cell_before) * forget_gate * (one - forget_gate))
    store(shifted(gates, 2 * LANES), d_total * input_gate * (one - candidate * candidate))
    store(shifted(gates, 3 * LANES), d_hidden * tanh_cell * output_gate * (one - output_gate))
    store(d_cell, d_total * forget_gate)
