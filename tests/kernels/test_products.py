"""Register tiles, compared with NumPy's products."""

import numba
import numpy as np
import pytest
from numpy.testing import assert_allclose

from tsl.kernels import products
from tsl.kernels.primitives import address
from tsl.kernels.products import GATE_WIDTH, WIDTH

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
