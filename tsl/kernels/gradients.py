"""Gradients of the parameters: sums over all rows and steps of a batch.

The work is divided by *weights*, not by rows: each thread owns blocks of weights and sums every row into them, in the
same order whatever the number of threads. So no thread needs its own copy of the gradient, nothing is added up
afterwards, and the result is the same bit for bit.
"""

from tsl.kernels.compile import kernel
from tsl.kernels.layout import cube, fill, matrix, row
from tsl.kernels.lstm import add_gates_transposed, time_of
from tsl.kernels.packing import unpack_dense, unpack_gates
from tsl.kernels.primitives import address, filled, load, shifted, store
from tsl.kernels.products import GATE_WIDTH, ONE, TALL, WIDTH, ZERO, add_gate_outer, add_outer, add_vector
from tsl.kernels.target import LANES
from tsl.kernels.threads import partition
from tsl.kernels.views import (
    d_codes_of,
    embedded_of,
    embeds_steps,
    gates_of,
    head_of,
    inputs_of,
    packed_bias,
    packed_codes,
    packed_w_in,
    packed_w_in_t,
    packed_w_rec,
    raw_inputs_of,
    recurrent_of,
)

CHUNK = 4 * TALL  # rows of a weight matrix per task
ROWS_AT_ONCE = 128  # (step, row) pairs whose gate gradients of one block stay in the level-1 cache
SUMS_AT_ONCE = 2**16  # weight gradients, of several blocks, that stay in the level-2 cache


@kernel
def weight_gradients(layout, training, work, batch, member):
    """Sum the gradients of one thread's weights into `training.grads`, in the order of the parameters."""
    for lstm in range(layout.lstms.size):
        d_gates, reverse = gates_of(layout, work, lstm, batch), lstm % layout.n_directions == 1
        input_gradients(layout, training, work, lstm, d_gates, reverse, batch, member)
        n_hidden = layout.lstms[lstm].n_hidden
        d_w_rec = matrix(training.grads, layout.lstms[lstm].w_rec, n_hidden, 4 * n_hidden)
        sum_gate_products(
            recurrent_of(layout, work, lstm, batch),
            d_gates,
            lstm < 0,  # states are stored by step in both directions; a bare False would be compiled as another version
            packed_w_rec(layout, training.d_packed, lstm),
            d_w_rec,
            member,
        )
        d_bias = matrix(training.grads, layout.lstms[lstm].bias, 1, 4 * n_hidden)
        sum_gate_biases(d_gates, packed_bias(layout, training.d_packed, lstm), d_bias, member)
    head_gradients(layout, training, work, batch, member)
    if embeds_steps(layout):
        embedding_gradients(layout, training, work, batch, member)


@kernel
def input_gradients(layout, training, work, lstm, d_gates, reverse, batch, member):
    """Sum the gradients of one LSTM's input weights, or of each code's contribution to its gates."""
    layer, n_inputs = lstm // layout.n_directions, layout.lstms[lstm].n_inputs
    d_w_in = matrix(training.grads, layout.lstms[lstm].w_in, n_inputs, 4 * layout.lstms[lstm].n_hidden)
    d_packed = packed_w_in(layout, training.d_packed, lstm)
    if not (layout.one_hot and layer == 0):
        sum_gate_products(inputs_of(layout, work, layer, batch), d_gates, reverse, d_packed, d_w_in, member)
        return
    first, last = partition(d_packed.shape[0], member)
    d_codes = packed_codes(layout, training.d_packed, lstm)
    add_one_hot(work.codes, d_gates, reverse, d_codes, first, last)
    if layout.n_embedded:
        vectors = matrix(training.params, layout.w_embedding, layout.n_raw, n_inputs)
        sum_code_products(vectors, d_codes, d_packed, first, last)
    for block in range(first, last):
        unpack_gates(d_packed, d_w_in, block, ZERO, n_inputs)


@kernel
def sum_gate_products(x, d_gates, reverse, d_packed, d_weights, member):
    """Set d_weights[k, :] to the sum over steps s and rows b of x[t(s), b, k] * d_gates[:, s, b]."""
    n_steps, batch, n = d_gates.shape[1], d_gates.shape[2], d_packed.shape[1]
    chunks = (n + CHUNK - 1) // CHUNK
    first, last = partition(d_packed.shape[0] * chunks, member)
    # the reverse direction reads steps and times in opposite order, so one step at a time
    run = batch if reverse else n_steps * batch
    first_block, end_block = first // chunks, (last + chunks - 1) // chunks
    at_once = max(1, SUMS_AT_ONCE // (n * GATE_WIDTH))
    for group in range(first_block, end_block, at_once):
        group_end = min(group + at_once, end_block)
        for block in range(group, group_end):
            start, stop = _rows_of_block(block, chunks, first, last, n)
            fill(row(d_packed, (block, start, 0), (stop - start) * GATE_WIDTH), 0.0)
        for s in range(0, n_steps, run // batch):
            for r in range(0, run, ROWS_AT_ONCE):
                for block in range(group, group_end):
                    start, stop = _rows_of_block(block, chunks, first, last, n)
                    add_gate_outer(
                        stop - start,
                        address(x, (time_of(s, n_steps, reverse), r, start)),
                        x.shape[2],
                        min(ROWS_AT_ONCE, run - r),
                        address(d_gates, (block, s, r, 0)),
                        ONE * GATE_WIDTH,
                        address(d_packed, (block, start, 0)),
                    )
        for block in range(group, group_end):
            start, stop = _rows_of_block(block, chunks, first, last, n)
            unpack_gates(d_packed, d_weights, block, start, stop)


@kernel
def _rows_of_block(block, chunks, first, last, n):
    """Return the range of the n rows of a block that belong to the tasks first..last."""
    return max(first - block * chunks, 0) * CHUNK, min(min(last - block * chunks, chunks) * CHUNK, n)


@kernel
def add_one_hot(codes, d_gates, reverse, d_packed, first, last):
    """Do the same for one-hot inputs: add gate gradients to the row of their code and to that of their condition."""
    n_steps, batch = d_gates.shape[1], d_gates.shape[2]
    conditions = row(codes, (codes.shape[0] - 1, 0), batch)
    for block in range(first, last):
        fill(row(d_packed, (block, 0, 0), d_packed.shape[1] * GATE_WIDTH), 0.0)
        for s in range(n_steps):
            t = time_of(s, n_steps, reverse)
            for b in range(batch):
                for code in (codes[t, b], conditions[b]):
                    if code >= 0:
                        for k in range(0, GATE_WIDTH, LANES):
                            add_vector(address(d_packed, (block, code, k)), address(d_gates, (block, s, b, k)))


@kernel
def sum_code_products(vectors, d_codes, d_packed, first, last):
    """Compute gradients of the input weights that multiply the vectors of codes (V, C), from `d_codes`."""
    n_codes, n = vectors.shape
    for block in range(first, last):
        fill(row(d_packed, (block, 0, 0), n * GATE_WIDTH), 0.0)
        add_gate_outer(
            n,
            address(vectors, (0, 0)),
            n,
            n_codes,
            address(d_codes, (block, 0, 0)),
            ONE * GATE_WIDTH,
            address(d_packed, (block, 0, 0)),
        )


@kernel
def code_gradients(layout, training, work, member):
    """Compute gradients of one thread's vectors of codes, once all gradients of their products are complete."""
    first, last = partition(layout.n_raw, member)
    if first == last:
        return
    d_vectors = embedded_of(layout, work, layout.n_raw)
    fill(row(d_vectors, (first, 0), (last - first) * d_vectors.shape[1]), 0.0)
    for lstm in range(layout.n_directions):
        d_codes = d_codes_of(layout, training.d_packed, lstm)
        weights_t = packed_w_in_t(layout, training.packed, lstm)
        add_gates_transposed(d_codes, ZERO, weights_t, d_vectors, first, last)
    d_weights = matrix(training.grads, layout.w_embedding, layout.n_raw, layout.n_embedded)
    for code in range(first, last):
        for k in range(layout.n_embedded):
            d_weights[code, k] = d_vectors[code, k]


@kernel
def sum_gate_biases(d_gates, d_packed, d_bias, member):
    """Set d_bias[0, :] to the sum of d_gates over steps and rows, for one thread's blocks of units."""
    first, last = partition(d_gates.shape[0], member)
    for block in range(first, last):
        for k in range(0, GATE_WIDTH, LANES):
            sums = address(d_gates, (block, 0, 0, k))
            total = filled(load(sums), 0.0)
            for r in range(d_gates.shape[1] * d_gates.shape[2]):
                total = total + load(shifted(sums, r * GATE_WIDTH))
            store(address(d_packed, (block, 0, k)), total)
        unpack_gates(d_packed, d_bias, block, ZERO, ONE)


@kernel
def head_gradients(layout, training, work, batch, member):
    """Compute gradients of one thread's weights of the head."""
    grads = training.grads
    features, _, d_outputs = head_of(layout, work, batch)
    d_packed = cube(training.d_packed, layout.packed_w_out, d_outputs.shape[1] // WIDTH, features.shape[1], WIDTH)
    d_weights = matrix(grads, layout.w_out, features.shape[1], layout.n_outputs)
    d_bias = row(grads, layout.b_out, layout.n_outputs)
    dense_gradients(features, d_outputs, d_packed, d_weights, d_bias, member)


@kernel
def embedding_gradients(layout, training, work, batch, member):
    """Compute gradients of one thread's weights of the initial dense layer."""
    grads, rows = training.grads, batch.n_steps * batch.n_rows
    x = matrix(raw_inputs_of(layout, work, batch), (0, 0, 0), rows, layout.n_raw)
    d_sums = embedded_of(layout, work, rows)
    d_packed = cube(training.d_packed, layout.packed_w_embedding, d_sums.shape[1] // WIDTH, layout.n_raw, WIDTH)
    d_weights = matrix(grads, layout.w_embedding, layout.n_raw, layout.n_embedded)
    d_bias = row(grads, layout.b_embedding, layout.n_embedded)
    dense_gradients(x, d_sums, d_packed, d_weights, d_bias, member)


@kernel
def dense_gradients(x, d_outputs, d_packed, d_weights, d_bias, member):
    """Compute products of inputs (rows, n) and output gradients (rows, padded K), and the sums of the latter."""
    n, blocks = x.shape[1], d_outputs.shape[1] // WIDTH
    chunks = (n + CHUNK - 1) // CHUNK
    first, last = partition(blocks * chunks, member)
    for task in range(first, last):
        block, k = task // chunks, task % chunks * CHUNK
        height = min(CHUNK, n - k)
        fill(row(d_packed, (block, k, 0), height * WIDTH), 0.0)
        for r in range(0, x.shape[0], ROWS_AT_ONCE):
            add_outer(
                height,
                address(x, (r, k)),
                n,
                min(ROWS_AT_ONCE, x.shape[0] - r),
                address(d_outputs, (r, block * WIDTH)),
                d_outputs.shape[1],
                address(d_packed, (block, k, 0)),
            )
        unpack_dense(d_packed, d_weights, block, k, k + height)
    if member.thread == 0:
        fill(d_bias, 0.0)
        for r in range(d_outputs.shape[0]):
            for k in range(d_bias.size):
                d_bias[k] += d_outputs[r, k]
