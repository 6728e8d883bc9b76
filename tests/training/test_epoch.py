"""The epoch in progress."""

import numpy as np
from numpy.testing import assert_array_equal

from tsl.training.epoch import Epoch

BATCHES = np.array([[0, 1], [2, 3], [4, -1]])


def new_epoch():
    return Epoch(BATCHES, np.full(3, 0.1), 0.0)


def test_steps_are_recorded_until_all_are_taken():
    epoch = new_epoch()
    assert epoch.record(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    assert (epoch.done, epoch.complete) == (2, False)
    assert epoch.record(np.array([6.0]), np.array([5.0]))
    assert epoch.complete
    assert epoch.mean_loss(None) == (2 * 1.0 + 2 * 2.0 + 6.0) / 5
    assert epoch.mean_loss(np.array([1.0, 1.0, 0.0, 0.0, 2.0])) == (2 * 1.0 + 2 * 6.0) / 4


def test_nothing_is_recorded_beyond_a_step_that_is_not_finite():
    for losses, norms in [([1.0, np.nan, 2.0], [1.0, 1.0, 1.0]), ([1.0, 1.0, 2.0], [1.0, np.inf, 1.0])]:
        epoch = new_epoch()
        assert not epoch.record(np.array(losses), np.array(norms))
        assert epoch.done == 2


def test_an_epoch_is_restored_with_its_steps_and_rates():
    epoch = new_epoch()
    epoch.record(np.array([1.0]), np.array([3.0]))
    epoch.rates[2] = 0.05
    again = Epoch(BATCHES, np.zeros(3), 0.0)
    again.restore(epoch.state())
    assert again.done == 1
    assert again.mean_loss(None) == 1.0
    assert_array_equal(again.rates, epoch.rates)
