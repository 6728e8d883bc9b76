"""Random initial weights."""

import numpy as np
import pytest
from network_problem import PRECISIONS
from numpy.testing import assert_allclose, assert_array_equal

from tsl.network import Architecture, Network


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_initial_weights(dtype):
    network = Network(Architecture(7, (16, 12), 3), dtype=dtype, random_state=np.random.RandomState(0))
    assert network.params.dtype == dtype
    for layer, size in enumerate((16, 12)):
        w_in, w_rec, bias = (network.named()[f"lstm_{layer}.{part}"] for part in ("w_in", "w_rec", "bias"))
        assert_array_equal(bias.reshape(4, size), np.outer([0, 1, 0, 0], np.ones(size)))
        for gate in range(4):
            square = w_rec[:, gate * size : (gate + 1) * size]
            assert_allclose(square.T @ square, np.eye(size), atol=100 * np.finfo(dtype).eps)
            assert abs(np.linalg.norm(w_in[:, gate * size : (gate + 1) * size])) > 0
    assert_array_equal(network.named()["head.b_out"], 0)
    limit = np.sqrt(6 / (12 + 3))  # Glorot & Bengio 2010, equation 16
    w_out = network.named()["head.w_out"]
    assert 0.8 * limit < abs(w_out).max() <= limit  # the largest of 36 misses 0.8 once in 3,000 draws


def test_initial_biases_of_long_memories():
    architecture = Architecture(3, (200, 40), 2)
    network = Network(architecture, random_state=np.random.RandomState(0), forget_bias=5.0)
    for layer, size in enumerate(architecture.hidden_sizes):
        bias = network.named()[f"lstm_{layer}.bias"]
        assert_array_equal(bias.reshape(4, size), np.outer([0, 5, 0, 0], np.ones(size)))
    network = Network(architecture, random_state=np.random.RandomState(0), chrono_steps=100)
    for layer, size in enumerate(architecture.hidden_sizes):
        input_gate, forget, candidate, output_gate = network.named()[f"lstm_{layer}.bias"].reshape(4, size)
        # Tallec & Ollivier 2018, equation 16: forget = log(U(1, T - 1)), input = -forget
        assert_array_equal(input_gate, -forget)
        steps = np.exp(forget)
        assert steps.min() >= 1
        assert steps.max() <= 99 * (1 + 1e-6)
        assert abs(steps.mean() - 50) < 4 * 28.3 / np.sqrt(size)  # four deviations of a mean of uniform numbers
        assert_array_equal([candidate, output_gate], 0)


def test_initial_weights_come_from_the_random_state_alone():
    def draw(seed):
        return Network(Architecture(3, (5,), 2), random_state=np.random.RandomState(seed)).params

    assert_array_equal(draw(1), draw(1))
    assert np.any(draw(1) != draw(2))
    assert_array_equal(Network(Architecture(3, (5,), 2)).params, 0)
