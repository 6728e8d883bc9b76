"""The time limit of a fit."""

import numpy as np

from tsl.forecasting.model.fit_time import FitTime
from tsl.training import Checkpoint


def test_shares_of_the_time_that_are_left(clock):
    clock[0] = 5.0
    time = FitTime(20.0)
    clock[0] = 9.0
    assert (time.elapsed(), time.left(), time.left(0.5), time.left(0.1)) == (4.0, 16.0, 6.0, 0.0)
    assert FitTime().left() is None


def test_compiling_does_not_count(clock):
    time = FitTime(20.0)
    clock[0] = 1.0
    with time.stopped():
        clock[0] = 16.0
    assert time.elapsed() == 1.0


def test_a_resumed_training_counts_as_a_whole(clock):
    time = FitTime(20.0)
    clock[0] = 1.0
    assert time.elapsed(8.0) == 8.0
    clock[0] = 3.0
    assert (time.elapsed(), time.elapsed(9.0)) == (10.0, 10.0)


def test_a_resumed_fit_reads_the_same_times_and_goes_on_from_there(clock):
    trees = [None]

    def begin(limit):
        checkpoint = Checkpoint("fit.tsl", trees[0], lambda tree: trees.__setitem__(0, tree), 60.0)
        checkpoint.begin(np.random.RandomState(0), seeded=True)
        return FitTime(limit, checkpoint), checkpoint

    time, checkpoint = begin(20.0)
    clock[0] = 2.0
    first = [time.elapsed(), time.left()]
    checkpoint.write()
    clock[0] = 100.0
    again, _ = begin(20.0)
    assert [again.elapsed(), again.left()] == first == [2.0, 18.0]
    clock[0] = 103.0
    assert again.elapsed() == 5.0
