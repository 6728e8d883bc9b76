"""Views of the arrays in flat buffers: those of each LSTM and those of the head.

T steps, B rows in the batch; `lstm` is the number of a layer in one direction; see `tsl.kernels.layout`.
"""

from tsl.kernels.compile import kernel
from tsl.kernels.layout import LSTMStates, LSTMWeights, cube, matrix, rounded_up
from tsl.kernels.primitives import address, carray
from tsl.kernels.products import GATE_WIDTH, ONE, WIDTH
from tsl.kernels.target import LANES


@kernel
def n_layers(layout):
    """Return the number of layers."""
    return layout.lstms.size // layout.n_directions


@kernel
def layer_sizes(layout, layer):
    """Return the record of a layer's first LSTM, which has the sizes of the layer."""
    return layout.lstms[layer * layout.n_directions]


@kernel
def embeds_steps(layout):
    """Return whether there is an initial dense layer; embedded codes use a product of two matrices instead."""
    return layout.n_embedded > 0 and not layout.one_hot


@kernel
def n_units(layout, lstm):
    """Return the hidden units of an LSTM, padded."""
    return rounded_up(layout.lstms[lstm].n_hidden, LANES)


# --- packed weights ---------------------------------------------------------------------------------------------


@kernel
def packed_w_in(layout, packed, lstm):
    """Return (blocks of units, C, GATE_WIDTH)."""
    sizes = layout.lstms[lstm]
    return cube(packed, sizes.packed_w_in, n_units(layout, lstm) // LANES, sizes.n_inputs, GATE_WIDTH)


@kernel
def packed_codes(layout, packed, lstm):
    """Return (blocks of units, codes, GATE_WIDTH): what each code adds to the gate sums of an LSTM that reads codes."""
    sizes = layout.lstms[lstm]
    return cube(packed, sizes.packed_codes, n_units(layout, lstm) // LANES, layout.n_raw, GATE_WIDTH)


@kernel
def packed_w_rec(layout, packed, lstm):
    """Return (blocks of units, H, GATE_WIDTH)."""
    sizes = layout.lstms[lstm]
    return cube(packed, sizes.packed_w_rec, n_units(layout, lstm) // LANES, sizes.n_hidden, GATE_WIDTH)


@kernel
def packed_bias(layout, packed, lstm):
    """Return (blocks of units, 1, GATE_WIDTH)."""
    return cube(packed, layout.lstms[lstm].packed_bias, n_units(layout, lstm) // LANES, 1, GATE_WIDTH)


@kernel
def packed_w_in_t(layout, packed, lstm):
    """Return (blocks of inputs, 4 * units, WIDTH)."""
    sizes = layout.lstms[lstm]
    blocks = rounded_up(sizes.n_inputs, WIDTH) // WIDTH
    return cube(packed, sizes.packed_w_in_t, blocks, 4 * n_units(layout, lstm), WIDTH)


@kernel
def packed_w_rec_t(layout, packed, lstm):
    """Return (blocks of units, 4 * units, WIDTH)."""
    sizes = layout.lstms[lstm]
    blocks = rounded_up(sizes.n_hidden, WIDTH) // WIDTH
    return cube(packed, sizes.packed_w_rec_t, blocks, 4 * n_units(layout, lstm), WIDTH)


@kernel
def d_codes_of(layout, d_packed, lstm):
    """Return (blocks of units, 1, codes, GATE_WIDTH): gradient of `packed_codes`, each code being a row of one step."""
    blocks = n_units(layout, lstm) // LANES
    return carray(address(d_packed, layout.lstms[lstm].packed_codes), (blocks, ONE, layout.n_raw, GATE_WIDTH))


@kernel
def weights_of(layout, packed, lstm, one_hot):
    """Return the weights that a forward pass of an LSTM reads; if it reads codes, `w_in` is what each code adds."""
    return LSTMWeights(
        packed_codes(layout, packed, lstm) if one_hot else packed_w_in(layout, packed, lstm),
        packed_w_rec(layout, packed, lstm),
        packed_bias(layout, packed, lstm),
    )


# --- states -----------------------------------------------------------------------------------------------------


@kernel
def gates_of(layout, work, lstm, batch):
    """Return (blocks of units, steps kept, B, GATE_WIDTH), so that the data of one product is contiguous."""
    blocks, steps = n_units(layout, lstm) // LANES, min(batch.n_steps, work.gate_steps)
    return carray(address(work.numbers, work.lstms[lstm].gates), (blocks, steps, batch.n_rows, GATE_WIDTH))


@kernel
def cells_of(layout, work, lstm, batch):
    """Return (states kept, B, units) cell states."""
    kept = min(batch.n_steps, work.gate_steps) + 1
    return cube(work.numbers, work.lstms[lstm].states, kept, batch.n_rows, n_units(layout, lstm))


@kernel
def hidden_of(layout, work, lstm, batch):
    """Return (states kept, B, units) hidden states."""
    kept = min(batch.n_steps + 1, work.lstms[lstm].hidden_steps)
    return cube(work.numbers, work.lstms[lstm].hidden, kept, batch.n_rows, n_units(layout, lstm))


@kernel
def recurrent_of(layout, work, lstm, batch):
    """Return (states kept, B, units) hidden states after recurrent dropout; without dropout, `hidden_of` itself."""
    kept = min(batch.n_steps + 1, work.lstms[lstm].hidden_steps)
    return cube(work.numbers, work.lstms[lstm].recurrent, kept, batch.n_rows, n_units(layout, lstm))


@kernel
def mask_of(layout, work, lstm, dropout, batch):
    """Return the (B, units) recurrent dropout mask, or (0, units) for none."""
    rows = batch.n_rows if dropout.recurrent > 0 else 0
    return matrix(work.numbers, work.lstms[lstm].mask, rows, n_units(layout, lstm))


@kernel
def states_of(layout, work, lstm, dropout, batch):
    """Return all states of an LSTM."""
    return LSTMStates(
        gates_of(layout, work, lstm, batch),
        cells_of(layout, work, lstm, batch),
        hidden_of(layout, work, lstm, batch),
        recurrent_of(layout, work, lstm, batch),
        mask_of(layout, work, lstm, dropout, batch),
    )


@kernel
def d_states_of(layout, work, lstm, batch):
    """Return the gradients carried from step to step: of the hidden (B, padded H) and the cell state (B, units)."""
    n_hidden = layout.lstms[lstm].n_hidden
    return (
        matrix(work.numbers, work.lstms[lstm].d_hidden, batch.n_rows, rounded_up(n_hidden, WIDTH)),
        matrix(work.numbers, work.lstms[lstm].d_cell, batch.n_rows, n_units(layout, lstm)),
    )


# --- inputs and head --------------------------------------------------------------------------------------------


@kernel
def inputs_of(layout, work, layer, batch):
    """Return the (T, B, C) inputs of a layer; a first layer that reads codes has no steps here."""
    start = work.lstms[layer * layout.n_directions].inputs
    n_steps = 0 if layout.one_hot and layer == 0 else batch.n_steps
    return cube(work.numbers, start, n_steps, batch.n_rows, layer_sizes(layout, layer).n_inputs)


@kernel
def raw_inputs_of(layout, work, batch):
    """Return the (T, B, C) inputs of the network: those of its first LSTM layer, or of the initial dense layer."""
    start = work.raw if embeds_steps(layout) else work.lstms[0].inputs
    return cube(work.numbers, start, 0 if layout.one_hot else batch.n_steps, batch.n_rows, layout.n_raw)


@kernel
def embedded_of(layout, work, n):
    """Return (n, padded units): sums of the initial dense layer, later their gradients; or those of embedded codes."""
    return matrix(work.numbers, work.embedded, n, rounded_up(layout.n_embedded, WIDTH))


@kernel
def d_inputs_of(layout, work, layer, batch):
    """Return the (T, B, padded C) gradient of the inputs of a layer."""
    start = work.lstms[layer * layout.n_directions].d_inputs
    n_inputs = rounded_up(layer_sizes(layout, layer).n_inputs, WIDTH)
    return cube(work.numbers, start, batch.n_steps, batch.n_rows, n_inputs)


@kernel
def n_states(layout):
    """Return the number of hidden units that the head reads."""
    return layout.n_directions * layer_sizes(layout, n_layers(layout) - 1).n_hidden


@kernel
def n_features(layout):
    """Return the number of features of the head: hidden units, and the inputs of all steps if they skip the layers."""
    return n_states(layout) + layout.n_skipped


@kernel
def head_of(layout, work, batch):
    """Return the head's features (rows, D*H + skipped), gradient of states and outputs (rows, padded K).

    There is one row for each row of the batch, or one for each step and row, ordered by step.
    """
    rows = batch.n_steps * batch.n_rows if layout.every_step else batch.n_rows
    return (
        matrix(work.numbers, work.features, rows, n_features(layout)),
        matrix(work.numbers, work.d_features, rows, rounded_up(n_states(layout), WIDTH)),
        matrix(work.numbers, work.outputs, rows, rounded_up(layout.n_outputs, WIDTH)),
    )
