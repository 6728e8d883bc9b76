"""Length of an epoch of text, and the number of epochs that fit into a time limit."""

import numpy as np
import pytest
from text_models import tiny

from tsl.char_model.defaults import auto_max_iter
from tsl.char_model.samples import Contexts, Documents
from tsl.char_model.settings import new_architecture
from tsl.char_model.training import plan_training, plan_within_time
from tsl.network import Network

CODES = np.arange(700, dtype=np.int32) % 5


def plan(parameters, examples, seed=0):
    architecture = new_architecture(parameters, 5, examples.window)
    return plan_training(parameters, architecture, examples, np.random.RandomState(seed))


def test_a_text_is_read_in_streams():
    samples, settings, steps_per_epoch = plan(tiny().set_params(max_iter="auto"), Documents([CODES], 0))
    assert settings.batch_size == samples.n_streams == 2  # 699 characters to predict, 8 chunks of 32 at least
    assert steps_per_epoch == samples.n_chunks
    assert settings.max_iter == auto_max_iter(steps_per_epoch)
    assert settings.carry_states
    assert not settings.shuffle


@pytest.mark.parametrize(
    ("examples", "n_windows"),
    [(Documents([CODES], 10), 690), (Contexts([CODES[:3], CODES[:7]], CODES[:2]), 2)],
)
def test_windows_are_read_in_any_order(examples, n_windows):
    samples, settings, steps_per_epoch = plan(tiny(), examples)
    assert len(samples.sequences.starts) == n_windows
    assert settings.batch_size == min(64, n_windows)
    assert steps_per_epoch == -(-n_windows // settings.batch_size)
    assert settings.shuffle
    assert not settings.carry_states


def test_time_is_left_after_measuring_and_the_network_stays_as_it_was():
    parameters = tiny().set_params(max_iter="auto", n_threads=1)
    given = plan(parameters, Documents([CODES], 0))
    network = Network(new_architecture(parameters, 5, 0), dtype=np.float32, random_state=np.random.RandomState(0))
    before = network.params.copy()
    epochs, settings = plan_within_time(parameters, network, given, 2.0)
    assert 0 < settings.max_time < 2.0
    assert 0 < epochs <= settings.max_iter
    assert (network.params == before).all()
    few, settings = plan_within_time(
        parameters.set_params(max_iter=1), network, plan(parameters, Documents([CODES], 0)), 2.0
    )
    assert (few, settings.max_iter) == (1, 1)
