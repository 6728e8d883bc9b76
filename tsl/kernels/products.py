"""Matrix products by register tiles.

The right factor is *packed*: its columns are divided into blocks of `width` (4 or 2 vectors), and a block holds its
rows one after the other, so that the inner loop reads it in order. `gate_rows` computes the gate sums of some rows;
`add_rows` and `add_gate_rows` compute `out += a @ b` for some rows of `a`; `add_gate_outer` and `add_outer` compute
`out += a.T @ b`, a sum over rows. All but the first use the same tile with different strides.

Every sum along `k` is taken in the same order, whatever the tile, so a row's result does not depend on other rows.
"""

import numpy as np

from tsl.kernels.compile import kernel
from tsl.kernels.primitives import address, load, shifted, store, tile_fma, tile_load, tile_store
from tsl.kernels.target import DENSE_TILES, GATE_TILES, LANES

ZERO, ONE = (
    np.intp(0),
    np.intp(1),
)  # a bare 1 has its own type, for which every kernel it is passed to would be compiled again
GATE_WIDTH = 4 * LANES  # the four gates of LANES hidden units
WIDTH = 2 * LANES  # all other products


def _tall_fits(tall, short):
    """Return a kernel that tells whether a tall tile comes next: not if two short ones cover the other rows better."""

    @kernel
    def fits(left):
        return left >= tall and (left == tall or left - tall >= short or left < 2 * short)

    return fits


def _tile(rows, cols):
    """Return a kernel that adds a[r * a_row + j * a_part + k * a_step] * b[j, k, c] to out[r, c].

    It sums over j < parts and k < n, for `rows` x `cols` vectors; the rows of `b` are `b_step` numbers apart.
    """

    @kernel
    def tile(a, a_row, a_part, a_step, parts, n, b, b_step, out, out_row):
        sums = tile_load(out, out_row, rows, cols)
        for j in range(parts):
            a_j, b_j = shifted(a, j * a_part), shifted(b, j * n * b_step)
            for k in range(n):
                sums = tile_fma(sums, shifted(a_j, k * a_step), a_row, shifted(b_j, k * b_step), cols)
        tile_store(out, out_row, sums, cols)

    return tile


def _rows_of_tiles(heights, cols):
    """Return a kernel that does the same for any number of rows, with tiles of three heights."""
    tall_rows, short_rows, _ = heights
    tall, short, single = (_tile(rows, cols) for rows in heights)
    tall_fits = _tall_fits(tall_rows, short_rows)

    @kernel
    def add_product(rows, a, a_row, a_part, a_step, parts, n, b, b_step, out, out_row):
        r = 0
        while r < rows:
            left = rows - r
            a_r, out_r = shifted(a, r * a_row), shifted(out, r * out_row)
            if tall_fits(left):
                tall(a_r, a_row, a_part, a_step, parts, n, b, b_step, out_r, out_row)
                r += tall_rows
            elif left >= short_rows:
                short(a_r, a_row, a_part, a_step, parts, n, b, b_step, out_r, out_row)
                r += short_rows
            else:
                single(a_r, a_row, a_part, a_step, parts, n, b, b_step, out_r, out_row)
                r += 1

    return add_product


_add_gate_product = _rows_of_tiles(GATE_TILES, 4)
_add_product = _rows_of_tiles(DENSE_TILES, 2)


def _gate_tile(rows):
    """Return a kernel for the gate sums of `rows` rows; see `gate_rows`."""

    @kernel
    def tile(start, start_row, x, x_row, n_x, w_in, h, h_row, n_h, w_rec, out):
        sums = tile_load(start, start_row, rows, 4)
        for k in range(n_x):
            sums = tile_fma(sums, shifted(x, k), x_row, shifted(w_in, k * GATE_WIDTH), 4)
        for k in range(n_h):
            sums = tile_fma(sums, shifted(h, k), h_row, shifted(w_rec, k * GATE_WIDTH), 4)
        tile_store(out, GATE_WIDTH, sums, 4)

    return tile


TALL, SHORT, _ = GATE_TILES
_tall_gates, _short_gates, _single_gates = (_gate_tile(rows) for rows in GATE_TILES)
_tall_gates_fit = _tall_fits(TALL, SHORT)


@kernel
def gate_rows(rows, start, start_row, x, x_row, n_x, w_in, h, h_row, n_h, w_rec, out):
    """Set out[r] = start[r] + x[r, :n_x] @ w_in + h[r, :n_h] @ w_rec, for the GATE_WIDTH sums of one block of units.

    The rows of `start`, `x` and `h` are `start_row`, `x_row` and `h_row` numbers apart; the others have no gaps.
    """
    r = 0
    while r < rows:
        left = rows - r
        start_r, x_r, h_r = shifted(start, r * start_row), shifted(x, r * x_row), shifted(h, r * h_row)
        out_r = shifted(out, r * GATE_WIDTH)
        if _tall_gates_fit(left):
            _tall_gates(start_r, start_row, x_r, x_row, n_x, w_in, h_r, h_row, n_h, w_rec, out_r)
            r += TALL
        elif left >= SHORT:
            _short_gates(start_r, start_row, x_r, x_row, n_x, w_in, h_r, h_row, n_h, w_rec, out_r)
            r += SHORT
        else:
            _single_gates(start_r, start_row, x_r, x_row, n_x, w_in, h_r, h_row, n_h, w_rec, out_r)
            r += 1


@kernel
def add_rows(rows, a, a_row, n, b, out, out_row):
    """Compute out[r, :WIDTH] += a[r, :n] @ b, with `b` (n, WIDTH)."""
    _add_product(rows, a, a_row, ZERO, ONE, ONE, n, b, ONE * WIDTH, out, out_row)


@kernel
def add_gate_gradients(rows, gates, gates_block, blocks, b, out, out_row):
    """Compute out[r, :WIDTH] += the gate gradients of a row, `blocks` times GATE_WIDTH, times `b` (·, WIDTH).

    Blocks of units are `gates_block` numbers apart.
    """
    n = ONE * GATE_WIDTH
    _add_product(rows, gates, n, gates_block, ONE, blocks, n, b, ONE * WIDTH, out, out_row)


@kernel
def add_gate_rows(rows, a, a_row, n, b, out):
    """Compute out[r, :GATE_WIDTH] += a[r, :n] @ b, with `b` (n, GATE_WIDTH)."""
    _add_gate_product(rows, a, a_row, ZERO, ONE, ONE, n, b, ONE * GATE_WIDTH, out, ONE * GATE_WIDTH)


@kernel
def add_gate_outer(rows, a, a_step, n, b, b_step, out):
    """Compute out[k, :GATE_WIDTH] += sum over n rows of a[row, k] * b[row, :GATE_WIDTH], for k below `rows`."""
    _add_gate_product(rows, a, ONE, ZERO, a_step, ONE, n, b, b_step, out, ONE * GATE_WIDTH)


@kernel
def add_outer(rows, a, a_step, n, b, b_step, out):
    """Compute out[k, :WIDTH] += sum over n rows of a[row, k] * b[row, :WIDTH], for k below `rows`."""
    _add_product(rows, a, ONE, ZERO, a_step, ONE, n, b, b_step, out, ONE * WIDTH)


@kernel
def dense_forward(x, weights, bias, out, first, last):
    """Set out = bias + x @ weights for rows first..last.

    x (rows, n), weights packed (blocks, n, WIDTH), bias (blocks * WIDTH,), out (rows, blocks * WIDTH).
    """
    for r in range(first, last):
        for c in range(out.shape[1]):
            out[r, c] = bias[c]
    add_dense(x, weights, out, first, last)


@kernel
def add_dense(x, weights, out, first, last):
    """Compute out += x @ weights for rows first..last; shapes as in `dense_forward`."""
    done = 0
    if last - first == 1:
        while done + 4 <= weights.shape[0]:
            x_row, n, w = address(x, (first, 0)), weights.shape[1], address(weights, (done, 0, 0))
            _add_row_to_four(x_row, n, w, address(out, (first, done * WIDTH)))
            done += 4
    for block in range(done, weights.shape[0]):
        add_rows(
            last - first,
            address(x, (first, 0)),
            x.shape[1],
            weights.shape[1],
            address(weights, (block, 0, 0)),
            address(out, (first, block * WIDTH)),
            out.shape[1],
        )


@kernel
def _add_row_to_four(a, n, b, out):
    """Do the same for one row and the next four blocks, because the sums of one block would wait for each other."""
    block = n * WIDTH
    sums_0, sums_1 = tile_load(out, ZERO, 1, 2), tile_load(shifted(out, WIDTH), ZERO, 1, 2)
    sums_2, sums_3 = tile_load(shifted(out, 2 * WIDTH), ZERO, 1, 2), tile_load(shifted(out, 3 * WIDTH), ZERO, 1, 2)
    for k in range(n):
        a_k, b_k = shifted(a, k), shifted(b, k * WIDTH)
        sums_0 = tile_fma(sums_0, a_k, ZERO, b_k, 2)
        sums_1 = tile_fma(sums_1, a_k, ZERO, shifted(b_k, block), 2)
        sums_2 = tile_fma(sums_2, a_k, ZERO, shifted(b_k, 2 * block), 2)
        sums_3 = tile_fma(sums_3, a_k, ZERO, shifted(b_k, 3 * block), 2)
    tile_store(out, ZERO, sums_0, 2)
    tile_store(shifted(out, WIDTH), ZERO, sums_1, 2)
    tile_store(shifted(out, 2 * WIDTH), ZERO, sums_2, 2)
    tile_store(shifted(out, 3 * WIDTH), ZERO, sums_3, 2)


@kernel
def add_vector(out, x):
    """Compute out[:LANES] += x[:LANES]."""
    store(out, load(out) + load(x))
