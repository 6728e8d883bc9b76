"""Views of the arrays in flat buffers: of one cell's, and of the head's.

T steps, B rows in the batch.
"""

from tsl.kernels.compile import kernel
from tsl.kernels.layout import cube, matrix, rounded_up
from tsl.kernels.products import GATE_WIDTH, ONE, WIDTH
from tsl.kernels.target import LANES
from tsl.kernels.vector import address, carray


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


@kernel
def d_states_of(layout, work, cell, batch):
    """Gradients carried from step to step: of the hidden (B, padded H) and of the cell state (B, units)."""
    n_hidden = layout.cells[cell].n_hidden
    return (
        matrix(work.numbers, work.cells[cell].d_hidden, batch, rounded_up(n_hidden, WIDTH)),
        matrix(work.numbers, work.cells[cell].d_cell, batch, n_units(layout, cell)),
    )
