"""Packing and unpacking of weights."""

import numba
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tsl.kernels import packing
from tsl.kernels.products import GATE_WIDTH, WIDTH
from tsl.kernels.target import LANES


@numba.njit
def packed_both_ways(weights, packed, packed_t):
    packing.pack_gates(weights, packed, 0, packed.shape[0])
    packing.pack_gates_transposed(weights, packed_t, 0, packed_t.shape[0])


@numba.njit
def unpacked(packed, weights):
    for block in range(packed.shape[0]):
        packing.unpack_gates(packed, weights, block, 0, weights.shape[0])


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
