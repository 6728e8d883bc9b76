"""Register tiles and packing against NumPy's products."""

import numba
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tsl.kernels import packing, products
from tsl.kernels.primitives import address
from tsl.kernels.products import GATE_WIDTH, WIDTH
from tsl.kernels.target import LANES

PRECISIONS = [np.float32, np.float64]


@numba.njit
def dense_forward(x, weights, bias, out, first, last):
    products.dense_forward(x, weights, bias, out, first, last)


@numba.njit
def gate_rows(start, x, w_in, h, w_rec, out):
    rows, n_x, n_h = x.shape[0], x.shape[1], h.shape[1]
    place, begin = (0, 0), np.intp(start.shape[1] if start.shape[0] > 1 else 0)
    products.gate_rows(
        rows, address(start, place), begin, address(x, place), n_x, n_x, address(w_in, place),
        address(h, place), n_h, n_h, address(w_rec, place), address(out, place),
    )  # fmt: skip


@numba.njit
def outer(x, y, out):
    rows, n = x.shape
    products.add_outer(n, address(x, (0, 0)), n, rows, address(y, (0, 0)), y.shape[1], address(out, (0, 0)))


@numba.njit
def gate_outer(x, y, out):
    rows, n = x.shape
    products.add_gate_outer(n, address(x, (0, 0)), n, rows, address(y, (0, 0)), y.shape[1], address(out, (0, 0)))


@numba.njit
def packed_both_ways(weights, packed, packed_t):
    packing.pack_gates(weights, packed, 0, packed.shape[0])
    packing.pack_gates_transposed(weights, packed_t, 0, packed_t.shape[0])


@numba.njit
def unpacked(packed, weights):
    for block in range(packed.shape[0]):
        packing.unpack_gates(packed, weights, block, 0, weights.shape[0])


def random(*shape, dtype):
    return np.random.default_rng(0).normal(size=shape).astype(dtype)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("rows", range(1, 16))  # every way to put tiles of up to 6 rows together
def test_products_for_any_number_of_rows(rows, dtype):
    x, h = random(rows, 3, dtype=dtype), 2 * random(rows, 7, dtype=dtype)
    few = 20 * np.finfo(dtype).eps  # sums of 7 or 10 products of numbers around 1
    w_in, w_rec = random(3, GATE_WIDTH, dtype=dtype), random(7, GATE_WIDTH, dtype=dtype)
    for starts in (1, rows):  # one bias for all, or a start of its own for each row
        start, out = random(starts, GATE_WIDTH, dtype=dtype), np.zeros((rows, GATE_WIDTH), dtype)
        gate_rows(start, x, w_in, h, w_rec, out)
        assert_allclose(out, start + x @ w_in + h @ w_rec, rtol=2 * few, atol=2 * few)

    x = random(rows, 7, dtype=dtype)
    weights = random(2, 7, WIDTH, dtype=dtype)
    bias, out = random(2 * WIDTH, dtype=dtype), np.zeros((rows, 2 * WIDTH), dtype)
    dense_forward(x, weights, bias, out, 0, rows)
    assert_allclose(out, bias + np.hstack([x @ weights[0], x @ weights[1]]), rtol=few, atol=few)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("n", range(1, 16))
def test_outer_products_for_any_number_of_columns(n, dtype):
    x, few = random(9, n, dtype=dtype), 20 * np.finfo(dtype).eps
    for product, width in [(outer, WIDTH), (gate_outer, GATE_WIDTH)]:
        y, out = random(9, width, dtype=dtype), np.ones((n, width), dtype)
        product(x, y, out)
        assert_allclose(out, 1 + x.T @ y, rtol=few, atol=few)


def test_rows_outside_the_range_are_left_alone():
    x, out = random(5, 3, dtype=np.float32), np.full((5, WIDTH), 7.0, np.float32)
    dense_forward(x, random(1, 3, WIDTH, dtype=np.float32), np.zeros(WIDTH, np.float32), out, 1, 4)
    assert (out[[0, 4]] == 7).all()
    assert not (out[1:4] == 7).any()


@pytest.mark.parametrize("hidden", [1, LANES - 1, LANES, LANES + 1, 3 * LANES])
def test_packing_keeps_each_weight_and_fills_with_zeros(hidden):
    n, blocks = 5, -(-hidden // LANES)
    weights = 1.0 + np.arange(n * 4 * hidden, dtype=np.float32).reshape(n, 4 * hidden)
    packed = np.zeros((blocks, n, GATE_WIDTH), np.float32)
    packed_t = np.zeros((-(-n // WIDTH), blocks * GATE_WIDTH, WIDTH), np.float32)
    packed_both_ways(weights, packed, packed_t)
    by_gate = np.zeros((n, 4, blocks * LANES), np.float32)
    by_gate[:, :, :hidden] = weights.reshape(n, 4, hidden)
    expected = by_gate.reshape(n, 4, blocks, LANES).transpose(2, 0, 1, 3)
    assert_array_equal(packed, expected.reshape(blocks, n, GATE_WIDTH))
    rows = packed_t.transpose(0, 2, 1).reshape(-1, blocks * GATE_WIDTH)
    assert_array_equal(rows[:n], expected.transpose(1, 0, 2, 3).reshape(n, -1))
    assert not rows[n:].any()

    back = np.zeros_like(weights)
    unpacked(packed, back)
    assert_array_equal(back, weights)
