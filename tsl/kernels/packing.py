"""Reordering of weights into the order in which the products read them, and of gradients back into that of parameters.

Parameters are `w_in` (C, 4H), `w_rec` (H, 4H), `bias` (1, 4H) with gates in the order input, forget, candidate,
output. In packed form, the four gates of LANES units are adjacent: [block of units][row][gate][unit]. Units that pad
the last block are zero and stay zero.
"""

from tsl.kernels.compile import entry_point, kernel
from tsl.kernels.layout import cube, fill, matrix, rounded_up, row
from tsl.kernels.primitives import address, by_reference, load, store
from tsl.kernels.products import GATE_WIDTH, WIDTH, add_gate_rows
from tsl.kernels.target import LANES
from tsl.kernels.threads import partition
from tsl.kernels.views import (
    embeds_steps,
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


@kernel
def copy_units(source, target, units):
    """Copy up to LANES numbers."""
    if units == LANES:
        store(target, load(source))
    else:
        for u in range(units):
            target[u] = source[u]


@kernel
def pack_gates(weights, packed, first, last):
    """Pack blocks first..last of `weights` (n, 4H) into `packed` (blocks, n, GATE_WIDTH)."""
    n, hidden = weights.shape[0], weights.shape[1] // 4
    for block in range(first, last):
        start = block * LANES
        units = min(LANES, hidden - start)
        for k in range(n):
            for gate in range(4):
                source = address(weights, (k, gate * hidden + start))
                copy_units(source, address(packed, (block, k, gate * LANES)), units)


@kernel
def unpack_gates(packed, weights, block, first, last):
    """Copy rows first..last of one packed block back into `weights` (n, 4H)."""
    hidden = weights.shape[1] // 4
    start = block * LANES
    units = min(LANES, hidden - start)
    for k in range(first, last):
        for gate in range(4):
            target = address(weights, (k, gate * hidden + start))
            copy_units(address(packed, (block, k, gate * LANES)), target, units)


@kernel
def pack_gates_transposed(weights, packed, first, last):
    """Pack blocks first..last of the transposed (n, 4H) `weights` into `packed` (blocks, 4 * padded hidden, WIDTH).

    A block is WIDTH rows of `weights`; within it, gates are in the packed order [block of units][gate][unit].
    """
    n, hidden = weights.shape[0], weights.shape[1] // 4
    for block in range(first, last):
        start = block * WIDTH
        rows = min(WIDTH, n - start)
        for unit in range(hidden):
            for gate in range(4):
                j = (unit // LANES) * GATE_WIDTH + gate * LANES + unit % LANES
                column = gate * hidden + unit
                for r in range(rows):
                    packed[block, j, r] = weights[start + r, column]


@kernel
def pack_dense(weights, packed, first, last):
    """Pack blocks first..last of `weights` (n, K) into `packed` (blocks, n, WIDTH)."""
    for block in range(first, last):
        start = block * WIDTH
        columns = min(WIDTH, weights.shape[1] - start)
        for k in range(weights.shape[0]):
            for c in range(columns):
                packed[block, k, c] = weights[k, start + c]


@kernel
def unpack_dense(packed, weights, block, first, last):
    """Copy rows first..last of one packed block back into `weights` (n, K)."""
    start = block * WIDTH
    columns = min(WIDTH, weights.shape[1] - start)
    for k in range(first, last):
        for c in range(columns):
            weights[k, start + c] = packed[block, k, c]


@kernel
def pack_dense_transposed(weights, packed, first, last):
    """Pack blocks first..last of the transposed (n, K) `weights` into `packed` (blocks, K, WIDTH)."""
    for block in range(first, last):
        start = block * WIDTH
        rows = min(WIDTH, weights.shape[0] - start)
        for k in range(weights.shape[1]):
            for r in range(rows):
                packed[block, k, r] = weights[start + r, k]


# --- all weights of a network -------------------------------------------------------------------------------------


@entry_point
def pack_weights(layout, params, packed, member):
    """Pack one thread's part of the weights for a forward pass."""
    pack(by_reference(layout), params, packed, member)


@kernel
def pack(layout, params, packed, member):
    """Pack as `pack_weights` does, for other kernels."""
    for lstm in range(layout.lstms.size):
        sizes = layout.lstms[lstm]
        n_gates, blocks = 4 * sizes.n_hidden, n_units(layout, lstm) // LANES
        first, last = partition(blocks, member)
        w_in = matrix(params, sizes.w_in, sizes.n_inputs, n_gates)
        pack_gates(w_in, packed_w_in(layout, packed, lstm), first, last)
        w_rec = matrix(params, sizes.w_rec, sizes.n_hidden, n_gates)
        pack_gates(w_rec, packed_w_rec(layout, packed, lstm), first, last)
        pack_gates(matrix(params, sizes.bias, 1, n_gates), packed_bias(layout, packed, lstm), first, last)
        if layout.one_hot and layout.n_embedded and lstm < layout.n_directions:
            embed_codes(layout, params, packed, lstm, first, last)
    n, n_outputs = n_features(layout), layout.n_outputs
    out = cube(packed, layout.packed_w_out, rounded_up(n_outputs, WIDTH) // WIDTH, n, WIDTH)
    first, last = partition(out.shape[0], member)
    pack_dense(matrix(params, layout.w_out, n, n_outputs), out, first, last)
    if embeds_steps(layout):
        n, n_embedded = layout.n_raw, layout.n_embedded
        out = cube(packed, layout.packed_w_embedding, rounded_up(n_embedded, WIDTH) // WIDTH, n, WIDTH)
        first, last = partition(out.shape[0], member)
        pack_dense(matrix(params, layout.w_embedding, n, n_embedded), out, first, last)
    if member.thread == 0:
        for k in range(n_outputs):
            packed[layout.packed_b_out + k] = params[layout.b_out + k]
        for k in range(layout.n_embedded if embeds_steps(layout) else 0):
            packed[layout.packed_b_embedding + k] = params[layout.b_embedding + k]


@kernel
def embed_codes(layout, params, packed, lstm, first, last):
    """Multiply the vectors of all codes by the input weights, for blocks first..last of an LSTM's units."""
    w_in, codes = packed_w_in(layout, packed, lstm), packed_codes(layout, packed, lstm)
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
def pack_transposed(layout, params, packed, input_gradient, member):
    """Pack one thread's part of the transposed weights for a backward pass."""
    for lstm in range(layout.lstms.size):
        sizes = layout.lstms[lstm]
        rec_t = packed_w_rec_t(layout, packed, lstm)
        first, last = partition(rec_t.shape[0], member)
        w_rec = matrix(params, sizes.w_rec, sizes.n_hidden, 4 * sizes.n_hidden)
        pack_gates_transposed(w_rec, rec_t, first, last)
        if lstm >= layout.n_directions or input_gradient or layout.n_embedded > 0:
            in_t = packed_w_in_t(layout, packed, lstm)
            first, last = partition(in_t.shape[0], member)
            w_in = matrix(params, sizes.w_in, sizes.n_inputs, 4 * sizes.n_hidden)
            pack_gates_transposed(w_in, in_t, first, last)
    n = n_states(layout)
    out = cube(packed, layout.packed_w_out_t, rounded_up(n, WIDTH) // WIDTH, layout.n_outputs, WIDTH)
    first, last = partition(out.shape[0], member)
    pack_dense_transposed(matrix(params, layout.w_out, n, layout.n_outputs), out, first, last)
