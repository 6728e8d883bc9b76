"""Weights from the order of the parameters to the order in which the products read them, and gradients back.

Parameters are `w_in` (C, 4H), `w_rec` (H, 4H), `bias` (1, 4H) with gates in the order input, forget, candidate,
output. Packed, the four gates of LANES units lie side by side: [block of units][row][gate][unit]. Units that fill up
the last block are zero and stay zero.
"""

from tsl.kernels.compile import kernel
from tsl.kernels.products import GATE_WIDTH, WIDTH
from tsl.kernels.target import LANES
from tsl.kernels.vector import address, load, store


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
    """Packed blocks first..last of `weights` (n, 4H) into `packed` (blocks, n, GATE_WIDTH)."""
    n, hidden = weights.shape[0], weights.shape[1] // 4
    for block in range(first, last):
        start = block * LANES
        units = min(LANES, hidden - start)
        for k in range(n):
            for gate in range(4):
                place, packed_place = (
                    address(weights, (k, gate * hidden + start)),
                    address(packed, (block, k, gate * LANES)),
                )
                copy_units(place, packed_place, units)


@kernel
def unpack_gates(packed, weights, block, first, last):
    """Rows first..last of one packed block back into `weights` (n, 4H)."""
    hidden = weights.shape[1] // 4
    start = block * LANES
    units = min(LANES, hidden - start)
    for k in range(first, last):
        for gate in range(4):
            place, packed_place = (
                address(weights, (k, gate * hidden + start)),
                address(packed, (block, k, gate * LANES)),
            )
            copy_units(packed_place, place, units)


@kernel
def pack_gates_transposed(weights, packed, first, last):
    """Blocks first..last of the transposed (n, 4H) `weights` into `packed` (blocks, 4 * padded hidden, WIDTH).

    A block is WIDTH rows of `weights`; inside, gates are in the packed order [block of units][gate][unit].
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
    """Blocks first..last of `weights` (n, K) into `packed` (blocks, n, WIDTH)."""
    for block in range(first, last):
        start = block * WIDTH
        columns = min(WIDTH, weights.shape[1] - start)
        for k in range(weights.shape[0]):
            for c in range(columns):
                packed[block, k, c] = weights[k, start + c]


@kernel
def unpack_dense(packed, weights, block, first, last):
    """Rows first..last of one packed block back into `weights` (n, K)."""
    start = block * WIDTH
    columns = min(WIDTH, weights.shape[1] - start)
    for k in range(first, last):
        for c in range(columns):
            weights[k, start + c] = packed[block, k, c]


@kernel
def pack_dense_transposed(weights, packed, first, last):
    """Blocks first..last of the transposed (n, K) `weights` into `packed` (blocks, K, WIDTH)."""
    for block in range(first, last):
        start = block * WIDTH
        rows = min(WIDTH, weights.shape[0] - start)
        for k in range(weights.shape[1]):
            for r in range(rows):
                packed[block, k, r] = weights[start + r, k]
