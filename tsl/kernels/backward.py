"""The whole network backward, for a range of rows of one batch, and from there to the gradient of all parameters.

T steps, B rows in the batch; rows `first..last` are one thread's. Nothing here but the weights' gradients depends on
other rows.
"""

from tsl.kernels.compile import Subroutine, kernel
from tsl.kernels.forward import drop_steps
from tsl.kernels.gradients import code_gradients, weight_gradients
from tsl.kernels.layout import cube, fill, matrix, row
from tsl.kernels.losses import loss_row, n_targets, target_frame
from tsl.kernels.lstm import add_gates_transposed, lstm_backward, time_of
from tsl.kernels.products import WIDTH, add_dense
from tsl.kernels.random import hashed
from tsl.kernels.threads import meet
from tsl.kernels.views import (
    cells_of,
    d_inputs_of,
    d_states_of,
    embedded_of,
    embeds_steps,
    gates_of,
    head_of,
    layer_sizes,
    mask_of,
    n_layers,
    n_states,
    packed_w_in_t,
    packed_w_rec_t,
)


@Subroutine
def backward_pass(
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
    """The loss of what `forward_pass` gave, and its gradient of all parameters.

    All threads of a team call this together, each with its own rows. False if the barrier was called off.
    """
    batch, params, packed = windows.size, training.params, training.packed
    grads, d_packed = training.grads, training.d_packed
    batch_loss(layout, work, data, windows, n_steps, loss, total_weight, first, last)
    backward(layout, packed, work, dropout, key, n_steps, batch, input_gradient, first, last)
    if not meet(barrier, n_threads):
        return False
    weight_gradients(layout, params, grads, d_packed, work, n_steps, batch, thread, n_threads)
    if not meet(barrier, n_threads):
        return False
    if layout.one_hot and layout.n_embedded > 0:
        code_gradients(layout, grads, packed, d_packed, work, thread, n_threads)
        if not meet(barrier, n_threads):
            return False
    return True


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


@kernel
def embed_backward(layout, work, n_steps, batch, first, last):
    """Gradients of the sums of the dense layer in front, from those of the first layer's inputs."""
    sums, d_x = embedded_of(layout, work, n_steps * batch), d_inputs_of(layout, work, 0, n_steps, batch)
    zero = sums.dtype.type(0.0)
    for t in range(n_steps):
        for b in range(first, last):
            for u in range(sums.shape[1]):
                sums[t * batch + b, u] = d_x[t, b, u] if sums[t * batch + b, u] > zero else zero
