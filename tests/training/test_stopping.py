"""Patience, and the weights to restore."""

import math
from contextlib import contextmanager

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tsl.network import OptimizerState
from tsl.training.stopping import BestWeights, Patience


@pytest.mark.parametrize(
    ("tol", "losses", "counts"),
    [
        (0.0, [2.0, 1.0, 1.0, 1.5, 0.9], [0, 0, 1, 2, 0]),
        (0.5, [2.0, 1.8, 1.6, 1.4, 0.8], [0, 1, 2, 3, 0]),  # each compared with the lowest, not the last "good" one
        (0.0, [math.nan, math.inf, 1.0, math.nan, 0.5], [1, 2, 0, 1, 0]),
        (-math.inf, [1.0, 2.0, 3.0], [0, 0, 0]),
    ],
)
def test_patience_counts_epochs_without_improvement(tol, losses, counts):
    patience = Patience(tol)
    assert [patience.update(loss) for loss in losses] == counts


class Moving:
    """A network and moments whose numbers say after which epoch they are."""

    def __init__(self):
        self.params = np.zeros(2)
        self.state = OptimizerState(np.zeros(2), np.zeros(2), 0)

    @contextmanager
    def editing(self):
        yield self.params

    def train(self, epoch):
        self.params[:] = epoch
        self.state.mean[:] = 10 * epoch
        self.state.mean_sq[:] = 100 * epoch
        self.state.step = 1000 * epoch

    def check(self, epoch):
        assert_array_equal(self.params, [epoch] * 2)
        assert_array_equal(self.state.mean, [10 * epoch] * 2)
        assert_array_equal(self.state.mean_sq, [100 * epoch] * 2)
        assert self.state.step == 1000 * epoch


def after(losses, *, validated, epoch=0):
    moving = Moving()
    best = BestWeights(moving, moving.state, validated=validated, epoch=epoch)
    for number, loss in enumerate(losses, start=epoch + 1):
        moving.train(number)
        best.update(loss, number)
    return moving, best


@pytest.mark.parametrize("validated", [True, False])
def test_restore_goes_to_the_end_of_the_best_epoch(validated):
    moving, best = after([3.0, 1.0, math.nan, 2.0], validated=validated)
    assert (best.loss, best.epoch) == (1.0, 2)
    assert best.restore() == 2
    moving.check(2)


def test_restore_without_a_best_epoch_changes_nothing():
    moving, best = after([math.nan, math.inf], validated=False)
    assert best.restore() is None
    moving.check(2)


@pytest.mark.parametrize(
    ("validated", "losses", "epoch"),
    [
        (True, [3.0, 1.0, 2.0], 2),
        (False, [3.0, 1.0, 2.0], 1),  # the loss 1.0 was taken on the way from the end of epoch 1
        (False, [1.0, 2.0], 0),
        (True, [math.nan], 0),
        (False, [math.nan], 0),
    ],
)
def test_restore_safe_goes_to_weights_that_the_best_loss_was_measured_on(validated, losses, epoch):
    moving, best = after(losses, validated=validated)
    assert best.restore_safe() == epoch
    moving.check(epoch)


def test_epochs_go_on_counting():
    _, best = after([], validated=True, epoch=7)
    assert best.epoch == 7
    _, best = after([2.0, 1.0, 3.0], validated=True, epoch=7)
    assert best.epoch == 9
