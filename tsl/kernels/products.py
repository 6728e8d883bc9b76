"""Matrix products by register tiles.

The right factor is *packed*: its columns are cut into blocks of `width` (4 or 2 vectors), and a block holds its rows
one after the other, so that the inner loop reads it in order. `add_rows_*` computes `out += a @ b` for a few rows of
`a`; `add_outer_*` computes `out += a.T @ b`, a sum over rows. Both are the same tile with other strides.
"""

import numpy as np

from tsl.kernels.compile import kernel
from tsl.kernels.target import LANES, ROW_TILES
from tsl.kernels.vector import address, load, shifted, store, tile_fma, tile_load, tile_store

ONE = np.intp(1)  # a bare 1 is a type of its own for Numba, for which all below it would be compiled once more
GATE_WIDTH = 4 * LANES  # the four gates of LANES hidden units
WIDTH = 2 * LANES  # all other products

TALL, SHORT, _ = ROW_TILES


def _tile(rows, cols):
    """out[r, c] += sum over n of a[r * a_row + n * a_step] * b[n * b_step + c], for `rows` x `cols` vectors."""

    @kernel
    def tile(a, a_row, a_step, n, b, b_step, out, out_row):
        sums = tile_load(out, out_row, rows, cols)
        for k in range(n):
            sums = tile_fma(sums, shifted(a, k * a_step), a_row, shifted(b, k * b_step), cols)
        tile_store(out, out_row, sums, cols)

    return tile


def _rows_of_tiles(cols):
    """The same for any number of rows, by tiles of three heights."""
    tall, short, single = _tile(TALL, cols), _tile(SHORT, cols), _tile(1, cols)

    @kernel
    def add_product(rows, a, a_row, a_step, n, b, b_step, out, out_row):
        r = 0
        while r < rows:
            left = rows - r
            a_r, out_r = shifted(a, r * a_row), shifted(out, r * out_row)
            # a tall tile, unless two short ones cover what is left better
            if left >= TALL and (left == TALL or left - TALL >= SHORT or left < 2 * SHORT):
                tall(a_r, a_row, a_step, n, b, b_step, out_r, out_row)
                r += TALL
            elif left >= SHORT:
                short(a_r, a_row, a_step, n, b, b_step, out_r, out_row)
                r += SHORT
            else:
                single(a_r, a_row, a_step, n, b, b_step, out_r, out_row)
                r += 1

    return add_product


_add_gate_product = _rows_of_tiles(4)
_add_product = _rows_of_tiles(2)


@kernel
def add_gate_rows(rows, a, a_row, n, b, out, out_row):
    """out[r, :GATE_WIDTH] += a[r, :n] @ b, with `b` (n, GATE_WIDTH)."""
    _add_gate_product(rows, a, a_row, ONE, n, b, ONE * GATE_WIDTH, out, out_row)


@kernel
def add_rows(rows, a, a_row, n, b, out, out_row):
    """out[r, :WIDTH] += a[r, :n] @ b, with `b` (n, WIDTH)."""
    _add_product(rows, a, a_row, ONE, n, b, ONE * WIDTH, out, out_row)


@kernel
def add_gate_outer(rows, a, a_step, n, b, b_step, out):
    """out[k, :GATE_WIDTH] += sum over n rows of a[row, k] * b[row, :GATE_WIDTH], for k below `rows`."""
    _add_gate_product(rows, a, ONE, a_step, n, b, b_step, out, ONE * GATE_WIDTH)


@kernel
def add_outer(rows, a, a_step, n, b, b_step, out):
    """out[k, :WIDTH] += sum over n rows of a[row, k] * b[row, :WIDTH], for k below `rows`."""
    _add_product(rows, a, ONE, a_step, n, b, b_step, out, ONE * WIDTH)


@kernel
def dense_forward(x, weights, bias, out, first, last):
    """Out = bias + x @ weights for rows first..last.

    x (rows, n), weights packed (blocks, n, WIDTH), bias (blocks * WIDTH,), out (rows, blocks * WIDTH).
    """
    for r in range(first, last):
        for c in range(out.shape[1]):
            out[r, c] = bias[c]
    add_dense(x, weights, out, first, last)


@kernel
def add_dense(x, weights, out, first, last):
    """Out += x @ weights for rows first..last; shapes as in `dense_forward`."""
    for block in range(weights.shape[0]):
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
def add_vector(out, x):
    """out[:LANES] += x[:LANES]."""
    store(out, load(out) + load(x))
