"""Networks loaded by another process, possibly on another processor."""

import pickle

import joblib
import numpy as np
import pytest
from network_problem import make_problem
from numpy.testing import assert_array_equal

from tsl.network import Loss, Optimizer
from tsl.network.memory import new_layout


def train(problem, state):
    network, batches = problem.network, np.arange(5)[None, :]
    network.train_steps(problem.sequences, problem.targets, None, batches, np.array([0.1]), Loss(), Optimizer(), state)


def test_loaded_network_and_state_go_on_alike(tmp_path):
    """Also when all arrays are read-only, as in joblib's workers."""
    problem = make_problem(np.float32)
    state = problem.network.new_optimizer_state()
    train(problem, state)
    joblib.dump((problem.network, state), tmp_path / "saved")
    train(problem, state)
    loaded, loaded_state = joblib.load(tmp_path / "saved", mmap_mode="r")
    assert not np.array_equal(loaded.params, problem.network.params)
    train(problem._replace(network=loaded), loaded_state)
    assert_array_equal(loaded.params, problem.network.params)
    assert_array_equal(loaded_state.mean, state.mean)
    assert loaded_state.step == state.step == 2


@pytest.mark.parametrize("lanes", [2, 32])
def test_a_loaded_network_is_laid_out_for_the_processor_that_loads_it(lanes, monkeypatch):
    network = make_problem(hidden_sizes=(5, 3)).network
    saved = pickle.dumps(network)
    monkeypatch.setattr("tsl.network.memory.LANES", lanes)
    monkeypatch.setattr("tsl.network.memory.GATE_WIDTH", 4 * lanes)
    monkeypatch.setattr("tsl.network.memory.WIDTH", 2 * lanes)
    loaded = pickle.loads(saved)
    layout, packed_size = new_layout(network.architecture)
    assert loaded.packed_size == packed_size != network.packed_size
    assert_array_equal(loaded.layout.lstms, layout.lstms)
