"""The backward pass of the whole network for a range of rows of one batch, and the gradients of all parameters.

T steps, B rows in the batch; one thread handles the rows `batch.first..batch.last`. Apart from the gradients of the
weights, nothing here depends on other rows.
"""

from tsl.kernels.compile import Subroutine, kernel
from tsl.kernels.forward import drop_steps
from tsl.kernels.gradients import code_gradients, weight_gradients
from tsl.kernels.layout import cube, fill, matrix, row
from tsl.kernels.losses import loss_row, n_targets, target_frame
from tsl.kernels.lstm import add_gates_transposed, lstm_backward, time_of
from tsl.kernels.products import WIDTH, add_dense
from tsl.kernels.random import splitmix64
from tsl.kernels.threads import barrier_wait
from tsl.kernels.views import (
    d_inputs_of,
    d_states_of,
    embedded_of,
    embeds_steps,
    gates_of,
    head_of,
    layer_sizes,
    n_layers,
    n_states,
    packed_w_in_t,
    packed_w_rec_t,
    states_of,
)


@Subroutine
def backward_pass(layout, training, work, data, batch, loss, total_weight, dropout, input_gradient, member):
    """Compute the loss of the outputs of `forward_pass` and its gradient with respect to all parameters.

    All threads of a team call this together, each with its own rows. Return False if the team was aborted.
    """
    batch_loss(layout, work, data, batch, loss, total_weight)
    backward(layout, training.packed, work, dropout, batch, input_gradient)
    if not barrier_wait(member):
        return False
    weight_gradients(layout, training, work, batch, member)
    if not barrier_wait(member):
        return False
    if layout.one_hot and layout.n_embedded > 0:
        code_gradients(layout, training, work, member)
        if not barrier_wait(member):
            return False
    return True


@kernel
def batch_loss(layout, work, data, batch, loss, total_weight):
    """Write the losses of rows to `work.row_losses`; replace their outputs by gradients of the mean loss."""
    n_rows = batch.n_rows
    _, _, outputs = head_of(layout, work, batch)
    n_values = n_targets(loss, layout.n_outputs)
    for b in range(batch.first, batch.last):
        window = batch.windows[b]
        weight = float(data.weights[window]) if data.weights.size else 1.0
        shift, scale = target_frame(data, window)
        total = 0.0
        for t in range(outputs.shape[0] // n_rows):
            scores = row(outputs, (t * n_rows + b, 0), outputs.shape[1])
            if t < work.lengths[b]:
                index = data.first_target[window] + t
                label = data.labels[index] if data.labels.size else 0
                values = row(data.values, (index, 0), n_values) if data.values.size else scores
                total += loss_row(loss, scores, layout.n_outputs, values, shift, scale, label, weight / total_weight)
            else:
                fill(scores, 0.0)
        work.row_losses[b] = weight * total / total_weight


@kernel
def backward(layout, packed, work, dropout, batch, input_gradient):
    """Compute gradients of all gate sums, left in `work.gates`, and of the inputs if requested."""
    head_backward(layout, packed, work, dropout, batch)
    for layer in range(n_layers(layout) - 1, -1, -1):
        layer_backward(layout, packed, work, dropout, layer, batch)
        if layer > 0 or input_gradient or embeds_steps(layout):
            inputs_backward(layout, packed, work, layer, batch)
        if layer > 0:
            d_x, n_inputs = d_inputs_of(layout, work, layer, batch), layer_sizes(layout, layer).n_inputs
            drop_steps(d_x, n_inputs, splitmix64(batch.key, 2 * (layer - 1)), dropout.outputs, batch)
    if embeds_steps(layout):
        embed_backward(layout, work, batch)


@kernel
def head_backward(layout, packed, work, dropout, batch):
    """Compute the gradient of the head's features from that of its outputs."""
    n_rows, first, last = batch.n_rows, batch.first, batch.last
    _, d_features, d_outputs = head_of(layout, work, batch)
    blocks, steps = d_features.shape[1] // WIDTH, d_features.shape[0] // n_rows
    weights_t = cube(packed, layout.packed_w_out_t, blocks, layout.n_outputs, WIDTH)
    for t in range(steps):
        for b in range(first, last):
            fill(row(d_features, (t * n_rows + b, 0), d_features.shape[1]), 0.0)
        add_dense(d_outputs, weights_t, d_features, t * n_rows + first, t * n_rows + last)
    by_step = cube(work.numbers, work.d_features, steps, n_rows, d_features.shape[1])
    drop_steps(by_step, n_states(layout), splitmix64(batch.key, 2 * n_layers(layout)), dropout.outputs, batch)


@kernel
def layer_backward(layout, packed, work, dropout, layer, batch):
    """Compute gradients of a layer's gate sums from those of its hidden states."""
    n_hidden, is_last_read = layer_sizes(layout, layer).n_hidden, not layout.every_step
    _, d_features, _ = head_of(layout, work, batch)
    if layer < n_layers(layout) - 1:
        d_above, is_last_read = d_inputs_of(layout, work, layer + 1, batch), False
    else:
        steps = batch.n_steps if layout.every_step else 0
        d_above = cube(work.numbers, work.d_features, steps, batch.n_rows, d_features.shape[1])
    for direction in range(layout.n_directions):
        lstm, column = layer * layout.n_directions + direction, direction * n_hidden
        d_hidden, d_cell = d_states_of(layout, work, lstm, batch)
        for b in range(batch.first, batch.last):
            fill(row(d_hidden, (b, 0), d_hidden.shape[1]), 0.0)
            fill(row(d_cell, (b, 0), d_cell.shape[1]), 0.0)
            if is_last_read:
                for u in range(n_hidden):
                    d_hidden[b, u] = d_features[b, column + u]
        lstm_backward(
            d_above,
            column,
            packed_w_rec_t(layout, packed, lstm),
            states_of(layout, work, lstm, dropout, batch),
            d_hidden,
            d_cell,
            work.lengths,
            direction == 1,
            batch,
        )


@kernel
def inputs_backward(layout, packed, work, layer, batch):
    """Compute the gradient of a layer's inputs: gate gradients times transposed input weights, for each direction."""
    first, last = batch.first, batch.last
    d_x = d_inputs_of(layout, work, layer, batch)
    for direction in range(layout.n_directions):
        lstm = layer * layout.n_directions + direction
        gates, weights_t = gates_of(layout, work, lstm, batch), packed_w_in_t(layout, packed, lstm)
        for s in range(batch.n_steps):
            t = time_of(s, batch.n_steps, direction == 1)
            if direction == 0:
                for b in range(first, last):
                    fill(row(d_x, (t, b, 0), d_x.shape[2]), 0.0)
            add_gates_transposed(gates, s, weights_t, matrix(d_x, (t, 0, 0), batch.n_rows, d_x.shape[2]), first, last)


@kernel
def embed_backward(layout, work, batch):
    """Compute gradients of the sums of the initial dense layer, from those of the first LSTM layer's inputs."""
    n_rows = batch.n_rows
    sums, d_x = embedded_of(layout, work, batch.n_steps * n_rows), d_inputs_of(layout, work, 0, batch)
    zero = sums.dtype.type(0.0)
    for t in range(batch.n_steps):
        for b in range(batch.first, batch.last):
            for u in range(sums.shape[1]):
                sums[t * n_rows + b, u] = d_x[t, b, u] if sums[t * n_rows + b, u] > zero else zero
